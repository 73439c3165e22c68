package dev.lanyard;

import java.time.Duration;
import java.time.Instant;

/**
 * A moment by both clocks. Whichever reaches it first counts: the wall clock after a suspend, which
 * the other one may not notice; the other one when the wall clock is set back.
 *
 * @param millis by the wall clock
 * @param nanos by the monotonic clock
 */
record Due(long millis, long nanos) {

  static Due in(long delayMillis, long nowMillis, long nowNanos) {
    return new Due(nowMillis + delayMillis, nowNanos + nanos(delayMillis));
  }

  /** A moment of the wall clock, and the one that will have been reached by the other clock. */
  static Due at(long millis, long nowMillis, long nowNanos) {
    return new Due(millis, nowNanos + nanos(millis - nowMillis));
  }

  boolean isReached(long nowMillis, long nowNanos) {
    return nowMillis >= millis || nowNanos - nanos >= 0;
  }

  /** Returns how long until then, in milliseconds; zero once it is reached. */
  long millisLeft(long nowMillis, long nowNanos) {
    // Rounded up: a wake-up a fraction of a millisecond early would find nothing to do.
    long byNanos = -Math.floorDiv(nowNanos - nanos, 1_000_000L);
    return Math.max(0, Math.min(millis - nowMillis, byNanos));
  }

  /** Returns how long ago that was, by the clock by which it was longer ago. */
  Duration ago(long nowMillis, long nowNanos) {
    return Duration.ofMillis(
        Math.max(0, Math.max(nowMillis - millis, Math.floorDiv(nowNanos - nanos, 1_000_000L))));
  }

  /** Whether the monotonic clock has reached it. From then on it stays reached. */
  boolean isCountedOut(long nowNanos) {
    return nowNanos - nanos >= 0;
  }

  /** Returns the earlier of this and a time of the monotonic clock. */
  Due notAfter(long latestNanos) {
    return nanos - latestNanos <= 0
        ? this
        : new Due(millis - (nanos - latestNanos) / 1_000_000, latestNanos);
  }

  /**
   * Returns the moment as the wall clock shows it now. If that clock was moved since, it is not the
   * one that was noted; a second is no move, so that it does not flicker.
   */
  Instant told(long nowMillis, long nowNanos) {
    long told =
        isReached(nowMillis, nowNanos)
            ? nowMillis - ago(nowMillis, nowNanos).toMillis()
            : nowMillis + millisLeft(nowMillis, nowNanos);
    return Instant.ofEpochMilli(Math.abs(told - millis) <= 1_000 ? millis : told);
  }

  /** What a century has in nanoseconds still fits; what "never expires" has does not. */
  private static long nanos(long delayMillis) {
    long most = Schedule.LONGEST.toMillis();
    return Math.max(-most, Math.min(delayMillis, most)) * 1_000_000;
  }
}
