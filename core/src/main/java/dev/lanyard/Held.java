package dev.lanyard;

import dev.lanyard.spi.SessionCredentials;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * Session credentials in hand, in the two forms in which they are given out.
 *
 * @param identity what a caller gets
 * @param ready the same, as an asynchronous caller gets it: made once, so that reading allocates
 *     nothing
 * @param expires when they expire, by this machine's clocks
 * @param sourceExpiration when they expire by the source's clock, to tell a newer answer from an
 *     older
 * @param skew how far the source's clock is ahead, in milliseconds
 * @param refused whether the application has said that a service refused them
 */
record Held(
    AwsCredentials identity,
    CompletableFuture<AwsCredentialsIdentity> ready,
    Due expires,
    Instant sourceExpiration,
    long skew,
    boolean refused) {

  static Held of(SessionCredentials credentials, long skew, long now, long nanos) {
    Due expires = Due.at(Schedule.millis(credentials.expiration()) - skew, now, nanos);
    AwsSessionCredentials.Builder builder =
        AwsSessionCredentials.builder()
            .accessKeyId(credentials.accessKeyId())
            .secretAccessKey(credentials.secretAccessKey())
            .sessionToken(credentials.sessionToken())
            // The SDK puts this into the user agent of each request: short.
            .providerName("Lanyard")
            .expirationTime(Instant.ofEpochMilli(expires.millis()));
    if (credentials.accountId().isPresent()) {
      builder.accountId(credentials.accountId().get());
    }
    AwsSessionCredentials identity = builder.build();
    return new Held(
        identity,
        CompletableFuture.completedFuture(identity),
        expires,
        credentials.expiration(),
        skew,
        false);
  }

  Held asRefused() {
    return new Held(identity, ready, expires, sourceExpiration, skew, true);
  }

  /**
   * These, after the source gave them once more: by what it now says of its clock, since ours may
   * have been set right in between.
   */
  Held seenAgain(Held answer) {
    boolean sameCredentials =
        answer.hasKeyId(identity.accessKeyId()) && answer.sourceExpiration.equals(sourceExpiration);
    if (!sameCredentials || answer.skew == skew) {
      return this;
    }
    return refused ? answer.asRefused() : answer;
  }

  boolean hasKeyId(String accessKeyId) {
    return identity.accessKeyId().equals(accessKeyId);
  }

  /** Tells whether these should be kept although an answer brought others. */
  boolean isBetterThan(Held other, long now, long nanos) {
    if (expires.isReached(now, nanos)) {
      return false;
    }
    if (refused && !other.hasKeyId(identity.accessKeyId())) {
      return false;
    }
    return !other.sourceExpiration.isAfter(sourceExpiration);
  }

  @Override
  public String toString() {
    return "Held[" + Text.keyId(identity.accessKeyId()) + ", expires " + sourceExpiration + "]";
  }
}
