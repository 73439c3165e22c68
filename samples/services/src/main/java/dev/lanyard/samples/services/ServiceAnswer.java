package dev.lanyard.samples.services;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * One answer.
 *
 * @param status the HTTP status
 * @param headers headers by name
 * @param body the body, which an answer to {@code HEAD} leaves out
 */
@SuppressWarnings("ArrayRecordComponent") // sent once, never compared
record ServiceAnswer(int status, Map<String, String> headers, byte[] body) {

  /** Keeps the charset in one place. */
  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static ServiceAnswer empty(int status) {
    return new ServiceAnswer(status, Map.of(), new byte[0]);
  }

  static ServiceAnswer xml(int status, String content) {
    return new ServiceAnswer(
        status,
        Map.of("Content-Type", "application/xml"),
        bytes("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + content));
  }

  static String element(String name, String text) {
    return "<"
        + name
        + ">"
        + text.replace("&", "&amp;")
            .replace("<", "&lt;")
            .replace(">", "&gt;")
            .replace("\"", "&quot;")
        + "</"
        + name
        + ">";
  }
}
