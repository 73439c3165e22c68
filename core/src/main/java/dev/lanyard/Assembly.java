package dev.lanyard;

import dev.lanyard.SharedEngines.Identities;
import dev.lanyard.SharedEngines.Identity;
import dev.lanyard.SharedEngines.Options;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.runtime.Environment;
import dev.lanyard.runtime.Time;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;

/**
 * What a provider is made of: which sources, by which settings, on which engine.
 *
 * @param minimum how long its credentials have to be valid at least; zero if nothing is asked for
 * @param whenNotOnEks the provider in use, where no source is configured and the application named
 *     one
 */
record Assembly(
    Engine engine,
    RefreshPolicy policy,
    Explainer explainer,
    Duration minimum,
    @Nullable AwsCredentialsProvider whenNotOnEks) {

  // Classes and not lambdas, here and below, which cost several times as much in a process that has
  // just started.

  /** Which sources to look for. */
  interface Candidates {
    /**
     * Returns the sources, in the order in which they count.
     *
     * @param order the names that the settings have; empty if they have none
     */
    List<CredentialsSource> in(List<String> order);
  }

  /** One source, which has no order. */
  record One(CredentialsSource source) implements Candidates {
    @Override
    public List<CredentialsSource> in(List<String> order) {
      return List.of(source);
    }
  }

  /** Where engines come from. */
  private interface Engines {
    /**
     * Returns an engine for a chain.
     *
     * @param explainer explains it, and has the chain
     * @param identities whose credentials it obtains
     */
    Engine get(Explainer explainer, Options options, Identities identities);

    /** Returns the engine of a first hop: nobody listens to it. */
    Engine firstHop(Explainer explainer, Options options, Identities identities);
  }

  /** Those that all providers of the process share. */
  private record Shared() implements Engines {
    @Override
    public Engine get(Explainer explainer, Options options, Identities identities) {
      return SharedEngines.get(explainer, options, identities);
    }

    @Override
    public Engine firstHop(Explainer explainer, Options options, Identities identities) {
      return get(explainer, options, identities);
    }
  }

  /** New ones, which a provider has to itself. */
  private record Own(CredentialsEventListener listener, boolean areUsed) implements Engines {
    @Override
    public Engine get(Explainer explainer, Options options, Identities identities) {
      return engine(explainer, options, listener);
    }

    @Override
    public Engine firstHop(Explainer explainer, Options options, Identities identities) {
      return engine(explainer, options, Events.NOBODY);
    }

    private Engine engine(Explainer explainer, Options options, CredentialsEventListener listener) {
      Engine engine =
          new Engine(
              explainer.chain().origin(explainer.fallback()),
              options.policy(),
              explainer.time(),
              new Events(listener, explainer.time(), options.name()),
              explainer);
      if (areUsed) {
        engine.start();
      }
      return engine;
    }
  }

  /** Identities of a second role, as far as that of the first hop is known by now. */
  private record OfSecondRole(Assembly first, Options options) implements Identities {
    @Override
    public Optional<Identity> of(List<Chain.Link> links) {
      Optional<Identity> known = first.identity();
      return known.isPresent() ? Identity.of(links, options, known.get()) : Optional.empty();
    }
  }

  /**
   * Puts a provider together on the process's shared engines.
   *
   * @param given settings that the application or its framework gave, by key
   * @throws IllegalArgumentException if one of those given is not a setting of this provider, or
   *     has a value that cannot be used. What the environment has wrong is told when credentials
   *     are asked for
   */
  static Assembly shared(Settings.Scope scope, Candidates candidates, Map<String, String> given) {
    Environment environment = Environment.system().snapshot().withSettings(given);
    Settings settings = Settings.read(environment, scope, Settings.InCode.NOTHING);
    if (settings.isProblemGiven()) {
      throw refusal(settings.problem().orElseThrow());
    }
    Chain chain = chain(settings, candidates, environment);
    Assembly assembly = assembled(settings, chain, Time.system(), new Shared());
    Optional<Problem> problem = assembly.problem(settings);
    if (problem.isPresent()
        && problem.get().fact(Settings.KEY).filter(settings::isGiven).isPresent()) {
      throw refusal(problem.get());
    }
    return assembly;
  }

  /** A bad value is refused where it is given, and told of by the credentials where it is found. */
  private static IllegalArgumentException refusal(Problem problem) {
    return new IllegalArgumentException(
        problem.summary() + problem.remedy().map(remedy -> ". " + remedy).orElse(""));
  }

  /** Puts a provider together that has its engines to itself. */
  static Assembly own(
      Settings.Scope scope,
      Candidates candidates,
      RefreshingCredentialsProvider.Builder<?> options,
      @Nullable AwsCredentialsProvider whenNotOnEks) {
    Environment environment = options.environment().snapshot();
    Settings settings = Settings.read(environment, scope, options.inCode());
    return own(settings, chain(settings, candidates, environment), options, whenNotOnEks);
  }

  static Assembly own(
      Settings settings,
      Chain chain,
      RefreshingCredentialsProvider.Builder<?> options,
      @Nullable AwsCredentialsProvider whenNotOnEks) {
    @Nullable AwsCredentialsProvider inUse = chain.chosen().isEmpty() ? whenNotOnEks : null;
    Assembly assembly =
        assembled(settings, chain, options.time(), new Own(options.listener(), inUse == null));
    return new Assembly(
        assembly.engine, assembly.policy, assembly.explainer, assembly.minimum, inUse);
  }

  private static Chain chain(Settings settings, Candidates candidates, Environment environment) {
    Chain chain = Chain.detect(candidates.in(settings.order()), environment);
    return settings.problem().isPresent() ? chain.stoppedBy(settings.problem().get()) : chain;
  }

  private static Assembly assembled(Settings settings, Chain chain, Time time, Engines engines) {
    Options options = new Options(settings.name(), settings.policy());
    if (settings.secondRole().isEmpty()
        || settings.problem().isPresent()
        || chain.chosen().isEmpty()) {
      Explainer explainer =
          new Explainer(settings.name(), chain, settings.fallback(), settings.facts(), null, time);
      Engine engine = engines.get(explainer, options, new SharedEngines.OfOptions(options));
      return new Assembly(engine, settings.policy(), explainer, settings.validity(), null);
    }
    Assembly first = firstHop(settings, chain, time, engines);
    RefreshingCredentialsProvider provider = RefreshingCredentialsProvider.firstHop(first);
    Chain second =
        Chain.detect(
            List.of(new SecondRole(provider, settings.secondRole().get())), chain.environment());
    Explainer explainer =
        new Explainer(settings.name(), second, false, settings.facts(), provider, time);
    Engine engine = engines.get(explainer, options, new OfSecondRole(first, options));
    return new Assembly(engine, settings.policy(), explainer, settings.validity(), null);
  }

  /** What a second role is assumed with. A name is for the second role. */
  private static Assembly firstHop(Settings settings, Chain chain, Time time, Engines engines) {
    Options options = new Options(null, settings.policy());
    Explainer explainer = new Explainer(null, chain, settings.fallback(), time);
    Engine engine = engines.firstHop(explainer, options, new SharedEngines.OfOptions(options));
    return new Assembly(engine, settings.policy(), explainer, Duration.ZERO, null);
  }

  /** Whose credentials a first hop obtains, as far as that is known by now. */
  private Optional<Identity> identity() {
    Chain chain = explainer.chain();
    Optional<Chain.Link> chosen = chain.chosen();
    if (chosen.isEmpty()) {
      return Optional.empty();
    }
    return Identity.of(
        chosen.get().isPresent()
            ? chain.asked(explainer.fallback())
            : List.of(engine.origin().current(chosen.get())),
        new Options(null, policy),
        null);
  }

  /** Why the second role cannot be assumed; empty if it can be, or if none is named. */
  private Optional<Problem> problem(Settings settings) {
    if (settings.secondRole().isEmpty()) {
      return Optional.empty();
    }
    Chain chain = explainer.chain();
    // Where nothing is configured no role is assumed, and a bad value is refused all the same.
    Detection detection =
        chain.chosen().isPresent()
            ? chain.chosen().get().detection()
            : new SecondRole(
                    RefreshingCredentialsProvider.firstHop(this), settings.secondRole().get())
                .detect(chain.environment());
    return detection instanceof Detection.Broken broken
        ? Optional.of(broken.problem())
        : Optional.empty();
  }
}
