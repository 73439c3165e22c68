package dev.lanyard.irsa.internal;

import java.io.IOException;

/** The proxy could not be reached, or would not make the connection. The token was not sent. */
final class ProxyException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String id;
  private final int status;

  /**
   * Creates an exception.
   *
   * @param id of the problem
   * @param message what was seen, without a secret
   * @param status what the proxy answered to CONNECT, zero if it did not answer
   */
  ProxyException(String id, String message, int status) {
    super(message);
    this.id = id;
    this.status = status;
  }

  /** Returns the id of the problem. */
  String id() {
    return id;
  }

  int status() {
    return status;
  }
}
