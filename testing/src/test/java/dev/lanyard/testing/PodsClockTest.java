package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An agent that goes by the clock of its node, while that of AWS is another. */
class PodsClockTest {
  private static final String EXPIRED =
      "Service account token failed basic claim validations: token is expired\n";

  private final TestClock clock = new TestClock();
  private final FakeEks eks = FakeEks.builder().clock(clock).start();
  private final String role =
      eks.role(
          "orders-role",
          TrustPolicy.forServiceAccount(eks, "shop", "orders"),
          TrustPolicy.forPodIdentity());
  private final FakePod pod = eks.pod("shop", "orders").irsa(role).podIdentity();

  @BeforeEach
  void begin() {
    eks.associate("shop", "orders", role);
    eks.agent().goByThePodsClock();
  }

  @AfterEach
  void stop() {
    eks.close();
  }

  @Test
  void datesTheAgentsAnswersAndNeitherThoseOfStsNorExpirations() {
    eks.clock().setAheadBy(Duration.ofMinutes(10));

    Http.Answer agent = ask();

    assertThat(agent.headers()).containsEntry("date", "Tue, 01 Jan 2030 00:00:00 GMT");
    assertThat(agent.field("Expiration")).isEqualTo("2030-01-01T06:10:00Z");
    assertThat(Pods.exchange(eks, pod, role).headers())
        .containsEntry("date", "Tue, 01 Jan 2030 00:10:00 GMT");
    // What is not given is dated by the same clock, whether the agent or EKS Auth refuses it.
    assertThat(Http.get(eks.agent().endpoint()).headers())
        .containsEntry("date", "Tue, 01 Jan 2030 00:00:00 GMT");
    eks.dissociate("shop", "orders");
    eks.agent().forget();
    assertThat(ask().headers()).containsEntry("date", "Tue, 01 Jan 2030 00:00:00 GMT");
  }

  @Test
  void isThatOfAwsUntilTheTwoAreSetApart() {
    assertThat(ask().headers()).containsEntry("date", "Tue, 01 Jan 2030 00:00:00 GMT");

    eks.clock().setBehindBy(Duration.ofMinutes(10));
    eks.agent().recover();
    assertThat(ask().headers()).containsEntry("date", "Tue, 01 Jan 2030 00:00:00 GMT");
    assertThat(eks.requests())
        .last()
        .extracting(LoggedRequest::at)
        .isEqualTo(eks.clock().instant());
  }

  @Test
  void aFastOneExpiresTokensThatAwsWouldTake() {
    pod.tokenExpiration(Duration.ofMinutes(10));
    awsIsBehindBy(Duration.ofMinutes(5));
    clock.advance(Duration.ofMinutes(5).minusNanos(1));
    assertThat(ask().status()).isEqualTo(200);

    clock.advance(Duration.ofNanos(1));
    assertThat(ask().body()).isEqualTo(EXPIRED);
    assertThat(Pods.exchange(eks, pod, role).status()).isEqualTo(200);
  }

  @Test
  void aSlowOneLetsTokensPassThatEksAuthThenRefuses() {
    pod.tokenExpiration(Duration.ofMinutes(10));
    eks.clock().setAheadBy(Duration.ofMinutes(10));

    assertThat(ask().body()).contains("(ExpiredTokenException)");
  }

  @Test
  void aSlowOneFindsNewTokensNotValidYet() {
    eks.clock().setAheadBy(Duration.ofSeconds(2));
    pod.rotateToken();

    assertThat(ask().body())
        .isEqualTo(
            "Service account token failed basic claim validations: token is not valid yet\n");
    clock.advance(Duration.ofSeconds(2));
    assertThat(ask().status()).isEqualTo(200);
  }

  @Test
  void aSlowOneLetsTheCacheGiveWhatHasExpired() {
    eks.clock().setAheadBy(Duration.ofMinutes(1));
    eks.agent().letCredentialsLast(Duration.ofMinutes(10));
    String first = ask().field("AccessKeyId");

    clock.advance(Duration.ofMinutes(11).minusSeconds(15).minusNanos(1));
    assertThat(ask().field("AccessKeyId")).isEqualTo(first);
    assertThat(eks.issued(first).orElseThrow().expiration()).isBefore(eks.clock().instant());
    clock.advance(Duration.ofNanos(1));
    assertThat(ask().field("AccessKeyId")).isNotEqualTo(first);
  }

  @Test
  void aFastOneLetsTheCacheKeepBackWhatIsGood() {
    awsIsBehindBy(Duration.ofMinutes(1));
    eks.agent().letCredentialsLast(Duration.ofMinutes(10));
    String first = ask().field("AccessKeyId");

    clock.advance(Duration.ofMinutes(9).minusSeconds(15).minusNanos(1));
    assertThat(ask().field("AccessKeyId")).isEqualTo(first);
    clock.advance(Duration.ofNanos(1));
    assertThat(ask().field("AccessKeyId")).isNotEqualTo(first);
  }

  @Test
  void aFastOneFindsFreshCredentialsTooOldToGive() {
    awsIsBehindBy(Duration.ofHours(6).minusSeconds(15));

    Http.Answer answer = ask();
    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.body())
        .isEqualTo(
            "fetched credentials are expired or will expire within the next 15.00 seconds\n");
    assertThat(eks.agent().exchanges()).isZero();

    eks.clock().setBehindBy(Duration.ofHours(6).minusSeconds(16));
    assertThat(ask().status()).isEqualTo(200);
  }

  @Test
  void renewsInTheBackgroundByItWithWhatAwsIssuesThen() {
    eks.clock().setAheadBy(Duration.ofMinutes(10));
    String first = ask().field("AccessKeyId");

    clock.advance(Duration.ofHours(3).plusSeconds(60).minusNanos(1));
    assertThat(ask().field("AccessKeyId")).isEqualTo(first);
    clock.advance(Duration.ofMinutes(30).plusNanos(1));
    assertThat(ask().field("Expiration")).isEqualTo("2030-01-01T09:11:00Z");
    assertThat(eks.journal())
        .contains("2030-01-01T03:11:00Z  agent: renewed in the background by shop/orders");
  }

  @Test
  void beginsWithAnEmptyCache() {
    String first = ask().field("AccessKeyId");
    eks.agent().goByThePodsClock();

    assertThat(ask().field("AccessKeyId")).isNotEqualTo(first);
  }

  /** What was set up before is of the future then, and is set up again. */
  private void awsIsBehindBy(Duration difference) {
    eks.clock().setBehindBy(difference);
    eks.associate("shop", "orders", role);
    pod.rotateToken();
  }

  private Http.Answer ask() {
    return Pods.ask(eks, pod);
  }
}
