package dev.lanyard.spi;

import java.time.Duration;
import java.time.Instant;

/** What one attempt of a {@link CredentialsExchange} is told about time. */
public interface ExchangeContext {

  /**
   * Returns the time by the engine's clock, the only one that an exchange should read.
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
   * Registers what ends a blocking call when the budget has run out, such as aborting the request.
   * Socket reads do not heed an interrupt, and a peer that sends one byte a second outlives every
   * read time-out: this is what bounds the attempt as a whole. At the end of the budget the
   * attempt's thread is interrupted too.
   *
   * @param abort is run once, on another thread, when the budget runs out before the attempt ends;
   *     at once if it already has. It must not block. The last one registered counts
   */
  void onTimeout(Runnable abort);
}
