package dev.lanyard.jmh;

import dev.lanyard.runtime.Time;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.PriorityQueue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** The clock, the timers and the threads of a fleet: one thread moves them all. */
final class VirtualFleetTime implements Time {
  private static final long EPOCH = 1_900_000_000_000L;

  private final PriorityQueue<Timer> timers = new PriorityQueue<>();
  private final Deque<Runnable> work = new ArrayDeque<>();
  private long now;
  private long numbers;

  /** Milliseconds since the beginning. */
  long elapsed() {
    return now;
  }

  @Override
  public long millis() {
    return EPOCH + now;
  }

  @Override
  public long nanos() {
    return now * 1_000_000;
  }

  @Override
  public Future<?> after(Duration delay, Runnable task) {
    Timer timer = new Timer(now + Math.max(0, delay.toMillis()), numbers++, task);
    timers.add(timer);
    return timer;
  }

  @Override
  public void execute(Runnable task) {
    work.add(task);
  }

  /** Runs all that is due until then, each at its time. */
  void advanceTo(long millis) {
    while (true) {
      Runnable task;
      while ((task = work.poll()) != null) {
        task.run();
      }
      Timer next = timers.peek();
      if (next == null || next.at > millis) {
        now = Math.max(now, millis);
        return;
      }
      timers.poll();
      if (!next.done) {
        next.done = true;
        now = Math.max(now, next.at);
        next.task.run();
      }
    }
  }

  private static final class Timer implements Future<Void>, Comparable<Timer> {
    private final long at;
    private final long number;
    private final Runnable task;
    private boolean done;

    Timer(long at, long number, Runnable task) {
      this.at = at;
      this.number = number;
      this.task = task;
    }

    @Override
    public int compareTo(Timer other) {
      int byTime = Long.compare(at, other.at);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }

    @Override
    public boolean equals(Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return Long.hashCode(number);
    }

    @Override
    public boolean cancel(boolean mayInterrupt) {
      boolean cancelled = !done;
      done = true;
      return cancelled;
    }

    @Override
    public boolean isCancelled() {
      return done;
    }

    @Override
    public boolean isDone() {
      return done;
    }

    @Override
    public Void get() {
      throw new UnsupportedOperationException("virtual time is not waited for");
    }

    @Override
    public Void get(long timeout, TimeUnit unit) {
      throw new UnsupportedOperationException("virtual time is not waited for");
    }
  }
}
