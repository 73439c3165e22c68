package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.spi.ExchangeException;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
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
 */
public final class CredentialsUnavailableException extends SdkClientException {
  private static final long serialVersionUID = 2L;

  // Not written as such: see SerialForm.
  private final transient CredentialsStatus status;

  CredentialsUnavailableException(
      String message, CredentialsStatus status, @Nullable ExchangeException cause) {
    super(builder(message, cause));
    this.status = status;
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
   * Returns what the failure means: {@code REJECTED} and {@code MISCONFIGURED} need a person to
   * change something, {@code TRANSIENT} may pass by itself.
   *
   * @return the kind of the last attempt's failure; empty if no attempt has ended
   */
  public Optional<FailureKind> kind() {
    return status.lastFailure().map(CredentialsStatus.Failure::kind);
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

    /** The last failure's message, kind, code, request id and remedy. */
    private final @Nullable Throwable lastFailure;

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
      return ExchangeException.builder(failure.kind(), failure.message())
          .code(failure.code().orElse(null))
          .requestId(failure.requestId().orElse(null))
          .remedy(failure.remedy().orElse(null))
          .build();
    }

    private Object readResolve() {
      CredentialsUnavailableException read =
          new CredentialsUnavailableException(
              message == null ? "there are no credentials" : message,
              status(),
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

    private CredentialsStatus status() {
      return new CredentialsStatus(
          source == null ? "none" : source,
          // There was nothing to give, whatever a later version calls it.
          Stream.of(CredentialsStatus.Health.values())
              .filter(one -> one.name().equals(health))
              .findFirst()
              .orElse(CredentialsStatus.Health.UNAVAILABLE),
          Optional.ofNullable(expiration),
          Optional.ofNullable(nextRefresh),
          lastFailure instanceof ExchangeException failure
              ? Optional.of(asFailure(failure))
              : Optional.empty(),
          consecutiveFailures,
          exchanges,
          Optional.ofNullable(clockSkew),
          Optional.ofNullable(disbelievedDate));
    }

    private CredentialsStatus.Failure asFailure(ExchangeException failure) {
      return new CredentialsStatus.Failure(
          failedSource == null ? "none" : failedSource,
          failedAt == null ? Instant.EPOCH : failedAt,
          failure.kind(),
          String.valueOf(failure.getMessage()),
          failure.code(),
          failure.requestId(),
          failure.remedy());
    }
  }
}
