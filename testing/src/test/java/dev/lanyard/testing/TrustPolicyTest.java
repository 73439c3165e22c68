package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrustPolicyTest {
  private static final String PROVIDER =
      "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0AB1";
  private static final String ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/0AB1";

  @Test
  void helperWritesTheDocumentOfTheUserGuide() {
    try (FakeEks eks = FakeEks.start()) {
      TrustPolicy policy = TrustPolicy.forServiceAccount(eks, "shop", "orders");

      assertThat(policy.json())
          .contains("\"Federated\": \"" + eks.issuer().providerArn() + "\"")
          .contains("\"Action\": \"sts:AssumeRoleWithWebIdentity\"")
          .contains(
              "\""
                  + eks.issuer().url().substring(8)
                  + ":sub\": \"system:serviceaccount:shop:orders\"")
          .contains("\"" + eks.issuer().url().substring(8) + ":aud\": \"sts.amazonaws.com\"");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> TrustPolicy.forServiceAccount(eks, "shop", "*"));
    }
  }

  @Test
  void severalKeysAndOperatorsMustAllHold() {
    String both =
        condition(
            "{\"StringEquals\": {\"$:aud\": \"sts.amazonaws.com\"},"
                + " \"StringLike\": {\"$:sub\": \"system:serviceaccount:shop:*\"}}");

    assertThat(trusts(both, "system:serviceaccount:shop:orders", "sts.amazonaws.com")).isTrue();
    assertThat(trusts(both, "system:serviceaccount:shop:orders", "other")).isFalse();
    assertThat(trusts(both, "system:serviceaccount:staging:orders", "sts.amazonaws.com")).isFalse();
  }

  @Test
  void severalValuesAreAlternatives() {
    String either = condition("{\"StringEquals\": {\"$:sub\": [\"a\", \"b\"]}}");

    assertThat(trusts(either, "a", "x")).isTrue();
    assertThat(trusts(either, "b", "x")).isTrue();
    assertThat(trusts(either, "c", "x")).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "StringEquals, system:serviceaccount:shop:*, false",
    "StringLike, system:serviceaccount:shop:*, true",
    "StringLike, system:serviceaccount:shop:order?, true",
    "StringLike, system:serviceaccount:shop:order?s, false",
    "StringLike, *:orders, true",
    "StringLike, *shop*ord*, true",
    "StringLike, *shop*orx*, false",
    "StringLike, *, true",
    "StringEquals, system:serviceaccount:shop:Orders, false",
    "StringLike, system:serviceaccount:shop:Order*, false",
    "StringEqualsIgnoreCase, SYSTEM:serviceaccount:shop:Orders, true",
    "StringNotEquals, system:serviceaccount:shop:orders, false",
    "StringNotEquals, system:serviceaccount:shop:billing, true",
    "StringNotLike, system:serviceaccount:shop:*, false",
    "StringNotLike, system:serviceaccount:staging:*, true",
  })
  void operatorsCompareAsIamDoes(String operator, String value, boolean trusted) {
    String policy = condition("{\"" + operator + "\": {\"$:sub\": \"" + value + "\"}}");

    assertThat(trusts(policy, "system:serviceaccount:shop:orders", "x")).isEqualTo(trusted);
  }

  @ParameterizedTest
  @CsvSource({
    "ArnLike, arn:aws:eks:eu-west-1:111122223333:cluster/*, true",
    "ArnEquals, arn:aws:eks:*:111122223333:cluster/*, true",
    "ArnLike, arn:*:*:*:*:*, true",
    "ArnLike, arn:aws:*:111122223333:*:b, false",
    "ArnEquals, arn:aws:eks:eu-west-1:111122223333:cluster/?lue:a, false",
    "ArnNotLike, arn:aws:*:111122223333:*:b, true",
    "StringLike, arn:aws:*:111122223333:*:b, true",
  })
  void noWildcardReachesAcrossThePartsOfAnArn(String operator, String value, boolean trusted) {
    String policy = condition("{\"" + operator + "\": {\"$:sub\": \"" + value + "\"}}");

    assertThat(trusts(policy, "arn:aws:eks:eu-west-1:111122223333:cluster/blue:b", "x"))
        .isEqualTo(trusted);
    assertThat(trusts(policy, "no ARN", "x")).isEqualTo(operator.contains("Not"));
  }

  @ParameterizedTest
  @CsvSource({
    "StringEquals, false",
    "StringLike, false",
    "StringEqualsIfExists, true",
    "StringLikeIfExists, true",
    "StringNotEquals, true",
  })
  void aKeyThatTheRequestLacksFailsUnlessTheOperatorSaysOtherwise(
      String operator, boolean trusted) {
    String policy = condition("{\"" + operator + "\": {\"aws:SourceVpc\": \"vpc-1\"}}");

    assertThat(trusts(policy, "a", "x")).isEqualTo(trusted);
  }

  @Test
  void namesOfKeysIgnoreCase() {
    String policy =
        condition(
            "{\"StringEquals\": {\""
                + ISSUER.toUpperCase(java.util.Locale.ROOT)
                + ":SUB\": \"a\"}}");

    assertThat(trusts(policy, "a", "x")).isTrue();
  }

  @Test
  void noConditionAdmitsEveryServiceAccountOfTheCluster() {
    assertThat(trusts(condition("{}"), "anybody", "x")).isTrue();
  }

  @Test
  void anExplicitDenyWins() {
    String policy =
        """
        {"Statement": [
          {"Effect": "Deny", "Principal": "*", "Action": "sts:*",
           "Condition": {"StringEquals": {"%s:sub": "b"}}},
          {"Effect": "Allow", "Principal": {"Federated": "%s"}, "Action": "*"}]}
        """
            .formatted(ISSUER, PROVIDER);

    assertThat(trusts(policy, "a", "x")).isTrue();
    assertThat(trusts(policy, "b", "x")).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "sts:AssumeRoleWithWebIdentity, true",
    "STS:assumerolewithwebidentity, true",
    "sts:AssumeRole*, true",
    "sts:*, true",
    "sts:AssumeRole, false",
    "sts:AssumeRoleWithSAML, false",
  })
  void actionsIgnoreCaseAndTakeWildcards(String action, boolean trusted) {
    String policy =
        """
        {"Statement": {"Effect": "Allow", "Principal": {"Federated": "%s"},
          "Action": ["sts:TagSession", "%s"]}}
        """
            .formatted(PROVIDER, action);

    assertThat(trusts(policy, "a", "x")).isEqualTo(trusted);
  }

  @Test
  void thePrincipalIsOneOfThoseNamed() {
    String policy =
        """
        {"Statement": {"Effect": "Allow", "Action": "*", "Principal":
          {"Service": "%1$s", "AWS": ["%1$s"], "Federated": ["%2$s"]}}}
        """;

    assertThat(trusts(policy.formatted("other", PROVIDER), "a", "x")).isTrue();
    assertThat(trusts(policy.formatted("other", "*"), "a", "x")).isFalse();
    assertThat(trusts(policy.formatted(PROVIDER, PROVIDER.replace("0AB1", "0ab1")), "a", "x"))
        .isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "null",
        "{}",
        "{\"Statement\": []}",
        "{\"Statement\": [\"x\"]}",
        "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": []}}",
        "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\"}}",
        "{\"Statement\": {\"Effect\": \"allow\", \"Principal\": \"*\", \"Action\": \"*\"}}",
        "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"x\", \"Action\": \"*\"}}",
        "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": {\"Users\": \"x\"}, \"Action\":"
            + " \"*\"}}",
        "{\"Statement\": {\"Effect\": \"Allow\", \"NotPrincipal\": \"*\", \"Action\": \"*\"}}",
        "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"*\","
            + " \"Resource\": \"*\"}}",
        "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"*\","
            + " \"Condition\": {\"DateLessThan\": {\"aws:CurrentTime\": \"2030-01-01\"}}}}",
        "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"*\","
            + " \"Condition\": {\"ForAnyValue:StringEquals\": {\"aws:TagKeys\": \"a\"}}}}",
        "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"*\","
            + " \"Condition\": {\"StringNotEquals\": {\"aws:RequestTag/team\":"
            + " \"${aws:PrincipalTag/team}\"}}}}",
        "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"*\","
            + " \"Condition\": {\"ArnNotLike\": {\"aws:SourceArn\": \"arn:aws:eks:*\"}}}}",
        "{\"Version\": \"2012-10-17\", \"Statements\": []}",
      })
  void refusesWhatItDoesNotEvaluate(String document) {
    assertThatIllegalArgumentException().isThrownBy(() -> TrustPolicy.of(document));
  }

  @Test
  void saysOfEachStatementThatAllowsWhatKeepsItFromThisRequest() {
    String policies =
        """
        {"Statement": [
          {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "*"},
          {"Effect": "Allow", "Principal": "*", "Action": "sts:TagSession"},
          {"Effect": "Deny", "Principal": "*", "Action": "*",
           "Condition": {"StringEquals": {"%1$s:sub": "b"}}},
          {"Effect": "Allow", "Principal": "*", "Action": "*",
           "Condition": {"StringEquals": {"%1$s:aud": "x"}, "StringLike": {"%1$s:sub": ["c*", "d"]}}},
          {"Effect": "Allow", "Principal": "*", "Action": "*",
           "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}]}
        """
            .formatted(ISSUER);

    assertThat(distrust(policies, "a", "x"))
        .contains(
            "statement 1 is not for "
                + PROVIDER
                + ";"
                + " statement 2 is not for sts:AssumeRoleWithWebIdentity;"
                + (" statement 4 wants StringLike "
                    + ISSUER
                    + ":sub \"c*\" or \"d\", and it is \"a\";")
                + " statement 5 wants StringEquals aws:SourceVpc \"vpc-1\", and the request has no"
                + " such key");
    assertThat(distrust(policies, "b", "x"))
        .contains("statement 3 denies sts:AssumeRoleWithWebIdentity");
    assertThat(distrust(policies, "c", "x")).isEmpty();
    assertThat(
            distrust(
                "{\"Statement\": {\"Effect\": \"Deny\", \"Principal\": {\"AWS\": \"*\"},"
                    + " \"Action\": \"*\"}}",
                "a",
                "x"))
        .contains("its trust policy allows nothing");
  }

  @Test
  void countsTheStatementsOfAllPolicies() {
    String tag =
        "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"a:b\"}}";

    assertThat(role(tag, tag).distrust(request("Federated", true)))
        .contains("statement 1 is not for sts:AssumeRole; statement 2 is not for sts:AssumeRole");
  }

  @Test
  void namesTheRoleOfASessionAndNotTheSession() {
    assertThat(role(policy("\"arn:other\"", "{}")).distrust(request("AWS", false)))
        .contains("statement 1 is not for arn:aws:iam::111122223333:role/first");
  }

  /** The names of operators say what they do; values that the client chose are not repeated. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "true |StringEquals    |\"x\"        |and it is \"v\"",
        "true |StringNotEquals |\"v\", \"x\" |and it is \"v\"",
        "true |StringLikeIfExists|\"x*\"     |and it is \"v\"",
        "false|StringEquals    |\"x\"        |and it is something else",
        "false|StringNotEquals |\"v\", \"x\" |and it is one of these",
        "false|StringNotLike   |\"*\"        |and it is one of these",
      })
  void saysOfTheFirstConditionThatFailsWhatItWants(
      boolean attested, String operator, String values, String seen) {
    String policy =
        policy(
            "\"*\"",
            "{\"%s\": {\"sts:ExternalId\": [%s]}, \"StringLike\": {\"zz:Absent\": \"*\"}}"
                .formatted(operator, values));

    assertThat(role(policy).distrust(request("AWS", attested)))
        .contains(
            "statement 1 wants "
                + operator
                + " sts:ExternalId "
                + values.replace(", ", " or ")
                + ", "
                + seen);
  }

  private static String policy(String principal, String condition) {
    return "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": {\"AWS\": %s}, \"Action\": \"*\", \"Condition\": %s}}"
        .formatted(principal, condition);
  }

  private static TrustRequest request(String principalType, boolean attested) {
    return new TrustRequest(
        principalType,
        List.of(
            "arn:aws:sts::111122223333:assumed-role/first/session",
            "arn:aws:iam::111122223333:role/first"),
        "sts:AssumeRole",
        Map.of("sts:ExternalId", "v"),
        attested);
  }

  private static String condition(String condition) {
    return """
    {"Version": "2012-10-17", "Statement": [{"Sid": "Irsa", "Effect": "Allow",
      "Principal": {"Federated": "%s"}, "Action": "sts:AssumeRoleWithWebIdentity",
      "Condition": %s}]}
    """
        .formatted(PROVIDER, condition.replace("$", ISSUER));
  }

  private static boolean trusts(String document, String subject, String audience) {
    return distrust(document, subject, audience).isEmpty();
  }

  private static Role role(String... documents) {
    return new Role(
        "arn",
        "111122223333",
        "role",
        "id",
        Duration.ofHours(1),
        Stream.of(documents).map(TrustPolicy::of).toList());
  }

  private static Optional<String> distrust(String document, String subject, String audience) {
    return role(document)
        .distrust(
            new TrustRequest(
                "Federated",
                PROVIDER,
                "sts:AssumeRoleWithWebIdentity",
                Map.of(ISSUER + ":sub", subject, ISSUER + ":aud", audience)));
  }
}
