package dev.lanyard.podidentity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.podidentity.Exchanges.Names;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.ExchangeException.Kind;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Over TLS any host will do, provided it is the one that its certificate names. */
class TlsTest {
  private static final char[] PASSWORD = "changeit".toCharArray();

  @TempDir private static Path directory;
  private static SSLContext context;
  private static Path trustStore;

  @BeforeAll
  static void makeACertificate() throws Exception {
    Path store = directory.resolve("agent.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "agent",
                "-keyalg",
                "EC",
                "-dname",
                "CN=agent",
                "-ext",
                "san=dns:agent.example",
                "-keystore",
                store.toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                new String(PASSWORD))
            .inheritIO()
            .start();
    assertThat(keytool.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(keytool.exitValue()).isZero();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD);
    }
    KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own.init(keys, PASSWORD);
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("agent", keys.getCertificate("agent"));
    trustStore = directory.resolve("trust.p12");
    try (OutputStream out = Files.newOutputStream(trustStore)) {
      trusted.store(out, PASSWORD);
    }
    context = SSLContext.getInstance("TLS");
    context.init(own.getKeyManagers(), null, null);
  }

  private static WireAgent agent() throws Exception {
    return WireAgent.on(
        context
            .getServerSocketFactory()
            .createServerSocket(0, 50, InetAddress.getLoopbackAddress()),
        WireAgent.text("200 OK", Tokens.GOOD_BODY));
  }

  private static AgentExchange exchange(String host, WireAgent agent) {
    return Exchanges.with(
        "https://" + host + ":" + agent.port() + "/v1/credentials",
        Tokens.TOKEN,
        Names.of(
            Map.of(
                "agent.example", new String[] {"127.0.0.1"},
                "other.example", new String[] {"127.0.0.1"})));
  }

  /** The process's trust store, as an operator sets it. */
  private static void trusting(Path store) {
    System.setProperty("javax.net.ssl.trustStore", store.toString());
    System.setProperty("javax.net.ssl.trustStorePassword", new String(PASSWORD));
  }

  @AfterEach
  void trustAsBefore() {
    System.clearProperty("javax.net.ssl.trustStore");
    System.clearProperty("javax.net.ssl.trustStorePassword");
  }

  @Test
  void asksTheHostThatTheCertificateNames() throws Exception {
    trusting(trustStore);
    try (WireAgent agent = agent()) {
      assertThat(exchange("agent.example", agent).exchange(new TestContext())).isNotNull();
      assertThat(agent.header(0, "Host")).isEqualTo("agent.example:" + agent.port());
      assertThat(agent.header(0, "Authorization")).isEqualTo(Tokens.TOKEN);
    }
  }

  @Test
  void sendsNothingToAHostThatTheCertificateDoesNotName() throws Exception {
    trusting(trustStore);
    try (WireAgent agent = agent()) {
      for (String host : new String[] {"other.example", "127.0.0.1"}) {
        ExchangeException failure = Exchanges.failure(exchange(host, agent), new TestContext());
        assertThat(failure.kind()).isEqualTo(Kind.MISCONFIGURED);
        assertThat(failure).hasMessageContaining("certificate is not trusted for this host");
      }
      assertThat(agent.requests()).isEmpty();
    }
  }

  @Test
  void sendsNothingToAHostWhoseCertificateNobodyVouchesFor() throws Exception {
    try (WireAgent agent = agent()) {
      ExchangeException failure =
          Exchanges.failure(exchange("agent.example", agent), new TestContext());
      assertThat(failure.kind()).isEqualTo(Kind.MISCONFIGURED);
      assertThat(failure.remedy()).hasValueSatisfying(r -> assertThat(r).contains("trust store"));
      assertThat(agent.requests()).isEmpty();
    }
  }

  @Test
  void aPeerThatSpeaksNoTlsIsTransient() throws Exception {
    try (WireAgent agent = WireAgent.that((socket, out) -> {})) {
      agent.behave(WireAgent.raw("HTTP/1.1 400 Bad Request\r\n\r\n"));
      CompletableFuture<ExchangeException> failure = new CompletableFuture<>();
      TestContext context = new TestContext();
      Thread thread =
          new Thread(
              () -> failure.complete(Exchanges.failure(exchange("agent.example", agent), context)));
      thread.start();
      assertThat(agent.awaitConnection()).isTrue();

      // It waits for the end of a line that never comes: the handshake is aborted like all else.
      context.runOut();

      assertThat(failure.get(4, TimeUnit.SECONDS).kind()).isEqualTo(Kind.TRANSIENT);
      assertThat(agent.requests()).isEmpty();
    }
  }
}
