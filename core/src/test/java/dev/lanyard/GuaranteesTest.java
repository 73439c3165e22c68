package dev.lanyard;

import static dev.lanyard.EngineFixture.failureOf;
import static dev.lanyard.EngineFixture.keyIdOf;
import static dev.lanyard.ScriptedSource.credentials;
import static dev.lanyard.ScriptedSource.failure;
import static dev.lanyard.ScriptedSource.sessionCredentials;
import static java.time.Duration.ZERO;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanyard.CredentialsStatus.Health;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.spi.ExchangeException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * What docs/guarantees.md says, one nested class for each guarantee, on virtual time: at the edges
 * of each window, one tick (a millisecond) before, at, and one tick after. What needs real threads
 * is in {@code GuaranteesOnRealThreadsTest}.
 */
class GuaranteesTest {
  private static final Duration TICK = ofMillis(1);
  private static final double LAST_DRAW = Math.nextDown(1.0);

  private final EngineFixture f = new EngineFixture();

  /** The times of the exchanges from now on, of a source that keeps failing so. */
  private List<Instant> failuresFromNow(ExchangeException failure) {
    List<Instant> at = new ArrayList<>();
    f.source.does(
        context -> {
          at.add(context.now());
          throw failure;
        });
    return at;
  }

  /** Moves time to just after the next exchange, which has to come within a minute. */
  private void advanceToTheNextExchange() {
    int before = f.exchanges();
    Instant latest = f.time.now().plusSeconds(60);
    while (f.exchanges() == before) {
      f.time.advance(TICK);
      assertThat(f.time.now()).isBefore(latest);
    }
  }

  private static List<Duration> gaps(List<Instant> times) {
    List<Duration> gaps = new ArrayList<>();
    for (int i = 1; i < times.size(); i++) {
      gaps.add(Duration.between(times.get(i - 1), times.get(i)));
    }
    return gaps;
  }

  private static ExchangeException slowDown(Duration retryAfter) {
    return ExchangeException.builder(FailureKind.TRANSIENT, "slow down")
        .retryAfter(retryAfter)
        .build();
  }

  private ScriptedSource.Answer failing(FailureKind kind) {
    return context -> {
      throw failure(kind, "the source says no");
    };
  }

  @Nested
  @DisplayName("G1 reading fresh credentials takes one volatile read and one clock read")
  class G1 {
    @Test
    void givesTheSameObjectsEachTimeAndReadsTheClockOnce() {
      f.settled();
      assertThat(f.engine().readable()).isNotNull().isSameAs(f.engine().readable());
      assertThat(f.engine().readableFuture()).isNotNull().isSameAs(f.engine().readableFuture());

      long before = f.time.clockReads();
      assertThat(f.engine().readable()).isNotNull();
      assertThat(f.time.clockReads() - before).isEqualTo(1);
      assertThat(f.engine().readableFuture()).isNotNull();
      assertThat(f.time.clockReads() - before).isEqualTo(2);
    }

    @Test
    void holdsFromReceiptToTheLastTickAlsoWhileAnExchangeIsInFlight() {
      f.source.answers("A", ofHours(1));
      f.settled();
      List<Boolean> readable = new ArrayList<>();
      f.source.does(
          f.slowly(
              ofSeconds(9),
              context -> {
                readable.add(f.engine().readable() != null);
                throw failure(FailureKind.TRANSIENT, "down");
              }));

      f.time.advance(ofMinutes(39).minus(TICK));
      assertThat(f.engine().readable()).isNotNull();
      f.after(
          TICK.plusSeconds(4),
          () -> {
            readable.add(f.engine().readable() != null);
            readable.add(f.engine().readableFuture() != null);
          });
      f.time.advance(TICK.plusSeconds(9));

      assertThat(readable).containsExactly(true, true, true);
    }

    @Test
    void givesAllPartsOfTheCredentials() {
      f.source.does(
          context ->
              sessionCredentials("A", context.now().plus(ofHours(1)))
                  .accountId("111122223333")
                  .build());
      f.settled();

      assertThat(f.askFor(ZERO))
          .isInstanceOfSatisfying(
              software.amazon.awssdk.auth.credentials.AwsSessionCredentials.class,
              given -> {
                assertThat(given.accessKeyId()).isEqualTo("A");
                assertThat(given.secretAccessKey()).isEqualTo(ScriptedSource.SECRET + "A");
                assertThat(given.sessionToken()).isEqualTo(ScriptedSource.TOKEN + "A");
                assertThat(given.accountId()).contains("111122223333");
                assertThat(given.providerName()).contains("Lanyard");
                assertThat(given.expirationTime()).contains(VirtualTime.START.plus(ofHours(1)));
              });
    }
  }

  @Nested
  @DisplayName("G2 at most one exchange is in flight; all who wait share its result or its error")
  class G2 {
    @Test
    void callersWhoComeBeforeItsEndShareItsResult() {
      f.source.does(
          f.slowly(ofSeconds(6), context -> credentials("A", context.now().plus(ofHours(1)))));
      f.built();
      List<CompletableFuture<AwsCredentialsIdentity>> callers = new ArrayList<>();
      for (Duration when : List.of(ZERO, TICK, ofSeconds(6).minus(TICK), ofSeconds(6))) {
        f.after(when, () -> callers.add(f.ask()));
      }
      for (int i = 0; i < 50; i++) {
        callers.add(f.ask());
      }

      f.time.settle();

      assertThat(f.exchanges()).isEqualTo(1);
      assertThat(callers)
          .hasSize(54)
          .allSatisfy(caller -> assertThat(keyIdOf(caller)).isEqualTo("A"));
    }

    @Test
    void callersShareItsErrorAndGetExceptionsOfTheirOwn() {
      f.source.fails(FailureKind.REJECTED, "not authorized");
      f.built();
      CompletableFuture<AwsCredentialsIdentity> one = f.ask();
      CompletableFuture<AwsCredentialsIdentity> other = f.ask();

      f.time.settle();

      assertThat(f.exchanges()).isEqualTo(1);
      assertThat(failureOf(one)).isNotSameAs(failureOf(other));
      assertThat(failureOf(one).getCause()).isSameAs(failureOf(other).getCause());
    }

    @Test
    void nothingBeginsASecondOneWhileTheFirstIsInFlight() {
      f.source.answers("A", ofHours(1));
      f.settled();
      List<String> during = new ArrayList<>();
      f.source.does(
          context -> {
            // What is asserted in here would be one more failure of the exchange.
            int before = f.exchanges();
            f.engine().invalidate("A");
            during.add("longer ones: " + f.askAtLeast(ofHours(2)).isDone());
            // Its time is over, and it goes on.
            f.time.advance(ofMinutes(59));
            during.add("any: " + f.ask().isDone());
            during.add("more exchanges: " + (f.exchanges() - before));
            during.add("interrupted: " + Thread.interrupted());
            return credentials("B", context.now().plus(ofHours(1)));
          });

      f.time.advance(ofMinutes(40));

      assertThat(during)
          .containsExactly(
              "longer ones: false", "any: false", "more exchanges: 0", "interrupted: true");
      assertThat(f.keyIdNow()).contains("B");
    }

    @Test
    void aCallerWithinTheExchangeIsToldSoInsteadOfWaitingForItself() {
      List<Throwable> thrown = new ArrayList<>();
      f.source.does(
          context -> {
            try {
              f.askFor(ZERO);
            } catch (IllegalStateException e) {
              thrown.add(e);
            }
            return credentials("A", context.now().plus(ofHours(1)));
          });

      f.settled();

      assertThat(thrown).hasSize(1);
      assertThat(thrown.get(0)).hasMessageContaining("credentials that it is itself obtaining");
    }
  }

  @Nested
  @DisplayName("G3 while unexpired credentials exist no caller waits, whatever the source does")
  class G3 {
    static Stream<String> misbehaviours() {
      return Stream.of(
          "slow",
          "hangs",
          "transient",
          "rejected",
          "misconfigured",
          "null",
          "throws",
          "no threads",
          "no timers");
    }

