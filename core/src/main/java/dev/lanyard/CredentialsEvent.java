package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Something that happened to a provider's credentials. Immutable; no event holds a secret. */
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
   * @param expiration when they expire, by this machine's wall clock
   * @param took how long the exchange took
   */
  record Refreshed(String source, String accessKeyIdSuffix, Instant expiration, Duration took)
      implements CredentialsEvent {}

  /**
   * An exchange failed. Unexpired credentials, if any, stay in use.
   *
   * @param source the name of the source
   * @param kind what the failure means for the next attempt
   * @param message what went wrong, without secrets
   * @param consecutiveFailures how many exchanges have failed in a row, including this one
   * @param nextAttempt when the next attempt is made; empty where no source is configured at all:
   *     then nothing is tried before a caller asks
   */
  record RefreshFailed(
      String source,
      FailureKind kind,
      String message,
      int consecutiveFailures,
      Optional<Instant> nextAttempt)
      implements CredentialsEvent {}

  /**
   * The process works as another identity from now on: a source was refused and a later one took
   * its place, or an earlier one answers again. Sent once for each change, after it. Happens only
   * where the application turned {@code fallBackOnRefusal} on.
   *
   * @param source the name of the source whose credentials are handed out from now on
   * @param previous the name of the source whose credentials were handed out before, or of the
   *     first source if there were none
   * @param reason why the previous source was refused, without secrets; empty if an earlier source
   *     answers again
   */
  record IdentityChanged(String source, String previous, Optional<String> reason)
      implements CredentialsEvent {}
}
