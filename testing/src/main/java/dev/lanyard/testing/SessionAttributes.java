package dev.lanyard.testing;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a session carries besides its credentials.
 *
 * @param tags session tags, values by key
 * @param transitiveKeys which of them go along when the session assumes another role, in lower
 *     case: keys are told apart without regard to case
 * @param sourceIdentity who is behind it, for good
 */
record SessionAttributes(
    Map<String, String> tags, Set<String> transitiveKeys, Optional<String> sourceIdentity) {
  static final SessionAttributes NONE = new SessionAttributes(Map.of(), Set.of(), Optional.empty());

  SessionAttributes {
    tags = Map.copyOf(tags);
    transitiveKeys = Set.copyOf(transitiveKeys);
  }

  /** Pod Identity marks all its tags as transitive. Source: EKS user guide, pod-id-abac. */
  static SessionAttributes allTransitive(Map<String, String> tags) {
    return new SessionAttributes(
        tags,
        tags.keySet().stream().map(key -> key.toLowerCase(Locale.ROOT)).collect(Collectors.toSet()),
        Optional.empty());
  }

  /** The tags that go along. */
  Map<String, String> transitiveTags() {
    return tags.entrySet().stream()
        .filter(tag -> transitiveKeys.contains(tag.getKey().toLowerCase(Locale.ROOT)))
        .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
  }
}
