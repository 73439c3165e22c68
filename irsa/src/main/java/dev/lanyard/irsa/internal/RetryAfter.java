package dev.lanyard.irsa.internal;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.regex.Pattern;

/** HTTP headers that speak of time. Source: RFC 9110, sections 5.6.7, 6.6.1 and 10.2.3. */
final class RetryAfter {
  private static final Pattern SECONDS = Pattern.compile("\\d{1,9}");

  private RetryAfter() {}

  /** Says whether a value is one of {@code Retry-After}. */
  static boolean isValid(String value) {
    return SECONDS.matcher(value.strip()).matches() || date(value).isPresent();
  }

  /** Reads an HTTP date, empty if it is none. */
  static Optional<Instant> date(String value) {
    try {
      return Optional.of(
          ZonedDateTime.parse(value.strip(), DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /**
   * Reads {@code Retry-After}: seconds, or an HTTP date.
   *
   * @param value the header's value
   * @param answeredAt when the answer was sent, by the clock that wrote the date
   * @return how long to wait, zero for a date in the past, empty if it is neither
   */
  static Optional<Duration> parse(String value, Instant answeredAt) {
    String text = value.strip();
    if (SECONDS.matcher(text).matches()) {
      return Optional.of(Duration.ofSeconds(Long.parseLong(text)));
    }
    return date(text)
        .map(until -> Duration.between(answeredAt, until))
        .map(wait -> wait.isNegative() ? Duration.ZERO : wait);
  }
}
