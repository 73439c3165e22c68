package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.spi.ExchangeException;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkClientException;

/**
 * Thrown when there are no credentials to give. The message says since when, why, what was tried,
 * and what a person can do about it; it holds no secret.
 *
 * <p>Each caller gets an exception of its own, with its own stack. The cause, where there is one,
 * is the {@link ExchangeException} of the last attempt, which all callers that waited for it share.
 *
 * <p>It survives serialisation whole, including the status, and any JVM that has this library can
 * read it.
 *
 * @since 0.1
 */
public final class CredentialsUnavailableException extends SdkClientException {
  private static final long serialVersionUID = 2L;

  // Not written as such: see SerialForm.
  private final transient CredentialsStatus status;

  private final transient Problem problem;

  /**
   * Makes the exception of one caller.
   *
   * @param problem why there is nothing to give
   */
  CredentialsUnavailableException(
      String message,
      CredentialsStatus status,
      Problem problem,
      @Nullable ExchangeException cause) {
    super(builder(message, cause));
    this.status = status;
    this.problem = problem;
  }

  private static SdkClientException.Builder builder(
      String message, @Nullable ExchangeException cause) {
    SdkClientException.Builder builder = SdkClientException.builder().message(message);
    if (cause != null) {
      builder.cause(cause);
    }
    return builder;
  }

  /**
   * Returns the state of the provider's credentials when the exception was made.
   *
   * @return the status
   */
  public CredentialsStatus status() {
    return status;
  }

  /**
   * Returns why there are no credentials to give, as data.
   *
   * @return that of the last attempt's failure, or that the credentials held live too short, or
   *     that the first attempt has not ended yet
   */
  public Problem problem() {
    return problem;
  }

  /**
   * Returns what the failure means: {@code REJECTED} and {@code MISCONFIGURED} need a person to
   * change something, {@code TRANSIENT} may pass by itself.
   *
   * @return the problem's kind
   */
  public FailureKind kind() {
    return problem.kind();
  }

  /**
   * Writes the serial form in this exception's place.
   *
   * @return what is written
   */
  private Object writeReplace() {
    return new SerialForm(this);
  }

  /**
   * Refuses a stream of this class itself.
   *
   * @param in the stream
   * @throws InvalidObjectException always: only the serial form is read
   */
  private void readObject(ObjectInputStream in) throws InvalidObjectException {
    throw new InvalidObjectException("only its serial form is read");
  }

  /**
   * What is written: types of the JDK alone, and the {@link ExchangeException}, whose form has none
   * but these either. Whatever a stream does not have is read as null.
   */
  private static final class SerialForm implements Serializable {
    private static final long serialVersionUID = 1L;

    private final @Nullable String message;
    private final @Nullable Throwable cause;
    private final StackTraceElement @Nullable [] stack;

    /** Carries what was suppressed: it knows how to write exceptions of others. */
    private final @Nullable Throwable suppressed;

    private final @Nullable String source;
    private final @Nullable String health;
    private final @Nullable Instant expiration;
    private final @Nullable Instant nextRefresh;
    private final int consecutiveFailures;
    private final long exchanges;
    private final @Nullable Duration clockSkew;
    private final @Nullable Instant disbelievedDate;
    private final @Nullable Instant failedAt;
    private final @Nullable String failedSource;

    /** The last failure's problem, code, status, request id and Retry-After. */
    private final @Nullable Throwable lastFailure;

    /** The caller's own problem, where it is not that of the last failure. */
    private final @Nullable Throwable own;

    SerialForm(CredentialsUnavailableException e) {
      message = e.getMessage();
      cause = e.getCause();
      stack = e.getStackTrace();
      suppressed = carrier(e.getSuppressed());
      source = e.status.source();
      health = e.status.health().name();
      expiration = e.status.expiration().orElse(null);
      nextRefresh = e.status.nextRefresh().orElse(null);
      consecutiveFailures = e.status.consecutiveFailures();
      exchanges = e.status.exchanges();
      clockSkew = e.status.clockSkew().orElse(null);
      disbelievedDate = e.status.disbelievedDate().orElse(null);
      failedSource = e.status.lastFailure().map(CredentialsStatus.Failure::source).orElse(null);
      failedAt = e.status.lastFailure().map(CredentialsStatus.Failure::at).orElse(null);
      lastFailure = e.status.lastFailure().map(SerialForm::asException).orElse(null);
      boolean isOfLastFailure =
          e.status.lastFailure().filter(failure -> failure.problem().equals(e.problem)).isPresent();
      own = isOfLastFailure ? null : ExchangeException.builder(e.problem).build();
    }

    private static @Nullable ExchangeException carrier(Throwable[] suppressed) {
      if (suppressed.length == 0) {
        return null;
      }
      ExchangeException carrier =
          ExchangeException.builder(FailureKind.TRANSIENT, "suppressed").build();
      for (Throwable one : suppressed) {
        carrier.addSuppressed(one);
      }
      return carrier;
    }

    private static ExchangeException asException(CredentialsStatus.Failure failure) {
      ExchangeException.Builder exception =
          ExchangeException.builder(failure.problem())
              .code(failure.code().orElse(null))
              .requestId(failure.requestId().orElse(null))
              .retryAfter(failure.retryAfter().orElse(null));
      failure.status().ifPresent(exception::status);
      return exception.build();
    }

    private Object readResolve() {
      CredentialsUnavailableException read =
          new CredentialsUnavailableException(
              message == null ? "there are no credentials" : message,
              status(),
              problem(),
              cause instanceof ExchangeException exchange ? exchange : null);
      if (suppressed != null) {
        for (Throwable one : suppressed.getSuppressed()) {
          read.addSuppressed(one);
        }
      }
      if (stack != null && Stream.of(stack).allMatch(Objects::nonNull)) {
        read.setStackTrace(stack);
      }
      return read;
    }

    private Problem problem() {
      if (own instanceof ExchangeException told) {
        return told.problem();
      }
      return lastFailure instanceof ExchangeException failure
          ? failure.problem()
          : Problem.builder(Problem.UNSPECIFIED, FailureKind.TRANSIENT, "there are no credentials")
              .build();
    }

    private CredentialsStatus status() {
      return CredentialsStatus.builder(
              source == null ? "none" : source,
              // There was nothing to give, whatever a later version calls it.
              Stream.of(CredentialsStatus.Health.values())
                  .filter(one -> one.name().equals(health))
                  .findFirst()
                  .orElse(CredentialsStatus.Health.UNAVAILABLE))
          .expiration(expiration)
          .nextRefresh(nextRefresh)
          .lastFailure(lastFailure instanceof ExchangeException failure ? asFailure(failure) : null)
          .consecutiveFailures(Math.max(0, consecutiveFailures))
          .exchanges(Math.max(0, exchanges))
          .clockSkew(clockSkew)
          .disbelievedDate(disbelievedDate)
          .build();
    }

    private CredentialsStatus.Failure asFailure(ExchangeException failure) {
      CredentialsStatus.Failure.Builder read =
          CredentialsStatus.Failure.builder(
                  failedSource == null ? "none" : failedSource,
                  failedAt == null ? Instant.EPOCH : failedAt,
                  failure.problem())
              .code(failure.code().orElse(null))
              .requestId(failure.requestId().orElse(null))
              .retryAfter(failure.retryAfter().orElse(null));
      failure.status().ifPresent(read::status);
      return read.build();
    }
  }
}
