package dev.lanyard.testing;

import java.util.Optional;

/**
 * The service's own no, on its way to the answer. It never leaves the module, and needs no stack.
 */
final class Refusal extends Exception {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final String code;
  private final String text;
  private final Optional<String> reason;

  /** The text holds no token: it goes to the client, whose errors are logged. */
  Refusal(int status, String code, String text) {
    this(status, code, text, Optional.empty());
  }

  /**
   * Makes one whose text keeps the reason back.
   *
   * @param reason for the journal alone, without a token and without what the client chose freely
   */
  Refusal(int status, String code, String text, Optional<String> reason) {
    super(text, null, false, false);
    this.status = status;
    this.code = code;
    this.text = text;
    this.reason = reason;
  }

  int status() {
    return status;
  }

  String code() {
    return code;
  }

  String text() {
    return text;
  }

  Optional<String> reason() {
    return reason;
  }
}
