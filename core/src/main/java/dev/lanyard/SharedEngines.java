package dev.lanyard;

import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The engines behind {@code create()}: one for each configuration of a source, whichever class it
 * was created through. Held weakly, so that one that nobody uses any more stops.
 */
final class SharedEngines {
  private static final ReentrantLock LOCK = new ReentrantLock();
  private static final Map<String, WeakReference<Engine>> ENGINES = new HashMap<>();

  private SharedEngines() {}

  /** Returns the engine of this configuration, made and started if there is none. */
  static Engine get(Chain chain, Supplier<Engine> make) {
    // The finding names what the exchange depends on, the role and the token file, say: a test that
    // sets other system properties gets another engine.
    String key =
        chain
            .chosen()
            .map(link -> link.source().name() + ": " + link.finding())
            .orElseGet(() -> "none: " + chain.links().stream().map(Chain.Link::finding).toList());
    LOCK.lock();
    try {
      ENGINES.values().removeIf(reference -> reference.get() == null);
      @Nullable WeakReference<Engine> reference = ENGINES.get(key);
      Engine engine = reference == null ? null : reference.get();
      if (engine == null) {
        engine = make.get();
        engine.start();
        ENGINES.put(key, new WeakReference<>(engine));
      }
      return engine;
    } finally {
      LOCK.unlock();
    }
  }
}
