package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.irsa.IrsaCredentialsProvider;
import dev.lanyard.irsa.Sessions;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IrsaSourceTest {
  @TempDir Path root;
  private Pod pod;

  @BeforeEach
  void startPod() {
    pod = new Pod(root);
  }

  @Test
  void theServiceLoaderFindsItAheadOfPodIdentity() {
    CredentialsSource source =
        ServiceLoader.load(CredentialsSource.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(IrsaSource.class::isInstance)
            .findFirst()
            .orElseThrow();

    assertThat(source.name()).isEqualTo("irsa");
    assertThat(source.precedence()).isEqualTo(100);
  }

  @Test
  void aPodThatTheWebhookPreparedIsPresent() {
    assertThat(present(pod))
        .startsWith(
            "role arn:aws:iam::111122223333:role/shop/orders, token file"
                + " /var/run/secrets/eks.amazonaws.com/serviceaccount/token, session name"
                + " orders-7d9f8c6b5-x2x4z-")
        .endsWith(", STS region eu-west-1");
  }

  @Test
  void eachFactNamesTheSettingThatItCameFrom() {
    pod.set("AWS_ROLE_SESSION_NAME", "session")
        .set("AWS_ENDPOINT_URL_STS", "https://sts.example")
        .set("HTTPS_PROXY", "http://user:password@proxy.example:3128")
        .set("no_proxy", "10.0.0.0/8,.internal");

    assertThat(origins(evidence(pod)))
        .containsExactly(
            "role <- environment variable AWS_ROLE_ARN",
            "token file <- environment variable AWS_WEB_IDENTITY_TOKEN_FILE",
            // Below the root of a test: where the file really is.
            "token file <- environment variable AWS_WEB_IDENTITY_TOKEN_FILE",
            "session name <- environment variable AWS_ROLE_SESSION_NAME",
            "STS region <- environment variable AWS_REGION",
            "STS endpoint <- environment variable AWS_ENDPOINT_URL_STS",
            "proxy <- environment variable HTTPS_PROXY",
            "proxy authorization <- environment variable HTTPS_PROXY",
            "no proxy <- environment variable no_proxy",
            "no proxy <- environment variable no_proxy");
  }

  @Test
  void systemPropertiesAreOriginsToo() {
    pod.property("aws.roleArn", Pod.ROLE)
        .property("aws.webIdentityTokenFile", "/other/token")
        .property("aws.roleSessionName", "session")
        .property("aws.region", "eu-west-3")
        .property("aws.useFipsEndpoint", "true")
        .property("https.proxyHost", "proxy.example")
        .property("https.proxyUser", "user")
        .property("http.nonProxyHosts", "*.internal");

    assertThat(origins(evidence(pod)))
        .containsExactly(
            "role <- system property aws.roleArn",
            "token file <- system property aws.webIdentityTokenFile",
            "token file <- system property aws.webIdentityTokenFile",
            "session name <- system property aws.roleSessionName",
            "STS region <- system property aws.region",
            "FIPS <- system property aws.useFipsEndpoint",
            "proxy <- system property https.proxyHost",
            "proxy authorization <- system property https.proxyUser",
            "no proxy <- system property http.nonProxyHosts");
  }

  @Test
  void whatTheApplicationSaysAndWhatIsADefaultHaveNoOrigin() {
    IrsaCredentialsProvider.Builder builder =
        IrsaCredentialsProvider.builder()
            .region("eu-west-3")
            .duration(Duration.ofMinutes(15))
            .policy("{}")
            .policyArns("arn:aws:iam::aws:policy/One");
    IrsaSource source =
        new IrsaSource(
            new IrsaOptions(
                RoleArn.parse(Pod.ROLE), Optional.of(Path.of("/the/token")), Sessions.of(builder)));

    assertThat(origins(evidence(source.detect(pod.environment()))))
        .containsExactly(
            "role <- nothing",
            "token file <- nothing",
            "session name <- nothing",
            "STS region <- nothing",
            "duration <- nothing",
            "session policy <- nothing",
            "policy ARN <- nothing");
  }

  @Test
  void aPathIsTheSameHoweverItIsSpelledAndAnotherBelowAnotherRoot() {
    Environment here =
        Environment.of(
            Map.of(
                "AWS_ROLE_ARN", Pod.ROLE,
                "AWS_WEB_IDENTITY_TOKEN_FILE", "/the//token",
                "AWS_REGION", "eu-west-1"));
    Evidence evidence = evidence(new IrsaSource().detect(here));

    assertThat(evidence.fact("token file")).contains("/the/token");
    assertThat(evidence.facts()).as("nothing is hidden").allMatch(f -> f.value().isPresent());
    assertThat(evidence(new IrsaSource().detect(here.withRoot(root)))).isNotEqualTo(evidence);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "AWS_WEB_IDENTITY_TOKEN_FILE||IRSA-001|environment variable AWS_ROLE_ARN",
        "AWS_ROLE_ARN||IRSA-002|environment variable AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_ROLE_ARN|orders|IRSA-004|environment variable AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE|eyJhbGciOiJSUzI1NiJ9|IRSA-005|environment variable"
            + " AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_ROLE_SESSION_NAME|a b|IRSA-007|environment variable AWS_ROLE_SESSION_NAME",
        "AWS_REGION|EU|STS-023|environment variable AWS_REGION",
        "HTTPS_PROXY|ftp://proxy|PROXY-022|environment variable HTTPS_PROXY",
      })
  void eachProblemHasItsIdAndNamesItsSetting(
      String variable, String value, String id, String origin) {
    Problem problem = broken(value == null ? pod.unset(variable) : pod.set(variable, value));

    assertThat(problem.id()).isEqualTo(id);
    assertThat(problem.fact("setting")).contains(origin);
    assertThat(problem.page()).contains("docs/errors/README.md#" + id.toLowerCase(Locale.ROOT));
  }

  @Test
  void aTokenInThePlaceOfItsFileIsNotShown() {
    Pod pod = new Pod(root).set("AWS_WEB_IDENTITY_TOKEN_FILE", Tokens.token(1));

    Detection detection = new IrsaSource().detect(pod.environment());

    assertThat(detection).isInstanceOf(Detection.Broken.class);
    assertThat(detection.toString())
        .contains("AWS_WEB_IDENTITY_TOKEN_FILE holds a token")
        .doesNotContain(Tokens.token(1).split("\\.", -1));
  }

  @Test
  void aPodWithoutRoleAndTokenFileIsAbsentWhateverElseIsSet() {
    pod.unset("AWS_ROLE_ARN").unset("AWS_WEB_IDENTITY_TOKEN_FILE");
    pod.set("AWS_ROLE_SESSION_NAME", "?").set("AWS_USE_FIPS_ENDPOINT", "perhaps");

    assertThat(pod.detect())
        .isEqualTo(
            Detection.absent(
                "environment variables AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, system"
                    + " properties aws.roleArn and aws.webIdentityTokenFile"));
  }

  @Test
  void blankValuesAreMissingValues() {
    pod.set("AWS_ROLE_ARN", " ").set("AWS_WEB_IDENTITY_TOKEN_FILE", "");

    assertThat(pod.detect()).isInstanceOf(Detection.Absent.class);
  }

  @Test
  void aRoleWithoutATokenFileIsBroken() {
    Problem broken = broken(pod.unset("AWS_WEB_IDENTITY_TOKEN_FILE"));

    assertThat(broken.summary())
        .contains("environment variable AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
    assertThat(broken.remedy())
        .hasValueSatisfying(r -> assertThat(r).contains("webhook", "recreate the pod"));
  }

  @Test
  void aTokenFileWithoutARoleIsBroken() {
    Problem broken = broken(pod.unset("AWS_ROLE_ARN"));

    assertThat(broken.summary())
        .contains("environment variable AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN is not set");
    assertThat(broken.remedy())
        .hasValueSatisfying(r -> assertThat(r).contains("webhook", "recreate the pod"));
  }

  @Test
  void aTokenFileThatIsNotThereYetIsPresent() throws Exception {
    Files.delete(pod.tokenFile());

    present(pod);
  }

  @Test
  void aPathThatIsNoneIsBroken() {
    pod.set("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/\0token");

    assertThat(broken(pod).id()).isEqualTo("IRSA-006");
    assertThat(broken(pod).summary())
        .isEqualTo("environment variable AWS_WEB_IDENTITY_TOKEN_FILE is not the path of a file");
  }

  @Test
  void systemPropertiesComeBeforeVariables() {
    pod.property("aws.roleArn", "arn:aws:iam::444455556666:role/other")
        .property("aws.webIdentityTokenFile", "/other/token")
        .property("aws.roleSessionName", "other-session")
        .property("aws.region", "eu-north-1")
        .set("AWS_ROLE_SESSION_NAME", "session");

    assertThat(present(pod))
        .isEqualTo(
            "role arn:aws:iam::444455556666:role/other, token file /other/token, session name"
                + " other-session, STS region eu-north-1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "arn:aws:iam::111122223333:role/orders",
        "arn:aws:iam::111122223333:role/a/b/c/orders",
        "arn:aws:iam::111122223333:role/service-role/with.all_of+these=,@chars-1",
        "arn:aws:iam::111122223333:role/pa!th/orders",
        "arn:aws-cn:iam::111122223333:role/orders",
        "arn:aws-us-gov:iam::111122223333:role/orders",
        "arn:aws-iso-b:iam::111122223333:role/orders",
        "arn:aws-eusc:iam::111122223333:role/orders",
      })
  void rolesOfAnyPartitionAndPathArePresent(String arn) {
    assertThat(present(pod.set("AWS_ROLE_ARN", arn))).contains("role " + arn + ",");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      quoteCharacter = '~',
      value = {
        "\"arn:aws:iam::111122223333:role/orders\"|has quotes around it",
        "'arn:aws:iam::111122223333:role/orders'|has quotes around it",
        "arn:aws:iam::111122223333:role/orders\"|has quotes around it",
        " arn:aws:iam::111122223333:role/orders|has blanks or line breaks around it",
        "arn:aws:iam::111122223333:role/orders |has blanks or line breaks around it",
        "arn:aws:iam::111122223333:user/orders|is not the ARN of an IAM role",
        "arn:aws:iam::11112222333:role/orders|is not the ARN of an IAM role",
        "arn:aws:iam:eu-west-1:111122223333:role/orders|is not the ARN of an IAM role",
        "arn:aws:iam::111122223333:role/|is not the ARN of an IAM role",
        "arn:aws:iam::111122223333:role/or ders|is not the ARN of an IAM role",
        "arn:aws:iam::111122223333:role/orders/|is not the ARN of an IAM role",
        "arn:gcp:iam::111122223333:role/orders|is not the ARN of an IAM role",
        "orders|is not the ARN of an IAM role",
        "arn:aws:sts::111122223333:assumed-role/orders/x|names a role's session (assumed-role)",
      })
  void aMalformedRoleArnIsBrokenWithTheRuleThatItBreaks(String arn, String rule) {
    Problem broken = broken(pod.set("AWS_ROLE_ARN", arn));

    assertThat(broken.summary())
        .startsWith("the role ARN in environment variable AWS_ROLE_ARN " + rule);
    assertThat(broken.remedy())
        .hasValueSatisfying(r -> assertThat(r).contains("eks.amazonaws.com/role-arn"));
  }

  @Test
  void aLineBreakAfterTheRoleArnIsNamed() {
    assertThat(broken(pod.set("AWS_ROLE_ARN", Pod.ROLE + "\n")).summary())
        .endsWith("has blanks or line breaks around it");
  }

  @Test
  void aRoleNameOfMoreThan64CharactersIsBroken() {
    String prefix = "arn:aws:iam::111122223333:role/";

    present(pod.set("AWS_ROLE_ARN", prefix + "n".repeat(64)));
    broken(pod.set("AWS_ROLE_ARN", prefix + "n".repeat(65)));
  }

  @Test
  void anArnOfMoreThan2048CharactersIsBroken() {
    String prefix = "arn:aws:iam::111122223333:role/";

    present(pod.set("AWS_ROLE_ARN", prefix + "p".repeat(2048 - prefix.length() - 2) + "/n"));
    assertThat(
            broken(pod.set("AWS_ROLE_ARN", prefix + "p".repeat(2049 - prefix.length() - 2) + "/n"))
                .summary())
        .endsWith("is longer than 2048 characters");
  }

  @Test
  void aValueThatIsNoArnIsNotRepeatedForItMayBeASecret() {
    String secret = Tokens.token(1);

    assertThat(broken(pod.set("AWS_ROLE_ARN", secret)).toString()).doesNotContain(secret);
    assertThat(broken(new Pod(root).set("AWS_ROLE_SESSION_NAME", secret)).toString())
        .doesNotContain(secret);
    assertThat(broken(new Pod(root).set("AWS_REGION", secret)).toString()).doesNotContain(secret);
    assertThat(broken(new Pod(root).set("AWS_ENDPOINT_URL_STS", "x:" + secret)).toString())
        .doesNotContain(secret);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ab", "orders", "a_b+c=d,e.f@g-h", "A9"})
  void validSessionNamesAreKept(String name) {
    assertThat(present(pod.set("AWS_ROLE_SESSION_NAME", name)))
        .contains("session name " + name + ",");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "a b", "a/b", "a:b", "bücher", " ab", "ab\n"})
  void anInvalidSessionNameIsBrokenWithTheRule(String name) {
    assertThat(broken(pod.set("AWS_ROLE_SESSION_NAME", name)).summary())
        .startsWith(
            "the session name in environment variable AWS_ROLE_SESSION_NAME must be 2 to 64"
                + " characters out of");
  }

  @Test
  void aSessionNameHas64CharactersAtMost() {
    present(pod.set("AWS_ROLE_SESSION_NAME", "n".repeat(64)));
    broken(pod.set("AWS_ROLE_SESSION_NAME", "n".repeat(65)));
  }

  @Test
  void theDefaultSessionNameIsTheHostNameAndAMarkOfTheProcess() {
    assertThat(sessionName(pod)).matches("orders-7d9f8c6b5-x2x4z-[0-9a-f]{8}");
    assertThat(sessionName(pod)).as("the same at each detection").isEqualTo(sessionName(pod));
    assertThat(sessionName(pod.unset("HOSTNAME"))).matches("lanyard-[0-9a-f]{8}");
    assertThat(sessionName(pod.set("HOSTNAME", "böse host/name:1")))
        .matches("b-se-host-name-1-[0-9a-f]{8}");
  }

  @Test
  void aLongHostNameKeepsItsEndWhichTellsPodsApart() {
    String host = "a".repeat(60) + "-7d9f8c6b5-x2x4z";

    assertThat(sessionName(pod.set("HOSTNAME", host)))
        .hasSize(64)
        .matches("a+-7d9f8c6b5-x2x4z-[0-9a-f]{8}");
  }

  @Test
  void theProcessIsNotLookedAtBehindTheEnvironmentsBack() {
    System.setProperty("aws.roleArn", Pod.ROLE);
    System.setProperty("aws.region", "eu-north-1");
    try {
      assertThat(new IrsaSource().detect(Environment.of(Map.of())))
          .isInstanceOf(Detection.Absent.class);
      assertThat(present(pod)).endsWith("STS region eu-west-1");
    } finally {
      System.clearProperty("aws.roleArn");
      System.clearProperty("aws.region");
    }
  }

  @Test
  void theTokenFileIsWhatAnEngineWatches() {
    assertThat(pod.exchange().tokenFile()).contains(root.resolve(Pod.TOKEN_FILE.substring(1)));
  }

  private static String sessionName(Pod pod) {
    String description = present(pod);
    return description.replaceFirst(".*session name ", "").replaceFirst(",.*", "");
  }

  private static String present(Pod pod) {
    return evidence(pod).toString();
  }

  private static List<String> origins(Evidence evidence) {
    return evidence.facts().stream()
        .map(fact -> fact.name() + " <- " + fact.origin().orElse("nothing"))
        .toList();
  }

  private static Evidence evidence(Pod pod) {
    return evidence(pod.detect());
  }

  private static Evidence evidence(Detection detection) {
    return assertThat(detection).asInstanceOf(type(Detection.Present.class)).actual().evidence();
  }

  private static Problem broken(Pod pod) {
    return assertThat(pod.detect()).asInstanceOf(type(Detection.Broken.class)).actual().problem();
  }
}
