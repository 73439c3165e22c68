package dev.lanyard.runtime;

import java.security.PrivilegedAction;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The real clock, and the threads that serve all engines of the process: one that keeps the timers
 * and never blocks, and for each {@link dev.lanyard.runtime.Time.Lane} a few more, up to a bound,
 * so that tasks of one lane that hang hold up no task of another. All are daemons and end when
 * there is nothing to do.
 *
 * <p>Exchanges: 256 at a time, and 16 more of sources that outran their time budget; callbacks:
 * 256; looks at files: 16; aborts: 32. Beyond, they wait in a queue.
 */
final class SystemTime implements Time {
  /** How long a thread that has nothing to do stays. */
  private static final Duration IDLE = Duration.ofSeconds(5);

  static final SystemTime INSTANCE = new SystemTime(IDLE);

  private final Duration idle;
  private volatile Pool pool;

  SystemTime(Duration idle) {
    this.idle = idle;
    this.pool = new Pool(idle, this);
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
    long nanos = Math.max(0, TimeUnit.NANOSECONDS.convert(delay));
    while (true) {
      Pool current = pool;
      try {
        return current.timers.schedule(task, nanos, TimeUnit.NANOSECONDS);
      } catch (RejectedExecutionException e) {
        if (current.equals(pool)) {
          throw e;
        }
        // The threads were ended in between, and there are others.
      }
    }
  }

  @Override
  public void execute(Runnable task) {
    execute(Lane.EXCHANGE, task);
  }

  @Override
  public void execute(Lane lane, Runnable task) {
    while (true) {
      Pool current = pool;
      try {
        current.workers(lane).execute(task);
        return;
      } catch (RejectedExecutionException e) {
        if (current.equals(pool)) {
          throw e;
        }
      }
    }
  }

  @Override
  public void endThreads() {
    Pool ended = pool;
    pool = new Pool(idle, this);
    ended.end();
  }

  /** One generation of threads. */
  private static final class Pool {
    private final ScheduledThreadPoolExecutor timers;
    private final Map<Lane, Workers> workers = new EnumMap<>(Lane.class);

    Pool(Duration idle, Time time) {
      ThreadFactory factory = new Threads();
      timers = new ScheduledThreadPoolExecutor(1, factory);
      timers.setKeepAliveTime(idle.toMillis(), TimeUnit.MILLISECONDS);
      timers.allowCoreThreadTimeOut(true);
      timers.setRemoveOnCancelPolicy(true);
      add(Lane.EXCHANGE, 2, 256, idle, factory, time);
      add(Lane.LATE_EXCHANGE, 1, 16, idle, factory, time);
      add(Lane.CALLBACK, 2, 256, idle, factory, time);
      add(Lane.FILE, 1, 16, idle, factory, time);
      add(Lane.ABORT, 1, 32, idle, factory, time);
    }

    private void add(
        Lane lane, int few, int most, Duration idle, ThreadFactory factory, Time time) {
      workers.put(lane, new Workers(few, most, idle, factory, timers, time));
    }

    @SuppressWarnings("NullAway") // Every lane has its workers.
    Workers workers(Lane lane) {
      return workers.get(lane);
    }

    void end() {
      // What is still to come is of engines that were made meanwhile: it runs at its time.
      timers.shutdown();
      workers.values().forEach(Workers::end);
      // One that hangs would keep its thread. Exchanges are ended by their engines, each its own:
      // one that runs here may be of an engine that was made meanwhile. An abort has to be done.
      workers(Lane.CALLBACK).interrupt();
    }
  }

  /** Makes the threads of all lanes, so that none keeps in memory whoever happened to cause it. */
  private static final class Threads implements ThreadFactory {
    private final AtomicInteger made = new AtomicInteger();
    private final Silence silence = new Silence();

    // The privileges are ours and not the caller's: before Java 24 a thread keeps the access
    // control context, and so the class loaders, of all who are on the stack when it is made.
    @Override
    @SuppressWarnings("removal")
    public Thread newThread(Runnable task) {
      return java.security.AccessController.doPrivileged(new Make(this, task));
    }

    private record Make(Threads threads, Runnable task) implements PrivilegedAction<Thread> {
      @Override
      public Thread run() {
        return threads.make(task);
      }
    }

    private Thread make(Runnable task) {
      // No inheritable thread locals, no thread group of the caller's, our own class loader.
      Thread thread =
          new Thread(root(), task, "lanyard-refresh-" + made.incrementAndGet(), 0, false);
      thread.setDaemon(true);
      thread.setContextClassLoader(SystemTime.class.getClassLoader());
      thread.setUncaughtExceptionHandler(silence);
      return thread;
    }

    private static ThreadGroup root() {
      ThreadGroup group = Thread.currentThread().getThreadGroup();
      while (group.getParent() != null) {
        group = group.getParent();
      }
      return group;
    }
  }

  /** There is nobody to tell: what can be known of an error was told where it happened. */
  private static final class Silence implements Thread.UncaughtExceptionHandler {
    @Override
    public void uncaughtException(Thread thread, Throwable thrown) {}
  }
}
