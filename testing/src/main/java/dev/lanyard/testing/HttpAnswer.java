package dev.lanyard.testing;

import java.util.Map;

/**
 * What an endpoint answers. {@link #toString} does not show the body: it may hold credentials.
 *
 * @param headers by name; {@code Content-Length} and {@code Date} are added by the endpoint
 */
record HttpAnswer(int status, Map<String, String> headers, String body) {
  @Override
  public String toString() {
    return "HttpAnswer[" + status + "]";
  }
}
