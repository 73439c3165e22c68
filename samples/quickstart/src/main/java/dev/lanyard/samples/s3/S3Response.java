package dev.lanyard.samples.s3;

import java.util.Map;

/**
 * One answer.
 *
 * @param status the HTTP status
 * @param headers headers by name
 * @param body the body, which an answer to {@code HEAD} leaves out
 */
@SuppressWarnings("ArrayRecordComponent") // sent once, never compared
record S3Response(int status, Map<String, String> headers, byte[] body) {

  static S3Response empty(int status) {
    return new S3Response(status, Map.of(), new byte[0]);
  }

  static S3Response xml(int status, String content) {
    return new S3Response(
        status,
        Map.of("Content-Type", "application/xml"),
        S3Server.bytes("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + content));
  }

  static S3Response failure(S3Failure failure, String resource) {
    return xml(
        failure.status(),
        "<Error>"
            + element("Code", failure.code())
            + element("Message", String.valueOf(failure.getMessage()))
            + element("Resource", resource)
            + "</Error>");
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
