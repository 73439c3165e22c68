package dev.lanyard.irsa.internal;

import java.net.ProtocolException;
import org.jspecify.annotations.Nullable;

/**
 * Something other than STS answered. Nothing of the answer is in it but its status and the two
 * headers that say when to come back.
 */
final class ForeignAnswerException extends ProtocolException {
  private static final long serialVersionUID = 1L;

  private final @Nullable String seen;
  private final int status;
  private final @Nullable String retryAfter;
  private final @Nullable String date;

  /**
   * Creates an exception.
   *
   * @param seen what is wrong with the answer, in words of our own; null if it is whole
   * @param retryAfter the value of {@code Retry-After}
   * @param date the value of {@code Date}
   */
  ForeignAnswerException(
      @Nullable String seen, int status, @Nullable String retryAfter, @Nullable String date) {
    super(seen);
    this.seen = seen;
    this.status = status;
    this.retryAfter = retryAfter;
    this.date = date;
  }

  /** What is wrong with the answer, null if it is a whole answer of somebody else. */
  @Nullable String seen() {
    return seen;
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
