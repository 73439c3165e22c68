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

  static State empty(long nowMillis, long nowNanos) {
    return new State(
        null, null, null, 0, 0, new Due(nowMillis, nowNanos), nowNanos, nowNanos, Long.MIN_VALUE);
  }

  boolean holdsUnexpired(long now, long nanos) {
    return held != null && !held.expires().isReached(now, nanos);
  }

  /** Returns how long what is held is good for, in milliseconds; zero if nothing is. */
  long lifetimeLeft(long now, long nanos) {
    return held == null ? 0 : held.expires().millisLeft(now, nanos);
  }

  /** An exchange takes off. Until it ends, readers need not look whether one is due. */
  State begun(Flight flight, long quickUntilNanos, long now, long nanos) {
    return new State(
        held,
        flight,
        failure,
        failures,
        ended,
        next,
        quickUntilNanos,
        answeredNanos,
        readable(held, Long.MAX_VALUE, now, nanos));
  }

  /** The exchange has ended well: {@code nowHolding} may be what was held before. */
  State answered(Held nowHolding, Due next, long now, long nanos) {
    return new State(
        nowHolding,
        null,
        null,
        0,
        ended + 1,
        next,
        quickUntilNanos,
        nanos,
        readable(nowHolding, next.millis(), now, nanos));
  }

  /** The exchange has failed: what is held stays. */
  State failed(Failure failure, Due next) {
    return new State(
        held,
        null,
        failure,
        failures + 1,
        ended + 1,
        next,
        quickUntilNanos,
        answeredNanos,
        readable(held, next.millis(), failure.at(), failure.atNanos()));
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

  /**
   * The hot path reads the wall clock alone. Where that was set back since the credentials came,
   * they end by it when they end by the other clock.
   */
  private static long readable(@Nullable Held held, long atMost, long now, long nanos) {
    if (held == null) {
      return Long.MIN_VALUE;
    }
    long end = Math.min(held.expires().millis(), now + held.expires().millisLeft(now, nanos));
    return Math.min(end, atMost);
  }
}
