package dev.lanyard.irsa.internal;

import java.security.InvalidAlgorithmParameterException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * Tells a certificate that this JVM does not accept from other failures of TLS: one that is not
 * trusted, has expired, or is of another host. It does not pass until somebody changes something.
 */
final class Certificates {
  private static final int DEPTH = 20;

  private Certificates() {}

  /** Says whether a failure, or what led to it, is that the other side's certificate is no good. */
  static boolean areRefused(Throwable failure) {
    int depth = 0;
    for (Throwable t = failure; t != null && depth < DEPTH; t = t.getCause(), depth++) {
      if (t instanceof CertificateException
          || t instanceof CertPathValidatorException
          || t instanceof CertPathBuilderException
          || t instanceof SSLPeerUnverifiedException
          // A trust store with nothing in it: "the trustAnchors parameter must be non-empty".
          || t instanceof InvalidAlgorithmParameterException) {
        return true;
      }
    }
    return false;
  }
}
