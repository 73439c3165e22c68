package dev.lanyard.irsa.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.http.SdkHttpResponse;

/**
 * When an answer was sent, by the clock of whoever sent it: {@code Date}, and {@code Age} where a
 * cache answered. Source: RFC 9110, section 6.6.1; RFC 9111, section 5.1.
 */
final class AnswerTime {
  /**
   * As long as a session lasts: what is older says nothing of the present. Source: the STS model.
   */
  private static final Duration MAX_AGE = Duration.ofHours(12);

  private static final Pattern AGE = Pattern.compile("[0-9]{1,9}");

  private AnswerTime() {}

  /** Says whether a value is one of {@code Age}. */
  static boolean isAge(String value) {
    return AGE.matcher(value.strip()).matches();
  }

  /**
   * Returns when an answer was sent, whether that can be true or not; empty if it does not say, or
   * says that it is older than any session.
   */
  static Optional<Instant> of(@Nullable SdkHttpResponse response) {
    return response == null
        ? Optional.empty()
        : of(response.firstMatchingHeader("Date"), response.firstMatchingHeader("Age"));
  }

  /** As {@link #of(SdkHttpResponse)}; an {@code Age} that is none counts as no such header. */
  static Optional<Instant> of(Optional<String> date, Optional<String> age) {
    Optional<Instant> sent = date.flatMap(RetryAfter::date);
    if (sent.isEmpty() || age.isEmpty() || !isAge(age.get())) {
      return sent;
    }
    Duration since = Duration.ofSeconds(Long.parseLong(age.get().strip()));
    return since.compareTo(MAX_AGE) > 0 ? Optional.empty() : Optional.of(sent.get().plus(since));
  }
}
