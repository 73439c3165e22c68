package dev.lanyard.peer;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One request as it came in.
 *
 * @param head its lines, the first of them with method and target, without their ends
 * @param body its body, a character for each byte
 */
public record Request(List<String> head, String body) {
  static final Request NONE = new Request(List.of(), "");

  /**
   * Returns the method.
   *
   * @return such as {@code GET}
   */
  public String method() {
    return word(0);
  }

  /**
   * Returns path and query as they stand in the request line.
   *
   * @return such as {@code /?a=b}
   */
  public String target() {
    return word(1);
  }

  /**
   * Returns a header.
   *
   * @param name in any case
   * @return the value of the first of this name, null if there is none
   */
  public @Nullable String header(String name) {
    return head.stream()
        .skip(1)
        .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
        .map(Request::value)
        .findFirst()
        .orElse(null);
  }

  /**
   * Returns all headers.
   *
   * @return values by name in lower case, which are found by their name in any case
   * @throws IllegalStateException if one comes twice
   */
  public Map<String, String> headers() {
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (String line : head.subList(1, head.size())) {
      String name = line.split(":", 2)[0].toLowerCase(Locale.ROOT);
      if (headers.put(name, value(line)) != null) {
        throw new IllegalStateException("header comes twice: " + name);
      }
    }
    return headers;
  }

  /**
   * Returns the parameters of a form in the body.
   *
   * @return values by name, decoded, in their order; none where there is no body
   * @throws IllegalStateException if one comes twice
   */
  public Map<String, String> form() {
    Map<String, String> form = new LinkedHashMap<>();
    if (!body.isEmpty()) {
      for (String parameter : body.split("&", -1)) {
        String[] pair = parameter.split("=", 2);
        if (form.put(decoded(pair[0]), pair.length == 2 ? decoded(pair[1]) : "") != null) {
          throw new IllegalStateException("parameter comes twice: " + pair[0]);
        }
      }
    }
    return form;
  }

  /**
   * Reads one request, and not a byte more.
   *
   * @param in what comes in
   * @return the request, null if the client hangs up before the end of its head
   * @throws IOException if the connection breaks
   */
  public static @Nullable Request read(InputStream in) throws IOException {
    List<String> head = new ArrayList<>();
    for (String line = line(in); !(line != null && line.isEmpty()); line = line(in)) {
      if (line == null) {
        return null;
      }
      head.add(line);
    }
    if (head.isEmpty()) {
      return null;
    }
    Request request = new Request(List.copyOf(head), "");
    String length = request.header("Content-Length");
    return length == null
        ? request
        : new Request(
            request.head(),
            new String(in.readNBytes(Integer.parseInt(length)), StandardCharsets.ISO_8859_1));
  }

  /** A line without its end; null if the end never comes. */
  private static @Nullable String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        return null;
      }
      line.write(c);
    }
    String text = line.toString(StandardCharsets.ISO_8859_1);
    return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
  }

  /** What stands behind the colon and one blank, to the byte. */
  private static String value(String line) {
    String[] header = line.split(": ?", 2);
    return header.length == 2 ? header[1] : "";
  }

  private String word(int index) {
    String[] words = head.get(0).split(" ", -1);
    if (words.length != 3) {
      throw new IllegalStateException("no HTTP");
    }
    return words[index];
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }
}
