package dev.lanyard.testing;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Who asks for what, as a trust policy sees it.
 *
 * @param principalType {@code Federated}, {@code Service} or {@code AWS}
 * @param principals the names under which a policy may know the principal: the ARN of the OIDC
 *     provider, the service's name, or the ARNs of a session, its role and its account
 * @param action such as {@code sts:AssumeRole}
 * @param keys condition keys and their values
 * @param keysAreAttested whether the cluster vouches for all values, from a token that it has
 *     signed or of its own knowledge; those that a client chose freely are not repeated to anybody
 */
record TrustRequest(
    String principalType,
    List<String> principals,
    String action,
    Map<String, String> keys,
    boolean keysAreAttested) {

  /** Who has one name only, and is known by its token. */
  TrustRequest(String principalType, String principal, String action, Map<String, String> keys) {
    this(principalType, List.of(principal), action, keys, true);
  }

  TrustRequest {
    // The names of condition keys are not case-sensitive, their values are.
    // Source: IAM user guide, reference_policies_elements_condition.
    TreeMap<String, String> byLowerCase = new TreeMap<>();
    keys.forEach((name, value) -> byLowerCase.put(name.toLowerCase(Locale.ROOT), value));
    keys = Map.copyOf(byLowerCase);
  }

  /** Returns who asks, for a person: of a session the role, since the session's name is free. */
  String who() {
    return principals.get(Math.min(1, principals.size() - 1));
  }

  Optional<String> key(String name) {
    return Optional.ofNullable(keys.get(name.toLowerCase(Locale.ROOT)));
  }
}
