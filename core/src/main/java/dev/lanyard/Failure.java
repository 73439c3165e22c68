package dev.lanyard;

import dev.lanyard.spi.ExchangeException;
import java.time.Instant;

/**
 * The last exchange's failure.
 *
 * @param cause why
 * @param at when it ended, in milliseconds by the wall clock
 * @param atNanos the same by the clock that only grows
 */
record Failure(ExchangeException cause, long at, long atNanos) {

  /** Tells whether retrying unchanged will not help, so that callers need not wait for a retry. */
  boolean isFinal() {
    return cause.kind() != ExchangeException.Kind.TRANSIENT;
  }

  CredentialsStatus.Failure asStatus() {
    return new CredentialsStatus.Failure(
        Instant.ofEpochMilli(at),
        cause.kind(),
        String.valueOf(cause.getMessage()),
        cause.code(),
        cause.requestId(),
        cause.remedy());
  }
}
