package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the log says of one engine, once each: a streak's first failure and each change of its cause
 * (WARN), that the last credentials have expired or that the first never came (ERROR), a reminder
 * every five minutes from then on (WARN), and that it is over and how long it lasted (INFO). All
 * else is DEBUG.
 *
 * <p>For one thread at a time: {@link Events} tells it of things in their order.
 */
final class Story {
  private static final Logger LOG = LoggerFactory.getLogger("dev.lanyard");

  private static final long AGAIN = Duration.ofMinutes(5).toNanos();

  /** Of causes that differ in nothing that is data, the log tells one. */
  private record Cause(String source, FailureKind kind, Optional<String> code) {
    static Cause of(Failure failure) {
      return new Cause(failure.source().name(), failure.cause().kind(), failure.cause().code());
    }
  }

  /**
   * How an engine stands after a failure, or without one.
   *
   * @param failure the last failure, if any
   * @param source whose credentials are held, or would be
   * @param failures how many have failed in a row
   * @param left how long what is held is still good for, in milliseconds
   * @param isLost whether nothing is left to give: the last credentials have expired, or the first
   *     have not come in the time in which an outage can be hoped to pass
   * @param held whether credentials ever were held
   * @param next how long until the next attempt; empty if nothing tries again
   */
  record Standing(
      @Nullable Failure failure,
      String source,
      int failures,
      long left,
      boolean isLost,
      boolean held,
      Optional<Duration> next) {}

  private final @Nullable String name;
  private final Map<Cause, Long> told = new HashMap<>();
  private @Nullable Cause last;
  private boolean failing;
  private long failingSince;
  private boolean lost;
  private long lostSince;
  private long lastLine;

  /**
   * Makes the story of one engine.
   *
   * @param name the name that the application gave to it, if it gave one: each line begins with it
   */
  Story(@Nullable String name) {
    this.name = name;
  }

  /** Whose line it is: the engine's by its name, and the source's. */
  private String who(String source) {
    return name == null ? source : name + " (" + source + ")";
  }

  /** An exchange failed, or what was held has ended while one is under way. */
  void stands(Standing standing, long nanos) {
    if (standing.next().isEmpty() && standing.failure() != null) {
      // Nothing is configured. Whoever asks is told so; it is no story.
      LOG.debug("{}: {}", who(standing.source()), standing.failure().cause().getMessage());
      return;
    }
    if (!failing) {
      failing = true;
      failingSince = nanos;
    }
    Failure failure = standing.failure();
    Cause cause = failure == null ? null : Cause.of(failure);
    if (standing.isLost() && !lost) {
      lost = true;
      lostSince = nanos;
      LOG.error(
          "{}: {} {}",
          who(standing.source()),
          standing.held()
              ? "the last credentials have expired, and callers get exceptions."
              : "no credentials have come since the start, and callers get exceptions.",
          failure == null ? "An exchange is in flight." : "Exchange " + line(failure, standing));
      note(cause, nanos);
    } else if (failure != null && cause != null && !cause.equals(last) && isNew(cause, nanos)) {
      LOG.warn("{}: exchange {}", who(failure.source().name()), line(failure, standing));
      note(cause, nanos);
    } else if (lost && nanos - lastLine >= AGAIN) {
      LOG.warn(
          "{}: still no credentials after {}. {}",
          who(standing.source()),
          Text.of(Duration.ofNanos(nanos - lostSince)),
          failure == null ? "An exchange is in flight." : "Exchange " + line(failure, standing));
      note(cause, nanos);
    } else if (failure != null) {
      LOG.debug("{}: exchange {}", who(failure.source().name()), line(failure, standing));
    }
    if (cause != null) {
      last = cause;
    }
  }

  /** An exchange brought credentials, new ones or once more the same. */
  void recovered(Held held, boolean isNew, int failuresBefore, Duration took, long nanos) {
    String key = Text.keyId(held.identity().accessKeyId());
    if (failing) {
      LOG.info(
          "{}: obtained session credentials {}, valid until {}, after {} failed exchanges in {}",
          who(held.source().name()),
          key,
          Instant.ofEpochMilli(held.expires().millis()),
          failuresBefore,
          Text.of(Duration.ofNanos(nanos - failingSince)));
    } else if (isNew && LOG.isDebugEnabled()) {
      LOG.debug(
          "{}: obtained session credentials {}, valid until {}, in {}",
          who(held.source().name()),
          key,
          Instant.ofEpochMilli(held.expires().millis()),
          Text.of(took));
    }
    end();
  }

  /** The process works as another identity from now on. */
  void identityChanged(String source, String previous, CredentialsStatus.@Nullable Failure reason) {
    LOG.warn(
        "{} now works with the credentials of {}, no longer with those of {}{}",
        name == null ? "this process" : name,
        source,
        previous,
        reason == null ? ", which answers again" : ": " + Text.sentence(reason.message()));
    end();
  }

  private void end() {
    told.clear();
    last = null;
    failing = false;
    lost = false;
  }

  private boolean isNew(Cause cause, long nanos) {
    Long before = told.get(cause);
    return before == null || nanos - before >= AGAIN;
  }

  private void note(@Nullable Cause cause, long nanos) {
    lastLine = nanos;
    if (cause != null) {
      told.put(cause, nanos);
    }
  }

  private static String line(Failure failure, Standing standing) {
    return "failed ("
        + standing.failures()
        + " in a row): "
        + Text.sentence(String.valueOf(failure.cause().getMessage()))
        + " "
        + (standing.left() > 0
            ? "The credentials held are good for " + Text.of(Duration.ofMillis(standing.left()))
            : "There are no credentials to give")
        + standing.next().map(next -> "; next attempt in " + Text.of(next)).orElse("")
        + "."
        + failure.cause().remedy().map(text -> " " + Text.sentence(text)).orElse("");
  }
}
