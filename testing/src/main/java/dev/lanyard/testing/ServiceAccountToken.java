package dev.lanyard.testing;

import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.text.ParseException;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A service account token as its receiver reads it, not yet verified. {@link #toString} does not
 * show it.
 */
record ServiceAccountToken(
    SignedJWT jwt,
    String issuer,
    String subject,
    List<String> audience,
    Instant expiration,
    Optional<Instant> notBefore,
    Map<?, ?> kubernetes) {

  /** The parts of a pod that EKS Auth puts into session tags. */
  record Pod(ServiceAccount serviceAccount, String name, String uid) {}

  /**
   * Reads a token. Empty if it is no JSON Web Signature with the claims that STS and EKS Auth
   * require. White space around it is a part of it: no kubelet writes any, so a client that sends
   * some has changed the token.
   */
  static Optional<ServiceAccountToken> parse(String token) {
    if (token.isEmpty() || token.chars().anyMatch(Character::isWhitespace)) {
      return Optional.empty();
    }
    try {
      SignedJWT jwt = SignedJWT.parse(token);
      JWTClaimsSet claims = jwt.getJWTClaimsSet();
      // Null where the payload is not a JSON object.
      if (claims == null
          || claims.getIssuer() == null
          || claims.getSubject() == null
          || claims.getExpirationTime() == null
          || claims.getIssueTime() == null
          || claims.getAudience().isEmpty()) {
        return Optional.empty();
      }
      return Optional.of(
          new ServiceAccountToken(
              jwt,
              claims.getIssuer(),
              claims.getSubject(),
              List.copyOf(claims.getAudience()),
              claims.getExpirationTime().toInstant(),
              Optional.ofNullable(claims.getNotBeforeTime()).map(Date::toInstant),
              claims.getClaim("kubernetes.io") instanceof Map<?, ?> kubernetes
                  ? kubernetes
                  : Map.of()));
    } catch (ParseException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** The pod that the token is bound to, empty if it lacks any of the claims that say so. */
  Optional<Pod> pod() {
    String namespace = string(kubernetes, "namespace");
    String account = string(claim("serviceaccount"), "name");
    String name = string(claim("pod"), "name");
    String uid = string(claim("pod"), "uid");
    if (namespace == null || account == null || name == null || uid == null) {
      return Optional.empty();
    }
    try {
      ServiceAccount serviceAccount = new ServiceAccount(namespace, account);
      return serviceAccount.subject().equals(subject)
          ? Optional.of(new Pod(serviceAccount, name, uid))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private Map<?, ?> claim(String name) {
    return kubernetes.get(name) instanceof Map<?, ?> claim ? claim : Map.of();
  }

  private static @Nullable String string(Map<?, ?> claims, String name) {
    return claims.get(name) instanceof String value ? value : null;
  }

  @Override
  public String toString() {
    return "ServiceAccountToken[" + subject + "]";
  }
}
