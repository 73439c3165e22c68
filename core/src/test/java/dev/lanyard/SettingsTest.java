package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.lanyard.Settings.Scope;
import dev.lanyard.diagnosis.Fact;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.runtime.Environment;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One table of settings, wherever they are given. */
class SettingsTest {
  private static final Path TABLE = Path.of("..", "docs", "settings.md");

  private static Settings read(Map<String, String> given) {
    return read(Environment.of(Map.of()).withSettings(given), Scope.CHAIN);
  }

  private static Settings read(Environment environment, Scope scope) {
    return Settings.read(environment, scope, Settings.InCode.NOTHING);
  }

  private static String problem(Settings settings) {
    return settings.problem().map(Problem::summary).orElse("none");
  }

  @Test
  void withoutSettingsAllIsAsTheDefaultsSay() {
    Settings settings = read(Map.of());

    assertThat(settings.problem()).isEmpty();
    assertThat(settings.facts()).isEmpty();
    assertThat(settings.order()).isEmpty();
    assertThat(settings.fallback()).isFalse();
    assertThat(settings.name()).isNull();
    assertThat(settings.validity()).isZero();
    assertThat(settings.policy()).isEqualTo(RefreshPolicy.defaults());
    assertThat(settings.secondRole()).isEmpty();
  }

  @Test
  void eachSettingHasItsEffectAndIsToldWithItsOrigin() {
    Settings settings =
        read(
            Map.of(
                "lanyard.order", " pod-identity , irsa",
                "lanyard.fallback", "TRUE",
                "lanyard.name", "tenant-a ",
                "lanyard.validity", "PT15M",
                "lanyard.refresh.from", "0.25",
                "lanyard.refresh.to", "0.5",
                "lanyard.assume.role", "arn:aws:iam::444455556666:role/partner"));

    assertThat(problem(settings)).isEqualTo("none");
    assertThat(settings.order()).containsExactly("pod-identity", "irsa");
    assertThat(settings.fallback()).isTrue();
    assertThat(settings.name()).isEqualTo("tenant-a");
    assertThat(settings.validity()).isEqualTo(Duration.ofMinutes(15));
    assertThat(settings.policy()).isEqualTo(RefreshPolicy.defaults().withRefreshWindow(0.25, 0.5));
    assertThat(settings.secondRole().map(Environment.Setting::value))
        .contains("arn:aws:iam::444455556666:role/partner");
    assertThat(settings.facts())
        .extracting(Fact::name, fact -> fact.value().orElse(""))
        .containsExactly(
            tuple("lanyard.order", "pod-identity,irsa"),
            tuple("lanyard.fallback", "true"),
            tuple("lanyard.name", "tenant-a"),
            tuple("lanyard.validity", "PT15M"),
            tuple("lanyard.refresh.from", "0.25"),
            tuple("lanyard.refresh.to", "0.5"));
    assertThat(settings.facts())
        .allMatch(
            fact -> fact.origin().equals(Optional.of("setting " + fact.name())), "its origin");
  }

  /** A value of each setting that differs from its default. */
  private static String value(Settings.Key key, int layer) {
    return switch (key) {
      case ORDER -> "source" + layer;
      case FALLBACK -> "true";
      case VALIDITY, ASSUME_DURATION -> "PT" + (15 + layer) + "M";
      case REFRESH_FROM -> "0.0" + layer;
      case REFRESH_TO -> "0.9" + layer;
      case NAME, ASSUME_EXTERNALID, ASSUME_SESSION -> "name" + layer;
      case ASSUME_ROLE -> "arn:aws:iam::44445555666" + layer + ":role/partner";
      case ASSUME_TAGS -> "layer=" + layer;
    };
  }

  private static String variable(Settings.Key key) {
    return key.key().toUpperCase(Locale.ROOT).replace('.', '_');
  }

  @ParameterizedTest
  @EnumSource(Settings.Key.class)
  void whatIsGivenComesBeforeTheSystemPropertyAndThatBeforeTheVariable(Settings.Key key) {
    Environment environment = Environment.of(Map.of(variable(key), value(key, 3)));
    assertThat(environment.setting(key.key()))
        .hasValueSatisfying(
            setting -> {
              assertThat(setting.value()).isEqualTo(value(key, 3));
              assertThat(setting.origin()).isEqualTo("environment variable " + variable(key));
            });
    environment = environment.withProperties(Map.of(key.key(), value(key, 2)));
    assertThat(environment.setting(key.key()))
        .hasValueSatisfying(
            setting -> {
              assertThat(setting.value()).isEqualTo(value(key, 2));
              assertThat(setting.origin()).isEqualTo("system property " + key.key());
            });
    environment = environment.withSettings(Map.of(key.key(), value(key, 1)));
    assertThat(environment.setting(key.key()))
        .hasValueSatisfying(
            setting -> {
              assertThat(setting.value()).isEqualTo(value(key, 1));
              assertThat(setting.origin()).isEqualTo("setting " + key.key());
            });
    environment = environment.withSettings(Map.of(key.key(), "  "));
    assertThat(environment.setting(key.key()))
        .map(Environment.Setting::value)
        .contains(value(key, 2));
  }

