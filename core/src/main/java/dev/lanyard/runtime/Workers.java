package dev.lanyard.runtime;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The threads of one lane. A few serve any number of tasks that end promptly. Tasks that wait while
 * all threads have been busy with one task each for a moment get more threads, up to a bound; from
 * there on they wait in a queue. Those too many end when they have nothing to do.
 */
final class Workers {
  /** So often it is looked whether tasks wait and threads are blocked. */
  private static final Duration LOOK = Duration.ofMillis(100);

  /** Less than a look: a thread that came with the last one has to count in the next. */
  private static final Duration BLOCKED = Duration.ofMillis(80);

  private final int few;
  private final int most;
  private final ThreadPoolExecutor pool;
  private final ScheduledExecutorService timers;
  private final Time time;
  private final Map<Work, Long> running = new ConcurrentHashMap<>();
  private final AtomicBoolean watching = new AtomicBoolean();

  /** How many tasks had ended when the next look was scheduled. */
  private volatile long endedBefore;

  /** When the next look is due. */
  private volatile long due;

  /**
   * Makes the lane; its threads come with the first tasks.
   *
   * @param few how many threads serve prompt tasks
   * @param most how many there may be
   * @param idle how long a thread that has nothing to do stays
   * @param timers runs what does not block after a delay
   * @param time the clock
   */
  // The core size is what grows, in addThreads: the maximum only bounds it.
  @SuppressWarnings("ErroneousThreadPoolConstructorChecker")
  Workers(
      int few,
      int most,
      Duration idle,
      ThreadFactory factory,
      ScheduledExecutorService timers,
      Time time) {
    this.few = few;
    this.most = most;
    this.timers = timers;
    this.time = time;
    this.pool =
        new ThreadPoolExecutor(
            few,
            most,
            idle.toMillis(),
            TimeUnit.MILLISECONDS,
            new LinkedBlockingQueue<>(),
            factory);
    pool.allowCoreThreadTimeOut(true);
  }

  void execute(Runnable task) {
    pool.execute(new Work(task));
    if (!pool.getQueue().isEmpty()) {
      watch();
    }
  }

  /**
   * Ends the threads as soon as they have done what was given to them. Somebody waits for each of
   * those tasks, a caller for its answer say: none is dropped, and none waits for one that hangs.
   */
  void end() {
    try {
      pool.setCorePoolSize(most);
    } catch (RuntimeException | Error e) {
      // No more threads can be started: those that there are do it all.
    } finally {
      pool.shutdown();
    }
  }

  /** Interrupts what runs now. */
  void interrupt() {
    running.keySet().forEach(Work::interrupt);
  }

  /** Looks at the threads until no task waits for one. */
  private void watch() {
    if (watching.compareAndSet(false, true)) {
      endedBefore = pool.getCompletedTaskCount();
      due = time.nanos() + LOOK.toNanos();
      try {
        Future<?> unused = timers.schedule(this::addThreads, LOOK.toNanos(), TimeUnit.NANOSECONDS);
      } catch (RuntimeException | Error e) {
        // The task that is to be watched has been taken, and will run: whoever gave it must not
        // think otherwise.
        watching.set(false);
      }
    }
  }

  private void addThreads() {
    watching.set(false);
    if (pool.getQueue().isEmpty()) {
      pool.setCorePoolSize(few);
      return;
    }
    long now = time.nanos();
    boolean noneEnded = pool.getCompletedTaskCount() == endedBefore;
    // A look that comes late had to wait for a processor, and the tasks may have had to as well.
    // After a late look, or where tasks have ended since the last one, a task counts as stuck only
    // if it has run since before the last look.
    long late = Math.max(0, now - due);
    boolean first = noneEnded && late <= LOOK.minus(BLOCKED).toNanos();
    long stuck = BLOCKED.toNanos() + late + (first ? 0 : LOOK.toNanos());
    int blocked = 0;
    for (long begun : running.values()) {
      if (now - begun >= stuck) {
        blocked++;
      }
    }
    // Prompt tasks leave next to none blocked, however many wait and however slow the machine is.
    // Of tasks that all hang, 240 have a thread each after four looks.
    int wanted = few + (noneEnded ? 3 * blocked : blocked);
    try {
      pool.setCorePoolSize(Math.min(most, wanted));
    } finally {
      watch();
    }
  }

  /** A task that says since when it runs. What it throws ends neither its thread nor anything. */
  private final class Work implements Runnable {
    private final Runnable task;
    private final ReentrantLock lock = new ReentrantLock();

    /** Null unless it runs; guarded by the lock. */
    private @Nullable Thread thread;

    Work(Runnable task) {
      this.task = task;
    }

    /** Interrupts it if it runs, and never what its thread runs after it. */
    void interrupt() {
      lock.lock();
      try {
        if (thread != null) {
          thread.interrupt();
        }
      } finally {
        lock.unlock();
      }
    }

    private void runOn(@Nullable Thread thread) {
      lock.lock();
      try {
        this.thread = thread;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void run() {
      runOn(Thread.currentThread());
      running.put(this, time.nanos());
      try {
        task.run();
      } catch (Throwable e) {
        // All that runs here ends in an outcome of its own. What is left is a class loader that
        // was closed under us, and nobody to tell.
      } finally {
        running.remove(this);
        runOn(null);
      }
    }
  }
}
