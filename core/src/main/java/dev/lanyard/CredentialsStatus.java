package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The state of a provider's credentials at one moment, for metrics and health checks. Immutable,
 * and without secrets. All times are by this machine's wall clock.
 *
 * <p>A test of a probe or a dashboard makes its own with {@link #builder}.
 *
 * @since 0.1
 */
public final class CredentialsStatus {
  private final String source;
  private final Health health;
  private final @Nullable Instant expiration;
  private final @Nullable Instant nextRefresh;
  private final @Nullable Failure lastFailure;
  private final int consecutiveFailures;
  private final long exchanges;
  private final @Nullable Duration clockSkew;
  private final @Nullable Instant disbelievedDate;

  private CredentialsStatus(Builder builder) {
    this.source = builder.source;
    this.health = builder.health;
    this.expiration = builder.expiration;
    this.nextRefresh = builder.nextRefresh;
    this.lastFailure = builder.lastFailure;
    this.consecutiveFailures = builder.consecutiveFailures;
    this.exchanges = builder.exchanges;
    this.clockSkew = builder.clockSkew;
    this.disbelievedDate = builder.disbelievedDate;
  }

  /**
   * Whether callers can get credentials. Later versions may add values: code that branches on the
   * health treats one that it does not know by {@link CredentialsStatus#usable}.
   *
   * @since 0.1
   */
  public enum Health {
    /** There are no credentials and no failure yet: the first exchange has not ended. */
    STARTING,
    /** Unexpired credentials are held, and the last exchange succeeded. */
    HEALTHY,
    /** Unexpired credentials are held, and the last exchange failed. Callers notice nothing. */
    DEGRADED,
    /**
     * No unexpired credentials are held, after a failed exchange or an expiration. Callers wait, or
     * get an exception.
     */
    UNAVAILABLE
  }

  /**
   * Starts a status, for tests of code that reads one.
   *
   * @param source the name of the source, such as {@code irsa}
   * @param health what a caller would get
   * @return a builder with nothing else set
   */
  public static Builder builder(String source, Health health) {
    return new Builder(source, health);
  }

  /**
   * Returns the source of the credentials.
   *
   * @return the name of the source of the credentials held, expired ones included, such as {@code
   *     irsa}; of the first source if none were ever held; {@code none} if none is configured;
   *     {@code application} if the application's own provider is in use
   */
  public String source() {
    return source;
  }

  /**
   * Returns what a caller would get now.
   *
   * @return the health
   */
  public Health health() {
    return health;
  }

  /**
   * Tells whether unexpired credentials are held, so that no caller waits. A readiness probe asks
   * this.
   *
   * @return true for {@link Health#HEALTHY} and {@link Health#DEGRADED}
   */
  public boolean usable() {
    return health == Health.HEALTHY || health == Health.DEGRADED;
  }

  /**
   * Returns when the credentials held expire, or have expired.
   *
   * @return the expiration; empty if none were ever held
   */
  public Optional<Instant> expiration() {
    return Optional.ofNullable(expiration);
  }

  /**
   * Returns when the next exchange begins.
   *
   * @return the time; empty while an exchange is in flight, where no source is configured, and
   *     after {@link Lanyard#shutdown}
   */
  public Optional<Instant> nextRefresh() {
    return Optional.ofNullable(nextRefresh);
  }

  /**
   * Returns the last exchange's failure.
   *
   * @return the failure; empty if the last exchange succeeded, or none has ended
   */
  public Optional<Failure> lastFailure() {
    return Optional.ofNullable(lastFailure);
  }

  /**
   * Returns how many exchanges have failed since the last that succeeded.
   *
   * @return zero or more
   */
  public int consecutiveFailures() {
    return consecutiveFailures;
  }

  /**
   * Returns how many exchanges have ended, successful or not, since the provider was built.
   *
   * @return zero or more
   */
  public long exchanges() {
    return exchanges;
  }

  /**
   * Returns how far the source's clock is ahead of this machine's.
   *
   * @return the skew, negative if the source's clock is behind; empty if it is less than 30
   *     seconds, and after a step of this machine's clock until the next answer
   */
  public Optional<Duration> clockSkew() {
    return Optional.ofNullable(clockSkew);
  }

  /**
   * Returns the {@code Date} of the answer that brought the credentials, if it could not be true:
   * this machine's clock then decided how long they live.
   *
   * @return the date that was not believed; empty if there was none
   */
  public Optional<Instant> disbelievedDate() {
    return Optional.ofNullable(disbelievedDate);
  }

  /**
   * Tells whether another status has the same values.
   *
   * @param other what to compare with
   * @return whether all values are equal
   */
  @Override
  public boolean equals(Object other) {
    return other instanceof CredentialsStatus that
        && source.equals(that.source)
        && health == that.health
        && Objects.equals(expiration, that.expiration)
        && Objects.equals(nextRefresh, that.nextRefresh)
        && Objects.equals(lastFailure, that.lastFailure)
        && consecutiveFailures == that.consecutiveFailures
        && exchanges == that.exchanges
        && Objects.equals(clockSkew, that.clockSkew)
        && Objects.equals(disbelievedDate, that.disbelievedDate);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        source,
        health,
        expiration,
        nextRefresh,
        lastFailure,
        consecutiveFailures,
        exchanges,
        clockSkew,
        disbelievedDate);
  }

  /** Writes the values that are there on one line, for a person to read. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("CredentialsStatus[").append(source);
    text.append(", ").append(health);
    expiration().ifPresent(when -> text.append(", expiration ").append(when));
    nextRefresh().ifPresent(when -> text.append(", next refresh ").append(when));
    text.append(", exchanges ").append(exchanges);
    text.append(", consecutive failures ").append(consecutiveFailures);
    lastFailure().ifPresent(failure -> text.append(", last failure ").append(failure));
    clockSkew().ifPresent(skew -> text.append(", clock skew ").append(skew));
    disbelievedDate().ifPresent(date -> text.append(", disbelieved date ").append(date));
    return text.append(']').toString();
  }

  /**
   * Why the last exchange gave no credentials. Immutable, and without secrets.
   *
   * @since 0.1
   */
  public static final class Failure {
    private final String source;
    private final Instant at;
    private final Problem problem;
    private final @Nullable String code;
    private final @Nullable Integer status;
    private final @Nullable String requestId;
    private final @Nullable Duration retryAfter;

    private Failure(Builder builder) {
      this.source = builder.source;
      this.at = builder.at;
      this.problem = builder.problem;
      this.code = builder.code;
      this.status = builder.status;
      this.requestId = builder.requestId;
      this.retryAfter = builder.retryAfter;
    }

    /**
     * Starts a failure, for tests of code that reads one.
     *
     * @param source the name of the source whose exchange failed
     * @param at when the exchange ended
     * @param problem what went wrong
     * @return a builder with nothing else set
     */
    public static Builder builder(String source, Instant at, Problem problem) {
      return new Builder(source, at, problem);
    }

    /**
     * Returns the source whose exchange failed.
     *
     * @return its name, such as {@code irsa}
     */
    public String source() {
      return source;
    }

    /**
     * Returns when the exchange ended.
     *
     * @return the time
     */
    public Instant at() {
      return at;
    }

    /**
     * Returns what went wrong, and what to do about it.
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
     * Returns what went wrong, for people.
     *
     * @return the problem's summary
     */
    public String message() {
      return problem.summary();
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
     * Returns the service's own error code, such as {@code AccessDenied}.
     *
     * @return the code; empty if the service gave none or was not reached
     */
    public Optional<String> code() {
      return Optional.ofNullable(code);
    }

    /**
     * Returns the HTTP status of the answer.
     *
     * @return the status; empty if there was no answer
     */
    public OptionalInt status() {
      return status == null ? OptionalInt.empty() : OptionalInt.of(status);
    }

    /**
     * Returns the service's request id, for a support case or CloudTrail.
     *
     * @return the id; empty if there is none
     */
    public Optional<String> requestId() {
      return Optional.ofNullable(requestId);
    }

    /**
     * Returns how long the service asked the caller to wait before the next attempt.
     *
     * @return the wait; empty if the service asked for none
     */
    public Optional<Duration> retryAfter() {
      return Optional.ofNullable(retryAfter);
    }

    /**
     * Tells whether another failure has the same values.
     *
     * @param other what to compare with
     * @return whether all values are equal
     */
    @Override
    public boolean equals(Object other) {
      return other instanceof Failure that
          && source.equals(that.source)
          && at.equals(that.at)
          && problem.equals(that.problem)
          && Objects.equals(code, that.code)
          && Objects.equals(status, that.status)
          && Objects.equals(requestId, that.requestId)
          && Objects.equals(retryAfter, that.retryAfter);
    }

    @Override
    public int hashCode() {
      return Objects.hash(source, at, problem, code, status, requestId, retryAfter);
    }

    /** Writes source, time and problem on one line, for a person to read. */
    @Override
    public String toString() {
      return "Failure[" + source + " at " + at + ", " + kind() + ", " + problem + "]";
    }

    /**
     * Builds a {@link Failure}. Not for use by more than one thread.
     *
     * @since 0.1
     */
    public static final class Builder {
      private final String source;
      private final Instant at;
      private final Problem problem;
      private @Nullable String code;
      private @Nullable Integer status;
      private @Nullable String requestId;
      private @Nullable Duration retryAfter;

      private Builder(String source, Instant at, Problem problem) {
        this.source = Objects.requireNonNull(source, "source");
        this.at = Objects.requireNonNull(at, "at");
        this.problem = Objects.requireNonNull(problem, "problem");
      }

      /**
       * Sets the service's own error code.
       *
       * @param code such as {@code AccessDenied}; null for none
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
       * Sets the service's request id.
       *
       * @param requestId the id; null for none
       * @return this builder
       */
      public Builder requestId(@Nullable String requestId) {
        this.requestId = requestId;
        return this;
      }

      /**
       * Sets how long the service asked the caller to wait.
       *
       * @param retryAfter the wait; null for none
       * @return this builder
       */
      public Builder retryAfter(@Nullable Duration retryAfter) {
        this.retryAfter = retryAfter;
        return this;
      }

      /**
       * Builds the failure.
       *
       * @return a failure of what was set so far
       */
      public Failure build() {
        return new Failure(this);
      }
    }
  }

  /**
   * Builds a {@link CredentialsStatus}. Not for use by more than one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final String source;
    private final Health health;
    private @Nullable Instant expiration;
    private @Nullable Instant nextRefresh;
    private @Nullable Failure lastFailure;
    private int consecutiveFailures;
    private long exchanges;
    private @Nullable Duration clockSkew;
    private @Nullable Instant disbelievedDate;

    private Builder(String source, Health health) {
      this.source = Objects.requireNonNull(source, "source");
      this.health = Objects.requireNonNull(health, "health");
    }

    /**
     * Sets when the credentials held expire.
     *
     * @param expiration the time; null if none were ever held
     * @return this builder
     */
    public Builder expiration(@Nullable Instant expiration) {
      this.expiration = expiration;
      return this;
    }

    /**
     * Sets when the next exchange begins.
     *
     * @param nextRefresh the time; null for none
     * @return this builder
     */
    public Builder nextRefresh(@Nullable Instant nextRefresh) {
      this.nextRefresh = nextRefresh;
      return this;
    }

    /**
     * Sets the last exchange's failure.
     *
     * @param lastFailure the failure; null for none
     * @return this builder
     */
    public Builder lastFailure(@Nullable Failure lastFailure) {
      this.lastFailure = lastFailure;
      return this;
    }

    /**
     * Sets how many exchanges have failed since the last that succeeded.
     *
     * @param consecutiveFailures zero or more; default 0
     * @return this builder
     * @throws IllegalArgumentException if it is negative
     */
    public Builder consecutiveFailures(int consecutiveFailures) {
      if (consecutiveFailures < 0) {
        throw new IllegalArgumentException(
            "the number of failures must not be negative: " + consecutiveFailures);
      }
      this.consecutiveFailures = consecutiveFailures;
      return this;
    }

    /**
     * Sets how many exchanges have ended.
     *
     * @param exchanges zero or more; default 0
     * @return this builder
     * @throws IllegalArgumentException if it is negative
     */
    public Builder exchanges(long exchanges) {
      if (exchanges < 0) {
        throw new IllegalArgumentException(
            "the number of exchanges must not be negative: " + exchanges);
      }
      this.exchanges = exchanges;
      return this;
    }

    /**
     * Sets how far the source's clock is ahead of this machine's.
     *
     * @param clockSkew the skew, negative if behind; null if it is negligible
     * @return this builder
     */
    public Builder clockSkew(@Nullable Duration clockSkew) {
      this.clockSkew = clockSkew;
      return this;
    }

    /**
     * Sets the date that was not believed.
     *
     * @param disbelievedDate the date; null for none
     * @return this builder
     */
    public Builder disbelievedDate(@Nullable Instant disbelievedDate) {
      this.disbelievedDate = disbelievedDate;
      return this;
    }

    /**
     * Builds the status.
     *
     * @return a status of what was set so far
     */
    public CredentialsStatus build() {
      return new CredentialsStatus(this);
    }
  }
}
