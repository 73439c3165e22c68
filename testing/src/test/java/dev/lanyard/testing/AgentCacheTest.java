package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the agent's tests cannot reach with a few pods. */
class AgentCacheTest {
  private static final Instant START = Instant.parse("2030-01-01T00:00:00Z");
  private static final Role ROLE =
      new Role(
          "arn:aws:iam::111122223333:role/orders-role",
          "111122223333",
          "orders-role",
          "AROAEXAMPLEEXAMPLE01",
          Duration.ofHours(1),
          List.of());

  private final List<String> background = new ArrayList<>();
  private final AgentCache cache =
      new AgentCache(
          START,
          (token, at) -> {
            if (token.startsWith("throttled")) {
              throw new Refusal(429, "ThrottlingException", "Rate exceeded");
            }
            return lasting(at, Duration.ofHours(6));
          },
          new AgentCache.Background() {
            @Override
            public void renewed(Instant at, String token, IssuedCredentials credentials) {
              background.add(at + " " + token + " renewed");
            }

            @Override
            public void failed(Instant at, String token, Refusal refusal, boolean evicted) {
              background.add(at + " " + token + (evicted ? " dropped" : " kept"));
            }
          });

  private static IssuedCredentials lasting(Instant from, Duration lifetime) {
    return new IssuedCredentials(ROLE, "eks-orders", from.plus(lifetime), SessionAttributes.NONE);
  }

  @Test
  void dropsTheOldestOfMoreThanTwoThousandHoweverOftenItIsRead() {
    for (int i = 0; i < 2000; i++) {
      cache.put("token" + i, "token" + i, lasting(START, Duration.ofHours(6)), START);
    }
    assertThat(cache.get("token0", START)).isPresent();

    cache.put("another", "another", lasting(START, Duration.ofHours(6)), START);

    assertThat(cache.get("token0", START)).isEmpty();
    assertThat(cache.get("token1", START)).isPresent();
    assertThat(cache.get("another", START)).isPresent();
  }

  @Test
  void doesAllThatHasComeDueEachAtItsOwnTime() {
    cache.put("early", "early", lasting(START, Duration.ofHours(6)), START);
    cache.put("late", "late", lasting(START, Duration.ofHours(6)), START.plusSeconds(90));

    cache.renewUntil(START.plus(Duration.ofHours(7)));

    assertThat(background)
        .containsExactly(
            "2030-01-01T03:01:00Z early renewed",
            "2030-01-01T03:02:00Z late renewed",
            "2030-01-01T06:02:00Z early renewed",
            "2030-01-01T06:03:00Z late renewed");
  }

  @Test
  void triesAThrottledRenewalAgainUntilFifteenSecondsAreLeft() {
    cache.put("throttled", "throttled", lasting(START, Duration.ofMinutes(185)), START);

    cache.renewUntil(START.plus(Duration.ofDays(1)));

    assertThat(background)
        .containsExactly(
            "2030-01-01T03:01:00Z throttled kept",
            "2030-01-01T03:04:00Z throttled kept",
            "2030-01-01T03:06:00Z throttled dropped");
  }

  @Test
  void holdsNothingThatItMayNotGive() {
    cache.put("short", "short", lasting(START, Duration.ofSeconds(15)), START);
    assertThat(cache.get("short", START)).isEmpty();

    cache.put("short", "short", lasting(START, Duration.ofSeconds(15).plusNanos(1)), START);
    assertThat(cache.get("short", START)).isPresent();
  }

  @Test
  void aClockThatIsSetBackRenewsNothing() {
    cache.put("token", "token", lasting(START, Duration.ofHours(6)), START);

    cache.renewUntil(START.minus(Duration.ofDays(1)));

    assertThat(background).isEmpty();
    assertThat(cache.get("token", START)).isPresent();
  }
}
