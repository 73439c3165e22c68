package dev.lanyard;

import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.ExchangeException.Kind;
import dev.lanyard.spi.SessionCredentials;
import dev.lanyard.spi.Time;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * Keeps the credentials of one origin current.
 *
 * <p>One immutable {@link State}, swapped by compare-and-set. Whoever swaps in a {@link Flight}
 * starts that exchange; whoever ends it swaps in the outcome, then settles the callers that wait,
 * then sets the one timer for the next. {@link Schedule} decides when, {@link Waiting} what becomes
 * of a caller.
 *
 * <p>Timers refer to an engine weakly, so that one that nobody holds any more is collected. No
 * timer sleeps for longer than {@link #LONGEST_SLEEP}: that bounds both how long a dead engine's
 * timer lingers and how late a refresh comes after the machine was suspended.
 *
 * <p>What runs before the first credentials are there, here and wherever else it does, has loops
 * and small classes where elsewhere there are streams and lambdas: each of those costs several
 * times as much at its first use, and a process that has just started uses each once.
 */
final class Engine {
  private static final Duration LONGEST_SLEEP = Duration.ofMinutes(1);
  private static final Duration TOKEN_FILE_LOOK = Duration.ofSeconds(1);
  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Engine.class, "state", State.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Origin origin;
  private final RefreshPolicy policy;
  private final Time time;
  private final DoubleSupplier random;
  private final Events events;
  private volatile State state;

  private final Set<Waiter> waiters = ConcurrentHashMap.newKeySet();
  private final AtomicReference<@Nullable Future<?>> timer = new AtomicReference<>();
  private volatile FileStamp tokenFileAtAttempt = FileStamp.of(Optional.empty());

  Engine(Origin origin, RefreshPolicy policy, Time time, Events events) {
    this(origin, policy, time, new AnyDraw(), events);
  }

  Engine(Origin origin, RefreshPolicy policy, Time time, DoubleSupplier random, Events events) {
    this.origin = origin;
    this.policy = policy;
    this.time = time;
    this.random = random;
    this.events = events;
    this.state = State.empty(time.millis(), time.nanos());
  }

  private record AnyDraw() implements DoubleSupplier {
    @Override
    public double getAsDouble() {
      return ThreadLocalRandom.current().nextDouble();
    }
  }

  /** Begins the first exchange. */
  void start() {
    begin(state);
  }

  String source() {
    return origin.name();
  }

  // ---- Reading

  /** The hot path: one volatile read and one clock read. */
  @Nullable AwsCredentials readable() {
    State now = state;
    Held held = now.held();
    return held != null && time.millis() < now.readableUntil() ? held.identity() : null;
  }

  /** The hot path of asynchronous callers. */
  @Nullable CompletableFuture<AwsCredentialsIdentity> readableFuture() {
    State now = state;
    Held held = now.held();
    return held != null && time.millis() < now.readableUntil() ? held.ready() : null;
  }

  /**
   * Returns credentials with at least so much lifetime, waiting if there are none.
   *
   * @throws CredentialsUnavailableException if there are none to give
   * @throws AbortedException if the thread is interrupted while it waits
   */
  AwsCredentials await(Duration minimumValidity, Duration maxWait) {
    refreshIfOverdue();
    Waiter waiter = enroll(minimumValidity, maxWait);
    Waiter.Outcome outcome;
    try {
      Flight flight = state.flight();
      if (!waiter.outcome().isDone() && flight != null && flight.runsOn(Thread.currentThread())) {
        throw new IllegalStateException(
            "the exchange of "
                + origin.name()
                + " asks for the very credentials that it is to obtain: it would wait for itself");
      }
      outcome = waiter.outcome().get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw AbortedException.create("Interrupted while waiting for credentials", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } finally {
      dismiss(waiter);
    }
    if (outcome instanceof Waiter.Outcome.Given given) {
      return given.credentials();
    }
    throw unavailable((Waiter.Outcome.Refused) outcome, waiter);
  }

  /** As {@link #await}, without waiting. */
  CompletableFuture<AwsCredentialsIdentity> resolve(Duration minimumValidity, Duration maxWait) {
    refreshIfOverdue();
    Waiter waiter = enroll(minimumValidity, maxWait);
    CompletableFuture<AwsCredentialsIdentity> result = new CompletableFuture<>();
    if (waiter.outcome().isDone()) {
      dismiss(waiter);
      complete(result, waiter.outcome().join(), waiter);
      return result;
    }
    CompletableFuture<Void> unused =
        waiter.outcome().thenAccept(new Completion(this, result, waiter));
    return result;
  }

  /** The end of an asynchronous caller's wait: as its outcome's consumer, then as a task. */
  private record Completion(
      Engine engine, CompletableFuture<AwsCredentialsIdentity> result, Waiter waiter)
      implements Consumer<Waiter.Outcome>, Runnable {
    @Override
    public void accept(Waiter.Outcome outcome) {
      engine.dismiss(waiter);
      // What hangs on the caller's future must hold up neither the timers nor the other callers.
      try {
        engine.time.execute(this);
      } catch (RuntimeException | Error e) {
        run();
      }
    }

    @Override
    public void run() {
      engine.complete(result, waiter.outcome().join(), waiter);
    }
  }

  private void complete(
      CompletableFuture<AwsCredentialsIdentity> result, Waiter.Outcome outcome, Waiter waiter) {
    if (outcome instanceof Waiter.Outcome.Given given) {
      result.complete(given.credentials());
    } else {
      result.completeExceptionally(unavailable((Waiter.Outcome.Refused) outcome, waiter));
    }
  }

  // ---- Waiting

  /** Adds a caller to those who wait, unless what it needs is there: its outcome is then done. */
  private Waiter enroll(Duration minimumValidity, Duration maxWait) {
    Duration atMost = Schedule.bounded(maxWait);
    long nanos = time.nanos();
    Waiter waiter =
        new Waiter(
            Waiting.minimum(minimumValidity), state.ended(), nanos, nanos + atMost.toNanos());
    // First this: an exchange that ends before the caller has looked at the state would schedule
    // the next as if nobody waited.
    waiters.add(waiter);
    settle(waiter);
    if (!waiter.outcome().isDone()) {
      try {
        waiter.setTimer(time.after(atMost, new WaitedOut(this, waiter)));
      } catch (RuntimeException | Error e) {
        // No thread to be had, and so nobody who would end the wait.
        waitedOut(waiter);
      }
      if (timer.get() == null) {
        // There was no thread to be had for it. Whoever waits for the next exchange needs it.
        arm();
      }
    }
    return waiter;
  }

  private void dismiss(Waiter waiter) {
    waiters.remove(waiter);
    Future<?> pending = waiter.timer();
    if (pending != null) {
      pending.cancel(false);
    }
  }

  private void waitedOut(Waiter waiter) {
    waiter.end(new Waiter.Outcome.Refused(state, true));
  }

  private record WaitedOut(Engine engine, Waiter waiter) implements Runnable {
    @Override
    public void run() {
      engine.waitedOut(waiter);
    }
  }

  private void settleAll() {
    for (Waiter waiter : waiters) {
      settle(waiter);
    }
  }

  /** Ends a caller's wait if it can be ended, and begins an exchange if the caller needs one. */
  private void settle(Waiter waiter) {
    while (!waiter.outcome().isDone()) {
      State seen = state;
      Waiting decision = waiter.decide(seen, time.millis(), time.nanos());
      if (decision == Waiting.GIVE) {
        Held held = seen.held();
        if (held != null) {
          waiter.end(new Waiter.Outcome.Given(held.identity()));
        }
      } else if (decision == Waiting.THROW) {
        waiter.end(new Waiter.Outcome.Refused(seen, false));
      } else if (decision == Waiting.BEGIN) {
        begin(seen);
      } else {
        return;
      }
    }
  }

  // ---- Exchanging

  /**
   * Begins an exchange, unless one is in flight or the state has moved on since it was decided:
   * another exchange may have begun and ended in between, and there is no need for one more.
   */
  private void begin(State seen) {
    if (seen.flight() != null) {
      return;
    }
    Flight flight = new Flight(time, Schedule.bounded(policy.exchangeTimeout()));
    long now = time.millis();
    long nanos = time.nanos();
    boolean firstWithoutCredentials = seen.failures() == 0 && !seen.holdsUnexpired(now, nanos);
    long quickUntil =
        firstWithoutCredentials
            ? nanos + Schedule.bounded(policy.maxWait()).toNanos()
            : seen.quickUntilNanos();
    if (!STATE.compareAndSet(this, seen, seen.begun(flight, quickUntil, now, nanos))) {
      return;
    }
    try {
      time.execute(new Takeoff(this, flight));
    } catch (RuntimeException | Error e) {
      // No thread to be had. Without this the engine would wait for ever for a flight that never
      // was.
      fail(flight, failure(e, flight));
    }
  }

  private record Takeoff(Engine engine, Flight flight) implements Runnable {
    @Override
    public void run() {
      engine.fly(flight);
    }
  }

  private void fly(Flight flight) {
    try {
      exchange(flight);
    } catch (Throwable e) {
      // Not even an exception that throws when it is looked at may keep a flight from ending: it
      // would be the last.
      fail(flight, ExchangeException.builder(Kind.TRANSIENT, "the exchange failed").build());
      arm();
    }
  }

  private void exchange(Flight flight) {
    Held fresh = null;
    ExchangeException failure = null;
    Future<?> watchdog = null;
    flight.enter();
    try {
      watchdog = time.after(flight.budget(), flight);
      // Before the exchange reads it: of a change in between it is told once too often, not never.
      tokenFileAtAttempt = FileStamp.of(tokenFile());
      fresh = received(origin.exchange(flight), flight);
    } catch (Throwable e) {
      failure = failure(e, flight);
    } finally {
      flight.leave();
      if (watchdog != null) {
        watchdog.cancel(false);
      }
    }
    if (fresh != null) {
      succeed(flight, fresh);
    } else if (failure != null) {
      fail(flight, failure);
    }
  }

  /** Judges an answer by the source's clock. */
  private Held received(@Nullable SessionCredentials answer, Flight flight)
      throws ExchangeException {
    if (answer == null) {
      throw ExchangeException.builder(Kind.TRANSIENT, "the exchange returned nothing").build();
    }
    long now = time.millis();
    long nanos = time.nanos();
    // The earlier of the two: the wall clock may have been set back since, or the machine
    // suspended.
    long sent = Math.min(flight.begunMillis(), now - flight.elapsed().toMillis());
    long skew = Schedule.skew(answer.answeredAt(), sent, now);
    Held fresh = Held.of(answer, skew, now, nanos);
    if (fresh.expires().isReached(now, nanos)) {
      throw expiredOnArrival(answer, skew, now);
    }
    return fresh;
  }

  private void succeed(Flight flight, Held fresh) {
    long now = time.millis();
    long nanos = time.nanos();
    State before;
    State after;
    boolean keep;
    do {
      before = state;
      if (before.flight() != flight) {
        return;
      }
      Held held = before.held();
      keep = held != null && held.isBetterThan(fresh, now, nanos);
      Held best = keep && held != null ? held.seenAgain(fresh) : fresh;
      long left = best.expires().millisLeft(now, nanos);
      long delay;
      if (!keep) {
        delay = Schedule.untilRefresh(policy, left, random.getAsDouble());
      } else if (best.refused()) {
        delay = Schedule.PACE.toMillis();
      } else {
        delay = Schedule.untilPacedRefresh(policy, left, random.getAsDouble());
      }
      after = before.answered(best, Due.in(delay, now, nanos), now, nanos);
    } while (!STATE.compareAndSet(this, before, after));
    settleAll();
    arm();
    if (!keep) {
      events.refreshed(origin.name(), fresh, flight.elapsed(), before.failures());
    }
  }

  private void fail(Flight flight, ExchangeException cause) {
    long now = time.millis();
    long nanos = time.nanos();
    Failure failure = new Failure(cause, now, nanos);
    State before;
    State after;
    do {
      before = state;
      if (before.flight() != flight) {
        return;
      }
      after = before.failed(failure, Due.in(backoff(before, failure, now, nanos), now, nanos));
    } while (!STATE.compareAndSet(this, before, after));
    settleAll();
    arm();
    events.failed(origin.name(), failure, after, origin.mayHeal());
  }

  private long backoff(State before, Failure failure, long now, long nanos) {
    Optional<Duration> retryAfter = failure.cause().retryAfter();
    double draw = random.getAsDouble();
    long left = before.lifetimeLeft(now, nanos);
    if (left > 0) {
      Held held = before.held();
      // What a service has refused is no use to callers however long it lives: newer ones must come
      // soon.
      RefreshPolicy retries =
          held != null && held.refused() ? policy.withSpreadRetries(false) : policy;
      return Schedule.backoffWithCredentials(
          retries, before.failures() + 1, left, retryAfter, draw);
    }
    boolean somebodyHopes = before.held() == null && !waiters.isEmpty();
    boolean quick = somebodyHopes || nanos - before.quickUntilNanos() < 0;
    return quick && !failure.isFinal()
        ? Schedule.quickRetry(before.failures() + 1, retryAfter, draw)
        : Schedule.backoffWithoutCredentials(retryAfter, draw);
  }

  /** What an exchange threw, as a failure that can be shown. */
  private ExchangeException failure(Throwable thrown, Flight flight) {
    if (thrown instanceof ExchangeException known) {
      return known;
    }
    if (flight.hasTimedOut()) {
      return ExchangeException.builder(
              Kind.TRANSIENT, "no answer within " + Text.of(flight.budget()))
          .cause(Unexpected.of(thrown))
          .build();
    }
    if (thrown instanceof LinkageError) {
      // Its message is the name of a class.
      return ExchangeException.builder(
              Kind.MISCONFIGURED, "a class is missing or does not fit: " + thrown)
          .remedy(
              "Check the class path: all AWS SDK modules of one version (import its BOM), and none"
                  + " that Lanyard brings excluded")
          .cause(Unexpected.of(thrown))
          .build();
    }
    return ExchangeException.builder(
            Kind.TRANSIENT, "the exchange failed with " + thrown.getClass().getName())
        .cause(Unexpected.of(thrown))
        .build();
  }

  private ExchangeException expiredOnArrival(SessionCredentials credentials, long skew, long now) {
    String byWhichClock =
        credentials.answeredAt().isPresent()
            ? "by the source's own clock"
            : "by this machine's clock, which says "
                + Instant.ofEpochMilli(now)
                + "; the answer has no date to tell whether that clock is wrong";
    return ExchangeException.builder(
            Kind.TRANSIENT,
            "the answer's credentials had expired on arrival (at "
                + credentials.expiration()
                + ", "
                + byWhichClock
                + ")"
                + skewNote(skew))
        .build();
  }

  private static String skewNote(long skew) {
    return reportable(skew)
        .map(
            by ->
                "; this machine's clock is "
                    + Text.of(by.abs())
                    + (by.isNegative() ? " ahead of" : " behind")
                    + " the source's")
        .orElse("");
  }

  // ---- The timer

  /** Sets the one timer for whatever is due next. */
  @SuppressWarnings("ReferenceEquality") // The very state that was seen, as in a compare-and-set.
  private void arm() {
    State seen;
    do {
      seen = state;
      Future<?> next = null;
      if (seen.flight() == null && origin.mayHeal()) {
        long delay =
            Math.min(seen.next().millisLeft(time.millis(), time.nanos()), LONGEST_SLEEP.toMillis());
        if (seen.failure() != null && tokenFile().isPresent()) {
          delay = Math.min(delay, TOKEN_FILE_LOOK.toMillis());
        }
        next = wakeAfter(Duration.ofMillis(delay));
      }
      Future<?> previous = timer.getAndSet(next);
      if (previous != null) {
        previous.cancel(false);
      }
      // Another thread may have moved the state and set the timer for it, which this one replaced.
    } while (seen != state);
  }

  private @Nullable Future<?> wakeAfter(Duration delay) {
    try {
      return time.after(delay, new Wake(new WeakReference<>(this)));
    } catch (RuntimeException | Error e) {
      // No thread to be had. A caller that comes when the exchange is due begins it instead.
      return null;
    }
  }

  record Wake(WeakReference<Engine> engine) implements Runnable {
    @Override
    public void run() {
      Engine awake = engine.get();
      if (awake != null) {
        awake.wake();
      }
    }
  }

  private void wake() {
    State seen = state;
    if (seen.flight() == null) {
      if (seen.next().isReached(time.millis(), time.nanos()) || tokenFileChanged(seen)) {
        begin(seen);
      }
    }
    arm();
  }

  private boolean tokenFileChanged(State seen) {
    if (seen.failure() == null) {
      return false;
    }
    Optional<Path> file = tokenFile();
    return file.isPresent() && !FileStamp.of(file).equals(tokenFileAtAttempt);
  }

  private Optional<Path> tokenFile() {
    try {
      return origin.tokenFile();
    } catch (RuntimeException | Error e) {
      // Written by others, and the timer must go on.
      return Optional.empty();
    }
  }

  /** A reader past the refresh time does what a late timer did not: after a suspend, say. */
  private void refreshIfOverdue() {
    State seen = state;
    if (seen.flight() == null
        && seen.ended() > 0
        && origin.mayHeal()
        && seen.holdsUnexpired(time.millis(), time.nanos())
        && seen.next().isReached(time.millis(), time.nanos())) {
      begin(seen);
    }
  }

  // ---- Being told

  /** A service refused these credentials: refresh, unless newer ones are already here. */
  void invalidate(String accessKeyId) {
    while (true) {
      State seen = state;
      Held held = seen.held();
      if (held == null || !held.hasKeyId(accessKeyId)) {
        return;
      }
      if (held.refused()) {
        // Told before. A thousand requests that fail with one key cost an exchange now and then.
        Failure failure = seen.failure();
        long lastEnd = failure == null ? seen.answeredNanos() : failure.atNanos();
        if (seen.flight() == null && time.nanos() - lastEnd >= Schedule.MEMORY.toNanos()) {
          begin(seen);
        }
        return;
      }
      State refused = seen.refused(held.asRefused());
      if (STATE.compareAndSet(this, seen, refused)) {
        begin(refused);
        return;
      }
    }
  }

  // ---- Telling

  CredentialsStatus status() {
    return status(state);
  }

  private CredentialsStatus status(State seen) {
    CredentialsStatus.Health health;
    if (seen.holdsUnexpired(time.millis(), time.nanos())) {
      health =
          seen.failure() == null
              ? CredentialsStatus.Health.HEALTHY
              : CredentialsStatus.Health.DEGRADED;
    } else {
      health =
          seen.held() == null && seen.failure() == null
              ? CredentialsStatus.Health.STARTING
              : CredentialsStatus.Health.EXPIRED;
    }
    Optional<Held> held = Optional.ofNullable(seen.held());
    boolean timerRuns = seen.flight() == null && origin.mayHeal();
    return new CredentialsStatus(
        origin.name(),
        health,
        held.map(credentials -> Instant.ofEpochMilli(credentials.expires().millis())),
        timerRuns ? Optional.of(Instant.ofEpochMilli(seen.next().millis())) : Optional.empty(),
        Optional.ofNullable(seen.failure()).map(Failure::asStatus),
        seen.failures(),
        seen.ended(),
        held.flatMap(credentials -> reportable(credentials.skew())));
  }

  /** The last four characters of the access key id in hand. */
  Optional<String> keyId() {
    return Optional.ofNullable(state.held()).map(held -> Text.keyId(held.identity().accessKeyId()));
  }

  private static Optional<Duration> reportable(long skew) {
    return Math.abs(skew) >= 30_000 ? Optional.of(Duration.ofMillis(skew)) : Optional.empty();
  }

  private CredentialsUnavailableException unavailable(
      Waiter.Outcome.Refused refused, Waiter waiter) {
    State seen = refused.state();
    long left = seen.lifetimeLeft(time.millis(), time.nanos());
    StringBuilder text = new StringBuilder();
    Failure failure = seen.failure();
    Held held = seen.held();
    if (left > 0) {
      text.append("The credentials of ")
          .append(origin.name())
          .append(" are good for ")
          .append(Text.of(Duration.ofMillis(left)))
          .append(", and ")
          .append(Text.of(Duration.ofMillis(waiter.minimum())))
          .append(" were asked for.");
    } else if (held != null) {
      text.append("The credentials of ")
          .append(origin.name())
          .append(" expired ")
          .append(Text.of(held.expires().ago(time.millis(), time.nanos())))
          .append(" ago, at ")
          .append(Instant.ofEpochMilli(held.expires().millis()))
          .append(", and could not be refreshed.");
    } else {
      text.append("There are no AWS credentials from ").append(origin.name()).append('.');
    }
    if (failure != null) {
      ExchangeException cause = failure.cause();
      text.append(' ').append(Text.sentence(capitalized(String.valueOf(cause.getMessage()))));
      if (seen.failures() > 1) {
        text.append(" Tried ").append(seen.failures()).append(" times in a row.");
      }
    } else if (left > 0) {
      text.append(" The source gives none that live longer.");
    }
    if (refused.waitedOut()) {
      text.append(" Waited ")
          .append(Text.of(Duration.ofNanos(time.nanos() - waiter.arrivedNanos())));
      Flight flight = seen.flight();
      if (flight != null) {
        text.append("; an exchange begun ")
            .append(Text.of(flight.elapsed()))
            .append(" ago goes on");
      }
      text.append('.');
    } else if (failure != null && origin.mayHeal() && seen.flight() == null) {
      text.append(" The next attempt is due in ")
          .append(Text.of(Duration.ofMillis(seen.next().millisLeft(time.millis(), time.nanos()))))
          .append('.');
    }
    if (held != null && reportable(held.skew()).isPresent()) {
      text.append(" Note").append(skewNote(held.skew()).replaceFirst(";", ":")).append('.');
    }
    if (failure != null) {
      failure.cause().remedy().ifPresent(remedy -> text.append(' ').append(Text.sentence(remedy)));
    }
    return new CredentialsUnavailableException(
        text.toString(), status(seen), failure == null ? null : failure.cause());
  }

  private static String capitalized(String text) {
    return text.isEmpty() ? text : Character.toUpperCase(text.charAt(0)) + text.substring(1);
  }
}
