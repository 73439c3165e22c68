package dev.lanyard.samples.conformance;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Gives recorded answers in their order, on a free loopback port, and keeps what it was asked to
 * the byte. One request a connection.
 */
final class RecordedServer implements AutoCloseable {

  /**
   * One request as it came in.
   *
   * @param headers by name in lower case
   */
  record Request(String method, String target, Map<String, String> headers, String body) {
    String header(String name) {
      return headers.get(name.toLowerCase(Locale.ROOT));
    }

    /** The parameters of a form, decoded; none where there is no body. */
    Map<String, String> form() {
      Map<String, String> form = new TreeMap<>();
      if (!body.isEmpty()) {
        for (String parameter : body.split("&", -1)) {
          String[] pair = parameter.split("=", 2);
          String value = pair.length == 2 ? decoded(pair[1]) : "";
          if (form.put(decoded(pair[0]), value) != null) {
            throw new IllegalStateException("parameter comes twice: " + pair[0]);
          }
        }
      }
      return form;
    }

    private static String decoded(String text) {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
  }

  private final ServerSocket socket;
  private final String uri;
  private final List<Case.Answer> answers;
  private final boolean repeatLast;
  private final List<Request> requests = new CopyOnWriteArrayList<>();

  private RecordedServer(
      ServerSocket socket, String uri, List<Case.Answer> answers, boolean repeatLast) {
    this.socket = socket;
    this.uri = uri;
    this.answers = new ArrayList<>(answers);
    this.repeatLast = repeatLast;
    Thread thread = new Thread(this::serve, "recorded-server");
    thread.setDaemon(true);
    thread.start();
  }

  static RecordedServer start(String listens, List<Case.Answer> answers, boolean repeatLast) {
    try {
      switch (listens) {
        case "127.0.0.1", "::1" -> {
          ServerSocket socket = new ServerSocket(0, 50, InetAddress.getByName(listens));
          String host = listens.contains(":") ? "[" + listens + "]" : listens;
          String uri = "http://" + host + ":" + socket.getLocalPort();
          return new RecordedServer(socket, uri, answers, repeatLast);
        }
        case "tls" -> {
          ServerSocket socket = Certificate.trusted().listen();
          String uri = "https://127.0.0.1:" + socket.getLocalPort();
          return new RecordedServer(socket, uri, answers, repeatLast);
        }
        default -> throw new IllegalArgumentException("listens on " + listens);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int port() {
    return socket.getLocalPort();
  }

  String uri() {
    return uri;
  }

  List<Request> requests() {
    return List.copyOf(requests);
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void serve() {
    while (!socket.isClosed()) {
      try (Socket connection = socket.accept()) {
        Request request = read(connection.getInputStream());
        requests.add(request);
        answer(next(request), connection.getOutputStream());
      } catch (IOException e) {
        // The test is over, or the client has seen enough.
      }
    }
  }

  /** The next answer to this path. One that nobody recorded fails the case by its status. */
  private Case.Answer next(Request request) {
    String path = request.target().split("\\?", 2)[0];
    for (int i = 0; i < answers.size(); i++) {
      Case.Answer answer = answers.get(i);
      if (answer.path() == null || answer.path().equals(path)) {
        boolean last =
            answers.subList(i + 1, answers.size()).stream()
                .noneMatch(later -> later.path() == null || later.path().equals(path));
        if (!(last && repeatLast)) {
          answers.remove(i);
        }
        return answer;
      }
    }
    return new Case.Answer(
        null, 418, Map.of(), null, "no answer was recorded", null, null, false, null);
  }

  private static Request read(InputStream in) throws IOException {
    String[] start = line(in).split(" ", -1);
    if (start.length != 3) {
      throw new IOException("no HTTP");
    }
    Map<String, String> headers = new LinkedHashMap<>();
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      String[] header = line.split(": ?", 2);
      if (headers.put(header[0].toLowerCase(Locale.ROOT), header[1]) != null) {
        throw new IOException("header comes twice: " + header[0]);
      }
    }
    int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
    String body = new String(in.readNBytes(length), StandardCharsets.ISO_8859_1);
    return new Request(start[0], start[1], headers, body);
  }

  private static String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
      line.write(c);
    }
    String text = line.toString(StandardCharsets.ISO_8859_1);
    return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
  }

  private static void answer(Case.Answer answer, OutputStream out) throws IOException {
    String fault = answer.fault() == null ? "" : answer.fault();
    if (fault.equals("close")) {
      return;
    }
    byte[] body = body(answer);
    int status = answer.status() == null ? 200 : answer.status();
    StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " Whatever\r\n");
    head.append("Connection: close\r\n");
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    headers.put("Content-Type", type(answer));
    headers.putAll(answer.headers());
    headers.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
    head.append(
        answer.chunked()
            ? "Transfer-Encoding: chunked\r\n\r\n"
            : "Content-Length: " + body.length + "\r\n\r\n");
    out.write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
    if (answer.chunked()) {
      int piece = Math.max(1, body.length / 3);
      for (int from = 0; from < body.length; from += piece) {
        byte[] part = Arrays.copyOfRange(body, from, Math.min(body.length, from + piece));
        out.write((Integer.toHexString(part.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
        out.write(part);
        out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
        out.flush();
      }
      out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    } else if (fault.equals("truncate")) {
      out.write(body, 0, body.length / 2);
    } else if (fault.isEmpty()) {
      out.write(body);
    } else {
      throw new IllegalArgumentException("fault " + fault);
    }
    out.flush();
  }

  /** The body of an answer, to the byte. */
  static byte[] body(Case.Answer answer) {
    String body = "";
    if (answer.json() != null) {
      body = answer.json().toString();
    } else if (answer.text() != null) {
      body = answer.text();
    } else if (answer.sts() != null) {
      body = success(answer.sts());
    } else if (answer.stsError() != null) {
      body = failure(answer.stsError());
    }
    return body.getBytes(StandardCharsets.UTF_8);
  }

  private static String type(Case.Answer answer) {
    if (answer.json() != null) {
      return "application/json";
    }
    return answer.text() != null ? "text/plain; charset=utf-8" : "text/xml";
  }

  /** The document of a success. Source: the STS model, AssumeRoleWithWebIdentity. */
  private static String success(Map<String, String> fields) {
    Map<String, String> rest = new LinkedHashMap<>(fields);
    String arn = rest.remove("Arn");
    String user =
        arn == null
            ? ""
            : element(
                "AssumedRoleUser",
                element("AssumedRoleId", "AROAEXAMPLEEXAMPLE01:orders") + element("Arn", arn));
    StringBuilder credentials = new StringBuilder();
    rest.forEach((name, value) -> credentials.append(element(name, value)));
    return "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
        + element(
            "AssumeRoleWithWebIdentityResult",
            element("Audience", "sts.amazonaws.com")
                + user
                + element("Credentials", credentials.toString()))
        + element("ResponseMetadata", element("RequestId", "11111111-2222-3333-4444-555555555555"))
        + "</AssumeRoleWithWebIdentityResponse>";
  }

  private static String failure(Map<String, String> fields) {
    StringBuilder error = new StringBuilder();
    fields.forEach((name, value) -> error.append(element(name, value)));
    return "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
        + element("Error", error.toString())
        + element("RequestId", "11111111-2222-3333-4444-555555555555")
        + "</ErrorResponse>";
  }

  private static String element(String name, String content) {
    return "<" + name + ">" + content + "</" + name + ">";
  }
}
