package dev.lanyard.testing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One statement of a trust policy, as it is evaluated.
 *
 * <p>What this class does not evaluate it does not accept either: a condition that a fake overlooks
 * would make a test pass which fails on a cluster.
 */
record TrustStatement(
    boolean denies,
    Map<String, List<String>> principals,
    List<String> actions,
    List<Condition> conditions) {

  private static final Set<String> ELEMENTS =
      Set.of("Sid", "Effect", "Principal", "Action", "Condition");
  private static final Set<String> PRINCIPAL_TYPES = Set.of("AWS", "Federated", "Service");

  /** Whoever it is. Source: IAM user guide, reference_policies_elements_principal. */
  private static final String ANYONE = "*";

  private static final int ARN_PARTS = 6;

  /**
   * What a condition does with the value of a key.
   *
   * @param name as the policy has it, such as {@code StringNotLikeIfExists}
   */
  record Operator(String name, Comparison comparison) {
    private static final String IF_EXISTS = "IfExists";

    static Operator of(String name) {
      String base =
          name.endsWith(IF_EXISTS) ? name.substring(0, name.length() - IF_EXISTS.length()) : name;
      return new Operator(
          name,
          switch (base) {
            case "StringEquals", "StringNotEquals" -> Comparison.EXACT;
            case "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase" ->
                Comparison.EXACT_IGNORING_CASE;
            // ArnEquals takes wildcards like ArnLike.
            // Source: IAM user guide, reference_policies_elements_condition_operators.
            case "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike" -> Comparison.ARN;
            case "StringLike", "StringNotLike" -> Comparison.PATTERN;
            default ->
                throw new IllegalArgumentException(
                    "This fake evaluates the string and ARN operators, with or without IfExists,"
                        + " not "
                        + name);
          });
    }

    /** Whether none of the values may match. */
    boolean isNegated() {
      return name.contains("Not");
    }

    /** Whether a request without the key passes. */
    boolean passesWithoutTheKey() {
      return isNegated() || name.endsWith(IF_EXISTS);
    }
  }

  /** One key under one operator. */
  record Condition(Operator operator, String key, List<String> values) {
    private static final String MISSING = ", and the request has no such key";

    /**
     * Several values of one key are alternatives. A request without the key fails, unless the
     * operator ends in IfExists or is negated. Source: IAM user guide,
     * reference_policies_multi-value-conditions, reference_policies_elements_condition_operators.
     */
    boolean holds(TrustRequest request) {
      return request
          .key(key)
          .map(
              actual ->
                  operator.isNegated()
                      != values.stream().anyMatch(v -> operator.comparison().matches(v, actual)))
          .orElse(operator.passesWithoutTheKey());
    }

    /** What it wants and what the request has, as far as that may be said. */
    String describe(TrustRequest request) {
      return "wants "
          + operator.name()
          + " "
          + key
          + " "
          + values.stream().map(Condition::quoted).collect(Collectors.joining(" or "))
          + request.key(key).map(actual -> ", and it is " + seen(actual, request)).orElse(MISSING);
    }

    private String seen(String actual, TrustRequest request) {
      if (request.keysAreAttested()) {
        return quoted(actual);
      }
      return operator.isNegated() ? "one of these" : "something else";
    }

    private static String quoted(String value) {
      return '"' + value + '"';
    }
  }

  /** How a value of a condition compares with that of the request. */
  enum Comparison {
    /** An asterisk is an asterisk. */
    EXACT,
    EXACT_IGNORING_CASE,
    /** An asterisk stands for any run of characters, a question mark for one. */
    PATTERN,
    /**
     * A pattern for each of the six parts of an ARN: no asterisk reaches across a colon, but in the
     * last part, which may hold some. Source: IAM user guide,
     * reference_policies_elements_condition_operators.
     */
    ARN;

    boolean matches(String pattern, String actual) {
      return switch (this) {
        case EXACT -> pattern.equals(actual);
        case EXACT_IGNORING_CASE ->
            pattern.toLowerCase(Locale.ROOT).equals(actual.toLowerCase(Locale.ROOT));
        case PATTERN -> wildcard(pattern, actual);
        case ARN -> arn(pattern.split(":", ARN_PARTS), actual.split(":", ARN_PARTS));
      };
    }

    private static boolean arn(String[] patterns, String[] actual) {
      return actual.length == patterns.length
          && IntStream.range(0, patterns.length).allMatch(i -> wildcard(patterns[i], actual[i]));
    }
  }

  /**
   * Returns the first of its parts that does not go with the request, as what is said of this
   * statement; empty if all do.
   */
  Optional<String> mismatch(TrustRequest request) {
    if (!principalMatches(request)) {
      return Optional.of("is not for " + request.who());
    }
    if (actions.stream()
        .noneMatch(
            action ->
                wildcard(
                    action.toLowerCase(Locale.ROOT), request.action().toLowerCase(Locale.ROOT)))) {
      return Optional.of("is not for " + request.action());
    }
    return conditions.stream()
        .filter(condition -> !condition.holds(request))
        .findFirst()
        .map(condition -> condition.describe(request));
  }

  private boolean principalMatches(TrustRequest request) {
    List<String> admitted = principals.getOrDefault(request.principalType(), List.of());
    return principals.containsKey(ANYONE)
        // As a whole value only: IAM takes no wildcard within an ARN here.
        || (request.principalType().equals("AWS") && admitted.contains(ANYONE))
        || request.principals().stream().anyMatch(admitted::contains);
  }

  /** Reads one statement. */
  static TrustStatement parse(Map<?, ?> statement) {
    for (Object element : statement.keySet()) {
      if (!ELEMENTS.contains(element)) {
        throw new IllegalArgumentException(
            "A statement of a trust policy holds "
                + ELEMENTS
                + " as far as this fake evaluates it, not "
                + element);
      }
    }
    Object effect = statement.get("Effect");
    if (!"Allow".equals(effect) && !"Deny".equals(effect)) {
      throw new IllegalArgumentException("Effect is Allow or Deny, not " + effect);
    }
    return new TrustStatement(
        "Deny".equals(effect),
        principals(statement.get("Principal")),
        strings("Action", statement.get("Action")),
        conditions(statement.get("Condition")));
  }

  private static Map<String, List<String>> principals(@Nullable Object principal) {
    if (ANYONE.equals(principal)) {
      return Map.of(ANYONE, List.of());
    }
    if (!(principal instanceof Map<?, ?> byType)) {
      throw new IllegalArgumentException(
          "Principal is \"*\" or an object such as {\"Federated\": \"arn...\"}");
    }
    Map<String, List<String>> principals = new TreeMap<>();
    byType.forEach(
        (type, values) -> {
          if (!(type instanceof String name) || !PRINCIPAL_TYPES.contains(name)) {
            throw new IllegalArgumentException(
                "A principal is one of " + PRINCIPAL_TYPES + ", not " + type);
          }
          principals.put(name, strings("Principal", values));
        });
    return Map.copyOf(principals);
  }

  private static List<Condition> conditions(@Nullable Object condition) {
    if (condition == null) {
      return List.of();
    }
    if (!(condition instanceof Map<?, ?> byOperator)) {
      throw new IllegalArgumentException("Condition is an object of operators");
    }
    List<Condition> conditions = new ArrayList<>();
    byOperator.forEach(
        (operator, keys) -> {
          if (!(operator instanceof String name) || !(keys instanceof Map<?, ?> byKey)) {
            throw new IllegalArgumentException("An operator holds an object of condition keys");
          }
          byKey.forEach(
              (key, values) ->
                  conditions.add(
                      condition(name, String.valueOf(key), strings("Condition", values))));
        });
    return List.copyOf(conditions);
  }

  private static Condition condition(String name, String key, List<String> values) {
    Operator operator = Operator.of(name);
    for (String value : values) {
      if (value.contains("${")) {
        throw new IllegalArgumentException("This fake evaluates no policy variable: " + value);
      }
      if (operator.comparison() == Comparison.ARN
          && value.split(":", ARN_PARTS).length < ARN_PARTS) {
        throw new IllegalArgumentException(
            name + " compares all six parts of an ARN, with or without wildcards, not " + value);
      }
    }
    return new Condition(operator, key, values);
  }

  private static List<String> strings(String element, @Nullable Object value) {
    List<String> strings = new ArrayList<>();
    for (Object each : value instanceof List<?> list ? list : Arrays.asList(value)) {
      if (!(each instanceof String string)) {
        throw new IllegalArgumentException(element + " holds a string or an array of strings");
      }
      strings.add(string);
    }
    if (strings.isEmpty()) {
      throw new IllegalArgumentException(element + " is empty");
    }
    return List.copyOf(strings);
  }

  /** Matches in time proportional to the product of the lengths, whatever the pattern. */
  private static boolean wildcard(String pattern, String text) {
    int p = 0;
    int t = 0;
    int star = -1;
    int resume = 0;
    while (t < text.length()) {
      if (p < pattern.length() && pattern.charAt(p) == '*') {
        star = p++;
        resume = t;
      } else if (p < pattern.length()
          && (pattern.charAt(p) == '?' || pattern.charAt(p) == text.charAt(t))) {
        p++;
        t++;
      } else if (star >= 0) {
        p = star + 1;
        t = ++resume;
      } else {
        return false;
      }
    }
    while (p < pattern.length() && pattern.charAt(p) == '*') {
      p++;
    }
    return p == pattern.length();
  }
}
