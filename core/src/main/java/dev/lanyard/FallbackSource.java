package dev.lanyard;

import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException.Kind;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Several sources in an order. The next one is asked when the one before it refused, and only where
 * what the engine holds allows it: see {@link Origin.Holding}. Each attempt begins with the first,
 * so that its first good answer brings the process back to it.
 */
final class FallbackSource implements Origin {
  private final List<SingleSource> sources;

  FallbackSource(List<SingleSource> sources) {
    this.sources = List.copyOf(sources);
  }

  @Override
  public Source first() {
    return sources.get(0).first();
  }

  @Override
  public Answer exchange(ExchangeContext context, Holding holding)
      throws Failed, InterruptedException {
    Failed refusal = null;
    for (SingleSource candidate : sources) {
      if (refusal != null && !holding.allows(candidate.first().rank())) {
        break;
      }
      try {
        Answer answer = candidate.exchange(context, holding);
        return new Answer(answer.source(), answer.credentials(), refusal);
      } catch (Failed e) {
        refusal = worse(refusal, e, holding);
        if (e.why().kind() != Kind.REJECTED) {
          break;
        }
      }
    }
    if (refusal == null) {
      throw new IllegalStateException("no source to fall back to");
    }
    throw refusal;
  }

  /**
   * Of two failures, the one to tell: that of the source whose credentials are held, since they are
   * what ends; else the first. The other one is kept as suppressed.
   */
  private static Failed worse(@Nullable Failed before, Failed next, Holding holding) {
    if (before == null) {
      return next;
    }
    boolean ofWhatIsHeld = next.source().rank() == holding.rank();
    Failed told = ofWhatIsHeld ? next : before;
    told.why().addSuppressed((ofWhatIsHeld ? before : next).why());
    return told;
  }

  /** That of the first: its change may bring the process back. */
  @Override
  public Optional<Path> tokenFile() {
    return sources.get(0).tokenFile();
  }

  @Override
  public boolean hasLaterThan(Source source) {
    return source.rank() < sources.size() - 1;
  }
}
