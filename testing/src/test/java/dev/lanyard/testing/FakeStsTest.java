package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FakeStsTest {
  private final TestClock clock = new TestClock();
  private final FakeEks eks = FakeEks.builder().clock(clock).start();
  private final String role =
      eks.role("orders-role", TrustPolicy.forServiceAccount(eks, "shop", "orders"));
  private final FakePod pod = eks.pod("shop", "orders").irsa(role);

  @AfterEach
  void stop() {
    eks.close();
  }

  @Test
  void answersAnExchangeWithCredentialsOfTheRole() {
    Http.Answer answer = exchange();

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.headers())
        .containsEntry("content-type", "text/xml")
        .containsEntry("date", "Tue, 01 Jan 2030 00:00:00 GMT")
        .containsEntry("content-length", "" + answer.body().length())
        .containsEntry("x-amzn-requestid", answer.element("RequestId"));
    assertThat(answer.body())
        .startsWith(
            "<AssumeRoleWithWebIdentityResponse"
                + " xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">");
    assertThat(answer.element("SubjectFromWebIdentityToken"))
        .isEqualTo("system:serviceaccount:shop:orders");
    assertThat(answer.element("Audience")).isEqualTo("sts.amazonaws.com");
    assertThat(answer.element("Provider")).isEqualTo(eks.issuer().providerArn());
    assertThat(answer.element("Arn"))
        .isEqualTo("arn:aws:sts::111122223333:assumed-role/orders-role/orders-7d9f");
    assertThat(answer.element("AssumedRoleId")).matches("AROA[A-Z2-7]{17}:orders-7d9f");
    assertThat(answer.element("AccessKeyId")).matches("ASIA[A-Z2-7]{16}");
    assertThat(answer.element("SecretAccessKey")).hasSize(40);
    assertThat(answer.element("Expiration")).isEqualTo("2030-01-01T01:00:00Z");
    assertThat(answer.element("PackedPolicySize")).isEmpty();
    assertThat(eks.sts().exchanges()).isEqualTo(1);
  }

  @Test
  void remembersWhatItIssued() {
    Http.Answer answer = exchange();

    IssuedCredentials issued = eks.issued(answer.element("AccessKeyId")).orElseThrow();
    assertThat(issued.secretAccessKey()).isEqualTo(answer.element("SecretAccessKey"));
    assertThat(issued.sessionToken()).isEqualTo(answer.element("SessionToken"));
    assertThat(issued.expiration()).isEqualTo(Instant.parse(answer.element("Expiration")));
    assertThat(issued.assumedRoleArn()).isEqualTo(answer.element("Arn"));
    assertThat(issued.accountId()).isEqualTo("111122223333");
    assertThat(issued.sessionTags()).isEmpty();
    assertThat(eks.issued("ASIAUNKNOWNUNKNOWN00")).isEmpty();
  }

  @Test
  void leavesTheRolesPathOutOfTheAssumedRole() {
    String inPath = eks.role("team/a/orders", TrustPolicy.forServiceAccount(eks, "shop", "orders"));

    assertThat(inPath).isEqualTo("arn:aws:iam::111122223333:role/team/a/orders");
    assertThat(exchange(f -> f.with("RoleArn", inPath)).element("Arn"))
        .isEqualTo("arn:aws:sts::111122223333:assumed-role/orders/orders-7d9f");
  }

  @Test
  void grantsTheDurationThatIsAskedFor() {
    assertThat(exchange(f -> f.with("DurationSeconds", "900")).element("Expiration"))
        .isEqualTo("2030-01-01T00:15:00Z");
  }

  @Test
  void grantsUpToTheRolesMaximumDuration() {
    String longRole =
        eks.role(
            "long", Duration.ofHours(12), TrustPolicy.forServiceAccount(eks, "shop", "orders"));

    assertThat(
            exchange(f -> f.with("RoleArn", longRole).with("DurationSeconds", "43200"))
                .element("Expiration"))
        .isEqualTo("2030-01-01T12:00:00Z");
  }

  @Test
  void lastsAsLongAsTheTestChoosesToTheMillisecond() {
    clock.advance(Duration.ofMillis(250));
    eks.sts().letCredentialsLast(Duration.ofSeconds(2));

    assertThat(exchange().element("Expiration")).isEqualTo("2030-01-01T00:00:02.250Z");
  }

  @Test
  void measuresSessionPolicies() {
    Http.Answer answer =
        exchange(
            f ->
                f.with("Policy", "{\"Version\":\"2012-10-17\",\"Statement\":[]}")
                    .with("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/ReadOnlyAccess"));

    assertThat(answer.status()).isEqualTo(200);
    assertThat(Integer.parseInt(answer.element("PackedPolicySize"))).isBetween(1, 100);
  }

  @Test
  void readsTheParametersOfAQueryToo() {
    Http.Answer answer =
        Http.get(
            eks.sts()
                .endpoint()
                .resolve("/?Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=none"));

    assertRefused(answer, 400, "ValidationError");
    assertThat(answer.element("Message")).contains("'roleArn'").contains("'webIdentityToken'");
  }

  // What it refuses, each provoked by what would be wrong on a cluster.

  @Test
  void refusesAnotherServiceAccount() {
    FakePod other = eks.pod("shop", "billing").irsa(role);

    assertNotAuthorized(exchange(other, role));
  }

  @Test
  void refusesTheSameServiceAccountOfAnotherNamespace() {
    assertNotAuthorized(exchange(eks.pod("staging", "orders").irsa(role), role));
  }

  @Test
  void refusesARoleThatDoesNotExistLikeOneThatTrustsNobody() {
    assertNotAuthorized(exchange(pod, "arn:aws:iam::111122223333:role/missing"));
    assertNotAuthorized(exchange(pod, eks.role("nobody")));
    assertNotAuthorized(exchange(pod, eks.role("agent-only", TrustPolicy.forPodIdentity())));
  }

  @Test
  void refusesAnAudienceThatTheProviderDoesNotList() {
    pod.audience("vault.example.com");

    assertRefused(exchange(), 400, "InvalidIdentityToken", "Incorrect token audience");
  }

  @Test
  void refusesAnAudienceThatTheTrustPolicyDoesNotName() {
    pod.audience("vault.example.com");
    eks.issuer().clientIds("sts.amazonaws.com", "vault.example.com");

    assertNotAuthorized(exchange());
  }

  @Test
  void refusesThePodIdentityToken() throws IOException {
    FakePod both = eks.pod("shop", "orders").irsa(role).podIdentity();
    both.replaceWebIdentityToken(Files.readString(both.authorizationTokenFile()));

    assertRefused(exchange(both, role), 400, "InvalidIdentityToken", "Incorrect token audience");
  }

  @Test
  void refusesTheTokenOfAnotherCluster() throws IOException {
    try (FakeEks other = FakeEks.builder().clock(clock).start()) {
      FakePod stranger = other.pod("shop", "orders").irsa(role);
      pod.replaceWebIdentityToken(Files.readString(stranger.webIdentityTokenFile()));

      assertRefused(
          exchange(),
          400,
          "InvalidIdentityToken",
          "No OpenIDConnect provider found in your account for " + other.issuer().url());
    }
  }

  @Test
  void refusesEveryTokenWhileTheProviderIsNotRegistered() {
    eks.issuer().unregister();
    assertRefused(
        exchange(),
        400,
        "InvalidIdentityToken",
        "No OpenIDConnect provider found in your account for " + eks.issuer().url());

    eks.issuer().register();
    assertThat(exchange().status()).isEqualTo(200);
  }

  @Test
  void refusesARoleOfAnAccountWithoutTheProvider() {
    assertRefused(
        exchange(pod, "arn:aws:iam::999988887777:role/orders-role"), 400, "InvalidIdentityToken");
  }

  @Test
  void refusesClaimsThatTheKeyDidNotSign() throws IOException {
    String[] mine = Files.readString(pod.webIdentityTokenFile()).split("\\.", -1);
    String[] others =
        Files.readString(eks.pod("shop", "admin").irsa(role).webIdentityTokenFile())
            .split("\\.", -1);
    // The claims of one, the signature of the other: same key id, same issuer.
    pod.replaceWebIdentityToken(others[0] + "." + mine[1] + "." + others[2]);

    assertRefused(exchange(), 400, "InvalidIdentityToken");
  }

  @Test
  void refusesAKeyThatTheIssuerDoesNotPublish() throws IOException {
    try (FakeEks other = FakeEks.builder().clock(clock).start()) {
      String[] mine = Files.readString(pod.webIdentityTokenFile()).split("\\.", -1);
      String[] others =
          Files.readString(other.pod("shop", "orders").irsa(role).webIdentityTokenFile())
              .split("\\.", -1);
      pod.replaceWebIdentityToken(others[0] + "." + mine[1] + "." + others[2]);
    }

    assertRefused(
        exchange(),
        400,
        "InvalidIdentityToken",
        "Couldn't retrieve verification key from your identity provider,  please reference"
            + " AssumeRoleWithWebIdentity documentation for requirements");
  }

  @ParameterizedTest
  @ValueSource(strings = {"not-a-token", "a.b.c", "e30.e30.", "....", "eyJhbGciOiJub25lIn0.e30."})
  void refusesWhatIsNoToken(String garbage) {
    pod.replaceWebIdentityToken(garbage);

    assertRefused(exchange(), 400, "InvalidIdentityToken");
  }

  @Test
  void refusesATokenWithALineBreak() throws IOException {
    pod.replaceWebIdentityToken(Files.readString(pod.webIdentityTokenFile()) + "\n");

    assertRefused(exchange(), 400, "InvalidIdentityToken");
  }

  @Test
  void refusesAnExpiredTokenFromItsExpirationOnAndTakesTheRotatedOne() {
    clock.advance(Duration.ofDays(1).minusSeconds(1));
    assertThat(exchange().status()).isEqualTo(200);
    clock.advance(Duration.ofSeconds(1));

    Http.Answer answer = exchange();
    assertRefused(
        answer,
        400,
        "ExpiredTokenException",
        "Token expired: current date/time 1893542400 must be before the expiration date/time"
            + " 1893542400");

    pod.rotateToken();
    assertThat(exchange().status()).isEqualTo(200);
  }

  @Test
  void refusesATokenFromTheFuture() {
    clock.advance(Duration.ofSeconds(2));
    pod.rotateToken();
    clock.advance(Duration.ofSeconds(-1));

    assertRefused(exchange(), 400, "InvalidIdentityToken");
  }

  @Test
  void takesTokensOfAnOldKey() {
    eks.issuer().rotateKey();

    assertThat(exchange().status()).isEqualTo(200);
  }

  @Test
  void refusesMoreThanTheRolesMaximumDuration() {
    assertRefused(
        exchange(f -> f.with("DurationSeconds", "3601")),
        400,
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }

  @ParameterizedTest
  @CsvSource({
    "DurationSeconds, 899, durationSeconds",
    "DurationSeconds, 43201, durationSeconds",
    "DurationSeconds, soon, durationSeconds",
    "RoleSessionName, a, roleSessionName",
    "RoleSessionName, two words, roleSessionName",
    "RoleSessionName, größe, roleSessionName",
    "RoleArn, arn:aws:iam::1:r, roleArn",
    "WebIdentityToken, abc, webIdentityToken",
    "Policy, {\"Id\": \"中\"}, policy",
  })
  void refusesWhatTheModelDoesNotAllow(String parameter, String value, String member) {
    Http.Answer answer = exchange(f -> f.with(parameter, value));

    assertRefused(answer, 400, "ValidationError");
    assertThat(answer.element("Message"))
        .startsWith("1 validation error detected: ")
        .contains("'" + member + "'");
  }

  @Test
  void refusesWhatIsTooLong() {
    assertRefused(exchange(f -> f.with("RoleSessionName", "x".repeat(65))), 400, "ValidationError");
    assertRefused(
        exchange(f -> f.with("WebIdentityToken", "x".repeat(20001))), 400, "ValidationError");
    assertRefused(exchange(f -> f.with("Policy", "x".repeat(2049))), 400, "ValidationError");
  }

  @ParameterizedTest
  @ValueSource(strings = {"RoleArn", "RoleSessionName", "WebIdentityToken"})
  void refusesAMissingParameter(String parameter) {
    assertRefused(exchange(f -> f.without(parameter)), 400, "ValidationError");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "arn:aws:iam::111122223333:user/orders",
        "\"arn:aws:iam::111122223333:role/orders-role\"",
        "arn:aws:iam::1111:role/orders-role",
      })
  void refusesAnArnThatIsNotOfARole(String arn) {
    assertRefused(exchange(pod, arn), 400, "ValidationError", "Request ARN is invalid");
  }

  @Test
  void refusesAProviderIdWithAnOidcToken() {
    assertRefused(exchange(f -> f.with("ProviderId", "www.amazon.com")), 400, "ValidationError");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{not json", "[]", "null", "\"text\""})
  void refusesASessionPolicyThatIsNoJson(String policy) {
    assertRefused(exchange(f -> f.with("Policy", policy)), 400, "MalformedPolicyDocument");
  }

  @Test
  void refusesAnUnknownAction() {
    assertRefused(exchange(f -> f.with("Action", "AssumeRoleWithSAML")), 400, "InvalidAction");
    assertRefused(exchange(f -> f.with("Version", "2012-01-01")), 400, "InvalidAction");
    assertRefused(exchange(f -> f.without("Action")), 400, "MissingAction");
  }

  @Test
  void throttlesAsManyRequestsAsItIsTold() {
    eks.sts().throttle(2);

    assertRefused(exchange(), 400, "Throttling", "Rate exceeded");
    assertRefused(exchange(), 400, "Throttling", "Rate exceeded");
    assertThat(exchange().status()).isEqualTo(200);
    assertThat(eks.sts().requests()).isEqualTo(3);
    assertThat(eks.sts().exchanges()).isEqualTo(1);
  }

  @Test
  void refusesConnectionsWhileItIsDown() {
    eks.sts().goDown();
    assertThatThrownBy(this::exchange).hasRootCauseInstanceOf(java.net.ConnectException.class);

    eks.sts().recover();
    assertThat(exchange().status()).isEqualTo(200);
  }

  @Test
  void logsWhatWasAskedAndAnswered() {
    Http.Answer answer = exchange();
    exchange(eks.pod("shop", "billing").irsa(role), role);

    assertThat(eks.sts().log())
        .extracting(
            LoggedRequest::operation, LoggedRequest::status, entry -> entry.error().orElse("none"))
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("AssumeRoleWithWebIdentity", 200, "none"),
            org.assertj.core.groups.Tuple.tuple("AssumeRoleWithWebIdentity", 403, "AccessDenied"));
    assertThat(eks.sts().log().get(0).at()).isEqualTo(clock.instant());
    assertThat(eks.sts().log().get(0).requestId()).isEqualTo(answer.element("RequestId"));
  }

  private static void assertNotAuthorized(Http.Answer answer) {
    assertRefused(
        answer, 403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
  }

  private static void assertRefused(Http.Answer answer, int status, String code, String message) {
    assertRefused(answer, status, code);
    assertThat(answer.element("Message")).isEqualTo(message);
  }

  private static void assertRefused(Http.Answer answer, int status, String code) {
    assertThat(answer.element("Code")).as(answer.body()).isEqualTo(code);
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.element("Type")).isEqualTo("Sender");
    assertThat(answer.body())
        .startsWith("<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">");
    assertThat(answer.headers())
        .containsEntry("content-type", "text/xml")
        .containsEntry("x-amzn-requestid", answer.element("RequestId"))
        .containsKey("date");
  }

  private Http.Answer exchange() {
    return exchange(UnaryOperator.identity());
  }

  private Http.Answer exchange(FakePod from, String roleArn) {
    return exchange(f -> f.with("WebIdentityToken", token(from)).with("RoleArn", roleArn));
  }

  private Http.Answer exchange(UnaryOperator<Form> change) {
    Form form =
        new Form()
            .with("Action", "AssumeRoleWithWebIdentity")
            .with("Version", "2011-06-15")
            .with("RoleArn", role)
            .with("RoleSessionName", "orders-7d9f")
            .with("WebIdentityToken", token(pod));
    return Http.post(eks.sts().endpoint(), change.apply(form).parameters);
  }

  private static String token(FakePod pod) {
    try {
      return Files.readString(pod.webIdentityTokenFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class Form {
    private final Map<String, String> parameters = new LinkedHashMap<>();

    Form with(String name, String value) {
      parameters.put(name, value);
      return this;
    }

    Form without(String name) {
      parameters.remove(name);
      return this;
    }
  }
}
