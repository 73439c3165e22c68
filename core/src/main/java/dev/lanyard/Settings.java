package dev.lanyard;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.diagnosis.Fact;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.runtime.Environment;
import dev.lanyard.runtime.Environment.Setting;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The options of a provider, wherever they were given: in code, by a framework's configuration, by
 * system properties or by environment variables. The first of these that has an option counts, for
 * each option by itself.
 *
 * <p>Reading never fails. Where something cannot work, {@link #problem} says what, and the rest has
 * its defaults.
 */
final class Settings {
  /** The fact of a problem that is the key of a setting or the name of a property or variable. */
  static final String KEY = "key";

  private static final String PREFIX = "lanyard.";

  /** What log lines, thread names and meters can carry. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._:/@-]{1,64}");

  /** What may be shown of a key that nobody knows. */
  private static final Pattern SHOWN = Pattern.compile("[A-Za-z0-9._:/-]{1,80}");

  /** Which providers a setting is for: each of these has those of the ones before it, too. */
  enum Scope {
    /** A second role that the application chained in code. */
    CHAINED,
    /** One source. */
    SOURCE,
    /** Whichever source is configured. */
    CHAIN
  }

  /** All settings that there are. docs/settings.md is this table. */
  enum Key {
    ORDER("lanyard.order", Scope.CHAIN),
    FALLBACK("lanyard.fallback", Scope.CHAIN),
    NAME("lanyard.name", Scope.CHAINED),
    VALIDITY("lanyard.validity", Scope.CHAINED),
    REFRESH_FROM("lanyard.refresh.from", Scope.CHAINED),
    REFRESH_TO("lanyard.refresh.to", Scope.CHAINED),
    ASSUME_ROLE("lanyard.assume.role", Scope.SOURCE),
    ASSUME_EXTERNALID("lanyard.assume.externalid", Scope.SOURCE),
    ASSUME_SESSION("lanyard.assume.session", Scope.SOURCE),
    ASSUME_DURATION("lanyard.assume.duration", Scope.SOURCE),
    ASSUME_TAGS("lanyard.assume.tags", Scope.SOURCE);

    private final String key;
    private final Scope scope;

    Key(String key, Scope scope) {
      this.key = key;
      this.scope = scope;
    }

    String key() {
      return key;
    }

    boolean isFor(Scope provider) {
      return provider.compareTo(scope) >= 0;
    }

    static List<String> of(Scope provider) {
      return Arrays.stream(values())
          .filter(key -> key.isFor(provider))
          .map(Key::key)
          .collect(Collectors.toList());
    }
  }

  /** What the module of the second role reads itself. */
  private static final Set<Key> OF_SECOND_ROLE = EnumSet.range(Key.ASSUME_ROLE, Key.ASSUME_TAGS);

  /** What a builder was given; null, or an empty order, where it was given nothing. */
  record InCode(
      List<String> order,
      @Nullable Boolean fallback,
      @Nullable String name,
      @Nullable RefreshPolicy policy) {
    static final InCode NOTHING = new InCode(List.of(), null, null, null);

    private boolean has(Key key) {
      return switch (key) {
        case ORDER -> !order.isEmpty();
        case FALLBACK -> fallback != null;
        case NAME -> name != null;
        case REFRESH_FROM, REFRESH_TO -> policy != null;
        default -> false;
      };
    }
  }

  private final Environment environment;
  private final Scope scope;
  private final InCode inCode;
  private final Evidence.Builder facts = Evidence.builder();
  private @Nullable Problem problem;
  private boolean problemIsGiven;

  private List<String> order;
  private boolean fallback;
  private @Nullable String name;
  private Duration validity = Duration.ZERO;
  private RefreshPolicy policy;
  private @Nullable Setting secondRole;

  private Settings(Environment environment, Scope scope, InCode inCode) {
    this.environment = environment;
    this.scope = scope;
    this.inCode = inCode;
    this.order = inCode.order();
    this.fallback = Boolean.TRUE.equals(inCode.fallback());
    this.name = inCode.name();
    this.policy = inCode.policy() == null ? RefreshPolicy.defaults() : inCode.policy();
  }

  /**
   * Reads the settings of a provider.
   *
   * @param environment where to look, with the settings that were given to it
   * @param scope which settings the provider has
   * @param inCode what the application chose in code, and is not looked for
   */
  static Settings read(Environment environment, Scope scope, InCode inCode) {
    Settings settings = new Settings(environment, scope, inCode);
    settings.refuseUnknown();
    settings.read();
    return settings;
  }

  /** Takes Lanyard's own out of a framework's whole configuration. */
  static Map<String, String> ours(Properties configuration) {
    Map<String, String> ours = new HashMap<>();
    // With the defaults that it has.
    for (String key : configuration.stringPropertyNames()) {
      if (key.startsWith(PREFIX)) {
        ours.put(key, configuration.getProperty(key));
      }
    }
    for (Object key : configuration.keySet()) {
      if (key instanceof String name && name.startsWith(PREFIX) && !ours.containsKey(name)) {
        throw new IllegalArgumentException(
            "the value of setting " + shown(name) + " must be a string");
      }
    }
    return ours;
  }

  /** Copies what was given, without what has no value. */
  static Map<String, String> given(Map<String, String> settings) {
    Map<String, String> given = new HashMap<>();
    settings.forEach(
        (key, value) -> {
          if (value != null) {
            given.put(Objects.requireNonNull(key, "key"), value);
          }
        });
    return given;
  }

  /** Whether a name can be given to a provider. */
  static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }

  /** Why the settings cannot work; empty if they can. */
  Optional<Problem> problem() {
    return Optional.ofNullable(problem);
  }

  /** Whether the problem is one of what was given, and not of the process's environment. */
  boolean isProblemGiven() {
    return problemIsGiven;
  }

  /** Whether the value of a setting was given, and not found in the process's environment. */
  boolean isGiven(String key) {
    String value = environment.settings().get(key);
    return value != null && !value.isBlank();
  }

  List<String> order() {
    return order;
  }

  boolean fallback() {
    return fallback;
  }

  @Nullable String name() {
    return name;
  }

  /** How long credentials have to be valid at least; zero if nothing is asked for. */
  Duration validity() {
    return validity;
  }

  RefreshPolicy policy() {
    return policy;
  }

  /** The setting that names a second role; empty if there is none to assume. */
  Optional<Setting> secondRole() {
    return Optional.ofNullable(secondRole);
  }

  /** What was found and counts, but for the second role, whose evidence has its settings. */
  List<Fact> facts() {
    return facts.build().facts();
  }

  private void refuseUnknown() {
    for (String key : new TreeSet<>(environment.settings().keySet())) {
      Optional<Key> known = known(key);
      if (known.isEmpty()) {
        refuse(Problems.UNKNOWN_SETTING, key, "setting " + shown(key) + " does not exist");
      } else if (!known.get().isFor(scope)) {
        refuse(
            Problems.SETTING_OF_ANOTHER_CLASS,
            key,
            "setting "
                + key
                + (known.get().isFor(Scope.SOURCE)
                    ? " names a second role, and this provider is of one that was named in code"
                    : " is of several sources, and this provider has only one"));
      }
    }
  }

  private static Optional<Key> known(String key) {
    return Arrays.stream(Key.values()).filter(one -> one.key().equals(key)).findFirst();
  }

  private void refuse(String id, String key, String summary) {
    found(
        Problems.of(id, FailureKind.MISCONFIGURED, summary)
            .fact(KEY, shown(key))
            .step("Use only these settings: " + String.join(", ", Key.of(scope)))
            .build(),
        true);
  }

  private void read() {
    for (Key key : Key.values()) {
      Optional<Setting> setting = find(key);
      if (setting.isPresent()) {
        read(key, setting.get());
      }
    }
    if (secondRole == null) {
      refuseWithoutRole();
    }
  }

  private void read(Key key, Setting setting) {
    switch (key) {
      case ORDER -> readOrder(setting);
      case FALLBACK -> readFallback(setting);
      case NAME -> readName(setting);
      case VALIDITY -> readValidity(setting);
      case REFRESH_FROM -> readWindow();
      case REFRESH_TO -> {
        if (find(Key.REFRESH_FROM).isEmpty()) {
          readWindow();
        }
      }
      case ASSUME_ROLE -> secondRole = setting;
      case ASSUME_EXTERNALID, ASSUME_SESSION, ASSUME_DURATION, ASSUME_TAGS -> {
        // The source of the second role reads them.
      }
    }
  }

  private Optional<Setting> find(Key key) {
    return key.isFor(scope) && !inCode.has(key) ? environment.setting(key.key()) : Optional.empty();
  }

  private void readOrder(Setting setting) {
    List<String> names = new ArrayList<>();
    for (String name : setting.value().split(",", -1)) {
      names.add(name.strip());
    }
    if (!names.stream().allMatch(Settings::isName)
        || names.stream().distinct().count() < names.size()) {
      malformed(setting, "must be names of sources with commas between them, each only once");
      return;
    }
    order = List.copyOf(names);
    counts(Key.ORDER, setting, String.join(",", names));
  }

  private void readFallback(Setting setting) {
    String value = setting.value().strip().toLowerCase(Locale.ROOT);
    if (!value.equals("true") && !value.equals("false")) {
      malformed(setting, "must be true or false");
      return;
    }
    fallback = value.equals("true");
    counts(Key.FALLBACK, setting, value);
  }

  private void readName(Setting setting) {
    String value = setting.value().strip();
    if (!isName(value)) {
      malformed(setting, "must be 1 to 64 characters out of A-Z a-z 0-9 . _ : / @ -");
      return;
    }
    name = value;
    counts(Key.NAME, setting, value);
  }

  private void readValidity(Setting setting) {
    Duration value;
    try {
      value = Duration.parse(setting.value().strip());
    } catch (DateTimeException e) {
      malformed(setting, "must be a duration in the form of ISO 8601, such as PT15M");
      return;
    }
    if (value.isNegative()) {
      malformed(setting, "must not be negative");
      return;
    }
    validity = RefreshPolicy.bounded(value);
    counts(Key.VALIDITY, setting, value.toString());
  }

  /** Reads both ends, of which one may be the default. */
  private void readWindow() {
    Optional<Setting> from = find(Key.REFRESH_FROM);
    Optional<Setting> to = find(Key.REFRESH_TO);
    Optional<Double> start = from.flatMap(this::fraction);
    Optional<Double> end = to.flatMap(this::fraction);
    if (start.isPresent() == from.isPresent() && end.isPresent() == to.isPresent()) {
      double first = start.orElse(policy.windowStart());
      double last = end.orElse(policy.windowEnd());
      if (first > last) {
        malformed(
            from.or(() -> to).orElseThrow(),
            "must leave a refresh window: "
                + Key.REFRESH_FROM.key()
                + " (default "
                + policy.windowStart()
                + ") is not to exceed "
                + Key.REFRESH_TO.key()
                + " (default "
                + policy.windowEnd()
                + ")");
        return;
      }
      policy = policy.withRefreshWindow(first, last);
      from.ifPresent(setting -> counts(Key.REFRESH_FROM, setting, Double.toString(first)));
      to.ifPresent(setting -> counts(Key.REFRESH_TO, setting, Double.toString(last)));
    }
  }

  private Optional<Double> fraction(Setting setting) {
    try {
      double value = Double.parseDouble(setting.value());
      if (value > 0 && value < 1) {
        return Optional.of(value);
      }
    } catch (NumberFormatException e) {
      // Said below, without the message, which repeats the value.
    }
    malformed(setting, "must be a fraction of the lifetime between 0 and 1, such as 0.5");
    return Optional.empty();
  }

  /** What other providers of the process may have a use for is refused only where it was given. */
  private void refuseWithoutRole() {
    for (Key key : OF_SECOND_ROLE) {
      if (key.isFor(scope)) {
        if (isGiven(key.key())) {
          found(
              Problems.of(
                      Problems.SETTING_WITHOUT_ROLE,
                      FailureKind.MISCONFIGURED,
                      "setting " + key.key() + " is of a second role, and none is named")
                  .fact(KEY, key.key())
                  .step("Set " + Key.ASSUME_ROLE.key() + " to the ARN of the role to assume")
                  .build(),
              true);
        }
      }
    }
  }

  private void counts(Key key, Setting setting, String value) {
    facts.fact(key.key(), value, setting.origin());
  }

  private void malformed(Setting setting, String rule) {
    found(
        Problems.of(
                Problems.SETTING_MALFORMED,
                FailureKind.MISCONFIGURED,
                setting.origin() + " " + rule)
            .fact(KEY, setting.name())
            .step("Correct it or remove it")
            .build(),
        isGiven(setting.name()));
  }

  /** The first one counts, and one of what was given before one of the environment. */
  private void found(Problem one, boolean given) {
    if (problem == null || (given && !problemIsGiven)) {
      problem = one;
      problemIsGiven = given;
    }
  }

  private static String shown(String key) {
    return SHOWN.matcher(key).matches() ? key : "(a key of " + key.length() + " characters)";
  }
}
