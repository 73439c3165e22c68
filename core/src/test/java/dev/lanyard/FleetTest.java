package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * G8 for 10,000 processes and an outage of their source, twenty times with other draws: the
 * schedule alone, so that it takes seconds. {@code FleetSimulation} in {@code jmh} shows the same
 * with engines, and what callers get.
 */
@DisplayName("G8 for a fleet")
class FleetTest {
  private static final int PROCESSES = 10_000;
  private static final int SEEDS = 20;
  private static final int SECOND = 1_000;

  /** In its first so many lifetimes a fleet spreads out. */
  private static final int SPREADING = 5;

  @ParameterizedTest
  @CsvSource({
    // lifetime, outage
    "PT1H,  PT5M",
    "PT1H,  PT20M",
    "PT59M, PT20M",
    "PT6H,  PT45M",
  })
  void comesBackBelowFiveTimesItsMeanLoad(Duration lifetime, Duration outage) {
    for (int seed = 0; seed < SEEDS; seed++) {
      Fleet fleet = new Fleet(lifetime, outage, 0, seed);

      assertThat(fleet.busiestMinuteAfterTheOutage() / fleet.mean())
          .as("seed %s", seed)
          .isLessThan(5);
    }
  }

  @ParameterizedTest
  @CsvSource({
    // lifetime, outage
    "PT1H,  PT5M",
    "PT1H,  PT20M",
    "PT1H,  PT45M",
    "PT59M, PT20M",
    "PT6H,  PT45M",
  })
  void losesNoCredentialsWhereEveryFifthExchangeFailsAfterwards(
      Duration lifetime, Duration outage) {
    for (int seed = 0; seed < SEEDS; seed++) {
      assertThat(new Fleet(lifetime, outage, 0.2, seed).ranOut).as("seed %s", seed).isZero();
    }
  }

  private static final class Fleet {
    private final int lifetime;
    private final int begin;
    private final int end;
    private final int[] answers;

    /**
     * Processes whose credentials ran out although they had ten seconds or more left when the
     * source was back. With less, a single failure may be one too many.
     */
    private int ranOut;

    Fleet(Duration lifetime, Duration outage, double failing, long seed) {
      this.lifetime = (int) lifetime.toMillis();
      begin = 2 * SPREADING * this.lifetime;
      end = begin + (int) outage.toMillis();
      int until = end + 2 * this.lifetime;
      answers = new int[until / SECOND];
      SplittableRandom random = new SplittableRandom(seed);
      for (int process = 0; process < PROCESSES; process++) {
        live(random.nextInt(this.lifetime), until, failing, random);
      }
    }

    private void live(long start, long until, double failing, SplittableRandom random) {
      long now = start;
      long expires = now + lifetime;
      int failures = 0;
      while (now < until) {
        boolean down = now >= begin && now < end;
        if (down || (now >= end && random.nextDouble() < failing)) {
          failures++;
          long left = expires - now;
          if (left <= 0) {
            now += Schedule.backoffWithoutCredentials(Optional.empty(), random.nextDouble());
            continue;
          }
          now +=
              Schedule.backoffWithCredentials(
                  false, failures, left, Optional.empty(), random.nextDouble());
          if (now >= expires && expires >= end + 10 * SECOND) {
            ranOut++;
          }
        } else {
          answers[(int) (now / SECOND)]++;
          failures = 0;
          expires = now + lifetime;
          now += Schedule.untilRefresh(RefreshPolicy.defaults(), lifetime, random.nextDouble());
        }
      }
    }

    /** Answers in a second of the time before the outage. */
    double mean() {
      int from = SPREADING * lifetime / SECOND;
      int to = begin / SECOND;
      return Arrays.stream(answers, from, to).sum() / (double) (to - from);
    }

    double busiestMinuteAfterTheOutage() {
      int sum = 0;
      int busiest = 0;
      for (int second = end / SECOND; second < answers.length; second++) {
        sum += answers[second];
        if (second >= end / SECOND + 60) {
          sum -= answers[second - 60];
        }
        busiest = Math.max(busiest, sum);
      }
      return busiest / 60.0;
    }
  }
}
