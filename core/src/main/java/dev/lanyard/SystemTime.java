package dev.lanyard;

import dev.lanyard.spi.Time;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The real clock, and the threads that serve all engines of the process: one that keeps the timers,
 * and workers for what may block. All are daemons and end when there is nothing to do.
 *
 * <p>A few workers serve any number of engines while sources answer promptly. For each worker that
 * has been busy with one task for a while another is added, up to a bound, so that a source that
 * hangs holds up nobody else's exchange.
 */
final class SystemTime implements Time {
  private static final int WORKERS = 3;
  private static final int MOST_WORKERS = 64;

  /** How long a thread that has nothing to do stays. */
  private static final Duration IDLE = Duration.ofSeconds(5);

  /** A worker that has been busy with one task for so long counts as blocked. */
  private static final Duration BLOCKED = Duration.ofMillis(100);

  static final SystemTime INSTANCE = new SystemTime(IDLE);

  private final ScheduledThreadPoolExecutor timers;
  private final ThreadPoolExecutor workers;
  private final Map<Work, Long> running = new ConcurrentHashMap<>();
  private final AtomicBoolean watching = new AtomicBoolean();

  // The core size is what grows, in addWorkers: the maximum only bounds it.
  @SuppressWarnings("ErroneousThreadPoolConstructorChecker")
  SystemTime(Duration idle) {
    ThreadFactory factory = new Threads();
    timers = new ScheduledThreadPoolExecutor(1, factory);
    timers.setKeepAliveTime(idle.toMillis(), TimeUnit.MILLISECONDS);
    timers.allowCoreThreadTimeOut(true);
    timers.setRemoveOnCancelPolicy(true);
    workers =
        new ThreadPoolExecutor(
            WORKERS,
            MOST_WORKERS,
            idle.toMillis(),
            TimeUnit.MILLISECONDS,
            new LinkedBlockingQueue<>(),
            factory);
    workers.allowCoreThreadTimeOut(true);
  }

  @Override
  public long millis() {
    return System.currentTimeMillis();
  }

  @Override
  public long nanos() {
    return System.nanoTime();
  }

  @Override
  public Future<?> after(Duration delay, Runnable task) {
    long nanos = TimeUnit.NANOSECONDS.convert(delay);
    return timers.schedule(task, Math.max(0, nanos), TimeUnit.NANOSECONDS);
  }

  @Override
  public void execute(Runnable task) {
    workers.execute(new Work(task));
    if (!workers.getQueue().isEmpty()) {
      watch();
    }
  }

  /** Looks at the workers until no task waits for one. */
  private void watch() {
    if (watching.compareAndSet(false, true)) {
      try {
        Future<?> unused = after(BLOCKED, this::addWorkers);
      } catch (RuntimeException | Error e) {
        // The task that is to be watched has been taken, and will run: whoever gave it must not
        // think otherwise.
        watching.set(false);
      }
    }
  }

  private void addWorkers() {
    watching.set(false);
    if (workers.getQueue().isEmpty()) {
      // Those too many end when they have nothing to do.
      workers.setCorePoolSize(WORKERS);
      return;
    }
    long now = nanos();
    long blocked =
        running.values().stream().filter(begun -> now - begun >= BLOCKED.toNanos()).count();
    try {
      workers.setCorePoolSize((int) Math.min(MOST_WORKERS, WORKERS + blocked));
    } finally {
      watch();
    }
  }

  /** Makes the threads of both. */
  private static final class Threads implements ThreadFactory {
    private final AtomicInteger made = new AtomicInteger();

    @Override
    public Thread newThread(Runnable task) {
      // No inheritable thread locals, and our own class loader: whoever happens to cause a thread
      // must not be kept in memory by it.
      Thread thread = new Thread(null, task, "lanyard-refresh-" + made.incrementAndGet(), 0, false);
      thread.setDaemon(true);
      thread.setContextClassLoader(SystemTime.class.getClassLoader());
      return thread;
    }
  }

  /** A task that says since when it runs. */
  private final class Work implements Runnable {
    private final Runnable task;

    Work(Runnable task) {
      this.task = task;
    }

    @Override
    public void run() {
      running.put(this, nanos());
      try {
        task.run();
      } finally {
        running.remove(this);
      }
    }
  }
}
