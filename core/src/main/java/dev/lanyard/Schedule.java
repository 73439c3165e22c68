package dev.lanyard;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * When the next exchange is made: pure functions of what is known and one random draw from {@code
 * [0, 1)}. All times are in milliseconds.
 */
final class Schedule {
  /**
   * An answer that brings nothing newer is not asked for again sooner: the agent serves its cache.
   */
  static final Duration PACE = Duration.ofSeconds(30);

  /** How long a refusal is remembered, so that a thousand callers cost one exchange. */
  static final Duration MEMORY = Duration.ofSeconds(5);

  private static final long FIRST_BACKOFF = 1_000;
  private static final long LONGEST_BACKOFF = Duration.ofMinutes(5).toMillis();

  /** The least wait between attempts, whatever the draw. */
  private static final long SHORTEST = 100;

  /**
   * While callers wait for the first credentials: an agent that starts after the pod is found soon.
   */
  static final long LONGEST_QUICK_RETRY = 2_000;

  private static final long SHORTEST_WITHOUT_CREDENTIALS = 5_000;
  private static final long LONGEST_WITHOUT_CREDENTIALS = 15_000;

  private Schedule() {}

  /**
   * Returns how long after their receipt credentials are refreshed: drawn uniformly from the
   * policy's window of the lifetime, and not within its margin before the expiration where the
   * lifetime allows it. The margin cuts the window short instead of moving draws to its edge: a
   * fleet must not gather there.
   */
  static long untilRefresh(RefreshPolicy policy, long lifetime, double draw) {
    double from = lifetime * policy.windowStart();
    double to = lifetime * policy.windowEnd();
    long beforeMargin = lifetime - policy.margin().toMillis();
    if (beforeMargin > from) {
      to = Math.min(to, (double) beforeMargin);
    }
    return (long) (from + (to - from) * draw);
  }

  /** As {@link #untilRefresh} for credentials that a later answer did not better. */
  static long untilPacedRefresh(RefreshPolicy policy, long lifetimeLeft, double draw) {
    return Math.max(PACE.toMillis(), untilRefresh(policy, lifetimeLeft, draw));
  }

  /**
   * Returns how long after a failure the next attempt is made while unexpired credentials are held:
   * exponential back-off with full jitter, which never outlives the credentials.
   */
  static long backoffWithCredentials(
      int failures, long lifetimeLeft, Optional<Duration> retryAfter, double draw) {
    long cap = Math.min(LONGEST_BACKOFF, lifetimeLeft / 4);
    long ceiling = Math.min(cap, doubled(FIRST_BACKOFF, failures - 1));
    long delay = Math.max(SHORTEST, (long) (ceiling * draw));
    // Honour the source's wish as far as a last attempt before the expiration allows.
    return retryAfter
        .map(wish -> Math.max(delay, Math.min(millis(wish), lifetimeLeft - lifetimeLeft / 4)))
        .orElse(delay);
  }

  /** Returns how long after a failure the next attempt is made while nothing is held. */
  static long backoffWithoutCredentials(Optional<Duration> retryAfter, double draw) {
    long delay =
        SHORTEST_WITHOUT_CREDENTIALS
            + (long) ((LONGEST_WITHOUT_CREDENTIALS - SHORTEST_WITHOUT_CREDENTIALS) * draw);
    return atLeast(delay, retryAfter);
  }

  /** Returns the same while callers wait for the first credentials. */
  static long quickRetry(int failures, Optional<Duration> retryAfter, double draw) {
    long ceiling = Math.min(LONGEST_QUICK_RETRY, doubled(SHORTEST, failures));
    return atLeast(SHORTEST + (long) ((ceiling - SHORTEST) * draw), retryAfter);
  }

  /**
   * Returns how far the source's clock is ahead of ours, in milliseconds, negative if behind: the
   * least that explains an answer dated outside the time in which it was made. The date has whole
   * seconds.
   */
  static long skew(Optional<Instant> answeredAt, long sent, long received) {
    if (answeredAt.isEmpty()) {
      return 0;
    }
    long date = answeredAt.get().toEpochMilli();
    if (date > received) {
      return date - sent;
    }
    return date + 999 < sent ? date + 999 - sent : 0;
  }

  private static long doubled(long base, int times) {
    return base << Math.min(20, Math.max(0, times));
  }

  private static long atLeast(long delay, Optional<Duration> retryAfter) {
    return retryAfter
        .map(wish -> Math.max(delay, Math.min(millis(wish), LONGEST_BACKOFF)))
        .orElse(delay);
  }

  /** A wish of more than 24 days is no different from one of 24 days. */
  private static long millis(Duration wish) {
    return Math.min(Integer.MAX_VALUE, wish.toSeconds()) * 1_000 + wish.toMillisPart();
  }
}
