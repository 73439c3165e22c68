package dev.lanyard.testing;

/**
 * The service's own no, on its way to the answer. It never leaves the module, and needs no stack.
 */
final class Refusal extends Exception {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final String code;
  private final String text;

  /** The text holds no token: it goes to the client, whose errors are logged. */
  Refusal(int status, String code, String text) {
    super(text, null, false, false);
    this.status = status;
    this.code = code;
    this.text = text;
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
}
