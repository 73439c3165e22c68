package dev.lanyard.spi;

import java.nio.file.Path;
import java.util.Optional;

/**
 * One request that turns the pod's token into session credentials.
 *
 * <p>The refresh engine calls it on a refresher thread, never on a caller's, and never twice at the
 * same time. An exchange makes one attempt: the engine retries. It reads its token file anew at
 * every attempt, since the kubelet rotates it, and keeps no connection between attempts, which may
 * be hours apart.
 */
@FunctionalInterface
public interface CredentialsExchange {

  /**
   * Makes one attempt. It must end soon after {@link ExchangeContext#timeLeft} has run out.
   *
   * @param context the attempt's clock and time budget
   * @return the session credentials, complete and unexpired by the clock of whoever issued them
   * @throws ExchangeException if there are none to return. Any other exception counts as a
   *     transient failure, and an {@link Error} as a misconfiguration. No message may hold a token
   *     or a key
   * @throws InterruptedException if the thread was interrupted: the engine gives the attempt up
   */
  SessionCredentials exchange(ExchangeContext context)
      throws ExchangeException, InterruptedException;

  /**
   * Returns the file whose change may mend a failure. While attempts fail, the engine looks at it
   * now and then, and makes the next attempt at once when it has changed.
   *
   * @return the token file, empty if there is none
   */
  default Optional<Path> tokenFile() {
    return Optional.empty();
  }
}
