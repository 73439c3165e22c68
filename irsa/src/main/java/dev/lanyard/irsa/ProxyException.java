package dev.lanyard.irsa;

import java.io.IOException;

/** The proxy could not be reached, or would not make the connection. The token was not sent. */
final class ProxyException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;

  /**
   * Creates an exception.
   *
   * @param message what was seen, without a secret
   * @param status what the proxy answered to CONNECT, zero if it did not answer
   */
  ProxyException(String message, int status) {
    super(message);
    this.status = status;
  }

  int status() {
    return status;
  }
}
