package dev.lanyard.testing;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The {@code Authorization} header of a request that is signed with Signature Version 4, and its
 * verification. Source: IAM user guide, reference_sigv-create-signed-request.
 */
record SignatureV4(
    String accessKeyId,
    String date,
    String region,
    String service,
    List<String> signedHeaders,
    String signature) {
  private static final Pattern HEADER =
      Pattern.compile(
          "AWS4-HMAC-SHA256 +Credential=([^/,]+)/(\\d{8})/([^/,]+)/([^/,]+)/aws4_request, *"
              + "SignedHeaders=([^, ]+), *Signature=([0-9a-f]{64})");

  static Optional<SignatureV4> of(HttpRequest request) {
    return request
        .header("Authorization")
        .map(HEADER::matcher)
        .filter(Matcher::matches)
        .map(
            parts ->
                new SignatureV4(
                    parts.group(1),
                    parts.group(2),
                    parts.group(3),
                    parts.group(4),
                    List.of(parts.group(5).split(";")),
                    parts.group(6)));
  }

  /**
   * Whether this secret made the signature over this request. The time of the signature is not
   * judged: a client signs by its own clock, which a test may have left behind.
   */
  boolean madeWith(String secretAccessKey, HttpRequest request) {
    return madeWith(secretAccessKey, request, UnaryOperator.identity())
        // Jetty shows a well-known charset in its own spelling, whatever the client wrote.
        || madeWith(secretAccessKey, request, value -> value.replace("UTF-8", "utf-8"));
  }

  private boolean madeWith(
      String secretAccessKey, HttpRequest request, UnaryOperator<String> asSent) {
    String time = request.header("x-amz-date").orElse("");
    if (!time.startsWith(date) || !signedHeaders.contains("host")) {
      return false;
    }
    String canonical =
        String.join(
            "\n",
            request.method(),
            request.path(),
            Arrays.stream(request.query().split("&", -1)).sorted().collect(Collectors.joining("&")),
            signedHeaders.stream()
                .map(name -> name + ":" + asSent.apply(value(request, name)) + "\n")
                .collect(Collectors.joining()),
            String.join(";", signedHeaders),
            hex(sha256(request.body().getBytes(StandardCharsets.UTF_8))));
    String toSign =
        String.join(
            "\n",
            "AWS4-HMAC-SHA256",
            time,
            String.join("/", date, region, service, "aws4_request"),
            hex(sha256(canonical.getBytes(StandardCharsets.UTF_8))));
    byte[] key = ("AWS4" + secretAccessKey).getBytes(StandardCharsets.UTF_8);
    for (String part : List.of(date, region, service, "aws4_request")) {
      key = hmac(key, part);
    }
    return MessageDigest.isEqual(
        hex(hmac(key, toSign)).getBytes(StandardCharsets.US_ASCII),
        signature.getBytes(StandardCharsets.US_ASCII));
  }

  private static String value(HttpRequest request, String name) {
    return request.headers().apply(name).stream()
        .map(value -> value.strip().replaceAll(" +", " "))
        .collect(Collectors.joining(","));
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This JDK has no SHA-256", e);
    }
  }

  private static byte[] hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This JDK has no HmacSHA256", e);
    }
  }
}
