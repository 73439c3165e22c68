package dev.lanyard.testing;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What an endpoint answers. {@link #toString} does not show the body: it may hold credentials.
 *
 * @param headers by name; {@code Content-Length} and {@code Date} are added by the endpoint
 * @param pause between two bytes of the body, where the delivery is {@link Delivery#DRIBBLED}
 */
record HttpAnswer(
    int status, Map<String, String> headers, String body, Delivery delivery, Duration pause) {

  /** How much of an answer gets to the client, and how. */
  enum Delivery {
    WHOLE,
    /** Head and half of the body, then the end of the connection. */
    TRUNCATED,
    /** Byte by byte. */
    DRIBBLED,
    /** The connection is closed in good order, without a byte. */
    CLOSED,
    /** The connection is reset, without a byte. */
    RESET
  }

  HttpAnswer(int status, Map<String, String> headers, String body) {
    this(status, headers, body, Delivery.WHOLE, Duration.ZERO);
  }

  /** No answer at all. */
  static HttpAnswer none(Delivery delivery) {
    return new HttpAnswer(0, Map.of(), "", delivery, Duration.ZERO);
  }

  HttpAnswer delivered(Delivery delivery, Duration pause) {
    return new HttpAnswer(status, headers, body, delivery, pause);
  }

  HttpAnswer withBody(String changed) {
    return new HttpAnswer(status, headers, changed, delivery, pause);
  }

  HttpAnswer withHeader(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(name, value);
    return new HttpAnswer(status, more, body, delivery, pause);
  }

  @Override
  public String toString() {
    return "HttpAnswer[" + status + ", " + delivery + "]";
  }
}
