package dev.lanyard.irsa.internal;

import java.net.ProtocolException;
import org.jspecify.annotations.Nullable;

/**
 * Something other than STS answered. Nothing of the answer is in it but its status and the two
 * headers that say when to come back.
 */
final class ForeignAnswerException extends ProtocolException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final @Nullable String retryAfter;
  private final @Nullable String date;

  /**
   * Creates an exception.
   *
   * @param seen what is wrong with the answer, in words of our own
   * @param retryAfter the value of {@code Retry-After}
   * @param date the value of {@code Date}
   */
  ForeignAnswerException(
      String seen, int status, @Nullable String retryAfter, @Nullable String date) {
    super(seen);
    this.status = status;
    this.retryAfter = retryAfter;
    this.date = date;
  }

  int status() {
    return status;
  }

  @Nullable String retryAfter() {
    return retryAfter;
  }

  @Nullable String date() {
    return date;
  }
}
