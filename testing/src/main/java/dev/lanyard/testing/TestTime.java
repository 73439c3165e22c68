package dev.lanyard.testing;

import dev.lanyard.runtime.Time;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Time that stands still until a test moves it, for a credentials provider and for the cluster that
 * serves it: a test goes through hours of refreshing in milliseconds.
 *
 * <pre>{@code
 * TestTime time = TestTime.create();
 * FakeEks eks = FakeEks.builder().clock(time).start();
 * EksCredentialsProvider provider =
 *     EksCredentialsProvider.builder().environment(pod.environment()).time(time).build();
 * time.advance(Duration.ofHours(1)); // the provider has refreshed, as it does in an hour
 * }</pre>
 *
 * <p>The thread that moves time runs the tasks that a provider has scheduled, in the order of their
 * times, with the clocks at the time of each task; tasks of the same time run in the order in which
 * they were scheduled. Exchanges run on threads of their own, since they wait for a real socket,
 * and {@link #advance} lets each end before time moves on. So what a test sees does not depend on
 * the machine's speed.
 *
 * <p>While a source hangs, an exchange ends only when its time budget does: {@link
 * #advanceWhileHanging} moves time without waiting for it.
 *
 * <p>The clocks, {@link #after} and {@link #execute} are safe for use by many threads. Time is
 * moved by one thread at a time.
 *
 * @since 0.1
 */
public final class TestTime implements Time, InstantSource {
  private static final Instant DEFAULT_START = Instant.parse("2030-01-01T00:00:00Z");

  /** Far longer than an exchange with a source that answers; only one that hangs takes so long. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Instant start;

  // All guarded by this.
  private final Queue<Timer> timers =
      new PriorityQueue<>(Comparator.comparingLong(Timer::at).thenComparingLong(Timer::number));
  private long nanos;
  private Duration stepped = Duration.ZERO;
  private long numbers;
  private final List<Lane> running = new ArrayList<>();

  private record Timer(long at, long number, Runnable task, CompletableFuture<Void> handle) {}

  private TestTime(Instant start) {
    this.start = start;
  }

  /**
   * Creates a time that begins at 2030-01-01T00:00Z.
   *
   * @return a time of its own
   */
  public static TestTime create() {
    return new TestTime(DEFAULT_START);
  }

  /**
   * Creates a time that begins at a given moment.
   *
   * @param start the first time of the wall clock
   * @return a time of its own
   */
  public static TestTime startingAt(Instant start) {
    return new TestTime(Objects.requireNonNull(start, "start"));
  }

  /**
   * Returns the time of the wall clock.
   *
   * @return the start, as much later as time was moved, and set by {@link #stepWallClock}
   */
  @Override
  public synchronized Instant instant() {
    return start.plusNanos(nanos).plus(stepped);
  }

  @Override
  public long millis() {
    return instant().toEpochMilli();
  }

  @Override
  public synchronized long nanos() {
    return nanos;
  }

  /**
   * Runs a task once after a delay, on the thread that moves time beyond it.
   *
   * @param delay how long to wait; zero or less means when time is moved next, even if by zero
   * @param task what to run; what it throws reaches the caller who moves time
   * @return cancels the task; cancelling is idempotent, and a task that has begun runs to its end
   */
  @Override
  public synchronized Future<?> after(Duration delay, Runnable task) {
    CompletableFuture<Void> handle = new CompletableFuture<>();
    long at = later(delay.isNegative() ? Duration.ZERO : delay);
    timers.add(new Timer(at, numbers++, Objects.requireNonNull(task, "task"), handle));
    return handle;
  }

  /**
   * Runs a task that may block, such as an exchange, at once, on a daemon thread of its own.
   *
   * @param task what to run
   */
  @Override
  public void execute(Runnable task) {
    execute(Lane.EXCHANGE, task);
  }

  /**
   * Runs a task at once, on a daemon thread of its own.
   *
   * @param lane the kind of the task
   * @param task what to run
   */
  @Override
  public synchronized void execute(Lane lane, Runnable task) {
    Objects.requireNonNull(lane, "lane");
    Thread thread =
        new Thread(
            () -> {
              try {
                task.run();
              } finally {
                ended(lane);
              }
            },
            "lanyard-test-time");
    thread.setDaemon(true);
    thread.start();
    running.add(lane);
  }

  /**
   * Waits on the calling thread until a future is done, or until another thread has moved time so
   * far.
   *
   * @param done what to wait for
   * @param atMost how long to wait, by this time
   * @return whether it is done
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  @Override
  public boolean await(CompletableFuture<?> done, Duration atMost) throws InterruptedException {
    CompletableFuture<Void> over = new CompletableFuture<>();
    Future<?> limit = after(atMost, () -> over.complete(null));
    try {
      CompletableFuture.anyOf(done, over).get();
    } catch (ExecutionException e) {
      // It is done, whatever its outcome.
    } finally {
      limit.cancel(false);
    }
    return done.isDone();
  }

  /**
   * Moves time forward. Tasks that come due on the way run, each at its time, and each exchange
   * ends before time moves on; the last ones end before this returns.
   *
   * @param by how far; zero runs what is due now
   * @throws IllegalArgumentException if it is negative
   * @throws IllegalStateException if an exchange does not end, as one with a source that hangs; or
   *     if the thread is interrupted
   */
  public void advance(Duration by) {
    long until = laterChecked(by);
    do {
      awaitIdle();
    } while (runNext(until));
    awaitIdle();
  }

  /**
   * Moves time forward while exchanges do not end because their source hangs. Tasks that come due
   * on the way run, each at its time, also those that end an exchange whose time budget has run
   * out. That exchange needs a moment to end on its own thread; {@link #awaitIdle} waits for it.
   *
   * @param by how far
   * @throws IllegalArgumentException if it is negative
   */
  public void advanceWhileHanging(Duration by) {
    long until = laterChecked(by);
    boolean more;
    do {
      more = runNext(until);
    } while (more);
  }

  /**
   * Moves time to the next task that comes due and runs it, or by {@code atMost} if none does
   * before. For a test that looks at each step. It waits for no exchange.
   *
   * @param atMost how far at most
   * @return whether something was run
   * @throws IllegalArgumentException if it is negative
   */
  public boolean advanceToNext(Duration atMost) {
    return runNext(laterChecked(atMost));
  }

  /**
   * Moves the clocks without running anything, as they do for a process that is stopped and
   * continued. What came due meanwhile is run when time is moved next.
   *
   * @param by how far
   * @throws IllegalArgumentException if it is negative
   */
  public synchronized void skip(Duration by) {
    nanos = laterChecked(by);
  }

  /**
   * Sets the wall clock forward or back, as NTP or a person does, and leaves the monotonic clock
   * where it is: nothing comes due. A cluster with this clock goes along; where only the pod's
   * clock is to be set, set AWS apart by as much: {@code eks.clock().setBehindBy(by)} after a step
   * forward, {@code setAheadBy} after one back.
   *
   * @param by how far; negative sets it back. Steps add up
   */
  public synchronized void stepWallClock(Duration by) {
    stepped = stepped.plus(by);
  }

  /**
   * Waits, in real time, until no exchange runs, and no task that an exchange caused, such as a
   * call of a listener.
   *
   * @throws IllegalStateException if one does not end within a minute, as one with a source that
   *     hangs, or a listener or a continuation that blocks; or if the thread is interrupted
   */
  public void awaitIdle() {
    awaitEnd(EnumSet.allOf(Lane.class));
  }

  private synchronized void awaitEnd(Set<Lane> lanes) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (running.stream().anyMatch(lanes::contains)) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0) {
        throw new IllegalStateException(
            "An exchange, or what came of one, has not ended within "
                + PATIENCE.toSeconds()
                + " s. Does its source hang? Then time moves by advanceWhileHanging(...). Does a"
                + " listener or a continuation block? It counts until it returns");
      }
      try {
        wait(left);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("Interrupted while an exchange runs", e);
      }
    }
  }

  /**
   * Returns how many exchanges run now, including tasks that an exchange caused, such as a call of
   * a listener.
   *
   * @return the count of those that have not ended
   */
  public synchronized int running() {
    return running.size();
  }

  @Override
  public String toString() {
    return "TestTime[" + instant() + "]";
  }

  private synchronized void ended(Lane lane) {
    running.remove(lane);
    notifyAll();
  }

  private boolean runNext(long until) {
    Timer due = next(until);
    if (due == null) {
      return false;
    }
    due.task().run();
    // What a timer hands to another thread only because it might block belongs to its time.
    awaitEnd(EnumSet.of(Lane.FILE, Lane.ABORT));
    return true;
  }

  private synchronized @Nullable Timer next(long until) {
    // Also those that were cancelled and are far off, which would be held in memory.
    timers.removeIf(timer -> timer.handle().isDone());
    Timer first = timers.peek();
    if (first == null || first.at() > until) {
      nanos = Math.max(nanos, until);
      return null;
    }
    // One that was skipped is late: it runs now.
    nanos = Math.max(nanos, first.at());
    return timers.poll();
  }

  private long laterChecked(Duration by) {
    if (by.isNegative()) {
      throw new IllegalArgumentException("Time moves forward, not by " + by);
    }
    return later(by);
  }

  private synchronized long later(Duration by) {
    Duration room = Duration.ofNanos(Long.MAX_VALUE - nanos);
    return by.compareTo(room) > 0 ? Long.MAX_VALUE : nanos + by.toNanos();
  }
}
