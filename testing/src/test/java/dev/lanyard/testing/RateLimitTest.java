package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RateLimitTest {
  private static final Instant START = Instant.parse("2030-01-01T00:00:00Z");

  private final RateLimit limit = new RateLimit(Duration.ofMillis(1), 500);

  @Test
  void admitsTheBurstAndNoMore() {
    assertThat(admitted(START, 600)).isEqualTo(500);
  }

  @Test
  void earnsOnePermitAnIntervalAndNotSooner() {
    admitted(START, 500);

    assertThat(admitted(START.plusNanos(999_999), 1)).isZero();
    assertThat(admitted(START.plusNanos(1_000_000), 2)).isEqualTo(1);
    assertThat(admitted(START.plusMillis(2), 2)).isEqualTo(1);
  }

  @Test
  void keepsThePartOfAnIntervalThatARefusedRequestFound() {
    admitted(START, 500);

    for (int i = 1; i < 10; i++) {
      assertThat(admitted(START.plusNanos(i * 100_000L), 1)).isZero();
    }
    assertThat(admitted(START.plusNanos(1_000_000), 1)).isEqualTo(1);
  }

  @Test
  void admitsAThousandASecondForAsLongAsTheyCome() {
    admitted(START, 500);

    int admitted = 0;
    for (int i = 1; i <= 2000; i++) {
      admitted += admitted(START.plusNanos(i * 500_000L), 1);
    }
    assertThat(admitted).isEqualTo(1000);
  }

  @Test
  void isFullAfterHalfASecondAndNotFullerLater() {
    admitted(START, 500);
    assertThat(admitted(START.plusMillis(499), 1000)).isEqualTo(499);
    assertThat(admitted(START.plusMillis(999), 1000)).isEqualTo(500);
    assertThat(admitted(START.plus(Duration.ofDays(9)), 1000)).isEqualTo(500);
  }

  @Test
  void isNotFullerThanFullByWhatWasLeft() {
    admitted(START, 100);

    assertThat(admitted(START.plusMillis(300), 1000)).isEqualTo(500);
  }

  @Test
  void earnsNothingFromAClockThatIsSetBack() {
    admitted(START, 500);

    assertThat(admitted(START.minusSeconds(60), 1)).isZero();
    assertThat(admitted(START.minusSeconds(60).plusMillis(1), 2)).isEqualTo(1);
  }

  private int admitted(Instant at, int requests) {
    int admitted = 0;
    for (int i = 0; i < requests; i++) {
      if (limit.admits(at)) {
        admitted++;
      }
    }
    return admitted;
  }
}
