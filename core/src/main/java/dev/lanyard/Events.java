package dev.lanyard;

import dev.lanyard.runtime.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the log and the listener what happened. Neither can change anything: both run on threads of
 * their own, what they throw is dropped, and one that never returns holds up neither the other nor
 * anything else.
 */
final class Events {
  private static final Logger LOG = LoggerFactory.getLogger("dev.lanyard");

  /** The listener where the application gave none. */
  static final CredentialsEventListener NOBODY = new Nobody();

  private final CredentialsEventListener listener;
  private final Outbox toListener;
  private final Outbox toLog;
  private final Story story;

  Events(CredentialsEventListener listener, Time time) {
    this(listener, time, null);
  }

  /**
   * Makes what tells of one engine.
   *
   * @param name the name that the application gave to it, if it gave one
   */
  Events(CredentialsEventListener listener, Time time, @Nullable String name) {
    this.story = new Story(name);
    this.listener = listener;
    this.toListener = new Outbox(time);
    this.toLog = new Outbox(time);
  }

  /** An exchange brought credentials: new ones, or nothing newer. */
  void answered(Held held, boolean isNew, Duration took, State before, long nanos) {
    int failures = before.failures();
    toLog.add(() -> story.recovered(held, isNew, failures, took, nanos));
    if (isNew) {
      tell(
          new CredentialsEvent.Refreshed(
              held.source().name(),
              lastFour(held.identity().accessKeyId()),
              Instant.ofEpochMilli(held.expires().millis()),
              took));
    }
  }

  void failed(Failure failure, State after, boolean triesAgain) {
    Story.Standing standing =
        standing(after, failure.source(), failure.at(), failure.atNanos(), triesAgain);
    toLog.add(() -> story.stands(standing, failure.atNanos()));
    tell(
        new CredentialsEvent.RefreshFailed(
            failure.asStatus(),
            after.failures(),
            triesAgain ? Instant.ofEpochMilli(after.next().millis()) : null));
  }

  /**
   * What is held has ended, by a clock and not by an exchange, while one has failed or hangs; or
   * nothing was ever held, and the exchange that hangs has outlasted all hope.
   */
  void awake(State seen, Origin.Source first, long now, long nanos) {
    boolean inFlight = seen.flight() != null;
    boolean isTrouble =
        seen.held() != null ? seen.failures() > 0 || inFlight : inFlight && !seen.hopes(nanos);
    if (isTrouble && !seen.holdsUnexpired(now, nanos)) {
      Story.Standing standing = standing(seen, first, now, nanos, true);
      toLog.add(() -> story.stands(standing, nanos));
    }
  }

  void identityChanged(Held now, Origin.Source previous, @Nullable Failure why) {
    CredentialsStatus.Failure reason = why == null ? null : why.asStatus();
    String source = now.source().name();
    toLog.add(() -> story.identityChanged(source, previous.name(), reason));
    tell(new CredentialsEvent.IdentityChanged(source, previous.name(), reason));
  }

  private static Story.Standing standing(
      State state, Origin.Source first, long now, long nanos, boolean triesAgain) {
    Failure failure = state.failure();
    Held held = state.held();
    long left = state.lifetimeLeft(now, nanos);
    Origin.Source source =
        held != null ? held.source() : failure != null ? failure.source() : first;
    return new Story.Standing(
        failure,
        source.name(),
        state.failures(),
        left,
        left == 0 && (held != null || !state.hopes(nanos)),
        held != null,
        triesAgain
            ? Optional.of(Duration.ofMillis(state.next().millisLeft(now, nanos)))
            : Optional.empty());
  }

  void tell(CredentialsEvent event) {
    if (listener == NOBODY) {
      return;
    }
    toListener.add(
        () -> {
          try {
            hand(event);
          } catch (Throwable e) {
            String thrown = e.getClass().getName();
            toLog.add(() -> LOG.warn("a credentials event listener threw {}", thrown));
          }
        });
  }

  private void hand(CredentialsEvent event) {
    if (event instanceof CredentialsEvent.Refreshed refreshed) {
      listener.onRefreshed(refreshed);
    } else if (event instanceof CredentialsEvent.RefreshFailed failed) {
      listener.onRefreshFailed(failed);
    } else if (event instanceof CredentialsEvent.IdentityChanged changed) {
      listener.onIdentityChanged(changed);
    } else {
      listener.onEvent(event);
    }
  }

  private static final class Nobody implements CredentialsEventListener {}

  private static String lastFour(String accessKeyId) {
    return accessKeyId.substring(Math.max(0, accessKeyId.length() - 4));
  }
}
