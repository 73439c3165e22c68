package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class TestTimeTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final TestTime time = TestTime.create();
  private final List<String> done = new ArrayList<>();

  private void note(String what) {
    done.add(what + " at " + Duration.ofNanos(time.nanos()).toMillis());
  }

  private void after(Duration delay, Runnable task) {
    Future<?> unused = time.after(delay, task);
  }

  @Test
  void standsStillUntilItIsMoved() {
    Instant start = Instant.parse("2031-05-06T07:08:09.123456Z");
    TestTime time = TestTime.startingAt(start);
    assertThat(time.instant()).isEqualTo(start);
    assertThat(time.millis()).isEqualTo(start.toEpochMilli());

    long before = time.nanos();
    time.advance(Duration.ofHours(3));

    assertThat(time.instant()).isEqualTo(start.plus(Duration.ofHours(3)));
    assertThat(time.nanos() - before).isEqualTo(Duration.ofHours(3).toNanos());
    assertThat(time).hasToString("TestTime[2031-05-06T10:08:09.123456Z]");
  }

  @Test
  void letsACallerWaitUntilAnotherThreadHasMovedItSoFar() throws Exception {
    CompletableFuture<Boolean> waited = new CompletableFuture<>();
    Thread caller =
        new Thread(
            () -> {
              try {
                waited.complete(time.await(new CompletableFuture<>(), SECOND));
              } catch (InterruptedException e) {
                waited.completeExceptionally(e);
              }
            });
    caller.start();
    while (!waited.isDone()) {
      // The caller may not have come yet: then a later move ends its wait.
      time.advance(SECOND);
    }

    assertThat(waited.join()).isFalse();
    assertThat(time.await(CompletableFuture.completedFuture("done"), Duration.ZERO)).isTrue();
    assertThat(time.await(CompletableFuture.failedFuture(new AssertionError()), SECOND)).isTrue();
  }

  @Test
  void runsWhatComesDueInTheOrderOfTheTimesEachAtItsTime() {
    after(SECOND.multipliedBy(3), () -> note("third"));
    after(SECOND, () -> note("first"));
    after(SECOND, () -> note("second"));
    after(SECOND.multipliedBy(4), () -> note("not yet"));

    time.advance(Duration.ofMillis(3500));

    assertThat(done).containsExactly("first at 1000", "second at 1000", "third at 3000");
    assertThat(time.nanos()).isEqualTo(Duration.ofMillis(3500).toNanos());
    time.advance(Duration.ofMillis(500));
    assertThat(done).last().isEqualTo("not yet at 4000");
  }

  @Test
  void whatWasDueAtOnceWaitsForTimeToBeMovedBeItByNothing() {
    after(Duration.ofSeconds(-5), () -> note("due"));
    assertThat(done).isEmpty();

    time.advance(Duration.ZERO);

    assertThat(done).containsExactly("due at 0");
  }

  @Test
  void whatATaskAsksForRunsOnTheSameWay() {
    after(SECOND, () -> after(SECOND, () -> note("second step")));

    time.advance(Duration.ofSeconds(2));

    assertThat(done).containsExactly("second step at 2000");
  }

  @Test
  void aCancelledTaskIsNotRunAndCancellingTwiceDoesNoHarm() {
    Future<?> task = time.after(SECOND, () -> note("cancelled"));
    assertThat(task.cancel(false)).isTrue();
    task.cancel(false);

    assertThat(time.advanceToNext(Duration.ofHours(1))).isFalse();

    assertThat(done).isEmpty();
    assertThat(time.instant()).isEqualTo(Instant.parse("2030-01-01T01:00:00Z"));
  }

  @Test
  void aDelayOfAgesNeverComes() {
    time.advance(SECOND);
    after(Duration.ofSeconds(Long.MAX_VALUE), () -> note("never"));

    time.advance(Duration.ofDays(365));

    assertThat(done).isEmpty();
  }

  @Test
  void goesStepByStepForATestThatLooksAtEach() {
    after(SECOND, () -> note("one"));
    after(SECOND.multipliedBy(2), () -> note("two"));

    assertThat(time.advanceToNext(SECOND.multipliedBy(9))).isTrue();
    assertThat(done).containsExactly("one at 1000");
    assertThat(time.advanceToNext(SECOND.dividedBy(2))).isFalse();
    assertThat(time.nanos()).isEqualTo(Duration.ofMillis(1500).toNanos());
    assertThat(time.advanceToNext(SECOND)).isTrue();
    assertThat(done).containsExactly("one at 1000", "two at 2000");
  }

  @Test
  void runsWhatCameDueWhileTheProcessWasStoppedWhenItContinues() {
    after(SECOND, () -> note("late"));
    time.skip(Duration.ofMinutes(1));
    assertThat(done).isEmpty();
    assertThat(time.instant()).isEqualTo(Instant.parse("2030-01-01T00:01:00Z"));

    time.advance(Duration.ZERO);

    assertThat(done).containsExactly("late at 60000");
  }

  @Test
  void stepsTheWallClockAloneForthAndBack() {
    after(SECOND, () -> note("due"));

    time.stepWallClock(Duration.ofHours(2));
    assertThat(time.instant()).isEqualTo("2030-01-01T02:00:00Z");
    assertThat(time.millis()).isEqualTo(time.instant().toEpochMilli());
    assertThat(time.nanos()).isZero();
    time.advance(Duration.ZERO);
    assertThat(done).isEmpty();

    time.stepWallClock(Duration.ofHours(-5));
    time.advance(SECOND);
    assertThat(time.instant()).isEqualTo("2029-12-31T21:00:01Z");
    assertThat(done).containsExactly("due at 1000");
  }

  @Test
  void aStepIsThePodsAloneWhereAwsIsSetApartByAsMuch() {
    try (FakeEks eks = FakeEks.builder().clock(time).start()) {
      Instant before = eks.clock().instant();
      time.stepWallClock(Duration.ofHours(2));
      assertThat(eks.clock().instant()).isEqualTo(before.plus(Duration.ofHours(2)));

      eks.clock().setBehindBy(Duration.ofHours(2));

      assertThat(eks.clock().instant()).isEqualTo(before);
    }
  }

  @Test
  void timeMovesForwardOnly() {
    for (Duration back : new Duration[] {Duration.ofNanos(-1), Duration.ofHours(-3)}) {
      assertThatThrownBy(() -> time.advance(back)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> time.skip(back)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> time.advanceToNext(back))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> time.advanceWhileHanging(back))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(time.nanos()).isZero();
  }

  @Test
  void letsAnExchangeEndBeforeTimeMovesOn() {
    AtomicReference<Instant> ended = new AtomicReference<>();
    AtomicReference<Thread> on = new AtomicReference<>();
    after(
        SECOND,
        () ->
            time.execute(
                () -> {
                  // Real time goes by, as it does on a socket.
                  for (int i = 0; i < 1_000_000; i++) {
                    Thread.onSpinWait();
                  }
                  on.set(Thread.currentThread());
                  ended.set(time.instant());
                }));
    after(SECOND.multipliedBy(2), () -> note("next"));

    time.advance(Duration.ofSeconds(10));

    assertThat(ended).hasValue(Instant.parse("2030-01-01T00:00:01Z"));
    assertThat(on.get()).isNotSameAs(Thread.currentThread());
    assertThat(on).hasValueMatching(Thread::isDaemon);
    assertThat(done).containsExactly("next at 2000");
    assertThat(time.running()).isZero();
  }

  @Test
  void movesBesideAnExchangeThatHangsAndRunsWhatEndsIt() {
    CountDownLatch budget = new CountDownLatch(1);
    AtomicInteger ended = new AtomicInteger();
    time.execute(
        () -> {
          try {
            budget.await();
            ended.incrementAndGet();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    after(Duration.ofSeconds(10), budget::countDown);

    time.advanceWhileHanging(Duration.ofSeconds(9));
    assertThat(time.running()).isEqualTo(1);
    assertThat(ended).hasValue(0);

    time.advanceWhileHanging(Duration.ofSeconds(1));
    time.awaitIdle();
    assertThat(ended).hasValue(1);
  }

  @Test
  void whoIsInterruptedWhileAnExchangeRunsIsToldAndStaysInterrupted() {
    CountDownLatch end = new CountDownLatch(1);
    time.execute(
        () -> {
          try {
            end.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    try {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> time.advance(SECOND))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("Interrupted");
      assertThat(Thread.interrupted()).isTrue();
      assertThat(time.nanos()).isZero();
    } finally {
      end.countDown();
    }
    time.advance(SECOND);
  }

  @Test
  void anExchangeThatThrowsHasEndedToo() {
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> {});
    try {
      time.execute(
          () -> {
            throw new IllegalStateException("of this test");
          });
      time.awaitIdle();
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
    assertThat(time.running()).isZero();
  }

  @Test
  void isTheClockOfAClusterToo() {
    try (FakeEks eks = FakeEks.builder().clock(time).start()) {
      time.advance(Duration.ofMinutes(5));
      assertThat(eks.clock().instant()).isEqualTo(Instant.parse("2030-01-01T00:05:00Z"));
      eks.clock().setBehindBy(Duration.ofMinutes(5));
      assertThat(eks.clock().instant()).isEqualTo(Instant.parse("2030-01-01T00:00:00Z"));
      assertThat(time.instant()).isEqualTo(Instant.parse("2030-01-01T00:05:00Z"));
    }
  }
}
