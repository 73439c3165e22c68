package dev.lanyard.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** A client that sends just what it is told, any Host included, and hides nothing of the answer. */
final class Http {
  private Http() {}

  record Answer(int status, Map<String, String> headers, String body) {
    /** The text of an XML element, empty if there is none. */
    String element(String name) {
      int start = body.indexOf("<" + name + ">");
      return start < 0
          ? ""
          : body.substring(start + name.length() + 2, body.indexOf("</" + name + ">"));
    }

    /**
     * The value of a field of a JSON object whose values are strings without escapes, empty if
     * there is none.
     */
    String field(String name) {
      int start = body.indexOf("\"" + name + "\":\"");
      int from = start + name.length() + 4;
      return start < 0 ? "" : body.substring(from, body.indexOf('"', from));
    }
  }

  static Answer get(URI uri, String... headers) {
    return send("GET", uri, "", headers);
  }

  static Answer post(URI uri, Map<String, String> form, String... headers) {
    String body = form(form);
    String[] all = Arrays.copyOf(headers, headers.length + 1);
    all[headers.length] = "Content-Type: application/x-www-form-urlencoded; charset=utf-8";
    return send("POST", uri, body, all);
  }

  static String form(Map<String, String> form) {
    return form.entrySet().stream()
        .map(e -> encode(e.getKey()) + "=" + encode(e.getValue()))
        .collect(Collectors.joining("&"));
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static Answer send(String method, URI uri, String body, String... headers) {
    String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    StringBuilder request =
        new StringBuilder(method)
            .append(' ')
            .append(path)
            .append(uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery())
            .append(" HTTP/1.1\r\n");
    List<String> given = List.of(headers);
    if (given.stream().noneMatch(header -> header.startsWith("Host:"))) {
      request.append("Host: ").append(uri.getAuthority()).append("\r\n");
    }
    given.forEach(header -> request.append(header).append("\r\n"));
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    request.append("Content-Length: ").append(bytes.length).append("\r\n");
    request.append("Connection: close\r\n\r\n");
    try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write(request.toString().getBytes(StandardCharsets.UTF_8));
      out.write(bytes);
      out.flush();
      InputStream in = socket.getInputStream();
      return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Answer parse(String answer) {
    int end = answer.indexOf("\r\n\r\n");
    List<String> lines = answer.substring(0, end).lines().toList();
    Map<String, String> headers = new LinkedHashMap<>();
    for (String line : lines.subList(1, lines.size())) {
      String name = line.substring(0, line.indexOf(':')).toLowerCase(Locale.ROOT);
      headers.merge(name, line.substring(line.indexOf(':') + 1).strip(), (a, b) -> a + ", " + b);
    }
    return new Answer(
        Integer.parseInt(lines.get(0).split(" ", 3)[1]), headers, answer.substring(end + 4));
  }
}
