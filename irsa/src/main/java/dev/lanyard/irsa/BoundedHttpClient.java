package dev.lanyard.irsa;

import dev.lanyard.spi.ExchangeContext;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;

/**
 * The HTTP client of one attempt: it ends with the attempt's time budget, and leaves no connection
 * behind.
 *
 * <p>The budget holds without a thread of its own. Connecting and each read have a time limit cut
 * from it. {@link #abort} closes the connection while the head of the answer is awaited. The body
 * is given up at the first read past the budget: a peer that sends a byte a second ends there. Only
 * a peer that falls silent in the midst of a body lasts longer, by one read time-out.
 */
final class BoundedHttpClient implements SdkHttpClient {
  /** A third of the budget goes to connecting at most, and not more than the SDK's own default. */
  private static final Duration MAX_CONNECT = Duration.ofSeconds(2);

  /** Many times what STS answers: what is longer is no answer of STS. */
  private static final int MAX_BODY = 1 << 20;

  private final SdkHttpClient http;
  private final ExchangeContext context;
  private final UnaryOperator<String> scrub;
  private final AtomicReference<@Nullable ExecutableHttpRequest> awaited = new AtomicReference<>();
  private volatile boolean aborted;

  // Of the attempt's thread alone.
  private @Nullable ExecutableHttpRequest last;

  /**
   * Makes the client of one attempt.
   *
   * @param scrub takes the secret that is sent out of a text
   */
  BoundedHttpClient(ExchangeContext context, UnaryOperator<String> scrub) {
    this.context = context;
    this.scrub = scrub;
    Duration left = context.timeLeft();
    Duration connect = atLeastOneMilli(min(MAX_CONNECT, left.dividedBy(3)));
    this.http =
        UrlConnectionHttpClient.builder()
            .connectionTimeout(connect)
            .socketTimeout(atLeastOneMilli(left.minus(connect)))
            .build();
  }

  /** Ends the request in flight and forbids another. Does not block; for any thread. */
  void abort() {
    aborted = true;
    ExecutableHttpRequest request = awaited.getAndSet(null);
    if (request != null) {
      request.abort();
    }
  }

  /** Says whether the attempt has run out of time. */
  boolean isOutOfTime() {
    return aborted || context.timeLeft().isZero();
  }

  @Override
  public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
    ExecutableHttpRequest prepared =
        http.prepareRequest(
            HttpExecuteRequest.builder()
                // The next exchange is most of an hour away.
                .request(request.httpRequest().toBuilder().putHeader("Connection", "close").build())
                .contentStreamProvider(request.contentStreamProvider().orElse(null))
                .build());
    return new ExecutableHttpRequest() {
      @Override
      public HttpExecuteResponse call() throws IOException {
        return send(prepared);
      }

      @Override
      public void abort() {
        prepared.abort();
      }
    };
  }

  @Override
  public String clientName() {
    return http.clientName();
  }

  /** Ends the attempt, on its own thread: a body that was not read to its end is closed here. */
  @Override
  public void close() {
    if (last != null) {
      last.abort();
    }
    http.close();
  }

  private HttpExecuteResponse send(ExecutableHttpRequest prepared) throws IOException {
    last = prepared;
    // Publish first: an abort from here on finds the request, an earlier one is seen below.
    awaited.set(prepared);
    HttpExecuteResponse response;
    try {
      checkTime();
      response = prepared.call();
    } finally {
      // From here on abort keeps off: closing a body that is being read would block the aborter.
      awaited.set(null);
    }
    checkTime();
    AbortableInputStream body = response.responseBody().orElse(null);
    if (body != null) {
      body = AbortableInputStream.create(new BoundedBody(body), body);
      if (!response.httpResponse().isSuccessful()) {
        body = scrubbed(body);
      }
    }
    return HttpExecuteResponse.builder()
        .response(response.httpResponse())
        .responseBody(body)
        .build();
  }

  /** STS repeats what it finds invalid, and the SDK logs what STS says. */
  private AbortableInputStream scrubbed(AbortableInputStream body) throws IOException {
    try (body) {
      // One character a byte, so that all other bytes come out as they went in.
      String text = new String(body.readAllBytes(), StandardCharsets.ISO_8859_1);
      return AbortableInputStream.create(
          new ByteArrayInputStream(scrub.apply(text).getBytes(StandardCharsets.ISO_8859_1)));
    }
  }

  private void checkTime() throws InterruptedIOException {
    if (isOutOfTime()) {
      throw new InterruptedIOException("the time budget of the exchange has run out");
    }
  }

  private static Duration min(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  // Zero would mean no limit at all.
  private static Duration atLeastOneMilli(Duration limit) {
    return limit.toMillis() < 1 ? Duration.ofMillis(1) : limit;
  }

  /** A body that ends with the budget, and that is not read without end. */
  private final class BoundedBody extends FilterInputStream {
    private int room = MAX_BODY;

    BoundedBody(InputStream body) {
      super(body);
    }

    @Override
    public int read() throws IOException {
      checkTime();
      int b = super.read();
      take(b < 0 ? 0 : 1);
      return b;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      checkTime();
      int count = super.read(buffer, offset, length);
      take(Math.max(0, count));
      return count;
    }

    private void take(int count) throws IOException {
      room -= count;
      if (room < 0) {
        throw new IOException("the answer has more than " + MAX_BODY + " bytes");
      }
    }
  }
}
