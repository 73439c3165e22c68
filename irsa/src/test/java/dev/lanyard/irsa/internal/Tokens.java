package dev.lanyard.irsa.internal;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** Web identity tokens that look like a cluster's; nobody signed them. */
final class Tokens {
  static final String ISSUER =
      "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";
  static final String SUBJECT = "system:serviceaccount:shop:orders";

  private Tokens() {}

  /** A token for the shop's orders; the serial makes it another one. */
  static String token(int serial) {
    return of(
        "{\"aud\":[\"sts.amazonaws.com\"],\"iss\":\""
            + ISSUER
            + "\",\"jti\":\"serial-"
            + serial
            + "\",\"sub\":\""
            + SUBJECT
            + "\"}");
  }

  static String of(String payload) {
    return base64("{\"alg\":\"RS256\",\"kid\":\"0123456789abcdef\"}")
        + "."
        + base64(payload)
        + "."
        + base64("a signature of nobody over " + payload.hashCode());
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
