package dev.lanyard.samples.orders;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lanyard.EksCredentialsProvider;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * The orders over HTTP.
 *
 * <pre>
 * PUT /orders/17?ada   the text as the body     204
 * GET /orders/17       the text, and a header   200 or 404
 * GET /ready           for the readiness probe  200 or 503
 * </pre>
 */
final class OrdersApplication implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(OrdersApplication.class);
  private static final int LARGEST_ORDER = 64 * 1024;
  private static final String NAME = "[A-Za-z0-9-]{1,64}";

  private final EksCredentialsProvider credentials;
  private final S3Client s3;
  private final DynamoDbClient dynamoDb;
  private final Orders orders;
  private final ExecutorService threads = Executors.newFixedThreadPool(8);
  private final HttpServer server;

  OrdersApplication(EksCredentialsProvider credentials, Settings settings) throws IOException {
    this.credentials = credentials;
    // One provider for all clients: one exchange, and nothing to close but the clients.
    this.s3 =
        S3Client.builder()
            .credentialsProvider(credentials)
            .forcePathStyle(true)
            .httpClientBuilder(UrlConnectionHttpClient.builder())
            .build();
    this.dynamoDb =
        DynamoDbClient.builder()
            .credentialsProvider(credentials)
            .httpClientBuilder(UrlConnectionHttpClient.builder())
            .build();
    this.orders = new Orders(s3, dynamoDb, settings);
    this.server = HttpServer.create(settings.address(), 0);
    server.setExecutor(threads);
    server.createContext("/orders/", this::order);
    server.createContext("/ready", this::ready);
    server.start();
  }

  /**
   * Runs the application until the process ends.
   *
   * @param arguments none
   * @throws IOException if the port is taken
   */
  public static void main(String[] arguments) throws IOException {
    Settings settings = Settings.from(System.getenv());
    OrdersApplication application =
        new OrdersApplication(EksCredentialsProvider.create(), settings);
    Runtime.getRuntime().addShutdownHook(new Thread(application::close));
  }

  URI address() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  @Override
  public void close() {
    server.stop(1);
    threads.shutdown();
    s3.close();
    dynamoDb.close();
  }

  private void order(HttpExchange exchange) throws IOException {
    try (exchange) {
      String id = exchange.getRequestURI().getPath().substring("/orders/".length());
      if (!id.matches(NAME)) {
        answer(exchange, 400, "An order's id is 1 to 64 letters, digits and hyphens");
        return;
      }
      try {
        switch (exchange.getRequestMethod()) {
          case "PUT" -> place(exchange, id);
          case "GET" -> find(exchange, id);
          default -> answer(exchange, 405, "An order can be put and got");
        }
      } catch (SdkException e) {
        // Lanyard's messages say what to mend and hold no secret; they are for the log all the
        // same, not for whoever calls.
        log.error("Order {}: {} failed", id, exchange.getRequestMethod(), e);
        answer(exchange, 503, "Orders are out of reach");
      }
    }
  }

  private void place(HttpExchange exchange, String id) throws IOException {
    byte[] text = exchange.getRequestBody().readNBytes(LARGEST_ORDER + 1);
    String customer = exchange.getRequestURI().getQuery();
    if (text.length > LARGEST_ORDER || customer == null || !customer.matches(NAME)) {
      answer(
          exchange,
          400,
          "An order has a customer of 1 to 64 letters, digits and hyphens, and a text of 64 KiB at"
              + " most");
      return;
    }
    orders.place(new Order(id, customer, new String(text, StandardCharsets.UTF_8)));
    exchange.sendResponseHeaders(204, -1);
  }

  private void find(HttpExchange exchange, String id) throws IOException {
    Optional<Order> order = orders.find(id);
    if (order.isEmpty()) {
      answer(exchange, 404, "There is no such order");
      return;
    }
    exchange.getResponseHeaders().set("Customer", order.get().customer());
    answer(exchange, 200, order.get().text());
  }

  /** Ready while there are credentials to work with: through an outage of their source, too. */
  private void ready(HttpExchange exchange) throws IOException {
    try (exchange) {
      boolean ready = credentials.status().usable();
      answer(exchange, ready ? 200 : 503, credentials.status().health().name());
    }
  }

  private static void answer(HttpExchange exchange, int status, String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    if (body.length > 0) {
      exchange.getResponseBody().write(body);
    }
  }
}
