package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.irsa.AssumeRoleCredentialsProvider;
import dev.lanyard.peer.Certificate;
import dev.lanyard.runtime.Environment;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The second hop through a proxy, on real sockets. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AssumeRoleProxyTest {
  @TempDir private static Path keys;
  private static Certificate peer;

  private TunnelProxy proxy;

  @BeforeAll
  static void makeACertificate() throws Exception {
    peer = Certificate.make(keys, "dns:sts.eu-west-1.amazonaws.com");
  }

  @BeforeEach
  void startProxy() {
    peer.trusted();
    proxy = TunnelProxy.to(peer);
  }

  @AfterEach
  void stopProxy() {
    proxy.close();
    Certificate.trustAsBefore();
  }

  @Test
  void theSignedRequestGoesThroughTheTunnelAndTheProxySeesNothingOfIt() {
    assertThat(provider().resolveCredentials().accessKeyId()).isEqualTo("ASIAEXAMPLEEXAMPLE01");

    assertThat(proxy.heads())
        .first()
        .satisfies(
            head ->
                assertThat(head)
                    .startsWith("CONNECT sts.eu-west-1.amazonaws.com:443 HTTP/1.1\r\n")
                    .doesNotContain("ASIAFIRST", ScriptedFirst.SESSION_TOKEN));
    assertThat(proxy.requests())
        .first()
        .satisfies(
            head ->
                assertThat(head)
                    .startsWith("POST / HTTP/1.1\r\nHost: sts.eu-west-1.amazonaws.com\r\n")
                    .contains("Credential=ASIAFIRST00000000001/"));
  }

  @Test
  void aProxyThatRefusesTheTunnelIsAMisconfiguration() {
    proxy.answers("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0");

    CredentialsUnavailableException e =
        catchThrowableOfType(
            CredentialsUnavailableException.class, () -> provider().resolveCredentials());

    assertThat(e.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(e)
        .hasMessageContaining("(407)")
        .hasMessageContaining("environment variable HTTPS_PROXY");
    assertThat(proxy.requests()).isEmpty();
  }

  private AssumeRoleCredentialsProvider provider() {
    return AssumeRoleCredentialsProvider.builder(
            ScriptedFirst.giving("ASIAFIRST00000000001"), "arn:aws:iam::444455556666:role/partner")
        .environment(
            Environment.of(
                Map.of(
                    "AWS_REGION", "eu-west-1", "HTTPS_PROXY", "http://127.0.0.1:" + proxy.port())))
        .build();
  }
}
