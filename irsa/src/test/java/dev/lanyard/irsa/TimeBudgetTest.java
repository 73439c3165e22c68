package dev.lanyard.irsa;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.ExchangeException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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
  private ServerSocket server;

  @BeforeEach
  void startPod() throws IOException {
    server = new ServerSocket(0, 9, InetAddress.getLoopbackAddress());
    pod = new Pod(root).sts(URI.create("http://127.0.0.1:" + server.getLocalPort()));
  }

  @AfterEach
  void stopServer() throws IOException {
    server.close();
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
    // Nobody accepts: the kernel completes the connection.
    context.timeLeft(Duration.ofMillis(300));

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(Kind.TRANSIENT);
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
    pod.sts(URI.create("https://127.0.0.1:" + server.getLocalPort()));
    CompletableFuture<Void> clientGone = silentAfter("");

    assertEndsWithTheBudget(clientGone);
  }

  @ParameterizedTest(name = "after {0}")
  @ValueSource(strings = {"", "HTTP/1.1 200 Connect", "HTTP/1.1 200 OK\r\n\r\n"})
  void aProxyThatFallsSilentEndsWithTheBudget(String said) throws Exception {
    pod.unset("AWS_ENDPOINT_URL_STS")
        .set("HTTPS_PROXY", "http://127.0.0.1:" + server.getLocalPort());
    CompletableFuture<Void> clientGone = silentAfter(said);

    assertEndsWithTheBudget(clientGone);
  }

  @Test
  void nothingIsSentOnceTheBudgetIsGone() throws Exception {
    context.runOut();

    assertOutOfTime(failure());

    server.setSoTimeout(1);
    assertThat(catchThrowableOfType(IOException.class, server::accept)).isNotNull();
  }

  private void assertEndsWithTheBudget(CompletableFuture<Void> clientGone) throws Exception {
    assertOutOfTime(failure());

    clientGone.get();
  }

  private static void assertOutOfTime(ExchangeException e) {
    assertThat(e.kind()).isEqualTo(Kind.TRANSIENT);
    assertThat(e)
        .hasMessageStartingWith("STS did not answer within the time budget of the exchange");
  }

  private CompletableFuture<Void> trickle(String start, String first) {
    return trickle(start, first, context::runOut);
  }

  /** Answers the start, then a byte at a time; the budget ends after the first few. */
  private CompletableFuture<Void> trickle(String start, String first, Runnable onFew) {
    CompletableFuture<Void> clientGone = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try (Socket socket = server.accept()) {
                InputStream in = socket.getInputStream();
                in.read(new byte[65_536]);
                OutputStream out = socket.getOutputStream();
                out.write(start.getBytes(US_ASCII));
                CountDownLatch pace = new CountDownLatch(1);
                for (int i = 0; ; i++) {
                  out.write(i < first.length() ? first.charAt(i) : ' ');
                  out.flush();
                  if (i == first.length() + 5) {
                    onFew.run();
                  }
                  pace.await(10, TimeUnit.MILLISECONDS);
                }
              } catch (IOException e) {
                clientGone.complete(null);
              } catch (InterruptedException e) {
                clientGone.completeExceptionally(e);
              }
            },
            "trickling-sts");
    thread.setDaemon(true);
    thread.start();
    return clientGone;
  }

  /** Says something and then nothing; the budget ends while the client waits for more. */
  private CompletableFuture<Void> silentAfter(String said) {
    CompletableFuture<Void> clientGone = new CompletableFuture<>();
    Thread attempt = Thread.currentThread();
    Thread thread =
        new Thread(
            () -> {
              try (Socket socket = server.accept()) {
                InputStream in = socket.getInputStream();
                in.read(new byte[65_536]);
                socket.getOutputStream().write(said.getBytes(US_ASCII));
                socket.getOutputStream().flush();
                while (!isReading(attempt)) {
                  Thread.onSpinWait();
                }
                context.runOut();
                in.readAllBytes();
                clientGone.complete(null);
              } catch (IOException e) {
                clientGone.complete(null);
              }
            },
            "silent-sts");
    thread.setDaemon(true);
    thread.start();
    return clientGone;
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
