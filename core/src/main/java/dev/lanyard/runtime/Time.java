package dev.lanyard.runtime;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The library's only clock, scheduler and threads. A test hands in one of its own and drives
 * virtual time.
 *
 * <p>Expirations are compared with {@link #millis}, the wall clock, and with {@link #nanos}, the
 * monotonic clock, which also measures delays and time budgets. Safe for use by many threads.
 *
 * @since 0.1
 */
public interface Time {

  /**
   * The kind of a task: tasks that hang in one lane do not keep tasks of another from running.
   *
   * @since 0.1
   */
  enum Lane {
    /** An exchange whose source answers within its time budget, or has not been tried yet. */
    EXCHANGE,
    /** An exchange of a source that outran its time budget the last time. */
    LATE_EXCHANGE,
    /** Code of the application: listeners, continuations of callers' futures, and the logger. */
    CALLBACK,
    /** A look at the file system, which may hang for ever in a mount. */
    FILE,
    /** Ends an exchange that has outrun its time budget: an abort or an interrupt. */
    ABORT
  }

  /**
   * Returns the time of this process: the machine's clocks, and daemon threads that all providers
   * share. Test code may wrap it.
   *
   * @return always the same instance
   */
  static Time system() {
    return SystemTime.INSTANCE;
  }

  /**
   * Returns the wall-clock time.
   *
   * @return milliseconds since 1970-01-01T00:00Z
   */
  long millis();

  /**
   * Returns the monotonic clock's time, for measuring durations.
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

  /**
   * The same as {@link #execute(Runnable)}, on a thread of the task's lane. The default
   * implementation has no lanes.
   *
   * @param lane the kind of the task
   * @param task what to run
   */
  default void execute(Lane lane, Runnable task) {
    execute(task);
  }

  /**
   * Waits on the calling thread until a future is done, or until the time is over. It uses no other
   * thread, so that the wait ends in time even if all of them are stuck. The default implementation
   * waits in real time; implementations for virtual time have to override it.
   *
   * @param done the future to wait for; how it completes does not matter
   * @param atMost how long to wait; zero or less means not at all
   * @return whether the future is done
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  default boolean await(CompletableFuture<?> done, Duration atMost) throws InterruptedException {
    try {
      done.get(Math.max(0, TimeUnit.NANOSECONDS.convert(atMost)), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException e) {
      return done.isDone();
    } catch (ExecutionException e) {
      return true;
    }
  }

  /**
   * Ends the threads as soon as the tasks that they run have ended; a later task starts new ones.
   * {@code Lanyard.shutdown} calls it for {@link #system()}. The default implementation does
   * nothing.
   */
  default void endThreads() {}
}
