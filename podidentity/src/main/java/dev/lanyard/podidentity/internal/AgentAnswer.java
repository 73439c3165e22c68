package dev.lanyard.podidentity.internal;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What came back: a status, the two headers that matter, and a body that may be a secret. */
final class AgentAnswer {

  /** A body larger than this is cut off, and one byte more tells that it was. */
  static final int MAX_BODY_BYTES = 1 << 20;

  /** No credentials live longer: of an answer that a cache has kept for so long nothing is left. */
  private static final Duration MAX_AGE = Duration.ofHours(36);

  /** Source: IANA, HTTP content coding registry. */
  private static final Set<String> ENCODINGS =
      Set.of("gzip", "x-gzip", "deflate", "compress", "x-compress", "br", "zstd");

  private final int status;
  private final Optional<Instant> answeredAt;
  private final Optional<Duration> retryAfter;
  private final byte[] body;
  private final Optional<String> compression;

  /**
   * @param status the status
   * @param date the {@code Date} header as it stands
   * @param age the {@code Age} header as it stands
   * @param onThisNode whether who answered has this machine's clock
   * @param retryAfter the {@code Retry-After} header as it stands
   * @param contentEncoding the {@code Content-Encoding} header as it stands
   * @param body at most one byte more than {@link #MAX_BODY_BYTES}
   * @param now the time by the engine's clock, for a Retry-After that is a date in an answer
   *     without one
   */
  AgentAnswer(
      int status,
      @Nullable String date,
      @Nullable String age,
      boolean onThisNode,
      @Nullable String retryAfter,
      @Nullable String contentEncoding,
      byte[] body,
      Instant now) {
    this.status = status;
    Optional<Instant> dated = httpDate(date);
    this.answeredAt = onThisNode ? Optional.empty() : aged(dated, age);
    this.retryAfter = wait(retryAfter, dated.orElse(now));
    this.body = body;
    this.compression = compression(contentEncoding, body);
  }

  int status() {
    return status;
  }

  /**
   * Returns what time it was at the other end: the {@code Date}, and the {@code Age} of what a
   * cache has kept. Empty for an answer from this node: it is dated by the clock that it would
   * judge.
   */
  Optional<Instant> answeredAt() {
    return answeredAt;
  }

  Optional<Duration> retryAfter() {
    return retryAfter;
  }

  byte[] body() {
    return body;
  }

  boolean isTooLarge() {
    return body.length > MAX_BODY_BYTES;
  }

  /** Returns how the body is compressed, which nobody asked for, and which makes it unreadable. */
  Optional<String> compression() {
    return compression;
  }

  private static Optional<String> compression(@Nullable String contentEncoding, byte[] body) {
    String named = contentEncoding == null ? "" : contentEncoding.strip().toLowerCase(Locale.ROOT);
    if (named.isEmpty() || named.equals("identity")) {
      // Source: RFC 1952, section 2.3.1. No JSON and no text begins so.
      boolean gzip = body.length > 1 && body[0] == 0x1f && body[1] == (byte) 0x8b;
      return gzip ? Optional.of("gzip") : Optional.empty();
    }
    // A header of the peer's own making is not shown.
    return Optional.of(ENCODINGS.contains(named) ? named : "an unknown encoding");
  }

  private static Optional<Instant> httpDate(@Nullable String value) {
    if (value == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          ZonedDateTime.parse(value.strip(), DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /** Adds the seconds of an {@code Age}. Source: RFC 9111, section 5.1. */
  private static Optional<Instant> aged(Optional<Instant> date, @Nullable String age) {
    if (date.isEmpty() || age == null || !age.strip().matches("\\d+")) {
      return date;
    }
    String seconds = age.strip();
    if (seconds.length() > 9
        || Duration.ofSeconds(Long.parseLong(seconds)).compareTo(MAX_AGE) > 0) {
      return Optional.empty();
    }
    return Optional.of(date.get().plusSeconds(Long.parseLong(seconds)));
  }

  /** Reads seconds or a date. Source: RFC 9110, section 10.2.3. */
  private static Optional<Duration> wait(@Nullable String value, Instant sent) {
    if (value == null) {
      return Optional.empty();
    }
    if (value.strip().matches("\\d{1,9}")) {
      return Optional.of(Duration.ofSeconds(Long.parseLong(value.strip())));
    }
    return httpDate(value)
        .map(until -> Duration.between(sent, until))
        .filter(wait -> !wait.isNegative());
  }

  @Override
  public String toString() {
    return "AgentAnswer[" + status + ", " + body.length + " bytes]";
  }
}
