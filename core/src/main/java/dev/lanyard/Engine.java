package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.runtime.Time;
import dev.lanyard.spi.ExchangeException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
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
 * of a caller, {@link Receipt} how long an answer lives.
 *
 * <p>Everything off the hot path begins with {@link #look}, which brings the state up to both
 * clocks: credentials that have ended are marked as ended by the first thread that looks.
 *
 * <p>Timers refer to an engine weakly, so that one that nobody holds any more is collected. No
 * timer sleeps for longer than {@link #LONGEST_SLEEP}: that bounds how long a dead engine's timer
 * lingers, how late a refresh comes after the machine was suspended, and for how long a wall clock
 * that was set back goes unnoticed. Nothing that can block runs on the timers' thread.
 *
 * <p>What runs before the first credentials are there, here and wherever else it does, has loops
 * and small classes where elsewhere there are streams and lambdas: each of those costs several
 * times as much at its first use, and a process that has just started uses each once.
 */
final class Engine {
  private static final Duration LONGEST_SLEEP = Duration.ofMinutes(1);
  private static final Duration TOKEN_FILE_LOOK = Duration.ofSeconds(1);

  /** So long before the end of what is held a later source may be asked for a replacement. */
  private static final Duration STANDBY_WINDOW = Duration.ofMinutes(5);

  private static final Duration LATEST_STANDBY = Duration.ofMinutes(1);

  /** What stands by has to live for so long after it has taken over, or another is asked for. */
  private static final Duration LEAST_STANDBY = Duration.ofMinutes(1);

  private static final AtomicLong MADE = new AtomicLong();

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
  private final TokenFileWatch tokenFile;
  private final Explainer explainer;
  private final Validities validities = new Validities();

  /**
   * Null for the machine's clock. Reading fresh credentials then does not have to look up which
   * class of clock it is, a memory access that the benchmark HotPath shows.
   */
  private final @Nullable Time otherTime;

  private volatile State state;

  /** Which engine of the process it is: the later, the higher. */
  private final long number = MADE.incrementAndGet();

  /** Whether the last exchange outran its time budget: the next one must not hold up others'. */
  private volatile boolean wasLate;

  private final Set<Waiter> waiters = ConcurrentHashMap.newKeySet();
  private final AtomicReference<@Nullable Future<?>> timer = new AtomicReference<>();

  Engine(Origin origin, RefreshPolicy policy, Time time, Events events, Explainer explainer) {
    this(origin, policy, time, new AnyDraw(), events, explainer);
  }

  Engine(
      Origin origin,
      RefreshPolicy policy,
      Time time,
      DoubleSupplier random,
      Events events,
      Explainer explainer) {
    this.explainer = explainer;
    this.origin = origin;
    this.policy = policy;
    this.time = time;
    this.otherTime = time.equals(Time.system()) ? null : time;
    this.random = random;
    this.events = events;
    this.tokenFile = new TokenFileWatch(origin);
    long nanos = time.nanos();
    this.state =
        State.empty(time.millis(), nanos, nanos + Schedule.bounded(policy.maxWait()).toNanos());
  }

  private record AnyDraw() implements DoubleSupplier {
    @Override
    public double getAsDouble() {
      return ThreadLocalRandom.current().nextDouble();
    }
  }

  /** Begins the first exchange. */
  void start() {
    Lanyard.remember(this);
    begin(state);
  }

  /** The engine that callers have to ask in the place of this one, or this one. */
  Engine current() {
    Engine joined = origin.joined();
    return joined == null ? this : joined;
  }

  Origin origin() {
    return origin;
  }

  /** The name that the application gave, or that of the first source. */
  String name() {
    String given = explainer.name();
    return given == null ? origin.first().name() : given;
  }

  /** Whether there is a source to obtain credentials from. */
  boolean isConfigured() {
    return !(origin instanceof NoSource);
  }

  long number() {
    return number;
  }

  Explanation explain() {
    return explainer.explain(this, current().status());
  }

  // ---- Reading

  /** The hot path: one volatile read and one clock read. */
  @Nullable AwsCredentials readable() {
    State now = state;
    return now.isReadableAt(wallClock()) ? now.identity() : null;
  }

  /** The hot path of asynchronous callers. */
  @Nullable CompletableFuture<AwsCredentialsIdentity> readableFuture() {
    State now = state;
    return now.isReadableAt(wallClock()) ? now.ready() : null;
  }

  /** What is held, if it lives for at least so long by both clocks. */
  @Nullable AwsCredentials readable(long minimum) {
    State now = state;
    return isReadable(now, minimum) ? now.identity() : null;
  }

  /** The same for asynchronous callers. */
  @Nullable CompletableFuture<AwsCredentialsIdentity> readableFuture(long minimum) {
    State now = state;
    return isReadable(now, minimum) ? now.ready() : null;
  }

  private boolean isReadable(State now, long minimum) {
    long millis = time.millis();
    return now.isReadableAt(millis) && now.lifetimeLeft(millis, time.nanos()) >= minimum;
  }

  private long wallClock() {
    return otherTime == null ? Time.system().millis() : otherTime.millis();
  }

  private State look() {
    return look(false);
  }

  /** Returns the state in the light of both clocks, and writes it if that changes anything. */
  @SuppressWarnings("ReferenceEquality") // The very state that was seen, as in a compare-and-set.
  private State look(boolean renew) {
    while (true) {
      State seen = state;
      long now = time.millis();
      long nanos = time.nanos();
      Held successor = seen.successor(now, nanos);
      if (successor != null) {
        promote(seen, successor, now, nanos);
        continue;
      }
      State current = seen.at(now, nanos, renew);
      if (current == seen || STATE.compareAndSet(this, seen, current)) {
        return current;
      }
    }
  }

  /** What stood by takes over, now that what was held has ended. */
  private void promote(State seen, Held successor, long now, long nanos) {
    long left = successor.millisLeft(now, nanos);
    long refresh =
        successor.refused()
            ? Schedule.PACE.toMillis()
            : Validities.untilRefresh(
                policy, left, servable(successor, successor.life().given()), random.getAsDouble());
    State promoted = seen.promoted(successor, Due.in(refresh, now, nanos), now, nanos);
    if (STATE.compareAndSet(this, seen, promoted)) {
      tellIdentity(seen.held(), successor, seen.failure());
    }
  }

  /**
   * Returns credentials with at least so much lifetime, waiting if there are none.
   *
   * @param patient whether to wait for all of the time, however long the outage lasts
   * @throws CredentialsUnavailableException if there are none to give
   * @throws AbortedException if the thread is interrupted while it waits
   */
  AwsCredentials await(Duration minimumValidity, Duration maxWait, boolean patient) {
    return await(minimumValidity, maxWait, patient, false);
  }

  /** As the other, for a view if need be. */
  AwsCredentials await(
      Duration minimumValidity, Duration maxWait, boolean patient, boolean viewed) {
    Duration atMost = Schedule.bounded(maxWait);
    Waiter waiter = enroll(minimumValidity, atMost, patient, viewed);
    try {
      Flight flight = state.flight();
      if (!waiter.outcome().isDone() && flight != null && flight.runsOn(Thread.currentThread())) {
        throw new IllegalStateException(
            "the exchange of "
                + origin.first().name()
                + " asks for the credentials that it is itself obtaining, and would wait for ever");
      }
      // The caller's own clock bounds its wait, so that it ends even if no other thread runs.
      if (!waiter.outcome().isDone() && !time.await(waiter.outcome(), atMost)) {
        waitedOut(waiter);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw AbortedException.create("Interrupted while waiting for credentials", e);
    } finally {
      dismiss(waiter);
    }
    Waiter.Outcome outcome = waiter.outcome().join();
    if (outcome instanceof Waiter.Outcome.Given given) {
      return given.credentials();
    }
    throw unavailable((Waiter.Outcome.Refused) outcome, waiter);
  }

  /** As {@link #await}, without waiting. */
  CompletableFuture<AwsCredentialsIdentity> resolve(Duration minimumValidity, Duration maxWait) {
    return resolve(minimumValidity, maxWait, false);
  }

  /** As the other, for a view if need be. */
  CompletableFuture<AwsCredentialsIdentity> resolve(
      Duration minimumValidity, Duration maxWait, boolean viewed) {
    Duration atMost = Schedule.bounded(maxWait);
    Waiter waiter = enroll(minimumValidity, atMost, false, viewed);
    CompletableFuture<AwsCredentialsIdentity> result = new CompletableFuture<>();
    if (!waiter.outcome().isDone()) {
      try {
        waiter.setTimer(time.after(atMost, new WaitedOut(this, waiter)));
      } catch (RuntimeException | Error e) {
        // No thread could be started, so nothing would end the wait.
        waitedOut(waiter);
      }
    }
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
        engine.time.execute(Time.Lane.CALLBACK, this);
      } catch (RuntimeException | Error e) {
        // No thread could be started for it. A future that never completes would be worse.
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
  private Waiter enroll(
      Duration minimumValidity, Duration atMost, boolean patient, boolean viewed) {
    refreshIfOverdue();
    long nanos = time.nanos();
    Waiter waiter =
        new Waiter(
            Waiting.minimum(minimumValidity),
            state.ended(),
            nanos,
            nanos + atMost.toNanos(),
            patient,
            viewed);
    // First this: an exchange that ends before the caller has looked at the state would schedule
    // the next as if nobody waited.
    waiters.add(waiter);
    settle(waiter);
    if (!waiter.outcome().isDone() && timer.get() == null) {
      // No thread could be started for it. A caller that waits for the next exchange needs it.
      arm();
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
    waiter.end(new Waiter.Outcome.Refused(look(), true));
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
      State seen = look();
      Waiting decision = waiter.decide(seen, time.millis(), time.nanos());
      if (decision == Waiting.GIVE) {
        Held held = seen.held();
        if (held != null) {
          waiter.end(new Waiter.Outcome.Given(held.identity()));
        }
      } else if (decision == Waiting.BEGIN) {
        begin(seen);
      } else if (!hasten(seen)) {
        if (decision == Waiting.WAIT) {
          return;
        }
        waiter.end(new Waiter.Outcome.Refused(seen, false));
      }
    }
  }

  /**
   * Brings the next exchange forward for a caller that has nothing: to a second after the last
   * ended, and never before the source's Retry-After. One for all callers, and the status says so.
   *
   * @return whether the state has changed, by this or by another thread
   */
  private boolean hasten(State seen) {
    Failure failure = seen.failure();
    long now = time.millis();
    long nanos = time.nanos();
    if (failure == null
        || failure.isFinal()
        || seen.flight() != null
        || seen.isShutDown()
        || seen.holdsUnexpired(now, nanos)
        || !origin.mayHeal()) {
      return false;
    }
    long planned = seen.next().millisLeft(now, nanos);
    if (seen.hopes(nanos) && planned <= Schedule.LONGEST_QUICK_RETRY) {
      return false;
    }
    long possible = Math.max(0, -Math.floorDiv(nanos - failure.earliestNextNanos(), 1_000_000L));
    if (possible >= planned) {
      return false;
    }
    if (STATE.compareAndSet(this, seen, seen.hastened(Due.in(possible, now, nanos), now, nanos))) {
      arm();
    }
    return true;
  }

  // ---- Exchanging

  /**
   * Begins an exchange, unless one is in flight or the state has moved on since it was decided:
   * another exchange may have begun and ended in between, and there is no need for one more.
   */
  private void begin(State seen) {
    if (seen.flight() != null || seen.isShutDown()) {
      return;
    }
    Flight flight = new Flight(time, Schedule.bounded(policy.exchangeTimeout()));
    if (!STATE.compareAndSet(this, seen, seen.begun(flight, time.millis(), time.nanos()))) {
      return;
    }
    try {
      time.execute(
          wasLate ? Time.Lane.LATE_EXCHANGE : Time.Lane.EXCHANGE, new Takeoff(this, flight));
    } catch (RuntimeException | Error e) {
      // No thread could be started. Without this the engine would wait for ever for a flight that
      // never took off.
      fail(flight, new Failure(origin.first(), failure(e, flight), time.millis(), time.nanos()));
    }
  }

  private record Takeoff(Engine engine, Flight flight) implements Runnable {
    @Override
    public void run() {
      engine.fly(flight);
    }
  }

  private void fly(Flight flight) {
    if (state.flight() != flight) {
      // The engine was shut down while the exchange waited for a thread.
      return;
    }
    try {
      exchange(flight);
    } catch (Throwable e) {
      // Not even an exception that throws when it is looked at may keep a flight from ending: it
      // would be the last.
      fail(
          flight,
          new Failure(
              origin.first(),
              Problems.exception(
                      Problems.EXCHANGE_THREW, FailureKind.TRANSIENT, "the exchange failed")
                  .build(),
              time.millis(),
              time.nanos()));
      arm();
    }
  }

  /** Refers to the engine weakly, as every timer does. */
  private record Watchdog(WeakReference<Engine> engine, Flight flight) implements Runnable {
    @Override
    public void run() {
      flight.run();
      Engine owner = engine.get();
      if (owner != null) {
        // An exchange that heeds nothing goes on: the log has to tell that callers get nothing.
        owner.arm();
      }
    }
  }

  private void exchange(Flight flight) {
    Origin.Answer answer = null;
    Origin.Source source = origin.first();
    ExchangeException failure = null;
    Future<?> watchdog = null;
    flight.enter();
    String threadName = null;
    try {
      threadName = nameThread();
      watchdog = time.after(flight.budget(), new Watchdog(new WeakReference<>(this), flight));
      // Before the exchange reads it: of a change in between it is told once too often, not never.
      tokenFile.noteAttempt();
      answer = origin.exchange(flight, holding());
    } catch (Origin.Failed e) {
      source = e.source();
      failure = e.why();
    } catch (Throwable e) {
      source = origin.asked();
      failure = failure(e, flight);
    } finally {
      flight.leave();
      wasLate = flight.hasTimedOut();
      if (watchdog != null) {
        watchdog.cancel(false);
      }
      if (threadName != null) {
        Thread.currentThread().setName(threadName);
      }
    }
    if (answer != null) {
      source = answer.source();
      try {
        if (answer.credentials() == null) {
          throw Problems.exception(
                  Problems.RETURNED_NOTHING, FailureKind.TRANSIENT, "the exchange returned nothing")
              .build();
        }
        succeed(
            flight,
            answer,
            Receipt.of(answer.credentials(), source, flight, time.millis(), time.nanos()));
        return;
      } catch (ExchangeException e) {
        failure = e;
      }
    }
    if (failure != null) {
      fail(flight, new Failure(source, failure, time.millis(), time.nanos()));
    }
  }

  /**
   * Adds the name that the application gave to that of the thread, for a thread dump.
   *
   * @return the thread's name before; null if it was not changed
   */
  private @Nullable String nameThread() {
    String given = explainer.name();
    if (given == null) {
      return null;
    }
    String before = Thread.currentThread().getName();
    try {
      Thread.currentThread().setName(before + " " + given);
      return before;
    } catch (SecurityException e) {
      // A security manager does not allow it. The name only helps a person who reads a dump.
      return null;
    }
  }

  /** What is held, as the origin has to know it. */
  private Origin.Holding holding() {
    State seen = look();
    Held held = seen.held();
    if (held == null) {
      return Origin.Holding.NOTHING;
    }
    long now = time.millis();
    long nanos = time.nanos();
    long left = held.millisLeft(now, nanos);
    Held standby = seen.standby();
    boolean covered =
        standby != null && standby.millisLeft(now, nanos) - left >= LEAST_STANDBY.toMillis();
    return new Origin.Holding(
        held.source().rank(),
        left > 0 && !held.refused(),
        left <= STANDBY_WINDOW.toMillis() && !covered);
  }

  private void succeed(Flight flight, Origin.Answer answer, Held fresh) throws ExchangeException {
    State before;
    State after;
    Held held;
    Held best;
    boolean keep;
    do {
      before = look();
      if (before.flight() != flight) {
        return;
      }
      long now = time.millis();
      long nanos = time.nanos();
      held = before.held();
      boolean stays = held != null && !held.isOver(now, nanos) && !held.refused();
      Origin.Failed refusal = answer.refusal();
      if (held != null
          && stays
          && fresh.source().rank() > held.source().rank()
          && refusal != null) {
        standBy(flight, fresh, refusal);
        return;
      }
      boolean servedAgain = held != null && held.isServedAgainAs(fresh);
      if (held != null && servedAgain) {
        checkIsAlive(held, fresh, nanos);
      }
      keep =
          held != null
              && (servedAgain || held.staysDespite(fresh, before.invalidated(), now, nanos));
      best = held != null && keep ? kept(held, fresh, servedAgain) : fresh;
      if (!keep && before.invalidated().contains(fresh.identity().accessKeyId())) {
        best = fresh.asRefused();
      }
      long left = best.millisLeft(now, nanos);
      long delay;
      if (best.refused()) {
        delay = Schedule.PACE.toMillis();
      } else if (!keep) {
        long longest = before.longestGivenWith(best);
        delay =
            Validities.untilRefresh(policy, left, servable(best, longest), random.getAsDouble());
      } else {
        delay =
            Validities.untilPacedRefresh(
                policy, left, servable(best, before.longestGiven()), random.getAsDouble());
      }
      after = before.answered(best, !keep, Due.in(delay, now, nanos), now, nanos);
      if (origin.joined() != null) {
        after = after.readElsewhere(now, nanos);
      }
    } while (!STATE.compareAndSet(this, before, after));
    Engine joined = origin.joined();
    if (joined != null) {
      for (Validities.Asked asked : validities.live()) {
        joined.keepValidFor(asked);
      }
    }
    settleAll();
    arm();
    events.answered(best, !keep, flight.elapsed(), before, time.nanos());
    if (!keep) {
      tellIdentity(held, fresh, refusal(answer));
    }
  }

  /** The largest minimum of a live view that credentials of this source can have. */
  private long servable(Held held, long longestGiven) {
    return validities.largest(Math.min(longestGiven, held.life().bound()));
  }

  /**
   * Keeps what is held valid for a minimum from now on, for as long as somebody holds what is asked
   * for.
   */
  void keepValidFor(Validities.Asked asked) {
    validities.add(asked);
    refreshForViews();
  }

  /** As the other, for one more view. */
  Validities.Asked keepValidFor(long minimum) {
    Validities.Asked asked = validities.ask(minimum);
    refreshForViews();
    return asked;
  }

  /** Brings the next exchange forward if it comes too late for a view, and not otherwise. */
  private void refreshForViews() {
    while (true) {
      State seen = look();
      Held held = seen.held();
      long now = time.millis();
      long nanos = time.nanos();
      if (held == null
          || seen.flight() != null
          || seen.failure() != null
          || seen.isShutDown()
          || !origin.mayHeal()
          || held.isOver(now, nanos)) {
        // What ends next sets the time of the next exchange by what is asked for then.
        return;
      }
      long minimum = servable(held, seen.longestGiven());
      if (minimum == 0) {
        return;
      }
      long left = held.millisLeft(now, nanos);
      long answeredAgo = Math.floorDiv(nanos - seen.answeredNanos(), 1_000_000L);
      if (left < minimum && answeredAgo >= Schedule.PACE.toMillis()) {
        begin(seen);
        return;
      }
      long planned = seen.next().millisLeft(now, nanos);
      double latest = Validities.latest(policy, left, minimum);
      if (planned <= Math.max(latest, 2.0 * Schedule.PACE.toMillis())) {
        // Drawing again for each view would move a fleet to the earliest draws.
        return;
      }
      double draw = random.getAsDouble();
      long delay =
          seen.wasServedAgain() || left < minimum
              ? Validities.untilPacedRefresh(policy, left, minimum, draw)
              : Validities.untilRefresh(policy, left, minimum, draw);
      if (delay >= planned) {
        return;
      }
      if (STATE.compareAndSet(this, seen, seen.hastened(Due.in(delay, now, nanos), now, nanos))) {
        arm();
        return;
      }
    }
  }

  private static @Nullable Failure refusal(Origin.Answer answer) {
    Origin.Failed refusal = answer.refusal();
    return refusal == null ? null : new Failure(refusal.source(), refusal.why(), 0, 0);
  }

  /** Those held, after the source gave the same once more or others that are no better. */
  private static Held kept(Held held, Held fresh, boolean servedAgain) {
    boolean sameLife = servedAgain && fresh.sourceExpiration().equals(held.sourceExpiration());
    return sameLife && (held.endedByWall() || !fresh.isJudgedAs(held))
        ? fresh.insteadOf(held)
        : held;
  }

  /** The same credentials once more do not live again by being served again. */
  private static void checkIsAlive(Held held, Held fresh, long nanos) throws ExchangeException {
    if (held.expires().isCountedOut(nanos)) {
      throw Problems.exception(
              Problems.EXPIRED_ON_ARRIVAL,
              FailureKind.TRANSIENT,
              "the source returned credentials that have already expired")
          .build();
    }
    if (held.endedByWall() && !fresh.life().dated()) {
      throw Problems.exception(
              Problems.EXPIRED_ON_ARRIVAL,
              FailureKind.TRANSIENT,
              "the source returned the same credentials, which have expired by this machine's"
                  + " clock, and nothing shows that this clock is wrong")
          .build();
    }
  }

  /**
   * The source of what is held refused, and a later one answered: its credentials take over when
   * those held end. Until then nothing has changed for callers.
   */
  private void standBy(Flight flight, Held fresh, Origin.Failed refusal) {
    fail(flight, fresh, new Failure(refusal.source(), refusal.why(), time.millis(), time.nanos()));
  }

  private void fail(Flight flight, Failure failure) {
    fail(flight, null, failure);
  }

  /** Ends an exchange that failed, which may have brought what stands by from now on. */
  private void fail(Flight flight, @Nullable Held fresh, Failure failure) {
    State before;
    State after;
    do {
      before = look();
      if (before.flight() != flight) {
        return;
      }
      // After the state: an older time could make what has ended since readable again.
      long now = time.millis();
      long nanos = time.nanos();
      Held held = before.held();
      Optional<Instant> date = failure.cause().answeredAt();
      if (held != null && date.isPresent() && !flight.spansAStep(now, nanos)) {
        held = held.shownThat(date.get(), now, nanos);
      }
      // What stood by before may have taken over since: then it does not stand by any more.
      Held standby = fresh == null ? before.standby() : fresh;
      if (fresh != null && before.invalidated().contains(fresh.identity().accessKeyId())) {
        standby = fresh.asRefused();
      }
      long hopeUntil =
          before.failures() == 0 && held != null
              ? nanos + Schedule.bounded(policy.maxWait()).toNanos()
              : before.hopeUntilNanos();
      long delay = backoff(before, held, standby, failure, hopeUntil, now, nanos);
      after =
          before.failed(failure, held, standby, Due.in(delay, now, nanos), hopeUntil, now, nanos);
    } while (!STATE.compareAndSet(this, before, after));
    settleAll();
    arm();
    events.failed(failure, after, origin.mayHeal());
  }

  private long backoff(
      State before,
      @Nullable Held held,
      @Nullable Held standby,
      Failure failure,
      long hopeUntil,
      long now,
      long nanos) {
    Optional<Duration> retryAfter = failure.cause().retryAfter();
    double draw = random.getAsDouble();
    long left = held == null ? 0 : held.millisLeft(now, nanos);
    if (held != null && left > 0) {
      // What a service has refused is no use to callers however long it lives: newer ones must come
      // soon.
      long minimum = servable(held, before.longestGiven());
      long delay =
          Schedule.heeding(
              retryAfter,
              Schedule.backoffWithCredentials(
                  held.refused(),
                  before.failures() + 1,
                  Validities.spreadOver(left, minimum),
                  Optional.empty(),
                  draw),
              left);
      boolean needsStandby =
          standby == null
              && failure.cause().kind() == FailureKind.REJECTED
              && origin.hasLaterThan(held.source());
      return needsStandby && left > STANDBY_WINDOW.toMillis()
          ? Math.min(delay, left - standbyBeforeEnd(draw))
          : delay;
    }
    boolean somebodyInsists = false;
    for (Waiter waiter : waiters) {
      somebodyInsists |= waiter.isPatient();
    }
    boolean quick = somebodyInsists || nanos - hopeUntil < 0;
    return quick && !failure.isFinal()
        ? Schedule.quickRetry(before.failures() + 1, retryAfter, draw)
        : Schedule.backoffWithoutCredentials(retryAfter, draw);
  }

  private static long standbyBeforeEnd(double draw) {
    long latest = LATEST_STANDBY.toMillis();
    return latest + (long) ((STANDBY_WINDOW.toMillis() - latest) * draw);
  }

  private void tellIdentity(@Nullable Held before, Held now, @Nullable Failure why) {
    Origin.Source previous = before == null ? origin.first() : before.source();
    if (previous.rank() != now.source().rank()) {
      events.identityChanged(now, previous, now.source().rank() > previous.rank() ? why : null);
    }
  }

  /** What an exchange threw, as a failure that can be shown. */
  private ExchangeException failure(Throwable thrown, Flight flight) {
    if (thrown instanceof ExchangeException known) {
      return known;
    }
    if (flight.hasTimedOut()) {
      return Problems.exception(
              Problems.TIMED_OUT,
              FailureKind.TRANSIENT,
              "the source did not answer within " + Text.of(flight.budget()))
          .cause(Unexpected.of(thrown))
          .build();
    }
    if (thrown instanceof LinkageError) {
      // Its message is the name of a class.
      return Problems.exception(
              Problems.CLASS_MISSING,
              FailureKind.MISCONFIGURED,
              "a class is missing or incompatible: " + thrown)
          .remedy(
              "Check the class path: all AWS SDK modules need the same version (import the SDK's"
                  + " BOM), and no dependency of Lanyard may be excluded")
          .cause(Unexpected.of(thrown))
          .build();
    }
    // Its own message may be anything; that of an ExchangeException holds no secret.
    String words =
        thrown.getCause() instanceof ExchangeException known ? ": " + known.getMessage() : "";
    return Problems.exception(
            Problems.EXCHANGE_THREW,
            FailureKind.TRANSIENT,
            "the exchange failed with " + thrown.getClass().getName() + words)
        .cause(Unexpected.of(thrown))
        .build();
  }

  // ---- The timer

  /** Sets the one timer for whatever is due next. */
  @SuppressWarnings("ReferenceEquality") // The very state that was seen, as in a compare-and-set.
  private void arm() {
    State seen;
    do {
      seen = state;
      long delay = untilNextWake(seen);
      Future<?> next = delay < 0 ? null : wakeAfter(Duration.ofMillis(delay));
      Future<?> previous = timer.getAndSet(next);
      if (previous != null) {
        previous.cancel(false);
      }
      // Another thread may have moved the state and set the timer for it, which this one replaced.
    } while (seen != state);
  }

  /** When to look at the state next: -1 if nothing will change by itself. */
  private long untilNextWake(State seen) {
    if (seen.isShutDown()) {
      return -1;
    }
    long now = time.millis();
    long nanos = time.nanos();
    long delay = -1;
    if (seen.flight() == null && origin.mayHeal()) {
      delay = Math.min(seen.next().millisLeft(now, nanos), LONGEST_SLEEP.toMillis());
      if (seen.failure() != null && tokenFile.isWatched()) {
        delay = Math.min(delay, TOKEN_FILE_LOOK.toMillis());
      }
    }
    Held held = seen.held();
    if (held == null && seen.flight() != null) {
      long hope = Math.floorDiv(seen.hopeUntilNanos() - nanos, 1_000_000L) + 1;
      delay = hope > 0 ? Math.min(hope, LONGEST_SLEEP.toMillis()) : LONGEST_SLEEP.toMillis();
    }
    if (held != null && !held.isOver(now, nanos)) {
      // Readers are told of the end by this, whatever the wall clock says then.
      long end = Math.min(held.expires().millisLeft(now, nanos), LONGEST_SLEEP.toMillis());
      delay = delay < 0 ? end : Math.min(delay, end);
    }
    return delay;
  }

  private @Nullable Future<?> wakeAfter(Duration delay) {
    try {
      return time.after(delay, new Wake(new WeakReference<>(this)));
    } catch (RuntimeException | Error e) {
      // No thread could be started. A caller that comes when the exchange is due begins it instead.
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
    State seen = look(true);
    if (seen.flight() == null && origin.mayHeal()) {
      if (seen.next().isReached(time.millis(), time.nanos())) {
        begin(seen);
      } else if (seen.failure() != null && tokenFile.isWatched()) {
        lookAtTokenFile();
      }
    }
    events.awake(seen, origin.first(), time.millis(), time.nanos());
    arm();
  }

  /** Looks on a thread of its own: a mount that hangs must not hold up the timers. */
  private void lookAtTokenFile() {
    if (!tokenFile.beginLook()) {
      return;
    }
    try {
      time.execute(Time.Lane.FILE, new TokenFileLook(new WeakReference<>(this), tokenFile));
    } catch (RuntimeException | Error e) {
      tokenFile.endLook();
    }
  }

  /** Refers to the engine weakly: a look that hangs for ever must not keep it. */
  private record TokenFileLook(WeakReference<Engine> engine, TokenFileWatch watch)
      implements Runnable {
    @Override
    public void run() {
      boolean changed;
      try {
        changed = watch.hasChanged();
      } finally {
        watch.endLook();
      }
      Engine owner = engine.get();
      if (changed && owner != null) {
        owner.tokenFileChanged();
      }
    }
  }

  private void tokenFileChanged() {
    State seen = look();
    if (seen.failure() != null) {
      begin(seen);
    }
  }

  /** A reader past the refresh time does what a late timer did not: after a suspend, say. */
  private void refreshIfOverdue() {
    State seen = look();
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
      State seen = look();
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
      State refused = seen.refused(held.asRefused(), time.millis(), time.nanos());
      if (STATE.compareAndSet(this, seen, refused)) {
        begin(refused);
        return;
      }
    }
  }

  /**
   * Ends the engine: no exchange begins any more, and one in flight does not count. Callers get
   * what is held until it expires, and after that an exception.
   */
  void shutDown() {
    State seen;
    State after;
    do {
      seen = look();
      if (seen.isShutDown()) {
        return;
      }
      Failure failure =
          new Failure(
              origin.first(),
              Problems.exception(
                      Problems.SHUT_DOWN,
                      FailureKind.MISCONFIGURED,
                      "Lanyard was shut down in this class loader, and no longer refreshes"
                          + " credentials")
                  .remedy(
                      "Create a new provider, or call Lanyard.shutdown() only after the last use")
                  .build(),
              time.millis(),
              time.nanos());
      after = seen.shutDown(failure, time.millis(), time.nanos());
    } while (!STATE.compareAndSet(this, seen, after));
    origin.end();
    Flight flight = seen.flight();
    if (flight != null) {
      flight.run();
    }
    settleAll();
    arm();
  }

  // ---- Telling

  CredentialsStatus status() {
    return status(look());
  }

  private CredentialsStatus status(State seen) {
    long now = time.millis();
    long nanos = time.nanos();
    CredentialsStatus.Health health;
    if (seen.holdsUnexpired(now, nanos)) {
      health =
          seen.failure() == null
              ? CredentialsStatus.Health.HEALTHY
              : CredentialsStatus.Health.DEGRADED;
    } else {
      health =
          seen.held() == null && seen.failure() == null
              ? CredentialsStatus.Health.STARTING
              : CredentialsStatus.Health.UNAVAILABLE;
    }
    Optional<Held> held = Optional.ofNullable(seen.held());
    boolean timerRuns = seen.flight() == null && origin.mayHeal() && !seen.isShutDown();
    return CredentialsStatus.builder(held.map(Held::source).orElse(origin.first()).name(), health)
        .expiration(held.map(credentials -> credentials.expires().told(now, nanos)).orElse(null))
        .nextRefresh(timerRuns ? seen.next().told(now, nanos) : null)
        .lastFailure(seen.failure() == null ? null : seen.failure().asStatus())
        .consecutiveFailures(seen.failures())
        .exchanges(seen.ended())
        .clockSkew(
            Text.reportable(held.flatMap(credentials -> credentials.life().skewNow(now, nanos)))
                .orElse(null))
        .disbelievedDate(held.flatMap(credentials -> credentials.life().disbelieved()).orElse(null))
        .build();
  }

  /** The last four characters of the access key id in hand. */
  Optional<String> keyId() {
    return Optional.ofNullable(state.held()).map(held -> Text.keyId(held.identity().accessKeyId()));
  }

  private CredentialsUnavailableException unavailable(
      Waiter.Outcome.Refused refused, Waiter waiter) {
    State seen = refused.state();
    return new Unavailable(seen, waiter, refused.waitedOut(), origin, time.millis(), time.nanos())
        .exception(status(seen));
  }
}
