package dev.lanyard.jmh;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * Stands before a fake on loopback, adds latency to its answers, counts them, and is down when it
 * is told to be: then it closes each connection without an answer.
 *
 * <p>It is an instrument, not a fake: every answer is the fake's own. The fake's words {@code
 * delayAnswers(...)}, {@code closeWithoutAnswering()} and {@code requests()} do not take its place,
 * since they hold for a whole service, and here seven providers side by side have one each; since
 * the outage of one is decided as each of its requests arrives, by the age of the credentials that
 * its provider holds then; and since waits are measured from the time at which an answer is
 * complete, on the clock of the waits, while the fake's log tells when it was computed, on the
 * cluster's.
 */
final class Front implements AutoCloseable {
  private static final Set<String> OWN_HEADERS =
      Set.of("host", "connection", "content-length", "expect", "upgrade", "http2-settings");

  private final URI upstream;
  private final Duration latency;
  private final Runnable beforeEach;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "front");
            thread.setDaemon(true);
            return thread;
          });
  private final HttpServer server;
  private final AtomicInteger requests = new AtomicInteger();
  private final List<Long> answers = new CopyOnWriteArrayList<>();
  private final List<Long> successes = new CopyOnWriteArrayList<>();
  private volatile BooleanSupplier down = () -> false;

  /**
   * Starts it.
   *
   * @param upstream the fake
   * @param latency what each answer takes longer
   * @param beforeEach is run before a request is passed on
   */
  Front(URI upstream, Duration latency, Runnable beforeEach) throws IOException {
    this.upstream = upstream;
    this.latency = latency;
    this.beforeEach = beforeEach;
    this.server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 256);
    server.setExecutor(threads);
    server.createContext("/", this::pass);
    server.start();
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** Decides at each request whether it is answered. */
  void downWhile(BooleanSupplier down) {
    this.down = down;
  }

  /** How many requests have come, answered or not. */
  int requests() {
    return requests.get();
  }

  /** When each answer was complete, by {@link System#nanoTime}. */
  List<Long> answers() {
    return answers;
  }

  /** The same for those with status 200. */
  List<Long> successes() {
    return successes;
  }

  private void pass(HttpExchange exchange) throws IOException {
    try (exchange) {
      requests.incrementAndGet();
      byte[] body = exchange.getRequestBody().readAllBytes();
      if (down.getAsBoolean()) {
        return;
      }
      Thread.sleep(latency.toMillis());
      beforeEach.run();
      HttpRequest.Builder request =
          HttpRequest.newBuilder(upstream.resolve(exchange.getRequestURI().toString()))
              .method(exchange.getRequestMethod(), BodyPublishers.ofByteArray(body));
      exchange
          .getRequestHeaders()
          .forEach(
              (name, values) -> {
                if (!OWN_HEADERS.contains(name.toLowerCase(Locale.ROOT))) {
                  values.forEach(value -> request.header(name, value));
                }
              });
      HttpResponse<byte[]> response = client.send(request.build(), BodyHandlers.ofByteArray());
      response
          .headers()
          .firstValue("Content-Type")
          .ifPresent(type -> exchange.getResponseHeaders().set("Content-Type", type));
      byte[] answer = response.body();
      exchange.sendResponseHeaders(response.statusCode(), answer.length == 0 ? -1 : answer.length);
      exchange.getResponseBody().write(answer);
      exchange.getResponseBody().flush();
      long now = System.nanoTime();
      answers.add(now);
      if (response.statusCode() == 200) {
        successes.add(now);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
