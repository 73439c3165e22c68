package dev.lanyard.samples.s3;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lanyard.spi.SessionCredentials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * An S3-compatible server on loopback that holds its buckets in memory, and answers only requests
 * signed with session credentials that were issued and have not expired.
 *
 * <p>It refuses as S3 does, with S3's error codes: an access key id that nobody issued or that
 * comes without its session token ({@code InvalidAccessKeyId}), a wrong signature ({@code
 * SignatureDoesNotMatch}), a wrong session token ({@code InvalidToken}), expired credentials
 * ({@code ExpiredToken}), a body that is not what was signed ({@code XAmzContentSHA256Mismatch},
 * {@code BadDigest}). It serves path-style requests to list buckets; to create, find and list a
 * bucket; to put, get, find and delete an object. Anything else is {@code NotImplemented}.
 *
 * <p>Safe for use by many threads.
 */
public final class S3Server implements AutoCloseable {
  private final Authenticator authenticator;
  private final ObjectStore store = new ObjectStore();
  private final Map<String, AtomicInteger> served = new ConcurrentHashMap<>();
  private final ExecutorService threads;
  private final HttpServer server;

  private S3Server(Authenticator authenticator) throws IOException {
    this.authenticator = authenticator;
    this.threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "s3-server");
              thread.setDaemon(true);
              return thread;
            });
    this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::serve);
    server.start();
  }

  /**
   * Starts a server on a free port of the loopback interface.
   *
   * @param issued finds the credentials that were issued under an access key id
   * @return the server; close it
   * @throws UncheckedIOException if no port can be bound
   */
  public static S3Server start(Function<String, Optional<SessionCredentials>> issued) {
    try {
      return new S3Server(new Authenticator(issued, InstantSource.system()));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start an S3 server on loopback", e);
    }
  }

  /**
   * Returns where the server listens.
   *
   * @return an HTTP address without a path; clients need path-style access
   */
  public URI endpoint() {
    InetSocketAddress address = server.getAddress();
    return URI.create("http://127.0.0.1:" + address.getPort());
  }

  /**
   * Creates a bucket; does nothing if there is one of that name.
   *
   * @param name the bucket's name
   */
  public void createBucket(String name) {
    store.createBucket(name, Instant.now());
  }

  /**
   * Returns who was served.
   *
   * @return the number of requests that passed authentication, by access key id
   */
  public Map<String, Integer> served() {
    return served.entrySet().stream()
        .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, entry -> entry.getValue().get()));
  }

  /** Stops listening and ends the connections. */
  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      S3Response response;
      try {
        S3Request request = S3Request.read(exchange);
        Authenticator.Authenticated authenticated = authenticator.authenticate(request);
        served
            .computeIfAbsent(authenticated.accessKeyId(), key -> new AtomicInteger())
            .incrementAndGet();
        response = store.answer(request, authenticated.content());
      } catch (S3Failure failure) {
        response = S3Response.failure(failure, exchange.getRequestURI().getRawPath());
      }
      send(exchange, response);
    }
  }

  private static void send(HttpExchange exchange, S3Response response) throws IOException {
    exchange.getResponseHeaders().set("x-amz-request-id", "LANYARD");
    response.headers().forEach(exchange.getResponseHeaders()::set);
    boolean head = exchange.getRequestMethod().equals("HEAD");
    byte[] body = response.body();
    if (head) {
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
    }
    exchange.sendResponseHeaders(response.status(), head || body.length == 0 ? -1 : body.length);
    if (!head && body.length > 0) {
      exchange.getResponseBody().write(body);
    }
  }

  /** Keeps the charset in one place. */
  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
