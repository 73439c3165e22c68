package dev.lanyard.irsa;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * Which headers of an answer are of use, and in which form. Whoever answers may have put anything
 * into one, what was sent included, and the SDK logs those that it reads: a header that is not
 * here, or is in another form, is passed on to nobody.
 */
final class StsHeaders {
  /**
   * The ids that services of AWS give are of hexadecimal digits and hyphens, or of capital letters
   * and digits. A token, or a part of one, has letters of either case.
   */
  private static final Pattern REQUEST_ID = Pattern.compile("[0-9a-z-]{1,64}|[0-9A-Z-]{1,64}");

  private StsHeaders() {}

  /**
   * Returns those that are of use.
   *
   * @param scrub takes what was sent and is secret out of a text
   */
  static Map<String, List<String>> known(
      Map<String, List<String>> headers, UnaryOperator<String> scrub) {
    Map<String, List<String>> known = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (Map.Entry<String, List<String>> header : headers.entrySet()) {
      for (String value : header.getValue()) {
        if (isKnown(header.getKey(), value) && scrub.apply(value).equals(value)) {
          // Of one that comes twice the SDK would read the first, too.
          known.putIfAbsent(header.getKey(), List.of(value));
        }
      }
    }
    return known;
  }

  /** Returns a request id, empty if it does not look like one. */
  static Optional<String> requestId(String value) {
    return REQUEST_ID.matcher(value).matches() ? Optional.of(value) : Optional.empty();
  }

  private static boolean isKnown(String name, String value) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "x-amzn-requestid", "x-amz-request-id" -> requestId(value).isPresent();
      case "date" -> RetryAfter.date(value).isPresent();
      case "age" -> AnswerTime.isAge(value);
      case "retry-after" -> RetryAfter.isValid(value);
      default -> false;
    };
  }
}
