package dev.lanyard.testing;

import dev.lanyard.testing.HttpAnswer.Delivery;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * What can go wrong with requests to a {@link FakeService}. Called on the service itself, a fault
 * lasts until {@link FakeService#recover}, and replaces the one before; called on {@link
 * FakeService#next}, it affects that many requests.
 *
 * <pre>{@code
 * eks.agent().hang();            // until it recovers
 * eks.sts().next(2).throttle();  // the next two requests
 * eks.sts().next(1).withDate(Instant.EPOCH).answerProperly();
 * eks.agent().after(Duration.ofSeconds(5)).answerWith(500, "text/plain", "[]\n");
 * }</pre>
 *
 * <p>Nothing is random or depends on timing: the order in which requests arrive decides which fault
 * each of them meets. Safe for use by many threads.
 *
 * @since 0.1
 */
public abstract sealed class Faults permits FakeService, FakeService.Next, Faults.Changed {
  /** How far past their expiration expired credentials are. */
  private static final Duration EXPIRED = Duration.ofMinutes(-1);

  /** What the four digits of a year in HTTP can say. */
  private static final Instant FIRST_DATE = Instant.parse("0001-01-01T00:00:00Z");

  private static final Instant LAST_DATE = Instant.parse("9999-12-31T23:59:59Z");

  private static final String SOMEBODYS_PAGE =
      """
      <html>
      <head><title>%d</title></head>
      <body><center><h1>%d</h1></center><hr><center>proxy.example.com</center></body>
      </html>
      """;

  // No public constructor: the services of this module are the only ones.
  Faults() {}

  /** Orders a fault. */
  abstract void meet(Fault fault);

  /** The same faults, with something more to each. */
  static final class Changed extends Faults {
    private final Faults faults;
    private final UnaryOperator<Fault> change;

    private Changed(Faults faults, UnaryOperator<Fault> change) {
      this.faults = faults;
      this.change = change;
    }

    @Override
    void meet(Fault fault) {
      faults.meet(change.apply(fault));
    }
  }

  /**
   * Returns the same faults with a delay: the service reacts to a request when that much time has
   * passed since the request arrived. While {@link FakeService#delayAnswers} counts real time, this
   * delay is by the clock of {@link FakeEks.Builder#clock}: if that clock stands still, the request
   * waits until it is moved. A service that recovers meanwhile waits no longer.
   *
   * <p>Nothing happens before a fault is chosen on the returned object.
   *
   * @param delay how long to wait
   * @return the faults to choose from
   * @throws IllegalArgumentException if it is negative
   */
  public Faults after(Duration delay) {
    if (delay.isNegative()) {
      throw new IllegalArgumentException("A delay is not negative, as " + delay + " is");
    }
    return new Changed(
        this,
        fault ->
            new Fault(
                fault.name() + ", late",
                call -> {
                  call.awaitTime(delay);
                  return fault.effect().on(call);
                }));
  }

  /**
   * Returns the same faults with another {@code Date} in each answer: that of a machine whose clock
   * is wrong, or of a cache in between. Nothing happens before a fault is chosen on the returned
   * object.
   *
   * @param date any whole second from the year 1 to the end of 9999, which is all that the header
   *     can say
   * @return the faults to choose from
   * @throws IllegalArgumentException if the header cannot say it
   */
  public Faults withDate(Instant date) {
    if (date.isBefore(FIRST_DATE) || date.isAfter(LAST_DATE)) {
      throw new IllegalArgumentException("The header Date cannot say " + date);
    }
    return withHeader("Date", HttpEndpoint.HTTP_DATE.format(date));
  }

  /**
   * Returns the same faults with the header {@code Age} in each answer, as from a cache that has
   * had it for that long. The {@code Date} does not change; in a real cache it would be as old.
   * Nothing happens before a fault is chosen on the returned object.
   *
   * @param age the age; fractions of a second are cut off
   * @return the faults to choose from
   * @throws IllegalArgumentException if it is negative
   */
  public Faults withAge(Duration age) {
    if (age.isNegative()) {
      throw new IllegalArgumentException("An age is not negative, as " + age + " is");
    }
    return withHeader("Age", "" + age.toSeconds());
  }

  private Faults withHeader(String header, String value) {
    return new Changed(
        this,
        fault ->
            new Fault(
                fault.name() + ", " + header + " " + value,
                call -> fault.effect().on(call).map(answer -> answer.withHeader(header, value))));
  }

  /**
   * Answers as it does when nothing is wrong, refusals included. Use it with {@link #after}, {@link
   * #withDate} and {@link #withAge}, or to let some requests pass before a fault that lasts.
   */
  public void answerProperly() {
    meet(new Fault("proper answer", FakeService.Call::properly));
  }

  /**
   * Lets somebody else answer: a proxy, a mesh or a load balancer in the place of the service,
   * which is not reached, with an HTML page. It has no error code of the service and none of its
   * headers; a redirection has a {@code Location}, and 401 and 407 say how to authenticate.
   *
   * @param status the HTTP status, 200 to 599, such as 302, 403, 407 or 502
   * @throws IllegalArgumentException if the status is none of a final answer
   */
  public void answerAsSomebodyElse(int status) {
    somebodyElse(status, "text/html", SOMEBODYS_PAGE.formatted(status, status));
  }

  /**
   * Lets somebody else answer: the same as {@link #answerAsSomebodyElse(int)}, with plain text
   * instead of a page.
   *
   * @param status the HTTP status, 200 to 599
   * @param text the body, such as {@code no healthy upstream} of Envoy
   * @throws IllegalArgumentException if the status is none of a final answer
   */
  public void answerAsSomebodyElse(int status, String text) {
    somebodyElse(status, "text/plain", Objects.requireNonNull(text, "text"));
  }

  private void somebodyElse(int status, String contentType, String body) {
    finalStatus(status);
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", contentType);
    if (status >= 300 && status < 400) {
      headers.put("Location", "https://login.example.com/");
    } else if (status == 401) {
      headers.put("WWW-Authenticate", "Basic realm=\"gateway\"");
    } else if (status == 407) {
      headers.put("Proxy-Authenticate", "Basic realm=\"proxy\"");
    }
    // By HTTP these two have no body.
    HttpAnswer answer =
        new HttpAnswer(status, Map.copyOf(headers), status == 204 || status == 304 ? "" : body);
    meet(new Fault("somebody else", call -> FakeService.Outcome.of(answer)));
  }

  /**
   * Takes the request and does not answer it. When the service recovers or is closed, the
   * connection is closed.
   */
  public void hang() {
    meet(
        new Fault(
            "hang",
            call -> {
              call.awaitRecovery();
              return FakeService.Outcome.of(HttpAnswer.none(Delivery.CLOSED));
            }));
  }

  /** Takes the request and resets the connection: {@code Connection reset} at the client. */
  public void resetConnections() {
    meet(Fault.RESET);
  }

  /** Takes the request and closes the connection without a byte. */
  public void closeWithoutAnswering() {
    meet(new Fault("close", call -> FakeService.Outcome.of(HttpAnswer.none(Delivery.CLOSED))));
  }

  /**
   * Answers properly, but the connection ends after the head and half of the body. {@code
   * Content-Length} promises all of it.
   */
  public void truncate() {
    meet(
        new Fault(
            "truncated",
            call -> call.properly().map(a -> a.delivered(Delivery.TRUNCATED, Duration.ZERO))));
  }

  /**
   * Answers properly, but the connection is reset after the head and half of the body. {@code
   * Content-Length} promises all of it.
   */
  public void resetHalfway() {
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
  public void stallHalfway() {
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
  public void dribble(Duration pause) {
    // A server that is being stopped waits for the pause to end.
    if (pause.toMillis() < 1 || pause.toMillis() > 1000) {
      throw new IllegalArgumentException("A pause is a millisecond to a second, not " + pause);
    }
    meet(
        new Fault(
            "dribbled", call -> call.properly().map(a -> a.delivered(Delivery.DRIBBLED, pause))));
  }

  /**
   * Gives this answer to every request: an empty body, for example, one that is too large, or a
   * proxy's HTML page.
   *
   * @param status the HTTP status, 200 to 599
   * @param contentType the header {@code Content-Type}
   * @param body the body
   * @throws IllegalArgumentException if the status is none of a final answer
   */
  public void answerWith(int status, String contentType, String body) {
    answerWith(status, Map.of("Content-Type", contentType), body);
  }

  /**
   * Gives this answer to every request.
   *
   * @param status the HTTP status, 200 to 599
   * @param headers the headers by name, such as {@code Retry-After}; {@code Content-Length} and
   *     {@code Date} come by themselves, and a {@code Date} given here takes its place
   * @param body the body
   * @throws IllegalArgumentException if the status is none of a final answer
   */
  public void answerWith(int status, Map<String, String> headers, String body) {
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
  public void answerWithError(int status, String code, String message) {
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
  public void changeAnswers(UnaryOperator<String> change) {
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
  public void issueExpiredCredentials() {
    meet(new Fault("expired credentials", call -> call.properly(EXPIRED)));
  }

  /**
   * Answers with a redirection, 302.
   *
   * @param location where to
   */
  public void redirectTo(URI location) {
    HttpAnswer answer = new HttpAnswer(302, Map.of("Location", location.toString()), "");
    meet(new Fault("redirect", call -> FakeService.Outcome.of(answer)));
  }

  /**
   * Answers that there were too many requests: STS with {@code Throttling} 400, the agent with 429
   * {@code Too Many Requests} as from its own limit.
   */
  public void throttle() {
    meet(new Fault("throttled", FakeService.Call::throttled));
  }

  private static void finalStatus(int status) {
    if (status < 200 || status > 599) {
      throw new IllegalArgumentException("The status of an answer is 200 to 599, not " + status);
    }
  }
}
