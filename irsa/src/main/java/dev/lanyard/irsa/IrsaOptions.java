package dev.lanyard.irsa;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * What the application says itself, instead of the environment. Each value has been checked.
 *
 * <p>Loading this class loads no class of {@code sts}: the client stays behind its type argument.
 */
record IrsaOptions(
    Optional<RoleArn> role,
    Optional<Path> tokenFile,
    Optional<String> sessionName,
    Optional<Duration> duration,
    Optional<String> policy,
    List<String> policyArns,
    Optional<String> region,
    Optional<URI> endpoint,
    Optional<StsClient> stsClient) {

  /** The environment decides all. */
  static final IrsaOptions NONE =
      new IrsaOptions(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          List.of(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());
}
