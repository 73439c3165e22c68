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

  /** So many retries find a source that was gone for a moment. Later ones are spread. */
  private static final int PROMPT_RETRIES = 5;

  /** What the end of a lifetime keeps for the last attempts: half a minute at least. */
  private static final long LAST_ATTEMPTS = 30_000;

  /** Attempts closer to each other come only within the last two seconds. */
  private static final long SHORTEST_LAST = 1_000;

  /** So long, and no longer, a source that has recovered goes unnoticed. */
  private static final long LONGEST_SPREAD = Duration.ofHours(1).toMillis();

  private static final double SPREAD_FROM = 0.8;
  private static final double SPREAD_TO = 1;
  private static final double LAST_FROM = 0.2;
  private static final double LAST_TO = 0.4;

  /** The least wait between attempts, whatever the draw and however short the lifetime. */
  private static final long SHORTEST = 100;

  /** As good as for ever, and still a number of nanoseconds that can be added to a time. */
  static final Duration LONGEST = Duration.ofDays(36_500);

  private static final Instant EARLIEST_INSTANT = Instant.EPOCH;
  private static final Instant LATEST_INSTANT = Instant.parse("9999-12-31T23:59:59Z");

  /**
   * While callers wait for the first credentials: an agent that starts after the pod is found soon.
   */
  static final long LONGEST_QUICK_RETRY = 2_000;

  /** A longer Retry-After is cut to this while nothing is held. */
  static final Duration LONGEST_HEEDED_RETRY_AFTER = Duration.ofMinutes(5);

  /** However long credentials live, they are refreshed as if they lived no longer. */
  private static final long LONGEST_WINDOW = Duration.ofHours(12).toMillis();

  /** Near its end a cache that is served again is asked more often: it is about to be renewed. */
  static final long LAST_STRETCH = 45_000;

  /** The agent renews when 15 s are left. Source: aws/eks-pod-identity-agent, refreshing_cache. */
  private static final long LAST_ASK_FROM = 14_000;

  private static final long LAST_ASK_TO = 10_000;

  private static final long PACE_AT_THE_END = 3_000;

  private static final long SHORTEST_WITHOUT_CREDENTIALS = 5_000;
  private static final long LONGEST_WITHOUT_CREDENTIALS = 15_000;

  private Schedule() {}

  /**
   * Returns how long after their receipt credentials are refreshed: drawn uniformly from the
   * policy's window of the lifetime, and not within its margin before the expiration where the
   * lifetime allows it. The margin cuts the window short instead of moving draws to its edge: a
   * fleet must not gather there.
   */
  static long untilRefresh(RefreshPolicy policy, long wholeLifetime, double draw) {
    long lifetime = Math.min(wholeLifetime, LONGEST_WINDOW);
    double from = lifetime * policy.windowStart();
    double to = lifetime * policy.windowEnd();
    long beforeMargin = lifetime - bounded(policy.margin()).toMillis();
    if (beforeMargin > from) {
      to = Math.min(to, (double) beforeMargin);
    }
    return Math.max(SHORTEST, (long) (from + (to - from) * draw));
  }

  /**
   * As {@link #untilRefresh} for credentials that a later answer did not better. At least 30 s pass
   * between two exchanges; but one falls between 14 and 10 s before the end, when an agent has
   * dropped them from its cache, and from then on they follow each other by 3 s.
   */
  static long untilPacedRefresh(RefreshPolicy policy, long lifetimeLeft, double draw) {
    long paced = Math.max(PACE.toMillis(), untilRefresh(policy, lifetimeLeft, draw));
    if (lifetimeLeft - paced >= LAST_STRETCH) {
      return paced;
    }
    double lastAsk = LAST_ASK_TO + (LAST_ASK_FROM - LAST_ASK_TO) * draw;
    return Math.max(PACE_AT_THE_END, (long) (lifetimeLeft - lastAsk));
  }

  /**
   * Returns how long after a failure the next attempt is made while unexpired credentials are held,
   * so that a single process notices a blip soon, a fleet comes back spread, and nobody runs out:
   *
   * <pre>
   *   first failure --5 prompt retries--> some, spread --> last half minute --many--> end
   * </pre>
   *
   * <p>After an outage, the processes that it met are at all points of what was left to them. A
   * retry that each makes at some point of its own adds about once the mean load to the first
   * minute, wherever that point lies; many retries within one minute add no more than one. So there
   * are few in the middle, and many at the end. In a minute of lifetime or more there are at least
   * ten attempts before the end, whatever the draws.
   *
   * @param refused whether a service has refused what is held: it is no use to callers however long
   *     it lives, so all retries are prompt
   * @param failures how many attempts in a row have failed, at least 1
   */
  static long backoffWithCredentials(
      boolean refused,
      int failures,
      long lifetimeLeft,
      Optional<Duration> retryAfter,
      double draw) {
    long delay =
        Math.max(
            SHORTEST,
            refused || failures <= PROMPT_RETRIES
                ? (long) (ceiling(failures, lifetimeLeft) * draw)
                : spread(lifetimeLeft, draw));
    return heeding(retryAfter, delay, lifetimeLeft);
  }

  /** Honours the source's wish as far as a last attempt before the expiration allows. */
  static long heeding(Optional<Duration> retryAfter, long delay, long lifetimeLeft) {
    return retryAfter
        .map(
            wish ->
                Math.max(
                    delay, Math.min(bounded(wish).toMillis(), lifetimeLeft - lifetimeLeft / 4)))
        .orElse(delay);
  }

  private static long spread(long lifetimeLeft, double draw) {
    if (lifetimeLeft > 2 * LAST_ATTEMPTS) {
      long span = Math.min(LONGEST_SPREAD, lifetimeLeft - LAST_ATTEMPTS);
      return (long) (span * (SPREAD_FROM + (SPREAD_TO - SPREAD_FROM) * draw));
    }
    return Math.max(
        Math.min(SHORTEST_LAST, lifetimeLeft / 2),
        (long) (lifetimeLeft * (LAST_FROM + (LAST_TO - LAST_FROM) * draw)));
  }

  private static long ceiling(int failures, long lifetimeLeft) {
    long cap = Math.min(LONGEST_BACKOFF, lifetimeLeft / 4);
    return Math.min(cap, doubled(FIRST_BACKOFF, failures - 1));
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
   * Returns how far the source's clock is ahead of ours, in milliseconds, negative if behind. The
   * date has whole seconds, and the answer was made at some time between sending and receiving: the
   * skew lies between {@code date - received} and {@code date + 999 - sent}. If that may be zero,
   * it is. Otherwise it is taken to be the latter, by which the credentials end soonest.
   */
  static long skew(Optional<Instant> answeredAt, long sent, long received) {
    if (answeredAt.isEmpty()) {
      return 0;
    }
    long date = millis(answeredAt.get());
    boolean mayBeNone = date <= received && date + 999 >= sent;
    return mayBeNone ? 0 : date + 999 - sent;
  }

  /** Milliseconds since 1970, of years that have four digits. */
  static long millis(Instant instant) {
    if (instant.isBefore(EARLIEST_INSTANT)) {
      return EARLIEST_INSTANT.toEpochMilli();
    }
    return (instant.isAfter(LATEST_INSTANT) ? LATEST_INSTANT : instant).toEpochMilli();
  }

  static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  /** The same, or a century if it is longer, so that it can be added to a time. */
  static Duration bounded(Duration duration) {
    return duration.compareTo(LONGEST) > 0 ? LONGEST : duration;
  }

  private static long doubled(long base, int times) {
    return base << Math.min(20, Math.max(0, times));
  }

  private static long atLeast(long delay, Optional<Duration> retryAfter) {
    return retryAfter
        .map(wish -> Math.max(delay, Math.min(bounded(wish).toMillis(), LONGEST_BACKOFF)))
        .orElse(delay);
  }
}
