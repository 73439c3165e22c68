package dev.lanyard;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened to a provider's credentials. Immutable; no event holds a secret.
 *
 * <p>Applications must not implement it. Later versions may add kinds of events, and values to each
 * kind: code that looks at the class of an event ignores one that it does not know.
 *
 * @since 0.1
 */
public interface CredentialsEvent {

  /**
   * Returns the name of the source, such as {@code irsa}.
   *
   * @return the source's name
   */
  String source();

  /**
   * New session credentials are in use.
   *
   * @since 0.1
   */
  final class Refreshed implements CredentialsEvent {
    private final String source;
    private final String accessKeyIdSuffix;
    private final Instant expiration;
    private final Duration took;

    Refreshed(String source, String accessKeyIdSuffix, Instant expiration, Duration took) {
      this.source = source;
      this.accessKeyIdSuffix = accessKeyIdSuffix;
      this.expiration = expiration;
      this.took = took;
    }

    @Override
    public String source() {
      return source;
    }

    /**
     * Returns the last four characters of the access key id.
     *
     * @return four characters
     */
    public String accessKeyIdSuffix() {
      return accessKeyIdSuffix;
    }

    /**
     * Returns when the credentials expire, by this machine's wall clock.
     *
     * @return the expiration
     */
    public Instant expiration() {
      return expiration;
    }

    /**
     * Returns how long the exchange took.
     *
     * @return a duration, not negative
     */
    public Duration took() {
      return took;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Refreshed that
          && source.equals(that.source)
          && accessKeyIdSuffix.equals(that.accessKeyIdSuffix)
          && expiration.equals(that.expiration)
          && took.equals(that.took);
    }

    @Override
    public int hashCode() {
      return Objects.hash(source, accessKeyIdSuffix, expiration, took);
    }

    @Override
    public String toString() {
      return "Refreshed["
          + source
          + ", access key id ****"
          + accessKeyIdSuffix
          + ", expiration "
          + expiration
          + ", took "
          + took
          + "]";
    }
  }

  /**
   * An exchange failed. Unexpired credentials, if any, stay in use.
   *
   * @since 0.1
   */
  final class RefreshFailed implements CredentialsEvent {
    private final CredentialsStatus.Failure failure;
    private final int consecutiveFailures;
    private final @Nullable Instant nextAttempt;

    RefreshFailed(
        CredentialsStatus.Failure failure, int consecutiveFailures, @Nullable Instant nextAttempt) {
      this.failure = failure;
      this.consecutiveFailures = consecutiveFailures;
      this.nextAttempt = nextAttempt;
    }

    @Override
    public String source() {
      return failure.source();
    }

    /**
     * Returns what went wrong.
     *
     * @return the failure
     */
    public CredentialsStatus.Failure failure() {
      return failure;
    }

    /**
     * Returns how many exchanges have failed in a row.
     *
     * @return one or more, this one included
     */
    public int consecutiveFailures() {
      return consecutiveFailures;
    }

    /**
     * Returns when the next attempt is made.
     *
     * @return the time; empty where no source is configured at all: then nothing is tried before a
     *     caller asks
     */
    public Optional<Instant> nextAttempt() {
      return Optional.ofNullable(nextAttempt);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof RefreshFailed that
          && failure.equals(that.failure)
          && consecutiveFailures == that.consecutiveFailures
          && Objects.equals(nextAttempt, that.nextAttempt);
    }

    @Override
    public int hashCode() {
      return Objects.hash(failure, consecutiveFailures, nextAttempt);
    }

    @Override
    public String toString() {
      return "RefreshFailed["
          + failure
          + ", consecutive failures "
          + consecutiveFailures
          + (nextAttempt == null ? "" : ", next attempt " + nextAttempt)
          + "]";
    }
  }

  /**
   * The process works as another identity from now on: a source was refused and a later one took
   * its place, or an earlier one answers again. Sent once for each change, after it. Happens only
   * where the application turned {@code fallBackOnRefusal} on.
   *
   * @since 0.1
   */
  final class IdentityChanged implements CredentialsEvent {
    private final String source;
    private final String previous;
    private final CredentialsStatus.@Nullable Failure reason;

    IdentityChanged(String source, String previous, CredentialsStatus.@Nullable Failure reason) {
      this.source = source;
      this.previous = previous;
      this.reason = reason;
    }

    /**
     * Returns the source whose credentials are handed out from now on.
     *
     * @return its name
     */
    @Override
    public String source() {
      return source;
    }

    /**
     * Returns the source whose credentials were handed out before.
     *
     * @return its name; that of the first source if there were no credentials
     */
    public String previous() {
      return previous;
    }

    /**
     * Returns why the previous source was refused.
     *
     * @return the failure; empty if an earlier source answers again
     */
    public Optional<CredentialsStatus.Failure> reason() {
      return Optional.ofNullable(reason);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof IdentityChanged that
          && source.equals(that.source)
          && previous.equals(that.previous)
          && Objects.equals(reason, that.reason);
    }

    @Override
    public int hashCode() {
      return Objects.hash(source, previous, reason);
    }

    @Override
    public String toString() {
      return "IdentityChanged["
          + source
          + ", previous "
          + previous
          + (reason == null ? "" : ", reason " + reason)
          + "]";
    }
  }
}
