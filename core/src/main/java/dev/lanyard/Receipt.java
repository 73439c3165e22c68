package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Judges how long credentials live at the moment at which they come.
 *
 * <p>A {@code Date} is evidence and not truth: it counts where it leaves the credentials a life
 * that they can have. Where it does not, the local clock counts; where that does not either, they
 * live for as long as they can at most, from their receipt on.
 */
final class Receipt {
  /** Where the source does not say. No AWS role gives more. Source: STS API, DurationSeconds. */
  private static final Duration LONGEST_LIFE = Duration.ofHours(12);

  /** What a source may say. */
  private static final Duration LONGEST_CONFIGURED_LIFE = Duration.ofHours(36);

  /** A {@code Date} has whole seconds. */
  private static final long SECOND = 1_000;

  private Receipt() {}

  /**
   * Judges an answer.
   *
   * @param answer the credentials
   * @param source whose they are
   * @param flight the exchange that brought them
   * @param now the wall clock, in milliseconds
   * @param nanos the monotonic clock
   * @throws ExchangeException if they have expired, or if it cannot be told
   */
  static Held of(
      SessionCredentials answer, Origin.Source source, Flight flight, long now, long nanos)
      throws ExchangeException {
    long elapsed = flight.elapsed().toMillis();
    long moved = now - flight.begunMillis() - elapsed;
    long bound =
        Schedule.shorter(answer.longestLife().orElse(LONGEST_LIFE), LONGEST_CONFIGURED_LIFE)
            .toMillis();
    long expiration = Schedule.millis(answer.expiration());
    Optional<Instant> date = answer.answeredAt();
    long lifeByDate = date.isPresent() ? expiration - Schedule.millis(date.get()) : 0;
    boolean dated = date.isPresent() && lifeByDate > -bound && lifeByDate <= bound + SECOND;
    // The earlier of the two: the wall clock may have been set back since, or the machine
    // suspended.
    long sent = Math.min(flight.begunMillis(), now - elapsed);
    long skew = dated ? Schedule.skew(date, sent, now) : 0;
    long left = expiration - skew - now;
    if (left <= 0) {
      throw dated && moved > Held.Life.STEP && lifeByDate > elapsed
          ? clockMoved(moved)
          : expired(answer, dated, skew, now);
    }
    Due expires =
        left > bound + SECOND ? Due.in(bound, now, nanos) : Due.at(expiration - skew, now, nanos);
    Held.Life life =
        new Held.Life(
            skew,
            dated,
            bound,
            Held.Life.clocksApart(now, nanos),
            expires.millisLeft(now, nanos),
            dated ? Optional.empty() : date);
    return Held.of(source, answer, expires, life);
  }

  /** The clock moved in mid-exchange: the next answer shows whether it was set or stood still. */
  private static ExchangeException clockMoved(long by) {
    return ExchangeException.builder(
            Problems.of(
                    Problems.CLOCK_MOVED,
                    FailureKind.TRANSIENT,
                    "this machine's clock moved forward by "
                        + Text.of(Duration.ofMillis(by))
                        + " during the exchange, so the lifetime of the credentials is unknown")
                .build())
        .build();
  }

  private static ExchangeException expired(
      SessionCredentials credentials, boolean dated, long skew, long now) {
    String byWhichClock;
    if (dated) {
      byWhichClock = "by the source's own clock";
    } else {
      byWhichClock =
          "by this machine's clock, which says "
              + Instant.ofEpochMilli(now)
              + (credentials.answeredAt().isPresent()
                  ? "; the date of the answer, "
                      + credentials.answeredAt().get()
                      + ", cannot be true"
                  : "; the answer has no date to tell whether that clock is wrong");
    }
    return ExchangeException.builder(
            Problems.of(
                    Problems.EXPIRED_ON_ARRIVAL,
                    FailureKind.TRANSIENT,
                    "the answer's credentials had expired on arrival (at "
                        + credentials.expiration()
                        + ", "
                        + byWhichClock
                        + ")"
                        + Text.skew(Optional.of(Duration.ofMillis(skew)))
                            .map(note -> "; " + note)
                            .orElse(""))
                .fact("expiration", credentials.expiration().toString())
                .build())
        .build();
  }
}
