package dev.lanyard.runtime;

import static java.time.Duration.ofMillis;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.VirtualTime;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When a lane takes more threads, by looks that the test makes at times of its own. */
class WorkersTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final VirtualTime time = new VirtualTime();
  private final long start = time.nanos();
  private final Looks looks = new Looks();
  private final AtomicInteger threads = new AtomicInteger();
  private final Semaphore begun = new Semaphore(0);
  private final Semaphore mayEnd = new Semaphore(0);
  private final Workers workers = new Workers(2, 256, LIMIT, this::daemon, looks, time);

  @AfterEach
  void end() {
    mayEnd.release(10_000);
    workers.end();
    looks.shutdownNow();
  }

  @Test
  void tasksThatAllHangSoonHaveAThreadEach() {
    hang(240);
    begin(2);

    lookAt(100);
    begin(6);
    lookAt(200);
    begin(18);
    lookAt(300);
    begin(54);
    lookAt(400);
    begin(160);

    assertThat(threads).hasValue(240);
  }

  @Test
  void noMoreThreadsThanTheBound() {
    hang(300);
    begin(2);

    for (int millis = 100; millis <= 800; millis += 100) {
      int before = threads.get();
      lookAt(millis);
      begin(Math.min(256, 2 + 3 * before) - before);
    }

    assertThat(threads).hasValue(256);
  }

  /** The machine stood still, or has more to do than it can: once, or all the time. */
  @ParameterizedTest
  @CsvSource({"150, 250", "190, 390"})
  void afterALateLookOnlyTheNextOneCallsATaskStuck(int late, int next) {
    hang(3);
    begin(2);

    lookAt(late);
    assertThat(threads).hasValue(2);

    lookAt(next);
    begin(1);
    assertThat(threads).hasValue(3);
  }

  @Test
  void whereTasksEndOneThatIsStuckIsToldByTheSecondLook() {
    hang(10);
    begin(2);

    mayEnd.release();
    begin(1);
    lookAt(100);
    assertThat(threads).hasValue(2);

    advanceTo(190);
    mayEnd.release();
    begin(1);
    lookAt(200);
    begin(1);
    assertThat(threads).hasValue(3);
  }

  private void hang(int tasks) {
    for (int i = 0; i < tasks; i++) {
      workers.execute(
          () -> {
            begun.release();
            mayEnd.acquireUninterruptibly();
          });
    }
  }

  /** Waits until so many more tasks run. */
  private void begin(int tasks) {
    try {
      assertThat(begun.tryAcquire(tasks, LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void lookAt(int millis) {
    advanceTo(millis);
    looks.next().run();
  }

  private void advanceTo(int millis) {
    time.advance(ofMillis(millis).minusNanos(time.nanos() - start));
  }

  private Thread daemon(Runnable task) {
    threads.incrementAndGet();
    Thread thread = new Thread(task, "worker");
    thread.setDaemon(true);
    return thread;
  }

  /** Takes what is to be done later, and leaves it to the test. */
  private static final class Looks extends ScheduledThreadPoolExecutor {
    private final Queue<Runnable> ordered = new ArrayDeque<>();

    Looks() {
      super(0);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable look, long delay, TimeUnit unit) {
      assertThat(unit.toMillis(delay)).isEqualTo(100);
      ordered.add(look);
      return super.schedule(() -> {}, Long.MAX_VALUE, TimeUnit.NANOSECONDS);
    }

    Runnable next() {
      assertThat(ordered).hasSize(1);
      return Objects.requireNonNull(ordered.poll());
    }
  }
}
