package dev.lanyard.podidentity.internal;

import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The Kubernetes service account that a token was issued to, for advice that names it. Read from
 * the token's claims without checking its signature: nothing is decided by it.
 *
 * @param namespace the namespace
 * @param name the service account's name
 */
record ServiceAccount(String namespace, String name) {

  /** Source: Kubernetes, the {@code sub} claim of a service account token; names are DNS names. */
  private static final Pattern SUBJECT =
      Pattern.compile("system:serviceaccount:([a-z0-9.-]{1,253}):([a-z0-9.-]{1,253})");

  /** Returns whose token this is, empty if it is not one of a service account. */
  static Optional<ServiceAccount> of(String token) {
    String[] parts = token.split("\\.", -1);
    if (parts.length != 3) {
      return Optional.empty();
    }
    try {
      return FlatJson.parse(Base64.getUrlDecoder().decode(parts[1]))
          .text("sub")
          .map(SUBJECT::matcher)
          .filter(Matcher::matches)
          .map(matcher -> new ServiceAccount(matcher.group(1), matcher.group(2)));
    } catch (IllegalArgumentException | FlatJson.Invalid e) {
      return Optional.empty();
    }
  }
}
