package dev.lanyard;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** Credentials with a minimum validity, from a view that is itself a provider. */
class ViewTest {
  private static final Duration QUARTER = ofMinutes(15);

  private final VirtualTime time = new VirtualTime();
  private final ScriptedSource source = new ScriptedSource();
  private int sessions;

  private static final class TestProvider extends RefreshingCredentialsProvider {
    TestProvider(
        ScriptedSource source,
        EksCredentialsProvider.Builder options,
        @Nullable AwsCredentialsProvider whenNotOnEks) {
      super(
          Assemblies.of(
              Chain.detect(List.of(source), Environment.of(Map.of())),
              options,
              false,
              whenNotOnEks));
    }
  }

  private RefreshingCredentialsProvider provider() {
    RefreshingCredentialsProvider provider =
        new TestProvider(source, EksCredentialsProvider.builder().time(time), null);
    time.settle();
    return provider;
  }

  /** A new session at each exchange, as STS gives. */
  private void answersAsSts(Duration life) {
    source.does(
        context ->
            ScriptedSource.sessionCredentials("A" + ++sessions, context.now().plus(life))
                .longestLife(life.plusMinutes(1))
                .build());
  }

  /** A cache that keeps a session until 15 s before its end, as the agent under a target role. */
  private void answersAsAgent(Duration life) {
    SessionCredentials[] cache = new SessionCredentials[1];
    source.does(
        context -> {
          SessionCredentials cached = cache[0];
          if (cached == null || !context.now().isBefore(cached.expiration().minusSeconds(15))) {
            Instant end = context.now().plus(life);
            cached = ScriptedSource.sessionCredentials("A" + ++sessions, end).build();
            cache[0] = cached;
          }
          return cached;
        });
  }

  private Duration lifeLeft(AwsCredentials credentials) {
    return Duration.between(
        time.now(), ((AwsSessionCredentials) credentials).expirationTime().orElseThrow());
  }

  @ParameterizedTest
  @CsvSource({"PT15M", "PT30M", "PT50M", "PT59M"})
  void inHealthNoCallerWaitsWhateverTheMinimumThatTheSourceCanServe(Duration minimum) {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider view = provider().withMinimumValidity(minimum);

    for (int i = 0; i < 24 * 60 * 6; i++) {
      time.advance(ofSeconds(10));
      assertThat(view.resolveIdentity()).as("after " + i * 10 + " s").isCompleted();
      AwsCredentials given = view.resolveCredentials();
      assertThat(lifeLeft(given)).isGreaterThanOrEqualTo(minimum);
    }
    assertThat(source.exchanges()).isLessThanOrEqualTo(24 * 60 * 2 + 1);
  }

  @Test
  void withoutAViewTheScheduleIsAsBefore() {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider provider = provider();

    time.advance(ofHours(24));

    assertThat(source.exchanges()).isBetween(24, 48);
    assertThat(provider.status().usable()).isTrue();
  }

  @Test
  void aViewThatNobodyHoldsAsksForNothing() {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    Object view = provider.withMinimumValidity(ofMinutes(58));
    time.advance(ofHours(1));
    assertThat(source.exchanges()).isGreaterThan(30);
    assertThat(view).isNotNull();

    view = null;

    Awaiting.until(
        () -> {
          System.gc();
          int before = source.exchanges();
          time.advance(ofHours(2));
          return source.exchanges() - before <= 5;
        });
    assertThat(provider.status().usable()).isTrue();
  }

  @Test
  void aViewKeepsTheEngine() {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider view = provider().withMinimumValidity(QUARTER);
    for (int i = 0; i < 5; i++) {
      System.gc();
      time.advance(ofHours(1));
    }

    assertThat(view.resolveCredentials().accessKeyId()).isEqualTo("A" + sessions);
    assertThat(sessions).isGreaterThan(5);
  }

  @Test
  void aViewThatComesLateHastensTheNextExchange() {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    time.advance(ofMinutes(20));
    assertThat(source.exchanges()).isEqualTo(1);

    RefreshingCredentialsProvider view = provider.withMinimumValidity(ofMinutes(50));
    time.settle();

    assertThat(source.exchanges()).as("what is held lives too short: at once").isEqualTo(2);
    assertThat(view.resolveCredentials().accessKeyId()).isEqualTo("A2");
    RefreshingCredentialsProvider larger = provider.withMinimumValidity(ofMinutes(55));
    time.advance(ofMinutes(5).minusSeconds(1));
    assertThat(source.exchanges()).isBetween(3, 5);
    assertThat(lifeLeft(larger.resolveCredentials())).isGreaterThanOrEqualTo(ofMinutes(55));
  }

