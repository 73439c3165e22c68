package dev.lanyard.irsa;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What can never be valid is refused by the builder, with the rule that it breaks. */
class BuilderTest {
  private static final String POLICY_ARN = "arn:aws:iam::aws:policy/One";

  private final IrsaCredentialsProvider.Builder builder = IrsaCredentialsProvider.builder();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "orders|the role ARN is not the ARN of an IAM role",
        "arn:aws:iam::111122223333:user/orders|the role ARN is not the ARN of an IAM role",
        "' arn:aws:iam::111122223333:role/orders'|the role ARN has blanks or line breaks around it",
        "arn:aws:sts::111122223333:assumed-role/orders/x|the role ARN names a role's session",
      })
  void aRoleArn(String arn, String rule) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.roleArn(arn))
        .withMessageStartingWith(rule);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "a b", "a/b", "", "bücher"})
  void aSessionName(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.sessionName(name))
        .withMessage(
            "the session name must be 2 to 64 characters out of A-Z a-z 0-9 _ + = , . @ - (it has "
                + name.length()
                + " characters)");
  }

  @Test
  void aSessionNameHas2To64Characters() {
    builder.sessionName("ab").sessionName("n".repeat(64));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.sessionName("n".repeat(65)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT14M59S", "PT12H1S", "PT1H0.5S", "PT0S", "-PT1H", "P999999D"})
  void aDuration(Duration duration) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.duration(duration))
        .withMessage("the duration must be whole seconds from 900 to 43200: " + duration);
  }

  @Test
  void aDurationIs15MinutesTo12Hours() {
    builder.duration(Duration.ofMinutes(15)).duration(Duration.ofHours(12));
  }

  @Test
  void aSessionPolicyHas1To2048Characters() {
    builder.policy("p".repeat(2048)).policy("{\t\r\n \u00ff}");
    for (String policy : new String[] {"", " ", "p".repeat(2049)}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> builder.policy(policy))
          .withMessage(
              "the session policy must have 1 to 2048 characters, and has " + policy.length());
    }
  }

  @ParameterizedTest
  @CsvSource({"'{\u0000', U+0000", "'{\u001f', U+001F", "'{\u0100', U+0100", "'{\u20ac', U+20AC"})
  void aSessionPolicyOfOtherCharacters(String policy, String character) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.policy(policy))
        .withMessageContaining("U+0020 to U+00FF only, and has " + character + " at position 1");
  }

  @Test
  void atMostTenPolicyArns() {
    builder.policyArns().policyArns(arns(10));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.policyArns(arns(11)))
        .withMessage("STS takes up to 10 session policy ARNs, not 11");
  }

  @Test
  void aPolicyArnHas20To2048Characters() {
    String prefix = "arn:aws:iam::aws:policy/";
    builder.policyArns(prefix + "p".repeat(2048 - prefix.length()));
    for (String arn : new String[] {"arn:aws:iam::aws:po", prefix + "p".repeat(2049)}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> builder.policyArns(POLICY_ARN, arn))
          .withMessage(
              "the ARN of a session policy must have 20 to 2048 characters, and one has "
                  + arn.length());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "AdministratorAccess-of-AWS",
        "arn:aws:iam::111122223333:role/orders",
        "arn:aws:iam::11112222333:policy/One",
        "arn:aws:iam::111122223333:policy/",
        "arn:aws:iam::111122223333:policy/O ne",
        "arn:gcp:iam::111122223333:policy/One",
      })
  void aPolicyArnThatIsNone(String arn) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.policyArns(arn))
        .withMessageStartingWith("the ARN of a session policy must be arn:{partition}:iam::");
  }

  @Test
  void policyArnsOfAnyPartitionAndPath() {
    builder.policyArns(
        "arn:aws-cn:iam::111122223333:policy/path/One", "arn:aws-us-gov:iam::aws:policy/job/Two");
  }

  @Test
  void policyAndArnsTogetherHave2048Characters() {
    IrsaCredentialsProvider.Builder over =
        builder.policyArns(POLICY_ARN).policy("p".repeat(2049 - POLICY_ARN.length()));
    assertThatIllegalArgumentException()
        .isThrownBy(over::build)
        .withMessage(
            "the session policy and the policy ARNs may have 2048 characters together, and have"
                + " 2049");
    over.policy("p".repeat(2048 - POLICY_ARN.length())).build();
  }

  @ParameterizedTest
  @ValueSource(strings = {"eu west", "EU-WEST-1", "", "eu-west-1.evil.example", "-"})
  void aRegion(String region) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.region(region))
        .withMessage("the region is not the name of a region, such as eu-west-1");
  }

  @ParameterizedTest
  @CsvSource({
    "ftp://host, must begin with https:// or http://",
    "host, must begin with https:// or http://",
    "https:///path, names no host",
    "https://host:0, names no port from 1 to 65535",
    "https://host:65536, names no port from 1 to 65535",
    "https://user:secret@host, 'may hold a scheme, a host, a port and a path only'",
    "https://host?secret, 'may hold a scheme, a host, a port and a path only'",
    "https://host#secret, 'may hold a scheme, a host, a port and a path only'",
  })
  void anEndpoint(URI endpoint, String rule) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.endpoint(endpoint))
        .withMessage("the endpoint " + rule);
  }

  @Test
  @SuppressWarnings("NullAway") // What a caller without null checks may do.
  void nullIsRefusedAtOnce() {
    assertThatNullPointerException().isThrownBy(() -> builder.roleArn(null));
    assertThatNullPointerException().isThrownBy(() -> builder.tokenFile(null));
    assertThatNullPointerException().isThrownBy(() -> builder.sessionName(null));
    assertThatNullPointerException().isThrownBy(() -> builder.duration(null));
    assertThatNullPointerException().isThrownBy(() -> builder.policy(null));
    assertThatNullPointerException().isThrownBy(() -> builder.policyArns(POLICY_ARN, null));
    assertThatNullPointerException().isThrownBy(() -> builder.region(null));
    assertThatNullPointerException().isThrownBy(() -> builder.endpoint(null));
    assertThatNullPointerException().isThrownBy(() -> builder.stsClient(null));
  }

  private static String[] arns(int count) {
    return Collections.nCopies(count, POLICY_ARN).toArray(new String[0]);
  }
}
