package dev.lanyard;

import java.time.Duration;

/**
 * What becomes of a caller that does not find what it needs: a pure function of the state, the time
 * and what the caller has seen.
 */
enum Waiting {
  /** Give it what is held. */
  GIVE,
  /** Throw: waiting would not help, or not in time. */
  THROW,
  /** An exchange is in flight, or will be in time: wait for its end. */
  WAIT,
  /** Begin an exchange, then wait for its end. */
  BEGIN;

  /**
   * Decides.
   *
   * @param state what the engine knows
   * @param minimum how much lifetime the caller needs, in milliseconds; 1 for "unexpired"
   * @param endedAtArrival how many exchanges had ended when the caller came
   * @param deadlineNanos until when it waits
   * @param patient whether it waits for its whole time, however long the outage lasts
   * @param viewed whether the engine refreshes by itself for the sake of this minimum
   * @param now the wall clock, in milliseconds
   * @param nanos the monotonic clock
   */
  static Waiting decide(
      State state,
      long minimum,
      long endedAtArrival,
      long deadlineNanos,
      boolean patient,
      boolean viewed,
      long now,
      long nanos) {
    if (state.lifetimeLeft(now, nanos) >= minimum) {
      return GIVE;
    }
    if (state.isShutDown()) {
      return THROW;
    }
    if (viewed && state.holdsUnexpired(now, nanos) && isNeverGiven(state, minimum)) {
      return THROW;
    }
    if (state.flight() != null) {
      return WAIT;
    }
    if (state.holdsUnexpired(now, nanos)) {
      Waiting once = decideForLonger(state, minimum, endedAtArrival, viewed, now, nanos);
      return once == THROW && patient
          ? decideToWaitForLonger(state, endedAtArrival, deadlineNanos, now, nanos)
          : once;
    }
    Failure failure = state.failure();
    if (failure == null) {
      return BEGIN;
    }
    boolean sharesItsEnd = state.ended() > endedAtArrival;
    if (failure.isFinal()) {
      return sharesItsEnd
              || isRemembered(failure.atNanos(), nanos)
              || wasToldToWait(state, now, nanos)
          ? THROW
          : BEGIN;
    }
    boolean hopes = patient || state.hopes(nanos);
    if (!hopes && sharesItsEnd) {
      return THROW;
    }
    long untilNext = state.next().millisLeft(now, nanos);
    if (untilNext == 0) {
      return BEGIN;
    }
    // In an outage that does not pass soon, callers between two attempts fail at once.
    long left = deadlineNanos - nanos;
    long hope = patient ? left : Math.min(left, state.hopeUntilNanos() - nanos);
    return untilNext * 1_000_000 > hope ? THROW : WAIT;
  }

  /** Unexpired credentials are held, but the caller needs some that live longer. */
  private static Waiting decideForLonger(
      State state, long minimum, long endedAtArrival, boolean viewed, long now, long nanos) {
    if (state.ended() > endedAtArrival || (viewed && waitsForNextRenewal(state, minimum, nanos))) {
      return THROW;
    }
    Failure failure = state.failure();
    long lastEnd = failure == null ? state.answeredNanos() : failure.atNanos();
    return isRemembered(lastEnd, nanos) || wasToldToWait(state, now, nanos) ? THROW : BEGIN;
  }

  /** Credentials that live longer may come with a later exchange: a patient caller waits for it. */
  private static Waiting decideToWaitForLonger(
      State state, long endedAtArrival, long deadlineNanos, long now, long nanos) {
    Failure failure = state.failure();
    if (failure != null
        && failure.isFinal()
        && (state.ended() > endedAtArrival || isRemembered(failure.atNanos(), nanos))) {
      return THROW;
    }
    long untilNext = state.next().millisLeft(now, nanos);
    if (untilNext == 0) {
      return BEGIN;
    }
    return untilNext * 1_000_000 > deadlineNanos - nanos ? THROW : WAIT;
  }

  /**
   * Whether an exchange for a view would bring nothing, or nothing yet: the source gives none that
   * live so long, or serves its cache. The engine itself asks for the view's sake, as often as
   * makes sense: one more exchange for each caller would not help.
   */
  private static boolean waitsForNextRenewal(State state, long minimum, long nanos) {
    return state.failure() == null
        && (minimum > state.longestGiven()
            || state.wasServedAgain()
            || nanos - state.answeredNanos() < Schedule.PACE.toNanos());
  }

  /** Whether no credentials of this source can live so long, by what the source itself says. */
  static boolean isNeverGiven(State state, long minimum) {
    Held held = state.held();
    return held != null && minimum > held.life().bound() + 1_000;
  }

  private static boolean isRemembered(long atNanos, long nanos) {
    return nanos - atNanos < Schedule.MEMORY.toNanos();
  }

  /** Whether the source has asked for a pause that is not over. */
  private static boolean wasToldToWait(State state, long now, long nanos) {
    Failure failure = state.failure();
    return failure != null
        && failure.cause().retryAfter().isPresent()
        && !state.next().isReached(now, nanos);
  }

  /**
   * How much lifetime is asked for, in milliseconds, rounded up: at least one, since expired is
   * never enough.
   */
  static long minimum(Duration minimumValidity) {
    if (minimumValidity.compareTo(Schedule.LONGEST) >= 0) {
      return Long.MAX_VALUE;
    }
    return minimumValidity.isNegative()
        ? 1
        : Math.max(1, minimumValidity.plusNanos(999_999).toMillis());
  }
}
