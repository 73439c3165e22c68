package dev.lanyard.spi;

import java.time.Duration;
import java.util.concurrent.Future;

/**
 * How the library knows the time, waits for it, and runs what may block: its only clock, its only
 * scheduler and its only threads. A test hands in one of its own and drives virtual time.
 *
 * <p>Expirations are compared with {@link #millis}, the wall clock; delays and time budgets count
 * {@link #nanos}, which no one sets back. Safe for use by many threads.
 */
public interface Time {

  /**
   * Returns the wall-clock time.
   *
   * @return milliseconds since 1970-01-01T00:00Z
   */
  long millis();

  /**
   * Returns a time that only ever grows, for measuring durations.
   *
   * @return nanoseconds since an arbitrary moment
   */
  long nanos();

  /**
   * Runs a task once after a delay. The task is short and does not block.
   *
   * @param delay how long to wait; zero or less means as soon as possible
   * @param task what to run
   * @return cancels the task; cancelling is idempotent, and a task that has begun runs to its end
   */
  Future<?> after(Duration delay, Runnable task);

  /**
   * Runs a task that may block, such as an exchange, as soon as possible and never on the calling
   * thread before this method has returned.
   *
   * @param task what to run
   */
  void execute(Runnable task);
}
