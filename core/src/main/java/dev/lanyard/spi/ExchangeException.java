package dev.lanyard.spi;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Why an exchange gave no session credentials: a {@link Problem}, and what the service said with
 * it. All of it is data, so that nobody has to parse a message.
 *
 * <p>Code that throws it has to make sure that neither its message nor the messages of its causes
 * hold a secret access key, a session token, a web identity token or an authorization token.
 *
 * <p>It survives serialisation whole, and any JVM that has this library can read it. Causes and
 * suppressed exceptions whose classes are not of the JDK, or that cannot be serialised, are
 * replaced by an exception that prints the same text, without anything that looks like a secret.
 *
 * @since 0.1
 */
public final class ExchangeException extends Exception {
  private static final long serialVersionUID = 2L;

  // None of these is written: see SerialForm.
  private final transient Problem problem;
  private final transient Optional<String> code;
  private final transient OptionalInt status;
  private final transient Optional<String> requestId;
  private final transient Optional<Duration> retryAfter;
  private final transient Optional<Instant> answeredAt;

  private ExchangeException(Builder builder) {
    super(builder.built.summary(), builder.cause);
    this.problem = builder.built;
    this.code = Optional.ofNullable(builder.code);
    this.status = builder.status == null ? OptionalInt.empty() : OptionalInt.of(builder.status);
    this.requestId = Optional.ofNullable(builder.requestId);
    this.retryAfter = Optional.ofNullable(builder.retryAfter);
    this.answeredAt = Optional.ofNullable(builder.answeredAt);
  }

  /**
   * Starts an exception of a problem.
   *
   * @param problem what went wrong, and what to do about it
   * @return a builder with nothing else set
   */
  public static Builder builder(Problem problem) {
    return new Builder(problem.toBuilder());
  }

  /**
   * Starts an exception of a problem that has no id of its own: its id is {@link
   * Problem#UNSPECIFIED}.
   *
   * @param kind what the failure means for the next attempt
   * @param message what went wrong and where, in one sentence or more, without a secret and without
   *     the full stop at the end
   * @return a builder with nothing else set
   */
  public static Builder builder(FailureKind kind, String message) {
    Objects.requireNonNull(message, "message");
    return new Builder(Problem.builder(Problem.UNSPECIFIED, kind, message));
  }

  /**
   * Returns what went wrong, as data. The exception's message is its summary.
   *
   * @return the problem
   */
  public Problem problem() {
    return problem;
  }

  /**
   * Returns what the failure means for the next attempt.
   *
   * @return the problem's kind
   */
  public FailureKind kind() {
    return problem.kind();
  }

  /**
   * Returns the service's own error code, such as {@code AccessDenied}.
   *
   * @return the code, empty if the service gave none or was not reached
   */
  public Optional<String> code() {
    return code;
  }

  /**
   * Returns the HTTP status of the answer.
   *
   * @return the status, empty if there was no answer
   */
  public OptionalInt status() {
    return status;
  }

  /**
   * Returns the request id that the service gave, for a support case or CloudTrail.
   *
   * @return the id, empty if there is none
   */
  public Optional<String> requestId() {
    return requestId;
  }

  /**
   * Returns how long the service asks the caller to wait before the next attempt.
   *
   * @return the wait, empty if the service asked for none
   */
  public Optional<Duration> retryAfter() {
    return retryAfter;
  }

  /**
   * Returns what a person can do about it.
   *
   * @return the problem's steps as text; empty if there are none
   */
  public Optional<String> remedy() {
    return problem.remedy();
  }

