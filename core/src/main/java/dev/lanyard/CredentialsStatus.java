package dev.lanyard;

import dev.lanyard.spi.ExchangeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * How a provider's credentials stood at one moment, for metrics and health checks. Immutable, and
 * without secrets.
 *
 * @param source the name of the source of the credentials held, expired ones included, such as
 *     {@code irsa}; of the first source if none were ever held; {@code none} if none is configured
 * @param health what a caller would meet now
 * @param expiration when the credentials held expire, by this machine's clock; empty if none were
 *     ever held
 * @param nextRefresh when the next exchange is due; empty while one is in flight
 * @param lastFailure the last exchange's failure; empty if it succeeded
 * @param consecutiveFailures how many exchanges have failed since the last that succeeded
 * @param exchanges how many exchanges have ended, well or badly, since the provider was built
 * @param clockSkew how far the source's clock is ahead of this machine's, negative if behind; empty
 *     unless it is 30 seconds or more, and from a step of this machine's clock to the next answer
 * @param disbelievedDate the {@code Date} of the last answer, if it could not be true: the life of
 *     the credentials was then judged by this machine's clock
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

  /** What a caller would meet. */
  public enum Health {
    /** No credentials yet, and no failure yet: the first exchange is on its way. */
    STARTING,
    /** Unexpired credentials are held, and the last exchange succeeded. */
    HEALTHY,
    /** Unexpired credentials are held, and the last exchange failed. Callers notice nothing. */
    DEGRADED,
    /** No unexpired credentials are held. Callers wait, or get an exception. */
    EXPIRED
  }

  /**
   * Why the last exchange gave no credentials.
   *
   * @param source the name of the source whose exchange failed
   * @param at when it ended
   * @param kind what the failure means for the next attempt
   * @param message what was seen, without secrets
   * @param code the service's error code, if it gave one
   * @param requestId the service's request id, if it gave one
   * @param remedy what a person can do about it, if known
   */
  public record Failure(
      String source,
      Instant at,
      ExchangeException.Kind kind,
      String message,
      Optional<String> code,
      Optional<String> requestId,
      Optional<String> remedy) {}

  /**
   * Tells whether unexpired credentials are held, so that no caller waits: what a readiness probe
   * asks.
   *
   * @return true for {@link Health#HEALTHY} and {@link Health#DEGRADED}
   */
  public boolean usable() {
    return health == Health.HEALTHY || health == Health.DEGRADED;
  }
}
