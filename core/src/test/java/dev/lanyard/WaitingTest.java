package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.spi.ExchangeException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The decision as the pure function it is, a tick before, at and after each edge. */
class WaitingTest {
  /** Far from zero, so that a sum is never mistaken for a difference. */
  private static final long NOW = 1_000_000_000;

  private static final long TICK = 1_000_000;
  private static final long NANOS = NOW * TICK;
  private static final long ENDED = 3;

  private static State state(
      @Nullable Held held, FailureKind kind, long failedAgo, long nextIn, long hopeFor) {
    Failure failure =
        new Failure(
            new Origin.Source("scripted", 0),
            ExchangeException.builder(kind, "no").build(),
            NOW - failedAgo,
            NANOS - failedAgo * TICK);
    State state = State.empty(NOW, NANOS, NANOS);
    for (int i = 0; i < ENDED; i++) {
      state =
          state.failed(
              failure, held, null, Due.in(nextIn, NOW, NANOS), NANOS + hopeFor * TICK, NOW, NANOS);
    }
    return state;
  }

  private static Held held(long lifetime) {
    return ScriptedSource.held(
        ScriptedSource.credentials("A", java.time.Instant.ofEpochMilli(NOW + lifetime)),
        NOW,
        NANOS);
  }

  private static Waiting decide(State state, long endedAtArrival, long deadlineIn) {
    return Waiting.decide(
        state, 1, endedAtArrival, NANOS + deadlineIn * TICK, false, false, NOW, NANOS);
  }

  @ParameterizedTest
  @CsvSource({
    // failed ago, next in: the caller has seen nothing end
    "0,    10000, THROW",
    "4999, 10000, THROW",
    "5000, 10000, BEGIN",
    "5001, 10000, BEGIN",
  })
  void aRefusalIsRememberedForFiveSeconds(long failedAgo, long nextIn, Waiting decision) {
    assertThat(decide(state(null, FailureKind.REJECTED, failedAgo, nextIn, 30_000), ENDED, 30_000))
        .isEqualTo(decision);
    assertThat(
            decide(state(null, FailureKind.REJECTED, failedAgo, nextIn, 30_000), ENDED - 1, 30_000))
        .isEqualTo(Waiting.THROW);
  }

  @ParameterizedTest
  @CsvSource({
    // next in, deadline in, hope ends in
    "0,     30000, 30000, BEGIN",
    "1,     30000, 30000, WAIT",
    "2000,  30000, 30000, WAIT",
    "20000, 30000, 30000, WAIT",
    "1000,  1000,  30000, WAIT",
    "1000,  999,   30000, THROW",
    "1000,  30000, 1000,  WAIT",
    "1000,  30000, 999,   THROW",
    "1000,  30000, 0,     THROW",
    "1000,  30000, -1,    THROW",
    "0,     30000, -1,    BEGIN",
  })
  void beforeTheFirstCredentialsACallerWaitsWhileTheOutageMayPass(
      long nextIn, long deadlineIn, long hopeFor, Waiting decision) {
    assertThat(decide(state(null, FailureKind.TRANSIENT, 100, nextIn, hopeFor), ENDED, deadlineIn))
        .isEqualTo(decision);
  }

  @ParameterizedTest
  @CsvSource({
    // hope ends in, next in, has seen one end
    "1000, 1000, false, WAIT",
    "999,  1000, false, THROW",
    "0,    1000, false, THROW",
    "-1,   1000, false, THROW",
    "0,    1,    false, THROW",
    "0,    0,    false, BEGIN",
    "0,    0,    true,  THROW",
    "1000, 0,    true,  BEGIN",
  })
  void afterTheCredentialsACallerWaitsWhileTheOutageIsYoung(
      long hopeFor, long nextIn, boolean sharesAnEnd, Waiting decision) {
    assertThat(
            decide(
                state(held(-1), FailureKind.TRANSIENT, 100, nextIn, hopeFor),
                sharesAnEnd ? ENDED - 1 : ENDED,
                30_000))
        .isEqualTo(decision);
  }

  @Test
  void aPatientCallerWaitsForItsWholeTime() {
    State late = state(null, FailureKind.TRANSIENT, 100, 10_000, -1);
    assertThat(Waiting.decide(late, 1, ENDED - 1, NANOS + 60_000 * TICK, true, false, NOW, NANOS))
        .isEqualTo(Waiting.WAIT);
    assertThat(Waiting.decide(late, 1, ENDED - 1, NANOS + 9_999 * TICK, true, false, NOW, NANOS))
        .isEqualTo(Waiting.THROW);
  }

  @Test
  void whatIsHeldIsGivenToTheLastTick() {
    assertThat(decide(state(held(1), FailureKind.REJECTED, 0, 1_000, 0), ENDED, 0))
        .isEqualTo(Waiting.GIVE);
    assertThat(decide(state(held(0), FailureKind.REJECTED, 0, 1_000, 0), ENDED, 0))
        .isEqualTo(Waiting.THROW);
  }

  @ParameterizedTest
  @CsvSource({
    "PT0S, 1",
    "PT-1S, 1",
    "PT0.000000001S, 1",
    "PT0.001S, 1",
    "PT0.001000001S, 2",
    "PT1H, 3600000",
    "P36500D, 9223372036854775807",
    "PT875999H59M59S, 3153599999000",
  })
  void aMinimumIsRoundedUp(Duration minimum, long millis) {
    assertThat(Waiting.minimum(minimum)).isEqualTo(millis);
  }
}
