package dev.lanyard.podidentity.internal;

import dev.lanyard.spi.SessionCredentials;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Turns the body of a success into session credentials. */
final class CredentialsAnswer {

  /** The answer holds no session credentials; the text names the field and shows no value. */
  static final class Unusable extends Exception {
    private static final long serialVersionUID = 1L;

    private Unusable(String reason) {
      super(reason);
    }

    String reason() {
      return String.valueOf(getMessage());
    }
  }

  /** RFC 3339, and the offset without a colon that Java's SDK takes too. */
  private static final Pattern TIME =
      Pattern.compile(
          "(\\d{4}-\\d\\d-\\d\\d)[Tt](\\d\\d:\\d\\d):(\\d\\d)(?:\\.(\\d{1,100}))?"
              + "(?:[Zz]|([+-])([01]\\d|2[0-3]):?([0-5]\\d))");

  private static final Pattern ACCOUNT = Pattern.compile("\\d{12}");

  private CredentialsAnswer() {}

  /**
   * Reads the credentials. An expiration that has passed is not looked at here: whoever knows how
   * wrong the local clock is judges it.
   *
   * @param json the body
   * @param answeredAt the time at the other end, where the answer tells it
   * @param longestLife the longest life that credentials of this endpoint can have
   * @throws Unusable if a field is missing, null, empty, twice there, or of another kind
   */
  static SessionCredentials read(FlatJson json, Optional<Instant> answeredAt, Duration longestLife)
      throws Unusable {
    // The agents say Token; SessionToken is what other issuers of the same shape call it.
    boolean other =
        json.text("Token").isEmpty()
            && json.has("SessionToken")
            && (!json.has("Token") || json.text("SessionToken").isPresent());
    String accessKeyId = credential(json, "AccessKeyId");
    String secretAccessKey = credential(json, "SecretAccessKey");
    String sessionToken = credential(json, other ? "SessionToken" : "Token");
    Optional<Instant> expiration = time(required(json, "Expiration"));
    if (expiration.isEmpty()) {
      throw new Unusable("field Expiration is not a time in RFC 3339 form");
    }
    Optional<String> account = json.text("AccountId");
    return SessionCredentials.builder()
        .accessKeyId(accessKeyId)
        .secretAccessKey(secretAccessKey)
        .sessionToken(sessionToken)
        .expiration(expiration.get())
        // It only chooses endpoints: one that is not an account id is not worth failing for.
        .accountId(
            account.isPresent() && ACCOUNT.matcher(account.get()).matches() ? account.get() : null)
        .answeredAt(answeredAt.orElse(null))
        .longestLife(longestLife)
        .build();
  }

  /**
   * A key id and a session token travel in headers: what no header carries as it is would fail
   * every request, or split it in two. A key with a blank in it signs wrongly.
   */
  private static String credential(FlatJson json, String name) throws Unusable {
    String value = required(json, name);
    for (int i = 0; i < value.length(); i++) {
      if (value.charAt(i) <= ' ' || value.charAt(i) > '~') {
        throw new Unusable("field " + name + " holds a character that no request can carry");
      }
    }
    return value;
  }

  private static String required(FlatJson json, String name) throws Unusable {
    Optional<String> text = json.text(name);
    if (text.isEmpty()) {
      throw new Unusable(json.problem(name));
    }
    return text.get();
  }

  /** Reads a time with any number of fraction digits; those beyond the nanosecond are cut off. */
  static Optional<Instant> time(String text) {
    Matcher matcher = TIME.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String fraction = matcher.group(4) == null ? "0" : matcher.group(4);
    String nanos = (fraction + "000000000").substring(0, 9);
    int seconds = Integer.parseInt(matcher.group(3));
    // RFC 3339 has leap seconds, java.time has none: the last second is then the next minute's.
    if (seconds > 60) {
      return Optional.empty();
    }
    long offset = 0;
    if (matcher.group(5) != null) {
      offset = Long.parseLong(matcher.group(6)) * 60 + Long.parseLong(matcher.group(7));
      offset = matcher.group(5).equals("-") ? -offset : offset;
    }
    try {
      return Optional.of(
          LocalDateTime.parse(matcher.group(1) + "T" + matcher.group(2))
              .plusSeconds(seconds)
              .plusNanos(Long.parseLong(nanos))
              .minusMinutes(offset)
              .toInstant(ZoneOffset.UTC));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }
}
