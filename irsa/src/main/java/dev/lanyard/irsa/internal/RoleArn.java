package dev.lanyard.irsa.internal;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The ARN of an IAM role, in any partition and with any path.
 *
 * @param value the ARN as a whole
 * @param partition {@code aws}, {@code aws-cn}, {@code aws-us-gov}, ...
 * @param accountId the twelve digits of the role's account
 */
public record RoleArn(String value, String partition, String accountId) {
  /** The most that STS takes. Source: the STS model, RoleArn. */
  private static final int MAX_LENGTH = 2048;

  /**
   * An IAM path is any printable ASCII between slashes, a role name up to 64 of a smaller alphabet.
   * Source: the IAM user guide, IAM identifiers; the webhook's own check, pkg/cache/cache.go, knows
   * fewer paths.
   */
  private static final Pattern ROLE =
      Pattern.compile(
          "arn:(aws[a-z0-9-]*):iam::(\\d{12}):role/(?:[\\x21-\\x7e]*/)?[\\w+=,.@-]{1,64}");

  /** Returns the ARN, empty where {@link #problem} has one. */
  public static Optional<RoleArn> parse(String value) {
    Matcher matcher = ROLE.matcher(value);
    return value.length() <= MAX_LENGTH && matcher.matches()
        ? Optional.of(new RoleArn(value, matcher.group(1), matcher.group(2)))
        : Optional.empty();
  }

  /** Returns which rule a value breaks, as the end of a sentence that begins with its name. */
  public static Optional<String> problem(String value) {
    if (parse(value).isPresent()) {
      return Optional.empty();
    }
    String bare = value.strip();
    if (!bare.equals(value)) {
      return Optional.of("has blanks or line breaks around it");
    }
    if (bare.matches("(?s)[\"'`].*|.*[\"'`]")) {
      return Optional.of("has quotes around it");
    }
    if (bare.length() > MAX_LENGTH) {
      return Optional.of("is longer than " + MAX_LENGTH + " characters");
    }
    if (bare.contains(":assumed-role/")) {
      return Optional.of(
          "names a role's session (assumed-role), not the role itself" + shown(bare));
    }
    return Optional.of(
        "is not the ARN of an IAM role, arn:{partition}:iam::{twelve-digit account}:role/{path and"
            + " name}"
            + shown(bare));
  }

  // What is no ARN may be anything, a secret in the wrong variable too: it is not repeated.
  private static String shown(String value) {
    return value.startsWith("arn:") ? ": " + Texts.shown(value) : "";
  }

  /** Returns the role's name, without its path. */
  String name() {
    return value.substring(value.lastIndexOf('/') + 1);
  }

  @Override
  public String toString() {
    return value;
  }
}
