package dev.lanyard.testing;

import java.security.SecureRandom;
import java.util.Base64;
import java.util.Locale;
import java.util.UUID;

/** Identifiers, keys and tokens of the shape that AWS and Kubernetes give theirs. */
final class Ids {
  /** The alphabet of IAM identifiers: base 32. */
  private static final String IAM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

  /** The alphabet of generated names in Kubernetes, which can spell no words. */
  private static final String KUBERNETES = "bcdfghjklmnpqrstvwxz2456789";

  private static final SecureRandom RANDOM = new SecureRandom();

  private Ids() {}

  static String accessKeyId() {
    return "ASIA" + letters(IAM, 16);
  }

  static String roleId() {
    return "AROA" + letters(IAM, 17);
  }

  /** Forty characters, slashes and pluses among them, as they are in real ones. */
  static String secretAccessKey() {
    return letters("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 40);
  }

  static String sessionToken() {
    return "IQoJ" + Base64.getEncoder().encodeToString(bytes(382));
  }

  static String requestId() {
    return UUID.randomUUID().toString();
  }

  /** The last part of an EKS issuer's URL. */
  static String issuerId() {
    return hex(16).toUpperCase(Locale.ROOT);
  }

  static String keyId() {
    return hex(20);
  }

  /** What a ReplicaSet appends to its pods' names. */
  static String podSuffix() {
    return letters(KUBERNETES, 10) + "-" + letters(KUBERNETES, 5);
  }

  private static String hex(int size) {
    StringBuilder hex = new StringBuilder();
    for (byte b : bytes(size)) {
      hex.append(String.format(Locale.ROOT, "%02x", b));
    }
    return hex.toString();
  }

  private static byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  private static String letters(String alphabet, int length) {
    StringBuilder letters = new StringBuilder();
    for (int i = 0; i < length; i++) {
      letters.append(alphabet.charAt(RANDOM.nextInt(alphabet.length())));
    }
    return letters.toString();
  }
}
