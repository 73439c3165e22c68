package dev.lanyard;

import dev.lanyard.runtime.Environment;
import dev.lanyard.runtime.Time;
import dev.lanyard.spi.CredentialsSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
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
 */
public abstract class RefreshingCredentialsProvider
    implements AwsCredentialsProvider, Invalidatable<AwsCredentialsIdentity> {
  private final Chain chain;
  private final boolean fallback;
  private final Engine engine;
  private final RefreshPolicy policy;
  private final Time time;
  private final @Nullable AwsCredentialsProvider whenNotOnEks;

  /**
   * Makes a provider of one source, as it is configured in the process's own environment. All
   * providers that this constructor makes share one engine and its credentials where the source's
   * name and the evidence of its detection are equal: see {@link dev.lanyard.diagnosis.Evidence}. A
   * source that is broken, absent or without evidence is not shared; when a broken one works later
   * on, its provider joins the shared engine of its evidence.
   *
   * @param source where the credentials come from
   */
  protected RefreshingCredentialsProvider(CredentialsSource source) {
    this(Chain.detect(List.of(Objects.requireNonNull(source, "source")), Environment.system()));
  }

  /**
   * Makes a provider of one source, with an engine of its own.
   *
   * @param source where the credentials come from
   * @param options what the application chose; read once, now
   */
  protected RefreshingCredentialsProvider(CredentialsSource source, Builder<?> options) {
    this(
        Chain.detect(
            List.of(Objects.requireNonNull(source, "source")),
            Objects.requireNonNull(options, "options").environment),
        options,
        false,
        null);
  }

  /** A provider on the process's shared engine. */
  RefreshingCredentialsProvider(Chain chain) {
    this.chain = chain;
    this.fallback = false;
    this.policy = RefreshPolicy.defaults();
    this.time = Time.system();
    this.whenNotOnEks = null;
    this.engine = SharedEngines.get(chain);
  }

  /** A provider with an engine of its own. */
  RefreshingCredentialsProvider(
      Chain chain,
      Builder<?> options,
      boolean fallback,
      @Nullable AwsCredentialsProvider whenNotOnEks) {
    this.chain = chain;
    this.fallback = fallback;
    this.policy = options.refreshPolicy;
    this.time = options.time;
    this.whenNotOnEks = chain.chosen().isEmpty() ? whenNotOnEks : null;
    this.engine =
        new Engine(
            fallback ? chain.originWithFallback() : chain.origin(),
            policy,
            time,
            new Events(options.listener, time));
    if (this.whenNotOnEks == null) {
      engine.start();
    }
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
    AwsCredentials readable = engine.readable();
    if (readable != null) {
      return readable;
    }
    if (whenNotOnEks != null) {
      return whenNotOnEks.resolveCredentials();
    }
    Engine current = engine.current();
    if (current != engine) {
      // Only a source that was broken when the provider was built, and healed, comes here.
      readable = current.readable();
    }
    return readable != null ? readable : current.await(Duration.ZERO, policy.maxWait(), false);
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
      // Long-term keys expire never, and nothing is known of the others.
      return whenNotOnEks.resolveCredentials();
    }
    return engine.current().await(RefreshPolicy.bounded(minimumValidity), policy.maxWait(), false);
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
    CompletableFuture<AwsCredentialsIdentity> readable = engine.readableFuture();
    if (readable != null) {
      return readable;
    }
    if (whenNotOnEks != null) {
      return whenNotOnEks.resolveIdentity().thenApply(identity -> identity);
    }
    Engine current = engine.current();
    if (current != engine) {
      readable = current.readableFuture();
    }
    return readable != null ? readable : current.resolve(Duration.ZERO, policy.maxWait());
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
    return engine.current().resolve(RefreshPolicy.bounded(minimumValidity), policy.maxWait());
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
    Engine current = engine.current();
    if (whenNotOnEks == null && current.readable() == null) {
      current.await(Duration.ZERO, RefreshPolicy.bounded(atMost), true);
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
    return new CredentialsStatus(
        "application",
        CredentialsStatus.Health.HEALTHY,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        0,
        0,
        Optional.empty(),
        Optional.empty());
  }

  /**
   * Explains where the credentials come from and why. Log it at start-up, and read it first when a
   * pod gets AccessDenied. Never waits, never fails.
   *
   * @return a report, as data and, by {@code toString}, as text
   */
  public final Explanation explain() {
    Engine current = engine.current();
    List<Explanation.Source> sources = new ArrayList<>();
    boolean chosen = false;
    boolean stopped = false;
    for (Chain.Link found : chain.links()) {
      Chain.Link link = engine.origin().current(found);
      sources.add(explain(link, !chosen && !found.isAbsent(), fallback && !stopped));
      chosen |= !found.isAbsent();
      stopped |= !found.isAbsent() && !found.isPresent();
    }
    return new Explanation(sources, status(), current.keyId(), Instant.ofEpochMilli(time.millis()));
  }

  private static Explanation.Source explain(Chain.Link link, boolean chosen, boolean mayFollow) {
    Explanation.Use use;
    if (chosen) {
      use = link.isPresent() ? Explanation.Use.CHOSEN : Explanation.Use.BROKEN;
    } else if (link.isAbsent()) {
      use = Explanation.Use.ABSENT;
    } else {
      use = mayFollow && link.isPresent() ? Explanation.Use.FALLBACK : Explanation.Use.SHADOWED;
    }
    return new Explanation.Source(link.source().name(), use, link.finding(), link.remedy());
  }

  @Override
  public final String toString() {
    return getClass().getSimpleName() + "[" + status().source() + "]";
  }

  /**
   * The options that all of Lanyard's providers have. Not for use by more than one thread.
   *
   * @param <B> the builder's own type
   */
  public abstract static class Builder<B extends Builder<B>> {
    private Environment environment = Environment.system();
    private RefreshPolicy refreshPolicy = RefreshPolicy.defaults();
    private CredentialsEventListener listener = Events.NOBODY;
    private Time time = Time.system();

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
     * RefreshPolicy#defaults()}.
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

    final Environment environment() {
      return environment;
    }
  }
}
