package dev.lanyard.irsa.internal;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.peer.Behaviour;
import dev.lanyard.peer.Peer;
import dev.lanyard.spi.ExchangeException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Peers that outlive every read time-out. The time limit stands for "for ever". */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TimeBudgetTest {
  private static final String HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n";

  @TempDir Path root;
  private final TestContext context = new TestContext();
  private Pod pod;
  private Peer peer;

  @BeforeEach
  void startPod() {
    peer = Peer.that(Behaviour.silence());
    pod = new Pod(root).sts(peer.uri());
  }

  @AfterEach
  void stopPeer() {
    peer.close();
  }

  @Test
  void aHeadThatComesByteByByteEndsWithTheBudget() throws Exception {
    CompletableFuture<Void> clientGone = trickle(HEAD, "X-Endless: ");

    assertEndsWithTheBudget(clientGone);
  }

  @Test
  void aBodyThatComesByteByByteEndsWithTheBudget() throws Exception {
    // More than the JDK would read away in the background before it closes the connection.
    CompletableFuture<Void> clientGone =
        trickle(HEAD + "Content-Length: 1000000\r\n\r\n", "<AssumeRoleWithWebIdentityResponse>");

    assertEndsWithTheBudget(clientGone);
  }

  @Test
  void aBodyInChunksThatComesByteByByteEndsWithTheBudget() throws Exception {
    CompletableFuture<Void> clientGone =
        trickle(HEAD + "Transfer-Encoding: chunked\r\n\r\nffff\r\n", "<a>");

    assertEndsWithTheBudget(clientGone);
  }

  @Test
  void theInterruptAtTheEndOfTheBudgetIsATimeOutToo() throws Exception {
    Thread attempt = Thread.currentThread();
    CompletableFuture<Void> clientGone =
        trickle(
            HEAD,
            "X-Endless: ",
            () -> {
              attempt.interrupt();
              context.runOut();
            });

    try {
      assertOutOfTime(failure());
    } finally {
      Thread.interrupted();
    }

    clientGone.get();
  }

  @Test
  void aPeerThatNeverAnswersEndsWithTheReadTimeOut() {
    context.timeLeft(Duration.ofMillis(300));

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(FailureKind.TRANSIENT);
    assertThat(e).hasMessageStartingWith("STS did not answer in time");
  }

  @ParameterizedTest(name = "after {0}")
  @ValueSource(
      strings = {
        "",
        "HTTP/1.1 200 OK\r\nContent-Ty",
        HEAD + "Content-Length: 1000\r\n\r\n",
        HEAD + "Content-Length: 1000\r\n\r\n<AssumeRoleWithWebIdentityResponse>",
        HEAD + "Transfer-Encoding: chunked\r\n\r\nff\r\n<AssumeRole",
        HEAD + "\r\n<AssumeRole",
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 1000\r\n\r\n<Error",
      })
  void aPeerThatFallsSilentEndsWithTheBudget(String said) throws Exception {
    CompletableFuture<Void> clientGone = silentAfter(said);

    assertEndsWithTheBudget(clientGone);
  }

  @Test
  void aPeerThatIsSilentInTheHandshakeEndsWithTheBudget() throws Exception {
    CompletableFuture<Void> clientGone = new CompletableFuture<>();
    Behaviour silent = silentAfter("", clientGone);
    try (Peer plain =
        Peer.atOnce(
            (nothing, connection) -> {
              connection.getInputStream().read(new byte[65_536]);
              silent.meet(nothing, connection);
            })) {
      pod.sts(URI.create("https://127.0.0.1:" + plain.port()));

      assertEndsWithTheBudget(clientGone);
    }
  }

  @ParameterizedTest(name = "after {0}")
  @ValueSource(strings = {"", "HTTP/1.1 200 Connect", "HTTP/1.1 200 OK\r\n\r\n"})
  void aProxyThatFallsSilentEndsWithTheBudget(String said) throws Exception {
    pod.unset("AWS_ENDPOINT_URL_STS").set("HTTPS_PROXY", "http://127.0.0.1:" + peer.port());
    CompletableFuture<Void> clientGone = silentAfter(said);

    assertEndsWithTheBudget(clientGone);
  }

  @Test
  void nothingIsSentOnceTheBudgetIsGone() throws Exception {
    context.runOut();

    assertOutOfTime(failure());

    // The next in the queue is served: nobody was before it.
    peer.behave(Behaviour.raw(""));
    try (Socket next = new Socket(InetAddress.getLoopbackAddress(), peer.port())) {
      next.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(US_ASCII));
      assertThat(next.getInputStream().read()).isEqualTo(-1);
    }
    assertThat(peer.connections()).isEqualTo(1);
  }

  private void assertEndsWithTheBudget(CompletableFuture<Void> clientGone) throws Exception {
    assertOutOfTime(failure());

    clientGone.get();
  }

  private static void assertOutOfTime(ExchangeException e) {
    assertThat(e.kind()).isEqualTo(FailureKind.TRANSIENT);
    assertThat(e)
        .hasMessageStartingWith("STS did not answer within the time budget of the exchange");
  }

  private CompletableFuture<Void> trickle(String start, String first) {
    return trickle(start, first, context::runOut);
  }

  /** Answers the start, then a byte at a time; the budget ends after the first few. */
  private CompletableFuture<Void> trickle(String start, String first, Runnable onFew) {
    CompletableFuture<Void> clientGone = new CompletableFuture<>();
    peer.behave(
        (request, connection) -> {
          try {
            OutputStream out = connection.getOutputStream();
            out.write(start.getBytes(US_ASCII));
            for (int i = 0; peer.pause(); i++) {
              out.write(i < first.length() ? first.charAt(i) : ' ');
              out.flush();
              if (i == first.length() + 5) {
                onFew.run();
              }
            }
          } catch (IOException e) {
            clientGone.complete(null);
          }
        });
    return clientGone;
  }

  /** Says something and then nothing; the budget ends while the client waits for more. */
  private CompletableFuture<Void> silentAfter(String said) {
    CompletableFuture<Void> clientGone = new CompletableFuture<>();
    peer.behave(silentAfter(said, clientGone));
    return clientGone;
  }

  private Behaviour silentAfter(String said, CompletableFuture<Void> clientGone) {
    Thread attempt = Thread.currentThread();
    return (request, connection) -> {
      try {
        Behaviour.raw(said).meet(request, connection);
        while (!isReading(attempt)) {
          Thread.onSpinWait();
        }
        context.runOut();
        connection.getInputStream().readAllBytes();
      } catch (IOException e) {
        // It has gone with a reset.
      } finally {
        clientGone.complete(null);
      }
    };
  }

  private static boolean isReading(Thread thread) {
    return Arrays.stream(thread.getStackTrace())
        .limit(3)
        .anyMatch(frame -> frame.getClassName().startsWith("sun.nio.ch."));
  }

  private ExchangeException failure() {
    return catchThrowableOfType(ExchangeException.class, () -> pod.exchange().exchange(context));
  }
}
