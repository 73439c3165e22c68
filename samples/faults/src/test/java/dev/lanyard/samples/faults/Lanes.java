package dev.lanyard.samples.faults;

import dev.lanyard.runtime.Time;
import dev.lanyard.testing.TestTime;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A cell's time, whose threads know what they are for, and which moves on while a look at a file
 * hangs: {@link TestTime} waits for each.
 */
final class Lanes implements Time {
  private static final ThreadLocal<@Nullable Lane> LANE = new ThreadLocal<>();

  private final TestTime time;
  private final AtomicInteger looks = new AtomicInteger();
  private volatile Runnable beforeEachExchange = () -> {};

  Lanes(TestTime time) {
    this.time = time;
  }

  /** What the calling thread is for; null for a caller's thread, and for that of the timers. */
  static @Nullable Lane ofThisThread() {
    return LANE.get();
  }

  void beforeEachExchange(Runnable task) {
    beforeEachExchange = task;
  }

  /** How many tasks run. */
  int running() {
    return time.running() + looks.get();
  }

  @Override
  public long millis() {
    return time.millis();
  }

  @Override
  public long nanos() {
    return time.nanos();
  }

  @Override
  public Future<?> after(Duration delay, Runnable task) {
    return time.after(delay, task);
  }

  @Override
  public void execute(Runnable task) {
    execute(Lane.EXCHANGE, task);
  }

  @Override
  public void execute(Lane lane, Runnable task) {
    if (lane != Lane.FILE) {
      time.execute(lane, () -> run(lane, task));
      return;
    }
    looks.incrementAndGet();
    Thread thread =
        new Thread(
            () -> {
              try {
                run(lane, task);
              } finally {
                looks.decrementAndGet();
              }
            },
            "look");
    thread.setDaemon(true);
    thread.start();
  }

  private void run(Lane lane, Runnable task) {
    LANE.set(lane);
    if (lane == Lane.EXCHANGE || lane == Lane.LATE_EXCHANGE) {
      beforeEachExchange.run();
    }
    task.run();
  }

  @Override
  public boolean await(CompletableFuture<?> done, Duration atMost) throws InterruptedException {
    return time.await(done, atMost);
  }
}
