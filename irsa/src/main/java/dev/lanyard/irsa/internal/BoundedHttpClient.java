package dev.lanyard.irsa.internal;

import dev.lanyard.spi.ExchangeContext;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ProtocolException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.SdkHttpResponse;

/**
 * The HTTP client of one attempt, for one request: it ends with the attempt's time budget, and
 * leaves no connection behind.
 *
 * <p>The budget holds without a thread of its own: each read is limited by what is left, and {@link
 * #abort} closes the connection, whatever it is blocked in. Only the look-up of a name cannot be
 * ended. The answer is read whole before the SDK sees any of it. No redirect is followed, no cookie
 * kept, nothing sent twice, nothing logged. See docs/adr/0015.
 */
final class BoundedHttpClient implements SdkHttpClient {
  /** What this client says itself. */
  private static final Set<String> OWN =
      Set.of("host", "connection", "content-length", "transfer-encoding", "proxy-authorization");

  private final Connection connection;
  private final Function<String, Optional<String>> clean;
  private final Optional<HttpProxy> proxy;

  /**
   * Makes the client of one attempt.
   *
   * @param clean takes the secret that is sent out of a text, if that can be done
   * @param proxy the proxy through which the endpoint is asked, if it leads there
   */
  BoundedHttpClient(
      ExchangeContext context,
      Function<String, Optional<String>> clean,
      Optional<HttpProxy> proxy) {
    this.connection = new Connection(context);
    this.clean = clean;
    this.proxy = proxy;
  }

  /** Ends the request in flight and forbids another. Does not block; for any thread. */
  void abort() {
    connection.abort();
  }

  /** Says whether the attempt has run out of time. */
  boolean isOutOfTime() {
    return connection.isOutOfTime();
  }

  @Override
  public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
    return new ExecutableHttpRequest() {
      @Override
      public HttpExecuteResponse call() throws IOException {
        return send(request);
      }

      @Override
      public void abort() {
        connection.close();
      }
    };
  }

  @Override
  public String clientName() {
    return "Lanyard";
  }

  @Override
  public void close() {
    connection.close();
  }

  private HttpExecuteResponse send(HttpExecuteRequest request) throws IOException {
    URI uri = request.httpRequest().getUri();
    byte[] body = body(request);
    try (connection) {
      Optional<HttpProxy> through =
          proxy.isPresent() && proxy.get().leadsTo(uri) ? proxy : Optional.empty();
      Socket socket = connection.open(uri, through);
      OutputStream out = socket.getOutputStream();
      out.write(head(request.httpRequest(), uri, body.length));
      out.write(body);
      out.flush();
      InputStream in = new BufferedInputStream(connection.input(socket));
      HttpAnswer head = HttpAnswer.readHead(in);
      HttpAnswer answer;
      try {
        answer = head.whole(in);
      } catch (ProtocolException e) {
        throw foreign(head, String.valueOf(e.getMessage()));
      }
      connection.checkTime();
      if (!StsForm.isOf(answer.status(), answer.body())) {
        // The SDK would parse it, log it, and set its clock by it.
        throw foreign(answer, null);
      }
      return response(answer);
    }
  }

  private ForeignAnswerException foreign(HttpAnswer answer, @Nullable String seen) {
    Map<String, List<String>> headers = StsHeaders.ofSuccess(answer.headers());
    return new ForeignAnswerException(
        seen, answer.status(), first(headers, "Retry-After"), first(headers, "Date"));
  }

  private static @Nullable String first(Map<String, List<String>> headers, String name) {
    List<String> values = headers.get(name);
    return values == null ? null : values.get(0);
  }

  private HttpExecuteResponse response(HttpAnswer answer) {
    // Without the reason phrase, which may say anything as well, and which nobody reads.
    boolean isSuccess = answer.status() / 100 == 2;
    SdkHttpResponse response =
        SdkHttpResponse.builder()
            .statusCode(answer.status())
            .headers(
                isSuccess
                    ? StsHeaders.ofSuccess(answer.headers())
                    : StsHeaders.ofError(answer.headers(), clean))
            .build();
    byte[] body = isSuccess ? answer.body() : cleaned(answer.body());
    return HttpExecuteResponse.builder()
        .response(response)
        .responseBody(AbortableInputStream.create(new ByteArrayInputStream(body)))
        .build();
  }

  /** STS repeats what it finds invalid, and the SDK logs what STS says. */
  private byte[] cleaned(byte[] body) {
    // One character a byte, so that all other bytes come out as they went in.
    String text = new String(body, StandardCharsets.ISO_8859_1);
    return clean
        .apply(text)
        .orElseGet(() -> StsForm.errorWithoutWords(text, clean))
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] body(HttpExecuteRequest request) throws IOException {
    Optional<ContentStreamProvider> content = request.contentStreamProvider();
    if (content.isEmpty()) {
      return new byte[0];
    }
    try (InputStream in = content.get().newStream()) {
      return in.readAllBytes();
    }
  }

  private static byte[] head(SdkHttpRequest request, URI uri, int length) {
    StringBuilder head = new StringBuilder();
    String path = uri.getRawPath();
    head.append(request.method())
        .append(' ')
        .append(path == null || path.isEmpty() ? "/" : path)
        .append(uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery())
        .append(" HTTP/1.1\r\n");
    line(head, "Host", uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort()));
    // The next exchange is most of an hour away.
    line(head, "Connection", "close");
    line(head, "Content-Length", String.valueOf(length));
    if (request.firstMatchingHeader("Accept").isEmpty()) {
      line(head, "Accept", "*/*");
    }
    for (Map.Entry<String, List<String>> header : request.headers().entrySet()) {
      if (!OWN.contains(header.getKey().toLowerCase(Locale.ROOT))) {
        line(head, header.getKey(), String.join(",", header.getValue()));
      }
    }
    return head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  // Some of it comes from the environment: no line break may end a header early.
  private static void line(StringBuilder head, String name, String value) {
    head.append(name).append(": ");
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      head.append(c < 0x20 || c == 0x7f ? ' ' : c);
    }
    head.append("\r\n");
  }
}
