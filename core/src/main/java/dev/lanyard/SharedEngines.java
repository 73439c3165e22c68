package dev.lanyard;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.runtime.Time;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The engines behind {@code create()}: one for each evidence of whose credentials a source obtains,
 * whichever class it was created through. Held weakly, so that one that nobody uses any more stops.
 *
 * <p>What gives no evidence is not shared: a configuration that is broken or absent, and a source
 * of others that says nothing of whose credentials it obtains.
 */
final class SharedEngines {
  /** Whose credentials an engine obtains: the same for two sources of one name is the same. */
  record Identity(String source, Evidence evidence) {}

  private static final ReentrantLock LOCK = new ReentrantLock();

  /** Guarded by the lock. Package-private for tests of what is forgotten. */
  static final Map<Identity, WeakReference<Engine>> ENGINES = new HashMap<>();

  private SharedEngines() {}

  /** Returns the engine of this configuration, made and started if there is none to be shared. */
  static Engine get(Chain chain) {
    Time time = Time.system();
    Explainer explainer = new Explainer(null, chain, false, time);
    Optional<Chain.Link> chosen = chain.chosen();
    if (chosen.isEmpty()) {
      return started(chain.origin(), explainer);
    }
    Chain.Link link = chosen.get();
    if (!link.isPresent()) {
      return started(
          new HealingSource(new SingleSource(link, 0, chain.environment()), explainer), explainer);
    }
    return link.evidence().filter(Evidence::isComparable).isPresent()
        ? get(new Identity(link.source().name(), link.evidence().get()), chain.origin(), explainer)
        : started(chain.origin(), explainer);
  }

  /** Returns the engine of an identity, made with an origin and started if there is none. */
  static Engine get(Identity identity, Origin origin, Explainer explainer) {
    LOCK.lock();
    try {
      Iterator<WeakReference<Engine>> known = ENGINES.values().iterator();
      while (known.hasNext()) {
        if (known.next().get() == null) {
          known.remove();
        }
      }
      @Nullable WeakReference<Engine> reference = ENGINES.get(identity);
      Engine engine = reference == null ? null : reference.get();
      if (engine == null) {
        engine = started(origin, explainer);
        ENGINES.put(identity, new WeakReference<>(engine));
      }
      return engine;
    } finally {
      LOCK.unlock();
    }
  }

  /** The engines there are go on alone: a later provider gets a new one. */
  static void forgetAll() {
    LOCK.lock();
    try {
      ENGINES.clear();
    } finally {
      LOCK.unlock();
    }
  }

  private static Engine started(Origin origin, Explainer explainer) {
    Time time = explainer.time();
    Engine engine =
        new Engine(
            origin,
            RefreshPolicy.defaults(),
            time,
            new Events(Events.NOBODY, time, explainer.name()),
            explainer);
    engine.start();
    return engine;
  }
}
