package dev.lanyard.irsa.internal;

import dev.lanyard.spi.CredentialsExchange;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentials;

/**
 * Assumes a role with the credentials of another provider, which it asks for them at every attempt.
 *
 * <p>When STS says that those are no longer good, the other provider is told, and the engine tries
 * again. If STS says so of two sets in a row, new ones do not help, and it is a refusal.
 */
final class AssumeRoleExchange implements CredentialsExchange {
  private final AssumeRoleSettings settings;
  private final FirstHop first;

  // Of one attempt after another, which may run on different threads.
  private volatile @Nullable String refusedKeyId;

  AssumeRoleExchange(AssumeRoleSettings settings, FirstHop first) {
    this.settings = settings;
    this.first = first;
  }

  @Override
  public SessionCredentials exchange(ExchangeContext context)
      throws ExchangeException, InterruptedException {
    AwsCredentials caller = first.credentials(context);
    String before = refusedKeyId;
    boolean othersMayHelp = before == null || before.equals(caller.accessKeyId());
    try {
      SessionCredentials credentials =
          StsCall.ask(new AssumeRoleOperation(settings, first, caller, othersMayHelp), context);
      refusedKeyId = null;
      return credentials;
    } catch (ExchangeException e) {
      if (StsReason.of(e).isOfTheCaller()) {
        refusedKeyId = caller.accessKeyId();
        first.invalidate(caller);
      }
      throw e;
    }
  }

  @Override
  public String toString() {
    return "AssumeRoleExchange[" + settings + "]";
  }
}
