package dev.lanyard.testing;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Who asks for what, as a trust policy sees it.
 *
 * @param principalType {@code Federated} or {@code Service}
 * @param principal the ARN of the OIDC provider, or the service's name
 * @param action such as {@code sts:AssumeRole}
 * @param keys condition keys and their values
 */
record TrustRequest(
    String principalType, String principal, String action, Map<String, String> keys) {

  TrustRequest {
    // The names of condition keys are not case-sensitive, their values are.
    // Source: IAM user guide, reference_policies_elements_condition.
    TreeMap<String, String> byLowerCase = new TreeMap<>();
    keys.forEach((name, value) -> byLowerCase.put(name.toLowerCase(Locale.ROOT), value));
    keys = Map.copyOf(byLowerCase);
  }

  Optional<String> key(String name) {
    return Optional.ofNullable(keys.get(name.toLowerCase(Locale.ROOT)));
  }
}
