package dev.lanyard.spi;

import java.time.Duration;
import java.time.Instant;

/**
 * The clock and the time budget of one attempt of a {@link CredentialsExchange}. Safe for use by
 * many threads.
 *
 * @since 0.1
 */
public interface ExchangeContext {

  /**
   * Returns the time by the engine's clock. An exchange should read no other clock.
   *
   * @return the wall-clock time of this process
   */
  Instant now();

  /**
   * Returns what is left of the attempt's total time budget, connecting and reading included.
   *
   * @return the time left, never negative
   */
  Duration timeLeft();

  /**
   * Registers a task that ends a blocking call when the budget runs out, such as aborting the
   * request. An interrupt does not end socket reads, and a peer that sends one byte a second
   * outlasts every read time-out: this task is what bounds the attempt as a whole. At the end of
   * the budget the attempt's thread is interrupted too.
   *
   * @param abort runs once, on another thread, if the budget runs out before the attempt ends; if
   *     it has already run out, at once and on this thread. It should not block. Only the last task
   *     registered runs
   */
  void onTimeout(Runnable abort);
}
