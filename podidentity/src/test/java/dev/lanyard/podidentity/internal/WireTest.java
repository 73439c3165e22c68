package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.peer.Behaviour;
import dev.lanyard.peer.Peer;
import dev.lanyard.podidentity.internal.Exchanges.Names;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.testing.FakeEks;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Peers that do not behave, and networks that would lead elsewhere. */
@Timeout(60)
class WireTest {

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 303, 307, 308})
  void noRedirectIsFollowed(int status) {
    try (FakeEks eks = FakeEks.start()) {
      eks.agent().answerWith(status, Map.of("Location", eks.sts().endpoint().toString()), "");
      ExchangeException failure = Exchanges.failure(eks.agent().endpoint().toString());

      assertThat(failure.kind()).isEqualTo(FailureKind.MISCONFIGURED);
      assertThat(failure)
          .hasMessageContaining("answered with a redirect, which is never followed (" + status);
      assertThat(eks.agent().requests()).isEqualTo(1);
      assertThat(eks.sts().requests()).isZero();
    }
  }

  @Test
  void noProxyIsAskedWhateverPropertiesVariablesAndSelectorsSay() throws Exception {
    assertThat(System.getenv("HTTP_PROXY")).as("set by the build").isNotBlank();
    Properties before = (Properties) System.getProperties().clone();
    ProxySelector selector = ProxySelector.getDefault();
    try (Peer proxy = Agents.answeringWell();
        Peer agent = Agents.answeringWell()) {
      String port = String.valueOf(proxy.port());
      for (String scheme : List.of("http", "https", "socks")) {
        String name = scheme.equals("socks") ? "socksProxy" : scheme + ".proxy";
        System.setProperty(name + "Host", "127.0.0.1");
        System.setProperty(name + "Port", port);
      }
      System.setProperty("http.nonProxyHosts", "");
      System.setProperty("socksNonProxyHosts", "");
      System.setProperty("java.net.useSystemProxies", "true");
      ProxySelector.setDefault(
          new ProxySelector() {
            @Override
            public List<Proxy> select(URI uri) {
              return List.of(
                  new Proxy(
                      "socket".equals(uri.getScheme()) ? Proxy.Type.SOCKS : Proxy.Type.HTTP,
                      new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.port())));
            }

            @Override
            public void connectFailed(URI uri, SocketAddress address, IOException e) {}
          });

      assertThat(Exchanges.with(Agents.uri(agent), Tokens.TOKEN).exchange(new TestContext()))
          .isNotNull();

      assertThat(agent.connections()).isEqualTo(1);
      assertThat(proxy.connections()).isZero();
    } finally {
      System.setProperties(before);
      ProxySelector.setDefault(selector);
    }
  }

  @Test
  void nobodyListening() {
    try (FakeEks eks = FakeEks.start()) {
      eks.agent().goDown();
      URI agent = eks.agent().endpoint();

      ExchangeException failure = Exchanges.failure(agent.toString());

      assertThat(failure.kind()).isEqualTo(FailureKind.TRANSIENT);
      assertThat(failure).hasMessageContaining("cannot be reached (ConnectException)");
      assertThat(failure.problem().id()).isEqualTo("NET-002");
      assertThat(failure.remedy())
          .hasValueSatisfying(r -> assertThat(r).contains("eks-pod-identity-agent"));
      assertThat(Exchanges.failure(agent.resolve("/other").toString()).remedy())
          .hasValueSatisfying(r -> assertThat(r).doesNotContain("eks-pod-identity-agent"));
    }
  }

  @Test
  void aNameThatDoesNotResolve() {
    ExchangeException failure = Exchanges.failure("http://no-such-host.example/");

    assertThat(failure.kind()).isEqualTo(FailureKind.TRANSIENT);
    assertThat(failure).hasMessageContaining("its name does not resolve");
    assertThat(failure.problem().id()).isEqualTo("NET-003");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "HTTP/1.1",
        "HTTP/1.1 abc OK\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"AccessKeyId\":",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nabcdefg",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/2 200\r\n\r\n{}",
      })
  void anAnswerThatIsCutOffOrNoHttpIsTransient(String bytes) throws Exception {
    try (Peer agent = Peer.that(Behaviour.raw(bytes))) {
      ExchangeException failure = Exchanges.failure(Agents.uri(agent));

      assertThat(failure.kind()).isEqualTo(FailureKind.TRANSIENT);
      assertThat(agent.connections()).as("nothing is sent twice").isEqualTo(1);
    }
  }

  @Test
  void aCharsetThatNobodyKnowsDoesNotMatter() throws Exception {
    String head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=no-such\r\n\r\n";
    try (Peer agent = Peer.that(Behaviour.raw(head + "abc"))) {
      ExchangeException failure = Exchanges.failure(Agents.uri(agent));

      assertThat(failure.kind()).isEqualTo(FailureKind.MISCONFIGURED);
      assertThat(failure).hasMessageContaining("the body is not");
    }
  }

  /** Whoever floods the client this way would otherwise keep it busy until the budget runs out. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
      })
  void interimAnswersWithoutAnEndAreReadToTheirBoundAndNoFurther(String interim) throws Exception {
    endless("", interim);
  }

  @Test
  void interimAnswersBeforeTheAnswerArePassedOver() throws Exception {
    String interim = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(5);
    try (Peer agent =
        Peer.that(
            Behaviour.raw(
                interim
                    + "HTTP/1.1 200 OK\r\nContent-Length: "
                    + Tokens.GOOD_BODY.length()
                    + "\r\n\r\n"
                    + Tokens.GOOD_BODY))) {
      assertThat(Exchanges.with(Agents.uri(agent), Tokens.TOKEN).exchange(new TestContext()))
          .isNotNull();
    }
  }

  @Test
  void aChunkExtensionWithoutAnEndIsReadToItsBoundAndNoFurther() throws Exception {
    endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "x");
  }

  @Test
  void trailersWithoutAnEndAreReadToTheirBoundAndNoFurther() throws Exception {
    endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X-More: y\r\n");
    endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ", "y");
  }

  @Test
  void chunksWithoutAnEndAreReadToTheBoundOfTheBodyAndNoFurther() throws Exception {
    assertThat(
            endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "8\r\nxxxxxxxx\r\n"))
        .hasMessageContaining("larger than 1 MiB");
  }

  private static ExchangeException endless(String head, String more) throws Exception {
    byte[] block = more.repeat(1024).getBytes(StandardCharsets.ISO_8859_1);
    CountDownLatch hungUp = new CountDownLatch(1);
    try (Peer agent =
        Peer.that(
            (request, socket) -> {
              try {
                Behaviour.raw(head).meet(request, socket);
                while (true) {
                  socket.getOutputStream().write(block);
                }
              } catch (IOException e) {
                hungUp.countDown();
              }
            })) {
      // Nobody ends it from outside: the exchange has to find its own bound.
      ExchangeException failure = Exchanges.failure(Agents.uri(agent));
      boolean whole = String.valueOf(failure.getMessage()).contains("larger than 1 MiB");
      assertThat(failure.kind())
          .isEqualTo(whole ? FailureKind.MISCONFIGURED : FailureKind.TRANSIENT);
      assertThat(hungUp.await(30, TimeUnit.SECONDS)).isTrue();
      return failure;
    }
  }

  @Test
  void anAnswerInChunksWithATrailerIsAnAnswer() throws Exception {
    int half = Tokens.GOOD_BODY.length() / 2;
    String rest = Tokens.GOOD_BODY.substring(half);
    try (Peer agent =
        Peer.that(
            Behaviour.raw(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + Integer.toHexString(half)
                    + ";a=b\r\n"
                    + Tokens.GOOD_BODY.substring(0, half)
                    + "\r\n"
                    + Integer.toHexString(rest.length())
                    + "\r\n"
                    + rest
                    + "\r\n0\r\nX-Checksum: 1\r\n\r\n"))) {
      assertThat(Exchanges.with(Agents.uri(agent), Tokens.TOKEN).exchange(new TestContext()))
          .extracting(credentials -> credentials.sessionToken())
          .isEqualTo(Tokens.SESSION_TOKEN);
    }
  }

  @Test
  void aCookieIsNotKept() throws Exception {
    try (Peer agent = Agents.answering("200 OK", Tokens.GOOD_BODY, "Set-Cookie: a=b; Path=/")) {
      AgentExchange exchange = Exchanges.with(Agents.uri(agent), Tokens.TOKEN);
      exchange.exchange(new TestContext());
      exchange.exchange(new TestContext());

      assertThat(agent.requests()).hasSize(2);
      assertThat(agent.requests().get(1).header("Cookie")).isNull();
    }
  }

  @Test
  void aCompressedAnswerThatNobodyAskedForIsCalledThat() throws Exception {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
      gzip.write(Tokens.GOOD_BODY.getBytes(StandardCharsets.UTF_8));
    }
    String body = compressed.toString(StandardCharsets.ISO_8859_1);
    for (String[] scene :
        new String[][] {
          {"Content-Encoding: gzip", "gzip"},
          {"Content-Encoding: GZIP", "gzip"},
          {"Content-Encoding: br", "br"},
          {"Content-Encoding: " + Tokens.TOKEN, "an unknown encoding"},
          {"Content-Encoding: identity", "gzip"},
          {"X-Nothing: to say", "gzip"},
        }) {
      for (String status : new String[] {"200 OK", "404 Not Found"}) {
        try (Peer agent =
            Peer.that(
                Behaviour.raw(
                    "HTTP/1.1 "
                        + status
                        + "\r\n"
                        + scene[0]
                        + "\r\nContent-Length: "
                        + body.length()
                        + "\r\n\r\n"
                        + body))) {
          ExchangeException failure = Exchanges.failure(Agents.uri(agent));
          assertThat(failure)
              .hasMessageEndingWith(
                  status.startsWith("200")
                      ? "the body is compressed (" + scene[1] + "), which was not asked for"
                      : "(404), with a compressed body (" + scene[1] + ")");
          assertThat(Exchanges.everythingIn(failure)).doesNotContain(Tokens.PIECES);
        }
      }
    }
  }

  @Test
  void anAnswerThatSaysItIsNotCompressedIsRead() throws Exception {
    try (Peer agent = Agents.answering("200 OK", Tokens.GOOD_BODY, "Content-Encoding: Identity")) {
      assertThat(Exchanges.with(Agents.uri(agent), Tokens.TOKEN).exchange(new TestContext()))
          .isNotNull();
    }
  }

  @Test
  void aConnectionResetIsTransient() {
    try (FakeEks eks = FakeEks.start()) {
      eks.agent().resetConnections();

      ExchangeException failure = Exchanges.failure(eks.agent().endpoint().toString());

      assertThat(failure.kind()).isEqualTo(FailureKind.TRANSIENT);
      assertThat(failure.problem().id()).isEqualTo("NET-006");
      assertThat(eks.agent().requests()).isEqualTo(1);
    }
  }

  @Test
  void aBodyWithoutAnEndIsReadToItsBoundAndNoFurther() throws Exception {
    for (String head :
        new String[] {
          "HTTP/1.1 200 OK\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n",
          "HTTP/1.1 500 Oops\r\n\r\n"
        }) {
      byte[] block = "x".repeat(8192).getBytes(StandardCharsets.ISO_8859_1);
      CountDownLatch hungUp = new CountDownLatch(1);
      try (Peer agent =
          Peer.that(
              (request, socket) -> {
                Behaviour.raw(head).meet(request, socket);
                try {
                  while (true) {
                    socket.getOutputStream().write(block);
                  }
                } catch (IOException e) {
                  hungUp.countDown();
                }
              })) {
        ExchangeException failure = Exchanges.failure(Agents.uri(agent));

        assertThat(failure.kind())
            .isEqualTo(head.contains("200") ? FailureKind.MISCONFIGURED : FailureKind.TRANSIENT);
        assertThat(hungUp.await(30, TimeUnit.SECONDS)).isTrue();
        if (head.contains("200")) {
          assertThat(failure).hasMessageContaining("larger than 1 MiB");
        }
      }
    }
  }

  @Test
  void headersWithoutAnEndAreReadToTheirBoundAndNoFurther() throws Exception {
    for (String endless : new String[] {"x", "X-More: y\r\n", "\r\n"}) {
      byte[] block = endless.repeat(4096).getBytes(StandardCharsets.ISO_8859_1);
      CountDownLatch hungUp = new CountDownLatch(1);
      try (Peer agent =
          Peer.that(
              (request, socket) -> {
                if (!endless.isBlank()) {
                  Behaviour.raw("HTTP/1.1 200 OK\r\n").meet(request, socket);
                }
                try {
                  while (true) {
                    socket.getOutputStream().write(block);
                  }
                } catch (IOException e) {
                  hungUp.countDown();
                }
              })) {
        assertThat(Exchanges.failure(Agents.uri(agent)).kind()).isEqualTo(FailureKind.TRANSIENT);
        assertThat(hungUp.await(30, TimeUnit.SECONDS)).isTrue();
      }
    }
  }

  /** Outlives every read time-out, one byte at a time. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\nX-Drip: ",
        "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4000\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: ",
        "HTTP/1.1 103 Early Hints\r\nX-Drip: ",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 5000\r\n\r\n",
        "HTTP/1.1 200 ",
        "HTTP/1.1 200 OK\r\n\r\n",
        "",
      })
  void aDrippingPeerIsAbortedWhenTheBudgetRunsOut(String head) throws Exception {
    CountDownLatch dripping = new CountDownLatch(3);
    try (Peer agent = Agents.answeringWell()) {
      agent.behave(
          (request, socket) -> {
            Behaviour.raw(head).meet(request, socket);
            while (agent.pause()) {
              if (!head.isEmpty()) {
                socket.getOutputStream().write('x');
                socket.getOutputStream().flush();
              }
              dripping.countDown();
            }
          });
      // No read times out so soon: only the abort ends it.
      TestContext context = new TestContext(Duration.ofHours(1));
      CompletableFuture<ExchangeException> failure =
          CompletableFuture.supplyAsync(
              () -> Exchanges.failure(Exchanges.with(Agents.uri(agent), Tokens.TOKEN), context),
              task -> new Thread(task, "exchange").start());
      assertThat(dripping.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(failure).isNotDone();

      context.runOut();

      assertThat(failure.get())
          .satisfies(
              f -> {
                assertThat(f.kind()).isEqualTo(FailureKind.TRANSIENT);
                assertThat(f).hasMessageContaining("gave no complete answer within 3600 s");
                assertThat(f.problem().id()).isEqualTo("NET-007");
                assertThat(f.remedy()).isPresent();
              });
    }
  }

  @Test
  void anAbortWhileTheNameIsLookedUpSendsNothingAndWaitsForNobody() throws Exception {
    CountDownLatch lookedUp = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    try (Peer agent = Agents.answeringWell()) {
      Names slow = Names.of(Map.of("slow.example", new String[] {"127.0.0.1"}));
      AgentExchange exchange =
          Exchanges.with(
              "http://slow.example:" + agent.port() + "/",
              Tokens.TOKEN,
              new HostResolver() {
                @Override
                public InetAddress[] resolve(String host) throws UnknownHostException {
                  lookedUp.countDown();
                  try {
                    goOn.await();
                  } catch (InterruptedException e) {
                    throw new AssertionError(e);
                  }
                  return slow.resolve(host);
                }
              });
      TestContext context = new TestContext();
      CompletableFuture<ExchangeException> failure =
          CompletableFuture.supplyAsync(
              () -> Exchanges.failure(exchange, context),
              task -> new Thread(task, "exchange").start());
      assertThat(lookedUp.await(30, TimeUnit.SECONDS)).isTrue();

      // On the test's own thread: it would hang here if it waited for the look-up.
      context.runOut();
      goOn.countDown();

      assertThat(failure.get(30, TimeUnit.SECONDS))
          .hasMessageContaining("gave no complete answer within 10 s");
      assertThat(agent.requests()).isEmpty();
    }
  }

  @Test
  void aBudgetThatHasRunOutBeforeSendsNothing() throws Exception {
    try (Peer agent = Agents.answeringWell()) {
      TestContext spent =
          new TestContext(Duration.ZERO) {
            @Override
            public void onTimeout(Runnable abort) {
              abort.run();
            }
          };

      ExchangeException failure =
          Exchanges.failure(Exchanges.with(Agents.uri(agent), Tokens.TOKEN), spent);

      assertThat(failure.kind()).isEqualTo(FailureKind.TRANSIENT);
      assertThat(agent.requests()).isEmpty();
    }
  }

  @Test
  void anInterruptThatEndsTheCallIsPassedOn() throws Exception {
    try (Peer agent = Agents.answeringWell()) {
      CountDownLatch asked = new CountDownLatch(1);
      CountDownLatch goOn = new CountDownLatch(1);
      agent.behave(
          (request, socket) -> {
            asked.countDown();
            goOn.await();
          });
      AgentExchange exchange = Exchanges.with(Agents.uri(agent), Tokens.TOKEN);
      CompletableFuture<Throwable> thrown = new CompletableFuture<>();
      Thread thread =
          new Thread(
              () ->
                  thrown.complete(
                      org.assertj.core.api.Assertions.catchThrowable(
                          () -> exchange.exchange(new TestContext()))));
      thread.start();
      assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();

      thread.interrupt();
      goOn.countDown();

      assertThat(thrown.get(30, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
    }
  }
}
