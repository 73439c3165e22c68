package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;

/**
 * A source that was broken when a provider was created. Nothing is known of whose credentials it
 * would obtain, so its engine is shared with nobody. Once it works, its provider joins the shared
 * engine of its evidence; those who still wait here are given what that one obtains.
 */
final class HealingSource implements Origin {
  private final SingleSource source;
  private final Explainer explainer;
  private final SharedEngines.Identities identities;
  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by the lock. */
  private boolean ended;

  /** Written under the lock. */
  private volatile @Nullable Engine joined;

  private volatile boolean served;

  /**
   * A source whose shared engine, if this is the one to make it, is explained by the explainer and
   * works on its time.
   *
   * @param identities whose credentials the source obtains, once it works
   */
  HealingSource(SingleSource source, Explainer explainer, SharedEngines.Identities identities) {
    this.source = source;
    this.explainer = explainer;
    this.identities = identities;
  }

  @Override
  public Source first() {
    return source.first();
  }

  @Override
  public Answer exchange(ExchangeContext context, Holding holding)
      throws Failed, InterruptedException {
    Engine shared = joined;
    if (shared == null) {
      try {
        source.found();
      } catch (ExchangeException e) {
        throw new Failed(first(), e);
      }
      Optional<SharedEngines.Identity> known = identities.of(List.of(source.link()));
      if (known.isEmpty()) {
        return source.exchange(context, holding);
      }
      shared = join(known.get());
    }
    SessionCredentials credentials = obtainedBy(shared, context);
    served = true;
    return new Answer(first(), credentials, null);
  }

  private Engine join(SharedEngines.Identity identity) throws InterruptedException {
    lock.lock();
    try {
      if (ended) {
        throw new InterruptedException("Lanyard was shut down");
      }
      Engine shared = SharedEngines.get(identity, source, explainer);
      joined = shared;
      return shared;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void end() {
    lock.lock();
    try {
      ended = true;
    } finally {
      lock.unlock();
    }
  }

  private SessionCredentials obtainedBy(Engine shared, ExchangeContext context) throws Failed {
    try {
      AwsCredentials given = shared.await(Duration.ZERO, context.timeLeft(), false);
      if (!(given instanceof AwsSessionCredentials session)) {
        throw new IllegalStateException("an engine holds nothing but session credentials");
      }
      return SessionCredentials.builder()
          .accessKeyId(session.accessKeyId())
          .secretAccessKey(session.secretAccessKey())
          .sessionToken(session.sessionToken())
          .accountId(session.accountId().orElse(null))
          .expiration(session.expirationTime().orElse(Instant.EPOCH))
          .build();
    } catch (CredentialsUnavailableException e) {
      throw new Failed(
          first(),
          e.getCause() instanceof ExchangeException why
              ? why
              : ExchangeException.builder(
                      Problems.of(
                              Problems.NOT_ENDED,
                              FailureKind.TRANSIENT,
                              "the exchange has not ended yet")
                          .build())
                  .build());
    }
  }

  @Override
  public Optional<Path> tokenFile() {
    return source.tokenFile();
  }

  /** The shared engine goes on by itself. */
  @Override
  public boolean mayHeal() {
    return !served;
  }

  @Override
  public Chain.Link current(Chain.Link link) {
    return source.current(link);
  }

  @Override
  public @Nullable Engine joined() {
    return joined;
  }
}
