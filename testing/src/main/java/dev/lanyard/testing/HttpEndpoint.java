package dev.lanyard.testing;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.client.WireMock;
import com.github.tomakehurst.wiremock.common.Notifier;
import com.github.tomakehurst.wiremock.core.Options.ChunkedEncodingPolicy;
import com.github.tomakehurst.wiremock.core.WireMockConfiguration;
import com.github.tomakehurst.wiremock.extension.ResponseDefinitionTransformerV2;
import com.github.tomakehurst.wiremock.http.Fault;
import com.github.tomakehurst.wiremock.http.HttpHeader;
import com.github.tomakehurst.wiremock.http.Request;
import com.github.tomakehurst.wiremock.http.ResponseDefinition;
import com.github.tomakehurst.wiremock.standalone.MappingsSource;
import com.github.tomakehurst.wiremock.stubbing.ServeEvent;
import com.github.tomakehurst.wiremock.stubbing.StubMapping;
import com.github.tomakehurst.wiremock.stubbing.StubMappings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP server on a free loopback port, whose every answer is computed. With {@link
 * HalfwayServer} the only class that knows WireMock.
 *
 * <p>It keeps nothing of what it received: WireMock's request journal and notifier, and its page
 * for unmatched requests, would hold or print tokens.
 */
final class HttpEndpoint implements AutoCloseable {
  private static final String LOOPBACK = "127.0.0.1";

  /** More than any test keeps waiting at the same time. */
  private static final int MOST_THREADS = 1000;

  /** The form of RFC 9110, section 5.6.7; the JDK's RFC_1123_DATE_TIME does not pad the day. */
  static final DateTimeFormatter HTTP_DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
          .withZone(ZoneOffset.UTC);

  private final InstantSource clock;
  private final Function<HttpRequest, HttpAnswer> handler;
  private final int port;

  /** The answer of each thread that sends one. */
  private static final ThreadLocal<HttpAnswer> SENDING = new ThreadLocal<>();

  // All guarded by this. While the server is down, a socket that does not listen holds its port;
  // while it is unreachable, one that listens and never accepts.
  private @Nullable WireMockServer server;
  private @Nullable AutoCloseable placeholder;
  private boolean closed;

  private HttpEndpoint(InstantSource clock, Function<HttpRequest, HttpAnswer> handler) {
    this.clock = clock;
    this.handler = handler;
    WireMockServer first = onPort(0);
    first.start();
    this.server = first;
    this.port = first.port();
  }

  /** Starts listening. The handler is called by many threads, and its clock dates the answers. */
  static HttpEndpoint start(InstantSource clock, Function<HttpRequest, HttpAnswer> handler) {
    return new HttpEndpoint(clock, handler);
  }

  /** Host and port, as a {@code Host} header carries them. */
  String authority() {
    return LOOPBACK + ":" + port;
  }

  URI uri() {
    return URI.create("http://" + authority());
  }

  /** Refuses connections until {@link #comeBack}. Does nothing if it already does. */
  synchronized void goDown() {
    if (closed) {
      return;
    }
    if (!stop()) {
      release();
    }
    try {
      Socket held = new Socket();
      placeholder = held;
      held.setReuseAddress(true);
      held.bind(address());
      // Set for the bind alone, which old connections would prevent: nobody else may bind too.
      held.setReuseAddress(false);
    } catch (IOException e) {
      throw new UncheckedIOException("Port " + port + " cannot be held", e);
    }
  }

  /** Lets attempts to connect hang until {@link #comeBack}. */
  synchronized void goSilent() {
    if (!closed) {
      if (!stop()) {
        release();
      }
      placeholder = new FullBacklog(address());
    }
  }

  private InetSocketAddress address() {
    try {
      return new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("Four bytes are an address", e);
    }
  }

