package dev.lanyard.samples.services;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signature Version 4 as S3 computes it, written from its specification and not from the AWS SDK,
 * so that the SDK's signer and this verifier check each other.
 *
 * <p>Source: Amazon S3 API reference, "Authenticating Requests (AWS Signature Version 4)": "Signing
 * with the Authorization header", and its "multiple chunks" and "trailing headers" pages.
 */
final class SignatureV4 {
  private static final String ALGORITHM = "AWS4-HMAC-SHA256";
  private static final String HASH_OF_NOTHING = sha256(new byte[0]);
  private static final HexFormat PERCENT = HexFormat.of().withUpperCase();

  private final byte[] signingKey;
  private final String timestamp;
  private final String scope;

  /**
   * Derives the signing key.
   *
   * @param secretAccessKey the secret access key
   * @param timestamp the {@code x-amz-date} of the request
   * @param authorization names date, region and service of the scope
   */
  SignatureV4(String secretAccessKey, String timestamp, Authorization authorization) {
    byte[] key = ("AWS4" + secretAccessKey).getBytes(StandardCharsets.UTF_8);
    key = hmac(key, authorization.date());
    key = hmac(key, authorization.region());
    key = hmac(key, authorization.service());
    this.signingKey = hmac(key, "aws4_request");
    this.timestamp = timestamp;
    this.scope =
        String.join(
            "/",
            authorization.date(),
            authorization.region(),
            authorization.service(),
            "aws4_request");
  }

  /**
   * Signs a request's head.
   *
   * @param method such as {@code GET}
   * @param rawPath the path as it came, percent-encoded
   * @param rawQuery the query as it came, empty if there is none
   * @param headers values of the signed headers by name in lower case
   * @param signedHeaders the names, in the order of the Authorization header
   * @param contentHash the value of {@code x-amz-content-sha256}
   * @return the signature in lower-case hexadecimal
   */
  String ofRequest(
      String method,
      String rawPath,
      String rawQuery,
      Map<String, List<String>> headers,
      List<String> signedHeaders,
      String contentHash) {
    StringBuilder canonical = new StringBuilder();
    canonical.append(method).append('\n');
    canonical.append(canonicalPath(rawPath)).append('\n');
    canonical.append(canonicalQuery(rawQuery)).append('\n');
    for (String name : signedHeaders) {
      String value =
          headers.getOrDefault(name, List.of()).stream()
              .map(each -> each.strip().replaceAll(" +", " "))
              .collect(Collectors.joining(","));
      canonical.append(name).append(':').append(value).append('\n');
    }
    canonical.append('\n').append(String.join(";", signedHeaders)).append('\n').append(contentHash);
    return sign(ALGORITHM, sha256(bytes(canonical.toString())));
  }

  /**
   * Signs one chunk of a body.
   *
   * @param previous the signature of the chunk before it, or of the request's head for the first
   * @param chunk the chunk's data
   * @return the signature in lower-case hexadecimal
   */
  String ofChunk(String previous, byte[] chunk) {
    return sign(ALGORITHM + "-PAYLOAD", previous, HASH_OF_NOTHING, sha256(chunk));
  }

  /**
   * Signs the trailing headers.
   *
   * @param previous the signature of the last chunk
   * @param trailer the trailing headers, {@code name:value} and a line feed each
   * @return the signature in lower-case hexadecimal
   */
  String ofTrailer(String previous, String trailer) {
    return sign(ALGORITHM + "-TRAILER", previous, sha256(bytes(trailer)));
  }

  private String sign(String kind, String... parts) {
    return HexFormat.of()
        .formatHex(
            hmac(
                signingKey,
                kind + "\n" + timestamp + "\n" + scope + "\n" + String.join("\n", parts)));
  }

  /** S3 encodes a path once, and leaves its slashes and its dots as they are. */
  private static String canonicalPath(String rawPath) {
    return Arrays.stream(rawPath.split("/", -1))
        .map(SignatureV4::canonicalPart)
        .collect(Collectors.joining("/"));
  }

