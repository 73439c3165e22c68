package dev.lanyard.irsa;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/**
 * Answers on loopback what a test tells it, whatever is asked: for the answers that an STS which
 * keeps its contract never gives, or gives too seldom.
 */
final class ScriptedSts implements AutoCloseable {
  static final String SECRET_ACCESS_KEY = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00";
  static final String SESSION_TOKEN = "FwoGZXIvYXdzEBYaDEXAMPLESESSIONTOKENEXAMPLE";

  /** One request as it came in. */
  record Request(
      String method,
      String path,
      Map<String, String> headers,
      Map<String, String> form,
      String body) {}

  /** One answer. */
  record Answer(int status, Map<String, String> headers, String body) {}

  private final LoopbackServer server;
  private final Queue<Answer> answers = new ArrayDeque<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private volatile String reason = "Whatever";
  private volatile Runnable onRequest = () -> {};
  private volatile Function<Request, Answer> judge = request -> next();

  ScriptedSts() {
    server = LoopbackServer.start("scripted-sts", this::serve);
  }

  URI endpoint() {
    return URI.create("http://127.0.0.1:" + server.port());
  }

  List<Request> requests() {
    return requests;
  }

  /** Runs before the next answers are sent. */
  void onRequest(Runnable action) {
    onRequest = action;
  }

  /** Gives its answers this reason phrase. */
  ScriptedSts reason(String reason) {
    this.reason = reason;
    return this;
  }

  /** Answers each request by what is in it, instead of from the script. */
  ScriptedSts judges(Function<Request, Answer> judge) {
    this.judge = judge;
    return this;
  }

  synchronized ScriptedSts answers(int status, Map<String, String> headers, String body) {
    answers.add(new Answer(status, headers, body));
    return this;
  }

  ScriptedSts issues(String accessKeyId) {
    return answers(200, Map.of(), success(accessKeyId));
  }

  ScriptedSts refuses(int status, String code, String message) {
    return refuses(status, code, message, Map.of());
  }

  ScriptedSts refuses(int status, String code, String message, Map<String, String> headers) {
    Answer refusal = refusal(status, code, message, headers);
    return answers(refusal.status(), refusal.headers(), refusal.body());
  }

  static Answer refusal(int status, String code, String message, Map<String, String> headers) {
    return new Answer(
        status,
        headers,
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>"
            + "<Type>Sender</Type><Code>"
            + code
            + "</Code><Message>"
            + message
            + "</Message></Error><RequestId>11111111-2222-3333-4444-555555555555</RequestId>"
            + "</ErrorResponse>");
  }

  static String success(String accessKeyId) {
    return "<AssumeRoleWithWebIdentityResponse"
        + " xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult>"
        + "<SubjectFromWebIdentityToken>system:serviceaccount:shop:orders"
        + "</SubjectFromWebIdentityToken><Audience>sts.amazonaws.com</Audience>"
        + "<AssumedRoleUser><AssumedRoleId>AROAEXAMPLEEXAMPLE01:orders</AssumedRoleId>"
        + "<Arn>arn:aws:sts::111122223333:assumed-role/orders/orders-7d9f</Arn></AssumedRoleUser>"
        + "<Credentials><AccessKeyId>"
        + accessKeyId
        + "</AccessKeyId><SecretAccessKey>"
        + SECRET_ACCESS_KEY
        + "</SecretAccessKey><SessionToken>"
        + SESSION_TOKEN
        + "</SessionToken><Expiration>2030-01-01T01:00:00Z</Expiration></Credentials>"
        + "</AssumeRoleWithWebIdentityResult><ResponseMetadata>"
        + "<RequestId>11111111-2222-3333-4444-555555555555</RequestId></ResponseMetadata>"
        + "</AssumeRoleWithWebIdentityResponse>";
  }

  @Override
  public void close() {
    server.close();
  }

  private void serve(Socket socket) throws IOException {
    Request request = read(socket.getInputStream());
    requests.add(request);
    onRequest.run();
    socket.getOutputStream().write(bytes(judge.apply(request)));
    socket.getOutputStream().flush();
  }

  private static Request read(InputStream in) throws IOException {
    String[] start = line(in).split(" ", -1);
    if (start.length != 3) {
      throw new IOException("no HTTP");
    }
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      String[] header = line.split(":", 2);
      headers.put(header[0], header[1].strip());
    }
    int length = Integer.parseInt(headers.getOrDefault("Content-Length", "0"));
    Map<String, String> form = new LinkedHashMap<>();
    String body = new String(in.readNBytes(length), StandardCharsets.US_ASCII);
    for (String parameter : body.split("&", -1)) {
      String[] pair = parameter.split("=", 2);
      form.put(decode(pair[0]), pair.length == 2 ? decode(pair[1]) : "");
    }
    return new Request(start[0], start[1], headers, form, body);
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
      line.append((char) c);
    }
    return line.toString().strip();
  }

  private byte[] bytes(Answer answer) {
    byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
    StringBuilder head = new StringBuilder("HTTP/1.1 " + answer.status() + " " + reason + "\r\n");
    head.append("Content-Type: text/xml\r\nContent-Length: " + body.length + "\r\n");
    if (!answer.headers().containsKey("x-amzn-RequestId")) {
      head.append("x-amzn-RequestId: 11111111-2222-3333-4444-555555555555\r\n");
    }
    answer.headers().forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
    byte[] start = head.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII);
    byte[] all = Arrays.copyOf(start, start.length + body.length);
    System.arraycopy(body, 0, all, start.length, body.length);
    return all;
  }

  /** The last answer is given again and again. */
  private synchronized Answer next() {
    Answer answer = answers.size() > 1 ? answers.poll() : answers.peek();
    if (answer == null) {
      throw new IllegalStateException("no answer was scripted");
    }
    return answer;
  }

  private static String decode(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }
}
