package dev.lanyard.irsa.internal;

import dev.lanyard.spi.ExchangeContext;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** An attempt whose budget runs out when the test says so, and not before. */
final class TestContext implements ExchangeContext {
  static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");

  private Duration timeLeft = Duration.ofSeconds(60);
  private @Nullable Runnable abort;
  private Instant now = NOW;

  @Override
  public synchronized Instant now() {
    return now;
  }

  /** Sets the wall clock. */
  synchronized TestContext at(Instant now) {
    this.now = now;
    return this;
  }

  @Override
  public synchronized Duration timeLeft() {
    return timeLeft;
  }

  @Override
  public void onTimeout(Runnable abort) {
    synchronized (this) {
      this.abort = abort;
      if (!timeLeft.isZero()) {
        return;
      }
    }
    abort.run();
  }

  synchronized void timeLeft(Duration timeLeft) {
    this.timeLeft = timeLeft;
  }

  /** Ends the budget now, on the calling thread. */
  void runOut() {
    Runnable last;
    synchronized (this) {
      timeLeft = Duration.ZERO;
      last = abort;
    }
    if (last != null) {
      last.run();
    }
  }
}
