package dev.lanyard;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * All that an engine knows at one moment. Immutable: the engine holds one and swaps it by
 * compare-and-set.
 *
 * <pre>
 *   EMPTY --exchange--> FRESH --nextAttempt--> DUE --expiration--> EXPIRED
 *    wait for the        return                return; exchange     wait for the exchange
 *    exchange                                  in the background
 * </pre>
 */
final class State {
  /** A refused key id may come back from an agent's cache; more than a few are never under way. */
  private static final int MOST_INVALIDATED = 4;

  private final @Nullable Held held;
  private final @Nullable Held standby;
  private final @Nullable Flight flight;
  private final @Nullable Failure failure;
  private final int failures;
  private final long ended;
  private final Due next;
  private final long hopeUntilNanos;
  private final long answeredNanos;
  private final long given;
  private final long givenBefore;
  private final boolean servedAgain;
  private final List<String> invalidated;
  private final boolean shutDown;
  private final boolean elsewhere;
  private final long readableFrom;
  private final long readableUntil;

  /** Of what is held. They stand here too, so that the hot path finds them at once. */
  private final @Nullable AwsCredentials identity;

  private final @Nullable CompletableFuture<AwsCredentialsIdentity> ready;

  private State(Draft draft, long readableFrom, long readableUntil) {
    this.held = draft.held;
    this.standby = draft.standby;
    this.flight = draft.flight;
    this.failure = draft.failure;
    this.failures = draft.failures;
    this.ended = draft.ended;
    this.next = draft.next;
    this.hopeUntilNanos = draft.hopeUntilNanos;
    this.answeredNanos = draft.answeredNanos;
    this.given = draft.given;
    this.givenBefore = draft.givenBefore;
    this.servedAgain = draft.servedAgain;
    this.invalidated = draft.invalidated;
    this.shutDown = draft.shutDown;
    this.elsewhere = draft.elsewhere;
    this.readableFrom = readableFrom;
    this.readableUntil = readableUntil;
    this.identity = held == null ? null : held.identity();
    this.ready = held == null ? null : held.ready();
  }

  /** Nothing is known. Callers may hope for the first credentials until a time. */
  static State empty(long nowMillis, long nowNanos, long hopeUntilNanos) {
    Draft draft = new Draft(new Due(nowMillis, nowNanos), hopeUntilNanos, nowNanos);
    return draft.at(nowMillis, nowNanos);
  }

  /** The credentials, expired ones included; null if there never were any. */
  @Nullable Held held() {
    return held;
  }

  /** Credentials of a later source that take over when those held end. */
  @Nullable Held standby() {
    return standby;
  }

  /** What takes over now, since what was held has ended; null if nothing does. */
  @Nullable Held successor(long now, long nanos) {
    boolean takesOver =
        standby != null && (held == null || held.isOver(now, nanos)) && !standby.isOver(now, nanos);
    return takesOver ? standby : null;
  }

  /** The exchange in flight, if any. */
  @Nullable Flight flight() {
    return flight;
  }

  /** Why the last exchange failed; null if it succeeded or none has ended. */
  @Nullable Failure failure() {
    return failure;
  }

  /** How many exchanges have failed in a row. */
  int failures() {
    return failures;
  }

  /** How many exchanges have ended. */
  long ended() {
    return ended;
  }

  /** When the next exchange is due. */
  Due next() {
    return next;
  }

  /** Until when callers that have nothing wait for an outage to pass. */
  long hopeUntilNanos() {
    return hopeUntilNanos;
  }

  /** When the last good answer came, by the monotonic clock. */
  long answeredNanos() {
    return answeredNanos;
  }

  /**
   * How long credentials of the source live when they come, in milliseconds: the longer of the last
   * two sets, since the first may have come from a cache. Zero if none ever came.
   */
  long longestGiven() {
    return Math.max(given, givenBefore);
  }

