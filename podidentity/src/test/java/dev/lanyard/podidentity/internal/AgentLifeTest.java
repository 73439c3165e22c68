package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanyard.CredentialsStatus.Health;
import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.peer.Behaviour;
import dev.lanyard.peer.Peer;
import dev.lanyard.podidentity.PodIdentityCredentialsProvider;
import dev.lanyard.runtime.Environment;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.TestTime;
import dev.lanyard.testing.TrustPolicy;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/** Agents that come late, go, hang and break off, over a real socket and in virtual time. */
class AgentLifeTest {
  private final TestTime time = TestTime.create();

  private PodIdentityCredentialsProvider provider(String uri) {
    return PodIdentityCredentialsProvider.builder()
        .environment(Environment.of(Map.of("AWS_CONTAINER_AUTHORIZATION_TOKEN", Tokens.TOKEN)))
        .endpoint(URI.create(uri))
        .time(time)
        .build();
  }

  private PodIdentityCredentialsProvider provider(FakePod pod) {
    return PodIdentityCredentialsProvider.builder()
        .environment(pod.environment())
        .time(time)
        .build();
  }

  private FakeEks eks() {
    return FakeEks.builder().clock(time).start();
  }

  private static String body(String keyId, Instant expiration) {
    return Tokens.GOOD_BODY
        .replace(Tokens.ACCESS_KEY_ID, keyId)
        .replace("2030-01-01T06:00:00Z", expiration.toString());
  }

  @Test
  void theFirstCallerWaitsForAnAgentThatStartsAfterThePod() throws Exception {
    try (FakeEks eks = eks()) {
      eks.associate("shop", "orders", eks.role("orders", TrustPolicy.forPodIdentity()));
      FakePod pod = eks.pod("shop", "orders").podIdentity();
      eks.agent().goDown();
      PodIdentityCredentialsProvider provider = provider(pod);
      CompletableFuture<? extends AwsCredentialsIdentity> caller = provider.resolveIdentity();

      time.advance(Duration.ofSeconds(20));
      assertThat(caller).isNotDone();
      assertThat(provider.status().consecutiveFailures()).isBetween(10, 200);

      eks.agent().recover();
      time.advance(Duration.ofSeconds(2));
      time.awaitIdle();

      assertThat(caller).isCompleted();
      assertThat(eks.issued(caller.join().accessKeyId())).isPresent();
      assertThat(eks.agent().exchanges()).isEqualTo(1);
    }
  }

  @Test
  void aCallerIsToldAfterThirtySecondsWhyThereIsNoAgent() throws Exception {
    CompletableFuture<? extends AwsCredentialsIdentity> caller;
    try (FakeEks eks = eks()) {
      eks.agent().goDown();
      caller = provider(eks.pod("shop", "orders").podIdentity()).resolveIdentity();

      time.advance(Duration.ofSeconds(27));
      assertThat(caller).isNotDone();
      time.advance(Duration.ofSeconds(3));
    }

    assertThat(caller).isCompletedExceptionally();
    assertThatThrownBy(caller::join)
        .cause()
        .isInstanceOf(CredentialsUnavailableException.class)
        .hasMessageContaining("cannot be reached (ConnectException)")
        .hasMessageContaining("Check that the EKS Pod Identity Agent runs on this pod's node");
  }

