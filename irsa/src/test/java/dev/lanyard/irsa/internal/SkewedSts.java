package dev.lanyard.irsa.internal;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;

/**
 * An STS by whose clock the local one is wrong, and which refuses what was signed more than five
 * minutes from its own time. Source of the minutes: IAM user guide, "Troubleshoot signed requests".
 */
final class SkewedSts {
  private static final Duration TAKEN = Duration.ofMinutes(5);

  private static final DateTimeFormatter SIGNED_AT =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmssX");

  private SkewedSts() {}

  /**
   * Starts it.
   *
   * @param ahead how much its clock is ahead of the local one
   * @param status with which it refuses
   * @param code likewise
   */
  static ScriptedSts start(Duration ahead, int status, String code) {
    return new ScriptedSts()
        .judges(
            request -> {
              Instant now = Instant.now().plus(ahead);
              Map<String, String> date = date(ahead);
              Instant signed = SIGNED_AT.parse(request.headers().get("X-Amz-Date"), Instant::from);
              return Duration.between(signed, now).abs().compareTo(TAKEN) > 0
                  ? ScriptedSts.refusal(status, code, "Signature expired: not that time", date)
                  : new ScriptedSts.Answer(
                      200,
                      date,
                      AssumeRoleExchangeTest.success("ASIASECOND0000000001")
                          .replace(
                              "2030-01-01T01:00:00Z", now.plus(Duration.ofHours(1)).toString()));
            });
  }

  /** The header that says a time ahead of the local one. */
  static Map<String, String> date(Duration ahead) {
    return date(Instant.now().plus(ahead));
  }

  /** The header that says a time. */
  static Map<String, String> date(Instant time) {
    return Map.of(
        "Date", DateTimeFormatter.RFC_1123_DATE_TIME.format(time.atOffset(ZoneOffset.UTC)));
  }
}
