package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.spi.ExchangeException;
import java.time.Duration;
import java.time.Instant;

/**
 * The last exchange's failure.
 *
 * @param source whose exchange failed
 * @param cause why
 * @param at when it ended, in milliseconds by the wall clock
 * @param atNanos the same by the monotonic clock
 */
record Failure(Origin.Source source, ExchangeException cause, long at, long atNanos) {
  /** A caller that has nothing brings the next attempt forward to so long after the last. */
  private static final Duration SOONEST_NEXT = Duration.ofSeconds(1);

  /** Tells whether retrying unchanged will not help, so that callers need not wait for a retry. */
  boolean isFinal() {
    return cause.kind() != FailureKind.TRANSIENT;
  }

  /** The earliest time for the next attempt, however much a caller needs it. */
  long earliestNextNanos() {
    Duration wish =
        cause
            .retryAfter()
            .map(asked -> Schedule.shorter(asked, Schedule.LONGEST_HEEDED_RETRY_AFTER))
            .orElse(SOONEST_NEXT);
    return atNanos + (wish.compareTo(SOONEST_NEXT) > 0 ? wish : SOONEST_NEXT).toNanos();
  }

  CredentialsStatus.Failure asStatus() {
    CredentialsStatus.Failure.Builder status =
        CredentialsStatus.Failure.builder(source.name(), Instant.ofEpochMilli(at), cause.problem())
            .code(cause.code().orElse(null))
            .requestId(cause.requestId().orElse(null))
            .retryAfter(cause.retryAfter().orElse(null));
    if (cause.status().isPresent()) {
      status.status(cause.status().getAsInt());
    }
    return status.build();
  }
}
