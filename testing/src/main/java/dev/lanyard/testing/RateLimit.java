package dev.lanyard.testing;

import java.time.Duration;
import java.time.Instant;

/**
 * A token bucket: so many requests at once, and from then on one after each interval. It is full at
 * first. Safe for use by many threads.
 */
final class RateLimit {
  private final Duration interval;
  private final Duration full;

  // Both guarded by this. The permits in hand, as the time that it takes to earn them.
  private Duration earned;
  private Instant last = Instant.MIN;

  /**
   * @param interval after which the next request is admitted
   * @param burst how many are admitted at once
   */
  RateLimit(Duration interval, int burst) {
    this.interval = interval;
    this.full = interval.multipliedBy(burst);
    this.earned = full;
  }

  /** Whether a request that arrives now is admitted. A clock that is set back earns nothing. */
  synchronized boolean admits(Instant now) {
    if (now.isAfter(last)) {
      // The first request finds it full: no duration reaches back to the beginning of time.
      earned =
          last.isBefore(now.minus(full))
              ? full
              : least(full, earned.plus(Duration.between(last, now)));
    }
    last = now;
    if (earned.compareTo(interval) < 0) {
      return false;
    }
    earned = earned.minus(interval);
    return true;
  }

  private static Duration least(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}
