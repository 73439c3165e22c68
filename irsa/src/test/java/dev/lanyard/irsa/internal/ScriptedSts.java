package dev.lanyard.irsa.internal;

import dev.lanyard.peer.Behaviour;
import dev.lanyard.peer.Peer;
import dev.lanyard.peer.Request;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.Function;

/**
 * A peer that answers by a script, for tests of what is sent to the byte, and of a sequence of
 * answers at given times. What one answer of STS leads to is asked of the fake.
 */
final class ScriptedSts implements AutoCloseable {
  static final String SECRET_ACCESS_KEY = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00";
  static final String SESSION_TOKEN = "FwoGZXIvYXdzEBYaDEXAMPLESESSIONTOKENEXAMPLE";

  /** One answer. */
  record Answer(int status, Map<String, String> headers, String body) {}

  private final Peer peer = Peer.that((request, connection) -> meet(request, connection));
  private final Queue<Answer> answers = new ArrayDeque<>();
  private volatile String reason = "Whatever";
  private volatile Runnable onRequest = () -> {};
  private volatile Function<Request, Answer> judge = request -> next();

  URI endpoint() {
    return peer.uri();
  }

  List<Request> requests() {
    return peer.requests();
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
    peer.close();
  }

  private void meet(Request request, Socket connection) throws IOException, InterruptedException {
    onRequest.run();
    Answer answer = judge.apply(request);
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", "text/xml");
    headers.put("x-amzn-RequestId", "11111111-2222-3333-4444-555555555555");
    headers.putAll(answer.headers());
    Behaviour.text(
            answer.status() + " " + reason,
            answer.body(),
            headers.entrySet().stream()
                .map(header -> header.getKey() + ": " + header.getValue())
                .toArray(String[]::new))
        .meet(request, connection);
  }

  /** The last answer is given again and again. */
  private synchronized Answer next() {
    Answer answer = answers.size() > 1 ? answers.poll() : answers.peek();
    if (answer == null) {
      throw new IllegalStateException("no answer was scripted");
    }
    return answer;
  }
}
