package dev.lanyard.irsa;

import dev.lanyard.spi.Evidence;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * What the application says of a session and of who is asked for it, whichever the operation. Each
 * value has been checked.
 *
 * <p>Loading this class loads no class of {@code sts}: the client stays behind its type argument.
 */
record SessionOptions(
    Optional<String> name,
    Optional<Duration> duration,
    Optional<String> policy,
    List<String> policyArns,
    Optional<String> region,
    Optional<URI> endpoint,
    Optional<StsClient> stsClient) {

  /** The environment and STS decide all. */
  static final SessionOptions NONE =
      new SessionOptions(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          List.of(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());

  /** Adds what narrows a session, or its life. Where STS is asked is added by {@link StsTarget}. */
  void addTo(Evidence.Builder evidence) {
    if (duration.isPresent()) {
      evidence.fact("duration", duration.get().toString());
    }
    if (policy.isPresent()) {
      evidence.hidden("session policy", policy.get());
    }
    for (String arn : policyArns) {
      evidence.fact("policy ARN", arn);
    }
  }
}
