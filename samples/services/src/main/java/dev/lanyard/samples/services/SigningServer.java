package dev.lanyard.samples.services;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lanyard.spi.SessionCredentials;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.IssuedCredentials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * A service on loopback that answers only requests signed with session credentials that a cluster
 * issued and that have not expired. Safe for use by many threads.
 */
public abstract sealed class SigningServer implements AutoCloseable permits S3Server, TableServer {
  private final Service service;
  private final Authenticator authenticator;
  private final Map<String, AtomicInteger> served = new ConcurrentHashMap<>();
  private final ExecutorService threads;
  private final HttpServer server;
  private volatile Predicate<String> denied = keyId -> false;

  SigningServer(Service service, Function<String, Optional<SessionCredentials>> issued) {
    this.service = service;
    this.authenticator = new Authenticator(service.name(), issued, InstantSource.system());
    this.threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, service.name() + "-server");
              thread.setDaemon(true);
              return thread;
            });
    try {
      this.server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start a server on loopback for " + service.name(), e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::serve);
    server.start();
  }

  /** Finds what a cluster issued under an access key id. */
  static Function<String, Optional<SessionCredentials>> issuedBy(FakeEks eks) {
    return keyId -> eks.issued(keyId).map(SigningServer::session);
  }

  private static SessionCredentials session(IssuedCredentials issued) {
    return SessionCredentials.builder()
        .accessKeyId(issued.accessKeyId())
        .secretAccessKey(issued.secretAccessKey())
        .sessionToken(issued.sessionToken())
        .expiration(issued.expiration())
        .build();
  }

  /**
   * Returns where the server listens.
   *
   * @return an HTTP address without a path, on loopback; for S3 clients need path-style access
   */
  public final URI endpoint() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /**
   * Denies everything to some from now on, as if an identity policy did not allow it.
   *
   * @param accessKeyIds whether this access key id is one of them
   */
  public final void denies(Predicate<String> accessKeyIds) {
    denied = accessKeyIds;
  }

  /**
   * Returns who was served.
   *
   * @return the number of requests that passed authentication and were allowed, by access key id
   */
  public final Map<String, Integer> served() {
    return served.entrySet().stream()
        .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, entry -> entry.getValue().get()));
  }

  /** Stops listening and ends the connections. */
  @Override
  public final void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      ServiceAnswer answer;
      try {
        ServiceRequest request = ServiceRequest.read(exchange);
        Authenticator.Authenticated authenticated = authenticator.authenticate(request);
        if (denied.test(authenticated.accessKeyId())) {
          throw ServiceFailure.accessDenied();
        }
        served
            .computeIfAbsent(authenticated.accessKeyId(), key -> new AtomicInteger())
            .incrementAndGet();
        answer = service.answer(request, authenticated.content());
      } catch (ServiceFailure failure) {
        answer = service.failure(failure, exchange.getRequestURI().getRawPath());
      }
      send(exchange, answer);
    }
  }

  private static void send(HttpExchange exchange, ServiceAnswer answer) throws IOException {
    exchange.getResponseHeaders().set("x-amz-request-id", "LANYARD");
    answer.headers().forEach(exchange.getResponseHeaders()::set);
    boolean head = exchange.getRequestMethod().equals("HEAD");
    byte[] body = answer.body();
    if (head) {
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
    }
    exchange.sendResponseHeaders(answer.status(), head || body.length == 0 ? -1 : body.length);
    if (!head && body.length > 0) {
      exchange.getResponseBody().write(body);
    }
  }
}
