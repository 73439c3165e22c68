package dev.lanyard.spi;

import java.nio.file.Path;
import java.util.Optional;

/**
 * One request that turns the pod's token into session credentials.
 *
 * <p>The refresh engine calls it on one of Lanyard's threads, never on a caller's, and one engine
 * makes one call at a time. An exchange makes one attempt; the engine retries. It reads its token
 * file at every attempt, since the kubelet rotates it, and keeps no connection between attempts,
 * which may be hours apart.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface CredentialsExchange {

  /**
   * Makes one attempt. It must end soon after {@link ExchangeContext#timeLeft} has run out.
   *
   * @param context the attempt's clock and time budget
   * @return the session credentials, complete, and unexpired by the clock of their issuer
   * @throws ExchangeException if there are none to return; its message must not hold a token or a
   *     key. Any other exception counts as a transient failure, and a {@link LinkageError} as a
   *     misconfiguration; of its message nothing is shown, but where an {@code ExchangeException}
   *     is its cause, the message of that is
   * @throws InterruptedException if the thread was interrupted: the engine counts the attempt as
   *     failed
   */
  SessionCredentials exchange(ExchangeContext context)
      throws ExchangeException, InterruptedException;

  /**
   * Returns the file whose change may end a failure. While attempts fail, the engine checks it
   * every second, and makes the next attempt at once when it has changed.
   *
   * @return the token file, empty if there is none
   */
  default Optional<Path> tokenFile() {
    return Optional.empty();
  }
}