  /**
   * Whether the last good answer brought nothing better than what was held: it is not asked soon.
   */
  boolean wasServedAgain() {
    return servedAgain;
  }

  /** Whether two sets have shown how long credentials of the source live. */
  boolean hasShownItsLifetime() {
    return givenBefore > 0;
  }

  /** How long credentials of the source will be known to live once these have come. */
  long longestGivenWith(Held fresh) {
    boolean sameSource = held != null && held.source().rank() == fresh.source().rank();
    return Math.max(fresh.life().given(), sameSource ? given : 0);
  }

  /** The last few key ids that the application has said were refused. */
  List<String> invalidated() {
    return invalidated;
  }

  /** Whether the engine was shut down: no exchange begins any more. */
  boolean isShutDown() {
    return shutDown;
  }

  /**
   * Whether the hot path may return {@link #held} without looking further, by the wall clock.
   * Before the time at which this state was made, the clock has been set back.
   */
  boolean isReadableAt(long millis) {
    return millis < readableUntil && millis >= readableFrom;
  }

  /** What a caller of the hot path gets; null if nothing is held. */
  @Nullable AwsCredentials identity() {
    return identity;
  }

  /** What an asynchronous caller of the hot path gets; null if nothing is held. */
  @Nullable CompletableFuture<AwsCredentialsIdentity> ready() {
    return ready;
  }

  boolean holdsUnexpired(long now, long nanos) {
    return held != null && !held.isOver(now, nanos);
  }

  /** Returns how long what is held is good for, in milliseconds; zero if nothing is. */
  long lifetimeLeft(long now, long nanos) {
    return held == null ? 0 : held.millisLeft(now, nanos);
  }

  boolean hopes(long nanos) {
    return nanos - hopeUntilNanos < 0;
  }

  /**
   * The same in the light of both clocks: credentials that the wall clock has ended are marked so,
   * and the bounds of the hot path are those of now. Returns this very state if nothing has to be
   * written.
   *
   * @param renew whether to write the bounds of the hot path whatever they are
   */
  State at(long now, long nanos, boolean renew) {
    if (held == null) {
      return this;
    }
    boolean endsByWall =
        !held.endedByWall()
            && now >= held.expires().millis()
            && !held.expires().isCountedOut(nanos);
    boolean staysReadable = readableUntil != Long.MIN_VALUE && held.isOver(now, nanos);
    // Set back since this was written: it may well have to be read again.
    boolean setBack = now < readableFrom && !held.isOver(now, nanos);
    if (!endsByWall && !staysReadable && !setBack && !renew) {
      return this;
    }
    Draft draft = new Draft(this);
    if (endsByWall) {
      draft.held = held.asEndedByWall();
    }
    return draft.at(now, nanos);
  }

  /** The credentials of the later source take over. */
  State promoted(Held successor, Due next, long now, long nanos) {
    Draft draft = new Draft(this);
    draft.held = successor;
    draft.given = successor.life().given();
    draft.givenBefore = 0;
    draft.servedAgain = false;
    draft.standby = null;
    draft.failure = null;
    draft.failures = 0;
    draft.next = next;
    return draft.at(now, nanos);
  }

  /** An exchange begins. Until it ends, readers need not look whether one is due. */
  State begun(Flight flight, long now, long nanos) {
    Draft draft = new Draft(this);
    draft.flight = flight;
    return draft.at(now, nanos);
  }

  /**
   * The exchange has ended well: {@code nowHolding} may be what was held before.
   *
   * @param isNew whether it is what the answer brought
   */
  State answered(Held nowHolding, boolean isNew, Due next, long now, long nanos) {
    Draft draft = new Draft(this);
    draft.held = nowHolding;
    draft.servedAgain = !isNew;
    if (isNew) {
      boolean sameSource = held != null && held.source().rank() == nowHolding.source().rank();
      draft.givenBefore = sameSource ? given : 0;
      draft.given = nowHolding.life().given();
    }
    draft.standby = null;
    draft.flight = null;
    draft.failure = null;
    draft.failures = 0;
    draft.ended = ended + 1;
    draft.next = next;
    draft.answeredNanos = nanos;
    return draft.at(now, nanos);
  }

