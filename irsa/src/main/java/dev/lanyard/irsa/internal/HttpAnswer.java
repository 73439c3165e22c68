package dev.lanyard.irsa.internal;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * An HTTP/1.1 answer, read to its end and not beyond. Source: RFC 9112, sections 4 to 7.
 *
 * <p>What is longer than any answer of STS, or not HTTP, ends in an {@link IOException} that
 * repeats nothing of it.
 */
final class HttpAnswer {
  /** Many times what STS answers: what is longer is no answer of STS. */
  static final Limits LIMITS = new Limits(1 << 16, 1 << 20);

  private static final int MAX_INTERIM = 8;

  /**
   * How many bytes are read at most.
   *
   * @param head of the status line and the headers
   * @param body of the body without its framing
   */
  record Limits(int head, int body) {}

  private final int status;
  private final Map<String, List<String>> headers;
  private final byte[] body;

  private HttpAnswer(int status, Map<String, List<String>> headers, byte[] body) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }

  /** Reads an answer whole, passing over those that are only interim. */
  static HttpAnswer read(InputStream in) throws IOException {
    return read(in, LIMITS);
  }

  /** As {@link #read(InputStream)}, with other limits. */
  static HttpAnswer read(InputStream in, Limits limits) throws IOException {
    return readHead(in, limits).whole(in, limits);
  }

  /**
   * Returns the answer that this is the head of, whole.
   *
   * @throws ProtocolException if it is none that was asked for
   */
  HttpAnswer whole(InputStream in) throws IOException {
    return whole(in, LIMITS);
  }

  private HttpAnswer whole(InputStream in, Limits limits) throws IOException {
    checkEncoding();
    return new HttpAnswer(status, headers, readBody(in, limits.body()));
  }

  /**
   * Reads the status line and the headers, and nothing that comes after them, passing over answers
   * that are only interim.
   */
  static HttpAnswer readHead(InputStream in) throws IOException {
    return readHead(in, LIMITS);
  }

  /** As {@link #readHead(InputStream)}, with other limits. */
  static HttpAnswer readHead(InputStream in, Limits limits) throws IOException {
    for (int i = 0; i < MAX_INTERIM; i++) {
      HttpAnswer answer = readOneHead(in, limits.head());
      if (answer.status >= 200) {
        return answer;
      }
    }
    throw new ProtocolException("there are too many interim answers");
  }

  private static HttpAnswer readOneHead(InputStream in, int max) throws IOException {
    Line lines = new Line(in, max);
    int status = status(lines.next());
    Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (String line = lines.next(); !line.isEmpty(); line = lines.next()) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        headers
            .computeIfAbsent(line.substring(0, colon), name -> new ArrayList<>())
            .add(line.substring(colon + 1).strip());
      }
    }
    return new HttpAnswer(status, headers, new byte[0]);
  }

  int status() {
    return status;
  }

  /** Values by name, in any case of letters. */
  Map<String, List<String>> headers() {
    return headers;
  }

  /** The body without its framing. */
  byte[] body() {
    return body.clone();
  }

  /** The SDK would unpack a good answer, to a thousand times what is read here at most. */
  private void checkEncoding() throws ProtocolException {
    for (String encoding : headers.getOrDefault("Content-Encoding", List.of())) {
      if (!encoding.isEmpty() && !encoding.equalsIgnoreCase("identity")) {
        throw new ProtocolException("the answer is compressed, which was not asked for");
      }
    }
  }

  private byte[] readBody(InputStream in, int max) throws IOException {
    if (status == 204 || status == 304) {
      return new byte[0];
    }
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    Optional<String> encoding = last("Transfer-Encoding");
    Optional<String> length = last("Content-Length");
    if (headers.getOrDefault("Content-Length", List.of()).stream().distinct().count() > 1) {
      throw new ProtocolException("the answer has two lengths");
    }
    if (encoding.isPresent()) {
      if (!encoding.get().toLowerCase(Locale.ROOT).equals("chunked")) {
        throw new ProtocolException("the answer has a transfer encoding that was not asked for");
      }
      readChunks(in, body, max);
    } else if (length.isPresent()) {
      copy(in, body, number(length.get(), 10), max);
    } else {
      // Ended by the end of the connection. Of one that was cut, the document does not parse.
      byte[] all = in.readNBytes(max + 1);
      if (all.length > max) {
        throw tooLong(max);
      }
      body.writeBytes(all);
    }
    return body.toByteArray();
  }

  private static void readChunks(InputStream in, ByteArrayOutputStream body, int max)
      throws IOException {
    Line lines = new Line(in, 2 * max);
    while (true) {
      String size = lines.next();
      int extension = size.indexOf(';');
      long length = number((extension < 0 ? size : size.substring(0, extension)).strip(), 16);
      if (length == 0) {
        // Trailers say nothing that is of use.
        while (!lines.next().isEmpty()) {}
        return;
      }
      copy(in, body, length, max);
      if (!lines.next().isEmpty()) {
        throw new ProtocolException("a chunk is longer than it says");
      }
    }
  }

  private static void copy(InputStream in, ByteArrayOutputStream body, long length, int max)
      throws IOException {
    if (length > max - body.size()) {
      throw tooLong(max);
    }
    byte[] bytes = in.readNBytes((int) length);
    if (bytes.length < length) {
      throw new EOFException("the answer was cut off");
    }
    body.writeBytes(bytes);
  }

  private Optional<String> last(String header) {
    List<String> values = headers.get(header);
    return values == null ? Optional.empty() : Optional.of(values.get(values.size() - 1));
  }

  private static int status(String start) throws ProtocolException {
    boolean http = start.startsWith("HTTP/1.") && start.length() >= 12 && start.charAt(8) == ' ';
    if (!http || (start.length() > 12 && start.charAt(12) != ' ')) {
      throw new ProtocolException("the answer is not HTTP");
    }
    long status = number(start.substring(9, 12), 10);
    if (status < 100) {
      throw new ProtocolException("the answer is not HTTP");
    }
    return (int) status;
  }

  private static long number(String text, int radix) throws ProtocolException {
    boolean valid = !text.isEmpty() && text.length() <= 15;
    for (int i = 0; i < text.length() && valid; i++) {
      // No sign, and no digit of another script.
      valid = text.charAt(i) < 0x80 && Character.digit(text.charAt(i), radix) >= 0;
    }
    if (!valid) {
      throw new ProtocolException("a number in the answer's framing is not a number");
    }
    return Long.parseLong(text, radix);
  }

  private static ProtocolException tooLong(int max) {
    return new ProtocolException("the answer has more than " + max + " bytes");
  }

  /** Reads lines up to a total length. */
  private static final class Line {
    private final InputStream in;
    private int room;

    Line(InputStream in, int room) {
      this.in = in;
      this.room = room;
    }

    String next() throws IOException {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int c = in.read(); c != '\n'; c = in.read()) {
        if (c < 0) {
          throw new EOFException("the answer was cut off");
        }
        if (--room < 0) {
          throw new ProtocolException("the head of the answer is too long");
        }
        line.write(c);
      }
      String text = line.toString(StandardCharsets.ISO_8859_1);
      return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }
  }
}
