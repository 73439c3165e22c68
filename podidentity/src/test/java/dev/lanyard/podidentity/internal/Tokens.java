package dev.lanyard.podidentity.internal;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/** Secrets for tests: whatever shows one of them, or a good piece, has leaked it. */
final class Tokens {
  static final String TOKEN =
      part("{\"alg\":\"RS256\",\"kid\":\"k1\"}")
          + "."
          + part(
              "{\"aud\":[\"pods.eks.amazonaws.com\"],\"sub\":\"system:serviceaccount:shop:orders\"}")
          + "."
          + "c2lnbmF0dXJlLW9mLXRoZS10b2tlbi10aGF0LW5vYm9keS1tYXktc2Vl";

  static final String ACCESS_KEY_ID = "ASIAEXAMPLEEXAMPLE01";
  static final String SECRET_ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  static final String SESSION_TOKEN = "IQoJb3JpZ2luX2VjEXAMPLESESSIONTOKEN/of+some==length";

  static final String GOOD_BODY =
      "{\"AccessKeyId\":\""
          + ACCESS_KEY_ID
          + "\",\"SecretAccessKey\":\""
          + SECRET_ACCESS_KEY
          + "\",\"Token\":\""
          + SESSION_TOKEN
          + "\",\"AccountId\":\"111122223333\",\"Expiration\":\"2030-01-01T06:00:00Z\"}";

  /** The secrets, and pieces of them that a text may hold after it was cut or split. */
  static final List<String> PIECES =
      List.of(
          TOKEN.substring(0, 24),
          TOKEN.substring(TOKEN.indexOf('.') + 1).substring(0, 24),
          TOKEN.substring(TOKEN.lastIndexOf('.') + 1).substring(0, 24),
          SECRET_ACCESS_KEY.substring(0, 20),
          SECRET_ACCESS_KEY.substring(20),
          SESSION_TOKEN.substring(0, 20),
          SESSION_TOKEN.substring(20),
          ACCESS_KEY_ID);

  private Tokens() {}

  private static String part(String json) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(json.getBytes(StandardCharsets.UTF_8));
  }
}
