package dev.lanyard.irsa.internal;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the application says of the second role and its session. Each value has been checked. {@link
 * #toString} shows no values of tags.
 */
public record AssumeRoleOptions(
    RoleArn role,
    Optional<String> externalId,
    Map<String, String> sessionTags,
    List<String> transitiveTagKeys,
    Optional<String> sourceIdentity,
    SessionOptions session) {

  public AssumeRoleOptions {
    sessionTags = Collections.unmodifiableMap(new LinkedHashMap<>(sessionTags));
    transitiveTagKeys = List.copyOf(transitiveTagKeys);
  }

  @Override
  public String toString() {
    return "AssumeRoleOptions[" + role + "]";
  }
}
