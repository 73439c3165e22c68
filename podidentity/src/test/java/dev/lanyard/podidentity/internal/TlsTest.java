package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.peer.Behaviour;
import dev.lanyard.peer.Certificate;
import dev.lanyard.peer.Peer;
import dev.lanyard.peer.Request;
import dev.lanyard.podidentity.internal.Exchanges.Names;
import dev.lanyard.spi.ExchangeException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.KeyStore;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Over TLS any host will do, provided it is the one that its certificate names. */
@Timeout(60)
class TlsTest {
  @TempDir private static Path directory;
  private static Certificate certificate;

  @BeforeAll
  static void makeACertificate() {
    certificate = Certificate.make(directory, "dns:agent.example");
  }

  private static Peer agent() {
    return Peer.overTls(certificate, Behaviour.text("200 OK", Tokens.GOOD_BODY));
  }

  private static AgentExchange exchange(String host, Peer agent) {
    return Exchanges.with(
        "https://" + host + ":" + agent.port() + "/v1/credentials",
        Tokens.TOKEN,
        Names.of(
            Map.of(
                "agent.example", new String[] {"127.0.0.1"},
                "other.example", new String[] {"127.0.0.1"})));
  }

  @AfterEach
  void trustAsBefore() {
    Certificate.trustAsBefore();
    System.clearProperty("javax.net.ssl.keyStore");
    System.clearProperty("javax.net.ssl.keyStorePassword");
  }

  @Test
  void asksTheHostThatTheCertificateNames() throws Exception {
    certificate.trusted();
    try (Peer agent = agent()) {
      assertThat(exchange("agent.example", agent).exchange(new TestContext())).isNotNull();
      assertThat(agent.requests().get(0).header("Host")).isEqualTo("agent.example:" + agent.port());
      assertThat(agent.requests().get(0).header("Authorization")).isEqualTo(Tokens.TOKEN);
    }
  }

  @Test
  void sendsNothingToAHostThatTheCertificateDoesNotName() throws Exception {
    certificate.trusted();
    try (Peer agent = agent()) {
      for (String host : new String[] {"other.example", "127.0.0.1"}) {
        ExchangeException failure = Exchanges.failure(exchange(host, agent), new TestContext());
        assertThat(failure.kind()).isEqualTo(FailureKind.MISCONFIGURED);
        assertThat(failure).hasMessageContaining("certificate is not trusted for this host");
        assertThat(failure.problem().id()).isEqualTo("NET-004");
      }
      assertThat(agent.requests()).isEmpty();
    }
  }

  @Test
  void sendsNothingToAHostWhoseCertificateNobodyVouchesFor() throws Exception {
    try (Peer agent = agent()) {
      ExchangeException failure =
          Exchanges.failure(exchange("agent.example", agent), new TestContext());
      assertThat(failure.kind()).isEqualTo(FailureKind.MISCONFIGURED);
      assertThat(failure.remedy()).hasValueSatisfying(r -> assertThat(r).contains("trust store"));
      assertThat(agent.requests()).isEmpty();
    }
  }

  @Test
  void aPeerThatSpeaksNoTlsIsTransient() throws Exception {
    // It listens to what is said, whatever that is, and says nothing.
    try (Peer agent =
        Peer.atOnce(
            (request, socket) ->
                socket.getInputStream().transferTo(OutputStream.nullOutputStream()))) {
      CompletableFuture<ExchangeException> failure = new CompletableFuture<>();
      // No read times out so soon: only the abort ends the handshake.
      TestContext context = new TestContext(Duration.ofHours(1));
      Thread thread =
          new Thread(
              () -> failure.complete(Exchanges.failure(exchange("agent.example", agent), context)));
      thread.start();
      assertThat(agent.awaitConnection()).isTrue();

      context.runOut();

      assertThat(failure.get().kind()).isEqualTo(FailureKind.TRANSIENT);
    }
  }

  @Test
  void showsTheCertificateThatTheProcessIsGivenForItself() throws Exception {
    certificate.trusted();
    try (Peer agent = Peer.atOnce(TlsTest::answerToWhomItKnows)) {
      ExchangeException nameless =
          Exchanges.failure(exchange("agent.example", agent), new TestContext());
      assertThat(nameless.kind()).isEqualTo(FailureKind.TRANSIENT);
      assertThat(nameless.remedy())
          .hasValueSatisfying(r -> assertThat(r).contains("javax.net.ssl.keyStore"));
      // Some ways of saying so look like a connection that breaks.
      assertThat(nameless.problem().id()).isIn("NET-005", "NET-006");

      keyStore("own.p12", "changeit");
      assertThat(exchange("agent.example", agent).exchange(new TestContext()).accessKeyId())
          .isEqualTo(Tokens.ACCESS_KEY_ID);
    }
  }

  @Test
  void sendsNothingWhereTheCertificateForItselfCannotBeRead() throws Exception {
    certificate.trusted();
    try (Peer agent = agent()) {
      for (String[] store :
          new String[][] {{"missing.p12", "changeit"}, {"own.p12", "SECRET"}, {".", "changeit"}}) {
        keyStore(store[0], store[1]);
        ExchangeException failure =
            Exchanges.failure(exchange("agent.example", agent), new TestContext());

        assertThat(failure.kind()).isEqualTo(FailureKind.MISCONFIGURED);
        assertThat(failure)
            .hasMessageContaining("was not asked: javax.net.ssl.keyStore cannot be used");
        assertThat(failure.problem().id()).isEqualTo("NET-009");
        assertThat(failure.problem().fact("setting"))
            .contains("system property javax.net.ssl.keyStore");
        assertThat(failure.remedy()).isPresent();
        assertThat(Exchanges.everythingIn(failure)).doesNotContain("SECRET");
      }
      assertThat(agent.requests()).isEmpty();
    }
  }

