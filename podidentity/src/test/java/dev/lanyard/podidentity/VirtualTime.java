package dev.lanyard.podidentity;

import dev.lanyard.spi.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Time that stands still until a test moves it, for exchanges over a real socket: timers run on the
 * thread that moves it, exchanges on threads of their own.
 */
final class VirtualTime implements Time {
  private final Queue<Timer> timers =
      new PriorityQueue<>(Comparator.comparingLong(Timer::at).thenComparingLong(Timer::number));
  private long nanos;
  private long numbers;
  private int running;
  private int begun;

  private record Timer(long at, long number, Runnable task, CompletableFuture<Void> handle) {}

  @Override
  public synchronized long millis() {
    return TestContext.NOW.toEpochMilli() + TimeUnit.NANOSECONDS.toMillis(nanos);
  }

  @Override
  public synchronized long nanos() {
    return nanos;
  }

  Instant now() {
    return Instant.ofEpochMilli(millis());
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
    begun++;
    Thread thread =
        new Thread(
            () -> {
              try {
                task.run();
              } finally {
                ended();
              }
            },
            "exchange");
    thread.setDaemon(true);
    thread.start();
  }

  private synchronized void ended() {
    running--;
    notifyAll();
  }

  /** How many exchanges have begun. */
  synchronized int begun() {
    return begun;
  }

  /** Waits until nothing runs any more: what runs is answered by a peer that does not hang. */
  synchronized void awaitQuiet() {
    long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (running > 0) {
      try {
        wait(1000);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      if (System.nanoTime() - giveUp > 0) {
        throw new AssertionError("an exchange does not end");
      }
    }
  }

  /** Moves time forward, running what comes due on the way and letting each exchange end. */
  void advance(Duration by) {
    long until = nanos() + by.toNanos();
    do {
      awaitQuiet();
    } while (runNext(until));
  }

  /** Moves time forward while an exchange hangs, running what comes due on the way. */
  void advanceBesideAHangingExchange(Duration by) {
    long until = nanos() + by.toNanos();
    boolean more;
    do {
      more = runNext(until);
    } while (more);
  }

  /** Moves time forward until another exchange begins, and not beyond. */
  void advanceToTheNextExchange() {
    awaitQuiet();
    int before = begun();
    while (begun() == before && runNext(Long.MAX_VALUE)) {
      // A timer that begins no exchange, such as a look at the token file.
    }
  }

  private boolean runNext(long until) {
    Timer due;
    synchronized (this) {
      timers.removeIf(timer -> timer.handle().isDone());
      due = timers.peek();
      if (due == null || due.at() > until) {
        nanos = until == Long.MAX_VALUE ? nanos : Math.max(nanos, until);
        return false;
      }
      timers.poll();
      nanos = Math.max(nanos, due.at());
    }
    due.task().run();
    return true;
  }
}
