package dev.lanyard.testing;

import java.time.Duration;

/** What is checked of a lifetime that a test chooses. */
final class Lifetimes {
  private Lifetimes() {}

  static Duration positive(Duration lifetime) {
    if (lifetime.isZero() || lifetime.isNegative()) {
      throw new IllegalArgumentException("A lifetime is longer than zero, not " + lifetime);
    }
    return lifetime;
  }
}
