package dev.lanyard;

import static java.time.Duration.ofDays;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.CredentialsStatus.Health;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.runtime.Environment;
import dev.lanyard.runtime.Time;
import dev.lanyard.spi.ExchangeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * G20 and G22: whose credentials are handed out is what status, explanation, errors, events and the
 * log tell; and when a fallback changes the identity.
 */
class IdentityTest {
  private static final Duration TICK = ofMillis(1);

  private final VirtualTime time = new VirtualTime();
  private final ScriptedSource first = new ScriptedSource("first", 1);
  private final ScriptedSource second = new ScriptedSource("second", 2);
  private final List<CredentialsEvent> events = new ArrayList<>();
  private final List<String> changesAsSeen = new ArrayList<>();

  private static final class TestProvider extends RefreshingCredentialsProvider {
    TestProvider(List<ScriptedSource> sources, EksCredentialsProvider.Builder options) {
      super(Assemblies.of(Chain.detect(sources, Environment.of(Map.of())), options, true, null));
    }
  }

  private RefreshingCredentialsProvider provider() {
    return provider(time, List.of(first, second));
  }

  private RefreshingCredentialsProvider provider(Time runsOn, List<ScriptedSource> sources) {
    RefreshingCredentialsProvider[] made = new RefreshingCredentialsProvider[1];
    made[0] =
        new TestProvider(
            sources,
            EksCredentialsProvider.builder()
                .time(runsOn)
                .listener(
                    CredentialsEventListener.of(
                        event -> {
                          events.add(event);
                          if (event instanceof CredentialsEvent.IdentityChanged change) {
                            changesAsSeen.add(change.source() + " holding " + keyOf(made[0]));
                          }
                        })));
    time.settle();
    return made[0];
  }

  /** Tells the listener on the thread that causes it, at that very moment. */
  private record AtOnce(VirtualTime time) implements Time {
    @Override
    public long millis() {
      return time.millis();
    }

    @Override
    public long nanos() {
      return time.nanos();
    }

    @Override
    public Future<?> after(Duration delay, Runnable task) {
      return time.after(delay, task);
    }

    @Override
    public void execute(Runnable task) {
      time.execute(task);
    }

    @Override
    public void execute(Lane lane, Runnable task) {
      if (lane == Lane.CALLBACK) {
        task.run();
      } else {
        time.execute(lane, task);
      }
    }
  }

  private static String keyOf(RefreshingCredentialsProvider provider) {
    return provider.resolveIdentity().getNow(null).accessKeyId();
  }

  private List<String> changes() {
    return events.stream()
        .filter(CredentialsEvent.IdentityChanged.class::isInstance)
        .map(event -> Found.change((CredentialsEvent.IdentityChanged) event))
        .toList();
  }

  private void assertTells(RefreshingCredentialsProvider provider, String source, String key) {
    assertThat(keyOf(provider)).isEqualTo(key);
    assertThat(provider.status().source()).isEqualTo(source);
    assertThat(provider.explain().toString()).contains("from " + source + ", ");
  }

  @Test
  void theFirstThatHealsGetsThePlaceBackHoweverShortItsCredentialsLive() {
    first.fails(FailureKind.REJECTED, "not authorized");
    second.answers("B", ofHours(6));
    RefreshingCredentialsProvider provider = provider();
    assertTells(provider, "second", "B");
    first.answers("A", ofHours(1));

    time.advance(ofHours(5));

    assertTells(provider, "first", "A");
    assertThat(changes())
        .containsExactly("second, previously first: not authorized", "first, previously second");
    assertThat(changesAsSeen).containsExactly("second holding B", "first holding A");
  }

