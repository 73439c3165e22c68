package dev.lanyard;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentials;

/**
 * One caller that did not find what it needs, until it has credentials or an account of why not.
 */
final class Waiter {
  /** Either credentials, or what to say instead. */
  sealed interface Outcome {
    record Given(AwsCredentials credentials) implements Outcome {}

    /**
     * The caller gets an exception, made on its own thread where it has one.
     *
     * @param state what the engine knew
     * @param waitedOut whether the caller had waited for as long as it may
     */
    record Refused(State state, boolean waitedOut) implements Outcome {}
  }

  private final long minimum;
  private final long endedAtArrival;
  private final long arrivedNanos;
  private final long deadlineNanos;
  private final boolean patient;
  private final boolean viewed;
  private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
  private volatile @Nullable Future<?> timer;

  Waiter(
      long minimum,
      long endedAtArrival,
      long arrivedNanos,
      long deadlineNanos,
      boolean patient,
      boolean viewed) {
    this.minimum = minimum;
    this.endedAtArrival = endedAtArrival;
    this.arrivedNanos = arrivedNanos;
    this.deadlineNanos = deadlineNanos;
    this.patient = patient;
    this.viewed = viewed;
  }

  Waiting decide(State state, long now, long nanos) {
    return Waiting.decide(
        state, minimum, endedAtArrival, deadlineNanos, patient, viewed, now, nanos);
  }

  /** Whether it waits for its whole time, however long the outage lasts. */
  boolean isPatient() {
    return patient;
  }

  long minimum() {
    return minimum;
  }

  long arrivedNanos() {
    return arrivedNanos;
  }

  CompletableFuture<Outcome> outcome() {
    return outcome;
  }

  @Nullable Future<?> timer() {
    return timer;
  }

  void setTimer(Future<?> timer) {
    this.timer = timer;
    if (outcome.isDone()) {
      timer.cancel(false);
    }
  }

  /** Ends the wait. The first end counts. */
  void end(Outcome end) {
    outcome.complete(end);
    Future<?> pending = timer;
    if (pending != null) {
      pending.cancel(false);
    }
  }
}
