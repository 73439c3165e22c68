package dev.lanyard.irsa.internal;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What STS takes for the length of a session, and for the values that only {@code AssumeRole} has.
 * Each method returns which rule a value breaks, as the end of a sentence that begins with its
 * name, and repeats no value but a duration.
 *
 * <p>Source of lengths and patterns: botocore, sts/2011-06-15/service-2.json, the shapes
 * externalIdType, sourceIdentityType, tagKeyType and tagValueType; of the prefix {@code aws:}, the
 * same model for the source identity, and IAM user guide, id_session-tags, for tags.
 */
public final class SessionRules {
  public static final int MAX_TAGS = 50;

  private static final Pattern EXTERNAL_ID = Pattern.compile("[\\w+=,.@:/-]{2,1224}");
  private static final Pattern SOURCE_IDENTITY = Pattern.compile("[\\w+=,.@-]{2,64}");
  private static final String TAG = "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]";
  private static final Pattern TAG_KEY = Pattern.compile(TAG + "{1,128}");
  private static final Pattern TAG_VALUE = Pattern.compile(TAG + "{0,256}");
  private static final String RESERVED = "aws:";

  /** The most that STS gives where roles are chained. Source: the STS API reference, AssumeRole. */
  public static final Duration MAX_CHAINED = Duration.ofHours(1);

  /** Source: the STS model, roleDurationSecondsType. */
  private static final Duration MIN_DURATION = Duration.ofMinutes(15);

  private SessionRules() {}

  /**
   * Tells about the length of a session.
   *
   * @param most the longest session that the operation opens
   * @param whyNoMore the reason, as the end of a sentence that says how long it is, or empty
   */
  public static Optional<String> durationProblem(
      Duration duration, Duration most, String whyNoMore) {
    boolean fits =
        duration.compareTo(MIN_DURATION) >= 0
            && duration.compareTo(most) <= 0
            && duration.equals(duration.truncatedTo(ChronoUnit.SECONDS));
    return fits
        ? Optional.empty()
        : Optional.of(
            "must be whole seconds from "
                + MIN_DURATION.toSeconds()
                + " to "
                + most.toSeconds()
                + whyNoMore
                + ": "
                + duration);
  }

  public static Optional<String> externalIdProblem(String externalId) {
    return problem(
        EXTERNAL_ID, externalId, "2 to 1224 characters out of A-Z a-z 0-9 _ + = , . @ : / -");
  }

  public static Optional<String> sourceIdentityProblem(String sourceIdentity) {
    return reserved(sourceIdentity)
        .or(
            () ->
                problem(
                    SOURCE_IDENTITY,
                    sourceIdentity,
                    "2 to 64 characters out of A-Z a-z 0-9 _ + = , . @ -"));
  }

  public static Optional<String> tagKeyProblem(String key) {
    return reserved(key)
        .or(
            () ->
                problem(
                    TAG_KEY, key, "1 to 128 letters, digits, blanks or any of _ . : / = + - @"));
  }

  public static Optional<String> tagValueProblem(String value) {
    return problem(TAG_VALUE, value, "up to 256 letters, digits, blanks or any of _ . : / = + - @");
  }

  private static Optional<String> problem(Pattern pattern, String value, String rule) {
    return pattern.matcher(value).matches()
        ? Optional.empty()
        : Optional.of("must be " + rule + " (it has " + value.length() + " characters)");
  }

  private static Optional<String> reserved(String value) {
    return value.toLowerCase(Locale.ROOT).startsWith(RESERVED)
        ? Optional.of("must not begin with aws:, which is reserved for AWS")
        : Optional.empty();
  }
}
