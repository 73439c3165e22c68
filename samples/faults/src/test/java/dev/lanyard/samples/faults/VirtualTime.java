package dev.lanyard.samples.faults;

import dev.lanyard.spi.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Time that stands still until a test moves it, for exchanges over real sockets: timers run on the
 * thread that moves it, exchanges on threads of their own.
 */
final class VirtualTime implements Time {
  /** Far more than anything here takes; only a defect waits so long. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Instant START = Instant.parse("2030-01-01T00:00:00Z");
  private static final ExecutorService THREADS =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "virtual-time");
            thread.setDaemon(true);
            return thread;
          });

  private final Queue<Timer> timers =
      new PriorityQueue<>(Comparator.comparingLong(Timer::at).thenComparingLong(Timer::number));
  private long nanos;
  private long numbers;
  private int running;
  private Duration wrong = Duration.ZERO;

  private record Timer(long at, long number, Runnable task, CompletableFuture<Void> handle) {}

  /** The pod's wall clock, which may be wrong. */
  @Override
  public synchronized long millis() {
    return rightNow().plus(wrong).toEpochMilli();
  }

  @Override
  public synchronized long nanos() {
    return nanos;
  }

  /** The time by everybody else's clock. */
  synchronized Instant rightNow() {
    return START.plusNanos(nanos);
  }

  /** Sets the pod's wall clock apart from everybody else's. */
  synchronized void isWrongBy(Duration ahead) {
    wrong = ahead;
  }

  @Override
  public synchronized Future<?> after(Duration delay, Runnable task) {
    CompletableFuture<Void> handle = new CompletableFuture<>();
    timers.add(new Timer(nanos + Math.max(0, delay.toNanos()), numbers++, task, handle));
    return handle;
  }

  @Override
  public synchronized void execute(Runnable task) {
    running++;
    THREADS.execute(
        () -> {
          try {
            task.run();
          } finally {
            ended();
          }
        });
  }

  private synchronized void ended() {
    running--;
    notifyAll();
  }

  /**
   * Waits until nothing runs, or nothing but one exchange to which the source does not answer.
   *
   * @param unanswered tells whether there is one
   */
  synchronized void settle(BooleanSupplier unanswered) {
    long begun = System.nanoTime();
    while (running > 0 && !(running == 1 && unanswered.getAsBoolean())) {
      try {
        // Woken when a task ends; that a request has arrived at the source wakes nobody.
        wait(1);
      } catch (InterruptedException e) {
        throw new AssertionError("interrupted while an exchange runs", e);
      }
      if (System.nanoTime() - begun > PATIENCE.toNanos()) {
        throw new AssertionError("an exchange does not end");
      }
    }
  }

  /** Moves on to the next timer and runs it; without one until then, moves on to that time. */
  boolean runNext(long untilNanos) {
    Timer due;
    synchronized (this) {
      timers.removeIf(timer -> timer.handle().isDone());
      due = timers.peek();
      if (due == null || due.at() > untilNanos) {
        nanos = Math.max(nanos, untilNanos);
        return false;
      }
      timers.poll();
      nanos = Math.max(nanos, due.at());
    }
    due.task().run();
    return true;
  }

  /** Moves on without running any timer, as if the process had been stopped and continued. */
  synchronized void standStill(Duration by) {
    nanos += by.toNanos();
  }

  /** Runs a task on another thread and waits for it, which no caller's question needs for long. */
  static <T> T onAThread(java.util.concurrent.Callable<T> task) {
    Future<T> result = THREADS.submit(task);
    try {
      return result.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError("a caller was delayed, or failed: " + e.getClass(), e);
    }
  }
}
