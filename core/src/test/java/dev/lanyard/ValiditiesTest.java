package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The schedule of views as the pure functions it is, at both ends of the draw. */
class ValiditiesTest {
  private static final RefreshPolicy POLICY = RefreshPolicy.defaults();
  private static final double LAST_DRAW = Math.nextDown(1.0);

  private static long millis(String duration) {
    return Duration.parse(duration).toMillis();
  }

  @ParameterizedTest
  @CsvSource({
    // lifetime, minimum, earliest, latest: the margin of 5 minutes is kept where there is room
    "PT1H,   PT0S,  PT30M,   PT48M",
    "PT1H,   PT15M, PT25M,   PT40M",
    "PT1H,   PT40M, PT9M22S, PT15M",
    "PT1H,   PT55M, PT1M33S, PT2M30S",
    "PT1H,   PT59M, PT30S,   PT30S",
    "PT6H,   PT15M, PT3H,    PT4H48M",
    "PT59M,  PT1H,  PT30S,   PT30S",
  })
  void newCredentialsAreRefreshedBeforeTheyLiveTooShort(
      String lifetime, String minimum, String earliest, String latest) {
    long life = millis(lifetime);
    assertThat(Validities.untilRefresh(POLICY, life, millis(minimum), 0))
        .isBetween(millis(earliest), millis(earliest) + 999);
    assertThat(Validities.untilRefresh(POLICY, life, millis(minimum), LAST_DRAW))
        .isBetween(millis(latest) - 1, millis(latest));
  }

  @ParameterizedTest
  @CsvSource({
    // left, minimum, earliest, latest
    "PT30M, PT0S,  PT15M, PT24M",
    "PT30M, PT15M, PT6M15S, PT10M",
    "PT14M, PT15M, PT30S, PT1M",
    "PT76S, PT15M, PT30S, PT1M2S",
  })
  void aCacheThatIsServedIsAskedAtThePace(
      String left, String minimum, String earliest, String latest) {
    assertThat(Validities.untilPacedRefresh(POLICY, millis(left), millis(minimum), 0))
        .isBetween(millis(earliest), millis(earliest) + 999);
    assertThat(Validities.untilPacedRefresh(POLICY, millis(left), millis(minimum), LAST_DRAW))
        .isBetween(millis(latest) - 1_000, millis(latest));
  }

  @Test
  void nearTheEndACacheHasItsOwnPaceWhateverAViewAsksFor() {
    for (long left = 0; left <= 74_999; left += 500) {
      for (double draw : new double[] {0, 0.5, LAST_DRAW}) {
        assertThat(Validities.untilPacedRefresh(POLICY, left, millis("PT15M"), draw))
            .as("left %d", left)
            .isEqualTo(Schedule.untilPacedRefresh(POLICY, left, draw));
      }
    }
  }

  @Test
  void theLargestThatCanBeServedAtThePaceCounts() {
    Validities validities = new Validities();
    assertThat(validities.largest(Long.MAX_VALUE)).isZero();
    Validities.Asked quarter = validities.ask(millis("PT15M"));
    Validities.Asked hour = validities.ask(millis("PT1H"));

    assertThat(validities.largest(millis("PT2H"))).isEqualTo(millis("PT1H"));
    assertThat(validities.largest(millis("PT1H30S"))).isEqualTo(millis("PT1H"));
    assertThat(validities.largest(millis("PT1H30S") - 1)).isEqualTo(millis("PT15M"));
    assertThat(validities.largest(millis("PT15M"))).isZero();
    assertThat(validities.ask(millis("PT15M"))).isSameAs(quarter);
    assertThat(validities.live()).containsExactlyInAnyOrder(quarter, hour);
  }

  @Test
  void retriesAreSpreadOverWhatIsLeftOfTheViewThenOverWhatIsLeft() {
    assertThat(Validities.spreadOver(100, 0)).isEqualTo(100);
    assertThat(Validities.spreadOver(100, 40)).isEqualTo(60);
    assertThat(Validities.spreadOver(100, 100)).isEqualTo(100);
    assertThat(Validities.spreadOver(100, 101)).isEqualTo(100);
  }
}
