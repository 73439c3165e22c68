package dev.lanyard.spi;

import dev.lanyard.diagnosis.FailureKind;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One set of AWS session credentials, as an exchange returned them. Immutable. Key id, key and
 * session token hold visible ASCII characters only, so that every request can carry them. {@link
 * #toString} shows the last four characters of the access key id and the expiration, never the
 * secret access key or the session token.
 *
 * @since 0.1
 */
public final class SessionCredentials {
  private final String accessKeyId;
  private final String secretAccessKey;
  private final String sessionToken;
  private final Instant expiration;
  private final Optional<String> accountId;
  private final Optional<Instant> answeredAt;
  private final Optional<Duration> longestLife;

  private SessionCredentials(Builder builder) {
    this.accessKeyId = required(builder.accessKeyId, "accessKeyId");
    this.secretAccessKey = required(builder.secretAccessKey, "secretAccessKey");
    this.sessionToken = required(builder.sessionToken, "sessionToken");
    this.expiration = Objects.requireNonNull(builder.expiration, "expiration");
    this.accountId = Optional.ofNullable(builder.accountId);
    this.answeredAt = Optional.ofNullable(builder.answeredAt);
    this.longestLife = Optional.ofNullable(builder.longestLife);
  }

  /**
   * Starts a set of credentials.
   *
   * @return a builder with nothing set
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns the access key id.
   *
   * @return the access key id
   */
  public String accessKeyId() {
    return accessKeyId;
  }

  /**
   * Returns the secret access key.
   *
   * @return the secret access key: never print it
   */
  public String secretAccessKey() {
    return secretAccessKey;
  }

  /**
   * Returns the session token.
   *
   * @return the session token: never print it
   */
  public String sessionToken() {
    return sessionToken;
  }

  /**
   * Returns when the credentials expire, by the issuer's clock.
   *
   * @return the expiration
   */
  public Instant expiration() {
    return expiration;
  }

  /**
   * Returns the AWS account of the role.
   *
   * @return twelve digits; empty if the answer did not name it
   */
  public Optional<String> accountId() {
    return accountId;
  }

  /**
   * Returns when the answer was sent, by the sender's clock: the {@code Date} header plus the
   * {@code Age} header of a cache. Where that time can be true, the engine judges the lifetime by
   * it, so that a wrong local clock does not end good credentials.
   *
   * @return the time; empty if the answer has no {@code Date}, or if this machine's own clock dated
   *     it
   */
  public Optional<Instant> answeredAt() {
    return answeredAt;
  }

  /**
   * Returns the longest lifetime that these credentials can have: what was asked for, or the most
   * that the service gives. The engine never takes the lifetime to be longer, whatever the clocks
   * say.
   *
   * @return the bound; the engine takes more than 36 hours as 36. Empty if the source knows none;
   *     the engine then assumes 12 hours
   */
  public Optional<Duration> longestLife() {
    return longestLife;
  }

  @Override
  public String toString() {
    return "SessionCredentials[" + Redacted.keyId(accessKeyId) + ", expires " + expiration + "]";
  }

  private static String required(@Nullable String value, String name) {
    if (value == null) {
      throw new IllegalArgumentException(name + " is missing");
    }
    return value;
  }

  /**
   * Builds {@link SessionCredentials}. A value that can never be valid is refused at once. Not for
   * use by more than one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private @Nullable String accessKeyId;
    private @Nullable String secretAccessKey;
    private @Nullable String sessionToken;
    private @Nullable Instant expiration;
    private @Nullable String accountId;
    private @Nullable Instant answeredAt;
    private @Nullable Duration longestLife;

    private Builder() {}

    /**
     * Sets the access key id. Required.
     *
     * @param accessKeyId the access key id
     * @return this builder
     * @throws IllegalArgumentException if it is blank, or has a character that is not one of {@code
     *     !} to {@code ~}; the message does not repeat it
     */
    public Builder accessKeyId(String accessKeyId) {
      this.accessKeyId = checked(accessKeyId, "accessKeyId");
      return this;
    }

    /**
     * Sets the secret access key. Required.
     *
     * @param secretAccessKey the secret access key
     * @return this builder
     * @throws IllegalArgumentException if it is blank, or has a character that is not one of {@code
     *     !} to {@code ~}; the message does not repeat it
     */
    public Builder secretAccessKey(String secretAccessKey) {
      this.secretAccessKey = checked(secretAccessKey, "secretAccessKey");
      return this;
    }

    /**
     * Sets the session token. Required.
     *
     * @param sessionToken the session token
     * @return this builder
     * @throws IllegalArgumentException if it is blank, or has a character that is not one of {@code
     *     !} to {@code ~}; the message does not repeat it
     */
    public Builder sessionToken(String sessionToken) {
      this.sessionToken = checked(sessionToken, "sessionToken");
      return this;
    }

    /**
     * Sets when the credentials expire, by the issuer's clock. Required.
     *
     * @param expiration the expiration
     * @return this builder
     */
    public Builder expiration(Instant expiration) {
      this.expiration = Objects.requireNonNull(expiration, "expiration");
      return this;
    }

    /**
     * Sets the AWS account of the role.
     *
     * @param accountId twelve digits, or null if the answer did not name it
     * @return this builder
     */
    public Builder accountId(@Nullable String accountId) {
      this.accountId = accountId;
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
     * Sets the longest lifetime that the credentials can have.
     *
     * @param longestLife what was asked for, or the most that the service gives; null if unknown
     * @return this builder
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder longestLife(@Nullable Duration longestLife) {
      if (longestLife != null && (longestLife.isZero() || longestLife.isNegative())) {
        throw new IllegalArgumentException("the longest life must be positive: " + longestLife);
      }
      this.longestLife = longestLife;
      return this;
    }

    /**
     * Builds the credentials.
     *
     * @return the credentials
     * @throws IllegalArgumentException if a required part is missing; the message names it
     * @throws NullPointerException if the expiration is missing
     */
    public SessionCredentials build() {
      return new SessionCredentials(this);
    }

    /**
     * The key id and the session token travel in headers: what no header carries as it is would
     * fail every request, or split it in two. A key with a blank in it signs wrongly.
     */
    private static String checked(String value, String name) {
      if (Objects.requireNonNull(value, name).isBlank()) {
        throw unfit(name + " is blank");
      }
      for (int i = 0; i < value.length(); i++) {
        if (value.charAt(i) <= ' ' || value.charAt(i) > '~') {
          throw unfit(name + " holds a character that no request can carry");
        }
      }
      return value;
    }

    /** The cause tells an engine that the text may be shown, should an exchange let this pass. */
    private static IllegalArgumentException unfit(String text) {
      return new IllegalArgumentException(
          text, ExchangeException.builder(FailureKind.TRANSIENT, text).build());
    }
  }
}
