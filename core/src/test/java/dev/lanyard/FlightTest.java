package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FlightTest {
  private final VirtualTime time = new VirtualTime();
  private final Flight flight = new Flight(time, Duration.ofSeconds(10));

  /**
   * Another thread gets at it: nothing that was called holds the lock. Waiting for that is not to
   * heed the interrupt that a time-out leaves; where the lock is held it ends after a minute.
   */
  private void assertNobodyHoldsIt() {
    assertThat(
            CompletableFuture.supplyAsync(() -> flight.runsOn(Thread.currentThread()))
                .orTimeout(1, TimeUnit.MINUTES)
                .join())
        .isFalse();
  }

  @Test
  void isOpenToOtherThreadsAfterEachStep() {
    List<String> seen = new ArrayList<>();
    flight.enter();
    assertNobodyHoldsIt();
    assertThat(flight.runsOn(Thread.currentThread())).isTrue();
    assertNobodyHoldsIt();
    flight.onTimeout(() -> seen.add("aborted"));
    assertNobodyHoldsIt();
    flight.timeOut();
    assertNobodyHoldsIt();
    assertThat(flight.hasTimedOut()).isTrue();
    assertNobodyHoldsIt();
    flight.timeOut();
    assertThat(seen).containsExactly("aborted");
    flight.leave();
    assertNobodyHoldsIt();
    assertThat(flight.runsOn(Thread.currentThread())).isFalse();
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void itsTimeBeginsWhenItHasAThread() {
    time.advance(Duration.ofSeconds(30));
    flight.enter();

    assertThat(flight.elapsed()).isZero();
    assertThat(flight.begunMillis()).isEqualTo(time.millis());
    assertThat(flight.timeLeft()).isEqualTo(flight.budget());
    flight.leave();
  }

  @Test
  void isNotTimedOutOnceItHasEnded() {
    flight.enter();
    flight.leave();
    flight.timeOut();

    assertThat(flight.hasTimedOut()).isFalse();
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void keepsAnInterruptThatIsNotItsOwn() {
    flight.enter();
    Thread.currentThread().interrupt();
    flight.leave();

    assertThat(Thread.interrupted()).isTrue();
  }
}