    private void misbehave(String how) {
      switch (how) {
        case "slow" ->
            f.source.does(f.slowly(ofSeconds(9), context -> credentials("A", f.time.now())));
        case "hangs" -> f.source.does(f.hanging());
        case "transient" -> f.source.does(failing(FailureKind.TRANSIENT));
        case "rejected" -> f.source.does(failing(FailureKind.REJECTED));
        case "misconfigured" -> f.source.does(failing(FailureKind.MISCONFIGURED));
        case "null" -> f.source.does(context -> ScriptedSource.nothing());
        case "throws" ->
            f.source.does(
                context -> {
                  throw new LinkageError("no such class");
                });
        case "no threads" -> f.time.refusesWork(true);
        case "no timers" -> f.time.refusesTimers(true);
        default -> throw new IllegalArgumentException(how);
      }
    }

    @ParameterizedTest
    @MethodSource("misbehaviours")
    void callersKeepTheirCredentialsFromTheRefreshTimeToTheLastTick(String how) {
      f.source.answers("A", ofHours(1));
      f.settled();
      List<String> seen = new ArrayList<>();
      List<Duration> when =
          List.of(
              ofMinutes(39).minus(TICK),
              ofMinutes(39),
              ofMinutes(39).plus(TICK),
              ofMinutes(39).plusSeconds(5),
              ofMinutes(50),
              ofHours(1).minus(TICK));
      when.forEach(moment -> f.after(moment, () -> seen.add(f.keyIdNow().orElse("had to wait"))));
      misbehave(how);

      f.time.advance(ofHours(1).minus(TICK));

      assertThat(seen).hasSameSizeAs(when).containsOnly("A");
    }

    @ParameterizedTest
    @EnumSource(FailureKind.class)
    void aFailureOnlyDegradesTheStatus(FailureKind kind) {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.does(failing(kind));

      f.time.advance(ofMinutes(39).minus(TICK));
      assertThat(f.engine().status().health()).isEqualTo(Health.HEALTHY);
      f.time.advance(TICK);
      assertThat(f.engine().status().health()).isEqualTo(Health.DEGRADED);
      assertThat(f.engine().status().usable()).isTrue();
      f.time.advance(ofMinutes(21));
      assertThat(f.engine().status().health()).isEqualTo(Health.UNAVAILABLE);
      assertThat(f.engine().status().usable()).isFalse();
    }

    @Test
    void aReaderDoesWhatALateTimerDidNotAndDoesNotWaitForIt() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.answers("B", ofHours(1));

      f.time.suspend(ofMinutes(39).minus(TICK));
      assertThat(f.keyIdNow()).contains("A");
      f.time.settle();
      assertThat(f.exchanges()).isEqualTo(1);

