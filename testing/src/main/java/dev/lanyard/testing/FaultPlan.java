package dev.lanyard.testing;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Which fault each request meets: those that were ordered for a number of requests first, in the
 * order in which they were ordered; then the one that lasts. Safe for use by many threads.
 */
final class FaultPlan {
  private record Counted(Fault fault, int requests) {}

  // All guarded by this.
  private final Deque<Counted> next = new ArrayDeque<>();
  private @Nullable Fault lasting;
  private Instant startsAt = Instant.MIN;
  private Duration latency = Duration.ZERO;
  private CountDownLatch recovered = new CountDownLatch(1);

  synchronized void next(int requests, Fault fault) {
    if (requests < 1) {
      throw new IllegalArgumentException("A fault meets one request or more, not " + requests);
    }
    next.addLast(new Counted(fault, requests));
  }

  synchronized void lasting(Fault fault) {
    lasting = fault;
  }

  synchronized void startsAt(Instant when) {
    startsAt = when;
  }

  synchronized void latency(Duration each) {
    if (each.isNegative()) {
      throw new IllegalArgumentException("A latency is not negative, as " + each + " is");
    }
    latency = each;
  }

  /** What the request meets that has just arrived, which is counted. */
  synchronized Turn take(Instant now) {
    return new Turn(fault(now), latency, recovered);
  }

  private @Nullable Fault fault(Instant now) {
    if (now.isBefore(startsAt)) {
      return Fault.RESET;
    }
    Counted first = next.pollFirst();
    if (first == null) {
      return lasting;
    }
    if (first.requests() > 1) {
      next.addFirst(new Counted(first.fault(), first.requests() - 1));
    }
    return first.fault();
  }

  /** Ends every fault, and lets go of those who wait. */
  synchronized void recover() {
    next.clear();
    lasting = null;
    startsAt = Instant.MIN;
    latency = Duration.ZERO;
    recovered.countDown();
    recovered = new CountDownLatch(1);
  }

  /**
   * What one request meets. Taken at once, so that a {@link #recover} in the next moment ends it.
   *
   * @param fault null if there is none
   */
  record Turn(@Nullable Fault fault, Duration latency, CountDownLatch recovered) {
    /** Waits until the service recovers. */
    void awaitRecovery() throws InterruptedException {
      recovered.await();
    }

    /** Waits until a clock shows a time, or until the service recovers. */
    void awaitTime(InstantSource clock, Instant time) throws InterruptedException {
      while (clock.instant().isBefore(time)) {
        // Nobody says when a test moves its clock, so it is looked at again and again.
        if (recovered.await(1, TimeUnit.MILLISECONDS)) {
          return;
        }
      }
    }

    /** Waits as long as an answer takes, or until the service recovers. */
    void awaitLatency() throws InterruptedException {
      if (!latency.isZero()) {
        // Either way the answer goes out now.
        recovered.await(latency.toNanos(), TimeUnit.NANOSECONDS);
      }
    }
  }
}