  @Test
  void aRestartOfTheAgentIsNotNoticedByAnybody() throws Exception {
    try (FakeEks eks = eks()) {
      eks.associate("shop", "orders", eks.role("orders", TrustPolicy.forPodIdentity()));
      PodIdentityCredentialsProvider provider = provider(eks.pod("shop", "orders").podIdentity());
      time.awaitIdle();
      String first = provider.resolveCredentials().accessKeyId();

      // From before the first refresh is due, at half of six hours, to after the last, at 80 %.
      time.advance(Duration.ofMinutes(179));
      eks.agent().forget();
      eks.agent().goDown();
      time.advance(Duration.ofHours(2));
      assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo(first);
      assertThat(provider.status().health()).isEqualTo(Health.DEGRADED);
      assertThat(provider.status().lastFailure())
          .hasValueSatisfying(f -> assertThat(f.kind()).isEqualTo(FailureKind.TRANSIENT));

      eks.agent().recover();
      time.advance(Duration.ofHours(1));
      time.awaitIdle();

      assertThat(provider.resolveCredentials().accessKeyId()).isNotEqualTo(first);
      assertThat(provider.status().health()).isEqualTo(Health.HEALTHY);
      assertThat(provider.status().consecutiveFailures()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n{\"AccessKeyId\":\"ASIAHALF\",",
        "HTTP/1.1 200 OK\r\n\r\n{\"AccessKeyId\":\"ASIAHALF\",",
        "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 3\r\n\r\n[]\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab",
      })
  void whileTheAgentFailsItIsAskedSoonThenSeldomThenOftenAndNobodyWaits(String bytes)
      throws Exception {
    List<Instant> asked = new CopyOnWriteArrayList<>();
    try (Peer agent = Peer.that(Behaviour.text("200 OK", Tokens.GOOD_BODY))) {
      PodIdentityCredentialsProvider provider = provider(Agents.uri(agent));
      time.awaitIdle();
      assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo(Tokens.ACCESS_KEY_ID);
      agent.behave(
          (request, socket) -> {
            asked.add(time.instant());
            Behaviour.reset(bytes).meet(request, socket);
          });

      Instant expiration = Instant.parse("2030-01-01T06:00:00Z");
      time.advance(Duration.between(time.instant(), expiration).minusSeconds(1));
      assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo(Tokens.ACCESS_KEY_ID);

      // Each pause is drawn at random, so what is sure is its bound: five prompt retries, the last
      // half minute kept for the last ones, an hour at most.
      assertThat(asked).hasSizeGreaterThan(10).hasSizeLessThan(40);
      for (int i = 1; i < asked.size(); i++) {
        Duration pause = Duration.between(asked.get(i - 1), asked.get(i));
        Duration left = Duration.between(asked.get(i - 1), expiration);
        Duration doubled = Duration.ofSeconds(1L << Math.min(20, i - 1));
        Duration later =
            left.compareTo(Duration.ofMinutes(1)) > 0
                ? min(Duration.ofHours(1), left.minusSeconds(30))
                : max(left.multipliedBy(2).dividedBy(5), Duration.ofSeconds(1));
        Duration bound = i <= 5 ? min(doubled, left.dividedBy(4)) : later;
        assertThat(pause).isBetween(Duration.ofMillis(100), max(bound, Duration.ofMillis(101)));
      }

      time.advance(Duration.ofSeconds(1));
      int atExpiration = asked.size();
      assertThatThrownBy(provider::resolveCredentials)
          .isInstanceOf(CredentialsUnavailableException.class);
      time.advance(Duration.ofMinutes(2));
      assertThat(asked.size() - atExpiration).as("one every 5 to 15 s").isBetween(7, 26);

      agent.behave(Behaviour.text("200 OK", body("ASIANEW", time.instant().plusSeconds(3600))));
      time.advance(Duration.ofSeconds(15));
      time.awaitIdle();
      assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("ASIANEW");
    }
  }

  @Test
  void aHangingAgentDelaysNobodyWhileCredentialsAreHeldAndIsGivenUpAfterTheBudget()
      throws Exception {
    try (FakeEks eks = eks()) {
      eks.associate("shop", "orders", eks.role("orders", TrustPolicy.forPodIdentity()));
      PodIdentityCredentialsProvider provider = provider(eks.pod("shop", "orders").podIdentity());
      time.awaitIdle();
      String first = provider.resolveCredentials().accessKeyId();
      eks.agent().forget();
      eks.agent().hang();

      for (int attempt = 1; attempt <= 3; attempt++) {
        toTheNextExchange();
        awaitRequests(eks, 1 + attempt);
        assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo(first);
        assertThat(provider.resolveIdentity()).isCompleted();

        time.advanceWhileHanging(Duration.ofSeconds(10));
        time.awaitIdle();

        assertThat(provider.status().consecutiveFailures()).isEqualTo(attempt);
        assertThat(provider.status().lastFailure())
            .hasValueSatisfying(
                f -> assertThat(f.message()).contains("gave no complete answer within 10 s"));
      }

      eks.agent().recover();
      toTheNextExchange();
      time.awaitIdle();
      assertThat(provider.resolveCredentials().accessKeyId()).isNotEqualTo(first);
    }
  }

  @Test
  void theFirstCallerOfAHangingAgentIsToldSoWithinThirtySeconds() throws Exception {
    try (FakeEks eks = eks()) {
      eks.agent().hang();
      PodIdentityCredentialsProvider provider = provider(eks.pod("shop", "orders").podIdentity());
      CompletableFuture<? extends AwsCredentialsIdentity> caller = provider.resolveIdentity();
      awaitRequests(eks, 1);

      for (int attempt = 1; attempt <= 2; attempt++) {
        time.advanceWhileHanging(Duration.ofSeconds(10));
        toTheNextExchange();
        awaitRequests(eks, 1 + attempt);
      }
      assertThat(caller).isNotDone();
      time.advanceWhileHanging(Duration.between(time.instant(), TestContext.NOW.plusSeconds(30)));

      assertThatThrownBy(() -> caller.get(30, TimeUnit.SECONDS))
          .cause()
          .isInstanceOf(CredentialsUnavailableException.class)
          .hasMessageContaining("gave no complete answer within 10 s")
          .hasMessageContaining("allow TCP port 80 of its address in the network policies");
    }
  }

  @Test
  void anAssociationThatIsNotVisibleYetIsFoundWithoutAnybodyAskingAndAskedForGently()
      throws Exception {
    try (FakeEks eks = eks()) {
      FakePod pod = eks.pod("shop", "orders").podIdentity();
      PodIdentityCredentialsProvider provider = provider(pod);
      time.awaitIdle();

      // A thousand callers are told at once, and cost the agent nothing more.
      for (int i = 0; i < 1000; i++) {
        assertThat(provider.resolveIdentity()).isCompletedExceptionally();
      }
      time.awaitIdle();
      assertThat(eks.agent().requests()).isEqualTo(1);
      assertThat(provider.status().lastFailure())
          .hasValueSatisfying(f -> assertThat(f.kind()).isEqualTo(FailureKind.REJECTED));

      time.advance(Duration.ofSeconds(60));
      assertThat(eks.agent().requests()).as("one every 5 to 15 s").isBetween(5, 13);

      eks.associate("shop", "orders", eks.role("orders", TrustPolicy.forPodIdentity()));
      time.advance(Duration.ofSeconds(15));
      time.awaitIdle();
      assertThat(provider.resolveIdentity()).isCompleted();
    }
  }

  @Test
  void aRefusalTakesNoCredentialsAwayAndIsAskedAgainGently() throws Exception {
    for (Map.Entry<String, Integer> refusal :
        Map.of("ResourceNotFoundException", 404, "AccessDeniedException", 400).entrySet()) {
      try (FakeEks eks = eks()) {
        eks.associate("shop", "orders", eks.role("orders", TrustPolicy.forPodIdentity()));
        FakePod pod = eks.pod("shop", "orders").podIdentity();
        PodIdentityCredentialsProvider provider = provider(pod);
        time.awaitIdle();
        String held = provider.resolveCredentials().accessKeyId();
        eks.agent().answerWithError(refusal.getValue(), refusal.getKey(), "Gone, or no");

        time.advance(Duration.ofHours(6).minusSeconds(1));

        assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo(held);
        assertThat(provider.status().health()).isEqualTo(Health.DEGRADED);
        assertThat(eks.agent().requests()).isBetween(10, 400);

        time.advance(Duration.ofSeconds(2));
        assertThatThrownBy(provider::resolveCredentials)
            .isInstanceOf(CredentialsUnavailableException.class)
            .hasMessageContaining("expired")
            .hasMessageContaining("refused the exchange (" + refusal.getValue());
      }
    }
  }

  @Test
  void credentialsThatHaveExpiredOnArrivalAreNeverServedAndTakeNoneAway() throws Exception {
    try (FakeEks eks = eks()) {
      eks.associate("shop", "orders", eks.role("orders", TrustPolicy.forPodIdentity()));
      PodIdentityCredentialsProvider provider = provider(eks.pod("shop", "orders").podIdentity());
      time.awaitIdle();
      String first = provider.resolveCredentials().accessKeyId();
      eks.agent().issueExpiredCredentials();

      time.advance(Duration.ofHours(5));

      assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo(first);
      assertThat(provider.status().lastFailure())
          .hasValueSatisfying(
              f -> {
                assertThat(f.kind()).isEqualTo(FailureKind.TRANSIENT);
                assertThat(f.message()).contains("expired on arrival");
              });
      time.advance(Duration.ofHours(2));
      assertThatThrownBy(provider::resolveCredentials)
          .isInstanceOf(CredentialsUnavailableException.class)
          .hasMessageContaining("expired on arrival");
    }
  }

  /** Moves time until another exchange has begun, and not beyond: the one before has to end. */
  private void toTheNextExchange() {
    time.awaitIdle();
    while (time.running() == 0 && time.advanceToNext(Duration.ofDays(1))) {
      // A timer that begins no exchange, such as a look at the token file.
    }
  }

  /** Waits until the fake has so many requests in hand: an exchange is on its way to it. */
  private static void awaitRequests(FakeEks eks, int requests) {
    Awaitility.await()
        .pollInterval(Duration.ofMillis(1))
        .atMost(Duration.ofSeconds(30))
        .until(() -> eks.agent().requests() == requests);
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private static Duration max(Duration a, Duration b) {
    return a.compareTo(b) > 0 ? a : b;
  }
}