      f.time.suspend(TICK);
      assertThat(f.keyIdNow()).contains("A");
      f.time.settle();
      assertThat(f.keyIdNow()).contains("B");
    }
  }

  @Nested
  @DisplayName("G4 credentials past their expiration are never handed out")
  class G4 {
    private void assertNothingIsGiven() {
      assertThat(f.engine().readable()).isNull();
      assertThat(f.engine().readableFuture()).isNull();
      assertThat(f.keyIdNow()).isEmpty();
    }

    @Test
    void theyAreGivenUntilTheirLastTickAndNotAtTheirExpirationNorAfterIt() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.fails(FailureKind.TRANSIENT, "down");

      f.time.advance(ofHours(1).minus(TICK));
      assertThat(f.engine().readable()).isNotNull();
      assertThat(f.keyIdNow()).contains("A");

      f.time.advance(TICK);
      assertNothingIsGiven();
      f.time.advance(TICK);
      assertNothingIsGiven();
    }

    @Test
    void anExchangeInFlightDoesNotLengthenThem() {
      f.policy = RefreshPolicy.defaults().withExchangeTimeout(ofHours(3));
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.does(f.hanging());
      List<Boolean> readable = new ArrayList<>();
      f.after(ofHours(1).minus(TICK), () -> readable.add(f.engine().readable() != null));
      f.after(ofHours(1), () -> readable.add(f.engine().readable() != null));

      f.time.advance(ofMinutes(40));

      assertThat(readable).containsExactly(true, false);
    }

    @Test
    void callersLearnSinceWhenWhyAndWhatWasTried() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.fails(FailureKind.TRANSIENT, "HTTP 503");
      f.time.advance(ofHours(1).plusSeconds(30));

      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();
      f.time.settle();
      assertThat(failureOf(caller))
          .isInstanceOf(CredentialsUnavailableException.class)
          .hasMessageContaining("scripted expired 30 s ago, at 2030-01-01T01:00:00Z")
          .hasMessageContaining("HTTP 503.")
          .hasMessageMatching(".* Tried \\d+ times in a row\\. The next attempt is due in \\d+ .*")
          .hasCauseInstanceOf(ExchangeException.class);
      assertThat(f.engine().status().health()).isEqualTo(Health.UNAVAILABLE);
    }

    @Test
    void whatExpiredDuringASuspendIsExpired() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.answers("B", ofHours(1));

      f.time.suspend(ofHours(1));

      assertThat(f.engine().readable()).isNull();
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();
      f.time.settle();
      assertThat(keyIdOf(caller)).isEqualTo("B");
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT1M", "PT39M", "PT45M"})
    void aWallClockThatIsSetBackDoesNotLengthenThem(Duration when) {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.fails(FailureKind.TRANSIENT, "down");
      f.time.advance(when);
      f.time.jumpWallClock(ofHours(-5));

      f.time.advance(ofHours(1).minus(when).minus(TICK));
      assertThat(f.keyIdNow()).contains("A");

      f.time.advance(TICK);
      assertNothingIsGiven();
      assertThat(failureOf(f.ask())).hasMessageContaining("expired 0 ms ago");
      f.time.advance(ofHours(4));
      assertNothingIsGiven();
    }

    @Test
    void aWallClockThatIsSetForwardEndsThemAndBackAgainDoesNotReviveThem() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.fails(FailureKind.TRANSIENT, "down");

      f.time.jumpWallClock(ofHours(3));
      f.time.advance(ofMinutes(2));
      assertNothingIsGiven();
      f.time.jumpWallClock(ofHours(-3));
      assertNothingIsGiven();
      f.time.advance(ofMinutes(10));
      assertNothingIsGiven();

      // Any answer that is dated shows that an hour has not passed.
      f.source.does(
          context -> {
            throw ExchangeException.builder(FailureKind.TRANSIENT, "HTTP 503")
                .answeredAt(f.time.now())
                .build();
          });
      f.time.advance(ofSeconds(15));
      assertThat(f.keyIdNow()).contains("A");
      f.time.advance(ofMinutes(48).minusSeconds(15).minus(TICK));
      assertThat(f.keyIdNow()).contains("A");
      f.time.advance(TICK);
      assertNothingIsGiven();
    }
  }

  @Nested
  @DisplayName("G5 a failed, expired, partial or unparsable answer never replaces better ones")
  class G5 {
    private void assertKeepsA() {
      f.time.advance(ofMinutes(45));
      assertThat(f.exchanges()).isGreaterThan(1);
      assertThat(f.keyIdNow()).contains("A");
      f.time.advance(ofMinutes(15).minus(TICK));
      assertThat(f.keyIdNow()).contains("A");
    }

    private void assertTheLastFailureSays(String text) {
      assertThat(f.engine().status().lastFailure().orElseThrow().message()).contains(text);
      assertThat(f.engine().status().consecutiveFailures()).isPositive();
    }

    @ParameterizedTest
    @ValueSource(longs = {-3_600_000, -1, 0})
    void anExpiredOneIsAFailure(long lifetime) {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.answers("B", ofMillis(lifetime));

      assertKeepsA();
      assertTheLastFailureSays("expired on arrival");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 60_000, 21 * 60_000 - 1, 21 * 60_000})
    void theSameOnesThatExpireNoLaterAreNoFailureAndReplaceNothing(long lifetime) {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.does(
          context -> credentials("A", VirtualTime.START.plus(ofMinutes(39).plusMillis(lifetime))));
      f.time.advance(ofMinutes(39));

      assertThat(f.exchanges()).isEqualTo(2);
      assertThat(f.engine().status().expiration()).contains(VirtualTime.START.plus(ofHours(1)));
      assertThat(f.engine().status().health()).isEqualTo(Health.HEALTHY);
    }

    @ParameterizedTest
    @CsvSource({
      // lifetime, held afterwards
      "1,       A",
      "59999,   A",
      "60000,   B",
      "1259999, B",
      "1260000, B",
    })
    void anotherSessionReplacesThemUnlessItIsNearlyOver(long lifetime, String held) {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.answers("B", ofMillis(lifetime));
      f.time.advance(ofMinutes(39));

      assertThat(f.exchanges()).isEqualTo(2);
      assertThat(f.keyIdNow()).contains(held);
      assertThat(f.engine().status().health()).isEqualTo(Health.HEALTHY);
    }

    @Test
    void anotherSessionThatIsNearlyOverReplacesThoseThatEndSooner() {
      f.source.answers("A", ofSeconds(40));
      f.settled();
      f.source.answers("B", ofSeconds(15));
      f.time.advance(ofSeconds(26));

      assertThat(f.keyIdNow()).contains("B");
    }

    @Test
    void aSessionWhoseKeyWasInvalidatedDoesNotComeBack() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.answers("B", ofHours(1));
      f.engine().invalidate("A");
      f.time.settle();
      assertThat(f.keyIdNow()).contains("B");

      f.source.answers("A", ofHours(6));
      f.time.advance(ofMinutes(39));

      assertThat(f.exchanges()).isEqualTo(3);
      assertThat(f.keyIdNow()).contains("B");
    }

    @Test
    void oneThatExpiresATickLaterReplacesThem() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.answers("B", ofMinutes(21).plus(TICK));
      f.time.advance(ofMinutes(39));

      assertThat(f.keyIdNow()).contains("B");
    }

    @Test
    void aPartialOneIsAFailure() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.does(
          context ->
              sessionCredentials("B", context.now().plus(ofHours(1))).sessionToken(" ").build());

      assertKeepsA();
      assertTheLastFailureSays("IllegalArgumentException");
    }

    @Test
    void noneAtAllIsAFailure() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.does(context -> ScriptedSource.nothing());

      assertKeepsA();
      assertTheLastFailureSays("the exchange returned nothing");
    }

    @Test
    void oneFromTheFarFutureOrPastIsJudgedAndCarriedThrough() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.does(context -> credentials("B", Instant.MIN));
      f.time.advance(ofMinutes(50));
      assertThat(f.keyIdNow()).contains("A");

      // No role gives more than twelve hours.
      f.source.does(context -> credentials("B", Instant.MAX));
      while (f.keyIdNow().orElseThrow().equals("A")) {
        f.time.advance(TICK);
      }
      int exchanges = f.exchanges();
      f.source.fails(FailureKind.TRANSIENT, "down");

      f.time.advance(ofHours(12).minus(TICK));
      assertThat(f.keyIdNow()).contains("B");
      assertThat(f.exchanges()).isGreaterThan(exchanges);
      f.time.advance(TICK);
      assertThat(f.keyIdNow()).isEmpty();
    }

    @Test
    void oneWithADateThatNoClockShowsIsCarriedThrough() {
      f.source.does(
          context ->
              sessionCredentials("A", context.now().plus(ofHours(1)))
                  .answeredAt(Instant.MAX)
                  .build());
      f.settled();
      f.source.fails(FailureKind.TRANSIENT, "down");
      assertThat(f.keyIdNow()).contains("A");
      assertThat(f.engine().status().disbelievedDate()).contains(Instant.MAX);

      f.time.advance(ofHours(1).minus(TICK));
      assertThat(f.keyIdNow()).contains("A");
      f.time.advance(TICK);
      assertThat(f.keyIdNow()).isEmpty();
    }
  }

  @Nested
  @DisplayName("G6 the next refresh is drawn from 50-80 % of the lifetime, without any caller")
  class G6 {
    @ParameterizedTest
    @CsvSource({
      // lifetime, draw, refresh after
      "PT12H,    0,    PT6H",
      "PT12H,    0.5,  PT7H48M",
      "PT12H,    1,    PT9H36M",
      "PT1H,     0,    PT30M",
      "PT1H,     0.25, PT34M30S",
      "PT1H,     1,    PT48M",
      "PT15M,    0,    PT7M30S",
      "PT15M,    1,    PT10M",
      "PT40S,    0,    PT20S",
      "PT40S,    1,    PT32S",
      "PT0.02S,  0,    PT0.1S",
    })
    void atTheDrawnMomentAndNotATickSooner(Duration lifetime, double draw, Duration refresh) {
      f.draw = Math.min(draw, LAST_DRAW);
      f.source.answers("A", lifetime);
      f.settled();

      // A draw just below one ends a tick below the window's end.
      Duration atMost = draw == 1 ? TICK : ZERO;
      f.time.advance(refresh.minus(TICK).minus(atMost));
      assertThat(f.exchanges()).isEqualTo(1);

      f.time.advance(TICK.plus(atMost));
      assertThat(f.exchanges()).isEqualTo(2);
    }

    @Test
    void goesOnForDaysWithoutAnyCaller() {
      f.source.answers("A", ofHours(1));
      f.settled();

      f.time.advance(ofMinutes(39).multipliedBy(100));

      assertThat(f.exchanges()).isEqualTo(101);
      assertThat(f.engine().status().health()).isEqualTo(Health.HEALTHY);
    }

    @Test
    void isConfigurable() {
      f.policy =
          RefreshPolicy.defaults().withRefreshWindow(0.1, 0.9).withRefreshMargin(ofMinutes(30));
      f.draw = LAST_DRAW;
      f.source.answers("A", ofHours(1));
      f.settled();
      f.time.advance(ofMinutes(30).minusMillis(2));
      assertThat(f.exchanges()).isEqualTo(1);
      f.time.advance(ofMillis(2));
      assertThat(f.exchanges()).isEqualTo(2);
    }

    @Test
    void survivesAMarginLongerThanAnyLifetime() {
      f.policy = RefreshPolicy.defaults().withRefreshMargin(ofSeconds(Long.MAX_VALUE));
      f.source.answers("A", ofHours(1));
      f.settled();

      f.time.advance(ofMinutes(39));
      assertThat(f.exchanges()).isEqualTo(2);
    }

    @Test
    void isNotPutOffByAWallClockThatWasSetBack() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.time.jumpWallClock(ofHours(-5));

      f.time.advance(ofMinutes(39).minus(TICK));
      assertThat(f.exchanges()).isEqualTo(1);
      f.time.advance(TICK);
      assertThat(f.exchanges()).isEqualTo(2);
    }

    @Test
    void isSoonAfterASuspendEvenWithoutAReader() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.answers("B", ofHours(1));
      f.time.suspend(ofMinutes(50));

      f.time.advance(ofMinutes(1));

      assertThat(f.exchanges()).isEqualTo(2);
    }

    @Test
    void theStatusSaysWhen() {
      f.source.answers("A", ofHours(1));
      f.built();
      assertThat(f.engine().status().health()).isEqualTo(Health.STARTING);
      assertThat(f.engine().status().nextRefresh()).isEmpty();

      f.time.settle();

      assertThat(f.engine().status())
          .isEqualTo(
              CredentialsStatus.builder("scripted", Health.HEALTHY)
                  .expiration(VirtualTime.START.plus(ofHours(1)))
                  .nextRefresh(VirtualTime.START.plus(ofMinutes(39)))
                  .exchanges(1)
                  .build());
    }
  }

  @Nested
  @DisplayName("G7 an answer with no later expiration is no failure, and is paced")
  class G7 {
    /** The agent serves its cache: the same credentials, refreshed first after 78 s of 120. */
    private void servesItsCache() {
      f.source.does(context -> credentials("A", VirtualTime.START.plus(ofMinutes(2))));
      f.settled();
      f.time.advance(ofSeconds(78));
      assertThat(f.exchanges()).isEqualTo(2);
      assertThat(f.engine().status().health()).isEqualTo(Health.HEALTHY);
      assertThat(f.engine().status().consecutiveFailures()).isZero();
    }

    @Test
    void isNotAskedForAgainWithinThirtySeconds() {
      servesItsCache();

      f.time.advance(ofSeconds(30).minus(TICK));
      assertThat(f.keyIdNow()).contains("A");
      assertThat(f.exchanges()).isEqualTo(2);
      f.time.advance(TICK);
      assertThat(f.exchanges()).isEqualTo(3);
      // Twelve seconds are left: from now on it is asked every three.
      f.time.advance(ofSeconds(3).minus(TICK));
      assertThat(f.exchanges()).isEqualTo(3);
      f.time.advance(TICK);
      assertThat(f.exchanges()).isEqualTo(4);
    }

    @Test
    void isAskedForAtOnceWhenACallerWaits() {
      servesItsCache();
      f.time.advance(Schedule.MEMORY);

      CompletableFuture<AwsCredentialsIdentity> caller = f.askAtLeast(ofMinutes(10));
      f.source.answers("B", ofHours(1));
      f.time.settle();

      assertThat(f.exchanges()).isEqualTo(3);
      assertThat(keyIdOf(caller)).isEqualTo("B");
    }

    @Test
    void isAskedForAtOnceWhenInvalidated() {
      servesItsCache();

      f.engine().invalidate("A");
      f.time.settle();
      assertThat(f.exchanges()).isEqualTo(3);

      f.time.advance(ofSeconds(30).minus(TICK));
      assertThat(f.exchanges()).isEqualTo(3);
      f.time.advance(TICK);
      assertThat(f.exchanges()).isEqualTo(4);
    }

    @Test
    void isPacedByTheLifetimeWhereThatIsLonger() {
      f.source.does(context -> credentials("A", VirtualTime.START.plus(ofHours(1))));
      f.settled();
      f.time.advance(ofMinutes(39));
      assertThat(f.exchanges()).isEqualTo(2);

      // Of the 21 minutes left, 10.5 to 16: half way is 13.25.
      f.time.advance(ofMinutes(13).plusSeconds(15).minus(TICK));
      assertThat(f.exchanges()).isEqualTo(2);
      f.time.advance(TICK);
      assertThat(f.exchanges()).isEqualTo(3);
    }

    @Test
    void isPacedByThreeSecondsAtTheEnd() {
      f.source.does(context -> credentials("A", VirtualTime.START.plus(ofSeconds(40))));
      f.settled();
      f.time.advance(ofSeconds(26));
      assertThat(f.exchanges()).isEqualTo(2);

      f.time.advance(ofSeconds(3).minus(TICK));
      assertThat(f.exchanges()).isEqualTo(2);
      f.source.answers("B", ofHours(1));
      f.time.advance(TICK);
      assertThat(f.keyIdNow()).contains("B");
    }
  }

  @Nested
  @DisplayName(
      "G8 after a failure: soon at first, then spread over the time left, often at its end")
  class G8 {
    @ParameterizedTest
    @CsvSource({"0, PT0.1S", "0.5, PT0.5S", "0.25, PT0.25S", "0.999, PT0.999S"})
    void theFirstRetryComesWithinASecond(double draw, Duration delay) {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.fails(FailureKind.TRANSIENT, "down");
      f.draw = draw;
      f.time.advance(ofMinutes(39));
      assertThat(f.exchanges()).isEqualTo(2);

      f.time.advance(delay.minus(TICK));
      assertThat(f.exchanges()).isEqualTo(2);
      f.time.advance(TICK);
      assertThat(f.exchanges()).isEqualTo(3);
    }

    @Test
    void fiveRetriesComeSoonAndEachMayTakeTwiceAsLong() {
      f.source.answers("A", ofHours(1));
      f.settled();
      List<Instant> at = failuresFromNow(failure(FailureKind.TRANSIENT, "down"));

      f.time.advance(ofMinutes(40));

      assertThat(gaps(at))
          .containsExactly(ofMillis(500), ofSeconds(1), ofSeconds(2), ofSeconds(4), ofSeconds(8));
    }

    @ParameterizedTest
    @CsvSource({
      // draw, gaps of the attempts after that, until the end
      "0,      PT16M23.6S PT3M16.72S PT39.344S PT7.967S PT6.373S",
      "0.9999, PT19M58.982S PT12.008S PT7.206S PT4.323S PT2.594S PT1.557S PT1S",
    })
    void laterOnesAreSpreadOverTheTimeLeft(double draw, String gaps) {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.draw = draw;
      List<Instant> at = failuresFromNow(failure(FailureKind.TRANSIENT, "down"));

      f.time.advance(ofHours(1).minus(TICK));

      assertThat(gaps(at).stream().skip(5).limit(gaps.split(" ").length))
          .containsExactly(
              Arrays.stream(gaps.split(" ")).map(Duration::parse).toArray(Duration[]::new));
    }

    @ParameterizedTest
    @CsvSource({
      "0, PT1H", "0.5, PT1H", "0.9999, PT1H",
      "0, PT12H", "0.5, PT12H", "0.9999, PT12H",
      "0, PT2M", "0.5, PT2M",
    })
    void tenOrMoreComeBeforeTheEnd(double draw, Duration lifetime) {
      f.source.answers("A", lifetime);
      f.settled();
      f.draw = draw;
      List<Instant> at = failuresFromNow(failure(FailureKind.TRANSIENT, "down"));

      f.time.advance(lifetime.minus(TICK));

      // The first of them is the refresh that failed.
      assertThat(at).hasSizeGreaterThanOrEqualTo(1 + 10);
      assertThat(at.get(at.size() - 1)).isAfter(VirtualTime.START.plus(lifetime).minusSeconds(2));
      assertThat(f.keyIdNow()).contains("A");
    }

    @Test
    void aSourceThatIsBackIsNoticedWithinAnHour() {
      f.source.answers("A", ofHours(12));
      f.settled();
      f.draw = LAST_DRAW;
      List<Instant> at = failuresFromNow(failure(FailureKind.TRANSIENT, "down"));

      f.time.advance(ofHours(12).minus(TICK));

      assertThat(gaps(at)).allMatch(gap -> gap.compareTo(ofHours(1)) <= 0);
    }

    @Test
    void allComeSoonForCredentialsThatAServiceHasRefused() {
      f.source.answers("A", ofHours(12));
      f.settled();
      f.draw = LAST_DRAW;
      List<Instant> at = failuresFromNow(failure(FailureKind.TRANSIENT, "down"));
      f.engine().invalidate("A");

      f.time.advance(ofHours(2));

      assertThat(at).hasSizeGreaterThan(20);
      assertThat(gaps(at)).allMatch(gap -> gap.compareTo(ofMinutes(5)) <= 0);
    }

    @ParameterizedTest
    @CsvSource({"0, PT5S", "0.5, PT10S", "0.9999, PT14.999S"})
    void isFiveToFifteenSecondsOnceExpired(double draw, Duration delay) {
      f.source.answers("A", ofHours(1));
      f.settled();
      List<Instant> at = failuresFromNow(failure(FailureKind.TRANSIENT, "down"));
      f.draw = draw;
      f.time.advance(ofHours(2));

      List<Instant> expired =
          at.stream().filter(time -> !time.isBefore(VirtualTime.START.plus(ofHours(1)))).toList();
      assertThat(gaps(expired)).hasSizeGreaterThan(100).containsOnly(delay);
    }

    @ParameterizedTest
    @CsvSource({
      // Retry-After, honoured as, of the 21 minutes left
      "PT0S,         PT0.5S",
      "PT2S,         PT2S",
      "PT10M,        PT10M",
      "PT15M45S,     PT15M45S",
      "PT15M46S,     PT15M45S",
      "PT2H,         PT15M45S",
      "PT9999999H,   PT15M45S",
      "PT-5S,        PT0.5S",
    })
    void retryAfterIsHonouredWithinTheTimeLeft(Duration retryAfter, Duration delay) {
      f.source.answers("A", ofHours(1));
      f.settled();
      List<Instant> at = failuresFromNow(slowDown(retryAfter));

      f.time.advance(ofMinutes(39).plus(delay).minus(TICK));
      assertThat(at).hasSize(1);
      f.time.advance(TICK);
      assertThat(at).hasSize(2);
      assertThat(f.keyIdNow()).contains("A");
    }

    @Test
    void retryAfterIsHonouredForFiveMinutesAtMostWhenNothingIsLeft() {
      List<Instant> at = failuresFromNow(slowDown(ofHours(9)));
      f.settled();

      f.time.advance(ofMinutes(5).minus(TICK));
      assertThat(at).hasSize(1);
      f.time.advance(TICK);
      assertThat(at).hasSize(2);
    }

    @Test
    void callersDoNotCutRetryAfterShort() {
      List<Instant> at = failuresFromNow(slowDown(ofSeconds(20)));
      f.built();
      CompletableFuture<AwsCredentialsIdentity> first = f.ask();
      f.time.settle();
      assertThat(first).isNotDone();
      f.time.advance(ofSeconds(1));
      CompletableFuture<AwsCredentialsIdentity> later = f.ask();

      f.time.advance(ofSeconds(19).minus(TICK));
      assertThat(at).hasSize(1);
      f.source.answers("A", ofHours(1));
      f.time.advance(TICK);

      assertThat(keyIdOf(first)).isEqualTo("A");
      assertThat(keyIdOf(later)).isEqualTo("A");
    }

    @Test
    void callersDoNotWaitForARetryAfterTheyCannotOutlast() {
      List<Instant> at = failuresFromNow(slowDown(ofSeconds(30).plus(TICK)));
      f.built();
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();

      f.time.settle();

      assertThat(failureOf(caller))
          .hasMessageContaining("Slow down. The next attempt is due in 30 s");
      assertThat(at).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource(
        names = {"REJECTED", "MISCONFIGURED"},
        value = FailureKind.class)
    void callersDoNotCutTheRetryAfterOfARefusalShort(FailureKind kind) {
      List<Instant> at =
          failuresFromNow(
              ExchangeException.builder(kind, "go away").retryAfter(ofMinutes(1)).build());
      f.settled();

      f.time.advance(ofMinutes(1).minus(TICK));
      assertThat(failureOf(f.ask())).hasMessageContaining("Go away");
      assertThat(at).hasSize(1);
      f.time.advance(TICK);
      assertThat(at).hasSize(2);
    }
  }

  @Nested
  @DisplayName("G9 refusals and misconfigurations reach callers at once and are remembered")
  class G9 {
    @ParameterizedTest
    @EnumSource(
        names = {"REJECTED", "MISCONFIGURED"},
        value = FailureKind.class)
    void aThousandCallersCostOneExchange(FailureKind kind) {
      f.source.fails(kind, "not authorized");
      f.draw = LAST_DRAW;
      f.settled();

      for (int i = 0; i < 1_000; i++) {
        assertThat(failureOf(f.ask())).hasMessageContaining("Not authorized");
      }
      f.time.advance(Schedule.MEMORY.minus(TICK));
      assertThat(failureOf(f.ask())).hasMessageContaining("Not authorized");
      assertThat(f.exchanges()).isEqualTo(1);

      f.time.advance(TICK);
      CompletableFuture<AwsCredentialsIdentity> later = f.ask();
      assertThat(later).isNotDone();
      f.time.settle();
      assertThat(f.exchanges()).isEqualTo(2);
      assertThat(failureOf(later)).hasMessageContaining("Not authorized");
    }

    @Test
    void callersWhoWaitForTheFirstCredentialsLearnOfItAtOnce() {
      f.source.does(
          f.slowly(
              ofMillis(200),
              context -> {
                throw ExchangeException.builder(FailureKind.REJECTED, "not authorized")
                    .remedy("mend the trust policy")
                    .build();
              }));
      f.built();
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();
      List<Boolean> done = new ArrayList<>();
      f.after(ofMillis(200), () -> done.add(caller.isDone()));

      f.time.settle();

      assertThat(done).containsExactly(false);
      assertThat(f.time.now()).isEqualTo(VirtualTime.START.plusMillis(200));
      assertThat(failureOf(caller))
          .hasMessage(
              "There are no AWS credentials from scripted. Not authorized. The next attempt is due"
                  + " in 10 s. mend the trust policy.");
      CredentialsUnavailableException thrown = (CredentialsUnavailableException) failureOf(caller);
      assertThat(thrown.kind()).isEqualTo(FailureKind.REJECTED);
      assertThat(thrown.status().health()).isEqualTo(Health.UNAVAILABLE);
    }

    @Test
    void anOutageThatOutlivedTheCredentialsDoesNotHoldCallersUp() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.fails(FailureKind.TRANSIENT, "HTTP 503");
      f.time.advance(ofHours(2));
      int before = f.exchanges();
      CompletableFuture<AwsCredentialsIdentity> first = f.ask();
      f.time.settle();
      assertThat(failureOf(first)).hasMessageContaining("HTTP 503");

      for (int i = 0; i < 1_000; i++) {
        assertThat(f.ask()).isDone();
      }
      assertThat(f.exchanges()).isEqualTo(before + 1);

      f.source.answers("B", ofHours(1));
      f.time.advance(ofSeconds(15));
      assertThat(f.keyIdNow()).contains("B");
    }
  }

  @Nested
  @DisplayName("G10 when the token file changes while failing, the next attempt is immediate")
  class G10 {
    @TempDir private Path directory;

    @ParameterizedTest
    @EnumSource(FailureKind.class)
    void withNothingToGive(FailureKind kind) throws Exception {
      Path file = directory.resolve("token");
      f.source.readsTokenFrom(file).fails(kind, "token file is missing");
      f.draw = LAST_DRAW;
      f.settled();
      f.time.advance(ofMinutes(1));
      advanceToTheNextExchange();
      int before = f.exchanges();

      Files.writeString(file, "token");
      f.source.answers("A", ofHours(1));
      f.time.advance(ofSeconds(1).minus(TICK));
      assertThat(f.exchanges()).isEqualTo(before);
      f.time.advance(TICK);

      assertThat(f.keyIdNow()).contains("A");
    }

    @Test
    void withCredentialsInHandAndARetryAfterThatIsNotOver() throws Exception {
      Path file = Files.writeString(directory.resolve("token"), "old");
      f.source.readsTokenFrom(file).answers("A", ofHours(1));
      f.settled();
      List<Instant> at = failuresFromNow(slowDown(ofMinutes(10)));
      f.time.advance(ofMinutes(40));
      assertThat(at).hasSize(1);

      Files.writeString(file, "longer than the old one");
      f.time.advance(ofSeconds(1));
      assertThat(at).hasSize(2);

      f.time.advance(ofMinutes(10).minusSeconds(1));
      assertThat(at).hasSize(2);
    }

    @Test
    void aChangeWhileAllIsWellBringsNoExchange() throws Exception {
      Path file = Files.writeString(directory.resolve("token"), "old");
      f.source.readsTokenFrom(file).answers("A", ofHours(1));
      f.settled();

      Files.writeString(file, "longer than the old one");
      f.time.advance(ofMinutes(39).minus(TICK));

      assertThat(f.exchanges()).isEqualTo(1);
    }

    @Test
    void aChangeDuringTheAttemptIsNotMissed() throws Exception {
      Path file = Files.writeString(directory.resolve("token"), "old");
      f.draw = LAST_DRAW;
      f.source
          .readsTokenFrom(file)
          .does(
              context -> {
                try {
                  Files.writeString(file, "longer than the old one");
                } catch (java.io.IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
                f.source.answers("A", ofHours(1));
                throw failure(FailureKind.REJECTED, "expired token");
              });
      f.settled();
      assertThat(f.keyIdNow()).isEmpty();

      f.time.advance(ofSeconds(1));

      assertThat(f.keyIdNow()).contains("A");
    }
  }

  @Nested
  @DisplayName("G11 invalidate with a key id that is no longer held does nothing")
  class G11 {
    @Test
    void anOlderOrUnknownOneDoesNothing() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.answers("B", ofHours(1));
      f.time.advance(ofMinutes(39));
      assertThat(f.keyIdNow()).contains("B");
      f.source.answers("C", ofHours(1));

      f.engine().invalidate("A");
      f.engine().invalidate("UNKNOWN");
      f.time.advance(ofMinutes(39).minus(TICK));

      assertThat(f.exchanges()).isEqualTo(2);
      assertThat(f.keyIdNow()).contains("B");
    }

    @Test
    void oneBeforeThereAreAnyDoesNothing() {
      f.source.fails(FailureKind.REJECTED, "no");
      f.settled();
      f.engine().invalidate("A");
      f.time.settle();
      assertThat(f.exchanges()).isEqualTo(1);
    }

    @Test
    void theHeldOneIsRefreshedAtOnceAndGivenMeanwhile() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.answers("B", ofMinutes(30));

      f.engine().invalidate("A");
      assertThat(f.keyIdNow()).contains("A");
      f.time.settle();

      // Although they live shorter: those before are refused.
      assertThat(f.keyIdNow()).contains("B");
    }

    @Test
    void theHeldOneIsRefreshedAtOnceAlsoDuringBackOff() {
      f.source.answers("A", ofHours(1));
      f.settled();
      List<Instant> at = failuresFromNow(slowDown(ofMinutes(10)));
      f.time.advance(ofMinutes(40));
      assertThat(at).hasSize(1);

      f.engine().invalidate("UNKNOWN");
      f.time.settle();
      assertThat(at).hasSize(1);
      f.engine().invalidate("A");
      f.time.settle();
      assertThat(at).hasSize(2);
      assertThat(f.keyIdNow()).contains("A");
    }

    @Test
    void theHeldOneAThousandTimesCostsAnExchangeEveryFiveSeconds() {
      f.settled();
      for (int i = 0; i < 1_000; i++) {
        f.engine().invalidate("A");
        f.time.settle();
      }
      assertThat(f.exchanges()).isEqualTo(2);

      f.time.advance(Schedule.MEMORY.minus(TICK));
      f.engine().invalidate("A");
      f.time.settle();
      assertThat(f.exchanges()).isEqualTo(2);
      f.time.advance(TICK);
      f.engine().invalidate("A");
      f.time.settle();
      assertThat(f.exchanges()).isEqualTo(3);
    }

    @Test
    void theHeldOneDuringAnExchangeIsAnsweredByThatExchange() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.does(
          context -> {
            f.engine().invalidate("A");
            return credentials("B", context.now().plus(ofMinutes(5)));
          });
      f.time.advance(ofMinutes(39));

      assertThat(f.exchanges()).isEqualTo(2);
      assertThat(f.keyIdNow()).contains("B");
    }
  }

  @Nested
  @DisplayName(
      "G12 the first exchange starts at once; first use waits a bounded time, with retries")
  class G12 {
    @Test
    void theFirstExchangeBeginsWhenBuiltAndBlocksNobody() {
      f.built();
      assertThat(f.exchanges()).isZero();

      f.time.settle();

      assertThat(f.exchanges()).isEqualTo(1);
      assertThat(f.keyIdNow()).contains("A");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.3, 0.7, 0.9999})
    void retriesComeAfterAHundredMillisecondsToTwoSeconds(double draw) {
      f.draw = draw;
      List<Instant> at = failuresFromNow(failure(FailureKind.TRANSIENT, "connection refused"));
      f.built();
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();

      f.time.advance(ofSeconds(20));

      assertThat(caller).isNotDone();
      assertThat(gaps(at))
          .hasSizeGreaterThan(8)
          .allSatisfy(gap -> assertThat(gap).isBetween(ofMillis(100), ofSeconds(2)));
      assertThat(gaps(at).get(0)).isLessThanOrEqualTo(ofMillis(200));

      f.source.answers("A", ofHours(1));
      f.time.advance(ofSeconds(2));
      assertThat(keyIdOf(caller)).isEqualTo("A");
    }

    @Test
    void callersWaitForThirtySecondsAndNotATickLonger() {
      f.policy = RefreshPolicy.defaults().withExchangeTimeout(ofMinutes(5));
      f.source.does(f.hanging());
      f.built();
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();
      List<Boolean> done = new ArrayList<>();
      // The caller's own limit ends at that time too, and was set first.
      f.after(ofSeconds(30).minus(TICK), () -> done.add(caller.isDone()));
      f.after(ofSeconds(30).plus(TICK), () -> done.add(caller.isDone()));
      f.after(ofSeconds(30).plus(TICK), f.time::settle);
      f.after(ofSeconds(30).plus(TICK), () -> done.add(caller.isDone()));

      f.time.settle();

      assertThat(done.get(0)).isFalse();
      assertThat(done).last().isEqualTo(true);
      assertThat(failureOf(caller))
          .hasMessageContaining("Waited 30 s; an exchange that began 30 s ago is still in flight");
    }

    @Test
    void callersWaitForSomeSecondsLessWhenNoAttemptIsDueBefore() {
      f.draw = 0.3;
      f.source.fails(FailureKind.TRANSIENT, "connection refused");
      f.built();
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();

      f.time.advance(ofSeconds(28));
      assertThat(caller).isNotDone();
      f.time.advance(ofSeconds(2));

      assertThat(failureOf(caller))
          .isInstanceOf(CredentialsUnavailableException.class)
          .hasMessageContaining("Connection refused")
          .hasMessageContaining("in a row");
    }

    @Test
    void withoutACallerTheRetriesGetRarerAfterThirtySeconds() {
      List<Instant> at = failuresFromNow(failure(FailureKind.TRANSIENT, "connection refused"));
      f.settled();

      f.time.advance(ofMinutes(5));

      Instant calm = VirtualTime.START.plusSeconds(30);
      assertThat(gaps(at.stream().filter(time -> !time.isBefore(calm)).toList()))
          .containsOnly(ofSeconds(10));
      assertThat(gaps(at.stream().filter(time -> time.isBefore(calm)).toList()))
          .allSatisfy(gap -> assertThat(gap).isLessThanOrEqualTo(ofSeconds(2)));

      // Whoever comes then brings the next one forward, to a second after the last.
      advanceToTheNextExchange();
      int before = at.size();
      assertThat(failureOf(f.ask())).hasMessageContaining("The next attempt is due in 1 s.");
      assertThat(f.engine().status().nextRefresh()).contains(f.time.now().plusSeconds(1));
      assertThat(failureOf(f.ask())).hasMessageContaining("The next attempt is due in 1 s.");
      f.time.advance(ofSeconds(1).minus(TICK));
      assertThat(at).hasSize(before);
      f.source.answers("A", ofHours(1));
      f.time.advance(TICK);
      assertThat(f.keyIdNow()).contains("A");
    }

    @Test
    void callersWaitForAsLongAsTheOutageMayPassAndNoLonger() {
      List<Instant> at = failuresFromNow(failure(FailureKind.TRANSIENT, "connection refused"));
      f.built();
      f.time.advance(ofSeconds(25));
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();
      assertThat(caller).isNotDone();
      f.time.advance(ofSeconds(5));
      assertThat(failureOf(caller)).hasMessageContaining("Connection refused");

      f.time.advance(ofMinutes(5));

      Instant gone = VirtualTime.START.plusSeconds(30);
      assertThat(caller).isCompletedExceptionally();
      assertThat(gaps(at.stream().filter(time -> time.isBefore(gone)).toList()))
          .allSatisfy(gap -> assertThat(gap).isLessThanOrEqualTo(ofSeconds(2)));
      assertThat(gaps(at.stream().filter(time -> !time.isBefore(gone)).toList()))
          .isNotEmpty()
          .containsOnly(ofSeconds(10));
    }

    @Test
    void theOutageMayPassForThirtySecondsFromTheBuildHoweverLateTheFirstFailureComes() {
      f.source.does(f.hanging());
      f.built();
      f.time.settle();
      assertThat(f.time.now()).isEqualTo(VirtualTime.START.plusSeconds(10));
      f.source.fails(FailureKind.TRANSIENT, "connection refused");
      f.time.advance(ofSeconds(15));
      CompletableFuture<AwsCredentialsIdentity> early = f.ask();
      assertThat(early).isNotDone();

      f.time.advance(ofSeconds(6));

      assertThat(failureOf(early)).hasMessageContaining("Connection refused");
      assertThat(failureOf(f.ask())).hasMessageContaining("The next attempt is due in ");
    }

    @Test
    void aCallerWhoWasRefusedAtOnceKeepsNoRetriesQuick() {
      f.source.fails(FailureKind.REJECTED, "no");
      f.settled();
      assertThat(failureOf(f.ask())).hasMessageContaining("No.");
      assertThatThrownBy(() -> f.askFor(ZERO)).hasMessageContaining("No.");
      List<Instant> at = failuresFromNow(failure(FailureKind.TRANSIENT, "connection refused"));

      f.time.advance(ofMinutes(5));

      assertThat(
              gaps(at.stream().filter(t -> t.isAfter(VirtualTime.START.plusSeconds(30))).toList()))
          .isNotEmpty()
          .containsOnly(ofSeconds(10));
    }

    @Test
    void callersAndRetriesLeaveNoTimersBehind() {
      f.source.fails(FailureKind.TRANSIENT, "connection refused");
      f.built();
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();
      f.time.advance(ofSeconds(3));
      f.source.answers("A", ofHours(1));
      f.time.advance(ofSeconds(2));
      assertThat(keyIdOf(caller)).isEqualTo("A");
      assertThat(f.time.pendingTimers()).isEqualTo(1);

      for (String key : List.of("B", "C", "D")) {
        f.source.answers(key, ofHours(1));
        f.engine().invalidate(f.keyIdNow().orElseThrow());
        f.time.settle();
        assertThat(f.keyIdNow()).contains(key);
      }
      assertThat(f.time.pendingTimers()).isEqualTo(1);
    }

    @Test
    void callersWaitAlsoWhenAllExpiredInASuspendAndTheSourceIsSlowToReturn() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.time.suspend(ofHours(2));
      f.source.fails(FailureKind.TRANSIENT, "no route to host");
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();
      f.time.advance(ofSeconds(20));
      assertThat(caller).isNotDone();

      f.source.answers("B", ofHours(1));
      f.time.advance(ofSeconds(2));

      assertThat(keyIdOf(caller)).isEqualTo("B");
    }

    @Test
    void theLongestWaitThereIsOverflowsNothing() {
      f.policy =
          RefreshPolicy.defaults()
              .withMaxWait(ofSeconds(Long.MAX_VALUE))
              .withExchangeTimeout(ofSeconds(Long.MAX_VALUE));
      f.source.fails(FailureKind.TRANSIENT, "connection refused");
      f.built();
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();
      f.time.advance(ofHours(1));
      assertThat(caller).isNotDone();

      f.source.answers("A", ofHours(1));
      f.time.advance(ofSeconds(2));

      assertThat(keyIdOf(caller)).isEqualTo("A");
    }
  }

  @Nested
  @DisplayName("G13 an engine that nobody holds stops and is collected")
  class G13 {
    @ParameterizedTest
    @EnumSource(
        names = {"TRANSIENT", "REJECTED"},
        value = FailureKind.class)
    void whileItsSourceFails(FailureKind kind) {
      f.source.does(failing(kind));
      f.settled();
      assertIsCollected();
    }

    @Test
    void whileAllIsWell() {
      f.settled();
      assertIsCollected();
    }

    private void assertIsCollected() {
      int exchanges = f.exchanges();
      WeakReference<Engine> reference = new WeakReference<>(f.engine());
      f.forget();

      Collection.await(reference);

      // No timer sleeps for longer than a minute.
      f.time.advance(ofMinutes(1));
      assertThat(f.time.pendingTimers()).isZero();
      f.time.advance(ofHours(2));
      assertThat(f.exchanges()).isEqualTo(exchanges);
    }
  }

  @Nested
  @DisplayName("G15 a listener or logger that throws changes nothing")
  class G15 {
    @Test
    void aListenerThatThrows() {
      List<CredentialsEvent> told = new ArrayList<>();
      f.listener =
          CredentialsEventListener.of(
              event -> {
                told.add(event);
                throw new AssertionError("a listener that throws");
              });
      f.source.answers("A", ofHours(1));
      f.settled();
      f.time.advance(ofMinutes(39));
      f.source.fails(FailureKind.TRANSIENT, "down");
      f.time.advance(ofMinutes(39));

      assertThat(f.exchanges()).isEqualTo(3);
      assertThat(told).hasSize(3);
      assertThat(f.engine().status().health()).isEqualTo(Health.DEGRADED);
    }

    @Test
    void aLoggerThatThrowsAndAListenerThatThrowsToo() {
      f.listener =
          CredentialsEventListener.of(
              event -> {
                throw new AssertionError("a listener that throws");
              });
      Logs.handledBy(
          event -> {
            throw new AssertionError("a logger that throws");
          },
          () -> {
            f.source.answers("A", ofHours(1));
            f.settled();
            f.source.fails(FailureKind.TRANSIENT, "down");
            f.time.advance(ofMinutes(40));
            f.source.answers("B", ofHours(1));
            f.time.advance(ofMinutes(19));
          });
      assertThat(f.keyIdNow()).contains("B");
    }

    @Test
    void aLoggerThatThrowsKeepsNothingFromTheListenerNorReachesACaller() {
      Logs.handledBy(
          event -> {
            throw new AssertionError("a logger that throws");
          },
          () -> {
            f.source.answers("A", ofHours(1));
            f.settled();
            f.source.fails(FailureKind.TRANSIENT, "down");
            f.time.advance(ofMinutes(39));
            // The caller's own thread notices that there is none for the exchange.
            f.time.refusesWork(true);
            f.time.suspend(ofMinutes(1));
            assertThat(f.keyIdNow()).contains("A");
            f.time.refusesWork(false);
            f.time.advance(ofMinutes(1));
          });
      assertThat(f.events).hasSizeGreaterThan(3);
      assertThat(f.events.get(0)).isInstanceOf(CredentialsEvent.Refreshed.class);
      assertThat(f.events.subList(1, f.events.size()))
          .allMatch(CredentialsEvent.RefreshFailed.class::isInstance);
    }

    @Test
    void aLackOfThreadsForTheListener() {
      f.settled();
      f.time.refusesWork(true);
      f.source.fails(FailureKind.TRANSIENT, "down");
      f.time.advance(ofMinutes(50));
      f.time.refusesWork(false);
      f.source.answers("B", ofHours(1));
      f.time.advance(ofMinutes(8));

      assertThat(f.keyIdNow()).contains("B");
      // Nothing was lost, and all came in order.
      assertThat(f.events).first().isInstanceOf(CredentialsEvent.Refreshed.class);
      assertThat(f.events).last().isInstanceOf(CredentialsEvent.Refreshed.class);
      assertThat(f.events.subList(1, f.events.size() - 1))
          .isNotEmpty()
          .allMatch(CredentialsEvent.RefreshFailed.class::isInstance);
    }
  }

  @Nested
  @DisplayName("G18 a wrong local clock does not kill good credentials")
  class G18 {
    private ScriptedSource.Answer dated(String keyId, Duration lifetime) {
      return context -> {
        // The source's clock is right; a date has whole seconds.
        Instant trueTime = VirtualTime.START.plusNanos(f.time.nanos());
        return sessionCredentials(keyId, trueTime.plus(lifetime))
            .answeredAt(Instant.ofEpochSecond(trueTime.getEpochSecond()))
            .build();
      };
    }

    @ParameterizedTest
    @CsvSource({
      // clock is off by, credentials are given until at least and at most (the date has seconds)
      "PT2H,       PT59M59S, PT1H0M1S",
      "PT-2H,      PT59M59S, PT1H",
      "PT5H,       PT59M59S, PT1H0M1S",
      "PT-9000H,   PT59M59S, PT1H",
      "PT9000H,    PT59M59S, PT1H0M1S",
      "PT0S,       PT1H,     PT1H",
    })
    void theLifetimeIsJudgedByTheSourcesClock(Duration off, Duration atLeast, Duration atMost) {
      f.time.jumpWallClock(off);
      f.source.does(dated("A", ofHours(1)));
      f.settled();
      f.source.fails(FailureKind.TRANSIENT, "down");

      f.time.advance(atLeast.minus(TICK));
      assertThat(f.keyIdNow()).contains("A");
      f.time.advance(atMost.minus(atLeast).plus(TICK));
      assertThat(f.keyIdNow()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"PT-29S, false", "PT-29.001S, true", "PT30.999S, true", "PT30.998S, false"})
    void aSkewOfThirtySecondsIsNamedInTheStatus(Duration off, boolean named) {
      f.time.jumpWallClock(off);
      f.source.does(dated("A", ofHours(1)));
      f.settled();

      // Ahead by up to a second less, behind by up to a second more: the date has whole seconds.
      assertThat(f.engine().status().clockSkew().isPresent()).isEqualTo(named);
    }

    @Test
    void aSkewIsNamedInErrors() {
      f.time.jumpWallClock(ofHours(2));
      f.source.does(dated("A", ofHours(1)));
      f.settled();
      f.source.fails(FailureKind.TRANSIENT, "down");
      f.time.advance(ofHours(3));

      assertThat(failureOf(f.ask()))
          .hasMessageContaining("Note: this machine's clock is 119 min ahead of the source's.");
      assertThat(f.engine().status().clockSkew().orElseThrow())
          .isEqualTo(ofHours(-2).plusMillis(999));
    }

    @Test
    void aClockThatIsBehindIsNamedToo() {
      f.time.jumpWallClock(ofHours(-2));
      f.source.does(dated("A", ofHours(1)));
      f.settled();
      assertThat(f.engine().status().clockSkew().orElseThrow())
          .isEqualTo(ofHours(2).plusMillis(999));
      assertThatThrownBy(() -> f.askFor(ofHours(2)))
          .hasMessageContaining("this machine's clock is 2 h 0 min behind the source's");
    }

    @Test
    void credentialsThatExpiredByTheSourcesOwnClockAreSaidToBe() {
      f.source.does(dated("A", ofSeconds(-1)));
      f.settled();
      assertThat(f.engine().status().lastFailure().orElseThrow().message())
          .contains("by the source's own clock");
    }

    @Test
    void withoutADateTheErrorSaysThatOurClockMayBeWrong() {
      f.time.jumpWallClock(ofHours(2));
      f.source.does(context -> credentials("A", VirtualTime.START.plus(ofHours(1))));
      f.settled();
      assertThat(f.engine().status().lastFailure().orElseThrow().message())
          .contains("by this machine's clock, which says 2030-01-01T02:00:00Z")
          .contains("no date to tell whether that clock is wrong");
    }

    @Test
    void aClockThatWasSetRightCountsWhenTheSameCredentialsComeAgain() {
      f.time.jumpWallClock(ofHours(2));
      f.source.does(
          context ->
              sessionCredentials("A", VirtualTime.START.plus(ofHours(1)))
                  .answeredAt(VirtualTime.START.plusNanos(f.time.nanos()))
                  .build());
      f.settled();
      f.time.jumpWallClock(ofHours(-2));

      f.time.advance(ofMinutes(40));

      assertThat(f.exchanges()).isEqualTo(2);
      assertThat(f.engine().status().expiration()).contains(VirtualTime.START.plus(ofHours(1)));
      assertThat(f.engine().status().clockSkew()).isEmpty();
    }

    @Test
    void aClockThatIsSetBackDuringTheExchangeLengthensNothing() {
      f.source.does(
          f.slowly(
              ofSeconds(4),
              context -> {
                f.time.jumpWallClock(ofHours(-5));
                return sessionCredentials("A", f.time.now().plus(ofHours(1)))
                    .answeredAt(f.time.now())
                    .build();
              }));
      f.settled();
      f.source.fails(FailureKind.TRANSIENT, "down");
      assertThat(f.engine().status().clockSkew()).isEmpty();

      f.time.advance(ofHours(1).minus(TICK));
      assertThat(f.keyIdNow()).contains("A");
      f.time.advance(TICK);
      assertThat(f.keyIdNow()).isEmpty();
    }

    @Test
    void aSuspendDuringTheExchangeLengthensNothing() {
      f.source.does(
          context -> {
            Instant answeredAt = f.time.now();
            f.time.suspend(ofMinutes(50));
            return sessionCredentials("A", answeredAt.plus(ofHours(1)))
                .answeredAt(answeredAt)
                .build();
          });
      f.settled();
      f.source.fails(FailureKind.TRANSIENT, "down");

      f.time.advance(ofMinutes(10).minus(TICK));
      assertThat(f.keyIdNow()).contains("A");
      f.time.advance(TICK);
      assertThat(f.keyIdNow()).isEmpty();
    }
  }

  @Nested
  @DisplayName("G19 credentials with at least so much left, after one shared exchange if need be")
  class G19 {
    @Test
    void whatIsHeldIsGivenWithoutAnExchangeIfItLivesLongEnough() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.time.advance(ofMinutes(10));

      assertThat(f.askFor(ofMinutes(50)).accessKeyId()).isEqualTo("A");
      assertThat(f.askFor(ofMinutes(-50)).accessKeyId()).isEqualTo("A");
      assertThat(f.askFor(ofSeconds(Long.MIN_VALUE)).accessKeyId()).isEqualTo("A");
      assertThat(f.exchanges()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT50M0.001S", "PT50M0.000000001S"})
    void whatEndsATickTooSoonIsNot(Duration minimum) {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.time.advance(ofMinutes(10));
      f.source.answers("B", ofHours(1));

      CompletableFuture<AwsCredentialsIdentity> one = f.askAtLeast(minimum);
      CompletableFuture<AwsCredentialsIdentity> other = f.askAtLeast(ofHours(1));
      assertThat(one).isNotDone();
      // Those who need no more do not wait.
      assertThat(f.keyIdNow()).contains("A");
      f.time.settle();

      assertThat(f.exchanges()).isEqualTo(2);
      assertThat(keyIdOf(one)).isEqualTo("B");
      assertThat(keyIdOf(other)).isEqualTo("B");
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT10M0.001S", "PT1H", "PT2562047788015215H30M7S"})
    void whatTheSourceDoesNotGiveIsAnErrorThatSaysHowMuchThereIs(Duration minimum) {
      f.source.answers("A", ofMinutes(10));
      f.settled();
      f.time.advance(Schedule.MEMORY);
      f.source.does(context -> credentials("A", VirtualTime.START.plus(ofMinutes(10))));
      CompletableFuture<AwsCredentialsIdentity> caller = f.askAtLeast(minimum);
      f.time.settle();

      assertThat(f.exchanges()).isEqualTo(2);
      assertThat(failureOf(caller))
          .isInstanceOf(CredentialsUnavailableException.class)
          .hasMessageContaining("The credentials of scripted are good for 9 min, but ")
          .hasMessageContaining(
              " were asked for. The source gives no credentials that live longer.");
      assertThat(f.keyIdNow()).contains("A");
    }

    @Test
    void whatTheSourceDidNotGiveIsRememberedForFiveSeconds() {
      f.source.answers("A", ofMinutes(10));
      f.settled();

      f.time.advance(Schedule.MEMORY.minus(TICK));
      assertThatThrownBy(() -> f.askFor(ofHours(1))).hasMessageContaining("good for 9 min");
      f.time.settle();
      assertThat(f.exchanges()).isEqualTo(1);

      f.time.advance(TICK);
      CompletableFuture<AwsCredentialsIdentity> unused = f.askAtLeast(ofHours(1));
      f.time.settle();
      assertThat(f.exchanges()).isEqualTo(2);
    }

    @Test
    void aSourceThatFailsIsAnErrorThatSaysSoAndIsRememberedToo() {
      f.source.answers("A", ofMinutes(10));
      f.settled();
      f.time.advance(Schedule.MEMORY);
      f.source.does(
          context -> {
            throw slowDown(ofMinutes(1));
          });
      CompletableFuture<AwsCredentialsIdentity> caller = f.askAtLeast(ofHours(1));
      f.time.settle();
      assertThat(failureOf(caller)).hasMessageContaining("asked for. Slow down.");

      f.time.advance(ofMinutes(1).minus(TICK));
      assertThatThrownBy(() -> f.askFor(ofHours(1))).hasMessageContaining("Slow down");
      f.time.settle();
      assertThat(f.exchanges()).isEqualTo(2);
    }

    @Test
    void anExchangeInFlightIsShared() {
      f.source.answers("A", ofHours(1));
      f.settled();
      List<CompletableFuture<AwsCredentialsIdentity>> callers = new ArrayList<>();
      f.source.does(
          f.slowly(ofSeconds(5), context -> credentials("B", context.now().plus(ofHours(1)))));
      f.after(ofMinutes(39).plusSeconds(1), () -> callers.add(f.askAtLeast(ofMinutes(30))));
      f.after(ofMinutes(39).plusSeconds(5), () -> callers.add(f.askAtLeast(ofMinutes(30))));

      f.time.advance(ofMinutes(39));

      assertThat(f.exchanges()).isEqualTo(2);
      assertThat(callers)
          .hasSize(2)
          .allSatisfy(caller -> assertThat(keyIdOf(caller)).isEqualTo("B"));
    }

    @Test
    void nothingAtAllMakesTheCallerWaitForTheFirst() {
      f.source.answers("A", ofHours(1));
      f.built();
      CompletableFuture<AwsCredentialsIdentity> caller = f.askAtLeast(ofHours(1));
      f.time.settle();
      assertThat(keyIdOf(caller)).isEqualTo("A");
      assertThat(f.exchanges()).isEqualTo(1);
    }
  }
}
