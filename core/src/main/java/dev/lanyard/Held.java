package dev.lanyard;

import dev.lanyard.spi.SessionCredentials;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * Session credentials in hand, in the two forms in which they are given out, and whose they are.
 *
 * <p>The monotonic clock ends them for good. What the wall clock alone has ended may have ended by
 * a step of that clock, which cannot be told from a suspended machine: it stays ended until the
 * source shows by a believed {@code Date} that the end is still to come.
 *
 * @param source whose credentials these are
 * @param identity what a caller gets
 * @param ready the same, as an asynchronous caller gets it: made once, so that reading allocates
 *     nothing
 * @param expires when they expire, by this machine's clocks
 * @param firstEndNanos when they expire by the monotonic clock as it was first judged
 * @param sourceExpiration when they expire by the source's clock, to tell a newer answer from an
 *     older
 * @param life how their life was judged
 * @param refused whether the application has said that a service refused them
 * @param endedByWall whether the wall clock has ended them, and nothing has shown that it was wrong
 */
record Held(
    Origin.Source source,
    AwsCredentials identity,
    CompletableFuture<AwsCredentialsIdentity> ready,
    Due expires,
    long firstEndNanos,
    Instant sourceExpiration,
    Life life,
    boolean refused,
    boolean endedByWall) {

  /** Of two sets of one source, one with less life than this does not replace one with more. */
  private static final long NEARLY_OVER = Duration.ofMinutes(1).toMillis();

  /**
   * How the life of credentials was judged when they came.
   *
   * @param skew how far the source's clock is ahead, in milliseconds; zero if nothing is known
   * @param dated whether the source's own {@code Date} was believed
   * @param bound the longest life that was taken to be possible, in milliseconds
   * @param clocksApart the wall clock less the monotonic clock then, in milliseconds
   * @param given how long they lived then, in milliseconds
   * @param disbelieved the answer's {@code Date}, if it could not be true
   */
  record Life(
      long skew,
      boolean dated,
      long bound,
      long clocksApart,
      long given,
      Optional<Instant> disbelieved) {
    /** Less is the two clocks' own drift, more a step of the wall clock or a suspended machine. */
    static final long STEP = 1_000;

    /** The skew that is still known: a step of the wall clock since has changed it. */
    Optional<Duration> skewNow(long now, long nanos) {
      return dated && Math.abs(clocksApart(now, nanos) - clocksApart) <= STEP
          ? Optional.of(Duration.ofMillis(skew))
          : Optional.empty();
    }

    static long clocksApart(long now, long nanos) {
      return now - Math.floorDiv(nanos, 1_000_000L);
    }
  }

  static Held of(Origin.Source source, SessionCredentials credentials, Due expires, Life life) {
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
        source,
        identity,
        CompletableFuture.completedFuture(identity),
        expires,
        expires.nanos(),
        credentials.expiration(),
        life,
        false,
        false);
  }

  Held asRefused() {
    return new Held(
        source, identity, ready, expires, firstEndNanos, sourceExpiration, life, true, endedByWall);
  }

  Held asEndedByWall() {
    return new Held(
        source, identity, ready, expires, firstEndNanos, sourceExpiration, life, refused, true);
  }

  /** Whether no caller may be given these any more. */
  boolean isOver(long now, long nanos) {
    return endedByWall || expires.isReached(now, nanos);
  }

  /** How long these may still be given, in milliseconds; zero once they are over. */
  long millisLeft(long now, long nanos) {
    return endedByWall ? 0 : expires.millisLeft(now, nanos);
  }

  /**
   * The same after the source showed the time by a {@code Date}, in an answer of any kind. They
   * revive if it shows that only a step of the wall clock had ended them, and never for longer than
   * the monotonic clock gave them at first and the skew that is shown now.
   */
  Held shownThat(Instant date, long now, long nanos) {
    long left = Schedule.millis(sourceExpiration) - Schedule.millis(date);
    if (!endedByWall || expires.isCountedOut(nanos) || left <= 0 || left > life.bound()) {
      return this;
    }
    long skew = Schedule.millis(date) - now;
    Due end = Due.in(left, now, nanos).notAfter(latestEndNanos(skew));
    Life judged =
        new Life(
            skew, true, life.bound(), Life.clocksApart(now, nanos), life.given(), Optional.empty());
    return new Held(
        source, identity, ready, end, firstEndNanos, sourceExpiration, judged, refused, false);
  }

  /** These, of an answer that brought once more what was held before. */
  Held insteadOf(Held before) {
    return new Held(
        source,
        identity,
        ready,
        expires.notAfter(before.latestEndNanos(life.skew())),
        before.firstEndNanos,
        sourceExpiration,
        life,
        before.refused,
        false);
  }

  private long latestEndNanos(long skew) {
    // A date has whole seconds, and was taken for the one that ends them soonest.
    long shown = Math.abs(skew) + Life.STEP;
    return firstEndNanos + Math.min(shown, Schedule.LONGEST.toMillis()) * 1_000_000;
  }

  boolean hasKeyId(String accessKeyId) {
    return identity.accessKeyId().equals(accessKeyId);
  }

  /** Whether an answer brought nothing newer: the agent serves its cache. */
  boolean isServedAgainAs(Held answer) {
    return answer.source.rank() == source.rank()
        && answer.hasKeyId(identity.accessKeyId())
        && !answer.sourceExpiration.isAfter(sourceExpiration);
  }

  /** Whether the judgement of this answer's clock says anything that the one before did not. */
  boolean isJudgedAs(Held before) {
    return life.skew() == before.life.skew() && life.dated() == before.life.dated();
  }

  /**
   * Tells whether these stay although the source answered with another session: one that is nearly
   * over while these are not, or one that the application has said was refused. Expirations of
   * different sources are not compared.
   */
  boolean staysDespite(Held other, List<String> invalidated, long now, long nanos) {
    if (isOver(now, nanos)) {
      return false;
    }
    if (other.isOver(now, nanos) || invalidated.contains(other.identity.accessKeyId())) {
      // It may have expired since it was judged. Neither is an answer to change the identity for.
      return true;
    }
    if (other.source.rank() != source.rank()) {
      return false;
    }
    long left = other.millisLeft(now, nanos);
    return !refused && left < NEARLY_OVER && left < millisLeft(now, nanos);
  }

  @Override
  public String toString() {
    return "Held["
        + source.name()
        + ' '
        + Text.keyId(identity.accessKeyId())
        + ", expires "
        + sourceExpiration
        + "]";
  }
}
