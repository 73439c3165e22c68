package dev.lanyard.irsa.internal;

import java.io.IOException;

/** The proxy could not be reached, or would not make the connection. The token was not sent. */
final class ProxyException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final boolean ofItsCertificate;

  /**
   * Creates an exception.
   *
   * @param message what was seen, without a secret
   * @param status what the proxy answered to CONNECT, zero if it did not answer
   */
  ProxyException(String message, int status) {
    this(message, status, false);
  }

  private ProxyException(String message, int status, boolean ofItsCertificate) {
    super(message);
    this.status = status;
    this.ofItsCertificate = ofItsCertificate;
  }

  /** The proxy is spoken to over TLS, and this JVM does not accept its certificate. */
  static ProxyException certificateRefused() {
    return new ProxyException(
        "no secure connection to the proxy: this JVM does not accept its certificate", 0, true);
  }

  /** Says whether it is that the proxy's certificate is not accepted. */
  boolean isOfItsCertificate() {
    return ofItsCertificate;
  }

  int status() {
    return status;
  }
}
