package dev.lanyard;

import dev.lanyard.spi.ExchangeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Something that happened to a provider's credentials. No event holds a secret. */
public sealed interface CredentialsEvent {

  /**
   * Returns the name of the source, such as {@code irsa}.
   *
   * @return the source's name
   */
  String source();

  /**
   * New session credentials are in use.
   *
   * @param source the name of the source
   * @param accessKeyIdSuffix the last four characters of the access key id
   * @param expiration when they expire, by this machine's clock
   * @param took how long the exchange took
   */
  record Refreshed(String source, String accessKeyIdSuffix, Instant expiration, Duration took)
      implements CredentialsEvent {}

  /**
   * An exchange failed. Unexpired credentials, if any, stay in use.
   *
   * @param source the name of the source
   * @param kind what the failure means for the next attempt
   * @param message what was seen, without secrets
   * @param consecutiveFailures how many have failed in a row, this one included
   * @param nextAttempt when the next attempt is made; empty if not before a caller asks, where no
   *     source is configured at all
   */
  record RefreshFailed(
      String source,
      ExchangeException.Kind kind,
      String message,
      int consecutiveFailures,
      Optional<Instant> nextAttempt)
      implements CredentialsEvent {}

  /**
   * A source was refused, and the next one that is present was used: the process now works as
   * another identity. Happens only where the application turned {@code fallback} on.
   *
   * @param source the name of the source now in use
   * @param refused the name of the source that was refused
   * @param reason why, without secrets
   */
  record FellBack(String source, String refused, String reason) implements CredentialsEvent {}
}