  @Test
  void goodCredentialsOfTheFirstStayUntilTheirEndAndTheSecondTakesOverThen() {
    first.answers("A", ofHours(6));
    second.answers("B", ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    first.fails(FailureKind.REJECTED, "not authorized");

    time.advance(ofHours(6).minusMinutes(5).minus(TICK));
    assertTells(provider, "first", "A");
    assertThat(provider.status().health()).isEqualTo(Health.DEGRADED);
    assertThat(second.exchanges()).isZero();

    time.advance(ofMinutes(5));
    assertTells(provider, "first", "A");
    assertThat(second.exchanges()).isEqualTo(1);
    assertThat(changes()).isEmpty();

    time.advance(TICK);
    assertTells(provider, "second", "B");
    assertThat(provider.status().health()).isEqualTo(Health.HEALTHY);
    time.settle();
    assertThat(changes()).containsExactly("second, previously first: not authorized");
    assertThat(changesAsSeen).containsExactly("second holding B");
  }

  @Test
  void theSecondAlsoTakesOverWithoutACaller() {
    first.answers("A", ofHours(1));
    second.answers("B", ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    first.fails(FailureKind.REJECTED, "not authorized");

    time.advance(ofHours(1));

    assertThat(changes()).hasSize(1);
    assertTells(provider, "second", "B");
  }

  @Test
  void whatStoodByIsForgottenWhenTheFirstAnswersAgain() {
    first.answers("A", ofHours(1));
    second.answers("B", ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    first.fails(FailureKind.REJECTED, "not authorized");
    time.advance(ofMinutes(57));
    while (second.exchanges() == 0) {
      time.advance(TICK);
    }
    first.answers("A2", ofHours(1));

    time.advance(ofMinutes(30));

    assertTells(provider, "first", "A2");
    assertThat(changes()).isEmpty();
  }

  @Test
  void whatStandsByAndEndsTooSoonIsReplacedBefore() {
    first.answers("A", ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    first.fails(FailureKind.REJECTED, "not authorized");
    // An agent serves its cache until shortly before the end.
    Instant end = VirtualTime.START.plus(ofMinutes(59));
    second.does(
        context ->
            context.now().isBefore(end.minusSeconds(15))
                ? ScriptedSource.credentials("B", end)
                : ScriptedSource.credentials("B2", context.now().plus(ofHours(1))));

    time.advance(ofHours(1).minus(TICK));
    assertTells(provider, "first", "A");
    assertThat(second.exchanges()).isGreaterThan(1);

    time.advance(TICK);
    assertTells(provider, "second", "B2");
  }

  @Test
  void invalidatedCredentialsOfTheFirstAreLeftAtOnce() {
    first.answers("A", ofHours(6));
    second.answers("B", ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    first.fails(FailureKind.REJECTED, "not authorized");

    var unused = provider.invalidate(provider.resolveIdentity().join());
    time.settle();

    assertTells(provider, "second", "B");
  }

  @Test
  void invalidatedCredentialsOfTheFirstDoNotComeBackFromItsCache() {
    first.answers("A", ofHours(6));
    second.answers("B", ofHours(6));
    RefreshingCredentialsProvider provider = provider();
    first.fails(FailureKind.REJECTED, "not authorized");
    var unused = provider.invalidate(provider.resolveIdentity().join());
    time.settle();
    first.does(context -> ScriptedSource.credentials("A", VirtualTime.START.plus(ofHours(6))));

    time.advance(ofHours(5));
    assertThat(first.exchanges()).isGreaterThan(2);
    assertTells(provider, "second", "B");
    assertThat(changes()).hasSize(1);

    first.answers("A2", ofHours(6));
    time.advance(ofMinutes(50));
    assertTells(provider, "first", "A2");
    assertThat(changes()).hasSize(2);
  }

  @Test
  void invalidatedCredentialsThatStoodByAreReplacedSoon() {
    first.fails(FailureKind.REJECTED, "not authorized");
    second.does(context -> ScriptedSource.credentials("B", VirtualTime.START.plus(ofHours(6))));
    RefreshingCredentialsProvider provider = provider();
    first.answers("A", ofHours(1));
    var unused = provider.invalidate(provider.resolveIdentity().join());
    time.settle();
    assertTells(provider, "first", "A");
    first.fails(FailureKind.REJECTED, "not authorized");

    time.advance(ofHours(1));
    assertTells(provider, "second", "B");
    second.answers("B2", ofHours(6));
    time.advance(ofSeconds(30));

    assertTells(provider, "second", "B2");
  }

  @ParameterizedTest
  @EnumSource(
      names = {"TRANSIENT", "MISCONFIGURED"},
      value = FailureKind.class)
  void whatIsNoRefusalNeverChangesTheIdentity(FailureKind kind) {
    first.answers("A", ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    first.fails(kind, "somebody else answered");

    time.advance(ofHours(3));

    assertThat(second.exchanges()).isZero();
    assertThat(provider.status().source()).isEqualTo("first");
    assertThat(changes()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      names = {"TRANSIENT", "MISCONFIGURED"},
      value = FailureKind.class)
  void whatIsNoRefusalNeverEndsTheIdentityInUse(FailureKind kind) {
    first.fails(FailureKind.REJECTED, "not authorized");
    second.answers("B", ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    first.fails(kind, "somebody else answered");
    second.answers("B2", ofHours(1));

    time.advance(ofHours(1));

    assertTells(provider, "second", "B2");
    assertThat(changes()).hasSize(1);
    first.answers("A", ofHours(1));
    time.advance(ofHours(1));
    assertTells(provider, "first", "A");
  }

  @Test
  void aFirstThatHangsLeavesTimeToTheSourceInUse() {
    first.fails(FailureKind.REJECTED, "not authorized");
    second.answers("B", ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    first.does(
        context -> {
          // As sources do whose reads end with the time that they were told of.
          time.advance(context.timeLeft());
          throw ScriptedSource.failure(FailureKind.TRANSIENT, "no answer in time");
        });
    second.answers("B2", ofHours(1));

    time.advance(ofHours(1));

    assertTells(provider, "second", "B2");
    assertThat(changes()).hasSize(1);
  }

  @Test
  void aFallbackStopsAtASourceThatIsBroken() {
    ScriptedSource third = new ScriptedSource("third", 3).answers("C", ofHours(1));
    first.fails(FailureKind.REJECTED, "not authorized");
    second.detects(Found.broken("half configured", "Configure the rest"));
    RefreshingCredentialsProvider provider =
        new TestProvider(
            List.of(first, second, third), EksCredentialsProvider.builder().time(time));

    time.advance(ofMinutes(5));

    assertThat(third.exchanges()).isZero();
    assertThat(provider.status().source()).isEqualTo("first");
    assertThat(provider.explain().sources())
        .extracting(Explanation.Source::use)
        .containsExactly(
            Explanation.Use.CHOSEN, Explanation.Use.SHADOWED, Explanation.Use.SHADOWED);
  }

  @Test
  void theFailureNamesItsOwnSource() {
    first.fails(FailureKind.REJECTED, "not authorized");
    second.answers("B", ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    second.fails(FailureKind.TRANSIENT, "down");

    time.advance(ofMinutes(50));

    CredentialsStatus status = provider.status();
    assertThat(status.source()).isEqualTo("second");
    assertThat(status.lastFailure().orElseThrow().source()).isEqualTo("second");
    assertThat(status.lastFailure().orElseThrow().message()).isEqualTo("down");
    assertThat(events)
        .last()
        .isInstanceOfSatisfying(
            CredentialsEvent.RefreshFailed.class,
            event -> assertThat(event.source()).isEqualTo("second"));

    time.advance(ofHours(1));
    assertThat(provider.status().source()).as("expired ones included").isEqualTo("second");
    assertThat(provider.explain().toString()).contains("from second, UNAVAILABLE");
  }

  @Test
  void sourcesMayThrowTheSameExceptionEachTime() {
    ExchangeException refused = ScriptedSource.failure(FailureKind.REJECTED, "not authorized");
    first.does(
        context -> {
          throw refused;
        });
    second.fails(FailureKind.REJECTED, "nor here");
    RefreshingCredentialsProvider provider = provider();
    time.advance(ofMinutes(10));
    assertThat(refused.getSuppressed()).hasSizeLessThan(3);

    second.does(
        context -> {
          throw refused;
        });
    time.advance(ofMinutes(1));

    assertThat(provider.status().lastFailure().orElseThrow())
        .extracting(CredentialsStatus.Failure::source, CredentialsStatus.Failure::kind)
        .containsExactly("first", FailureKind.REJECTED);
  }

  @Test
  void whatASourceThrowsUnexpectedlyIsItsOwnFailure() {
    first.fails(FailureKind.REJECTED, "not authorized");
    second.answers("B", ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    second.does(
        context -> {
          throw new IllegalStateException("a bug");
        });

    time.advance(ofMinutes(50));

    assertThat(provider.status().lastFailure().orElseThrow())
        .extracting(CredentialsStatus.Failure::source, CredentialsStatus.Failure::message)
        .containsExactly("second", "the exchange failed with java.lang.IllegalStateException");
  }

  @Test
  void eachAttemptOfASecondThatIsInUseBeginsWithTheFirst() {
    first.fails(FailureKind.REJECTED, "not authorized");
    second.answers("B", ofHours(1));
    provider();
    int before = first.exchanges();

    time.advance(ofDays(1));

    assertThat(first.exchanges() - before).isGreaterThanOrEqualTo(24);
    assertThat(changes()).hasSize(1);
  }

  @Test
  void aTokenFileOfTheFirstThatChangesBringsItBack(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("token"), "old");
    first.readsTokenFrom(file).fails(FailureKind.REJECTED, "not authorized");
    second
        .readsTokenFrom(Files.writeString(directory.resolve("second"), "other"))
        .answers("B", ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    second.does(
        context -> {
          throw ExchangeException.builder(FailureKind.REJECTED, "gone too")
              .retryAfter(ofMinutes(5))
              .build();
        });
    while (provider.status().consecutiveFailures() == 0) {
      time.advance(ofSeconds(1));
    }
    first.answers("A", ofHours(1));
    int before = first.exchanges();

    Files.writeString(directory.resolve("second"), "another, which changes nothing");
    time.advance(ofSeconds(1));
    assertThat(first.exchanges()).isEqualTo(before);
    Files.writeString(file, "longer than the old one");
    time.advance(ofSeconds(1));

    assertTells(provider, "first", "A");
  }

  @Test
  void theSourcesOfAFallbackAreToldApartByRankNotByTime() {
    first.fails(FailureKind.REJECTED, "not authorized");
    second.answers("B", ofMinutes(30));
    RefreshingCredentialsProvider provider = provider();
    first.does(context -> ScriptedSource.credentials("A", context.now().plus(ofSeconds(50))));

    time.advance(ofMinutes(25));

    assertThat(changes()).hasSizeGreaterThan(1);
    assertThat(provider.status().source()).isEqualTo("first");
  }

  @Test
  void aChangeIsToldOnceReadersMeetTheOtherAndNoSooner() {
    first.fails(FailureKind.REJECTED, "not authorized");
    second.answers("B", ofHours(1));
    RefreshingCredentialsProvider provider = provider(new AtOnce(time), List.of(first, second));
    first.answers("A", ofHours(1));
    time.advance(ofMinutes(50));
    first.fails(FailureKind.REJECTED, "not authorized any more");
    second.answers("B2", ofHours(1));

    time.advance(ofHours(1));

    assertTells(provider, "second", "B2");
    assertThat(changesAsSeen)
        .containsExactly("second holding B", "first holding A", "second holding B2");
  }

  @Test
  void eachRefreshNamesItsOwnSource() {
    first.fails(FailureKind.REJECTED, "not authorized");
    second.answers("B", ofHours(1));
    provider();
    first.answers("A", ofHours(6));

    time.advance(ofHours(1));

    assertThat(events)
        .filteredOn(CredentialsEvent.Refreshed.class::isInstance)
        .extracting(event -> ((CredentialsEvent.Refreshed) event).source())
        .containsExactly("second", "first");
  }

  @Test
  void ofTwoFailuresThatOfTheSourceInUseIsTold() {
    first.fails(FailureKind.REJECTED, "not authorized");
    second.answers("B", ofHours(6));
    RefreshingCredentialsProvider provider = provider();
    first.fails(FailureKind.TRANSIENT, "unreachable");
    second.fails(FailureKind.TRANSIENT, "down");

    time.advance(ofHours(5));

    assertThat(provider.status().source()).isEqualTo("second");
    CredentialsStatus.Failure failure = provider.status().lastFailure().orElseThrow();
    assertThat(failure.source()).isEqualTo("second");
    assertThat(failure.message()).contains("down");
    assertThat(events)
        .last()
        .isInstanceOfSatisfying(
            CredentialsEvent.RefreshFailed.class,
            event -> assertThat(event.source()).isEqualTo("second"));
  }

  @Test
  void anOutageOfTheFirstIsNoFailureWhileTheSourceInUseAnswers() {
    first.fails(FailureKind.REJECTED, "not authorized");
    second.answers("B", ofHours(6));
    RefreshingCredentialsProvider provider = provider();
    first.fails(FailureKind.TRANSIENT, "unreachable");
    int before = second.exchanges();

    time.advance(ofHours(5));

    assertThat(second.exchanges()).isGreaterThan(before);
    assertThat(provider.status().source()).isEqualTo("second");
    assertThat(provider.status().lastFailure()).isEmpty();
    assertThat(events).noneMatch(CredentialsEvent.RefreshFailed.class::isInstance);
  }

  private Throwable failureOfACaller(RefreshingCredentialsProvider provider) {
    CompletableFuture<?> caller = provider.resolveIdentity();
    time.settle();
    return EngineFixture.failureOf(caller);
  }

  @Test
  void anErrorNamesTheSourceOfWhatWasHeldAndTheOneThatFailed() {
    first.fails(FailureKind.REJECTED, "not authorized");
    second.answers("B", ofHours(1));
    RefreshingCredentialsProvider provider = provider();
    second.fails(FailureKind.MISCONFIGURED, "no token");
    time.advance(ofHours(2));

    assertThat(failureOfACaller(provider))
        .hasMessageStartingWith("The credentials of second expired ")
        .hasMessageContaining("could not be refreshed. No token. Tried ");

    first.fails(FailureKind.MISCONFIGURED, "no role");
    time.advance(ofMinutes(1));

    Throwable both = failureOfACaller(provider);
    assertThat(both)
        .hasMessageStartingWith("The credentials of second expired ")
        .hasMessageContaining("could not be refreshed. No token. Tried ");
    assertThat(both)
        .cause()
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1))
        .satisfies(e -> assertThat(e.getSuppressed()[0]).hasMessage("no role"));
  }

  @Test
  void theSameKeyOfAnotherSourceIsThatOfTheOther() {
    first.fails(FailureKind.REJECTED, "not authorized");
    second.answers("SAME", ofHours(6));
    RefreshingCredentialsProvider provider = provider();
    first.answers("SAME", ofMinutes(30));

    time.advance(ofHours(5));

    assertTells(provider, "first", "SAME");
    assertThat(changes()).hasSize(2);
  }

  @Test
  void goingBackHasNoReasonAlsoWhereTheFirstIsStillRefused() {
    ScriptedSource third = new ScriptedSource("third", 3).answers("C", ofHours(1));
    first.fails(FailureKind.REJECTED, "not authorized");
    second.fails(FailureKind.REJECTED, "not authorized either");
    RefreshingCredentialsProvider provider = provider(time, List.of(first, second, third));
    assertTells(provider, "third", "C");
    second.answers("B", ofHours(1));

    time.advance(ofMinutes(50));

    assertTells(provider, "second", "B");
    assertThat(changes()).last().isEqualTo("second, previously third");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.5, 0.999})
  void theSecondIsAskedFiveToOneMinutesBeforeTheEndWhateverTheDraws(double draw) {
    first.answers("A", ofHours(6));
    second.answers("B", ofHours(1));
    Chain chain = Chain.detect(List.of(first, second), Environment.of(Map.of()));
    Engine engine =
        new Engine(
            chain.originWithFallback(),
            RefreshPolicy.defaults(),
            time,
            () -> draw,
            new Events(CredentialsEventListener.of(events::add), time),
            new Explainer(null, chain, true, time));
    engine.start();
    time.settle();
    first.fails(FailureKind.REJECTED, "not authorized");

    time.advance(ofHours(6).minusMinutes(5).minus(TICK));
    assertThat(second.exchanges()).isZero();
    time.advance(ofMinutes(4).plus(TICK));
    assertThat(second.exchanges()).isEqualTo(1);

    time.advance(ofMinutes(1));
    assertThat(engine.status().source()).isEqualTo("second");
  }

  @Test
  void whatStoodByTakesOverNoMoreOnceTheFirstHasAnsweredAgain() {
    first.answers("A", ofHours(1));
    second.answers("B", ofHours(6));
    RefreshingCredentialsProvider provider = provider();
    first.fails(FailureKind.REJECTED, "not authorized");
    while (second.exchanges() == 0) {
      time.advance(TICK);
    }
    first.answers("A2", ofHours(1));
    time.advance(ofMinutes(5));
    assertTells(provider, "first", "A2");
    first.fails(FailureKind.TRANSIENT, "down");

    time.advance(ofHours(2));

    assertThat(provider.status().health()).isEqualTo(Health.UNAVAILABLE);
    assertThat(provider.status().source()).isEqualTo("first");
    assertThat(changes()).isEmpty();
  }

  @Test
  void theLogTellsEachChangeOnceAndNamesEachSource() {
    List<String> lines = new ArrayList<>();
    Logs.handledBy(
        event -> {
          if (!event.getLevel().toString().equals("DEBUG")) {
            lines.add(event.getLevel() + " " + event.getFormattedMessage());
          }
        },
        () -> {
          first.fails(FailureKind.REJECTED, "not authorized");
          second.answers("B", ofHours(6));
          RefreshingCredentialsProvider provider = provider();
          second.fails(FailureKind.TRANSIENT, "down");
          while (provider.status().consecutiveFailures() == 0) {
            time.advance(ofMinutes(1));
          }
          first.fails(FailureKind.TRANSIENT, "unreachable");
          time.advance(ofHours(1));
          first.answers("A", ofHours(6));
          time.advance(ofHours(1));
        });

    assertThat(lines).hasSize(4);
    assertThat(lines.get(0))
        .isEqualTo(
            "WARN this process now works with the credentials of second, no longer with those of"
                + " first: not authorized.");
    assertThat(lines.get(1)).startsWith("WARN second: exchange failed (1 in a row): down. ");
    assertThat(lines.get(2))
        .startsWith("INFO first: obtained session credentials ****A, valid until ");
    assertThat(lines.get(3))
        .isEqualTo(
            "WARN this process now works with the credentials of first, no longer with those of"
                + " second, which answers again");
  }
}
