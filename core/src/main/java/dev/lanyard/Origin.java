package dev.lanyard;

import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import java.nio.file.Path;
import java.util.Optional;

/** Where an engine gets its credentials from. */
interface Origin {
  /** The name of the source in use, such as {@code irsa}. */
  String name();

  SessionCredentials exchange(ExchangeContext context)
      throws ExchangeException, InterruptedException;

  /** The file whose change may mend a failure. */
  Optional<Path> tokenFile();

  /** Whether a failure may pass without anybody asking again. */
  default boolean mayHeal() {
    return true;
  }
}
