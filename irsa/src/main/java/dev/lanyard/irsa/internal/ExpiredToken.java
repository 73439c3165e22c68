package dev.lanyard.irsa.internal;

import dev.lanyard.spi.ExchangeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Remembers that STS has called a token expired, so that the same token is not sent again at every
 * attempt: the refusal is told again. Nobody's {@code Date} and no clock has a part in that
 * judgement. See docs/adr/0021.
 *
 * <p>The memory is for a minute at most, and for this token: another one in the file is sent at
 * once. Safe for use by many threads.
 */
final class ExpiredToken {
  private static final Duration LONGEST = Duration.ofMinutes(1);

  /**
   * Attempts are 15 seconds apart at most where no credentials are held, so that these are less
   * than a minute whatever becomes of the wall clock meanwhile.
   */
  private static final int MOST = 3;

  private final AtomicReference<@Nullable Refusal> last = new AtomicReference<>();

  /** STS has just said that a token has expired. */
  void refused(WebIdentityToken token, Instant now, ExchangeException how) {
    last.set(new Refusal(token, now, how, 0));
  }

  /** Returns how STS refused a token that is not to be sent again now, and counts it if so. */
  Optional<ExchangeException> refusalOf(WebIdentityToken token, Instant now) {
    Refusal refusal = last.get();
    if (refusal == null) {
      return Optional.empty();
    }
    // A clock that was set back may say a time long before the refusal.
    boolean counts =
        refusal.token().sameAs(token)
            && refusal.times() < MOST
            && Duration.between(refusal.at(), now).abs().compareTo(LONGEST) < 0;
    last.set(counts ? refusal.again() : null);
    return counts ? Optional.of(refusal.how()) : Optional.empty();
  }

  /**
   * What STS refused.
   *
   * @param at when, by the local clock
   * @param how in what words
   * @param times how often the token was withheld since
   */
  private record Refusal(WebIdentityToken token, Instant at, ExchangeException how, int times) {
    Refusal again() {
      return new Refusal(token, at, how, times + 1);
    }
  }
}
