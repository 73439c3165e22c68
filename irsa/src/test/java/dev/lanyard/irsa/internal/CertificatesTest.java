package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.security.InvalidAlgorithmParameterException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.stream.Stream;
import javax.crypto.AEADBadTagException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.core.exception.SdkClientException;

/** A certificate that is refused does not pass by itself; other failures of TLS may. */
class CertificatesTest {
  static Stream<Exception> refused() {
    return Stream.of(
        new CertificateException("No name matching sts.example found"),
        new CertificateExpiredException("NotAfter: yesterday"),
        new CertificateNotYetValidException("NotBefore: tomorrow"),
        new CertPathValidatorException("validity check failed"),
        new CertPathBuilderException("unable to find valid certification path"),
        new InvalidAlgorithmParameterException("the trustAnchors parameter must be non-empty"));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void aCertificateThatIsRefusedIsSeenHoweverDeepItIs(Exception cause) {
    SSLException handshake = new SSLHandshakeException("PKIX path building failed");
    handshake.initCause(new RuntimeException("sun.security.validator", cause));

    assertThat(Certificates.areRefused(handshake)).isTrue();
    assertThat(Certificates.areRefused(SdkClientException.create("failed", handshake))).isTrue();
  }

  @Test
  void aHostOfAnotherNameIsSeen() {
    assertThat(Certificates.areRefused(new SSLPeerUnverifiedException("sts.example"))).isTrue();
  }

  static Stream<Throwable> others() {
    return Stream.of(
        new SSLHandshakeException("Received fatal alert: handshake_failure"),
        new SSLHandshakeException("Remote host terminated the handshake"),
        new SSLException("Tag mismatch", new AEADBadTagException("Tag mismatch")),
        new IOException("Connection reset"));
  }

  @ParameterizedTest
  @MethodSource("others")
  void anyOtherFailureIsNone(Throwable failure) {
    assertThat(Certificates.areRefused(failure)).isFalse();
  }

  @Test
  void aChainWithoutEndHasOne() {
    IOException a = new IOException("a");
    IOException b = new IOException("b", a);
    a.initCause(b);

    assertThat(Certificates.areRefused(a)).isFalse();
  }
}
