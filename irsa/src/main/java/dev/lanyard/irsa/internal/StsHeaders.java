package dev.lanyard.irsa.internal;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
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
   * Returns those of an error that are of use.
   *
   * @param clean takes what was sent and is secret out of a text
   */
  static Map<String, List<String>> ofError(
      Map<String, List<String>> headers, Function<String, Optional<String>> clean) {
    Map<String, List<String>> known = ofSuccess(headers);
    for (Map.Entry<String, List<String>> header : headers.entrySet()) {
      if (isRequestId(header.getKey())) {
        for (String value : header.getValue()) {
          if (requestId(value, clean).isPresent()) {
            known.putIfAbsent(header.getKey(), List.of(value));
          }
        }
      }
    }
    return known;
  }

  /**
   * Returns those of a success that are of use: none that needs a look for secrets, which costs a
   * process that has just started more than all the rest. The request id is in the body as well.
   */
  static Map<String, List<String>> ofSuccess(Map<String, List<String>> headers) {
    Map<String, List<String>> known = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (Map.Entry<String, List<String>> header : headers.entrySet()) {
      for (String value : header.getValue()) {
        if (isOfTime(header.getKey(), value)) {
          // Of one that comes twice the SDK would read the first, too.
          known.putIfAbsent(header.getKey(), List.of(value));
        }
      }
    }
    return known;
  }

  /** Returns a request id, empty if it does not look like one, or holds what is secret. */
  static Optional<String> requestId(String value, Function<String, Optional<String>> clean) {
    return REQUEST_ID.matcher(value).matches()
        ? clean.apply(value).filter(value::equals)
        : Optional.empty();
  }

  private static boolean isRequestId(String name) {
    return name.equalsIgnoreCase("x-amzn-RequestId") || name.equalsIgnoreCase("x-amz-request-id");
  }

  /** These have forms that leave no room for anything else. */
  private static boolean isOfTime(String name, String value) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "date" -> RetryAfter.date(value).isPresent();
      case "age" -> AnswerTime.isAge(value);
      case "retry-after" -> RetryAfter.isValid(value);
      default -> false;
    };
  }
}
