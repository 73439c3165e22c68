package dev.lanyard;

import org.jspecify.annotations.Nullable;

/**
 * What an exchange threw and was not expected to: its class and stack, without its message, which
 * may repeat a header or a token.
 */
final class Unexpected extends Exception {
  private static final long serialVersionUID = 1L;

  private Unexpected(Throwable thrown, @Nullable Unexpected cause) {
    super(thrown.getClass().getName(), cause);
    setStackTrace(thrown.getStackTrace());
  }

  static Unexpected of(Throwable thrown) {
    return of(thrown, 5);
  }

  private static Unexpected of(Throwable thrown, int depth) {
    Throwable cause = thrown.getCause();
    return new Unexpected(thrown, cause == null || depth == 0 ? null : of(cause, depth - 1));
  }
}
