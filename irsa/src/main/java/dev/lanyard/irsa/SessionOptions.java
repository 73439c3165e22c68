package dev.lanyard.irsa;

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
}
