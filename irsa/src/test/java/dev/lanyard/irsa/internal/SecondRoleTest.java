package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.EksCredentialsProvider;
import dev.lanyard.Explanation;
import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.diagnosis.Fact;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.irsa.AssumeRoleCredentialsProvider;
import dev.lanyard.irsa.IrsaCredentialsProvider;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.IssuedCredentials;
import dev.lanyard.testing.LoggedRequest;
import dev.lanyard.testing.TrustPolicy;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/**
 * A second role that settings name, at an STS that checks what it gets. The time limit is "for
 * ever".
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SecondRoleTest {
  private static final String EXTERNAL_ID = "contract-17";
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final FakeEks eks = FakeEks.start();
  private final String first =
      eks.role("shop/orders", TrustPolicy.forServiceAccount(eks, "shop", "orders"));
  private final String second = "arn:aws:iam::444455556666:role/team/partner";
  private final FakePod pod = eks.pod("shop", "orders").irsa(first);
  private final Map<String, String> properties = new HashMap<>();

  @AfterEach
  void stopCluster() {
    properties.keySet().forEach(System::clearProperty);
    eks.close();
  }

  private void set(String property, String value) {
    properties.put(property, value);
    System.setProperty(property, value);
  }

  /** Makes this process the pod's, for providers that no builder makes. */
  private void enter() {
    set("aws.roleArn", first);
    set("aws.webIdentityTokenFile", pod.webIdentityTokenFile().toString());
    set("aws.endpointUrlSts", eks.sts().endpoint().toString());
    set("aws.region", "eu-west-1");
  }

  private void admit() {
    eks.roleIn("444455556666", "team/partner", TrustPolicy.forRole(first, EXTERNAL_ID));
  }

  private IssuedCredentials issued(AwsCredentials credentials) {
    return eks.issued(credentials.accessKeyId()).orElseThrow();
  }

  private Map<String, String> settings() {
    return Map.of("lanyard.assume.role", second, "lanyard.assume.externalid", EXTERNAL_ID);
  }

  private static Problem problem(RefreshingCredentialsProvider provider) {
    Problem[] problem = new Problem[1];
    assertThatExceptionOfType(CredentialsUnavailableException.class)
        .isThrownBy(provider::resolveCredentials)
        .satisfies(e -> problem[0] = e.problem());
    return Objects.requireNonNull(problem[0]);
  }

  @Test
  void allSettingsOfTheSecondRoleAreSent() {
    enter();
    eks.roleIn(
        "444455556666",
        "team/partner",
        TrustPolicy.of(
            """
            {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "%s"}, "Action": "sts:*",
              "Condition": {"StringEquals": {"sts:ExternalId": "%s"}}}]}
            """
                .formatted(first, EXTERNAL_ID)));

    EksCredentialsProvider provider =
        EksCredentialsProvider.create(
            Map.of(
                "lanyard.assume.role", " " + second + " ",
                "lanyard.assume.externalid", EXTERNAL_ID,
                "lanyard.assume.session", "nightly",
                "lanyard.assume.duration", "PT15M",
                "lanyard.assume.tags", "team = orders , shift=night",
                "lanyard.name", "partner"));
    AwsCredentials credentials = provider.resolveCredentials();

    assertThat(issued(credentials).assumedRoleArn())
        .isEqualTo("arn:aws:sts::444455556666:assumed-role/partner/nightly");
    assertThat(issued(credentials).sessionTags())
        .isEqualTo(Map.of("team", "orders", "shift", "night"));
    LoggedRequest request = eks.sts().log().get(1);
    assertThat(Duration.between(request.at(), issued(credentials).expiration()))
        .isBetween(Duration.ofMinutes(14), Duration.ofMinutes(15));
    assertThat(provider.status().source()).isEqualTo("assume-role");
    Evidence evidence = provider.explain().chosen().orElseThrow().evidence().orElseThrow();
    assertThat(evidence.facts())
        .filteredOn(fact -> fact.origin().isPresent() && fact.value().isPresent())
        .extracting(Fact::name, fact -> fact.origin().orElse(""))
        .contains(
            tuple("role", "setting lanyard.assume.role"),
            tuple("session name", "setting lanyard.assume.session"),
            tuple("external id", "setting lanyard.assume.externalid"),
            tuple("session tags", "setting lanyard.assume.tags"),
            tuple("duration", "setting lanyard.assume.duration"));
    assertThat(evidence.basis().flatMap(basis -> basis.fact("role"))).contains(first);
    assertThat(provider.explain().toString())
        .contains("Lanyard: AWS credentials of partner\n")
        .contains("lanyard.name = partner (setting lanyard.name)")
        .contains("role " + second + " (setting lanyard.assume.role)")
        .contains("the first hop, whose credentials the role is assumed with")
        .contains("role " + first + " (system property aws.roleArn)")
        .doesNotContain("night,");
  }

  @Test
  void manyProvidersOfEveryClassMakeOneExchangeForEachHop() {
    enter();
    admit();
    Properties configuration = new Properties();
    configuration.putAll(settings());
    configuration.put("parallelism", 4);

    List<RefreshingCredentialsProvider> providers =
        List.of(
            EksCredentialsProvider.create(settings()),
            EksCredentialsProvider.create(settings()),
            new EksCredentialsProvider(configuration),
            IrsaCredentialsProvider.create(settings()),
            new IrsaCredentialsProvider(configuration));
    for (RefreshingCredentialsProvider provider : providers) {
      assertThat(provider.resolveCredentials().accountId()).contains("444455556666");
    }
    assertThat(new IrsaCredentialsProvider().resolveCredentials().accountId())
        .contains("111122223333");
    assertThat(new IrsaCredentialsProvider(new Properties()).resolveCredentials().accountId())
        .contains("111122223333");

    assertThat(eks.sts().log())
        .extracting(LoggedRequest::operation)
        .containsExactly("AssumeRoleWithWebIdentity", "AssumeRole");
  }

  @ParameterizedTest
  @CsvSource({
    "lanyard.assume.session, nightly",
    "lanyard.assume.duration, PT20M",
    "lanyard.assume.externalid, contract-18",
    "lanyard.name, tenant-a",
  })
  void anotherSettingIsAnotherSessionOfOneFirstHop(String key, String value) {
    enter();
    eks.roleIn("444455556666", "team/partner", TrustPolicy.forRole(first));
    Map<String, String> other = new HashMap<>(settings());
    other.put(key, value);

    EksCredentialsProvider one = EksCredentialsProvider.create(settings());
    EksCredentialsProvider two = EksCredentialsProvider.create(other);

    assertThat(one.resolveCredentials()).isNotEqualTo(two.resolveCredentials());
    assertThat(eks.sts().log())
        .extracting(LoggedRequest::operation)
        .containsExactlyInAnyOrder("AssumeRoleWithWebIdentity", "AssumeRole", "AssumeRole");
  }

  @Test
  void aTagWithAnotherValueIsAnotherIdentity() {
    enter();
    Map<String, String> one = Map.of("lanyard.assume.role", second, "lanyard.assume.tags", "a=1");
    Map<String, String> two = Map.of("lanyard.assume.role", second, "lanyard.assume.tags", "a=2");

    assertThat(evidence(one)).isEqualTo(evidence(one)).isNotEqualTo(evidence(two));
    assertThat(evidence(one)).hasToString(evidence(two).toString());
  }

  private static Evidence evidence(Map<String, String> settings) {
    return EksCredentialsProvider.create(settings)
        .explain()
        .chosen()
        .orElseThrow()
        .evidence()
        .orElseThrow();
  }

  @Test
  void theProcesssEnvironmentNamesARoleForEveryProviderButOneThatIsChainedInCode() {
    admit();
    Environment environment =
        pod.environment()
            .withProperties(
                Map.of("lanyard.assume.role", second, "lanyard.assume.externalid", EXTERNAL_ID));

    IrsaCredentialsProvider built =
        IrsaCredentialsProvider.builder().environment(environment).build();
    EksCredentialsProvider detecting =
        EksCredentialsProvider.builder().environment(environment).build();
    String third = eks.role("third", TrustPolicy.forRole(second));
    AssumeRoleCredentialsProvider chained =
        AssumeRoleCredentialsProvider.builder(detecting, third).environment(environment).build();

    assertThat(issued(built.resolveCredentials()).assumedRoleArn())
        .contains(":assumed-role/partner/");
    assertThat(issued(detecting.resolveCredentials()).assumedRoleArn())
        .contains(":assumed-role/partner/");
    assertThat(issued(chained.resolveCredentials()).assumedRoleArn())
        .contains(":assumed-role/third/");
    assertThat(built.explain().firstHop().flatMap(Explanation::chosen))
        .map(Explanation.Source::name)
        .contains("irsa");
    assertThat(chained.explain().firstHop()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "lanyard.assume.role       | partner      | is not the ARN of an IAM role",
        "lanyard.assume.externalid | x            | must be 2 to 1224 characters",
        "lanyard.assume.session    | a name       | must be 2 to 64 characters",
        "lanyard.assume.duration   | 15m          | ISO 8601, such as PT30M",
        "lanyard.assume.duration   | PT2H         | must be whole seconds from 900 to 3600",
        "lanyard.assume.duration   | PT900.5S     | must be whole seconds from 900 to 3600",
        "lanyard.assume.tags       | team         | must be tags with commas between them",
        "lanyard.assume.tags       | team=a,      | must be tags with commas between them",
        "lanyard.assume.tags       | =a           | has a tag whose key must be 1 to 128",
        "lanyard.assume.tags       | aws:x=a      | has a tag whose key must not begin with aws:",
        "lanyard.assume.tags       | team=a;b     | has a tag whose value must be up to 256",
        "lanyard.assume.tags       | team=a,TEAM=b| has a tag twice",
      })
  void aBadValueIsRefusedWhereItIsGivenAndToldOfWhereItIsFound(
      String key, String value, String rule) {
    enter();
    Map<String, String> given = new HashMap<>(Map.of("lanyard.assume.role", second));
    given.put(key, value);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> EksCredentialsProvider.create(given))
        .withMessageStartingWith("setting " + key + " ")
        .withMessageContaining(rule);
    Map<String, String> variables = new HashMap<>(pod.variables());
    given.forEach(
        (name, text) -> variables.put(name.toUpperCase(Locale.ROOT).replace('.', '_'), text));
    RefreshingCredentialsProvider built =
        IrsaCredentialsProvider.builder().environment(Environment.of(variables)).build();
    Problem problem = problem(built);

    assertThat(problem.id()).isEqualTo("ROLE-014");
    assertThat(problem.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(problem.summary()).contains("environment variable LANYARD_ASSUME_").contains(rule);
  }

  @Test
  void fiftyTagsAreTheMost() {
    StringBuilder tags = new StringBuilder("t0=x");
    for (int i = 1; i <= 50; i++) {
      tags.append(",t").append(i).append("=x");
    }
    String most = tags.substring(0, tags.lastIndexOf(","));
    Environment environment = pod.environment();

    assertThat(
            detect(
                environment.withSettings(
                    Map.of("lanyard.assume.role", second, "lanyard.assume.tags", most))))
        .isInstanceOf(Detection.Present.class);
    assertThat(
            detect(
                environment.withSettings(
                    Map.of("lanyard.assume.role", second, "lanyard.assume.tags", tags.toString()))))
        .isInstanceOfSatisfying(
            Detection.Broken.class,
            broken -> assertThat(broken.problem().summary()).contains("more than 50 tags"));
  }

  private static Detection detect(Environment environment) {
    return new StsRoleChaining()
        .secondRole(ScriptedFirst.giving("ASIAFIRST00000000001"))
        .detect(environment);
  }

  @Test
  void withoutTheSettingThereIsNoSecondRole() {
    assertThat(detect(pod.environment()))
        .isInstanceOfSatisfying(
            Detection.Absent.class,
            absent -> assertThat(absent.lookedFor()).isEqualTo("setting lanyard.assume.role"));
    assertThat(
            new StsRoleChaining()
                .secondRole(ScriptedFirst.giving("ASIAFIRST00000000001"))
                .isChained())
        .isTrue();
  }

  @Test
  void aBrokenFirstHopIsTold() {
    enter();
    System.clearProperty("aws.webIdentityTokenFile");
    EksCredentialsProvider broken = EksCredentialsProvider.create(settings());

    Problem problem = problem(broken);

    assertThat(problem.id()).isEqualTo("IRSA-001");
    assertThat(problem.summary())
        .contains("the first hop, irsa, cannot work: ")
        .contains("names a role, but AWS_WEB_IDENTITY_TOKEN_FILE is not set");
    assertThat(broken.explain().firstHop().flatMap(Explanation::chosen))
        .map(Explanation.Source::use)
        .contains(Explanation.Use.BROKEN);
    assertThat(eks.sts().requests()).isZero();
  }

  /** A source of the pod's role that a test can break. */
  private static final class Breakable implements CredentialsSource {
    private final CredentialsSource irsa = new IrsaSource();
    private final AtomicBoolean broken = new AtomicBoolean(true);

    @Override
    public String name() {
      return "breakable";
    }

    @Override
    public int precedence() {
      return 1;
    }

    @Override
    public Detection detect(Environment environment) {
      return broken.get()
          ? Detection.broken(
              Problem.builder("TEST-001", FailureKind.MISCONFIGURED, "it is broken").build())
          : irsa.detect(environment);
    }
  }

  private static final class Provider extends RefreshingCredentialsProvider {
    Provider(CredentialsSource source, Map<String, String> settings) {
      super(source, settings);
    }
  }

  @Test
  void onceABrokenFirstHopWorksAllJoinTheEnginesOfTheirIdentity() {
    enter();
    admit();
    Breakable source = new Breakable();
    List<Provider> providers =
        List.of(new Provider(source, settings()), new Provider(source, settings()));
    for (Provider provider : providers) {
      assertThat(problem(provider).id()).isEqualTo("TEST-001");
    }

    source.broken.set(false);

    for (Provider provider : providers) {
      while (!provider.status().usable()) {
        Thread.onSpinWait();
      }
      assertThat(provider.resolveCredentials().accountId()).contains("444455556666");
    }
    assertThat(new Provider(source, settings()).resolveCredentials())
        .isEqualTo(providers.get(0).resolveCredentials())
        .isEqualTo(providers.get(1).resolveCredentials());
    assertThat(eks.sts().log())
        .extracting(LoggedRequest::operation)
        .containsExactly("AssumeRoleWithWebIdentity", "AssumeRole");
  }

  @Test
  void outsideEksTheApplicationsProviderIsUsedAsItIs() {
    StaticCredentialsProvider laptop =
        StaticCredentialsProvider.create(AwsBasicCredentials.create("LAPTOP", "secret"));
    EksCredentialsProvider provider =
        EksCredentialsProvider.builder()
            .environment(Environment.of(Map.of("LANYARD_ASSUME_ROLE", second)))
            .whenNotOnEks(laptop)
            .build();

    assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("LAPTOP");
    assertThat(provider.explain().firstHop()).isEqualTo(Optional.empty());
  }

  @Test
  void aMinimumValidityIsOfTheSecondRolesCredentials() {
    enter();
    admit();
    Map<String, String> settings = new HashMap<>(settings());
    settings.put("lanyard.validity", "PT30M");
    settings.put("lanyard.assume.duration", "PT15M");

    EksCredentialsProvider provider = EksCredentialsProvider.create(settings);

    assertThat(problem(provider).id()).isIn("LIFE-002", "LIFE-003");
    EksCredentialsProvider without = EksCredentialsProvider.create(settings());
    without.awaitReady(LIMIT);
    assertThat(without.status().usable()).isTrue();
  }
}
