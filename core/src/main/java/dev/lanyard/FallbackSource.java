package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Several sources in an order. The next one is asked when those before it refused, and only where
 * what the engine holds allows it: see {@link Origin.Holding}. Each attempt begins with the first,
 * so that its first good answer brings the process back to it. The source of what is held is asked
 * whatever becomes of those before it: an outage of theirs must not cost the process its own
 * credentials, and changes no identity.
 */
final class FallbackSource implements Origin {
  private final List<SingleSource> sources;
  private volatile Source asked;

  FallbackSource(List<SingleSource> sources) {
    this.sources = List.copyOf(sources);
    this.asked = sources.get(0).first();
  }

  @Override
  public Source first() {
    return sources.get(0).first();
  }

  @Override
  public Source asked() {
    return asked;
  }

  @Override
  public Answer exchange(ExchangeContext context, Holding holding)
      throws Failed, InterruptedException {
    Failed failure = null;
    boolean allRefused = true;
    for (SingleSource candidate : sources) {
      int rank = candidate.first().rank();
      if (failure != null) {
        boolean mayBeAsked = rank <= holding.rank() || (allRefused && holding.allows(rank));
        if (!mayBeAsked || context.timeLeft().isZero()) {
          break;
        }
      }
      asked = candidate.first();
      try {
        Answer answer = candidate.exchange(timeFor(rank, context, holding), holding);
        return new Answer(answer.source(), answer.credentials(), failure);
      } catch (Failed e) {
        failure = worse(failure, e, holding);
        allRefused &= e.why().kind() == FailureKind.REJECTED;
      }
    }
    if (failure == null) {
      throw new IllegalStateException("no source to fall back to");
    }
    throw failure;
  }

  /** One that hangs leaves those after it, up to the source of what is held, their part. */
  private static ExchangeContext timeFor(int rank, ExchangeContext context, Holding holding) {
    int later = holding.rank() - rank;
    return later <= 0
        ? context
        : new Part(context, context.timeLeft().dividedBy(later + 1L).multipliedBy(later));
  }

  /** The beginning of an attempt's time. */
  private record Part(ExchangeContext whole, Duration kept) implements ExchangeContext {
    @Override
    public Instant now() {
      return whole.now();
    }

    @Override
    public Duration timeLeft() {
      Duration left = whole.timeLeft().minus(kept);
      return left.isNegative() ? Duration.ZERO : left;
    }

    @Override
    public void onTimeout(Runnable abort) {
      whole.onTimeout(abort);
    }
  }

  /**
   * Of two failures, the one to tell: that of the source whose credentials are held, since they are
   * what ends; else the first. The other one is kept as suppressed, unless there are enough: a
   * source may throw the same exception each time.
   */
  private Failed worse(@Nullable Failed before, Failed next, Holding holding) {
    if (before == null) {
      return next;
    }
    boolean ofWhatIsHeld = next.source().rank() == holding.rank();
    Failed told = ofWhatIsHeld ? next : before;
    ExchangeException other = (ofWhatIsHeld ? before : next).why();
    if (!other.equals(told.why()) && told.why().getSuppressed().length < sources.size()) {
      told.why().addSuppressed(other);
    }
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
