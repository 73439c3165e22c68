package dev.lanyard.testing;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What an endpoint answers. {@link #toString} does not show the body: it may hold credentials.
 *
 * @param headers by name; {@code Content-Length} and {@code Date} are added by the endpoint
 * @param pause between two bytes of the body, where the delivery is {@link Delivery#DRIBBLED}
 * @param until after half of the body, where the delivery is {@link Delivery#STALLED}
 */
record HttpAnswer(
    int status,
    Map<String, String> headers,
    String body,
    Delivery delivery,
    Duration pause,
    Wait until) {

  /** How much of an answer gets to the client, and how. */
  enum Delivery {
    WHOLE,
    /** Head and half of the body, then the end of the connection. */
    TRUNCATED,
    /** Head and half of the body, then a reset. */
    RESET_HALFWAY,
    /** Head and half of the body, then nothing for a while, then the end of the connection. */
    STALLED,
    /** Byte by byte. */
    DRIBBLED,
    /** The connection is closed in good order, without a byte. */
    CLOSED,
    /** The connection is reset, without a byte. */
    RESET
  }

  /** What an answer waits for. */
  @FunctionalInterface
  interface Wait {
    Wait NOT = () -> {};

    void await() throws InterruptedException;
  }

  HttpAnswer(int status, Map<String, String> headers, String body) {
    this(status, headers, body, Delivery.WHOLE, Duration.ZERO, Wait.NOT);
  }

  /** No answer at all. */
  static HttpAnswer none(Delivery delivery) {
    return new HttpAnswer(0, Map.of(), "", delivery, Duration.ZERO, Wait.NOT);
  }

  HttpAnswer delivered(Delivery delivery, Duration pause) {
    return new HttpAnswer(status, headers, body, delivery, pause, until);
  }

  HttpAnswer stalled(Wait end) {
    return new HttpAnswer(status, headers, body, Delivery.STALLED, Duration.ZERO, end);
  }

  HttpAnswer withBody(String changed) {
    return new HttpAnswer(status, headers, changed, delivery, pause, until);
  }

  HttpAnswer withHeader(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(name, value);
    return new HttpAnswer(status, more, body, delivery, pause, until);
  }

  @Override
  public String toString() {
    return "HttpAnswer[" + status + ", " + delivery + "]";
  }
}