  @Test
  void aMinimumThatTheSourceNeverGivesFailsAtOnceWithoutAnExchange() {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider view = provider().withMinimumValidity(ofHours(2));

    for (int i = 0; i < 10; i++) {
      time.advance(ofMinutes(1));
      assertThatThrownBy(view::resolveCredentials)
          .isInstanceOfSatisfying(
              CredentialsUnavailableException.class,
              e -> {
                Problem problem = e.problem();
                assertThat(problem.id()).isEqualTo("LIFE-002");
                assertThat(problem.fact("asked for")).contains("PT2H");
                assertThat(problem.fact("lifetime when new")).contains("PT1H");
                assertThat(e.kind()).isEqualTo(FailureKind.MISCONFIGURED);
              })
          .hasMessageContaining("but 2 h 0 min were asked for")
          .hasMessageContaining("live for 60 min when they are new")
          .hasMessageContaining("duration(...)");
      assertThat(view.resolveIdentity()).isCompletedExceptionally();
    }

    assertThat(source.exchanges()).isEqualTo(1);
  }

  @Test
  void aCacheHasNoneThatLiveSoLongInItsLastPart() {
    answersAsAgent(ofMinutes(59));
    RefreshingCredentialsProvider view = provider().withMinimumValidity(QUARTER);
    time.advance(ofMinutes(43));
    assertThat(lifeLeft(view.resolveCredentials())).isEqualTo(ofMinutes(16));
    int before = source.exchanges();

    time.advance(ofMinutes(2));

    for (int i = 0; i < 12; i++) {
      assertThatThrownBy(view::resolveCredentials)
          .isInstanceOfSatisfying(
              CredentialsUnavailableException.class,
              e -> {
                assertThat(e.kind()).isEqualTo(FailureKind.TRANSIENT);
                assertThat(e.problem().id()).isEqualTo("LIFE-003");
              })
          .hasMessageContaining("the source serves them again until they end")
          .hasMessageContaining("AssumeRoleCredentialsProvider");
      time.advance(ofMinutes(1));
    }
    assertThat(source.exchanges() - before).as("G7's pace").isBetween(12, 28);
    time.advance(ofMinutes(2).plusSeconds(10));
    assertThat(lifeLeft(view.resolveCredentials())).isGreaterThan(ofMinutes(58));
  }

  @Test
  void aCacheThatIsMetInTheMiddleIsServedFromItsRenewalOn() {
    answersAsAgent(ofMinutes(59));
    RefreshingCredentialsProvider early = provider();
    time.advance(ofMinutes(50));
    assertThat(early.status().usable()).isTrue();
    RefreshingCredentialsProvider view = provider().withMinimumValidity(QUARTER);

    assertThatThrownBy(view::resolveCredentials).hasMessageContaining("lived for 9 min");
    time.advance(ofMinutes(9));

    assertThat(lifeLeft(view.resolveCredentials())).isGreaterThan(ofMinutes(58));
  }

  @Test
  void retriesAfterAFailureComeBeforeTheViewHasNothing() {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider view = provider().withMinimumValidity(QUARTER);
    time.advance(ofMinutes(20));
    assertThat(source.exchanges()).isEqualTo(1);
    source.fails(FailureKind.TRANSIENT, "HTTP 503");
    time.advance(ofMinutes(24));
    assertThat(lifeLeft(view.resolveCredentials())).isEqualTo(ofMinutes(16));
    assertThat(source.exchanges()).as("attempts in health and outage").isGreaterThan(6);
    answersAsSts(ofHours(1));

    time.advance(ofMinutes(1));

    assertThat(lifeLeft(view.resolveCredentials())).isGreaterThan(ofMinutes(58));
  }

