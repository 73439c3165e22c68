package dev.lanyard.irsa;

import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What is certain about the time by the clock of STS: that it is no earlier than it was at its last
 * answer. Knows nothing of the local clock, which may be wrong. See docs/adr/0014. Safe for use by
 * many threads.
 */
final class StsClock {
  private final AtomicReference<@Nullable Instant> latest = new AtomicReference<>();

  /** Takes note of when STS answered, by its own clock. */
  void saw(Instant answeredAt) {
    latest.accumulateAndGet(answeredAt, StsClock::later);
  }

  /** Says whether a time has come for certain. */
  boolean isPast(Instant time) {
    Instant seen = latest.get();
    return seen != null && !time.isAfter(seen);
  }

  /** Says whether anything is known at all. */
  boolean isKnown() {
    return latest.get() != null;
  }

  private static @Nullable Instant later(@Nullable Instant one, @Nullable Instant other) {
    if (one == null || other == null) {
      return one == null ? other : one;
    }
    return one.isAfter(other) ? one : other;
  }
}