  private static String canonicalQuery(String rawQuery) {
    if (rawQuery.isEmpty()) {
      return "";
    }
    List<String> parameters = new ArrayList<>();
    for (String parameter : rawQuery.split("&", -1)) {
      int equals = parameter.indexOf('=');
      String name = equals < 0 ? parameter : parameter.substring(0, equals);
      String value = equals < 0 ? "" : parameter.substring(equals + 1);
      parameters.add(canonicalPart(name) + "=" + canonicalPart(value));
    }
    Collections.sort(parameters);
    return String.join("&", parameters);
  }

  private static String canonicalPart(String raw) {
    StringBuilder encoded = new StringBuilder();
    for (byte octet : bytes(decode(raw))) {
      char character = (char) (octet & 0xff);
      if (character < 0x80
          && (Character.isLetterOrDigit(character) || "-._~".indexOf(character) >= 0)) {
        encoded.append(character);
      } else {
        encoded.append('%').append(PERCENT.toHexDigits(octet));
      }
    }
    return encoded.toString();
  }

  /**
   * Undoes percent-encoding; a plus sign stands for itself.
   *
   * @param raw a part of a path or of a query
   * @return what it stands for
   */
  static String decode(String raw) {
    return URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /**
   * Hashes.
   *
   * @param data any bytes
   * @return SHA-256 in lower-case hexadecimal
   */
  static String sha256(byte[] data) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(data));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * Compares without telling by the time it takes where the difference is.
   *
   * @param one what came
   * @param other what is right
   * @return whether they are equal
   */
  static boolean same(String one, String other) {
    return MessageDigest.isEqual(bytes(one), bytes(other));
  }

  private static byte[] hmac(byte[] key, String data) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(bytes(data));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * What an {@code Authorization} header says.
   *
   * @param accessKeyId whose signature it is
   * @param date the scope's day, such as {@code 20130524}
   * @param region the scope's region
   * @param service the scope's service
   * @param signedHeaders names of the signed headers, as they came
   * @param signature the signature
   */
  record Authorization(
      String accessKeyId,
      String date,
      String region,
      String service,
      List<String> signedHeaders,
      String signature) {

    /**
     * Reads a header.
     *
     * @param header the header's value
     * @param service whose request it has to be, such as {@code s3}
     * @return its parts
     * @throws ServiceFailure if it is none of Signature Version 4
     */
    static Authorization parse(String header, String service) throws ServiceFailure {
      if (!header.startsWith(ALGORITHM + " ")) {
        throw ServiceFailure.malformedAuthorization("only " + ALGORITHM + " is known");
      }
      String credential = "";
      String signedHeaders = "";
      String signature = "";
      for (String part : header.substring(ALGORITHM.length()).split(",", -1)) {
        String[] pair = part.strip().split("=", 2);
        String value = pair.length == 2 ? pair[1] : "";
        switch (pair[0]) {
          case "Credential" -> credential = value;
          case "SignedHeaders" -> signedHeaders = value;
          case "Signature" -> signature = value;
          default -> throw ServiceFailure.malformedAuthorization("a part of it is unknown");
        }
      }
      String[] scope = credential.split("/", -1);
      if (scope.length != 5 || !scope[4].equals("aws4_request")) {
        throw ServiceFailure.malformedAuthorization("the credential's scope is not complete");
      }
      if (!scope[3].equals(service)) {
        throw ServiceFailure.malformedAuthorization("the service is not " + service);
      }
      if (signedHeaders.isEmpty() || signature.isEmpty()) {
        throw ServiceFailure.malformedAuthorization("a part of it is missing");
      }
      return new Authorization(
          scope[0],
          scope[1],
          scope[2],
          scope[3],
          List.of(signedHeaders.toLowerCase(Locale.ROOT).split(";", -1)),
          signature);
    }

    /** Says whose it is by the last four characters. */
    @Override
    public String toString() {
      return "Authorization[****"
          + accessKeyId.substring(Math.max(0, accessKeyId.length() - 4))
          + ", "
          + date
          + ", "
          + region
          + "]";
    }
  }
}