  @Test
  void aCallerOfAViewWaitsForTheFirstCredentials() {
    source.does(
        context -> {
          throw new IllegalStateException("not yet");
        });
    RefreshingCredentialsProvider provider = provider();
    RefreshingCredentialsProvider view = provider.withMinimumValidity(QUARTER);
    var waiting = view.resolveIdentity();
    assertThat(waiting).isNotDone();
    answersAsSts(ofHours(1));

    time.advance(ofSeconds(5));

    assertThat(waiting).isCompletedWithValueMatching(given -> given.accessKeyId().equals("A1"));
    view.awaitReady(Duration.ZERO);
  }

  @Test
  void isOneOfTheProviderThatItIsAViewOf() {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    RefreshingCredentialsProvider view = provider.withMinimumValidity(QUARTER);

    assertThat(view.resolveCredentials()).isSameAs(provider.resolveCredentials());
    assertThat(view.resolveIdentity()).isSameAs(provider.resolveIdentity());
    assertThat(view.status()).isEqualTo(provider.status());
    assertThat(view.explain()).isEqualTo(provider.explain());
    assertThat(view).hasToString("RefreshingCredentialsProvider[scripted, at least 15 min]");
    assertThat(view.withMinimumValidity(QUARTER)).isSameAs(view);
    assertThat(view.withMinimumValidity(ofMinutes(1))).isSameAs(view);
    assertThat(view.withMinimumValidity(ofMinutes(20))).isNotSameAs(view);
    assertThat(provider.withMinimumValidity(Duration.ZERO)).isSameAs(provider);
    assertThat(source.exchanges()).isEqualTo(1);
  }

  @Test
  void whatAServiceRefusedIsInvalidatedThroughAView() {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    RefreshingCredentialsProvider view = provider.withMinimumValidity(QUARTER);

    var unused = view.invalidate(view.resolveCredentials());
    time.settle();

    assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("A2");
  }

  @Test
  void asksOfAViewAreForTheLongerOfTheTwo() {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider view = provider().withMinimumValidity(QUARTER);
    time.advance(ofMinutes(10));

    assertThat(view.resolveCredentials(Duration.ZERO).accessKeyId()).isEqualTo("A1");
    var longer = view.resolveIdentity(ofMinutes(55));
    time.settle();

    assertThat(longer).isCompletedWithValueMatching(given -> given.accessKeyId().equals("A2"));
  }

  @Test
  void passesOnWhatTheApplicationsOwnProviderGives() {
    source.detects(dev.lanyard.spi.Detection.absent("variable ONE"));
    RefreshingCredentialsProvider view =
        new TestProvider(
                source,
                EksCredentialsProvider.builder().time(time),
                StaticCredentialsProvider.create(AwsBasicCredentials.create("AKIA", "secret")))
            .withMinimumValidity(QUARTER);

    assertThat(view.resolveCredentials().accessKeyId()).isEqualTo("AKIA");
    assertThat(view.resolveIdentity().join().accessKeyId()).isEqualTo("AKIA");
    assertThat(view.status().source()).isEqualTo("application");
  }

