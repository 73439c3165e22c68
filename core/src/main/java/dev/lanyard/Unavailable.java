package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Why a caller gets an exception: since when there are no credentials, what was tried, and what a
 * person can do about it. Rendered from what the engine knows, at one moment.
 *
 * @param seen what the engine knows
 * @param waiter the caller
 * @param waitedOut whether the caller waited for as long as it may
 */
record Unavailable(
    State seen, Waiter waiter, boolean waitedOut, Origin origin, long now, long nanos) {

  CredentialsUnavailableException exception(CredentialsStatus status) {
    Failure failure = failure();
    Problem problem = problem();
    return new CredentialsUnavailableException(
        message(problem), status, problem, failure == null ? null : failure.cause());
  }

  private long left() {
    return seen.lifetimeLeft(now, nanos);
  }

  private Origin.Source source() {
    Held held = seen.held();
    return held == null ? origin.first() : held.source();
  }

  /** The failure that the caller is told of. */
  private @Nullable Failure failure() {
    // However the last exchange ended: no exchange brings what is asked for.
    return isNeverGiven() ? null : seen.failure();
  }

  private boolean isNeverGiven() {
    return left() > 0 && Waiting.isNeverGiven(seen, waiter.minimum());
  }

  private boolean livesTooShort() {
    return failure() == null && left() > 0 && (isNeverGiven() || !waitedOut);
  }

  private Problem problem() {
    Failure failure = failure();
    if (failure != null) {
      return failure.cause().problem();
    }
    return livesTooShort()
        ? tooShort()
        : Problems.of(
                Problems.NOT_ENDED,
                FailureKind.TRANSIENT,
                "the exchange of " + source().name() + " has not ended yet")
            .fact("source", source().name())
            .build();
  }

  /** What is held lives, but not for as long as is asked for. */
  private Problem tooShort() {
    long minimum = waiter.minimum();
    boolean never = isNeverGiven() || (seen.hasShownItsLifetime() && minimum > seen.longestGiven());
    String source = source().name();
    String lifetime = Text.of(Duration.ofMillis(seen.longestGiven()));
    return Problems.of(
            never ? Problems.NEVER_LIVES_LONG_ENOUGH : Problems.LIVES_TOO_SHORT_NOW,
            never ? FailureKind.MISCONFIGURED : FailureKind.TRANSIENT,
            never
                ? "credentials of " + source + " live for " + lifetime + " when they are new"
                : "these lived for "
                    + lifetime
                    + " when they came"
                    + (seen.wasServedAgain()
                        ? ", and the source serves them again until they end"
                        : ""))
        .fact("source", source)
        .fact("asked for", Duration.ofMillis(minimum).toString())
        .fact("left", Duration.ofMillis(left()).toString())
        .fact("lifetime when new", Duration.ofMillis(seen.longestGiven()).toString())
        .step(
            never
                ? "Ask for less, or for longer sessions: IrsaCredentialsProvider has duration(...),"
                    + " up to the maximum session duration of the role"
                : "To have such credentials at any time, assume a second role with"
                    + " AssumeRoleCredentialsProvider: it gets a new session whenever it asks for"
                    + " one")
        .build();
  }

  private String message(Problem problem) {
    StringBuilder text = new StringBuilder(state());
    Failure failure = failure();
    if (failure != null) {
      text.append(' ');
      if (failure.source().rank() != source().rank()) {
        text.append("The exchange of ").append(failure.source().name()).append(" failed: ");
      }
      text.append(Text.sentence(capitalized(problem.summary())));
    } else if (livesTooShort()) {
      text.append(" The source gives no credentials that live longer. ")
          .append(Text.sentence(capitalized(problem.summary())));
    }
    if (failure != null && seen.failures() > 1) {
      text.append(" Tried ").append(seen.failures()).append(" times in a row.");
    }
    text.append(whatComes()).append(notes());
    problem.remedy().ifPresent(remedy -> text.append(' ').append(Text.sentence(remedy)));
    return text.toString();
  }

  private String state() {
    Held held = seen.held();
    String source = source().name();
    if (left() > 0) {
      return "The credentials of "
          + source
          + " are good for "
          + Text.of(Duration.ofMillis(left()))
          + ", but "
          + Text.of(Duration.ofMillis(waiter.minimum()))
          + " were asked for.";
    }
    if (held != null) {
      return "The credentials of "
          + source
          + " expired "
          + Text.of(held.expires().ago(now, nanos))
          + " ago, at "
          + held.expires().told(now, nanos)
          + ", and could not be refreshed.";
    }
    return "There are no AWS credentials from " + source + ".";
  }

  private String whatComes() {
    Flight flight = seen.flight();
    if (waitedOut) {
      return " Waited "
          + Text.of(Duration.ofNanos(nanos - waiter.arrivedNanos()))
          + (flight == null
              ? ""
              : "; an exchange that began " + Text.of(flight.elapsed()) + " ago is still in flight")
          + ".";
    }
    boolean triesAgain =
        failure() != null && origin.mayHeal() && flight == null && !seen.isShutDown();
    return triesAgain
        ? " The next attempt is due in "
            + Text.of(Duration.ofMillis(seen.next().millisLeft(now, nanos)))
            + "."
        : "";
  }

  private String notes() {
    Held held = seen.held();
    if (held == null) {
      return "";
    }
    Optional<Instant> disbelieved = held.life().disbelieved();
    return Text.skew(held.life().skewNow(now, nanos)).map(skew -> " Note: " + skew + ".").orElse("")
        + disbelieved
            .map(
                date ->
                    " Note: the source dated its answer "
                        + date
                        + ", which cannot be true, so this machine's clock was used.")
            .orElse("");
  }

  private static String capitalized(String text) {
    return text.isEmpty() ? text : Character.toUpperCase(text.charAt(0)) + text.substring(1);
  }
}
