package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.RefreshPolicy;
import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.irsa.AssumeRoleCredentialsProvider;
import dev.lanyard.irsa.IrsaCredentialsProvider;
import dev.lanyard.irsa.Sessions;
import dev.lanyard.peer.Request;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsExchange;
import dev.lanyard.spi.Detection;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.testing.TestTime;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * What becomes of the second hop, whatever the first one and STS do. The time limit is "for ever".
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AssumeRoleExchangeTest {
  static final String ROLE = "arn:aws:iam::444455556666:role/partner";
  private static final Duration LONG = Duration.ofMinutes(10);

  private final ScriptedSts sts = new ScriptedSts();

  @AfterEach
  void stopSts() {
    sts.close();
  }

  @Test
  void theRequestIsSignedWithTheFirstCredentialsForTheRegion() {
    issues("ASIASECOND0000000001");

    AssumeRoleCredentialsProvider provider = chained(ScriptedFirst.giving("ASIAFIRST00000000001"));

    assertThat(provider.resolveCredentials().accountId()).contains("444455556666");
    Request request = sts.requests().get(0);
    assertThat(request.headers().get("Authorization"))
        .startsWith("AWS4-HMAC-SHA256 Credential=ASIAFIRST00000000001/")
        .contains("/eu-west-1/sts/aws4_request");
    assertThat(request.headers())
        .containsEntry("X-Amz-Security-Token", ScriptedFirst.SESSION_TOKEN);
    assertThat(request.form())
        .containsEntry("Action", "AssumeRole")
        .containsEntry("RoleArn", ROLE)
        .doesNotContainKeys("DurationSeconds", "ExternalId", "Tags.member.1.Key");
  }

  @ParameterizedTest
  @CsvSource({
    "'', '', https://sts.amazonaws.com, us-east-1",
    "eu-west-1, legacy, https://sts.amazonaws.com, us-east-1",
    "eu-west-1, '', https://sts.eu-west-1.amazonaws.com, eu-west-1",
    "ap-east-1, legacy, https://sts.ap-east-1.amazonaws.com, ap-east-1",
  })
  void theGlobalEndpointIsSignedForUsEast1(
      String region, String endpoints, String host, String signedFor) throws Exception {
    Environment environment =
        Environment.of(Map.of("AWS_REGION", region, "AWS_STS_REGIONAL_ENDPOINTS", endpoints));

    StsLocation location =
        AssumeRoleSettings.read(environment, options()).target().location().orElseThrow();

    assertThat(StsCall.endpoint(location)).isEqualTo(URI.create(host));
    assertThat(location.signingRegion()).isEqualTo(signedFor);
  }

  @Test
  void anEndpointWithoutARegionIsAMisconfigurationAndNothingIsSent() {
    CredentialsUnavailableException e =
        refused(
            AssumeRoleCredentialsProvider.builder(
                    ScriptedFirst.giving("ASIAFIRST00000000001"), ROLE)
                .environment(Environment.of(Map.of()))
                .endpoint(sts.endpoint())
                .build());

    assertThat(e.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(e).hasMessageContaining("no region").hasMessageContaining("Set AWS_REGION");
    assertIs("ROLE-010", e);
    assertThat(sts.requests()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"ExpiredToken, 403", "ExpiredTokenException, 400", "InvalidClientTokenId, 403"})
  void firstCredentialsThatStsRefusesAreObtainedAnew(String code, int status) {
    AtomicInteger given = new AtomicInteger();
    ScriptedFirst first = numbering(given);
    sts.refuses(status, code, "The security token included in the request is no good");
    issues("ASIASECOND0000000001");

    chained(first).resolveCredentials();

    // The second attempt need not have waited for them.
    while (given.get() < 2) {
      Thread.onSpinWait();
    }
    assertThat(given).hasValue(2);
    assertThat(sts.requests().get(0).headers().get("Authorization"))
        .contains("ASIAFIRST00000000001/");
  }

  @Test
  void aSecondSetThatStsDoesNotKnowIsARefusal() throws Exception {
    AtomicInteger given = new AtomicInteger();
    ScriptedFirst first = numbering(given);
    sts.refuses(403, "InvalidClientTokenId", "The security token is invalid.");

    CredentialsUnavailableException e = refused(chained(first));

    assertThat(e.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(given.get()).isGreaterThan(1);
    assertThat(e)
        .hasMessageContaining("the credentials of the first hop, access key id ****000")
        .hasMessageContaining("partition that the first role belongs to");
    assertIs("ROLE-004", e);
    assertThat(e.status().lastFailure().orElseThrow().problem().fact("access key id"))
        .hasValueSatisfying(id -> assertThat(id).startsWith("****000").hasSize(8));
  }

  private static void assertIs(String id, CredentialsUnavailableException e) {
    assertThat(e.status().lastFailure().orElseThrow().problem().id()).isEqualTo(id);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "400|ValidationError|The requested DurationSeconds exceeds the 1 hour session limit for"
            + " roles assumed by role chaining.|REJECTED|ROLE-006|one hour at most",
        "400|ValidationError|The requested DurationSeconds exceeds the MaxSessionDuration set for"
            + " this role.|REJECTED|STS-006|shorter duration",
        "400|InvalidParameterValue|One of the specified transitive tag keys can't be set because it"
            + " conflicts with a transitive tag key from the calling session.|REJECTED|ROLE-007|Pod"
            + " Identity",
        "400|PackedPolicyTooLarge|Packed size of session tags consumes 112% of allotted"
            + " space.|REJECTED|ROLE-008|disableSessionTags",
        "400|MalformedPolicyDocument|Syntax errors in policy.|REJECTED|STS-005|JSON",
        "403|SignatureDoesNotMatch|Signature expired|REJECTED|ROLE-005|clock",
        "403|RegionDisabledException|STS is not activated|REJECTED|STS-004|444455556666",
        "400|Throttling|Rate exceeded|TRANSIENT|STS-002|",
        "503|ServiceUnavailable|no|TRANSIENT|STS-003|",
      })
  void eachRefusalHasItsKindAndItsRemedy(
      int status, String code, String text, FailureKind kind, String id, String remedy) {
    sts.refuses(status, code, text);

    ExchangeException e = failure(ScriptedFirst.giving("ASIAFIRST00000000001"));

    assertThat(e.kind()).isEqualTo(kind);
    assertThat(e.code()).contains(code);
    assertThat(e.status()).hasValue(status);
    assertThat(e.requestId()).isPresent();
    assertThat(e).hasMessageContaining(text.substring(0, 2)).hasMessageContaining(ROLE);
    assertThat(e.problem().id()).isEqualTo(id);
    assertThat(e.problem().fact("role")).contains(ROLE);
    assertThat(e.problem().fact("code")).contains(code);
    assertThat(e.problem().fact("first hop")).contains("scripted");
    if (remedy != null) {
      assertThat(e.remedy()).hasValueSatisfying(r -> assertThat(r).contains(remedy));
    }
  }

  @Test
  void aFirstRoleWithACommaInItsNameIsKnownByItsWholeName() {
    String role = "arn:aws:iam::111122223333:role/shop/orders,eu";
    IrsaCredentialsProvider first =
        IrsaCredentialsProvider.builder()
            .environment(
                Environment.of(
                    Map.of(
                        "AWS_ROLE_ARN", role,
                        "AWS_WEB_IDENTITY_TOKEN_FILE", "/not/there",
                        "AWS_REGION", "eu-west-1")))
            .build();

    assertThat(new FirstHop(first, RoleArn.parse(role).orElseThrow()).roleArn().map(RoleArn::value))
        .contains(role);
  }

  @Test
  void aFirstRoleThatNobodyKnowsIsTakenFromTheWordsOfSts() {
    sts.refuses(
        403,
        "AccessDenied",
        "User: arn:aws:sts::111122223333:assumed-role/orders/eks-lanyard-orders is not authorized"
            + " to perform: sts:TagSession on resource: "
            + ROLE);

    ExchangeException e = failure(ScriptedFirst.giving("ASIAFIRST00000000001"));

    assertThat(e.remedy())
        .hasValueSatisfying(
            remedy ->
                assertThat(remedy)
                    .contains("\"AWS\": \"arn:aws:iam::111122223333:role/orders\"")
                    .contains("with the path of the first role, if it has one")
                    .contains("[\"sts:AssumeRole\", \"sts:TagSession\"]"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"orders", "shop", "rders", "billing"})
  void aFirstRoleThatIsKnownIsNamedWithItsPathIfStsMeansIt(String name) {
    String known = "arn:aws:iam::111122223333:role/shop/orders";
    Evidence evidence = Evidence.builder().fact("role", known).build();
    sts.refuses(
        403,
        "AccessDenied",
        "User: arn:aws:sts::111122223333:assumed-role/" + name + "/eks-orders is not authorized");

    ExchangeException e = failure(ScriptedFirst.found("irsa", evidence));

    assertThat(e.problem().id()).isEqualTo("ROLE-001");
    assertThat(e.problem().fact("first role")).contains(known);
    assertThat(e.problem().steps()).hasSize(3);
    assertThat(e.remedy().orElseThrow())
        .contains(
            "\"AWS\": \""
                + (name.equals("orders") ? known : "arn:aws:iam::111122223333:role/" + name)
                + "\"")
        .doesNotContain("with the path of the first role");
  }

  @Test
  void aFirstHopThatPassesTagsAlongNeedsTheRightToTagToo() {
    sts.refuses(403, "AccessDenied", "Access denied");
    Evidence bait = Evidence.builder().fact("note", "pod-identity (cluster shop)").build();

    assertThat(failure(ScriptedFirst.found("pod-identity", bait)).remedy())
        .hasValueSatisfying(r -> assertThat(r).contains("sts:TagSession"));
    assertThat(failure(ScriptedFirst.found("scripted", bait)).remedy())
        .hasValueSatisfying(r -> assertThat(r).doesNotContain("sts:TagSession"));
  }

  @Test
  void withoutAWordOfStsTheAccountIsNamed() {
    sts.refuses(403, "AccessDenied", "Access denied");

    assertThat(failure(ScriptedFirst.giving("ASIAFIRST00000000001")).remedy())
        .hasValueSatisfying(
            remedy -> assertThat(remedy).contains("\"AWS\": \"arn:aws:iam::111122223333:root\""));
  }

  @Test
  void firstCredentialsThatEndSoonAreUsedAtOnceWhileOthersAreObtained() throws Exception {
    issues("ASIASECOND0000000001");
    AtomicInteger asked = new AtomicInteger();
    CountDownLatch askedAnew = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    TestTime time = TestTime.startingAt(Instant.now());
    ScriptedFirst first =
        ScriptedFirst.of(
            context -> {
              if (asked.incrementAndGet() == 1) {
                return ScriptedFirst.credentials("ASIAFIRST00000000001", Duration.ofMinutes(4));
              }
              askedAnew.countDown();
              never.await();
              throw new AssertionError();
            },
            RefreshPolicy.defaults().withExchangeTimeout(LONG),
            time);
    first.awaitReady(LONG);
    // Past the time for which an answer is remembered, and before a refresh is due.
    time.skip(Duration.ofSeconds(10));

    AssumeRoleCredentialsProvider second =
        chained(first, RefreshPolicy.defaults().withExchangeTimeout(LONG));

    assertThat(second.resolveCredentials()).isNotNull();
    askedAnew.await();
    never.countDown();
  }

  @Test
  void anAttemptThatFindsNoFirstCredentialsEndsWithItsBudgetAndSaysWhichHopItWaitedFor() {
    CountDownLatch never = new CountDownLatch(1);
    ScriptedFirst first =
        ScriptedFirst.of(
            context -> {
              never.await();
              throw new AssertionError();
            },
            RefreshPolicy.defaults().withExchangeTimeout(LONG).withMaxWait(LONG));

    AssumeRoleCredentialsProvider second =
        chained(
            first,
            RefreshPolicy.defaults()
                .withExchangeTimeout(Duration.ofMillis(200))
                .withMaxWait(Duration.ofMillis(1)));
    while (second.status().lastFailure().isEmpty()) {
      Thread.onSpinWait();
    }
    CredentialsUnavailableException e = refused(second);
    never.countDown();

    assertThat(e.kind()).isEqualTo(FailureKind.TRANSIENT);
    assertThat(e)
        .hasMessageContaining(
            "The first hop, scripted, gives no credentials to assume role " + ROLE)
        .hasMessageContaining("none came within the time budget");
    assertIs("ROLE-012", e);
    assertThat(sts.requests()).isEmpty();
  }

  @Test
  void manySecondRolesThatWaitForOneFirstLeaveItAThreadToBeObtainedOn() {
    issues("ASIASECOND0000000001");
    AtomicInteger attempts = new AtomicInteger();
    CountDownLatch allWait = new CountDownLatch(1);
    RefreshPolicy patient = RefreshPolicy.defaults().withExchangeTimeout(LONG).withMaxWait(LONG);
    ScriptedFirst first =
        ScriptedFirst.of(
            context -> {
              if (attempts.incrementAndGet() == 1) {
                allWait.await();
                throw ExchangeException.builder(FailureKind.TRANSIENT, "not yet").build();
              }
              return ScriptedFirst.credentials("ASIAFIRST00000000001", Duration.ofHours(1));
            },
            patient);
    List<AssumeRoleCredentialsProvider> seconds = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      seconds.add(chained(first, patient));
    }
    // More than the engines have threads: each of these has waited, or was told that others do.
    while (seconds.stream().filter(p -> p.status().exchanges() > 0).count() < 84) {
      Thread.onSpinWait();
    }

    allWait.countDown();

    assertThat(seconds).allSatisfy(p -> assertThat(p.resolveCredentials()).isNotNull());
  }

  @Test
  void aClientThatSignsWithTheChainItselfDoesNotMakeItWaitForItself() {
    issues("ASIASECOND0000000001");
    AwsCredentialsProvider[] itself = new AwsCredentialsProvider[1];
    try (var client =
        StsClient.builder()
            .region(Region.EU_WEST_1)
            .endpointOverride(sts.endpoint())
            .credentialsProvider(() -> itself[0].resolveCredentials())
            .build()) {
      itself[0] =
          AssumeRoleCredentialsProvider.builder(ScriptedFirst.giving("ASIAFIRST00000000001"), ROLE)
              .environment(environment())
              .stsClient(client)
              .build();

      assertThat(itself[0].resolveCredentials().accessKeyId()).isEqualTo("ASIASECOND0000000001");
    }
  }

  @Test
  void theSecondKeepsTheFirstAliveAndNobodyKeepsTheSecond() {
    issues("ASIASECOND0000000001");
    List<AssumeRoleCredentialsProvider> held = new ArrayList<>();
    WeakReference<RefreshingCredentialsProvider> first = chainedTo(held);
    WeakReference<RefreshingCredentialsProvider> second = new WeakReference<>(held.get(0));
    for (int i = 0; i < 5; i++) {
      System.gc();
    }
    assertThat(first.get()).isNotNull();
    assertThat(Objects.requireNonNull(first.get()).status().usable()).isTrue();

    held.clear();

    while (second.get() != null || first.get() != null) {
      System.gc();
    }
  }

  private WeakReference<RefreshingCredentialsProvider> chainedTo(
      List<AssumeRoleCredentialsProvider> held) {
    RefreshingCredentialsProvider first = ScriptedFirst.giving("ASIAFIRST00000000001");
    AssumeRoleCredentialsProvider second = chained(first);
    second.awaitReady(LONG);
    held.add(second);
    return new WeakReference<>(first);
  }

  @Test
  void theSecondRolesCredentialsOutliveTheFirstOnesFailure() {
    issues("ASIASECOND0000000001");
    AtomicInteger asked = new AtomicInteger();
    ScriptedFirst first =
        ScriptedFirst.of(
            context -> {
              if (asked.incrementAndGet() == 1) {
                return ScriptedFirst.credentials("ASIAFIRST00000000001", Duration.ofHours(1));
              }
              throw ExchangeException.builder(FailureKind.REJECTED, "the role is gone").build();
            });
    AssumeRoleCredentialsProvider second = chained(first);
    second.awaitReady(LONG);

    var unused = first.invalidate(first.resolveCredentials());
    while (first.status().lastFailure().isEmpty()) {
      Thread.onSpinWait();
    }

    assertThat(second.resolveCredentials().accessKeyId()).isEqualTo("ASIASECOND0000000001");
  }

  /** Gives other credentials each time, whose key ids end with how many there have been. */
  private static ScriptedFirst numbering(AtomicInteger given) {
    return ScriptedFirst.of(
        context ->
            ScriptedFirst.credentials(
                "ASIAFIRST0000000000" + given.incrementAndGet(), Duration.ofHours(1)));
  }

  private void issues(String accessKeyId) {
    sts.answers(200, Map.of(), success(accessKeyId));
  }

  static String success(String accessKeyId) {
    return ScriptedSts.success(accessKeyId)
        .replace("WithWebIdentity", "")
        .replaceFirst("<SubjectFrom.*</Audience>", "")
        .replace("111122223333:assumed-role/orders", "444455556666:assumed-role/partner");
  }

  private Environment environment() {
    return Environment.of(
        Map.of(
            "AWS_REGION", "eu-west-1",
            "HOSTNAME", "orders-7d9f8c6b5-x2x4z",
            "AWS_ENDPOINT_URL_STS", sts.endpoint().toString()));
  }

  @Test
  void aChainedSessionLastsNoLongerThanItWasAskedFor() throws Exception {
    issues("ASIASECOND0000000001");
    ScriptedFirst first = ScriptedFirst.giving("ASIAFIRST00000000001");
    AssumeRoleOptions none = options();
    AssumeRoleOptions quarter =
        new AssumeRoleOptions(
            none.role(),
            none.externalId(),
            none.sessionTags(),
            none.transitiveTagKeys(),
            none.sourceIdentity(),
            Sessions.of(
                AssumeRoleCredentialsProvider.builder(first, ROLE)
                    .duration(Duration.ofMinutes(15))));

    assertThat(longestLife(first, none)).contains(Duration.ofMinutes(61));
    assertThat(longestLife(first, quarter)).contains(Duration.ofMinutes(16));
  }

  private Optional<Duration> longestLife(ScriptedFirst first, AssumeRoleOptions options)
      throws Exception {
    Detection detection = new AssumeRoleSource(first, options).detect(environment());
    return ((Detection.Present) detection).exchange().exchange(new TestContext()).longestLife();
  }

  private AssumeRoleCredentialsProvider chained(RefreshingCredentialsProvider first) {
    return chained(first, RefreshPolicy.defaults());
  }

  private AssumeRoleCredentialsProvider chained(
      RefreshingCredentialsProvider first, RefreshPolicy policy) {
    return AssumeRoleCredentialsProvider.builder(first, ROLE)
        .environment(environment())
        .refreshPolicy(policy)
        .build();
  }

  static AssumeRoleOptions options() {
    return new AssumeRoleOptions(
        RoleArn.parse(ROLE).orElseThrow(),
        Optional.empty(),
        Map.of(),
        List.of(),
        Optional.empty(),
        SessionOptions.NONE);
  }

  /** The exchange of a chain that has just been detected. */
  static CredentialsExchange exchange(
      RefreshingCredentialsProvider first, Environment environment) {
    Detection detection = new AssumeRoleSource(first, options()).detect(environment);
    return ((Detection.Present) detection).exchange();
  }

  private ExchangeException failure(RefreshingCredentialsProvider first) {
    return Objects.requireNonNull(
        catchThrowableOfType(
            ExchangeException.class,
            () -> exchange(first, environment()).exchange(new TestContext())));
  }

  private static CredentialsUnavailableException refused(RefreshingCredentialsProvider provider) {
    return Objects.requireNonNull(
        catchThrowableOfType(CredentialsUnavailableException.class, provider::resolveCredentials));
  }
}
