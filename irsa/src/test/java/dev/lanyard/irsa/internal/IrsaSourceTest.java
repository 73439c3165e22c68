package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
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
        .endsWith(", regional STS endpoint of eu-west-1");
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
            new Detection.Absent(
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
    Detection.Broken broken = broken(pod.unset("AWS_WEB_IDENTITY_TOKEN_FILE"));

    assertThat(broken.reason())
        .contains("environment variable AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
    assertThat(broken.remedy()).contains("webhook", "recreate the pod");
  }

  @Test
  void aTokenFileWithoutARoleIsBroken() {
    Detection.Broken broken = broken(pod.unset("AWS_ROLE_ARN"));

    assertThat(broken.reason())
        .contains("environment variable AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN is not set");
    assertThat(broken.remedy()).contains("webhook", "recreate the pod");
  }

  @Test
  void aTokenFileThatIsNotThereYetIsPresent() throws Exception {
    Files.delete(pod.tokenFile());

    present(pod);
  }

  @Test
  void aPathThatIsNoneIsBroken() {
    assertThat(broken(pod.set("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/\0token")).reason())
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
                + " other-session, regional STS endpoint of eu-north-1");
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
    Detection.Broken broken = broken(pod.set("AWS_ROLE_ARN", arn));

    assertThat(broken.reason())
        .startsWith("the role ARN in environment variable AWS_ROLE_ARN " + rule);
    assertThat(broken.remedy()).contains("eks.amazonaws.com/role-arn");
  }

  @Test
  void aLineBreakAfterTheRoleArnIsNamed() {
    assertThat(broken(pod.set("AWS_ROLE_ARN", Pod.ROLE + "\n")).reason())
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
                .reason())
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
    assertThat(broken(pod.set("AWS_ROLE_SESSION_NAME", name)).reason())
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
      assertThat(present(pod)).endsWith("of eu-west-1");
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
    return assertThat(pod.detect())
        .asInstanceOf(type(Detection.Present.class))
        .actual()
        .description();
  }

  private static Detection.Broken broken(Pod pod) {
    return assertThat(pod.detect()).asInstanceOf(type(Detection.Broken.class)).actual();
  }
}
