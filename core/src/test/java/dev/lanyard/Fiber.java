package dev.lanyard;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A task on a thread of its own that takes turns with the thread that moves the time: one of the
 * two runs, never both, so that a task may block on virtual time and nothing is left to chance.
 */
final class Fiber {
  private static final ExecutorService THREADS =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "fiber");
            thread.setDaemon(true);
            return thread;
          });
  private static final ThreadLocal<@Nullable Fiber> CURRENT = new ThreadLocal<>();

  private volatile boolean itsTurn;
  private volatile boolean ended;
  private volatile @Nullable Thread thread;
  private volatile @Nullable Thread driver;

  /** Runs a task until it first blocks or ends. */
  static Fiber start(Runnable task) {
    Fiber fiber = new Fiber();
    fiber.itsTurn = true;
    fiber.driver = Thread.currentThread();
    THREADS.execute(
        () -> {
          fiber.thread = Thread.currentThread();
          CURRENT.set(fiber);
          try {
            task.run();
          } finally {
            CURRENT.remove();
            fiber.thread = null;
            fiber.ended = true;
            fiber.pass();
          }
        });
    fiber.awaitTurnsEnd();
    return fiber;
  }

  static @Nullable Fiber currentOrNull() {
    return CURRENT.get();
  }

  static Fiber current() {
    Fiber fiber = CURRENT.get();
    if (fiber == null) {
      throw new IllegalStateException("only an exchange may block on virtual time");
    }
    return fiber;
  }

  boolean hasEnded() {
    return ended;
  }

  /** Whether it was interrupted while it blocked. */
  boolean isInterrupted() {
    Thread running = thread;
    return running != null && running.isInterrupted();
  }

  /** Lets it run until it blocks again or ends. */
  void resume() {
    if (ended) {
      return;
    }
    driver = Thread.currentThread();
    itsTurn = true;
    LockSupport.unpark(thread);
    awaitTurnsEnd();
  }

  /** Blocks the fiber itself until it is resumed. An interrupt is kept, and does not end it. */
  void block() {
    pass();
    while (!itsTurn) {
      LockSupport.park(this);
    }
  }

  private void pass() {
    itsTurn = false;
    LockSupport.unpark(driver);
  }

  private void awaitTurnsEnd() {
    while (itsTurn) {
      LockSupport.park(this);
    }
  }
}
