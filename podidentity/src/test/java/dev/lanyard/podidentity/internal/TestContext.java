package dev.lanyard.podidentity.internal;

import dev.lanyard.spi.ExchangeContext;
import java.time.Duration;
import java.time.Instant;

/** A budget that runs out when the test says so. */
class TestContext implements ExchangeContext {
  static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");

  private volatile Runnable abort = () -> {};
  private final Duration budget;

  TestContext() {
    this(Duration.ofSeconds(10));
  }

  TestContext(Duration budget) {
    this.budget = budget;
  }

  @Override
  public Instant now() {
    return NOW;
  }

  @Override
  public Duration timeLeft() {
    return budget;
  }

  @Override
  public void onTimeout(Runnable abort) {
    this.abort = abort;
  }

  void runOut() {
    abort.run();
  }
}
