package dev.lanyard;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleTest {
  private static final double LAST_DRAW = Math.nextDown(1.0);
  private static final RefreshPolicy POLICY = RefreshPolicy.defaults();

  @ParameterizedTest
  @CsvSource({
    // lifetime, earliest refresh, latest refresh
    "PT12H, PT6H,    PT9H36M",
    "PT6H,  PT3H,    PT4H48M",
    "PT1H,  PT30M,   PT48M",
    "PT15M, PT7M30S, PT10M",
    "PT10M, PT5M,    PT8M",
    "PT1M,  PT30S,   PT48S",
    "PT1S,  PT0.5S,  PT0.8S",
  })
  void refreshesWithinTheWindowAndBeforeTheMarginWhereTheLifetimeAllowsIt(
      Duration lifetime, Duration earliest, Duration latest) {
    assertThat(Schedule.untilRefresh(POLICY, lifetime.toMillis(), 0))
        .isEqualTo(earliest.toMillis());
    assertThat(Schedule.untilRefresh(POLICY, lifetime.toMillis(), LAST_DRAW))
        .isBetween(latest.toMillis() - 1, latest.toMillis());
  }

  @Test
  void drawsUniformlyAndDoesNotGatherAtTheMargin() {
    long lifetime = ofMinutes(15).toMillis();

    assertThat(Schedule.untilRefresh(POLICY, lifetime, 0.5))
        .isEqualTo(ofMinutes(8).plusSeconds(45).toMillis());
  }

  @ParameterizedTest
  @CsvSource({
    // lifetime left, draw, next ask
    "74999, 0,    64999",
    "74999, 0.5,  62999",
    "44000, 0,    34000",
    "30000, 0.25, 19000",
    "17000, 0,    7000",
    "17000, 0.999, 3004",
    "14000, 0.5,  3000",
    "5000,  0,    3000",
    "1000,  0,    3000",
  })
  void asksOnceBetweenFourteenAndTenSecondsBeforeTheEnd(long left, double draw, long next) {
    assertThat(Schedule.untilPacedRefresh(POLICY, left, draw)).isEqualTo(next);
  }

  @Test
  void neverAsksTwiceWithinThirtySecondsForWhatBroughtNothingNewer() {
    assertThat(Schedule.untilPacedRefresh(POLICY, 75_000, 0)).isEqualTo(37_500 + 27_500);
    assertThat(Schedule.untilPacedRefresh(POLICY, 150_000, 0)).isEqualTo(75_000);
    assertThat(Schedule.untilPacedRefresh(POLICY, ofHours(1).toMillis(), 0))
        .isEqualTo(ofMinutes(30).toMillis());
  }

  @ParameterizedTest
  @CsvSource({
    // failures, lifetime left, shortest wait, longest wait
    "1,  PT1H,    PT0.1S, PT1S",
    "2,  PT1H,    PT0.1S, PT2S",
    "5,  PT1H,    PT0.1S, PT16S",
    "5,  PT20S,   PT0.1S, PT5S",
    "1,  PT0.2S,  PT0.1S, PT0.1S",
    // from here to the last half minute, or for an hour
    "6,  PT20M,   PT15M36S, PT19M30S",
    "60, PT20M,   PT15M36S, PT19M30S",
    "6,  PT61S,   PT24.8S, PT31S",
    "6,  PT61M,   PT48M,   PT1H",
    "6,  PT10H,   PT48M,   PT1H",
    // from here to the end
    "6,  PT60S,   PT12S,   PT24S",
    "6,  PT10S,   PT2S,    PT4S",
    "6,  PT4S,    PT1S,    PT1.6S",
    "6,  PT2.4S,  PT1S,    PT1S",
    "6,  PT1S,    PT0.5S,  PT0.5S",
    "60, PT0.15S, PT0.1S,  PT0.1S",
  })
  void retriesSoonThenSpreadThenOftenAtTheEnd(
      int failures, Duration left, Duration shortest, Duration longest) {
    assertThat(backoff(failures, left, 0)).isEqualTo(shortest.toMillis());
    assertThat(backoff(failures, left, LAST_DRAW))
        .isBetween(longest.toMillis() - 1, longest.toMillis());
  }

  @ParameterizedTest
  @CsvSource({
    // failures, lifetime left, longest wait
    "1,  PT1H, PT1S",
    "5,  PT1H, PT16S",
    "6,  PT1H, PT32S",
    "20, PT1H, PT5M",
    "60, PT1H, PT5M",
    "20, PT4M, PT1M",
    "20, PT4S, PT1S",
    "20, PT0.2S, PT0.1S",
  })
  void goesOnPromptlyForCredentialsThatAServiceHasRefused(
      int failures, Duration left, Duration longest) {
    assertThat(
            Schedule.backoffWithCredentials(
                true, failures, left.toMillis(), Optional.empty(), LAST_DRAW))
        .isBetween(longest.toMillis() - 1, longest.toMillis());
    assertThat(
            Schedule.backoffWithCredentials(true, failures, left.toMillis(), Optional.empty(), 0))
        .isEqualTo(100);
  }

  /** Every draw may be as bad as it can: the first, the last, or any between. */
  @Provide
  Arbitrary<List<Double>> draws() {
    return Arbitraries.frequencyOf(
            Tuple.of(2, Arbitraries.of(0.0, LAST_DRAW)),
            Tuple.of(1, Arbitraries.doubles().between(0, true, 1, false)))
        .list()
        .ofSize(60);
  }

  @Property
  void triesTenTimesInAMinuteOrMoreWhateverTheDraws(
      @ForAll @LongRange(min = 60_000, max = 43_200_000) long lifetimeLeft,
      @ForAll("draws") List<Double> draws) {
    List<Long> delays = delays(lifetimeLeft, draws);
    long end = delays.stream().mapToLong(delay -> delay).sum();
    long last = delays.get(delays.size() - 1);

    assertThat(delays.get(0)).isBetween(100L, 1_000L);
    assertThat(delays).allMatch(delay -> delay >= 100);
    // The last of them may come within the tenth of a second that is the least between attempts.
    assertThat(end - last).isLessThan(lifetimeLeft);
    assertThat(end).isLessThanOrEqualTo(lifetimeLeft + 100);
    assertThat(delays.stream().limit(delays.size() - 1)).hasSizeGreaterThanOrEqualTo(10);
  }

  @Property
  void triesAgainBeforeTheEndHoweverLongTheSourceWantsToBeLeftAlone(
      @ForAll @LongRange(min = 1_000, max = 43_200_000) long lifetimeLeft,
      @ForAll @LongRange(min = 0, max = 90_000_000) long retryAfter,
      @ForAll @IntRange(min = 1, max = 100) int failures,
      @ForAll boolean refused,
      @ForAll @DoubleRange(max = 1, maxIncluded = false) double draw) {
    long without =
        Schedule.backoffWithCredentials(refused, failures, lifetimeLeft, Optional.empty(), draw);
    long with =
        Schedule.backoffWithCredentials(
            refused, failures, lifetimeLeft, Optional.of(Duration.ofMillis(retryAfter)), draw);

    assertThat(with)
        .isLessThan(lifetimeLeft)
        .isEqualTo(Math.max(without, Math.min(retryAfter, lifetimeLeft - lifetimeLeft / 4)));
  }

  @Property
  void waitsNoShorterForALaterDraw(
      @ForAll @LongRange(min = 0, max = 43_200_000) long lifetimeLeft,
      @ForAll @IntRange(min = 1, max = 100) int failures,
      @ForAll @DoubleRange(max = 1, maxIncluded = false) double one,
      @ForAll @DoubleRange(max = 1, maxIncluded = false) double other) {
    Duration left = Duration.ofMillis(lifetimeLeft);

    assertThat(backoff(failures, left, Math.min(one, other)))
        .isLessThanOrEqualTo(backoff(failures, left, Math.max(one, other)));
  }

  /** What passes between the attempts of a source that keeps failing, until the end is reached. */
  private static List<Long> delays(long lifetimeLeft, List<Double> draws) {
    List<Long> delays = new ArrayList<>();
    long left = lifetimeLeft;
    while (left > 0) {
      int failures = delays.size() + 1;
      long delay = backoff(failures, Duration.ofMillis(left), draws.get(delays.size()));
      delays.add(delay);
      left -= delay;
    }
    return delays;
  }

  private static long backoff(int failures, Duration left, double draw) {
    return Schedule.backoffWithCredentials(
        false, failures, left.toMillis(), Optional.empty(), draw);
  }

  @Test
  void honoursRetryAfterWithinTheTimeLeft() {
    long left = ofMinutes(20).toMillis();

    assertThat(Schedule.backoffWithCredentials(false, 1, left, Optional.of(ofMinutes(10)), 0.5))
        .isEqualTo(ofMinutes(10).toMillis());
    assertThat(Schedule.backoffWithCredentials(false, 1, left, Optional.of(ofHours(2)), 0.5))
        .isEqualTo(ofMinutes(15).toMillis());
    assertThat(
            Schedule.backoffWithCredentials(
                false, 1, left, Optional.of(Duration.ofSeconds(Long.MAX_VALUE)), 0.5))
        .isEqualTo(ofMinutes(15).toMillis());
    assertThat(Schedule.backoffWithCredentials(false, 9, left, Optional.of(ofMinutes(16)), 0.5))
        .isGreaterThan(ofMinutes(16).toMillis());
  }

  @Test
  void triesEveryFiveToFifteenSecondsOnceNothingIsLeft() {
    assertThat(Schedule.backoffWithoutCredentials(Optional.empty(), 0)).isEqualTo(5_000);
    assertThat(Schedule.backoffWithoutCredentials(Optional.empty(), LAST_DRAW))
        .isBetween(14_999L, 15_000L);
    assertThat(Schedule.backoffWithoutCredentials(Optional.of(ofHours(9)), 0))
        .isEqualTo(ofMinutes(5).toMillis());
  }

  @Test
  void retriesTheFirstExchangeFromAHundredMillisecondsToTwoSeconds() {
    assertThat(Schedule.quickRetry(1, Optional.empty(), 0)).isEqualTo(100);
    assertThat(Schedule.quickRetry(1, Optional.empty(), LAST_DRAW)).isBetween(199L, 200L);
    assertThat(Schedule.quickRetry(1_000, Optional.empty(), LAST_DRAW)).isBetween(1_999L, 2_000L);
    assertThat(Schedule.quickRetry(1, Optional.of(ofSeconds(7)), 0)).isEqualTo(7_000);
  }

  @ParameterizedTest
  @CsvSource({
    // answered at, sent, received, skew
    "10000, 10000, 10300, 0",
    "10000, 10999, 11300, 0",
    "10000, 11100, 11300, -101",
    "10000, 9500,  9800,  1499",
    "0,     7200000, 7200100, -7199001",
    "10000, 9000,  10000, 0",
    "10000, 9000,  9999,  1999",
    "10000, 10999, 11000, 0",
    "10000, 11000, 11000, -1",
  })
  void callsSkewOnlyWhatTheAnswersTimeCannotExplain(
      long answeredAt, long sent, long received, long skew) {
    assertThat(Schedule.skew(Optional.of(Instant.ofEpochMilli(answeredAt)), sent, received))
        .isEqualTo(skew);
  }

  @Test
  void knowsNoSkewWithoutADate() {
    assertThat(Schedule.skew(Optional.empty(), 1, 2)).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "-1000000000-01-01T00:00:00Z, 0",
    "1970-01-01T00:00:00Z,        0",
    "1970-01-01T00:00:01Z,        1000",
    "9999-12-31T23:59:59Z,        253402300799000",
    "+1000000000-12-31T23:59:59Z, 253402300799000",
  })
  void knowsTimesOfFourDigitYears(Instant instant, long millis) {
    assertThat(Schedule.millis(instant)).isEqualTo(millis);
  }

  @Test
  void countsToACentury() {
    assertThat(Schedule.bounded(ofSeconds(Long.MAX_VALUE))).isEqualTo(Schedule.LONGEST);
    assertThat(Schedule.bounded(ofHours(1))).isEqualTo(ofHours(1));
    assertThat(new Due(5, 5).ago(7, 1_000_005)).isEqualTo(Duration.ofMillis(2));
    assertThat(new Due(5, 5).ago(5, 3_000_005)).isEqualTo(Duration.ofMillis(3));
    assertThat(new Due(5, 5).ago(4, 4)).isEqualTo(Duration.ZERO);
  }
}
