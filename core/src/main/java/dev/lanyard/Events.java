package dev.lanyard;

import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the log and the listener what happened. Neither can change anything: what they throw is
 * dropped, and a listener that never returns holds up its own events only.
 */
final class Events {
  private static final Logger LOG = LoggerFactory.getLogger("dev.lanyard");

  /** The listener where the application gave none. */
  static final CredentialsEventListener NOBODY = new Nobody();

  /** A listener that hangs must not fill the memory. */
  private static final int MOST_PENDING = 256;

  private final CredentialsEventListener listener;
  private final Time time;
  private final Queue<CredentialsEvent> pending = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean draining = new AtomicBoolean();

  Events(CredentialsEventListener listener, Time time) {
    this.listener = listener;
    this.time = time;
  }

  void refreshed(String source, Held held, Duration took, int failuresBefore) {
    String suffix = lastFour(held.identity().accessKeyId());
    Instant expiration = Instant.ofEpochMilli(held.expires().millis());
    if (failuresBefore > 0) {
      log(
          () ->
              LOG.info(
                  "{}: session credentials ****{} until {}, after {} failed exchanges",
                  source,
                  suffix,
                  expiration,
                  failuresBefore));
    } else if (isDebugEnabled()) {
      log(
          () ->
              LOG.debug(
                  "{}: session credentials ****{} until {}, exchanged in {}",
                  source,
                  suffix,
                  expiration,
                  Text.of(took)));
    }
    tell(new CredentialsEvent.Refreshed(source, suffix, expiration, took));
  }

  /** Warns once a streak. */
  void failed(String source, Failure why, State after, boolean triesAgain) {
    ExchangeException failure = why.cause();
    String message = String.valueOf(failure.getMessage());
    long lifetimeLeft = after.lifetimeLeft(why.at(), why.atNanos());
    Optional<Instant> nextAttempt =
        triesAgain ? Optional.of(Instant.ofEpochMilli(after.next().millis())) : Optional.empty();
    String standing =
        lifetimeLeft > 0
            ? "the credentials held are good for " + Text.of(Duration.ofMillis(lifetimeLeft))
            : "there are no credentials to give";
    String next =
        triesAgain
            ? "next attempt in " + Text.of(Duration.ofMillis(after.next().millis() - why.at()))
            : "next attempt when a caller asks";
    String remedy = failure.remedy().map(text -> " " + Text.sentence(text)).orElse("");
    String line = "{}: exchange failed ({} in a row): {} Now {}; {}.{}";
    Object[] values = {
      source, after.failures(), Text.sentence(message), standing, next, remedy,
    };
    log(after.failures() == 1 ? () -> LOG.warn(line, values) : () -> LOG.debug(line, values));
    tell(
        new CredentialsEvent.RefreshFailed(
            source, failure.kind(), message, after.failures(), nextAttempt));
  }

  void fellBack(String source, String refused, ExchangeException reason) {
    String message = String.valueOf(reason.getMessage());
    log(
        () ->
            LOG.warn(
                "{} was refused; from now on this process works as the identity of {}: {}",
                refused,
                source,
                message));
    tell(new CredentialsEvent.FellBack(source, refused, message));
  }

  private void tell(CredentialsEvent event) {
    if (listener == NOBODY || pending.size() >= MOST_PENDING) {
      return;
    }
    pending.add(event);
    if (draining.compareAndSet(false, true)) {
      try {
        time.execute(this::drain);
      } catch (RuntimeException | Error e) {
        // No thread to be had: the events wait for the next one.
        draining.set(false);
      }
    }
  }

  /** One at a time, in order: whoever set the flag drains. */
  private void drain() {
    do {
      CredentialsEvent event;
      while ((event = pending.poll()) != null) {
        try {
          listener.onEvent(event);
        } catch (Throwable e) {
          String thrown = e.getClass().getName();
          log(() -> LOG.warn("a credentials event listener threw {}", thrown));
        }
      }
      draining.set(false);
      // An event added after the last poll and before the flag fell has nobody else to drain it.
    } while (!pending.isEmpty() && draining.compareAndSet(false, true));
  }

  private static boolean isDebugEnabled() {
    try {
      return LOG.isDebugEnabled();
    } catch (Throwable e) {
      // As below.
      return false;
    }
  }

  private static void log(Runnable line) {
    try {
      line.run();
    } catch (Throwable e) {
      // A logger that throws changes nothing, and there is nowhere to say so.
    }
  }

  private static final class Nobody implements CredentialsEventListener {
    @Override
    public void onEvent(CredentialsEvent event) {}
  }

  private static String lastFour(String accessKeyId) {
    return accessKeyId.substring(Math.max(0, accessKeyId.length() - 4));
  }
}
