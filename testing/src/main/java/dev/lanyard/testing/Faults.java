package dev.lanyard.testing;

import dev.lanyard.testing.HttpAnswer.Delivery;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * What can go wrong with requests to a {@link FakeService}, in the words of the field. Called on
 * the service itself, a fault lasts until {@link FakeService#recovers}, and takes the place of the
 * one before; called on {@link FakeService#next}, it meets that many requests.
 *
 * <pre>{@code
 * eks.agent().hangs();            // until it recovers
 * eks.sts().next(2).throttles();  // the next two requests
 * }</pre>
 *
 * <p>Nothing is random, and nothing is left to time: a request meets its fault by the order in
 * which requests arrive. Safe for use by many threads.
 */
public abstract sealed class Faults permits FakeService, FakeService.Next {
  /** How far past their expiration expired credentials are. */
  private static final Duration EXPIRED = Duration.ofMinutes(-1);

  // No public constructor: the services of this module are the only ones.
  Faults() {}

  /** Orders a fault. */
  abstract void meet(Fault fault);

  /**
   * Takes the request and does not answer it. When the service recovers or is closed, the
   * connection is closed.
   */
  public void hangs() {
    meet(
        new Fault(
            "hang",
            call -> {
              call.awaitRecovery();
              return FakeService.Outcome.of(HttpAnswer.none(Delivery.CLOSED));
            }));
  }

  /** Takes the request and resets the connection: {@code Connection reset} at the client. */
  public void resets() {
    meet(Fault.RESET);
  }

  /** Takes the request and closes the connection without a byte. */
  public void closesWithoutAnswering() {
    meet(new Fault("close", call -> FakeService.Outcome.of(HttpAnswer.none(Delivery.CLOSED))));
  }

  /**
   * Answers properly, but the connection ends after the head and half of the body. {@code
   * Content-Length} promises all of it.
   */
  public void truncates() {
    meet(
        new Fault(
            "truncated",
            call -> call.properly().map(a -> a.delivered(Delivery.TRUNCATED, Duration.ZERO))));
  }

  /**
   * Answers properly, but the connection is reset after the head and half of the body. {@code
   * Content-Length} promises all of it.
   */
  public void resetsHalfway() {
    meet(
        new Fault(
            "reset halfway",
            call -> call.properly().map(a -> a.delivered(Delivery.RESET_HALFWAY, Duration.ZERO))));
  }

  /**
   * Answers properly, but after the head and half of the body nothing comes any more. When the
   * service recovers or is closed, the connection is closed. {@code Content-Length} promises all of
   * the body.
   */
  public void stallsHalfway() {
    meet(
        new Fault(
            "stalled halfway", call -> call.properly().map(a -> a.stalled(call::awaitRecovery))));
  }

  /**
   * Answers properly, head first, then one byte at a time.
   *
   * @param pause the real time between two bytes, a millisecond to a second; an answer has about a
   *     thousand
   * @throws IllegalArgumentException if the pause is shorter or longer
   */
  public void dribbles(Duration pause) {
    // A server that is being stopped waits for the pause to end.
    if (pause.toMillis() < 1 || pause.toMillis() > 1000) {
      throw new IllegalArgumentException("A pause is a millisecond to a second, not " + pause);
    }
    meet(
        new Fault(
            "dribbled", call -> call.properly().map(a -> a.delivered(Delivery.DRIBBLED, pause))));
  }

  /**
   * Answers what it is told, whatever was asked: an empty body, one that is too large, a proxy's
   * page of HTML.
   *
   * @param status the HTTP status, 200 to 599
   * @param contentType the header {@code Content-Type}
   * @param body the body
   * @throws IllegalArgumentException if the status is none of a final answer
   */
  public void answersWith(int status, String contentType, String body) {
    answersWith(status, Map.of("Content-Type", contentType), body);
  }

  /**
   * Answers what it is told, whatever was asked.
   *
   * @param status the HTTP status, 200 to 599
   * @param headers the headers by name, such as {@code Retry-After}; {@code Content-Length} and
   *     {@code Date} come by themselves, and a {@code Date} given here takes its place
   * @param body the body
   * @throws IllegalArgumentException if the status is none of a final answer
   */
  public void answersWith(int status, Map<String, String> headers, String body) {
    finalStatus(status);
    HttpAnswer answer = new HttpAnswer(status, Map.copyOf(headers), Objects.requireNonNull(body));
    meet(new Fault("scripted answer", call -> FakeService.Outcome.of(answer)));
  }

  /**
   * Answers with an error in the service's own form: a document of the query protocol from STS, and
   * from the agent the line in which it passes on what EKS Auth said.
   *
   * @param status the HTTP status, 400 to 599, such as 503
   * @param code the error code, such as {@code ServiceUnavailable}
   * @param message the error's message
   * @throws IllegalArgumentException if the status is none of an error
   */
  public void answersWithError(int status, String code, String message) {
    if (status < 400 || status > 599) {
      throw new IllegalArgumentException("The status of an error is 400 to 599, not " + status);
    }
    Objects.requireNonNull(code, "code");
    Objects.requireNonNull(message, "message");
    meet(new Fault("scripted error", call -> call.refused(new Refusal(status, code, message))));
  }

  /**
   * Answers properly, but with another body: one without a field, or with nonsense in its place.
   *
   * @param change gets the proper body, credentials included, and returns the one that is sent
   */
  public void changesAnswers(UnaryOperator<String> change) {
    Objects.requireNonNull(change, "change");
    meet(
        new Fault("changed", call -> call.properly().map(a -> a.withBody(change.apply(a.body())))));
  }

  /**
   * Answers properly, but with credentials that expired a minute ago.
   *
   * <p>No healthy service does that; a clock that is wrong, or a cache in between, has the same
   * effect.
   */
  public void issuesExpiredCredentials() {
    meet(new Fault("expired credentials", call -> call.properly(EXPIRED)));
  }

  /**
   * Answers with a redirection, 302.
   *
   * @param location where to
   */
  public void redirectsTo(URI location) {
    HttpAnswer answer = new HttpAnswer(302, Map.of("Location", location.toString()), "");
    meet(new Fault("redirect", call -> FakeService.Outcome.of(answer)));
  }

  /**
   * Answers that there were too many requests: STS with {@code Throttling} 400, the agent with 429
   * {@code Too Many Requests} as from its own limit.
   */
  public void throttles() {
    meet(new Fault("throttled", FakeService.Call::throttled));
  }

  private static void finalStatus(int status) {
    if (status < 200 || status > 599) {
      throw new IllegalArgumentException("The status of an answer is 200 to 599, not " + status);
    }
  }
}
