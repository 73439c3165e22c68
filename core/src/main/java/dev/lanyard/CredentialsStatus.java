package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * The state of a provider's credentials at one moment, for metrics and health checks. Immutable,
 * and without secrets. All times are by this machine's wall clock.
 *
 * @param source the name of the source of the credentials held, expired ones included, such as
 *     {@code irsa}; of the first source if none were ever held; {@code none} if none is configured
 * @param health what a caller would get now
 * @param expiration when the credentials held expire, or have expired; empty if none were ever held
 * @param nextRefresh when the next exchange begins; empty while one is in flight, where no source
 *     is configured, and after {@link Lanyard#shutdown}
 * @param lastFailure the last exchange's failure; empty if it succeeded
 * @param consecutiveFailures how many exchanges have failed since the last that succeeded
 * @param exchanges how many exchanges have ended, successful or not, since the provider was built
 * @param clockSkew how far the source's clock is ahead of this machine's, negative if behind; empty
 *     if it is less than 30 seconds, and after a step of this machine's clock until the next answer
 * @param disbelievedDate the {@code Date} of the answer that brought the credentials, if it could
 *     not be true: this machine's clock then decided how long they live
 */
public record CredentialsStatus(
    String source,
    Health health,
    Optional<Instant> expiration,
    Optional<Instant> nextRefresh,
    Optional<Failure> lastFailure,
    int consecutiveFailures,
    long exchanges,
    Optional<Duration> clockSkew,
    Optional<Instant> disbelievedDate) {

  /** What a caller would get. */
  public enum Health {
    /** There are no credentials and no failure yet: the first exchange has not ended. */
    STARTING,
    /** Unexpired credentials are held, and the last exchange succeeded. */
    HEALTHY,
    /** Unexpired credentials are held, and the last exchange failed. Callers notice nothing. */
    DEGRADED,
    /**
     * No unexpired credentials are held, and an exchange has failed or the last credentials have
     * expired. Callers wait, or get an exception.
     */
    UNAVAILABLE
  }

  /**
   * Why the last exchange gave no credentials.
   *
   * @param source the name of the source whose exchange failed
   * @param at when the exchange ended
   * @param kind what the failure means for the next attempt
   * @param message what went wrong, without secrets
   * @param code the service's error code, if it gave one
   * @param requestId the service's request id, if it gave one
   * @param remedy what a person can do about it, if known
   */
  public record Failure(
      String source,
      Instant at,
      FailureKind kind,
      String message,
      Optional<String> code,
      Optional<String> requestId,
      Optional<String> remedy) {}

  /**
   * Tells whether unexpired credentials are held, so that no caller waits. A readiness probe asks
   * this.
   *
   * @return true for {@link Health#HEALTHY} and {@link Health#DEGRADED}
   */
  public boolean usable() {
    return health == Health.HEALTHY || health == Health.DEGRADED;
  }
}
