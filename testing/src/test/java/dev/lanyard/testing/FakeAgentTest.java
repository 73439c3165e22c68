package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FakeAgentTest {
  private final TestClock clock = new TestClock();
  private final FakeEks eks = FakeEks.builder().clock(clock).start();
  private final String role = eks.role("orders-role", TrustPolicy.forPodIdentity());
  private final FakePod pod = eks.pod("shop", "orders").podIdentity();

  FakeAgentTest() {
    eks.associate("shop", "orders", role);
  }

  @AfterEach
  void stop() {
    eks.close();
  }

  @Test
  void answersWithTheFiveFieldsInTheAgentsOrder() {
    Http.Answer answer = ask();

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.headers())
        .containsEntry("content-type", "application/json")
        .containsEntry("date", "Tue, 01 Jan 2030 00:00:00 GMT");
    assertThat(answer.body())
        .matches(
            "\\{\"AccessKeyId\":\"ASIA[A-Z2-7]{16}\",\"SecretAccessKey\":\"[^\"]{40}\","
                + "\"Token\":\"[^\"]+\",\"AccountId\":\"111122223333\","
                + "\"Expiration\":\"2030-01-01T06:00:00Z\"}");
    assertThat(eks.agent().exchanges()).isEqualTo(1);
  }

  @Test
  void tagsTheSession() {
    IssuedCredentials issued = eks.issued(ask().field("AccessKeyId")).orElseThrow();

    assertThat(issued.assumedRoleArn())
        .startsWith("arn:aws:sts::111122223333:assumed-role/orders-role/eks-lanyard-orders-");
    String sessionName = issued.assumedRoleArn().replaceFirst(".*/", "");
    assertThat(sessionName).hasSizeLessThanOrEqualTo(64).matches("[\\w+=,.@-]*");
    assertThat(issued.sessionTags())
        .containsEntry("eks-cluster-arn", "arn:aws:eks:eu-west-1:111122223333:cluster/lanyard")
        .containsEntry("eks-cluster-name", "lanyard")
        .containsEntry("kubernetes-namespace", "shop")
        .containsEntry("kubernetes-service-account", "orders")
        .containsEntry("kubernetes-pod-name", pod.name())
        .containsKey("kubernetes-pod-uid")
        .hasSize(6);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"169.254.170.23", "169.254.170.23:80", "[fd00:ec2::23]", "[fd00:ec2::23]:80"})
  void answersToTheRealAddresses(String host) {
    assertThat(ask("Authorization: " + token(), "Host: " + host).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({
    "agent.example.com, agent.example.com",
    "localhost:8080, localhost",
    "169.254.170.2, 169.254.170.2",
    "127.0.0.1:1, 127.0.0.1",
  })
  void refusesAnotherHost(String host, String shown) {
    Http.Answer answer = ask("Authorization: " + token(), "Host: " + host);

    assertRefused(
        answer,
        403,
        "Access Denied. Called agent through invalid address, please use either [169.254.170.23"
            + " fd00:ec2::23] address not "
            + shown);
  }

  @Test
  void looksAtTheHostBeforeTheToken() {
    assertThat(ask("Host: agent.example.com").status()).isEqualTo(403);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/v1/credentials/", "/v1", "/v1/credential", "/__admin/mappings"})
  void knowsOnePathOnly(String path) {
    Http.Answer answer =
        Http.get(eks.agent().endpoint().resolve(path), "Authorization: " + token());

    assertThat(answer.status()).isIn(404, 401);
    assertThat(answer.body()).doesNotContain("ASIA");
    assertThat(eks.agent().exchanges()).isZero();
  }

  @Test
  void answersAnotherPathAsGoDoes() {
    assertRefused(
        Http.get(eks.agent().endpoint().resolve("/v2/credentials")), 404, "404 page not found");
  }

  @Test
  void ignoresAQuery() {
    assertThat(
            Http.get(
                    eks.agent().endpoint().resolve("/v1/credentials?a=b"),
                    "Authorization: " + token())
                .status())
        .isEqualTo(200);
  }

  @Test
  void refusesARequestWithoutToken() {
    assertRefused(ask(new String[0]), 400, "Service account token cannot be empty");
    assertRefused(ask("Authorization: "), 400, "Service account token cannot be empty");
  }

  @Test
  void refusesBearerAsBase64ThatIsNone() {
    assertRefused(
        ask("Authorization: Bearer " + token()),
        400,
        "Service account token cannot be parsed: token is malformed: could not base64 decode"
            + " header: illegal base64 data at input byte 6");
  }

  @Test
  void refusesWhatIsNoToken() {
    assertRefused(
        ask("Authorization: garbage"),
        400,
        "Service account token cannot be parsed: token is malformed: token contains an invalid"
            + " number of segments");
    assertThat(ask("Authorization: a.b.c").status()).isEqualTo(400);
    assertRefused(
        ask("Authorization: " + base64("{\"alg\":\"XX1\"}") + "." + base64("{}") + ".x"),
        400,
        "Service account token cannot be parsed: token is unverifiable: signing method (alg) is"
            + " unavailable");
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "[]", "\"text\""})
  void refusesATokenWhosePartsAreNoObjects(String json) {
    assertRefused(
        ask("Authorization: " + base64(json) + "." + base64("{}") + ".x"),
        400,
        "Service account token cannot be parsed: token is malformed: could not JSON decode header");
    assertRefused(
        ask("Authorization: " + base64("{\"alg\":\"RS256\"}") + "." + base64(json) + ".x"),
        400,
        "Service account token cannot be parsed: token is malformed: could not JSON decode claim");
  }

  @ParameterizedTest
  @CsvSource({
    "exp, 1e300, (InvalidTokenException)",
    "exp, 1e18, (InvalidTokenException)",
    "exp, -1e300, token is expired",
    "nbf, 1e300, token is not valid yet",
  })
  void takesTimesThatAreFarAway(String claim, String time, String said) {
    String claims = base64("{\"" + claim + "\":" + time + "}");

    Http.Answer answer =
        ask("Authorization: " + base64("{\"alg\":\"RS256\"}") + "." + claims + ".x");

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body()).contains(said);
  }

  @Test
  void refusesAnExpiredTokenByItself() {
    clock.advance(Duration.ofDays(1));

    assertRefused(
        ask(), 400, "Service account token failed basic claim validations: token is expired");
  }

  @Test
  void refusesATokenFromTheFuture() {
    clock.advance(Duration.ofSeconds(2));
    pod.rotateToken();
    clock.advance(Duration.ofSeconds(-1));

    assertRefused(
        ask(), 400, "Service account token failed basic claim validations: token is not valid yet");
  }

  @Test
  void passesOnThatThereIsNoAssociation() {
    eks.dissociate("shop", "orders");

    assertEksAuthRefused(ask(), 404, "ResourceNotFoundException");
  }

  @Test
  void knowsAssociationsByNamespaceAndServiceAccount() {
    assertEksAuthRefused(
        ask(eks.pod("staging", "orders").podIdentity()), 404, "ResourceNotFoundException");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"sts:AssumeRole\"", "\"sts:TagSession\""})
  void passesOnThatTheTrustPolicyAllowsOneActionOnly(String action) {
    eks.role(
        "orders-role",
        TrustPolicy.of(
            "{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"Service\":"
                + "\"pods.eks.amazonaws.com\"},\"Action\":"
                + action
                + "}}"));

    assertDenied(ask());
  }

  @Test
  void passesOnThatTheTrustPolicyNamesSomebodyElse() {
    eks.role("orders-role", TrustPolicy.forServiceAccount(eks, "shop", "orders"));

    assertDenied(ask());
  }

  @Test
  void passesOnThatTheRoleIsMissing() {
    eks.associate("shop", "orders", "arn:aws:iam::111122223333:role/missing");

    assertDenied(ask());
  }

  @Test
  void evaluatesConditionsOnSessionTags() {
    String policy =
        """
        {"Statement": {"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"},
          "Action": ["sts:AssumeRole", "sts:TagSession"],
          "Condition": {"StringEquals": {"aws:RequestTag/kubernetes-namespace": "%s"}}}}
        """;

    eks.role("orders-role", TrustPolicy.of(policy.formatted("staging")));
    assertDenied(ask());
    eks.role("orders-role", TrustPolicy.of(policy.formatted("shop")));
    assertThat(ask().status()).isEqualTo(200);
  }

  @Test
  void passesOnThatTheAudienceIsAnother() throws IOException {
    FakePod both = eks.pod("shop", "orders").irsa(role).podIdentity();
    both.replaceAuthorizationToken(Files.readString(both.webIdentityTokenFile()));

    assertEksAuthRefused(ask(both), 400, "InvalidTokenException");
  }

  @Test
  void passesOnThatTheTokenIsOfAnotherCluster() throws IOException {
    try (FakeEks other = FakeEks.builder().clock(clock).start()) {
      pod.replaceAuthorizationToken(
          Files.readString(other.pod("shop", "orders").podIdentity().authorizationTokenFile()));
    }

    assertEksAuthRefused(ask(), 400, "InvalidTokenException");
  }

  @Test
  void passesOnThatTheSignatureIsForged() {
    String[] mine = token().split("\\.", -1);
    String[] others = token(eks.pod("shop", "admin").podIdentity()).split("\\.", -1);
    pod.replaceAuthorizationToken(mine[0] + "." + mine[1] + "." + others[2]);

    assertEksAuthRefused(ask(), 400, "InvalidTokenException");
  }

  @Test
  void refusesMoreThanFiveHundredRequestsAtOnceAndAThousandASecond() {
    pod.replaceAuthorizationToken("");
    for (int i = 0; i < 500; i++) {
      assertThat(ask().status()).isEqualTo(400);
    }

    assertRefused(ask(), 429, "Too Many Requests");
    clock.advance(Duration.ofNanos(999_999));
    assertThat(ask().status()).isEqualTo(429);
    clock.advance(Duration.ofNanos(1));
    assertThat(ask().status()).isEqualTo(400);
    assertThat(ask().status()).isEqualTo(429);
    clock.advance(Duration.ofMillis(2));
    assertThat(ask().status()).isEqualTo(400);
  }

  @Test
  void limitsTheRateBeforeItLooksAtTheHostAndBehindItsPathAlone() {
    URI other = eks.agent().endpoint().resolve("/healthz");
    for (int i = 0; i < 500; i++) {
      assertThat(Http.get(other).status()).isEqualTo(404);
    }
    for (int i = 0; i < 500; i++) {
      assertThat(ask("Host: agent.example.com").status()).isEqualTo(403);
    }

    assertThat(ask("Host: agent.example.com").status()).isEqualTo(429);
    assertThat(Http.get(other).status()).isEqualTo(404);
    assertThat(eks.agent().log().get(999).status()).isEqualTo(404);
  }

  @Test
  void servesItsCacheUntilTheSweepAfterThreeHoursWhateverBecomesOfTheAssociation() {
    String first = ask().field("AccessKeyId");
    eks.dissociate("shop", "orders");

    clock.advance(Duration.ofHours(3).plusSeconds(60).minusNanos(1));
    assertThat(ask().field("AccessKeyId")).isEqualTo(first);
    clock.advance(Duration.ofNanos(1));
    assertEksAuthRefused(ask(), 404, "ResourceNotFoundException");
  }

  @Test
  void renewsInTheBackgroundAtTheSweepAfterThreeHours() {
    clock.advance(Duration.ofSeconds(30));
    String first = ask().field("AccessKeyId");

    // Due at 3:00:30, and swept at 3:01.
    clock.advance(Duration.ofHours(3).plusSeconds(30).minusNanos(1));
    assertThat(ask().field("AccessKeyId")).isEqualTo(first);
    clock.advance(Duration.ofNanos(1));
    Http.Answer second = ask();

    assertThat(second.field("AccessKeyId")).isNotEqualTo(first);
    assertThat(second.field("Expiration")).isEqualTo("2030-01-01T09:01:00Z");
    assertThat(eks.agent().log().get(2).at()).isEqualTo(clock.instant());
    assertThat(eks.journal())
        .containsPattern(
            "2030-01-01T03:01:00Z  agent: renewed in the background by shop/orders \\(pod "
                + pod.name()
                + "\\) -> IssuedCredentials");
  }

  @Test
  void renewsWhileNobodyAsks() {
    String first = ask().field("AccessKeyId");
    clock.advance(Duration.ofHours(5));

    Http.Answer later = ask();

    // Of 3:01, not of now: two hours of it are gone.
    assertThat(later.field("AccessKeyId")).isNotEqualTo(first);
    assertThat(later.field("Expiration")).isEqualTo("2030-01-01T09:01:00Z");
    assertThat(ask().field("AccessKeyId")).isEqualTo(later.field("AccessKeyId"));
  }

  @Test
  void renewsWithTheTokenThatTheAnswerCameWithUntilThatExpires() {
    pod.tokenExpiration(Duration.ofHours(7));
    String token = "Authorization: " + token();
    ask(token);
    clock.advance(Duration.ofHours(6).plusMinutes(30));

    assertThat(ask(token).field("Expiration")).isEqualTo("2030-01-01T12:02:00Z");
    clock.advance(Duration.ofHours(3));
    assertThat(eks.journal())
        .contains("2030-01-01T09:03:00Z  agent: not renewed in the background by shop/orders")
        .contains("-> ExpiredTokenException, dropped");
  }

  @Test
  void judgesARenewalByWhatHeldAtItsTime() {
    String first = ask().field("AccessKeyId");
    clock.advance(Duration.ofHours(2));
    eks.role("orders-role");
    clock.advance(Duration.ofHours(2));
    eks.role("orders-role", TrustPolicy.forPodIdentity());

    // Denied at 3:01 and dropped, so this is fetched now.
    Http.Answer now = ask();
    assertThat(now.field("AccessKeyId")).isNotEqualTo(first);
    assertThat(now.field("Expiration")).isEqualTo("2030-01-01T10:00:00Z");
    assertThat(eks.journal())
        .contains("-> AccessDeniedException (its trust policy allows nothing), dropped");
  }

  @Test
  void aRenewalDoesNotSeeARoleThatChangedAfterIt() {
    ask();
    clock.advance(Duration.ofHours(4));
    eks.role("orders-role");

    assertThat(ask().field("Expiration")).isEqualTo("2030-01-01T09:01:00Z");
    eks.agent().forget();
    assertDenied(ask());
  }

  @Test
  void aRenewalDoesNotSeeAnAssociationThatChangedAfterIt() {
    ask();
    clock.advance(Duration.ofHours(4));
    eks.dissociate("shop", "orders");

    assertThat(ask().field("Expiration")).isEqualTo("2030-01-01T09:01:00Z");
  }

  @Test
  void keepsWhatItCannotRenewAndTriesAgainAfterTwoMinutes() {
    String first = ask().field("AccessKeyId");
    clock.advance(Duration.ofHours(3));
    eks.agent().disconnectFromEksAuth();
    clock.advance(Duration.ofMinutes(1));
    assertThat(ask().field("AccessKeyId")).isEqualTo(first);
    eks.agent().recover();

    // Failed at 3:01, due again at 3:03, and swept at 3:04.
    clock.advance(Duration.ofMinutes(3).minusNanos(1));
    assertThat(ask().field("AccessKeyId")).isEqualTo(first);
    clock.advance(Duration.ofNanos(1));
    assertThat(ask().field("Expiration")).isEqualTo("2030-01-01T09:04:00Z");
    assertThat(eks.journal()).contains("-> no answer, kept");
  }

  @Test
  void dropsWhatEksAuthRefusesToTheNode() {
    ask();
    eks.agent().beDeniedByEksAuth();
    assertThat(ask().status()).isEqualTo(200);
    clock.advance(Duration.ofHours(3).plusMinutes(1));

    assertEksAuthRefused(ask(), 400, "AccessDeniedException");
    eks.agent().recover();
    assertThat(ask().status()).isEqualTo(200);
  }

  @Test
  void credentialsOfATargetRoleAreServedUntilFifteenSecondsAreLeft() {
    String target = eks.role("data", TrustPolicy.forRole(role));
    eks.associate("shop", "orders", role).targetRole(target);
    String first = ask().field("AccessKeyId");

    clock.advance(Duration.ofMinutes(59).minusSeconds(15).minusNanos(1));
    assertThat(ask().field("AccessKeyId")).isEqualTo(first);
    clock.advance(Duration.ofNanos(1));
    Http.Answer second = ask();
    assertThat(second.field("AccessKeyId")).isNotEqualTo(first);
    assertThat(second.field("Expiration")).isEqualTo("2030-01-01T01:57:45Z");
  }

  @Test
  void keepsAnEntryForEachToken() {
    String first = ask().field("AccessKeyId");
    pod.rotateToken();

    assertThat(ask().field("AccessKeyId")).isNotEqualTo(first);
  }

  @Test
  void forgetsWhenItIsRestarted() {
    String first = ask().field("AccessKeyId");
    eks.agent().forget();

    assertThat(ask().field("AccessKeyId")).isNotEqualTo(first);
  }

  @Test
  void servesNothingWithFifteenSecondsLeft() {
    eks.agent().letCredentialsLast(Duration.ofSeconds(20));
    String first = ask().field("AccessKeyId");

    clock.advance(Duration.ofMillis(4999));
    assertThat(ask().field("AccessKeyId")).isEqualTo(first);
    clock.advance(Duration.ofMillis(1));
    assertThat(ask().field("AccessKeyId")).isNotEqualTo(first);
  }

  @Test
  void fetchesAnewEachTimeWhereTheChosenLifetimeIsBelowItsFloor() {
    ask();
    eks.agent().letCredentialsLast(Duration.ofSeconds(3));

    Http.Answer first = ask();
    assertThat(first.field("Expiration")).isEqualTo("2030-01-01T00:00:03Z");
    assertThat(ask().field("AccessKeyId")).isNotEqualTo(first.field("AccessKeyId"));
  }

  @Test
  void throttlesAsManyRequestsAsItIsTold() {
    eks.agent().throttle(1);

    assertRefused(ask(), 429, "Too Many Requests");
    assertThat(ask().status()).isEqualTo(200);
    assertThat(eks.agent().requests()).isEqualTo(2);
    assertThat(eks.agent().exchanges()).isEqualTo(1);
  }

  @Test
  void refusesConnectionsWhileItIsDown() {
    eks.agent().goDown();
    assertThatThrownBy(this::ask).hasRootCauseInstanceOf(java.net.ConnectException.class);

    eks.agent().recover();
    assertThat(ask().status()).isEqualTo(200);
  }

  @Test
  void logsWhatWasAskedAndAnswered() {
    ask();
    ask("Authorization: garbage");
    eks.agent().forget();
    eks.dissociate("shop", "orders");
    ask();

    assertThat(eks.agent().log())
        .extracting(entry -> entry.operation() + " " + entry.status() + entry.error())
        .containsExactly(
            "GET /v1/credentials 200Optional.empty",
            "GET /v1/credentials 400Optional.empty",
            "GET /v1/credentials 404Optional[ResourceNotFoundException]");
  }

  private static void assertDenied(Http.Answer answer) {
    assertEksAuthRefused(answer, 400, "AccessDeniedException");
    assertThat(answer.body())
        .endsWith(
            "]: (AccessDeniedException): Unauthorized Exception! EKS does not have permissions to"
                + " assume the associated role., fault: client\n");
  }

  private static void assertEksAuthRefused(Http.Answer answer, int status, String code) {
    assertThat(answer.body()).matches("\\[[0-9a-f-]{36}]: \\(" + code + "\\): .+, fault: client\n");
    assertPlain(answer, status);
  }

  private static void assertRefused(Http.Answer answer, int status, String text) {
    assertThat(answer.body()).isEqualTo(text + "\n");
    assertPlain(answer, status);
  }

  private static void assertPlain(Http.Answer answer, int status) {
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.headers())
        .containsEntry("content-type", "text/plain; charset=utf-8")
        .containsEntry("x-content-type-options", "nosniff")
        .containsKey("date");
  }

  private Http.Answer ask() {
    return ask(pod);
  }

  private Http.Answer ask(FakePod from) {
    return ask("Authorization: " + token(from));
  }

  private Http.Answer ask(String... headers) {
    return Http.get(eks.agent().endpoint(), headers);
  }

  private String token() {
    return token(pod);
  }

  private static String token(FakePod pod) {
    try {
      return Files.readString(pod.authorizationTokenFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
