package dev.lanyard.irsa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.lanyard.irsa.internal.ScriptedFirst;
import dev.lanyard.runtime.Environment;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What can never be valid is refused by the builder, with the rule that it breaks. */
class BuilderTest {
  private static final String POLICY_ARN = "arn:aws:iam::aws:policy/One";

  private static final String ROLE = "arn:aws:iam::444455556666:role/partner";

  private final IrsaCredentialsProvider.Builder builder = IrsaCredentialsProvider.builder();
  private final AssumeRoleCredentialsProvider.Builder chained = chained(ROLE);
  private final List<StsBuilder<?>> both = List.of(builder, chained);

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
    assertThatIllegalArgumentException()
        .isThrownBy(() -> chained(arn))
        .withMessageStartingWith(rule);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "a b", "a/b", "", "bücher"})
  void aSessionName(String name) {
    refused(
        b -> b.sessionName(name),
        "the session name must be 2 to 64 characters out of A-Z a-z 0-9 _ + = , . @ - (it has "
            + name.length()
            + " characters)");
  }

  @Test
  void aSessionNameHas2To64Characters() {
    taken(b -> b.sessionName("ab"));
    taken(b -> b.sessionName("n".repeat(64)));
    refused(b -> b.sessionName("n".repeat(65)), "(it has 65 characters)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT14M59S", "PT12H1S", "PT1H0.5S", "PT0S", "-PT1H", "P999999D"})
  void aDuration(Duration duration) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.duration(duration))
        .withMessage("the duration must be whole seconds from 900 to 43200: " + duration);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> chained.duration(duration))
        .withMessage(
            "the duration must be whole seconds from 900 to 3600, the most that STS gives where"
                + " roles are chained: "
                + duration);
  }

  @Test
  void aDurationIs15MinutesTo12Hours() {
    builder.duration(Duration.ofMinutes(15)).duration(Duration.ofHours(12));
  }

  @Test
  void aDurationIs15MinutesTo1HourWhereRolesAreChained() {
    chained.duration(Duration.ofMinutes(15)).duration(Duration.ofHours(1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> chained.duration(Duration.ofSeconds(3601)));
  }

  @Test
  void aSessionPolicyHas1To2048Characters() {
    taken(b -> b.policy("p".repeat(2048)));
    taken(b -> b.policy("{\t\r\n \u00ff}"));
    for (String policy : new String[] {"", " ", "p".repeat(2049)}) {
      refused(
          b -> b.policy(policy),
          "the session policy must have 1 to 2048 characters, and has " + policy.length());
    }
  }

  @ParameterizedTest
  @CsvSource({"'{\u0000', U+0000", "'{\u001f', U+001F", "'{\u0100', U+0100", "'{\u20ac', U+20AC"})
  void aSessionPolicyOfOtherCharacters(String policy, String character) {
    refused(
        b -> b.policy(policy), "U+0020 to U+00FF only, and has " + character + " at position 1");
  }

  @Test
  void atMostTenPolicyArns() {
    taken(b -> b.policyArns());
    taken(b -> b.policyArns(arns(10)));
    refused(b -> b.policyArns(arns(11)), "STS takes up to 10 session policy ARNs, not 11");
  }

  @Test
  void aPolicyArnHas20To2048Characters() {
    String prefix = "arn:aws:iam::aws:policy/";
    taken(b -> b.policyArns(prefix + "p".repeat(2048 - prefix.length())));
    for (String arn : new String[] {"arn:aws:iam::aws:po", prefix + "p".repeat(2049)}) {
      refused(
          b -> b.policyArns(POLICY_ARN, arn),
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
    refused(b -> b.policyArns(arn), "the ARN of a session policy must be arn:{partition}:iam::");
  }

  @Test
  void policyArnsOfAnyPartitionAndPath() {
    taken(
        b ->
            b.policyArns(
                "arn:aws-cn:iam::111122223333:policy/path/One",
                "arn:aws-us-gov:iam::aws:policy/job/Two"));
  }

  @Test
  void policyAndArnsTogetherHave2048Characters() {
    taken(b -> b.policyArns(POLICY_ARN));
    taken(b -> b.policy("p".repeat(2049 - POLICY_ARN.length())));
    String rule =
        "the session policy and the policy ARNs may have 2048 characters together, and have 2049";
    assertThatIllegalArgumentException().isThrownBy(builder::build).withMessage(rule);
    assertThatIllegalArgumentException().isThrownBy(chained::build).withMessage(rule);
    taken(b -> b.policy("p".repeat(2048 - POLICY_ARN.length())));
    builder.build();
    chained.build();
  }

  /** Whether STS counts them where there is no inline policy is not stated: it is left to STS. */
  @Test
  void policyArnsAloneMayHaveMore() {
    String longArn = "arn:aws:iam::111122223333:policy/" + "p/".repeat(500) + "One";
    taken(b -> b.policyArns(longArn, longArn + "2", longArn + "3"));

    builder.build();
    chained.build();
  }

  @ParameterizedTest
  @ValueSource(strings = {"eu west", "EU-WEST-1", "", "eu-west-1.evil.example", "-"})
  void aRegion(String region) {
    refused(b -> b.region(region), "the region is not the name of a region, such as eu-west-1");
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
    "https://host/p\u00e4th, 'has a character beyond ASCII: write it with percent signs'",
  })
  void anEndpoint(URI endpoint, String rule) {
    refused(b -> b.endpoint(endpoint), "the endpoint " + rule);
  }

  @Test
  @SuppressWarnings("NullAway") // What a caller without null checks may do.
  void nullIsRefusedAtOnce() {
    named("roleArn", () -> builder.roleArn(null));
    named("roleArn", () -> chained(null));
    named("first", () -> AssumeRoleCredentialsProvider.builder(null, ROLE));
    named("tokenFile", () -> builder.tokenFile(null));
    named("externalId", () -> chained.externalId(null));
    named("key", () -> chained.sessionTag(null, "value"));
    named("value", () -> chained.sessionTag("key", null));
    named("keys", () -> chained.transitiveTagKeys("key", null));
    named("keys", () -> chained.transitiveTagKeys((String[]) null));
    named("sourceIdentity", () -> chained.sourceIdentity(null));
    for (StsBuilder<?> b : both) {
      named("sessionName", () -> b.sessionName(null));
      named("duration", () -> b.duration(null));
      named("policy", () -> b.policy(null));
      named("policyArns", () -> b.policyArns(POLICY_ARN, null));
      named("policyArns", () -> b.policyArns((String[]) null));
      named("region", () -> b.region(null));
      named("endpoint", () -> b.endpoint(null));
      named("stsClient", () -> b.stsClient(null));
    }
  }

  @Test
  void aTokenFileHasAPath() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.tokenFile(Path.of("")))
        .withMessage("the token file is an empty path");
  }

  private static void named(String argument, ThrowingCallable call) {
    assertThatNullPointerException().isThrownBy(call).withMessage(argument);
  }

  private void taken(Function<StsBuilder<?>, Object> option) {
    for (StsBuilder<?> b : both) {
      assertThat(option.apply(b)).isSameAs(b);
    }
  }

  private void refused(Function<StsBuilder<?>, Object> option, String rule) {
    for (StsBuilder<?> b : both) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> option.apply(b))
          .withMessageContaining(rule);
    }
  }

  private static AssumeRoleCredentialsProvider.Builder chained(String roleArn) {
    // What it would ask is not there, and nothing of the machine's own is read.
    return AssumeRoleCredentialsProvider.builder(
            ScriptedFirst.giving("ASIAFIRST00000000001"), roleArn)
        .environment(
            Environment.of(
                Map.of("AWS_REGION", "eu-west-1", "AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")));
  }

  private static String[] arns(int count) {
    return Collections.nCopies(count, POLICY_ARN).toArray(new String[0]);
  }
}
