package dev.lanyard.irsa.internal;

import dev.lanyard.diagnosis.Evidence;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * What the application says of a session and of who is asked for it, whichever the operation. Each
 * value has been checked.
 *
 * <p>Loading this class loads no class of {@code sts}: the client stays behind its type argument.
 */
public record SessionOptions(
    Optional<String> name,
    Optional<Duration> duration,
    Optional<String> policy,
    List<String> policyArns,
    Optional<String> region,
    Optional<URI> endpoint,
    Optional<StsClient> stsClient) {

  /** Source: the STS API reference, DurationSeconds of either operation. */
  private static final Duration DEFAULT_DURATION = Duration.ofHours(1);

  private static final Duration ON_THE_WAY = Duration.ofMinutes(1);

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

  /** What settings can say. */
  static SessionOptions of(Optional<String> name, Optional<Duration> duration) {
    return new SessionOptions(
        name,
        duration,
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /**
   * Returns the longest life that a session can have: what is asked for, or what STS gives who asks
   * for nothing, and a minute that the way of the answer may have cost.
   */
  Duration longestLife() {
    return (duration.isPresent() ? duration.get() : DEFAULT_DURATION).plus(ON_THE_WAY);
  }

  /** Adds what narrows a session, or its life. Where STS is asked is added by {@link StsTarget}. */
  void addTo(Evidence.Builder evidence) {
    addTo(evidence, null);
  }

  /**
   * The same, with the setting that the duration came from.
   *
   * @param durationFrom null if it was given in code
   */
  void addTo(Evidence.Builder evidence, @Nullable String durationFrom) {
    if (duration.isPresent()) {
      evidence.fact(Facts.DURATION, duration.get().toString(), durationFrom);
    }
    if (policy.isPresent()) {
      evidence.hidden("session policy", policy.get());
    }
    for (String arn : policyArns) {
      evidence.fact("policy ARN", arn);
    }
  }
}
