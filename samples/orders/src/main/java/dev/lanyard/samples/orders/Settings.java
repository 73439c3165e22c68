package dev.lanyard.samples.orders;

import java.net.InetSocketAddress;
import java.util.Map;

/**
 * What the deployment sets. The addresses of AWS are none of it: the SDK's clients find them by the
 * region, or in {@code AWS_ENDPOINT_URL_S3} and {@code AWS_ENDPOINT_URL_DYNAMODB}.
 *
 * @param address where to listen
 * @param bucket where the orders' texts are
 * @param table where the orders are listed
 */
record Settings(InetSocketAddress address, String bucket, String table) {

  /**
   * Reads the environment.
   *
   * @param variables its variables
   * @throws IllegalArgumentException if one is missing or wrong; the message names it
   */
  static Settings from(Map<String, String> variables) {
    String port = variables.getOrDefault("PORT", "8080");
    if (!port.matches("\\d{1,5}") || Integer.parseInt(port) > 65_535) {
      throw new IllegalArgumentException("PORT is a number up to 65535, not " + port);
    }
    return new Settings(
        new InetSocketAddress(Integer.parseInt(port)),
        required(variables, "ORDERS_BUCKET"),
        required(variables, "ORDERS_TABLE"));
  }

  private static String required(Map<String, String> variables, String name) {
    String value = variables.getOrDefault(name, "");
    if (value.isBlank()) {
      throw new IllegalArgumentException(name + " is not set");
    }
    return value;
  }
}
