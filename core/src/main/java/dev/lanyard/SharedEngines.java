package dev.lanyard;

import dev.lanyard.diagnosis.Evidence;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The engines behind {@code create()} and behind the constructors that frameworks call: one for
 * each identity, whichever class it was created through. Held weakly, so that one that nobody uses
 * any more stops.
 *
 * <p>What gives no evidence is not shared: a configuration that is broken or absent, and a source
 * of others that says nothing of whose credentials it obtains.
 */
final class SharedEngines {
  /** Whose credentials a source obtains: the same for two sources of one name is the same. */
  record Asked(String source, Evidence evidence) {}

  /**
   * What an engine does, as far as settings can change it. A minimum validity is none of it: any
   * number of views share an engine.
   */
  record Options(@Nullable String name, RefreshPolicy policy) {
    static final Options NONE = new Options(null, RefreshPolicy.defaults());
  }

  /**
   * All that decides whose credentials an engine obtains, and how.
   *
   * @param asked the sources that it may ask, in their order: more than one only with a fallback
   * @param options what it does
   * @param first the same of the first hop, if it assumes a second role
   */
  record Identity(List<Asked> asked, Options options, @Nullable Identity first) {

    /** The identity of one source, with the defaults. */
    Identity(String source, Evidence evidence) {
      this(List.of(new Asked(source, evidence)), Options.NONE, null);
    }

    /** Returns the identity of these sources; empty if an engine of theirs cannot be shared. */
    static Optional<Identity> of(
        List<Chain.Link> links, Options options, @Nullable Identity first) {
      List<Asked> asked = new ArrayList<>();
      for (Chain.Link link : links) {
        Optional<Evidence> evidence = link.evidence();
        if (evidence.isEmpty() || !evidence.get().isComparable()) {
          return Optional.empty();
        }
        asked.add(new Asked(link.source().name(), evidence.get()));
      }
      return asked.isEmpty()
          ? Optional.empty()
          : Optional.of(new Identity(List.copyOf(asked), options, first));
    }
  }

  /** Whose credentials an engine obtains. */
  interface Identities {
    /**
     * Returns the identity of an engine that may ask these sources.
     *
     * @param links what the sources found; empty if none of them works
     * @return empty if it is not known
     */
    Optional<Identity> of(List<Chain.Link> links);
  }

  /** Identities of engines that have no first hop. */
  record OfOptions(Options options) implements Identities {
    @Override
    public Optional<Identity> of(List<Chain.Link> links) {
      return Identity.of(links, options, null);
    }
  }

  private static final ReentrantLock LOCK = new ReentrantLock();

  /** Guarded by the lock. Package-private for tests of what is forgotten. */
  static final Map<Identity, WeakReference<Engine>> ENGINES = new HashMap<>();

  private SharedEngines() {}

  /**
   * Returns the engine of this configuration, made and started if there is none to be shared.
   *
   * @param explainer explains the engine, and has its chain
   * @param identities whose credentials the engine obtains
   */
  static Engine get(Explainer explainer, Options options, Identities identities) {
    Chain chain = explainer.chain();
    Optional<Chain.Link> chosen = chain.chosen();
    if (chosen.isPresent() && !chosen.get().isPresent()) {
      SingleSource source = new SingleSource(chosen.get(), 0, chain.environment());
      return started(new HealingSource(source, explainer, identities), options, explainer);
    }
    Origin origin = chain.origin(explainer.fallback());
    Optional<Identity> known = identities.of(chain.asked(explainer.fallback()));
    return known.isPresent()
        ? get(known.get(), origin, explainer)
        : started(origin, options, explainer);
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
        engine = started(origin, identity.options(), explainer);
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

  private static Engine started(Origin origin, Options options, Explainer explainer) {
    Engine engine =
        new Engine(
            origin,
            options.policy(),
            explainer.time(),
            new Events(Events.NOBODY, explainer.time(), options.name()),
            explainer);
    engine.start();
    return engine;
  }
}