  @Test
  void aNegativeMinimumIsRefused() {
    RefreshingCredentialsProvider provider = provider();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> provider.withMinimumValidity(ofMillis(-1)))
        .withMessageContaining("must not be negative");
    assertThat(provider.withMinimumValidity(ofHours(1_000_000_000L))).isNotSameAs(provider);
  }

  @Test
  void aTransientFailureDoesNotEndAViewsWaitForReadiness() {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider view = provider().withMinimumValidity(QUARTER);
    time.advance(ofMinutes(20));
    source.fails(FailureKind.TRANSIENT, "HTTP 503");
    time.advance(ofMinutes(30));
    Future<?> unused = time.after(ofSeconds(20), () -> answersAsSts(ofHours(1)));
    List<String> told = new ArrayList<>();
    Fiber caller = time.caller(() -> told.add(readiness(view, ofMinutes(20))));

    time.advance(ofMinutes(20));

    assertThat(told).containsExactly("ready");
    assertThat(caller).isNotNull();
  }

  private static String readiness(RefreshingCredentialsProvider view, Duration atMost) {
    try {
      view.awaitReady(atMost);
      return "ready";
    } catch (CredentialsUnavailableException e) {
      return e.problem().id();
    }
  }

  @Test
  void aRefusalEndsAViewsWaitForReadiness() {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider view = provider().withMinimumValidity(QUARTER);
    time.advance(ofMinutes(20));
    source.fails(FailureKind.REJECTED, "no");
    time.advance(ofMinutes(30));
    List<String> told = new ArrayList<>();
    Fiber caller = time.caller(() -> told.add(readiness(view, ofMinutes(5))));

    time.advance(ofMinutes(5));

    assertThat(told).containsExactly(Problem.UNSPECIFIED);
    assertThat(caller).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.5, 0.999})
  void aViewDoesNotHastenACacheBelowItsPace(double draw) {
    EngineFixture f = new EngineFixture();
    f.draw = draw;
    List<Long> at = new ArrayList<>();
    Instant end = f.time.now().plusSeconds(110);
    f.source.does(
        context -> {
          at.add(f.time.millis());
          return ScriptedSource.credentials("A", end);
        });
    f.settled();
    Validities.Asked asked = f.engine().keepValidFor(30_000);

    f.time.advance(ofSeconds(95));

    for (int i = 1; i < at.size(); i++) {
      assertThat(at.get(i) - at.get(i - 1)).isGreaterThanOrEqualTo(30_000);
    }
    assertThat(asked.millis()).isEqualTo(30_000);
  }

  @Test
  void viewsThatAreMadeAgainDoNotDrawAgain() {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    RefreshingCredentialsProvider view = provider.withMinimumValidity(QUARTER);
    Optional<Instant> next = provider.status().nextRefresh();

    for (int i = 0; i < 200; i++) {
      assertThat(provider.withMinimumValidity(QUARTER).resolveCredentials()).isNotNull();
    }

    assertThat(provider.status().nextRefresh()).isEqualTo(next);
    assertThat(view).isNotNull();
  }

  @Test
  void viewsThatAreMadeAgainAskACacheNoMoreOften() {
    answersAsAgent(ofMinutes(59));
    RefreshingCredentialsProvider provider = provider();
    time.advance(ofMinutes(48));
    int before = source.exchanges();

    for (int i = 0; i < 100; i++) {
      RefreshingCredentialsProvider view = provider.withMinimumValidity(QUARTER);
      time.settle();
      assertThat(view).isNotNull();
    }

    assertThat(source.exchanges() - before).isLessThanOrEqualTo(1);
  }

  @Test
  void aViewIsNotADrawToRetrySoonerAfterAFailure() {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    source.does(
        context -> {
          throw ExchangeException.builder(FailureKind.TRANSIENT, "slow down")
              .retryAfter(ofMinutes(5))
              .build();
        });
    time.advance(ofMinutes(49));
    int before = source.exchanges();
    Optional<Instant> next = provider.status().nextRefresh();

    RefreshingCredentialsProvider view = provider.withMinimumValidity(QUARTER);
    time.settle();

    assertThat(source.exchanges()).isEqualTo(before);
    assertThat(view.status().nextRefresh()).isEqualTo(next);
  }

  @Test
  void retryAfterIsHeededAlsoWhereAViewNeedsMore() {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider view = provider().withMinimumValidity(QUARTER);
    List<Instant> at = new ArrayList<>();
    source.does(
        context -> {
          at.add(context.now());
          throw ExchangeException.builder(FailureKind.TRANSIENT, "slow down")
              .retryAfter(ofMinutes(5))
              .build();
        });

    time.advance(ofMinutes(50));

    assertThat(at.size()).isGreaterThanOrEqualTo(2);
    for (int i = 1; i < at.size(); i++) {
      assertThat(Duration.between(at.get(i - 1), at.get(i))).isGreaterThanOrEqualTo(ofMinutes(5));
    }
    assertThat(view.status().usable()).isTrue();
  }

  @Test
  void anOutageCostsNoStormOnceAViewHasNothing() {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider view = provider().withMinimumValidity(QUARTER);
    time.advance(ofMinutes(20));
    source.fails(FailureKind.TRANSIENT, "HTTP 503");
    int before = source.exchanges();

    time.advance(ofMinutes(39));

    assertThat(source.exchanges() - before).isLessThan(80);
    assertThat(view.status().usable()).isTrue();
  }

  @Test
  void whatStoodByLivesAsLongAsWhenItCame() {
    ScriptedSource first = new ScriptedSource("first", 1).answers("F", ofHours(1));
    ScriptedSource second = new ScriptedSource("second", 2);
    second.does(
        context -> ScriptedSource.credentials("S" + ++sessions, context.now().plus(ofHours(1))));
    RefreshingCredentialsProvider provider = new TwoSources(first, second, time);
    time.settle();
    time.advance(ofMinutes(20));
    first.fails(FailureKind.REJECTED, "no");
    time.advance(ofMinutes(40).plusSeconds(1));
    assertThat(provider.status().source()).isEqualTo("second");

    var given = provider.withMinimumValidity(ofMinutes(59)).resolveIdentity();
    time.settle();

    assertThat(given).isCompleted();
  }

  private static final class TwoSources extends RefreshingCredentialsProvider {
    TwoSources(ScriptedSource first, ScriptedSource second, VirtualTime time) {
      super(
          Assemblies.of(
              Chain.detect(List.of(first, second), Environment.of(Map.of())),
              EksCredentialsProvider.builder().time(time),
              true,
              null));
    }
  }

  @Test
  void aCacheThatIsMetLateIsNoMisconfiguration() {
    Instant end = time.now().plus(ofMinutes(9));
    source.does(context -> ScriptedSource.credentials("A", end));
    RefreshingCredentialsProvider view = provider().withMinimumValidity(QUARTER);

    assertThatThrownBy(view::resolveCredentials)
        .isInstanceOfSatisfying(
            CredentialsUnavailableException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(FailureKind.TRANSIENT);
              assertThat(e.problem().id()).isEqualTo("LIFE-003");
            });
  }

  @Test
  void whatIsNeverGivenIsSaidWhateverElseFails() {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    RefreshingCredentialsProvider view = provider.withMinimumValidity(ofHours(2));
    source.fails(FailureKind.TRANSIENT, "HTTP 503");
    var unused = provider.invalidate(provider.resolveCredentials());
    time.settle();
    assertThat(provider.status().health()).isEqualTo(CredentialsStatus.Health.DEGRADED);

    assertThatThrownBy(view::resolveCredentials)
        .isInstanceOfSatisfying(
            CredentialsUnavailableException.class,
            e -> assertThat(e.problem().id()).isEqualTo("LIFE-002"))
        .hasMessageNotContaining("503");
  }

  @Test
  void whatIsNeverGivenIsSaidAtOnceWhileAnExchangeIsInFlight() {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    RefreshingCredentialsProvider view = provider.withMinimumValidity(ofHours(2));
    List<Boolean> done = new ArrayList<>();
    source.does(
        context -> {
          done.add(view.resolveIdentity().isDone());
          return ScriptedSource.credentials("B", context.now().plus(ofHours(1)));
        });

    time.advance(ofMinutes(50));

    assertThat(done).containsExactly(true);
  }

  @Test
  void aViewAsksForItsMinimumWhateverLessIsAskedFor() {
    answersAsAgent(ofMinutes(59));
    RefreshingCredentialsProvider view = provider().withMinimumValidity(QUARTER);
    time.advance(ofMinutes(49));

    assertThatThrownBy(() -> view.resolveCredentials(Duration.ZERO))
        .hasMessageContaining("15 min were asked for");
  }

  @Test
  void whatAnExceptionSaysOfAViewTravels() throws Exception {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider view = provider().withMinimumValidity(ofHours(2));
    CredentialsUnavailableException thrown =
        catchThrowableOfType(CredentialsUnavailableException.class, view::resolveCredentials);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(thrown);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      CredentialsUnavailableException read = (CredentialsUnavailableException) in.readObject();

      assertThat(read.problem()).isEqualTo(thrown.problem());
      assertThat(read.problem().id()).isEqualTo("LIFE-002");
    }
  }

  @Test
  void aMinimumOfTheWholeLifetimeCostsNoExchanges() {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider view = provider().withMinimumValidity(ofHours(1));

    time.advance(ofHours(24));

    assertThat(source.exchanges()).isLessThanOrEqualTo(49);
    assertThat(view.status().usable()).isTrue();
  }

  @Test
  void callersOfAViewBeginNoExchangeWithinThePace() {
    answersAsSts(ofHours(1));
    RefreshingCredentialsProvider view = provider().withMinimumValidity(ofHours(1));

    for (int second = 1; second <= 300; second++) {
      time.advance(ofSeconds(1));
      var unused = view.resolveIdentity();
      time.settle();
    }

    assertThat(source.exchanges()).isBetween(2, 11);
  }
}
