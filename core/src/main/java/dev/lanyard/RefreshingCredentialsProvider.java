package dev.lanyard;

import dev.lanyard.runtime.Environment;
import dev.lanyard.runtime.Time;
import dev.lanyard.spi.CredentialsSource;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.ResolveIdentityRequest;

/**
 * The base class of all of Lanyard's providers: credentials that are refreshed in the background,
 * long before they expire, whether anybody asks for them or not.
 *
 * <p>Guarantees:
 *
 * <ul>
 *   <li>While unexpired credentials are held, no caller waits, whatever the source does, except one
 *       that asks for more lifetime than is left. Reading fresh credentials takes no lock and
 *       allocates nothing.
 *   <li>Expired credentials are never handed out.
 *   <li>At most one exchange is in flight; all who wait share its result or its failure.
 *   <li>Building a provider never fails because of the environment, never waits, and begins the
 *       first exchange in the background.
 *   <li>There is nothing to close. A provider that nobody holds any more stops refreshing.
 *   <li>No secret appears in a log line, an exception, an event, a status or an explanation.
 * </ul>
 *
 * <p>Safe for use by many threads, including virtual ones. One provider serves any number of
 * clients, and closing a client does not affect it.
 *
 * @since 0.1
 */
public abstract class RefreshingCredentialsProvider
    implements AwsCredentialsProvider, Invalidatable<AwsCredentialsIdentity> {
  private final Engine engine;

  /**
   * The engine, or null for a view: what is fresh has to be looked at once more there. One field
   * for both, so that reading costs no more than without views.
   */
  private final @Nullable Engine fast;

  private final Duration minimum;

  /** Of a view. The engine holds it weakly, and refreshes for its sake while it is there. */
  private final Validities.@Nullable Asked asked;

  private final RefreshPolicy policy;
  private final Explainer explainer;
  private final @Nullable AwsCredentialsProvider whenNotOnEks;

  /**
   * Makes a provider of one source, as it is configured in the process's own environment. All
   * providers that this constructor and the two others without a builder make share one engine and
   * its credentials where the source's name, the evidence of its detection and the settings are
   * equal: see {@link dev.lanyard.diagnosis.Evidence}. A source that is broken or absent, or whose
   * evidence is incomparable, is not shared; when a broken one works later on, its provider joins
   * the shared engine of its evidence.
   *
   * @param source where the credentials come from
   */
  protected RefreshingCredentialsProvider(CredentialsSource source) {
    this(source, Map.of());
  }

  /**
   * Makes a provider of one source, with settings. Where a setting is not given, the process's
   * system properties and environment variables are looked at, as without settings.
   *
   * @param source where the credentials come from
   * @param settings settings of Lanyard's own by key, such as {@code lanyard.assume.role}, and
   *     nothing else
   * @throws IllegalArgumentException if a key is not that of a setting for one source, or its value
   *     cannot be used
   */
  protected RefreshingCredentialsProvider(CredentialsSource source, Map<String, String> settings) {
    this(
        Assembly.shared(
            scope(Objects.requireNonNull(source, "source")),
            new Assembly.One(source),
            Settings.given(settings)));
  }

  /**
   * Makes a provider of one source, with settings out of a framework's configuration.
   *
   * @param source where the credentials come from
   * @param configuration holds settings of Lanyard's own, whose keys begin with {@code lanyard.};
   *     what others have is ignored
   * @throws IllegalArgumentException if a key that begins with {@code lanyard.} is not that of a
   *     setting for one source, or its value cannot be used
   */
  protected RefreshingCredentialsProvider(CredentialsSource source, Properties configuration) {
    this(source, Settings.ours(configuration));
  }

  /**
   * Makes a provider of one source, with an engine of its own. Where an option was not given to the
   * builder, its environment is looked at for a setting.
   *
   * @param source where the credentials come from
   * @param options what the application chose; read once, now
   */
  protected RefreshingCredentialsProvider(CredentialsSource source, Builder<?> options) {
    this(
        Assembly.own(
            scope(Objects.requireNonNull(source, "source")),
            new Assembly.One(source),
            Objects.requireNonNull(options, "options"),
            null));
  }

  private static Settings.Scope scope(CredentialsSource source) {
    return source.isChained() ? Settings.Scope.CHAINED : Settings.Scope.SOURCE;
  }

  RefreshingCredentialsProvider(Assembly assembly) {
    this.engine = assembly.engine();
    this.policy = assembly.policy();
    this.explainer = assembly.explainer();
    this.whenNotOnEks = assembly.whenNotOnEks();
    this.minimum = assembly.minimum();
    boolean isView = !minimum.isZero();
    this.fast = isView ? null : engine;
    this.asked = isView ? engine.current().keepValidFor(Waiting.minimum(minimum)) : null;
  }

  /** A view of another provider. */
  private RefreshingCredentialsProvider(RefreshingCredentialsProvider of, Duration minimum) {
    this.engine = of.engine;
    this.fast = null;
    this.minimum = minimum;
    this.asked = of.engine.current().keepValidFor(Waiting.minimum(minimum));
    this.policy = of.policy;
    this.explainer = of.explainer;
    this.whenNotOnEks = of.whenNotOnEks;
  }

  /** A provider that the application does not make itself. */
  private static final class Plain extends RefreshingCredentialsProvider {
    Plain(RefreshingCredentialsProvider of, Duration minimum) {
      super(of, minimum);
    }

    Plain(Assembly assembly) {
      super(assembly);
    }
  }

  /** A provider whose credentials a second role is assumed with, where settings name one. */
  static RefreshingCredentialsProvider firstHop(Assembly assembly) {
    return new Plain(assembly);
  }

  /**
   * Returns valid credentials. Waits only if there are none, for at most the policy's maximum wait,
   * 30 seconds by default.
   *
   * @return unexpired session credentials
   * @throws CredentialsUnavailableException if there are none to give; the message says since when,
   *     why, and what to do. It is thrown without waiting if the source refused or is
   *     misconfigured, and between two attempts once an outage has lasted longer than the maximum
   *     wait
   * @throws software.amazon.awssdk.core.exception.AbortedException if the thread is interrupted
   *     while it waits; the thread's interrupt flag is set, and no exchange is cancelled
   * @throws IllegalStateException if the source's own exchange calls it and would wait for itself
   */
  @Override
  public final AwsCredentials resolveCredentials() {
    Engine fast = this.fast;
    if (fast != null) {
      AwsCredentials readable = fast.readable();
      if (readable != null) {
        return readable;
      }
    }
    if (whenNotOnEks != null) {
      return whenNotOnEks.resolveCredentials();
    }
    Engine current = current();
    AwsCredentials readable = null;
    if (asked != null) {
      readable = current.readable(asked.millis());
    } else if (current != engine) {
      // Only a source that was broken when the provider was built, and healed, comes here.
      readable = current.readable();
    }
    return readable != null
        ? readable
        : current.await(minimum, policy.maxWait(), false, asked != null);
  }

  /** The engine to ask: another one, where a source that was broken has healed. */
  private Engine current() {
    return engine.current();
  }

  private Duration atLeast(Duration minimumValidity) {
    Duration bounded = RefreshPolicy.bounded(minimumValidity);
    return bounded.compareTo(minimum) > 0 ? bounded : minimum;
  }

  /**
   * Returns a view of this provider whose credentials have at least that much lifetime left, and
   * which fails where there are none, for code that takes a provider and signs something that has
   * to stay valid for a while: tokens for RDS, ElastiCache and MSK, which are good for 15 minutes,
   * and presigned URLs.
   *
   * <p>The view shares this provider's credentials and its refresh. From now on they are refreshed
   * early enough for the largest minimum of all views that are held, so that no caller waits while
   * the source works. The view keeps the credentials refreshing as this provider does; a view that
   * nobody holds any more has no effect.
   *
   * <p>Where the source gives no credentials that live that long, the view fails at once, without
   * an exchange, and says how long they live. A source that serves its cache gives them for a part
   * of the time only: under a target role, EKS Pod Identity serves credentials that live for 59
   * minutes until 15 seconds before they end, so that the last quarter of each hour has none that
   * live for 15 minutes. A second role that is assumed with {@code AssumeRoleCredentialsProvider}
   * always has such credentials: it gets a new session whenever it asks for one.
   *
   * @param minimumValidity how long credentials have to be valid; zero asks for unexpired ones
   * @return a view, or this provider if its credentials have that much lifetime already. Where the
   *     application's own {@code whenNotOnEks} provider is in use, the view passes on what that
   *     returns
   * @throws IllegalArgumentException if it is negative
   */
  public final RefreshingCredentialsProvider withMinimumValidity(Duration minimumValidity) {
    if (minimumValidity.isNegative()) {
      throw new IllegalArgumentException(
          "the minimum validity must not be negative: " + minimumValidity);
    }
    Duration bounded = RefreshPolicy.bounded(minimumValidity);
    return bounded.compareTo(minimum) <= 0 ? this : new Plain(this, bounded);
  }

  /**
   * Returns credentials with at least that much lifetime left, for presigned URLs and long jobs. If
   * those held live too short, waits for one exchange, shared with all others who wait, and for at
   * most the policy's maximum wait; if none are held, waits as {@link #resolveCredentials()} does.
   *
   * @param minimumValidity how long the credentials have to be valid; zero or less asks for
   *     unexpired ones
   * @return session credentials that are valid for at least that long. Where the application's own
   *     {@code whenNotOnEks} provider is in use, what that returns
   * @throws CredentialsUnavailableException if there are none that live that long; the message says
   *     how long the ones held live
   * @throws software.amazon.awssdk.core.exception.AbortedException if the thread is interrupted
   *     while it waits; the thread's interrupt flag is set, and no exchange is cancelled
   */
  public final AwsCredentials resolveCredentials(Duration minimumValidity) {
    Objects.requireNonNull(minimumValidity, "minimumValidity");
    if (whenNotOnEks != null) {
      // Long-term keys never expire, and nothing is known of the others.
      return whenNotOnEks.resolveCredentials();
    }
    return current()
        .await(atLeast(minimumValidity), policy.maxWait(), false, isViewed(minimumValidity));
  }

  /**
   * The same as {@link #resolveIdentity()}: never blocks.
   *
   * @param request ignored
   * @return a completed future while unexpired credentials are held, and a failed one where {@link
   *     #resolveCredentials()} throws at once; stages that depend on it then run on the calling
   *     thread. Otherwise a future that completes on one of Lanyard's threads, with credentials or
   *     with a {@link CredentialsUnavailableException}
   */
  @Override
  public final CompletableFuture<AwsCredentialsIdentity> resolveIdentity(
      ResolveIdentityRequest request) {
    return resolveIdentity();
  }

  /**
   * The same as {@link #resolveCredentials()}, but never blocks.
   *
   * <p>Continuations that are attached to the future run on the thread that completes it. They may
   * block: that delays no exchange and no blocking caller, but it delays other listeners and
   * continuations once 256 of them block. For long work use an executor of your own.
   *
   * @return a completed future while unexpired credentials are held, and a failed one where {@link
   *     #resolveCredentials()} throws at once; stages that depend on it then run on the calling
   *     thread. Otherwise a future that completes on one of Lanyard's threads, with credentials or
   *     with a {@link CredentialsUnavailableException}. Where the application's own {@code
   *     whenNotOnEks} provider is in use, its future
   */
  @Override
  public final CompletableFuture<AwsCredentialsIdentity> resolveIdentity() {
    Engine fast = this.fast;
    if (fast != null) {
      CompletableFuture<AwsCredentialsIdentity> readable = fast.readableFuture();
      if (readable != null) {
        return readable;
      }
    }
    if (whenNotOnEks != null) {
      return whenNotOnEks.resolveIdentity().thenApply(identity -> identity);
    }
    Engine current = current();
    CompletableFuture<AwsCredentialsIdentity> readable = null;
    if (asked != null) {
      readable = current.readableFuture(asked.millis());
    } else if (current != engine) {
      readable = current.readableFuture();
    }
    return readable != null ? readable : current.resolve(minimum, policy.maxWait(), asked != null);
  }

  /**
   * The same as {@link #resolveCredentials(Duration)}, but never blocks.
   *
   * @param minimumValidity how long the credentials have to be valid; zero or less asks for
   *     unexpired ones
   * @return a future that is complete, or completes on one of Lanyard's threads, with session
   *     credentials that are valid for at least that long or with a {@link
   *     CredentialsUnavailableException}. See {@link #resolveIdentity()} for continuations
   */
  public final CompletableFuture<AwsCredentialsIdentity> resolveIdentity(Duration minimumValidity) {
    Objects.requireNonNull(minimumValidity, "minimumValidity");
    if (whenNotOnEks != null) {
      return whenNotOnEks.resolveIdentity().thenApply(identity -> identity);
    }
    return current().resolve(atLeast(minimumValidity), policy.maxWait(), isViewed(minimumValidity));
  }

  /** Whether the engine refreshes for the sake of what is asked for, because a view does. */
  private boolean isViewed(Duration minimumValidity) {
    return asked != null && minimumValidity.compareTo(minimum) <= 0;
  }

  /**
   * Tells the provider that a service refused these credentials. Begins a refresh in the
   * background, unless the credentials held are newer: the access key ids are compared. Until the
   * refresh has succeeded, callers get the credentials held. Returns at once, on every thread.
   *
   * <p>Where the application's own {@code whenNotOnEks} provider is in use, the call is passed on
   * to it, if it is {@link Invalidatable} or the AWS SDK's {@code IdentityProvider} has this method
   * itself; otherwise nothing happens. It is then up to that provider when the call returns.
   *
   * <p>On an SDK whose {@code IdentityProvider} has this method, this is its implementation.
   *
   * @param rejected the credentials that the service refused
   * @return a completed future: it does not wait for the refresh, whose outcome {@link #status()}
   *     and the listener tell, and can be ignored. Where the application's own provider is in use,
   *     its future, or one that failed with what it threw: no failure of it is thrown
   * @throws NullPointerException if the argument is null
   */
  @Override
  public final CompletableFuture<Void> invalidate(AwsCredentialsIdentity rejected) {
    Objects.requireNonNull(rejected, "rejected");
    if (whenNotOnEks != null) {
      return Notice.give(whenNotOnEks, rejected);
    }
    engine.current().invalidate(rejected.accessKeyId());
    return CompletableFuture.completedFuture(null);
  }

  /**
   * Waits for the first credentials. Call it at start-up, so that a misconfigured pod fails there
   * and not at its first request. A readiness probe asks {@link #status()} instead, which never
   * waits.
   *
   * @param atMost how long to wait, whatever the policy's maximum wait; a transient failure does
   *     not end the wait sooner
   * @throws CredentialsUnavailableException if there are none by then, or at once if the source
   *     refused or is misconfigured
   * @throws IllegalArgumentException if the time is negative
   * @throws software.amazon.awssdk.core.exception.AbortedException if the thread is interrupted
   *     while it waits; the thread's interrupt flag is set, and no exchange is cancelled
   */
  public final void awaitReady(Duration atMost) {
    if (Objects.requireNonNull(atMost, "atMost").isNegative()) {
      throw new IllegalArgumentException("the wait must not be negative: " + atMost);
    }
    Engine current = current();
    if (whenNotOnEks == null
        && (asked == null ? current.readable() : current.readable(asked.millis())) == null) {
      current.await(minimum, RefreshPolicy.bounded(atMost), true, asked != null);
    }
  }

  /**
   * Returns the state of the credentials. Never waits.
   *
   * @return the status at this moment. Where the application's own {@code whenNotOnEks} provider is
   *     in use, the source is {@code application} and the health is {@code HEALTHY}: Lanyard knows
   *     nothing more about its credentials
   */
  public final CredentialsStatus status() {
    if (whenNotOnEks == null) {
      return engine.current().status();
    }
    return CredentialsStatus.builder("application", CredentialsStatus.Health.HEALTHY).build();
  }

  /**
   * Explains where the credentials come from and why. Log it at start-up, and read it first when a
   * pod gets AccessDenied. Never waits, never fails.
   *
   * @return a report, as data and, by {@code toString}, as text
   */
  public final Explanation explain() {
    return explainer.explain(engine, status());
  }

  @Override
  public final String toString() {
    Class<?> type = this instanceof Plain ? RefreshingCredentialsProvider.class : getClass();
    return type.getSimpleName()
        + "["
        + status().source()
        + (asked == null ? "" : ", at least " + Text.of(minimum))
        + "]";
  }

  /**
   * The options that all of Lanyard's providers have. Not for use by more than one thread.
   *
   * @param <B> the builder's own type
   * @since 0.1
   */
  public abstract static class Builder<B extends Builder<B>> {
    private Environment environment = Environment.system();
    private @Nullable RefreshPolicy refreshPolicy;
    private CredentialsEventListener listener = Events.NOBODY;
    private Time time = Time.system();
    private @Nullable String name;

    /** Sets all options to their defaults. */
    protected Builder() {}

    /**
     * Returns this builder.
     *
     * @return this
     */
    protected abstract B self();

    /**
     * Sets the environment that the provider reads. Default: the process's own.
     *
     * @param environment variables, system properties and files
     * @return this builder
     */
    public final B environment(Environment environment) {
      this.environment = Objects.requireNonNull(environment, "environment");
      return self();
    }

    /**
     * Sets when credentials are refreshed and how long callers wait. Default: {@link
     * RefreshPolicy#defaults()}, with the refresh window of the settings {@code
     * lanyard.refresh.from} and {@code lanyard.refresh.to}.
     *
     * @param refreshPolicy the policy
     * @return this builder
     */
    public final B refreshPolicy(RefreshPolicy refreshPolicy) {
      this.refreshPolicy = Objects.requireNonNull(refreshPolicy, "refreshPolicy");
      return self();
    }

    /**
     * Sets the listener that receives the provider's events. Default: none.
     *
     * @param listener called on Lanyard's own threads, with one event at a time
     * @return this builder
     */
    public final B listener(CredentialsEventListener listener) {
      this.listener = Objects.requireNonNull(listener, "listener");
      return self();
    }

    /**
     * Sets the clock, the scheduler and the threads, for tests in virtual time. Default: the
     * system's clock, and daemon threads that all providers of the process share.
     *
     * @param time the clock, the scheduler and the threads
     * @return this builder
     */
    public final B time(Time time) {
      this.time = Objects.requireNonNull(time, "time");
      return self();
    }

    /**
     * Names the provider's credentials, where a process has several: in the log, in the names of
     * threads, in {@link RefreshingCredentialsProvider#explain} and in {@link Lanyard#live}.
     * Default: the setting {@code lanyard.name}; without it, {@code Lanyard.live()} and the log use
     * the name of the source.
     *
     * @param name such as {@code tenant-a}: 1 to 64 characters out of {@code A-Z a-z 0-9 . _ : / @
     *     -}
     * @return this builder
     * @throws IllegalArgumentException if the value breaks these rules
     */
    public final B name(String name) {
      if (!Settings.isName(name)) {
        throw new IllegalArgumentException(
            "the name must be 1 to 64 characters out of A-Z a-z 0-9 . _ : / @ - (it has "
                + name.length()
                + ")");
      }
      this.name = name;
      return self();
    }

    final Environment environment() {
      return environment;
    }

    final Time time() {
      return time;
    }

    final CredentialsEventListener listener() {
      return listener;
    }

    /** What the application chose, and settings do not change. */
    Settings.InCode inCode() {
      return new Settings.InCode(List.of(), null, name, refreshPolicy);
    }
  }
}
