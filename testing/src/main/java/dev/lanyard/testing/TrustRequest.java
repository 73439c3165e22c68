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
 */
record TrustRequest(
    String principalType, List<String> principals, String action, Map<String, String> keys) {

  TrustRequest(String principalType, String principal, String action, Map<String, String> keys) {
    this(principalType, List.of(principal), action, keys);
  }

  TrustRequest {
    // The names of condition keys are not case-sensitive, their values are.
    // Source: IAM user guide, reference_policies_elements_condition.
    TreeMap<String, String> byLowerCase = new TreeMap<>();
    keys.forEach((name, value) -> byLowerCase.put(name.toLowerCase(Locale.ROOT), value));
    keys = Map.copyOf(byLowerCase);
  }

  /**
   * Whether the keys are what a token signed by the cluster says, and not what the client chose.
   * Only then are they worth noting.
   */
  boolean keysAreAttested() {
    return !principalType.equals("AWS");
  }

  Optional<String> key(String name) {
    return Optional.ofNullable(keys.get(name.toLowerCase(Locale.ROOT)));
  }
}
