package dev.lanyard;

import dev.lanyard.runtime.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/**
 * Time that stands still until a test moves it. Timers and exchanges run on the thread that moves
 * it, in the order of their times: nothing is left to chance.
 */
public final class VirtualTime implements Time {
  static final Instant START = Instant.parse("2030-01-01T00:00:00Z");

  private final Queue<Timer> timers =
      new PriorityQueue<>(Comparator.comparingLong(Timer::at).thenComparingLong(Timer::number));
  private final Deque<Work> work = new ArrayDeque<>();
  private long nanos;
  private long wallOffsetMillis;
  private long numbers;
  private boolean refusesWork;
  private boolean refusesTimers;
  private boolean holdsWork;
  private boolean workMayBlock;
  private final List<Fiber> fibers = new ArrayList<>();
  private final Queue<Fiber> woken = new ConcurrentLinkedQueue<>();
  private final List<Lane> lanes = new ArrayList<>();
  private long clockReads;

  private record Timer(long at, long number, Runnable task, CompletableFuture<Void> handle) {}

  private record Work(Lane lane, Runnable task) {}

  @Override
  public synchronized long millis() {
    clockReads++;
    return START.toEpochMilli() + wallOffsetMillis + Math.floorDiv(nanos, 1_000_000L);
  }

  @Override
  public synchronized long nanos() {
    clockReads++;
    return nanos;
  }

  @Override
  public synchronized Future<?> after(Duration delay, Runnable task) {
    CompletableFuture<Void> handle = new CompletableFuture<>();
    if (refusesTimers) {
      throw new IllegalStateException("no thread to be had for a timer");
    }
    timers.add(new Timer(nanos + Math.max(0, delay.toNanos()), numbers++, task, handle));
    return handle;
  }

  @Override
  public void execute(Runnable task) {
    execute(Lane.EXCHANGE, task);
  }

  @Override
  public synchronized void execute(Lane lane, Runnable task) {
    if (refusesWork) {
      throw new IllegalStateException("no thread to be had");
    }
    lanes.add(lane);
    work.add(new Work(lane, task));
  }

  /** The lanes of all tasks so far, in their order. */
  synchronized List<Lane> lanes() {
    return List.copyOf(lanes);
  }

  /** A blocking caller, until another thread moves the time. */
  @Override
  public boolean await(CompletableFuture<?> done, Duration atMost) throws InterruptedException {
    Fiber fiber = Fiber.currentOrNull();
    if (fiber == null) {
      CompletableFuture<Void> limit = new CompletableFuture<>();
      Future<?> timer = after(atMost, () -> limit.complete(null));
      try {
        CompletableFuture.anyOf(done, limit).get();
      } catch (ExecutionException e) {
        throw new AssertionError(e);
      } finally {
        timer.cancel(false);
      }
      return done.isDone();
    }
    Future<?> limit = after(atMost, fiber::resume);
    CompletableFuture<?> unused = done.whenComplete((result, thrown) -> woken.add(fiber));
    long until = nanos() + atMost.toNanos();
    while (!done.isDone() && nanos() < until) {
      fiber.block();
      if (Thread.interrupted()) {
        limit.cancel(false);
        throw new InterruptedException();
      }
    }
    limit.cancel(false);
    return done.isDone();
  }

  /** A thread of a caller, which may wait: it runs until it waits or ends. */
  Fiber caller(Runnable task) {
    Fiber fiber = Fiber.start(task);
    fibers.add(fiber);
    return fiber;
  }

  /** From now on there are no threads, or there are again. */
  synchronized void refusesWork(boolean refuses) {
    refusesWork = refuses;
  }

  /** From now on there are no timers, or there are again. */
  synchronized void refusesTimers(boolean refuses) {
    refusesTimers = refuses;
  }

  /** From now on all threads are busy with something else, or they are no longer. */
  synchronized void holdsWork(boolean holds) {
    holdsWork = holds;
  }

  /** How often either clock was read. */
  synchronized long clockReads() {
    return clockReads;
  }

  Instant now() {
    return Instant.ofEpochMilli(millis());
  }

  /** Runs all that is due now. */
  void settle() {
    advance(Duration.ZERO);
  }

  /** Moves time forward, running what comes due on the way, at its time. */
  public void advance(Duration by) {
    long until;
    synchronized (this) {
      until = nanos + by.toNanos();
    }
    while (true) {
      runWork();
      Timer due;
      synchronized (this) {
        timers.removeIf(timer -> timer.handle().isDone());
        Timer head = timers.peek();
        if (head == null || head.at() > until) {
          nanos = Math.max(nanos, until);
          return;
        }
        timers.poll();
        nanos = Math.max(nanos, head.at());
        due = head;
      }
      due.task().run();
      resumeTheInterrupted();
      Fiber ready;
      while ((ready = woken.poll()) != null) {
        ready.resume();
      }
    }
  }

  /** From now on exchanges may {@link #block}: each runs on a thread of its own, in turns. */
  void letsWorkBlock() {
    workMayBlock = true;
  }

  /** Blocks an exchange for so long. */
  void block(Duration latency) throws InterruptedException {
    Fiber fiber = Fiber.current();
    Future<?> timer = after(latency, fiber::resume);
    Duration until = Duration.ofNanos(nanos()).plus(latency);
    do {
      fiber.block();
      if (Thread.interrupted()) {
        timer.cancel(false);
        throw new InterruptedException();
      }
    } while (Duration.ofNanos(nanos()).compareTo(until) < 0);
  }

  private void resumeTheInterrupted() {
    for (Fiber fiber : List.copyOf(fibers)) {
      if (fiber.isInterrupted()) {
        fiber.resume();
      }
    }
    fibers.removeIf(Fiber::hasEnded);
  }

  /** Sets the wall clock alone, forward or back. */
  synchronized void jumpWallClock(Duration by) {
    wallOffsetMillis += by.toMillis();
  }

  /** Moves the clocks without running a timer: the machine was suspended. */
  synchronized void suspend(Duration by) {
    wallOffsetMillis += by.toMillis();
  }

  synchronized int pendingTimers() {
    timers.removeIf(timer -> timer.handle().isDone());
    return timers.size();
  }

  private void runWork() {
    while (true) {
      Work next;
      synchronized (this) {
        next = holdsWork ? null : work.poll();
      }
      if (next == null) {
        return;
      }
      if (workMayBlock && next.lane() != Lane.ABORT) {
        fibers.add(Fiber.start(next.task()));
      } else {
        next.task().run();
      }
      resumeTheInterrupted();
      Fiber ready;
      while ((ready = woken.poll()) != null) {
        ready.resume();
      }
    }
  }
}
