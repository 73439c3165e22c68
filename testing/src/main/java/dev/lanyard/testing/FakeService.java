package dev.lanyard.testing;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A source of session credentials on loopback: what {@link FakeSts} and {@link FakeAgent} have in
 * common, which is the faults that they can have and the log of their requests. Safe for use by
 * many threads.
 *
 * <p>The methods of {@link Faults} start faults, and {@link #recover} ends them all. A service that
 * is down refuses connections; one that {@link #startAfter(int) starts after} some requests resets
 * them, since nobody can count connections to a closed port.
 *
 * @since 0.1
 */
public abstract sealed class FakeService extends Faults permits FakeSts, FakeAgent {
  private final FakeClock clock;
  private final HttpEndpoint server;
  private final String name;
  private final Journal journal;
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicInteger exchanges = new AtomicInteger();
  private final FaultPlan plan = new FaultPlan();
  private volatile @Nullable Duration lifetime;

  FakeService(String name, FakeClock clock, Journal journal) {
    this.name = name;
    this.clock = clock;
    this.journal = journal;
    this.server = HttpEndpoint.start(() -> ownClock().instant(), this::answer);
  }

  /** The faults of the next requests. */
  static final class Next extends Faults {
    private final FakeService service;
    private final int requests;

    private Next(FakeService service, int requests) {
      this.service = service;
      this.requests = requests;
    }

    @Override
    void meet(Fault fault) {
      service.plan.next(requests, fault);
    }
  }

  /**
   * Returns where it listens, as the environment of a pod names it.
   *
   * @return an address on loopback, the same for its whole life
   */
  public abstract URI endpoint();

  /**
   * Refuses connections from now on, until it {@link #recover recovers}. A fault that starts
   * meanwhile does not show.
   */
  public void goDown() {
    server.goDown();
  }

  /**
   * Lets attempts to connect hang from now on, until it {@link #recover recovers}: no packet gets
   * through, as behind a network policy that drops them. Open connections are closed. Linux and
   * macOS do so; where the kernel refuses instead, it is as if the service {@link #goDown is down}.
   */
  public void becomeUnreachable() {
    server.goSilent();
  }

  /**
   * Resets the connections of the next requests, and serves those after them: a service that starts
   * after the pod.
   *
   * @param requests how many
   * @throws IllegalArgumentException if it is less than one
   */
  public void startAfter(int requests) {
    next(requests).resetConnections();
  }

  /**
   * Resets the connections of all requests until this much time has passed: a service that starts
   * after the pod.
   *
   * @param time how long from now, by {@link FakeEks#clock}
   */
  public void startAfter(Duration time) {
    plan.startsAt(clock.instant().plus(time));
  }

  /**
   * Delays the answer to every request. Other faults may be active at the same time.
   *
   * @param latency how long, in real time
   * @throws IllegalArgumentException if it is negative
   */
  public void delayAnswers(Duration latency) {
    plan.latency(latency);
  }

  /**
   * Returns the faults of the next requests. When faults were ordered for the next requests before,
   * those come first; a fault that lasts comes after all of them.
   *
   * @param requests how many requests meet the fault
   * @return the faults to choose from; each that is chosen meets so many requests
   */
  public Faults next(int requests) {
    return new Next(this, requests);
  }

  /**
   * Throttles the next requests: {@code next(requests).throttle()}.
   *
   * @param requests how many
   * @throws IllegalArgumentException if it is less than one
   */
  public void throttle(int requests) {
    next(requests).throttle();
  }

  /**
   * Ends every fault: listens again at the same address if it was down, closes the connections of
   * those whom it left hanging, and answers properly from now on. Does nothing if nothing is wrong.
   */
  public void recover() {
    plan.recover();
    server.comeBack();
  }

  /**
   * Lets the credentials issued from now on last this long, whatever the service would give them.
   * Requests are still checked.
   *
   * @param lifetime such as a few seconds, to watch credentials roll over
   * @throws IllegalArgumentException if the lifetime is zero or negative
   */
  public void letCredentialsLast(Duration lifetime) {
    this.lifetime = Lifetimes.positive(lifetime);
  }

  /**
   * Returns how many requests have arrived, whatever they asked for and whatever fault they met.
   *
   * @return the count since the start
   */
  public int requests() {
    return requests.get();
  }

  /**
   * Returns how many requests were answered with credentials. An answer that a fault then spoiled
   * counts too.
   *
   * @return the count of successes since the start
   */
  public int exchanges() {
    return exchanges.get();
  }

  /**
   * Returns the last requests that were answered or have failed, oldest first. A cluster keeps the
   * last 1000 of all its services.
   *
   * @return a copy, without secrets
   */
  public List<LoggedRequest> log() {
    return journal.requests().stream().filter(request -> request.service().equals(name)).toList();
  }

  @Override
  void meet(Fault fault) {
    plan.lasting(fault);
  }

  void close() {
    plan.recover();
    server.close();
  }

  /** Host and port, as a {@code Host} header carries them. */
  String authority() {
    return server.authority();
  }

  URI root() {
    return server.uri();
  }

  FakeClock clock() {
    return clock;
  }

  /** The clock of the machine on which the service runs, by which it dates its answers. */
  InstantSource ownClock() {
    return clock;
  }

  /** What is said of the request in the log: nothing that the client chose freely. */
  abstract String operation(HttpRequest request);

  /** Whether the service takes a request at all that arrives now, or throttles it. */
  boolean admits(HttpRequest request, Instant now) {
    return true;
  }

  /** How long the credentials issued from now on last, null for as long as the service gives. */
  @Nullable Duration chosenLifetime() {
    return lifetime;
  }

  /** Answers as the real one does. A lifetime that is not null is that of the credentials. */
  abstract Outcome serve(
      HttpRequest request, String requestId, @Nullable Duration lifetime, Trace trace);

  /** An error in the service's own form. */
  abstract HttpAnswer error(int status, String code, String message, String requestId);

  /** What it answers when there are too many requests. */
  abstract Outcome throttled(String requestId);

  /**
   * An answer, and what is said of it in the log.
   *
   * @param error the error code, empty if it succeeded or the answer carries none
   * @param reason what the answer does not say of it
   */
  record Outcome(HttpAnswer answer, Optional<String> error, Optional<String> reason) {
    static Outcome of(HttpAnswer answer) {
      return new Outcome(answer, Optional.empty(), Optional.empty());
    }

    Outcome map(UnaryOperator<HttpAnswer> change) {
      return new Outcome(change.apply(answer), error, reason);
    }
  }

  /** The service's own no. */
  Outcome refused(Refusal refusal, String requestId) {
    return new Outcome(
        error(refusal.status(), refusal.code(), refusal.text(), requestId),
        Optional.of(refusal.code()),
        refusal.reason());
  }

  /** One request on its way to an answer, as a fault sees it. */
  final class Call {
    private final HttpRequest request;
    private final String requestId;
    private final FaultPlan.Turn turn;
    private final Instant arrived;
    private final boolean admitted;
    private final Trace trace = new Trace();

    private Call(
        HttpRequest request,
        FaultPlan.Turn turn,
        Instant arrived,
        boolean admitted,
        String requestId) {
      this.request = request;
      this.turn = turn;
      this.arrived = arrived;
      this.admitted = admitted;
      this.requestId = requestId;
    }

    Outcome properly() {
      return properly(lifetime);
    }

    Outcome properly(@Nullable Duration lasting) {
      if (!admitted) {
        return throttled();
      }
      Outcome outcome = serve(request, requestId, lasting, trace);
      if (trace.issued().isPresent()) {
        exchanges.incrementAndGet();
      }
      return outcome;
    }

    Outcome refused(Refusal refusal) {
      return FakeService.this.refused(refusal, requestId);
    }

    Outcome throttled() {
      return FakeService.this.throttled(requestId);
    }

    void awaitRecovery() throws InterruptedException {
      turn.awaitRecovery();
    }

    /** Waits until so much time has passed since the request arrived, or the service recovers. */
    void awaitTime(Duration since) throws InterruptedException {
      turn.awaitTime(clock.ofThePod(), arrived.plus(since));
    }
  }

  private HttpAnswer answer(HttpRequest request) {
    Instant now = clock.instant();
    // Of the clock that does not move when AWS is set apart from the pod.
    Instant arrived = clock.ofThePod().instant();
    FaultPlan.Turn turn = plan.take(now);
    boolean admitted = admits(request, now);
    Fault fault = turn.fault();
    // After its turn: who sees the request counted may rely on what it meets.
    requests.incrementAndGet();
    String requestId = Ids.requestId();
    Call call = new Call(request, turn, arrived, admitted, requestId);
    Outcome outcome;
    try {
      turn.awaitLatency();
      outcome = fault == null ? call.properly() : fault.effect().on(call);
    } catch (InterruptedException e) {
      // The server is being stopped.
      Thread.currentThread().interrupt();
      outcome = Outcome.of(HttpAnswer.none(HttpAnswer.Delivery.CLOSED));
    }
    Trace trace = call.trace;
    journal.answered(
        new LoggedRequest(
            clock.instant(),
            name,
            operation(request),
            trace.pod().map(pod -> pod.serviceAccount().shortName()),
            trace.pod().map(ServiceAccountToken.Pod::name),
            trace.role(),
            outcome.answer().status(),
            outcome.error(),
            outcome.reason(),
            Optional.ofNullable(fault).map(Fault::name),
            trace.issued(),
            requestId));
    return outcome.answer();
  }
}
