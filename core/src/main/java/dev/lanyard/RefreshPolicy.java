package dev.lanyard;

import java.time.Duration;
import java.util.Objects;

/**
 * When credentials are refreshed and how long callers wait for them. Immutable and safe for use by
 * many threads; each {@code with} method returns a changed copy. The defaults are right for EKS.
 *
 * @since 0.1
 */
public final class RefreshPolicy {
  private static final RefreshPolicy DEFAULTS =
      new RefreshPolicy(
          0.5, 0.8, Duration.ofMinutes(5), Duration.ofSeconds(30), Duration.ofSeconds(10));

  /** Longer is no different, and shorter than what overflows when it is counted in nanoseconds. */
  private static final Duration LONGEST = Duration.ofDays(36_500);

  private final double windowStart;
  private final double windowEnd;
  private final Duration margin;
  private final Duration maxWait;
  private final Duration exchangeTimeout;

  private RefreshPolicy(
      double windowStart,
      double windowEnd,
      Duration margin,
      Duration maxWait,
      Duration exchangeTimeout) {
    this.windowStart = windowStart;
    this.windowEnd = windowEnd;
    this.margin = margin;
    this.maxWait = maxWait;
    this.exchangeTimeout = exchangeTimeout;
  }

  /**
   * Returns the defaults: refresh at 50 to 80 % of the lifetime and at the latest 5 minutes before
   * the expiration, wait at most 30 seconds, allow 10 seconds for one exchange.
   *
   * @return the default policy
   */
  public static RefreshPolicy defaults() {
    return DEFAULTS;
  }

  /**
   * Sets the window from which the refresh time is drawn uniformly, so that processes that started
   * together do not refresh together for ever. Both ends are fractions of the lifetime that
   * credentials have when they arrive; a lifetime of more than 12 hours counts as 12 hours.
   *
   * @param from the earliest refresh time; default 0.5
   * @param to the latest refresh time; default 0.8
   * @return the changed policy
   * @throws IllegalArgumentException unless {@code 0 < from <= to < 1}
   */
  public RefreshPolicy withRefreshWindow(double from, double to) {
    if (!(from > 0 && from <= to && to < 1)) {
      throw new IllegalArgumentException(
          "the refresh window must satisfy 0 < from <= to < 1, not from " + from + " to " + to);
    }
    return new RefreshPolicy(from, to, margin, maxWait, exchangeTimeout);
  }

  /**
   * Sets how long before the expiration the refresh begins at the latest, where the lifetime allows
   * it: a margin that leaves nothing of the refresh window is ignored.
   *
   * @param margin zero or more; default 5 minutes
   * @return the changed policy
   * @throws IllegalArgumentException if it is negative
   */
  public RefreshPolicy withRefreshMargin(Duration margin) {
    if (Objects.requireNonNull(margin, "margin").isNegative()) {
      throw new IllegalArgumentException("the refresh margin must not be negative: " + margin);
    }
    return new RefreshPolicy(windowStart, windowEnd, bounded(margin), maxWait, exchangeTimeout);
  }

  /**
   * Sets how long a caller waits at most where there are no credentials to give. It is also how
   * long an outage is expected to pass: once it has lasted longer, callers between two attempts
   * fail at once.
   *
   * @param maxWait more than zero; default 30 seconds
   * @return the changed policy
   * @throws IllegalArgumentException if it is not positive
   */
  public RefreshPolicy withMaxWait(Duration maxWait) {
    return new RefreshPolicy(
        windowStart,
        windowEnd,
        margin,
        positive(Objects.requireNonNull(maxWait, "maxWait"), "maximum wait"),
        exchangeTimeout);
  }

  /**
   * Sets the total time budget of one exchange, including connecting and reading.
   *
   * @param exchangeTimeout more than zero; default 10 seconds. A cold Pod Identity Agent needs
   *     several seconds, and a client that gives up cancels the agent's own call (source:
   *     aws/eks-pod-identity-agent#50)
   * @return the changed policy
   * @throws IllegalArgumentException if it is not positive
   */
  public RefreshPolicy withExchangeTimeout(Duration exchangeTimeout) {
    return new RefreshPolicy(
        windowStart,
        windowEnd,
        margin,
        maxWait,
        positive(Objects.requireNonNull(exchangeTimeout, "exchangeTimeout"), "exchange time-out"));
  }

  private static Duration positive(Duration value, String name) {
    if (value.isZero() || value.isNegative()) {
      throw new IllegalArgumentException("the " + name + " must be positive: " + value);
    }
    return bounded(value);
  }

  /** Returns the duration, or a hundred years if it is longer, or none if it is negative. */
  static Duration bounded(Duration duration) {
    if (duration.isNegative()) {
      return Duration.ZERO;
    }
    return duration.compareTo(LONGEST) > 0 ? LONGEST : duration;
  }

  double windowStart() {
    return windowStart;
  }

  double windowEnd() {
    return windowEnd;
  }

  Duration margin() {
    return margin;
  }

  Duration maxWait() {
    return maxWait;
  }

  Duration exchangeTimeout() {
    return exchangeTimeout;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RefreshPolicy that
        && windowStart == that.windowStart
        && windowEnd == that.windowEnd
        && margin.equals(that.margin)
        && maxWait.equals(that.maxWait)
        && exchangeTimeout.equals(that.exchangeTimeout);
  }

  @Override
  public int hashCode() {
    return Objects.hash(windowStart, windowEnd, margin, maxWait, exchangeTimeout);
  }

  @Override
  public String toString() {
    return "RefreshPolicy[refresh at "
        + windowStart
        + " to "
        + windowEnd
        + " of the lifetime, at least "
        + Text.of(margin)
        + " before the expiration; wait at most "
        + Text.of(maxWait)
        + "; exchange time-out "
        + Text.of(exchangeTimeout)
        + "]";
  }
}
