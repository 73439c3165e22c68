package dev.lanyard;

import org.jspecify.annotations.Nullable;

/**
 * All that an engine knows at one moment. The engine holds one and swaps it by compare-and-set.
 *
 * <pre>
 *   EMPTY --exchange--> FRESH --nextAttempt--> DUE --expiration--> EXPIRED
 *    wait for the        return                return; exchange     wait for the exchange
 *    exchange                                  in the background
 * </pre>
 *
 * @param held the credentials, expired ones included; null if there never were any
 * @param flight the exchange in flight, if any
 * @param failure why the last exchange failed; null if it succeeded or none has ended
 * @param failures how many have failed in a row
 * @param ended how many exchanges have ended
 * @param next when the next exchange is due
 * @param quickUntilNanos until when failures without credentials are retried quickly
 * @param answeredNanos when the last good answer came, by the clock that only grows
 * @param readableUntil until when a reader may take {@link #held} and go, in milliseconds; this one
 *     field is what the hot path compares
 */
record State(
    @Nullable Held held,
    @Nullable Flight flight,
    @Nullable Failure failure,
    int failures,
    long ended,
    Due next,
    long quickUntilNanos,
    long answeredNanos,
    long readableUntil) {

  /**
   * A moment by both clocks. Whichever comes first counts: the wall clock after a suspend, the
   * other when the wall clock is set back.
   *
   * @param millis by the wall clock
   * @param nanos by the clock that only grows
   */
  record Due(long millis, long nanos) {
    static Due in(long delayMillis, long nowMillis, long nowNanos) {
      return new Due(nowMillis + delayMillis, nowNanos + delayMillis * 1_000_000);
    }

    boolean isReached(long nowMillis, long nowNanos) {
      return nowMillis >= millis || nowNanos - nanos >= 0;
    }

    long millisLeft(long nowMillis, long nowNanos) {
      // Rounded up: a wake-up a fraction of a millisecond early would find nothing to do.
      long byNanos = -Math.floorDiv(nowNanos - nanos, 1_000_000L);
      return Math.max(0, Math.min(millis - nowMillis, byNanos));
    }
  }

  static State empty(long nowMillis, long nowNanos) {
    return new State(
        null, null, null, 0, 0, new Due(nowMillis, nowNanos), nowNanos, nowNanos, Long.MIN_VALUE);
  }

  boolean holdsUnexpired(long now) {
    return held != null && now < held.expiresAt();
  }

  long lifetimeLeft(long now) {
    return held == null ? 0 : Math.max(0, held.expiresAt() - now);
  }

  /** An exchange takes off. */
  State begun(Flight flight, long quickUntilNanos) {
    long readable = held == null ? Long.MIN_VALUE : held.expiresAt();
    return new State(
        held, flight, failure, failures, ended, next, quickUntilNanos, answeredNanos, readable);
  }

  /** The exchange has ended well: {@code now holding} may be what was held before. */
  State answered(Held nowHolding, Due next, long nowNanos) {
    return new State(
        nowHolding,
        null,
        null,
        0,
        ended + 1,
        next,
        quickUntilNanos,
        nowNanos,
        Math.min(nowHolding.expiresAt(), next.millis()));
  }

  /** The exchange has failed: what is held stays. */
  State failed(Failure failure, Due next) {
    long readable = held == null ? Long.MIN_VALUE : Math.min(held.expiresAt(), next.millis());
    return new State(
        held,
        null,
        failure,
        failures + 1,
        ended + 1,
        next,
        quickUntilNanos,
        answeredNanos,
        readable);
  }

  /** The application has said that a service refused what is held. */
  State refused(Held refused) {
    return new State(
        refused,
        flight,
        failure,
        failures,
        ended,
        next,
        quickUntilNanos,
        answeredNanos,
        readableUntil);
  }
}
