package dev.lanyard;

import dev.lanyard.runtime.Time;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs what tells others of something, one at a time and in order, on threads on which they may
 * block. What one of them throws is dropped. One that never returns holds up those after it, of
 * which a bounded number is kept.
 */
final class Outbox {
  /** What hangs must not fill the memory. */
  private static final int MOST_PENDING = 256;

  private final Time time;
  private final Queue<Runnable> pending = new ConcurrentLinkedQueue<>();
  private final AtomicInteger size = new AtomicInteger();
  private final AtomicBoolean draining = new AtomicBoolean();

  Outbox(Time time) {
    this.time = time;
  }

  void add(Runnable message) {
    if (size.get() >= MOST_PENDING) {
      return;
    }
    size.incrementAndGet();
    pending.add(message);
    if (draining.compareAndSet(false, true)) {
      try {
        time.execute(Time.Lane.CALLBACK, this::drain);
      } catch (RuntimeException | Error e) {
        // No thread could be started: the messages wait for the next one.
        draining.set(false);
      }
    }
  }

  /** One at a time, in order: whoever set the flag drains. */
  private void drain() {
    do {
      Runnable message;
      while ((message = pending.poll()) != null) {
        size.decrementAndGet();
        try {
          message.run();
        } catch (Throwable e) {
          // It changes nothing, and there is nowhere to say so.
        }
      }
      draining.set(false);
      // A message added after the last poll and before the flag fell has nobody else to drain it.
    } while (!pending.isEmpty() && draining.compareAndSet(false, true));
  }
}
