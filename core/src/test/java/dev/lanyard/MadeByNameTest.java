package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.diagnosis.Fact;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Providers that a framework makes by the name of their class, with its own configuration. */
class MadeByNameTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @AfterEach
  void takePropertiesAway() {
    for (Settings.Key key : Settings.Key.values()) {
      System.clearProperty(key.key());
    }
  }

  /** As IrsaCredentialsProvider and PodIdentityCredentialsProvider are made. */
  private static final class One extends RefreshingCredentialsProvider {
    One(ScriptedSource source) {
      super(source);
    }

    One(ScriptedSource source, Map<String, String> settings) {
      super(source, settings);
    }

    One(ScriptedSource source, Properties configuration) {
      super(source, configuration);
    }

    One(ScriptedSource source, EksCredentialsProvider.Builder options) {
      super(source, options);
    }
  }

  /** As EksCredentialsProvider is made. */
  private static final class Several extends RefreshingCredentialsProvider {
    Several(Map<String, String> settings, CredentialsSource... sources) {
      super(
          Assembly.shared(
              Settings.Scope.CHAIN,
              order ->
                  order.isEmpty() ? List.of(sources) : Sources.ordered(order, List.of(sources)),
              settings));
    }
  }

  private static ScriptedSource source(String name, String role) {
    ScriptedSource source = new ScriptedSource(name, 1);
    return source.detects(Detection.present(source, Evidence.builder().fact("role", role).build()));
  }

  private static String keyId(RefreshingCredentialsProvider provider) {
    provider.awaitReady(LIMIT);
    return provider.resolveCredentials().accessKeyId();
  }

  private static Properties properties(Object... pairs) {
    Properties properties = new Properties();
    for (int i = 0; i < pairs.length; i += 2) {
      properties.put(pairs[i], pairs[i + 1]);
    }
    return properties;
  }

  // ---- Shapes

  @Test
  void theClassHasTheShapesThatFrameworksLookFor() throws ReflectiveOperationException {
    Class<?> type = Class.forName("dev.lanyard.EksCredentialsProvider");

    for (Object made :
        List.of(
            type.getConstructor().newInstance(),
            type.getConstructor(Properties.class).newInstance(new Properties()),
            type.getMethod("create").invoke(null),
            type.getMethod("create", Map.class).invoke(null, Map.of()))) {
      assertThat(made).isInstanceOf(EksCredentialsProvider.class);
      assertThat(((EksCredentialsProvider) made).explain().settings()).isEmpty();
    }
  }

  @Test
  void aFrameworksWholeConfigurationIsSearchedForOurs() {
    Properties defaults = properties("lanyard.fallback", "true");
    Properties whole = new Properties(defaults);
    whole.putAll(
        properties(
            "aws.region",
            "eu-west-1",
            17,
            "a key of its own",
            "flink.parallelism",
            4,
            "lanyardx",
            "y"));
    whole.put("lanyard.name", "of-flink");

    EksCredentialsProvider provider = new EksCredentialsProvider(whole);

    assertThat(provider.explain().settings())
        .extracting(Fact::name)
        .containsExactly("lanyard.fallback", "lanyard.name");
    assertThat(provider.explain().name()).contains("of-flink");
  }

  @Test
  void laterChangesOfTheConfigurationDoNotCount() {
    Properties configuration = properties("lanyard.name", "before");
    One provider = new One(source("changed", "x"), configuration);
    configuration.put("lanyard.name", "after");

    assertThat(provider.explain().name()).contains("before");
  }

  @Test
  void aMapHoldsOursAndNothingElse() {
    assertThatThrownBy(() -> EksCredentialsProvider.create(Map.of("order", "irsa")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("setting order does not exist. Use only these settings: ")
        .hasMessageContaining("lanyard.order, lanyard.fallback");
  }

  @Test
  @SuppressWarnings("NullAway") // What a caller may do that is not checked.
  void aSettingWithoutAValueIsNotGiven() {
    Map<String, String> settings = new java.util.HashMap<>();
    settings.put("lanyard.name", null);
    settings.put("lanyard.order", " ");

    assertThat(EksCredentialsProvider.create(settings).explain().settings()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "lanyard.ordr, irsa, setting lanyard.ordr does not exist",
    "lanyard.fallback, maybe, setting lanyard.fallback must be true or false",
    "lanyard.assume.tags, a=b, 'setting lanyard.assume.tags is of a second role, and none is"
        + " named'",
  })
  void whatIsWrongIsRefusedByNameInBoth(String key, String value, String message) {
    assertThatThrownBy(() -> EksCredentialsProvider.create(Map.of(key, value)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
    assertThatThrownBy(() -> new EksCredentialsProvider(properties(key, value, "foreign", "x")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"lanyard.order", "lanyard.fallback"})
  void aClassOfOneSourceRefusesWhatIsOfSeveral(String key) {
    ScriptedSource source = source("single", "x");
    String message = "setting " + key + " is of several sources, and this provider has only one";

    assertThatThrownBy(() -> new One(source, Map.of(key, "true")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
    assertThatThrownBy(() -> new One(source, properties(key, "true")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void aValueThatIsNoStringIsRefusedByName() {
    assertThatThrownBy(() -> new EksCredentialsProvider(properties("lanyard.fallback", true)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the value of setting lanyard.fallback must be a string");
  }

  // ---- The environment

  @Test
  void aBadSystemPropertyStopsNoClassFromLoadingAndNoCredentialsAreGiven() {
    System.setProperty("lanyard.fallback", "maybe");
    ScriptedSource source = source("stopped", "x");

    Several provider = new Several(Map.of(), source);

    assertThatExceptionOfType(CredentialsUnavailableException.class)
        .isThrownBy(provider::resolveCredentials)
        .withMessageContaining("system property lanyard.fallback must be true or false")
        .satisfies(e -> assertThat(e.problem().id()).isEqualTo("SET-003"));
    assertThat(provider.explain().chosen())
        .hasValueSatisfying(
            chosen -> {
              assertThat(chosen.name()).isEqualTo("settings");
              assertThat(chosen.use()).isEqualTo(Explanation.Use.BROKEN);
            });
    assertThat(source.exchanges()).isZero();
  }

  @Test
  void aBlankValueIsNotTheOneThatASystemPropertyHasWrong() {
    System.setProperty("lanyard.fallback", "maybe");

    Several provider = new Several(Map.of("lanyard.fallback", " "), source("stopped", "x"));

    assertThat(provider.explain().chosen().flatMap(Explanation.Source::problem).map(Problem::id))
        .contains("SET-003");
  }

  @Test
  void whatIsGivenComesBeforeASystemPropertyInEachWayToMakeAProvider() {
    System.setProperty("lanyard.name", "of the process");
    System.setProperty("lanyard.name", "process");
    ScriptedSource source = source("layers", "x");

    assertThat(new One(source).explain().name()).contains("process");
    assertThat(new One(source, Map.of("lanyard.name", "map")).explain().name()).contains("map");
    assertThat(new One(source, properties("lanyard.name", "properties")).explain().name())
        .contains("properties");
    assertThat(new One(source, EksCredentialsProvider.builder()).explain().name())
        .contains("process");
    assertThat(new One(source, EksCredentialsProvider.builder().name("builder")).explain().name())
        .contains("builder");
  }

  @Test
  void aBuilderReadsItsOwnEnvironment() {
    VirtualTime time = new VirtualTime();
    Environment environment =
        Environment.of(
            Map.of(
                "LANYARD_NAME", "by variable",
                "LANYARD_REFRESH_FROM", "0.1",
                "LANYARD_REFRESH_TO", "0.1"));
    ScriptedSource source = source("own", "x");

    One provider =
        new One(
            source,
            EksCredentialsProvider.builder().time(time).name("in-code").environment(environment));
    time.settle();

    assertThat(provider.explain().name()).contains("in-code");
    assertThat(provider.status().nextRefresh()).contains(time.now().plus(Duration.ofMinutes(6)));
    assertThat(provider.explain().toString())
        .contains("  settings\n    lanyard.refresh.from = 0.1 (environment variable")
        .doesNotContain("LANYARD_NAME");
  }

  // ---- Shared engines

  @Test
  void equalSettingsShareAnEngineWhateverTheClassAndTheWay() {
    ScriptedSource source = source("way", "shared way");
    Map<String, String> settings = Map.of("lanyard.name", "tenant-a");
    List<RefreshingCredentialsProvider> providers =
        List.of(
            new One(source, settings),
            new One(source, properties("lanyard.name", "tenant-a", "foreign", "x")),
            new Several(settings, source),
            new Several(Map.of("lanyard.name", "tenant-a", "lanyard.order", "way"), source));

    for (RefreshingCredentialsProvider provider : providers) {
      assertThat(keyId(provider)).isEqualTo("A");
    }
    assertThat(source.exchanges()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"lanyard.name, other", "lanyard.refresh.from, 0.6", "lanyard.refresh.to, 0.7"})
  void anotherOptionHasAnEngineOfItsOwn(String key, String value) {
    ScriptedSource source = source("options", "role of " + key);
    RefreshingCredentialsProvider plain = new One(source);
    RefreshingCredentialsProvider other = new One(source, Map.of(key, value));

    keyId(plain);
    keyId(other);

    assertThat(source.exchanges()).isEqualTo(2);
  }

  @Test
  void aMinimumValidityIsAViewOfTheSharedEngine() {
    ScriptedSource source = source("view", "role of a view");
    RefreshingCredentialsProvider plain = new One(source);
    RefreshingCredentialsProvider view = new One(source, Map.of("lanyard.validity", "PT15M"));

    assertThat(keyId(plain)).isEqualTo("A");
    assertThat(keyId(view)).isEqualTo("A");
    assertThat(source.exchanges()).isEqualTo(1);
    assertThat(view).hasToString("One[view, at least 15 min]");
    assertThat(view.withMinimumValidity(Duration.ofMinutes(5))).isSameAs(view);
    assertThat(plain).hasToString("One[view]");
  }

  @Test
  void aMinimumValidityAboveWhatTheSourceGivesFails() {
    ScriptedSource source =
        source("short", "role of a short life").answers("A", Duration.ofMinutes(20));
    RefreshingCredentialsProvider view = new One(source, Map.of("lanyard.validity", "PT30M"));

    assertThatExceptionOfType(CredentialsUnavailableException.class)
        .isThrownBy(view::resolveCredentials)
        .satisfies(e -> assertThat(e.problem().id()).isEqualTo("LIFE-003"));
  }

  @Test
  void aFallbackIsPartOfTheIdentityOnlyWhereThereIsOne() {
    ScriptedSource first = source("first of two", "fallback");
    ScriptedSource second = source("second of two", "fallback");
    Map<String, String> fallback = Map.of("lanyard.fallback", "true");
    RefreshingCredentialsProvider one = new Several(fallback, first, second);
    RefreshingCredentialsProvider same = new Several(fallback, first, second);
    RefreshingCredentialsProvider without = new Several(Map.of(), first, second);
    RefreshingCredentialsProvider alone = new Several(fallback, first);
    for (RefreshingCredentialsProvider provider : List.of(one, same, without, alone)) {
      keyId(provider);
    }

    assertThat(first.exchanges()).isEqualTo(2);
    assertThat(second.exchanges()).isZero();
    assertThat(one.explain().sources().get(1).use()).isEqualTo(Explanation.Use.FALLBACK);
    assertThat(without.explain().sources().get(1).use()).isEqualTo(Explanation.Use.SHADOWED);
  }

  @Test
  void theOrderDecidesWhichSourceIsUsed() {
    ScriptedSource first = source("order-1", "of one").answers("FIRST", Duration.ofHours(1));
    ScriptedSource second = source("order-2", "of two").answers("SECOND", Duration.ofHours(1));

    assertThat(keyId(new Several(Map.of("lanyard.order", "order-2,order-1"), first, second)))
        .isEqualTo("SECOND");
    assertThat(keyId(new Several(Map.of(), first, second))).isEqualTo("FIRST");
  }

  @Test
  void aFallbackThatCannotBeComparedIsNotShared() {
    ScriptedSource first = source("comparable", "fallback to somebody");
    ScriptedSource second = new ScriptedSource("somebody", 2);
    second.detects(Found.unshared(second, "somebody"));
    Map<String, String> fallback = Map.of("lanyard.fallback", "true");

    keyId(new Several(fallback, first, second));
    keyId(new Several(fallback, first, second));

    assertThat(first.exchanges()).isEqualTo(2);
  }

  @Test
  void whatHealsJoinsTheEngineOfItsOptions() {
    ScriptedSource broken = source("heals with options", "role that heals with options");
    Detection present = broken.detect(Environment.of(Map.of()));
    broken.detects(Found.broken("the token file is not named", "Name it"));
    Map<String, String> settings = Map.of("lanyard.name", "healed", "lanyard.validity", "PT15M");
    One provider = new One(broken, settings);
    assertThat(provider.resolveIdentity()).failsWithin(LIMIT);

    broken.detects(present);

    Awaiting.until(() -> provider.explain().status().usable());
    assertThat(keyId(new One(broken, settings))).isEqualTo("A");
    assertThat(keyId(provider)).isEqualTo("A");
    assertThat(broken.exchanges()).isEqualTo(1);
    keyId(new One(broken));
    assertThat(broken.exchanges()).isEqualTo(2);
  }

  // ---- The second role

  @Test
  void withoutTheModuleOfTheSecondRoleTheProblemNamesIt() {
    ScriptedSource source = source("lonely", "first role");
    RefreshingCredentialsProvider provider =
        new One(source, Map.of("lanyard.assume.role", "arn:aws:iam::444455556666:role/partner"));

    assertThatExceptionOfType(CredentialsUnavailableException.class)
        .isThrownBy(provider::resolveCredentials)
        .withMessageContaining(
            "setting lanyard.assume.role is set, but lanyard-irsa is not on the class path")
        .withMessageContaining("Add the dependency dev.lanyard:lanyard-irsa")
        .satisfies(
            e -> {
              assertThat(e.problem().id()).isEqualTo("LIB-001");
              assertThat(e.problem().fact("module")).contains("lanyard-irsa");
            });
    assertThat(provider.explain().firstHop().flatMap(Explanation::chosen))
        .map(Explanation.Source::name)
        .contains("lonely");
  }

  @Test
  void whereNothingIsConfiguredNoRoleIsAssumed() {
    ScriptedSource absent = new ScriptedSource("nowhere", 1);
    absent.detects(Detection.absent("a variable"));
    RefreshingCredentialsProvider provider =
        new Several(
            Map.of("lanyard.assume.role", "arn:aws:iam::444455556666:role/partner"), absent);

    assertThatExceptionOfType(CredentialsUnavailableException.class)
        .isThrownBy(provider::resolveCredentials)
        .satisfies(e -> assertThat(e.problem().id()).isEqualTo("ENV-001"));
    assertThat(provider.explain().firstHop()).isEqualTo(Optional.empty());
  }
}
