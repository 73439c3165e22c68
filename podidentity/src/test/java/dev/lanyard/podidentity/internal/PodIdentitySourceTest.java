package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.peer.Peer;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.core.SdkSystemSetting;

class PodIdentitySourceTest {
  private static final String FULL = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
  private static final String RELATIVE = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
  private static final String FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
  private static final String VALUE = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
  private static final String AGENT = "http://169.254.170.23/v1/credentials";
  private static final String TOKEN_PATH =
      "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token";

  private static Detection detect(String... variables) {
    return new PodIdentitySource().detect(Environment.of(map(variables)));
  }

  private static Map<String, String> map(String... pairs) {
    Map<String, String> map = new HashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put(pairs[i], pairs[i + 1]);
    }
    return map;
  }

  private static Detection.Present present(Detection detection) {
    assertThat(detection).isInstanceOf(Detection.Present.class);
    return (Detection.Present) detection;
  }

  private static Detection.Broken broken(Detection detection) {
    assertThat(detection).isInstanceOf(Detection.Broken.class);
    Detection.Broken broken = (Detection.Broken) detection;
    assertThat(broken.problem().kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(broken.problem().summary()).isNotBlank().doesNotEndWith(".");
    assertThat(broken.problem().remedy())
        .hasValueSatisfying(
            remedy -> assertThat(remedy).isNotBlank().doesNotEndWith(".").matches("[A-Z].*"));
    return broken;
  }

  /** Returns the setting that a fact came from. */
  private static Optional<String> origin(Detection.Present present, String fact) {
    return present.evidence().facts().stream()
        .filter(one -> one.name().equals(fact))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no fact " + fact + " in " + present))
        .origin();
  }

  private static List<String> origins(Evidence evidence) {
    return evidence.facts().stream().flatMap(fact -> fact.origin().stream()).toList();
  }

  @Test
  void isFoundByTheServiceLoader() {
    assertThat(ServiceLoader.load(CredentialsSource.class))
        .filteredOn(source -> source instanceof PodIdentitySource)
        .hasSize(1)
        .allSatisfy(
            source -> {
              assertThat(source.name()).isEqualTo("pod-identity");
              assertThat(source.precedence()).isEqualTo(200);
            });
  }

  @Test
  void isAbsentWhereNoVariableSpeaksOfAnAgent() {
    assertThat(detect("AWS_REGION", "eu-west-1", FULL, "  "))
        .isInstanceOfSatisfying(
            Detection.Absent.class,
            absent -> assertThat(absent.lookedFor()).contains(FULL).contains(RELATIVE));
  }

  @Test
  void findsWhatTheEksWebhookInjects() {
    Detection.Present present = present(detect(FULL, AGENT, FILE, TOKEN_PATH));

    assertThat(present.evidence())
        .hasToString(
            "endpoint http://169.254.170.23/v1/credentials, token file "
                + TOKEN_PATH
                + ", longest life PT6H");
    assertThat(origin(present, "endpoint")).contains("environment variable " + FULL);
    assertThat(origin(present, "token file")).contains("environment variable " + FILE);
    assertThat(origin(present, "longest life")).isEmpty();
    assertThat(present.exchange().tokenFile()).contains(Path.of(TOKEN_PATH));
  }

  @Test
  void findsTheAgentOfAnIpv6Cluster() {
    assertThat(
            present(detect(FULL, "http://[fd00:ec2::23]/v1/credentials", FILE, TOKEN_PATH))
                .evidence()
                .fact("endpoint"))
        .contains("http://[fd00:ec2::23]/v1/credentials");
  }

  @Test
  void readsTheTokenFileBelowTheRootOfTheEnvironment() {
    Environment environment =
        Environment.of(map(FULL, AGENT, FILE, TOKEN_PATH)).withRoot(Path.of("/some/root"));

    assertThat(present(new PodIdentitySource().detect(environment)).exchange().tokenFile())
        .contains(Path.of("/some/root" + TOKEN_PATH));
  }

  @Test
  void findsTheEcsAgentByThePathAloneAndDoesNotShowTheTasksId() {
    Detection.Present present = present(detect(RELATIVE, "/v2/credentials/a-secret-task-id"));

    assertThat(present.evidence())
        .hasToString("endpoint http://169.254.170.2/..., authorization none, longest life PT12H");
    assertThat(origin(present, "endpoint")).contains("environment variable " + RELATIVE);
    assertThat(origin(present, "path and query")).contains("environment variable " + RELATIVE);
    assertThat(origin(present, "authorization")).isEmpty();
    assertThat(present.evidence().facts().toString() + present).doesNotContain("a-secret-task-id");
    assertThat(present.exchange().tokenFile()).isEmpty();
  }

  @Test
  void tellsTwoTasksApartWithoutShowingTheirIds() {
    Detection.Present one = present(detect(RELATIVE, "/v2/credentials/one"));
    Detection.Present two = present(detect(RELATIVE, "/v2/credentials/two"));

    assertThat(one.evidence()).isNotEqualTo(two.evidence());
    assertThat(one.evidence().isComparable()).isTrue();
    assertThat(one.evidence().toString()).isEqualTo(two.evidence().toString());
  }

  @Test
  void tellsTwoTenantsApartWhosePathsHaveOneHashCode() {
    assertThat("tenantAa".hashCode()).isEqualTo("tenantBB".hashCode());
    for (String[] both :
        new String[][] {
          {RELATIVE, "/v2/credentials/tenantAa", "/v2/credentials/tenantBB"},
          {
            FULL,
            "http://127.0.0.1/v2/credentials/tenantAa",
            "http://127.0.0.1/v2/credentials/tenantBB"
          },
          {FULL, "http://127.0.0.1/v1/credentials?id=Aa", "http://127.0.0.1/v1/credentials?id=BB"},
        }) {
      assertThat(present(detect(both[0], both[1])).evidence())
          .matches(Evidence::isComparable)
          .isNotEqualTo(present(detect(both[0], both[2])).evidence());
    }
  }

  @Test
  void theEvidenceHoldsAllThatTheExchangeReads() {
    Evidence usual = evidence(map(FULL, AGENT, FILE, TOKEN_PATH), Map.of());
    assertThat(evidence(map(FULL, AGENT, FILE, TOKEN_PATH), Map.of()))
        .matches(Evidence::isComparable)
        .isEqualTo(usual);
    assertThat(
            present(
                    new PodIdentitySource()
                        .detect(
                            Environment.of(map(FULL, AGENT, FILE, TOKEN_PATH))
                                .withRoot(Path.of("/some/root"))))
                .evidence())
        .isNotEqualTo(usual);
    Map<String, String> tls = map(FULL, "https://10.0.0.1/creds");
    List<Evidence> all =
        List.of(
            usual,
            evidence(map(FULL, AGENT, FILE, "/other/token"), Map.of()),
            evidence(map(FULL, AGENT, VALUE, "token-1"), Map.of()),
            evidence(map(FULL, AGENT, VALUE, "token-2"), Map.of()),
            evidence(map(FULL, "http://127.0.0.1/v1/credentials", VALUE, "token-1"), Map.of()),
            evidence(map(FULL, "http://127.0.0.1:81/v1/credentials", VALUE, "token-1"), Map.of()),
            evidence(map(FULL, "https://127.0.0.1/v1/credentials", VALUE, "token-1"), Map.of()),
            evidence(map(FULL, "http://127.0.0.1/v1/credentials"), Map.of()),
            evidence(tls, Map.of()),
            evidence(tls, map("javax.net.ssl.keyStore", "/one.p12")),
            evidence(tls, map("javax.net.ssl.keyStore", "/two.p12")),
            evidence(
                tls,
                map("javax.net.ssl.keyStore", "/one.p12", "javax.net.ssl.keyStorePassword", "s")));
    assertThat(all).doesNotHaveDuplicates().allMatch(Evidence::isComparable);
    assertThat(evidence(map(FULL, AGENT, VALUE, "x"), map("javax.net.ssl.keyStore", "/one.p12")))
        .as("no certificate is shown without TLS")
        .isEqualTo(evidence(map(FULL, AGENT, VALUE, "x"), Map.of()));
  }

  @Test
  void whereASettingStandsIsNoEvidence() {
    Map<String, String> properties =
        map(
            "aws.containerCredentialsFullUri",
            AGENT + "?id=4711",
            "aws.containerAuthorizationToken",
            "abc");

    assertThat(evidence(Map.of(), properties))
        .isEqualTo(evidence(map(FULL, AGENT + "?id=4711", VALUE, "abc"), Map.of()));
    assertThat(
            present(
                    new PodIdentitySource(URI.create(AGENT), Path.of(TOKEN_PATH), null, null)
                        .detect(Environment.of(Map.of())))
                .evidence())
        .isEqualTo(evidence(map(FULL, AGENT, FILE, TOKEN_PATH), Map.of()));
    assertThat(evidence(map(RELATIVE, "/x", FULL, AGENT), Map.of()))
        .as("what is not read is no evidence")
        .isEqualTo(evidence(map(RELATIVE, "/x"), Map.of()));
  }

  @Test
  void theClientCertificateIsEvidenceWithItsOrigin() {
    Map<String, String> store =
        map(
            "javax.net.ssl.keyStore", "/own.p12",
            "javax.net.ssl.keyStoreType", "PKCS12",
            "javax.net.ssl.keyStorePassword", "changeit-4711");

    Evidence evidence = evidence(map(FULL, "https://creds.example/"), store);

    assertThat(evidence)
        .hasToString(
            "endpoint https://creds.example, authorization none, longest life PT12H,"
                + " client certificate /own.p12, key store type PKCS12");
    assertThat(origins(evidence))
        .containsExactly(
            "environment variable " + FULL,
            "system property javax.net.ssl.keyStore",
            "system property javax.net.ssl.keyStoreType",
            "system property javax.net.ssl.keyStorePassword");
    assertThat(evidence.facts().toString()).doesNotContain("4711");
  }

  private static void isProblem(
      Detection detection, String id, String fact, @Nullable String value) {
    Problem problem = broken(detection).problem();
    assertThat(problem.id()).isEqualTo(id);
    assertThat(problem.page()).contains("docs/errors/README.md#" + id.toLowerCase(Locale.ROOT));
    assertThat(problem.fact(fact)).isEqualTo(Optional.ofNullable(value));
  }

  @Test
  void eachMistakeHasAnIdAndNamesItsSetting() {
    String full = "environment variable " + FULL;
    String relative = "environment variable " + RELATIVE;
    String base = "environment variable AWS_CONTAINER_SERVICE_ENDPOINT";
    isProblem(detect(FULL, AGENT), "POD-030", "endpoint", AGENT);
    isProblem(detect(FILE, "/t"), "POD-031", "setting", "environment variable " + FILE);
    isProblem(detect(RELATIVE, "//x"), "POD-032", "setting", relative);
    isProblem(detect(RELATIVE, "/a b"), "POD-032", "setting", relative);
    isProblem(detect(FULL, "no uri"), "POD-033", "setting", full);
    isProblem(detect(FULL, "ftp://127.0.0.1/"), "POD-033", "setting", full);
    isProblem(detect(FULL, "http:///x"), "POD-033", "setting", full);
    isProblem(detect(FULL, "http://a@127.0.0.1/"), "POD-034", "setting", full);
    isProblem(detect(FULL, "http://127.0.0.1/#a"), "POD-035", "setting", full);
    isProblem(detect(FULL, "http://127.0.0.1:0/"), "POD-036", "setting", full);
    isProblem(detect(FULL, "http://127.1/"), "POD-033", "setting", full);
    isProblem(detect(FULL, "http://[::ffff:127.0.0.1]/"), "POD-037", "setting", full);
    for (String[] endpoint :
        new String[][] {{"http://localhost?a=b", "POD-038"}, {"http://10.0.0.1", "NET-010"}}) {
      isProblem(
          detect(RELATIVE, "/x", "AWS_CONTAINER_SERVICE_ENDPOINT", endpoint[0]),
          endpoint[1],
          "setting",
          base);
    }
    isProblem(detect(FULL, "http://10.0.0.1/"), "NET-010", "setting", full);
    isProblem(detect(FULL, "http://10.0.0.1/"), "NET-010", "address", "10.0.0.1");
    isProblem(detect(FULL, AGENT, FILE, "t"), "TOK-020", "setting", "environment variable " + FILE);
    isProblem(
        detect(FULL, AGENT, VALUE, "a\nb"), "TOK-007", "setting", "environment variable " + VALUE);
    isProblem(
        detect(FULL, AGENT, VALUE, "a".repeat(64 * 1024 + 1)),
        "TOK-006",
        "setting",
        "environment variable " + VALUE);
  }

  @Test
  void whatTheApplicationGaveIsNoSetting() {
    isProblem(
        new PodIdentitySource(URI.create("http://10.0.0.1/"), null, null, null)
            .detect(Environment.of(Map.of())),
        "NET-010",
        "setting",
        null);
  }

  @Test
  void theLongestLifeThatTheApplicationGivesIsEvidence() {
    Environment environment = Environment.of(map(FULL, AGENT, FILE, TOKEN_PATH));

    assertThat(
            present(
                    new PodIdentitySource(null, null, null, Duration.ofHours(36))
                        .detect(environment))
                .evidence())
        .matches(Evidence::isComparable)
        .isNotEqualTo(present(new PodIdentitySource().detect(environment)).evidence());
  }

  @Test
  void aTokenFileIsShownAsItIsSetAndComparedAsItIsRead() {
    Environment pod = Environment.of(map(FULL, AGENT, FILE, TOKEN_PATH));
    Evidence one = evidence(pod.withRoot(Path.of("/one")));

    assertThat(one.fact("token file")).contains(TOKEN_PATH);
    assertThat(one)
        .isEqualTo(evidence(pod.withRoot(Path.of("/one"))))
        .isNotEqualTo(evidence(pod.withRoot(Path.of("/other"))))
        .isNotEqualTo(evidence(pod));
    assertThat(one.toString()).doesNotContain("/one");
  }

  private static Evidence evidence(Environment environment) {
    return present(new PodIdentitySource().detect(environment)).evidence();
  }

  @Test
  void aTokenFileOfAnotherFileSystemIsEvidenceOfNothing(@TempDir Path directory) throws Exception {
    URI archive = URI.create("jar:" + directory.resolve("root.zip").toUri());
    try (FileSystem other = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
      // Its text is that of a path of this machine.
      PodIdentitySource source = new PodIdentitySource(null, other.getPath(TOKEN_PATH), null, null);

      Evidence evidence = present(source.detect(Environment.of(map(FULL, AGENT)))).evidence();
      assertThat(evidence.isComparable()).isFalse();
      assertThat(evidence.fact("token file")).contains(TOKEN_PATH);
      assertThat(evidence)
          .isNotEqualTo(present(source.detect(Environment.of(map(FULL, AGENT)))).evidence());
    }
  }

  @Test
  void aTokenThatTheApplicationGivesAtEachExchangeIsEvidenceOfNothing() {
    PodIdentitySource source = new PodIdentitySource(URI.create(AGENT), null, () -> "abc", null);

    Evidence evidence = present(source.detect(Environment.of(Map.of()))).evidence();
    assertThat(evidence.isComparable()).isFalse();
    assertThat(evidence).isNotEqualTo(present(source.detect(Environment.of(Map.of()))).evidence());
  }

  @Test
  void whatHidesAKeyIsNeitherShownNorStoodForByItsHash() {
    for (Detection.Present present :
        new Detection.Present[] {
          present(detect(RELATIVE, "/v2/credentials/4711")),
          present(detect(FULL, "http://127.0.0.1/v2/credentials/4711")),
          present(detect(FULL, "https://creds.example/?pin=4711", VALUE, "4711")),
          present(detect(FULL, AGENT + "?pin=4711", VALUE, "4711")),
        }) {
      String shown = present + present.evidence().toString() + present.evidence().facts();
      assertThat(shown).contains("...").doesNotContain("4711");
      // Whatever four digits are behind it, the text is the same.
      for (String part :
          new String[] {"/v2/credentials/", "/?pin=", "/v1/credentials?pin=", "?pin="}) {
        assertThat(shown).doesNotContain(Integer.toHexString((part + "4711").hashCode()));
      }
    }
  }

  @Test
  void whatChangesAfterTheProviderWasBuiltDoesNotChangeTheToken() throws Exception {
    String property = "aws.containerAuthorizationToken";
    try (Peer agent = Agents.answeringWell()) {
      System.setProperty("aws.containerCredentialsFullUri", Agents.uri(agent));
      System.setProperty(property, "first");
      Detection.Present present = present(new PodIdentitySource().detect(Environment.system()));
      System.setProperty(property, "second");
      present.exchange().exchange(new TestContext());
      System.clearProperty(property);
      present.exchange().exchange(new TestContext());

      assertThat(agent.requests())
          .hasSize(2)
          .allSatisfy(r -> assertThat(r.header("Authorization")).isEqualTo("first"));
    } finally {
      System.clearProperty("aws.containerCredentialsFullUri");
      System.clearProperty(property);
    }
  }

  private static Evidence evidence(Map<String, String> variables, Map<String, String> properties) {
    return present(
            new PodIdentitySource().detect(Environment.of(variables).withProperties(properties)))
        .evidence();
  }

  @Test
  void theRelativeUriGoesBeforeTheFullOne() {
    Detection.Present present = present(detect(RELATIVE, "/v2/x", FULL, AGENT, FILE, TOKEN_PATH));

    assertThat(present.evidence().fact("endpoint")).contains("http://169.254.170.2/...");
    assertThat(origin(present, "endpoint"))
        .contains(
            "environment variable "
                + RELATIVE
                + ", which takes precedence over environment variable "
                + FULL);
  }

  @Test
  void theTokenFileGoesBeforeTheToken() {
    Detection.Present present = present(detect(FULL, AGENT, FILE, TOKEN_PATH, VALUE, Tokens.TOKEN));

    assertThat(present.evidence().toString())
        .contains("token file " + TOKEN_PATH)
        .doesNotContain(VALUE);
    assertThat(present.evidence().facts())
        .allSatisfy(
            fact -> {
              assertThat(fact.name()).doesNotContain("authorization");
              assertThat(fact.origin().orElse("")).doesNotEndWith(VALUE);
            });
  }

  @Test
  void takesTheTokenFromAVariable() {
    Detection.Present present = present(detect(FULL, AGENT, VALUE, "Basic abc"));

    assertThat(present.evidence().fact("authorization")).contains("token in a setting");
    assertThat(origin(present, "authorization")).contains("environment variable " + VALUE);
    assertThat(origin(present, "authorization token")).contains("environment variable " + VALUE);
    assertThat(present.evidence().fact("authorization token")).isEmpty();
    assertThat(present.evidence().facts() + " " + present).doesNotContain("abc");
  }

  @Test
  void systemPropertiesGoBeforeVariables() {
    Environment environment =
        Environment.of(map(FULL, "http://169.254.170.23/from-variable", FILE, "/from/variable"))
            .withProperties(
                map(
                    "aws.containerCredentialsFullUri",
                    "http://127.0.0.1:1234/from-property",
                    "aws.containerAuthorizationTokenFile",
                    "/from/property"));

    Detection.Present present = present(new PodIdentitySource().detect(environment));
    assertThat(present.evidence())
        .hasToString(
            "endpoint http://127.0.0.1:1234/..., token file /from/property, longest life PT12H");
    assertThat(origin(present, "endpoint"))
        .contains("system property aws.containerCredentialsFullUri");
    assertThat(origin(present, "token file"))
        .contains("system property aws.containerAuthorizationTokenFile");
  }

  @Test
  void knowsTheOtherSystemProperties() {
    Environment environment =
        Environment.of(Map.of())
            .withProperties(
                map(
                    "aws.containerCredentialsPath",
                    "/creds",
                    "aws.containerServiceEndpoint",
                    "http://localhost:1338/",
                    "aws.containerAuthorizationToken",
                    "abc"));

    Detection.Present present = present(new PodIdentitySource().detect(environment));
    assertThat(present.evidence().fact("endpoint")).contains("http://localhost:1338/...");
    assertThat(origin(present, "endpoint"))
        .contains("system property aws.containerCredentialsPath");
    assertThat(origin(present, "authorization token"))
        .contains("system property aws.containerAuthorizationToken");
  }

  @Test
  void itsPropertiesAndVariablesAreThoseOfTheSdk() {
    Map<SdkSystemSetting, String> used =
        Map.of(
            SdkSystemSetting.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, "/creds",
            SdkSystemSetting.AWS_CONTAINER_SERVICE_ENDPOINT, "http://localhost:1338",
            SdkSystemSetting.AWS_CONTAINER_AUTHORIZATION_TOKEN, "abc");
    Map<SdkSystemSetting, String> alsoUsed =
        Map.of(
            SdkSystemSetting.AWS_CONTAINER_CREDENTIALS_FULL_URI, AGENT,
            SdkSystemSetting.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, TOKEN_PATH);
    for (Map<SdkSystemSetting, String> settings : List.of(used, alsoUsed)) {
      Map<String, String> properties = new HashMap<>();
      Map<String, String> variables = new HashMap<>();
      settings.forEach(
          (setting, value) -> {
            properties.put(setting.property(), value);
            variables.put(setting.environmentVariable(), value);
          });
      Evidence byProperty = evidence(Map.of(), properties);
      Evidence byVariable = evidence(variables, Map.of());

      settings
          .keySet()
          .forEach(
              setting -> {
                if (setting != SdkSystemSetting.AWS_CONTAINER_SERVICE_ENDPOINT) {
                  assertThat(origins(byProperty)).contains("system property " + setting.property());
                  assertThat(origins(byVariable))
                      .contains("environment variable " + setting.environmentVariable());
                }
              });
      assertThat(byProperty.toString()).contains(settings == used ? "localhost:1338" : TOKEN_PATH);
      assertThat(byVariable.toString()).contains(settings == used ? "localhost:1338" : TOKEN_PATH);
    }
  }

  @Test
  void theRelativeUriOfAVariableGoesBeforeTheFullOneOfAPropertyAndSoDoTheTokens() {
    Environment environment =
        Environment.of(map(RELATIVE, "/v2/x", FILE, TOKEN_PATH))
            .withProperties(
                map(
                    "aws.containerCredentialsFullUri",
                    "http://127.0.0.1:1234/",
                    "aws.containerAuthorizationToken",
                    "abc"));

    Detection.Present present = present(new PodIdentitySource().detect(environment));
    assertThat(present.evidence())
        .hasToString(
            "endpoint http://169.254.170.2/..., token file " + TOKEN_PATH + ", longest life PT12H");
    assertThat(origin(present, "endpoint"))
        .hasValueSatisfying(
            origin ->
                assertThat(origin)
                    .contains(
                        "which takes precedence over system property"
                            + " aws.containerCredentialsFullUri"));
  }

  @Test
  void aRelativeUriThatIsNoneIsNotPassedOverForAGoodFullOne() {
    assertThat(
            broken(detect(RELATIVE, "@evil.example/", FULL, AGENT, FILE, TOKEN_PATH))
                .problem()
                .summary())
        .startsWith("environment variable " + RELATIVE);
  }

  @Test
  void theServiceEndpointAloneMeansNothing() {
    assertThat(detect("AWS_CONTAINER_SERVICE_ENDPOINT", "http://localhost:1338"))
        .isInstanceOf(Detection.Absent.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"http://10.0.0.1", "http://localhost?a=b", "localhost:1338", "http://x@y"})
  void theServiceEndpointIsHeldToTheSameRules(String endpoint) {
    assertThat(
            broken(detect(RELATIVE, "/x", "AWS_CONTAINER_SERVICE_ENDPOINT", endpoint))
                .problem()
                .summary())
        .contains("AWS_CONTAINER_SERVICE_ENDPOINT");
  }

  @ParameterizedTest
  @ValueSource(strings = {FILE, VALUE})
  void aTokenWithoutAUriIsBrokenAndNotAbsent(String variable) {
    assertThat(broken(detect(variable, "/some/where")).problem().summary())
        .isEqualTo(
            "environment variable " + variable + " is set without a URI to send the token to");
  }

  @Test
  void thePodIdentityAgentWithoutATokenIsBroken() {
    assertThat(broken(detect(FULL, AGENT)).problem().summary()).contains(FILE);
    assertThat(broken(detect(FULL, "http://[fd00:0ec2::0023]/v1/credentials")).problem().summary())
        .contains(FILE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "v2/credentials/x",
        "//evil.example/x",
        "//169.254.170.2/x",
        "@evil.example/x",
        "http://evil.example/",
        ":8080/x",
        ".evil.example/x",
        "/a b",
        "/a\\b",
        "/a#b",
        "/a\r\nHost: evil.example",
        "\\\\evil.example\\x",
        "/\\evil.example/x",
        " /v2/x",
        "/v2/x ",
        "/v2/x\n",
        "/v2\tx",
        "?id=1",
        "#x",
        "///evil.example/x",
        "/%zz",
        "https://169.254.170.2/v2/x",
        "1/v2/x",
        "/a\u0000b",
        "/[evil]",
      })
  void aRelativeUriThatMayLeadElsewhereIsBroken(String path) {
    assertThat(broken(detect(RELATIVE, path)).problem().summary())
        .startsWith("environment variable " + RELATIVE)
        .doesNotContain("evil");
  }

  @Test
  void anAtSignInsideThePathStaysOnTheHost() {
    assertThat(present(detect(RELATIVE, "/@evil.example/x")).evidence().fact("endpoint"))
        .contains("http://169.254.170.2/...");
  }

  @Test
  void aTokenInThePlaceOfAUriOrAPathIsNotShown() {
    for (Detection detection :
        new Detection[] {
          detect(FULL, Tokens.TOKEN),
          detect(RELATIVE, Tokens.TOKEN),
          detect(FULL, AGENT, FILE, Tokens.TOKEN),
          detect(FULL, AGENT, VALUE, Tokens.TOKEN + "\n"),
          detect(FULL, "http://user:" + Tokens.TOKEN + "@127.0.0.1/"),
          detect(RELATIVE, "/x", "AWS_CONTAINER_SERVICE_ENDPOINT", Tokens.TOKEN),
        }) {
      Detection.Broken broken = broken(detection);
      assertThat(broken.toString()).doesNotContain(Tokens.PIECES);
      assertThat(broken.problem().facts().toString()).doesNotContain(Tokens.PIECES);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'abc\ndef', line break",
    "'abc\n', line break",
    "'\r\nabc', line break",
    "'abc\tdef', a header cannot carry",
    "' abc', a header cannot carry",
    "'abc ', a header cannot carry",
    "'abcé', a header cannot carry",
  })
  void aTokenThatNoHeaderCanCarryIsBroken(String token, String reason) {
    assertThat(broken(detect(FULL, AGENT, VALUE, token)).problem().summary())
        .startsWith("environment variable " + VALUE)
        .contains(reason)
        .doesNotContain("abc");
  }

  @ParameterizedTest
  @ValueSource(strings = {"relative/token", "token", "/with\nbreak"})
  void aTokenFileThatIsNoAbsolutePathIsBroken(String path) {
    assertThat(broken(detect(FULL, AGENT, FILE, path)).problem().summary())
        .isEqualTo("environment variable " + FILE + " is not an absolute path");
  }

  @Test
  void whatTheApplicationGaveGoesBeforeTheEnvironment() {
    PodIdentitySource source =
        new PodIdentitySource(
            URI.create("http://localhost:8080/creds"), Path.of("/given/token"), () -> "abc", null);

    Detection.Present present =
        present(
            source.detect(
                Environment.of(map(RELATIVE, "/x", FULL, AGENT, FILE, TOKEN_PATH, VALUE, "abc"))));

    assertThat(present.evidence())
        .hasToString(
            "endpoint http://localhost:8080/..., token file /given/token, longest life PT12H");
    assertThat(present.evidence().facts())
        .as("what was given in code came from no setting")
        .allSatisfy(fact -> assertThat(fact.origin()).isEmpty());
  }

  @Test
  void anEndpointThatTheApplicationGaveIsHeldToTheSameRules() {
    PodIdentitySource source =
        new PodIdentitySource(URI.create("http://10.0.0.1/"), null, null, null);

    assertThat(broken(source.detect(Environment.of(Map.of()))).problem().summary())
        .contains("10.0.0.1");
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/credentials, , PT6H",
    "/v2/credentials/id, , PT12H",
    "/v1/credentials?id=1, , PT12H",
    "/v1/credentials, PT36H, PT36H",
    "/v2/credentials/id, PT36H, PT36H",
  })
  void theLongestLifeIsThatOfTheEndpointOrTheOneThatWasGiven(
      String path, @Nullable Duration given, Duration longest) throws Exception {
    try (Peer agent = Agents.answeringWell()) {
      PodIdentitySource source =
          new PodIdentitySource(URI.create(agent.uri() + path), null, null, given);

      assertThat(
              present(source.detect(Environment.of(Map.of())))
                  .exchange()
                  .exchange(new TestContext())
                  .longestLife())
          .contains(longest);
    }
  }
}