  @ParameterizedTest
  @EnumSource(Settings.Key.class)
  void aVariableAloneIsReadForEachSetting(Settings.Key key) {
    Map<String, String> variables = new HashMap<>();
    variables.put(variable(key), value(key, 1));
    Environment environment = Environment.of(variables);

    Settings settings = read(environment, Scope.CHAIN);

    assertThat(problem(settings)).isEqualTo("none");
    boolean ofSecondRole = key.key().startsWith("lanyard.assume.");
    assertThat(settings.facts().stream().map(Fact::name).toList())
        .isEqualTo(ofSecondRole ? List.of() : List.of(key.key()));
    assertThat(settings.secondRole().isPresent()).isEqualTo(key == Settings.Key.ASSUME_ROLE);
  }

  /** So that the variable is the key in capitals, and relaxed binding finds it. */
  @ParameterizedTest
  @EnumSource(Settings.Key.class)
  void segmentsOfAKeyAreSingleWords(Settings.Key key) {
    assertThat(key.key()).matches("lanyard(\\.[a-z]+)+");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "lanyard.order        | 'irsa,,pod-identity' | must be names of sources",
        "lanyard.order        | ','                  | must be names of sources",
        "lanyard.order        | 'irsa pod-identity'  | must be names of sources",
        "lanyard.order        | 'irsa,irsa'          | each only once",
        "lanyard.fallback     | yes                  | must be true or false",
        "lanyard.name         | 'tenant a'           | must be 1 to 64 characters",
        "lanyard.validity     | 15m                  | ISO 8601, such as PT15M",
        "lanyard.validity     | 900                  | ISO 8601, such as PT15M",
        "lanyard.validity     | -PT1M                | must not be negative",
        "lanyard.refresh.from | 50%                  | a fraction of the lifetime",
        "lanyard.refresh.from | 0                    | a fraction of the lifetime",
        "lanyard.refresh.from | NaN                  | a fraction of the lifetime",
        "lanyard.refresh.to   | 1                    | a fraction of the lifetime",
        "lanyard.refresh.to   | 0.4                  | must leave a refresh window",
        "lanyard.refresh.from | 0.9                  | must leave a refresh window",
      })
  void aBadValueIsAProblemThatNamesItsSettingAndNotTheValue(String key, String value, String rule) {
    String variable = key.toUpperCase(Locale.ROOT).replace('.', '_');
    Map<Environment, String> layers = new HashMap<>();
    Environment none = Environment.of(Map.of());
    layers.put(none.withSettings(Map.of(key, value)), "setting " + key);
    layers.put(none.withProperties(Map.of(key, value)), "system property " + key);
    layers.put(Environment.of(Map.of(variable, value)), "environment variable " + variable);

    layers.forEach(
        (environment, origin) -> {
          Settings settings = read(environment, Scope.CHAIN);
          Problem problem = settings.problem().orElseThrow();

          assertThat(problem.id()).isEqualTo("SET-003");
          assertThat(problem.kind()).isEqualTo(FailureKind.MISCONFIGURED);
          assertThat(problem.summary()).startsWith(origin + " ").contains(rule);
          assertThat(settings.isProblemGiven()).isEqualTo(origin.startsWith("setting "));
          assertThat(settings.facts()).isEmpty();
        });
  }

  @Test
  void theValueOfABadSettingIsNotRepeated() {
    for (Settings.Key key : Settings.Key.values()) {
      Settings settings = read(Map.of(key.key(), "wJalrXUtnFEMI K7MDENG"));

      assertThat(settings.problem().map(Problem::toString).orElse(""))
          .doesNotContain("wJalrXUtnFEMI");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lanyard.ordr",
        "lanyard.",
        "lanyard",
        "order",
        "lanyard.order.x",
        "Lanyard.order"
      })
  void anUnknownKeyIsRefusedByName(String key) {
    Settings settings = read(Map.of(key, "irsa"));

    Problem problem = settings.problem().orElseThrow();
    assertThat(problem.id()).isEqualTo("SET-001");
    assertThat(problem.summary()).isEqualTo("setting " + key + " does not exist");
    assertThat(problem.remedy().orElse("")).contains("lanyard.order", "lanyard.assume.tags");
    assertThat(settings.isProblemGiven()).isTrue();
  }

  @Test
  void aKeyThatIsNoNameIsNotRepeated() {
    Settings settings = read(Map.of("lanyard.a\nsecret", "irsa"));

    assertThat(problem(settings)).isEqualTo("setting (a key of 16 characters) does not exist");
    assertThat(settings.isProblemGiven()).isTrue();
  }

  @ParameterizedTest
  @EnumSource(Settings.Key.class)
  void aSettingThatMeansNothingToAClassIsRefusedThereAndReadNowhere(Settings.Key key) {
    for (Scope scope : Scope.values()) {
      Map<String, String> given = new HashMap<>(Map.of(key.key(), value(key, 1)));
      if (scope != Scope.CHAINED) {
        given.put("lanyard.assume.role", value(Settings.Key.ASSUME_ROLE, 1));
      }
      Settings settings = read(Environment.of(Map.of()).withSettings(given), scope);

      assertThat(settings.problem().map(Problem::id))
          .isEqualTo(key.isFor(scope) ? Optional.empty() : Optional.of("SET-002"));
      Settings inherited = read(Environment.of(Map.of(variable(key), ",")), scope);
      assertThat(inherited.problem().isPresent() || inherited.secondRole().isPresent())
          .isEqualTo(key.isFor(scope) && !isReadByTheModule(key));
    }
  }

  /** Settings that mean nothing without a role are not looked at here. */
  private static boolean isReadByTheModule(Settings.Key key) {
    return key.key().startsWith("lanyard.assume.") && key != Settings.Key.ASSUME_ROLE;
  }

  @Test
  void aSettingOfTheSecondRoleNeedsTheRoleWhereItIsGiven() {
    Settings settings = read(Map.of("lanyard.assume.externalid", "contract-17"));

    assertThat(settings.problem().map(Problem::id)).contains("SET-004");
    assertThat(problem(settings))
        .isEqualTo("setting lanyard.assume.externalid is of a second role, and none is named");
    assertThat(settings.isProblemGiven()).isTrue();
    // Another provider of the process may name one.
    assertThat(
            read(Environment.of(Map.of("LANYARD_ASSUME_EXTERNALID", "contract-17")), Scope.CHAIN)
                .problem())
        .isEmpty();
  }

  @Test
  void theSecondRoleMayComeFromElsewhereThanItsSettings() {
    Settings settings =
        read(
            Environment.of(Map.of("LANYARD_ASSUME_ROLE", value(Settings.Key.ASSUME_ROLE, 1)))
                .withSettings(Map.of("lanyard.assume.externalid", "contract-17")),
            Scope.CHAIN);

    assertThat(settings.problem()).isEmpty();
    assertThat(settings.secondRole().map(Environment.Setting::origin))
        .contains("environment variable LANYARD_ASSUME_ROLE");
  }

  @Test
  void whatIsChosenInCodeComesFirstAndTheRestIsNotEvenRead() {
    Map<String, String> bad = new HashMap<>();
    for (Settings.Key key :
        List.of(
            Settings.Key.ORDER,
            Settings.Key.FALLBACK,
            Settings.Key.NAME,
            Settings.Key.REFRESH_FROM,
            Settings.Key.REFRESH_TO)) {
      bad.put(key.key(), "no good, at all,,");
    }
    RefreshPolicy policy = RefreshPolicy.defaults().withRefreshWindow(0.1, 0.2);

    Settings settings =
        Settings.read(
            Environment.of(Map.of()).withSettings(bad),
            Scope.CHAIN,
            new Settings.InCode(List.of("irsa"), false, "mine", policy));

    assertThat(settings.problem()).isEmpty();
    assertThat(settings.order()).containsExactly("irsa");
    assertThat(settings.fallback()).isFalse();
    assertThat(settings.name()).isEqualTo("mine");
    assertThat(settings.policy()).isEqualTo(policy);
  }

  @Test
  void whatIsGivenAndBadIsToldBeforeWhatTheEnvironmentHasWrong() {
    Settings settings =
        read(
            Environment.of(Map.of("LANYARD_ORDER", ",", "LANYARD_VALIDITY", "long"))
                .withSettings(Map.of("lanyard.fallback", "maybe", "lanyard.name", "a b")),
            Scope.CHAIN);

    assertThat(problem(settings)).isEqualTo("setting lanyard.fallback must be true or false");
    assertThat(settings.isProblemGiven()).isTrue();
  }

  @Test
  void onlyTheWindowOfAPolicyIsASetting() {
    Settings settings =
        Settings.read(
            Environment.of(Map.of("LANYARD_REFRESH_FROM", "0.6")),
            Scope.CHAIN,
            Settings.InCode.NOTHING);

    assertThat(settings.policy()).isEqualTo(RefreshPolicy.defaults().withRefreshWindow(0.6, 0.8));
  }

  @Test
  void theTableInTheDocumentationIsTheTableInCode() throws IOException {
    String text = Files.readString(TABLE, StandardCharsets.UTF_8);
    Matcher row =
        Pattern.compile(
                "^\\| `(lanyard[a-z.]+)` \\| `(LANYARD[A-Z_]+)` \\| [^|]+ \\| [^|]+ \\| ([^|]+)"
                    + " \\|",
                Pattern.MULTILINE)
            .matcher(text);
    List<String> rows = new ArrayList<>();
    while (row.find()) {
      rows.add(row.group(1) + " " + row.group(2) + " " + row.group(3));
    }

    List<String> expected = new ArrayList<>();
    for (Settings.Key key : Settings.Key.values()) {
      String classes =
          key.isFor(Scope.CHAINED)
              ? "every provider"
              : key.isFor(Scope.SOURCE)
                  ? "every provider but `AssumeRoleCredentialsProvider`"
                  : "`EksCredentialsProvider`";
      expected.add(key.key() + " " + variable(key) + " " + classes);
    }
    assertThat(rows).isEqualTo(expected);
  }
}