  /**
   * Returns when the answer was sent, by the sender's clock. From it the engine learns how wrong
   * this machine's clock is.
   *
   * @return the time; empty if there was no answer, if the answer has no {@code Date}, or if this
   *     machine's own clock dated it
   */
  public Optional<Instant> answeredAt() {
    return answeredAt;
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
   * What is written: types of the JDK alone, so that neither another version of this class nor one
   * of its superclasses matters. Whatever a stream does not have is read as null.
   */
  private static final class SerialForm implements Serializable {
    private static final long serialVersionUID = 1L;

    private final @Nullable String id;
    private final @Nullable String message;
    private final @Nullable String kind;
    private final @Nullable String page;

    /** Name and value of each fact, one after the other. */
    private final @Nullable String @Nullable [] facts;

    /** Text and command of each step, one after the other; null for no command. */
    private final @Nullable String @Nullable [] steps;

    private final @Nullable String code;
    private final @Nullable Integer status;
    private final @Nullable String requestId;
    private final @Nullable Duration retryAfter;
    private final @Nullable Instant answeredAt;
    private final @Nullable Throwable cause;
    private final Throwable @Nullable [] suppressed;
    private final StackTraceElement @Nullable [] stack;

    SerialForm(ExchangeException e) {
      id = e.problem.id();
      message = e.getMessage();
      kind = e.kind().name();
      page = e.problem.page().orElse(null);
      facts =
          e.problem.facts().stream()
              .flatMap(fact -> Stream.of(fact.name(), fact.value().orElse("")))
              .toArray(String[]::new);
      steps =
          e.problem.steps().stream()
              .flatMap(step -> Stream.of(step.text(), step.command().orElse(null)))
              .toArray(String[]::new);
      code = e.code.orElse(null);
      status = e.status.isPresent() ? e.status.getAsInt() : null;
      requestId = e.requestId.orElse(null);
      retryAfter = e.retryAfter.orElse(null);
      answeredAt = e.answeredAt.orElse(null);
      cause = ReplacedCause.of(e.getCause());
      suppressed =
          Stream.of(e.getSuppressed())
              .map(ReplacedCause::of)
              .filter(Objects::nonNull)
              .toArray(Throwable[]::new);
      stack = e.getStackTrace();
    }

    /** Reads a kind's name; what a later version may have added counts as transient. */
    private static FailureKind named(@Nullable String name) {
      for (FailureKind kind : FailureKind.values()) {
        if (kind.name().equals(name)) {
          return kind;
        }
      }
      return FailureKind.TRANSIENT;
    }

    private Problem problem() {
      FailureKind read = named(kind);
      String summary = message == null ? "an exchange failed" : message;
      Problem.Builder builder;
      try {
        builder = Problem.builder(id == null ? Problem.UNSPECIFIED : id, read, summary);
      } catch (IllegalArgumentException e) {
        // A later version may form ids in another way.
        builder = Problem.builder(Problem.UNSPECIFIED, read, summary);
      }
      for (int i = 0; facts != null && i + 1 < facts.length; i += 2) {
        String name = facts[i];
        String value = facts[i + 1];
        if (name != null && value != null) {
          builder.fact(name, value);
        }
      }
      for (int i = 0; steps != null && i + 1 < steps.length; i += 2) {
        String text = steps[i];
        String command = steps[i + 1];
        if (text != null && command != null) {
          builder.step(text, command);
        } else if (text != null) {
          builder.step(text);
        }
      }
      if (page != null) {
        builder.page(page);
      }
      return builder.build();
    }

    private Object readResolve() {
      Builder builder =
          builder(problem())
              .code(code)
              .requestId(requestId)
              .retryAfter(retryAfter)
              .cause(cause)
              .answeredAt(answeredAt);
      if (status != null) {
        builder.status(status);
      }
      ExchangeException read = builder.build();
      if (suppressed != null) {
        Stream.of(suppressed).filter(Objects::nonNull).forEach(read::addSuppressed);
      }
      if (stack != null && Stream.of(stack).allMatch(Objects::nonNull)) {
        read.setStackTrace(stack);
      }
      return read;
    }
  }

  /**
   * Builds an {@link ExchangeException}. It takes what a service said as it is, so that no failure
   * is lost because of how it is told. Not for use by more than one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final Problem.Builder problem;
    private Problem built;
    private @Nullable String code;
    private @Nullable Integer status;
    private @Nullable String requestId;
    private @Nullable Duration retryAfter;
    private @Nullable Throwable cause;
    private @Nullable Instant answeredAt;

    private Builder(Problem.Builder problem) {
      this.problem = problem;
      this.built = problem.build();
    }

    /**
     * Sets the service's own error code.
     *
     * @param code such as {@code AccessDenied}
     * @return this builder
     */
    public Builder code(@Nullable String code) {
      this.code = code;
      return this;
    }

    /**
     * Sets the HTTP status of the answer.
     *
     * @param status such as 403
     * @return this builder
     */
    public Builder status(int status) {
      this.status = status;
      return this;
    }

    /**
     * Sets the request id that the service gave.
     *
     * @param requestId the id
     * @return this builder
     */
    public Builder requestId(@Nullable String requestId) {
      this.requestId = requestId;
      return this;
    }

    /**
     * Sets how long the service asks the caller to wait.
     *
     * @param retryAfter the wait; null or a negative one counts as none
     * @return this builder
     */
    public Builder retryAfter(@Nullable Duration retryAfter) {
      this.retryAfter = retryAfter == null || retryAfter.isNegative() ? null : retryAfter;
      return this;
    }

    /**
     * Adds a step that a person can take.
     *
     * @param remedy one sentence or more, without the full stop at the end; null adds none
     * @return this builder
     */
    public Builder remedy(@Nullable String remedy) {
      if (remedy != null) {
        problem.step(remedy);
      }
      return this;
    }

    /**
     * Sets the cause.
     *
     * @param cause what led to it; its messages hold no secret
     * @return this builder
     */
    public Builder cause(@Nullable Throwable cause) {
      this.cause = cause;
      return this;
    }

    /**
     * Sets when the answer was sent, by the sender's clock.
     *
     * @param answeredAt the answer's {@code Date} plus its {@code Age}, or null if it has no {@code
     *     Date} or if this machine's own clock dated it
     * @return this builder
     */
    public Builder answeredAt(@Nullable Instant answeredAt) {
      this.answeredAt = answeredAt;
      return this;
    }

    /**
     * Builds the exception.
     *
     * @return the exception, with the stack of this call
     */
    public ExchangeException build() {
      built = problem.build();
      return new ExchangeException(this);
    }
  }
}
