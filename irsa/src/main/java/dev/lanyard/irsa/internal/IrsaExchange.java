package dev.lanyard.irsa.internal;

import dev.lanyard.spi.CredentialsExchange;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Exchanges the web identity token for session credentials, reading the token's file at every
 * attempt.
 *
 * <p>Loading this class loads no class of {@code sts}: that begins with {@link StsCall}, on the
 * engine's thread.
 */
final class IrsaExchange implements CredentialsExchange {
  private final IrsaSettings settings;
  private final ExpiredToken expired = new ExpiredToken();

  IrsaExchange(IrsaSettings settings) {
    this.settings = settings;
  }

  @Override
  public SessionCredentials exchange(ExchangeContext context)
      throws ExchangeException, InterruptedException {
    WebIdentityToken token = readToken();
    try {
      return ask(token, context);
    } catch (ExchangeException e) {
      if (StsReason.of(e) != StsReason.EXPIRED_TOKEN) {
        throw e;
      }
      // The kubelet may have replaced the token between the reading and the answer.
      WebIdentityToken current = readToken();
      if (current.sameAs(token)) {
        throw e;
      }
      return ask(current, context);
    }
  }

  @Override
  public Optional<Path> tokenFile() {
    return Optional.of(settings.tokenFile());
  }

  @Override
  public String toString() {
    return "IrsaExchange[" + settings.evidence() + "]";
  }

  private SessionCredentials ask(WebIdentityToken token, ExchangeContext context)
      throws ExchangeException, InterruptedException {
    Optional<ExchangeException> refusal = expired.refusalOf(token, context.now());
    if (refusal.isPresent()) {
      throw WebIdentityFailures.notSentAgain(refusal.get());
    }
    try {
      return StsCall.assumeRole(settings, token, context);
    } catch (ExchangeException e) {
      if (StsReason.of(e) == StsReason.EXPIRED_TOKEN) {
        expired.refused(token, context.now(), e);
      }
      throw e;
    }
  }

  private WebIdentityToken readToken() throws ExchangeException {
    return WebIdentityToken.read(settings.tokenFile(), settings.tokenFileName());
  }
}
