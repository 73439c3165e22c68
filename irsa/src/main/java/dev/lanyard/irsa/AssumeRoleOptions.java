package dev.lanyard.irsa;

import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * What the application says of the second role and its session. Each value has been checked. {@link
 * #toString} shows no values of tags.
 */
record AssumeRoleOptions(
    RoleArn role,
    Optional<String> sessionName,
    Optional<String> externalId,
    Map<String, String> sessionTags,
    List<String> transitiveTagKeys,
    Optional<String> sourceIdentity,
    Optional<Duration> duration,
    Optional<String> policy,
    List<String> policyArns,
    Optional<String> region,
    Optional<URI> endpoint,
    Optional<StsClient> stsClient) {

  AssumeRoleOptions {
    sessionTags = Collections.unmodifiableMap(new LinkedHashMap<>(sessionTags));
    transitiveTagKeys = List.copyOf(transitiveTagKeys);
    policyArns = List.copyOf(policyArns);
  }

  @Override
  public String toString() {
    return "AssumeRoleOptions[" + role + "]";
  }
}
