package dev.lanyard.testing;

import java.time.Duration;
import java.time.Instant;
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

  /** The fault of the request that has just arrived, which is counted; null if there is none. */
  synchronized @Nullable Fault take(Instant now) {
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

  /** Waits until the next {@link #recover}. */
  void awaitRecovery() throws InterruptedException {
    recovery().await();
  }

  /** Waits as long as an answer takes, or until the next {@link #recover}. */
  void awaitLatency() throws InterruptedException {
    Duration each;
    CountDownLatch end;
    synchronized (this) {
      each = latency;
      end = recovered;
    }
    if (!each.isZero()) {
      // Either way the answer goes out now.
      end.await(each.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  private synchronized CountDownLatch recovery() {
    return recovered;
  }
}
