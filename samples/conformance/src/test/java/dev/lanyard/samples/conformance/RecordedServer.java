package dev.lanyard.samples.conformance;

import dev.lanyard.peer.Behaviour;
import dev.lanyard.peer.Certificate;
import dev.lanyard.peer.Peer;
import dev.lanyard.peer.Request;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Gives recorded answers in their order, on a free loopback port, and keeps what it was asked to
 * the byte. One request a connection.
 */
final class RecordedServer implements AutoCloseable {

  private static final class Trusted {
    /**
     * Made for this run. It stays trusted: the JDK reads the trust store once, for all who use its
     * default.
     */
    private static final Certificate CERTIFICATE = make();

    private static Certificate make() {
      try {
        Path directory = Files.createTempDirectory("conformance");
        Certificate certificate = Certificate.make(directory, "ip:127.0.0.1");
        directory.toFile().deleteOnExit();
        for (String file : new String[] {"own.p12", "trust.p12"}) {
          directory.resolve(file).toFile().deleteOnExit();
        }
        certificate.trusted();
        return certificate;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private final Peer peer;
  private final List<Case.Answer> answers;
  private final boolean repeatLast;

  private RecordedServer(String listens, List<Case.Answer> answers, boolean repeatLast) {
    this.answers = new ArrayList<>(answers);
    this.repeatLast = repeatLast;
    Behaviour behaviour =
        (request, connection) -> answer(next(request), connection.getOutputStream());
    this.peer =
        switch (listens) {
          case "127.0.0.1", "::1" -> Peer.at(listens, behaviour);
          case "tls" -> Peer.overTls(Trusted.CERTIFICATE, behaviour);
          default -> throw new IllegalArgumentException("listens on " + listens);
        };
  }

  static RecordedServer start(String listens, List<Case.Answer> answers, boolean repeatLast) {
    return new RecordedServer(listens, answers, repeatLast);
  }

  int port() {
    return peer.port();
  }

  String uri() {
    return peer.uri().toString();
  }

  List<Request> requests() {
    return peer.requests();
  }

  @Override
  public void close() {
    peer.close();
  }

  /** The next answer to this path. One that nobody recorded fails the case by its status. */
  private synchronized Case.Answer next(Request request) {
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