  private static void keyStore(String name, String password) {
    System.setProperty("javax.net.ssl.keyStore", directory.resolve(name).toString());
    System.setProperty("javax.net.ssl.keyStorePassword", password);
  }

  /** Answers a client whose certificate is that of this test, and no other. */
  private static void answerToWhomItKnows(Request request, Socket plain) throws IOException {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store("own.p12"), "changeit".toCharArray());
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store("trust.p12"));
      context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
      try (SSLSocket secured =
          (SSLSocket) context.getSocketFactory().createSocket(plain, "127.0.0.1", 0, true)) {
        secured.setUseClientMode(false);
        secured.setNeedClientAuth(true);
        secured.startHandshake();
        byte[] head = new byte[4096];
        assertThat(secured.getInputStream().read(head)).isPositive();
        Behaviour.text("200 OK", Tokens.GOOD_BODY).meet(request, secured);
      }
    } catch (GeneralSecurityException | InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static KeyStore store(String name) throws IOException, GeneralSecurityException {
    return KeyStore.getInstance(directory.resolve(name).toFile(), "changeit".toCharArray());
  }

  @Test
  void everyFormOfACertificateThatIsNotAcceptedIsKnown() {
    for (Throwable form :
        new Throwable[] {
          new CertificateException("no name matches"),
          new CertificateExpiredException("NotAfter"),
          new CertPathValidatorException("signature check failed"),
          new CertPathBuilderException("unable to find valid certification path"),
          new SSLPeerUnverifiedException("certificate doesn't match"),
          new InvalidAlgorithmParameterException("the trustAnchors parameter must be non-empty"),
        }) {
      assertThat(Tls.refusesCertificate(form)).as("%s", form).isTrue();
      assertThat(Tls.refusesCertificate(new SSLException(new IllegalStateException(form))))
          .as("%s", form)
          .isTrue();
    }
    SSLException ring = new SSLException("one");
    ring.initCause(new IOException("other", ring));
    assertThat(Tls.refusesCertificate(ring)).isFalse();
    assertThat(Tls.refusesCertificate(new SSLException("handshake_failure"))).isFalse();
  }

  @Test
  void aTrustStoreThatIsNotThereIsAMisconfiguration() throws Exception {
    System.setProperty("javax.net.ssl.trustStore", directory.resolve("missing.p12").toString());
    try (Peer agent = agent()) {
      ExchangeException failure =
          Exchanges.failure(exchange("agent.example", agent), new TestContext());

      assertThat(failure.kind()).isEqualTo(FailureKind.MISCONFIGURED);
      assertThat(failure).hasMessageContaining("certificate is not trusted");
      assertThat(agent.requests()).isEmpty();
    }
  }

  @Test
  void anAnswerFromElsewhereTellsTheTimeThereAndAFailureTellsItToo() throws Exception {
    Optional<InetAddress> elsewhere = addressOfThisMachineOnSomeNetwork();
    assumeTrue(elsewhere.isPresent(), "this machine is on a network");
    certificate.trusted();
    Map<String, String> bodies =
        Map.of(
            "200 OK",
            Tokens.GOOD_BODY,
            "403 Forbidden",
            "[a-1]: (AccessDeniedException): no, fault: client",
            "500 Oops",
            Tokens.GOOD_BODY,
            // Of somebody else, whose clock says nothing of the agent's.
            "404 Not Found",
            "<html>no such page</html>",
            "201 Created",
            Tokens.GOOD_BODY,
            "200 Fine",
            "<html>welcome</html>");
    for (Map.Entry<String, String> answer : bodies.entrySet()) {
      String status = answer.getKey();
      try (ServerSocket server = new ServerSocket(0, 1, elsewhere.get())) {
        Thread peer = new Thread(() -> answerOnce(server, status, answer.getValue()), "peer");
        peer.start();
        AgentExchange exchange =
            Exchanges.with(
                "https://agent.example:" + server.getLocalPort() + "/v1/credentials",
                Tokens.TOKEN,
                Names.of(Map.of("agent.example", new String[] {elsewhere.get().getHostAddress()})));

        Optional<Instant> told =
            status.equals("200 OK")
                ? exchange.exchange(new TestContext()).answeredAt()
                : Exchanges.failure(exchange, new TestContext()).answeredAt();

        boolean bySomebodyElse =
            List.of("404 Not Found", "201 Created", "200 Fine").contains(status);
        assertThat(told)
            .as(status)
            .isEqualTo(
                bySomebodyElse
                    ? Optional.empty()
                    : Optional.of(Instant.parse("2030-01-01T00:30:07Z")));
        peer.join();
      }
    }
  }

  private static void answerOnce(ServerSocket server, String status, String body) {
    try (Socket plain = server.accept();
        SSLSocket secured = certificate.over(plain)) {
      assertThat(secured.getInputStream().read(new byte[4096])).isPositive();
      Behaviour.text(status, body, "Date: Tue, 01 Jan 2030 00:00:07 GMT", "Age: 1800")
          .meet(new Request(List.of(), ""), secured);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static Optional<InetAddress> addressOfThisMachineOnSomeNetwork() throws IOException {
    return NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .filter(address -> address instanceof Inet4Address && !HostRule.isOnThisNode(address))
        .findFirst();
  }
}
