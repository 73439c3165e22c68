package dev.lanyard;

import dev.lanyard.runtime.Time;
import dev.lanyard.spi.ExchangeContext;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One exchange in flight, bounded in time as a whole. Refers to no engine: a timer may outlive it.
 */
final class Flight implements ExchangeContext, Runnable {
  private final Time time;
  private final Duration budget;

  private final ReentrantLock lock = new ReentrantLock();
  private volatile @Nullable Thread thread;
  private @Nullable Runnable abort;
  private volatile boolean timedOut;
  private boolean ended;
  private volatile long begunNanos;
  private volatile long begunMillis;

  Flight(Time time, Duration budget) {
    this.time = time;
    this.budget = budget;
    this.begunNanos = time.nanos();
    this.begunMillis = time.millis();
  }

  @Override
  public Instant now() {
    return Instant.ofEpochMilli(time.millis());
  }

  @Override
  public Duration timeLeft() {
    Duration left = budget.minus(elapsed());
    return left.isNegative() ? Duration.ZERO : left;
  }

  @Override
  public void onTimeout(Runnable abort) {
    lock.lock();
    try {
      this.abort = abort;
      if (!timedOut) {
        return;
      }
    } finally {
      lock.unlock();
    }
    abort.run();
  }

  Duration elapsed() {
    return Duration.ofNanos(time.nanos() - begunNanos);
  }

  /** When the exchange was begun, in milliseconds by the wall clock. */
  long begunMillis() {
    return begunMillis;
  }

  /** Whether the wall clock moved against the monotonic one since the exchange began. */
  boolean spansAStep(long now, long nanos) {
    long byWall = now - begunMillis;
    long byNanos = Math.floorDiv(nanos - begunNanos, 1_000_000L);
    return Math.abs(byWall - byNanos) > Held.Life.STEP;
  }

  Duration budget() {
    return budget;
  }

  /**
   * Notes the thread on which the exchange runs. Its time begins now: it may have waited for one.
   */
  void enter() {
    lock.lock();
    try {
      thread = Thread.currentThread();
      begunNanos = time.nanos();
      begunMillis = time.millis();
    } finally {
      lock.unlock();
    }
  }

  /** Ends the exchange on its thread, which the end of the budget no longer interrupts. */
  void leave() {
    lock.lock();
    try {
      ended = true;
      thread = null;
      abort = null;
      if (timedOut) {
        // The interrupt was meant for the exchange, not for the thread's next task.
        Thread.interrupted();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Without the lock, which an abort or an interrupt that blocks may hold. */
  boolean runsOn(Thread candidate) {
    return thread == candidate;
  }

  boolean hasTimedOut() {
    return timedOut;
  }

  /** As a timer's task: an abort and an interrupt may block, which the timers' thread must not. */
  @Override
  public void run() {
    try {
      time.execute(Time.Lane.ABORT, this::timeOut);
    } catch (RuntimeException | Error e) {
      // No thread could be started: the exchange ends when its own time-outs do.
    }
  }

  /** The budget has run out: ends what the exchange blocks on. */
  void timeOut() {
    Runnable registered;
    lock.lock();
    try {
      if (ended || timedOut) {
        return;
      }
      timedOut = true;
      // Under the lock: once the exchange has ended, its thread belongs to another.
      Thread running = thread;
      if (running != null) {
        running.interrupt();
      }
      registered = abort;
    } finally {
      lock.unlock();
    }
    if (registered != null) {
      registered.run();
    }
  }
}
