package dev.lanyard;

import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The engines behind {@code create()}: one for each configuration of a source, whichever class it
 * was created through. Held weakly, so that one that nobody uses any more stops.
 */
final class SharedEngines {
  private static final ReentrantLock LOCK = new ReentrantLock();

  /** By configuration; guarded by the lock. Tests look whether what is gone is forgotten. */
  static final Map<String, WeakReference<Engine>> ENGINES = new HashMap<>();

  private SharedEngines() {}

  /** Returns the engine of this configuration, made and started if there is none. */
  static Engine get(Chain chain) {
    // The finding names what the exchange depends on, the role and the token file, say: a test that
    // sets other system properties gets another engine.
    Optional<Chain.Link> chosen = chain.chosen();
    String key =
        chosen.isPresent()
            ? chosen.get().source().name() + ": " + chosen.get().finding()
            : "none: " + chain.links().stream().map(Chain.Link::finding).toList();
    LOCK.lock();
    try {
      Iterator<WeakReference<Engine>> known = ENGINES.values().iterator();
      while (known.hasNext()) {
        if (known.next().get() == null) {
          known.remove();
        }
      }
      @Nullable WeakReference<Engine> reference = ENGINES.get(key);
      Engine engine = reference == null ? null : reference.get();
      if (engine == null) {
        engine =
            new Engine(
                chain.origin(),
                RefreshPolicy.defaults(),
                SystemTime.INSTANCE,
                new Events(Events.NOBODY, SystemTime.INSTANCE));
        engine.start();
        ENGINES.put(key, new WeakReference<>(engine));
      }
      return engine;
    } finally {
      LOCK.unlock();
    }
  }
}
