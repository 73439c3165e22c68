package dev.lanyard;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lanyard in this class loader, as a whole.
 *
 * <p>An application has no need of it: a provider that nobody holds any more stops by itself. The
 * exception is a class loader that is to be unloaded while a static field of it, or of another one,
 * still holds a provider: see {@link #shutdown}.
 */
public final class Lanyard {
  private static final ReentrantLock LOCK = new ReentrantLock();

  /** All engines that were started, held weakly; guarded by the lock. */
  private static final Set<Engine> ENGINES = Collections.newSetFromMap(new WeakHashMap<>());

  private Lanyard() {}

  /**
   * Ends all providers that this copy of Lanyard has made, and its threads, so that the class
   * loader that defined it can be unloaded. For a container that redeploys applications: call it
   * when the application stops, after the last use of its providers, such as in {@code
   * ServletContextListener.contextDestroyed}.
   *
   * <p>It counts for the class loader that defined this class. Where that is a parent which several
   * applications share, it ends the providers of all of them: then let the parent's owner call it,
   * or nobody.
   *
   * <p>A provider that exists goes on giving what it holds until that expires, without refreshing
   * it, and after that throws {@link CredentialsUnavailableException} of the kind {@code
   * MISCONFIGURED}; callers that wait get it at once. An exchange in flight is ended. A provider
   * that is created later starts anew. Returns at once; the threads end as soon as what they run
   * does. Calling it again does nothing. Safe for use by many threads.
   */
  public static void shutdown() {
    List<Engine> all;
    LOCK.lock();
    try {
      all = new ArrayList<>(ENGINES);
      ENGINES.clear();
    } finally {
      LOCK.unlock();
    }
    SharedEngines.forgetAll();
    for (Engine engine : all) {
      engine.shutDown();
    }
    SystemTime.INSTANCE.endThreads();
  }

  static void remember(Engine engine) {
    LOCK.lock();
    try {
      ENGINES.add(engine);
    } finally {
      LOCK.unlock();
    }
  }
}
