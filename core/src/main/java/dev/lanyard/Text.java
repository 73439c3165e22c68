package dev.lanyard;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** How values are written in messages and reports. */
final class Text {
  private Text() {}

  /**
   * Writes a duration as a person would: {@code 250 ms}, {@code 12 s}, {@code 3 min}, {@code 2 h}.
   */
  static String of(Duration duration) {
    long millis = Math.max(0, TimeUnit.MILLISECONDS.convert(duration));
    if (millis < 1_000) {
      return millis + " ms";
    }
    long seconds = millis / 1_000;
    if (seconds < 120) {
      return seconds + " s";
    }
    return seconds < 7_200
        ? seconds / 60 + " min"
        : seconds / 3_600 + " h " + seconds / 60 % 60 + " min";
  }

  /** Shows the last four characters of an access key id: enough to compare, too few to use. */
  static String keyId(String accessKeyId) {
    return "****" + accessKeyId.substring(Math.max(0, accessKeyId.length() - 4));
  }

  /** A skew of the source's clock that matters, and nothing of one that does not. */
  static Optional<Duration> reportable(Optional<Duration> skew) {
    return skew.filter(by -> Math.abs(by.toMillis()) >= 30_000);
  }

  /** Names a skew that matters; empty if there is none. */
  static Optional<String> skew(Optional<Duration> skew) {
    return reportable(skew)
        .map(
            by ->
                "this machine's clock is "
                    + of(by.abs())
                    + (by.isNegative() ? " ahead of" : " behind")
                    + " the source's");
  }

  /** Ends a sentence that may or may not have been ended. */
  static String sentence(String text) {
    String trimmed = text.strip();
    if (trimmed.isEmpty()) {
      return trimmed;
    }
    char last = trimmed.charAt(trimmed.length() - 1);
    return ".!?}".indexOf(last) >= 0 ? trimmed : trimmed + ".";
  }
}
