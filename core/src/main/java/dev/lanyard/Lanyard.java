package dev.lanyard;

import dev.lanyard.runtime.Time;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Controls all of Lanyard in this class loader. Safe for use by many threads.
 *
 * <p>Most applications do not need it: a provider that nobody holds any more stops by itself. The
 * exception is a class loader that is to be unloaded while a static field, in that class loader or
 * in another, still holds a provider: see {@link #shutdown}.
 *
 * @since 0.1
 */
public final class Lanyard {
  private static final ReentrantLock LOCK = new ReentrantLock();

  /** All engines that were started, held weakly; guarded by the lock. */
  private static final Set<Engine> ENGINES = Collections.newSetFromMap(new WeakHashMap<>());

  private Lanyard() {}

  /**
   * Stops all providers that this copy of Lanyard has made, and its threads, so that the class
   * loader that defined it can be unloaded. In a container that redeploys applications, call it
   * when the application stops, after the last use of its providers, for example in {@code
   * ServletContextListener.contextDestroyed}.
   *
   * <p>It affects the class loader that defined this class. Where several applications share that
   * class loader, because it is a parent of theirs, it stops the providers of all of them: then
   * only the owner of that class loader should call it. An application that is unloaded leaves
   * nothing behind in a parent's Lanyard without the call.
   *
   * <p>Existing providers go on giving the credentials that they hold until those expire, without
   * refreshing them, and after that throw {@link CredentialsUnavailableException} of the kind
   * {@code MISCONFIGURED}; callers that wait get it at once. An exchange in flight is aborted. A
   * listener or continuation that runs on one of Lanyard's threads is interrupted; those still to
   * run do run. A provider that is created later works as usual. The method returns at once; each
   * thread ends as soon as its tasks do. Calling it again stops only the providers created since.
   */
  public static void shutdown() {
    for (List<Engine> running = take(); !running.isEmpty(); running = take()) {
      SharedEngines.forgetAll();
      running.forEach(Engine::shutDown);
      // Until then, one whose configuration healed may have started a shared one.
    }
    Time.system().endThreads();
  }

  private static List<Engine> take() {
    LOCK.lock();
    try {
      List<Engine> all = List.copyOf(ENGINES);
      ENGINES.clear();
      return all;
    } finally {
      LOCK.unlock();
    }
  }

  /**
   * Lists the credentials that are being kept current in this class loader, those of providers that
   * a framework made by class name included. The list is a snapshot; what nobody holds any more
   * leaves it by itself, and what was shut down is not in it. Where no source is configured, as
   * outside EKS, nothing is kept current and nothing is listed.
   *
   * @return in the order in which they were created; empty if there are none
   */
  public static List<LiveCredentials> live() {
    List<Engine> all;
    LOCK.lock();
    try {
      all = new ArrayList<>(ENGINES);
    } finally {
      LOCK.unlock();
    }
    all.sort(Comparator.comparingLong(Engine::number));
    return all.stream()
        .filter(Engine::isConfigured)
        .map(Engine::current)
        .distinct()
        .map(LiveCredentials::new)
        .toList();
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