  /**
   * The exchange has failed.
   *
   * @param held what is held after all: the same, which the failed answer may have revived
   * @param standby what takes over when that ends, if anything
   */
  State failed(
      Failure failure,
      @Nullable Held held,
      @Nullable Held standby,
      Due next,
      long hopeUntilNanos,
      long now,
      long nanos) {
    Draft draft = new Draft(this);
    draft.held = held;
    draft.standby = standby;
    draft.flight = null;
    draft.failure = failure;
    draft.failures = failures + 1;
    draft.ended = ended + 1;
    draft.next = next;
    draft.hopeUntilNanos = hopeUntilNanos;
    return draft.at(now, nanos);
  }

  /** A caller that has nothing needs the next exchange sooner. */
  State hastened(Due next, long now, long nanos) {
    Draft draft = new Draft(this);
    draft.next = next;
    return draft.at(now, nanos);
  }

  /** The application has said that a service refused what is held. */
  State refused(Held refused, long now, long nanos) {
    Draft draft = new Draft(this);
    draft.held = refused;
    List<String> keys = new ArrayList<>(invalidated);
    keys.add(refused.identity().accessKeyId());
    draft.invalidated =
        List.copyOf(keys.subList(Math.max(0, keys.size() - MOST_INVALIDATED), keys.size()));
    return draft.at(now, nanos);
  }

  /** Another engine serves readers from now on. What is held is for those who wait here still. */
  State readElsewhere(long now, long nanos) {
    Draft draft = new Draft(this);
    draft.elsewhere = true;
    return draft.at(now, nanos);
  }

  /** No exchange begins any more, and none in flight counts. */
  State shutDown(Failure failure, long now, long nanos) {
    Draft draft = new Draft(this);
    draft.flight = null;
    draft.failure = failure;
    draft.shutDown = true;
    return draft.at(now, nanos);
  }

  /** A state in the making. */
  private static final class Draft {
    private @Nullable Held held;
    private @Nullable Held standby;
    private @Nullable Flight flight;
    private @Nullable Failure failure;
    private int failures;
    private long ended;
    private Due next;
    private long hopeUntilNanos;
    private long answeredNanos;
    private long given;
    private long givenBefore;
    private boolean servedAgain;
    private List<String> invalidated = List.of();
    private boolean shutDown;
    private boolean elsewhere;

    Draft(Due next, long hopeUntilNanos, long answeredNanos) {
      this.next = next;
      this.hopeUntilNanos = hopeUntilNanos;
      this.answeredNanos = answeredNanos;
    }

    Draft(State from) {
      this(from.next, from.hopeUntilNanos, from.answeredNanos);
      held = from.held;
      standby = from.standby;
      flight = from.flight;
      failure = from.failure;
      failures = from.failures;
      ended = from.ended;
      given = from.given;
      givenBefore = from.givenBefore;
      servedAgain = from.servedAgain;
      invalidated = from.invalidated;
      shutDown = from.shutDown;
      elsewhere = from.elsewhere;
    }

    State at(long now, long nanos) {
      return new State(this, now, readableUntil(now, nanos));
    }

    /**
     * The hot path reads the wall clock alone. Where that was set back since the credentials came,
     * they end by it when they end by the monotonic clock. After a shut-down no timer ends them:
     * each reader looks at both clocks. Where another engine has taken over, no reader is to find
     * what this one held once: the other may have newer ones by then.
     */
    private long readableUntil(long now, long nanos) {
      if (held == null || shutDown || elsewhere || held.isOver(now, nanos)) {
        return Long.MIN_VALUE;
      }
      long end = Math.min(held.expires().millis(), now + held.expires().millisLeft(now, nanos));
      return flight == null ? Math.min(end, next.millis()) : end;
    }
  }
}
