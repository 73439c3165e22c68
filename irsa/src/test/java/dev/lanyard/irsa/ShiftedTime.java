package dev.lanyard.irsa;

import dev.lanyard.spi.Time;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** The real clocks, moved forward by what a test says, and real threads. */
final class ShiftedTime implements Time, AutoCloseable {
  private final AtomicLong nanosAhead = new AtomicLong();
  private final ScheduledExecutorService threads = Executors.newScheduledThreadPool(4);

  void advance(Duration by) {
    nanosAhead.addAndGet(by.toNanos());
  }

  @Override
  public long millis() {
    return System.currentTimeMillis() + TimeUnit.NANOSECONDS.toMillis(nanosAhead.get());
  }

  @Override
  public long nanos() {
    return System.nanoTime() + nanosAhead.get();
  }

  @Override
  public Future<?> after(Duration delay, Runnable task) {
    return threads.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  public void execute(Runnable task) {
    threads.execute(task);
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