  /** Listens again, on the same port. Does nothing if it already does. */
  synchronized void comeBack() {
    if (server == null && !closed) {
      // Made before the port is let go, which is anybody's until the server has it.
      WireMockServer next = onPort(port);
      release();
      next.start();
      server = next;
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    boolean stopped = stop();
    if (!stopped) {
      release();
    }
  }

  private boolean stop() {
    if (server == null) {
      return false;
    }
    server.stop();
    server = null;
    return true;
  }

  private void release() {
    if (placeholder != null) {
      try {
        placeholder.close();
      } catch (Exception e) {
        throw new IllegalStateException("Port " + port + " cannot be let go", e);
      }
      placeholder = null;
    }
  }

  private WireMockServer onPort(int number) {
    WireMockServer wireMock =
        new WireMockServer(
            WireMockConfiguration.options()
                .bindAddress(LOOPBACK)
                .port(number)
                .httpServerFactory(
                    (options, admin, stubs) ->
                        new HalfwayServer(options, admin, stubs, this::halfway))
                .http2PlainDisabled(true)
                .gzipDisabled(true)
                .useChunkedTransferEncoding(ChunkedEncodingPolicy.NEVER)
                // The agent's server reads headers of up to 1 MiB; one buffer is held for each
                // connection, and no token comes near this.
                .jettyHeaderRequestSize(64 * 1024)
                // Threads are made as they are needed, and those that hang must not use up all.
                .containerThreads(MOST_THREADS)
                .disableRequestJournal()
                .stubRequestLoggingDisabled(true)
                .notifier(new Silence())
                // WireMock would set system properties of the process.
                .disableOptimizeXmlFactoriesLoading(true)
                // It would load the stubs of the project under test, and whatever extension is on
                // the class path.
                .mappingSource(new NoMappings())
                .extensionScanningEnabled(false)
                .adminAuthenticator(request -> false)
                .extensions(new Answers()));
    wireMock.stubFor(WireMock.any(WireMock.anyUrl()));
    return wireMock;
  }

  private ResponseDefinition answer(Request request) {
    HttpAnswer answer;
    try {
      answer =
          handler.apply(
              new HttpRequest(
                  request.getMethod().getName(),
                  request.getUrl(),
                  name -> {
                    HttpHeader header = request.header(name);
                    return header.isPresent() ? header.values() : List.of();
                  },
                  request.getBodyAsString()));
    } catch (RuntimeException e) {
      // WireMock would print the exception into the answer. Its type is enough to find the defect,
      // its message might hold a part of the request.
      answer =
          new HttpAnswer(
              500,
              Map.of("Content-Type", "text/plain; charset=utf-8"),
              "The fake failed: " + e.getClass().getName() + " at " + origin(e) + "\n");
    }
    SENDING.set(answer);
    ResponseDefinitionBuilder response = ResponseDefinitionBuilder.responseDefinition();
    switch (answer.delivery()) {
      case RESET -> response.withFault(Fault.CONNECTION_RESET_BY_PEER);
      case CLOSED -> response.withFault(Fault.EMPTY_RESPONSE);
      case WHOLE -> head(response, answer).withBody(answer.body());
      case TRUNCATED, RESET_HALFWAY, STALLED -> {
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        // In pieces, so that the head has left before Jetty finds that something is missing.
        head(response, answer)
            .withHeader("Content-Length", "" + body.length)
            .withBody(Arrays.copyOf(body, body.length / 2))
            .withChunkedDribbleDelay(1, 0);
      }
      case DRIBBLED -> {
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        head(response, answer)
            .withHeader("Content-Length", "" + body.length)
            .withBody(body)
            .withChunkedDribbleDelay(
                Math.max(1, body.length),
                Math.toIntExact(answer.pause().toMillis() * Math.max(1, body.length)));
      }
    }
    return response.build();
  }

  /** What there is of an answer has left. It is of the thread that has made it. */
  private void halfway(Socket connection) throws IOException {
    HttpAnswer answer = SENDING.get();
    SENDING.remove();
    if (answer == null) {
      return;
    }
    if (answer.delivery() == HttpAnswer.Delivery.RESET_HALFWAY) {
      connection.setSoLinger(true, 0);
      connection.close();
    } else if (answer.delivery() == HttpAnswer.Delivery.STALLED) {
      try {
        answer.until().await();
      } catch (InterruptedException e) {
        // The server is being stopped.
        Thread.currentThread().interrupt();
      }
    }
  }

  private ResponseDefinitionBuilder head(ResponseDefinitionBuilder response, HttpAnswer answer) {
    response.withStatus(answer.status());
    if (!answer.headers().containsKey("Date")) {
      response.withHeader("Date", HTTP_DATE.format(clock.instant()));
    }
    answer.headers().forEach(response::withHeader);
    return response;
  }

  private static String origin(Throwable failure) {
    StackTraceElement[] stack = failure.getStackTrace();
    return stack.length == 0 ? "an unknown place" : stack[0].toString();
  }

  private final class Answers implements ResponseDefinitionTransformerV2 {
    private final String name = "lanyard-" + UUID.randomUUID();

    @Override
    public ResponseDefinition transform(ServeEvent event) {
      return answer(event.getRequest());
    }

    @Override
    public String getName() {
      return name;
    }
  }

  private static final class NoMappings implements MappingsSource {
    @Override
    public void loadMappingsInto(StubMappings mappings) {}

    @Override
    public void save(List<StubMapping> mappings) {}

    @Override
    public void save(StubMapping mapping) {}

    // WireMock will drop this method, and still demands it.
    @SuppressWarnings("removal")
    @Override
    public void remove(StubMapping mapping) {}

    @Override
    public void removeAll() {}
  }

  private static final class Silence implements Notifier {
    @Override
    public void info(String message) {}

    @Override
    public void error(String message) {}

    @Override
    public void error(String message, Throwable failure) {}
  }
}
