package dev.lanyard;

import static dev.lanyard.EngineFixture.failureOf;
import static dev.lanyard.EngineFixture.keyIdOf;
import static dev.lanyard.ScriptedSource.credentials;
import static dev.lanyard.ScriptedSource.sessionCredentials;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.CredentialsStatus.Health;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.spi.ExchangeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/** G4, G7 and G18: what clocks and dates that are wrong, or move, do to credentials. */
class ClockTest {
  private static final Duration TICK = ofMillis(1);

  private final EngineFixture f = new EngineFixture();

  /** The time as it is: the source's own clock. */
  private Instant trueTime() {
    return VirtualTime.START.plusNanos(f.time.nanos());
  }

  private ScriptedSource.Answer dated(String keyId, Duration life, Instant date) {
    return context ->
        sessionCredentials(keyId, trueTime().plus(life))
            .answeredAt(date)
            .longestLife(ofMinutes(61))
            .build();
  }

  private ScriptedSource.Answer failingDated() {
    return context -> {
      throw ExchangeException.builder(FailureKind.TRANSIENT, "HTTP 503")
          .answeredAt(trueTime())
          .build();
    };
  }

  private ScriptedSource.Answer failingDated(Instant date) {
    return context -> {
      throw ExchangeException.builder(FailureKind.TRANSIENT, "HTTP 503").answeredAt(date).build();
    };
  }

  private void assertGivenFor(String key, Duration life) {
    f.time.advance(life.minus(TICK));
    assertThat(f.keyIdNow()).contains(key);
    f.time.advance(TICK);
    assertThat(f.keyIdNow()).isEmpty();
  }

  @Nested
  @DisplayName("A Date is evidence, not truth")
  class Dates {
    @ParameterizedTest
    @ValueSource(strings = {"1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"})
    void oneThatCannotBeTrueIsNotBelievedAndIsNamed(Instant date) {
      f.source.does(dated("A", ofHours(1), date));
      f.settled();
      f.source.fails(FailureKind.TRANSIENT, "down");

      assertThat(f.engine().status().expiration()).contains(VirtualTime.START.plus(ofHours(1)));
      assertThat(f.engine().status().disbelievedDate()).contains(date);
      assertThat(f.engine().status().clockSkew()).isEmpty();
      assertGivenFor("A", ofHours(1));
      f.time.advance(ofMinutes(10));
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();
      f.time.settle();
      assertThat(failureOf(caller)).hasMessageContaining("dated its answer " + date);
    }

    @Test
    void theNextAnswerForgetsOneWrongDate() {
      f.source.does(dated("A", ofHours(1), Instant.EPOCH));
      f.settled();
      f.source.does(context -> dated("B", ofHours(1), trueTime()).give(context));

      f.time.advance(ofMinutes(39));

      assertThat(f.keyIdNow()).contains("B");
      assertThat(f.engine().status().disbelievedDate()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
      // the local clock is off by, the life that was asked for: it is bounded in any case
      "PT-5H, PT1H1M",
      "PT-9000H, PT1H1M",
    })
    void whereNeitherClockKeepsTheBoundItIsCountedFromReceipt(Duration off, Duration life) {
      f.time.jumpWallClock(off);
      f.source.does(
          context ->
              sessionCredentials("A", VirtualTime.START.plus(ofHours(1)))
                  .answeredAt(Instant.EPOCH)
                  .longestLife(ofMinutes(61))
                  .build());
      f.settled();
      f.source.fails(FailureKind.TRANSIENT, "down");

      assertGivenFor("A", life);
    }

    @Test
    void withoutABoundALifeIsTwelveHoursAtMost() {
      f.source.does(context -> credentials("A", Instant.parse("9999-01-01T00:00:00Z")));
      f.settled();
      f.source.fails(FailureKind.TRANSIENT, "down");
      assertThat(f.engine().status().nextRefresh().orElseThrow())
          .isBefore(VirtualTime.START.plus(ofHours(10)));

      assertGivenFor("A", ofHours(12));
    }

    @Test
    void noBoundIsLongerThanThirtySixHours() {
      f.source.does(
          context ->
              sessionCredentials("A", Instant.MAX).longestLife(Duration.ofDays(365)).build());
      f.settled();
      f.source.fails(FailureKind.TRANSIENT, "down");
      // The window is computed of twelve hours at most.
      assertThat(f.engine().status().nextRefresh().orElseThrow())
          .isBefore(VirtualTime.START.plus(ofHours(10)));

      assertGivenFor("A", ofHours(36));
    }
  }

  @Nested
  @DisplayName("A wall clock that is set back")
  class SetBack {
    @Test
    void neverRevivesWhatTheMonotonicClockHasEnded() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.does(
          context -> {
            throw ExchangeException.builder(FailureKind.TRANSIENT, "slow down")
                .retryAfter(ofMinutes(5))
                .answeredAt(f.time.now())
                .build();
          });
      f.time.advance(ofMinutes(61));
      f.time.jumpWallClock(ofHours(-1));

      List<String> given = new ArrayList<>();
      for (int i = 0; i < 3_000; i++) {
        f.time.advance(ofMillis(100));
        if (f.engine().readable() != null) {
          given.add(f.time.now() + " without waiting");
        }
        assertThat(f.engine().status().health()).isEqualTo(Health.UNAVAILABLE);
      }

      assertThat(given).isEmpty();
    }

    @Test
    void neverRevivesThemWhileAnExchangeIsUnderWay() {
      f.policy = RefreshPolicy.defaults().withExchangeTimeout(ofHours(3));
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.does(f.hanging());
      List<Boolean> readable = new ArrayList<>();
      f.after(ofMinutes(61), () -> f.time.jumpWallClock(ofHours(-2)));
      f.after(ofMinutes(62), () -> readable.add(f.engine().readable() != null));
      f.after(ofMinutes(90), () -> readable.add(f.engine().readable() != null));

      f.time.advance(ofMinutes(40));

      assertThat(readable).containsExactly(false, false);
    }

    @Test
    void isNoticedByReadersAndCostsThemOneLook() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.time.advance(ofMinutes(10));
      f.time.jumpWallClock(ofMinutes(-30));

      assertThat(f.engine().readable()).as("below the time of the last writing").isNull();
      assertThat(f.keyIdNow()).contains("A");
      assertThat(f.engine().readable()).as("written anew").isNotNull();
    }

    @Test
    void justBeforeTheEndDoesNotPutItOff() {
      f.policy = RefreshPolicy.defaults().withExchangeTimeout(ofHours(3));
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.does(f.hanging());
      List<Boolean> readable = new ArrayList<>();
      // By less than has passed since the bounds of the hot path were written: it notices nothing.
      f.after(ofHours(1).minusSeconds(1), () -> f.time.jumpWallClock(ofSeconds(-30)));
      f.after(ofHours(1).minus(TICK), () -> readable.add(f.engine().readable() != null));
      f.after(ofHours(1).plus(TICK), () -> readable.add(f.engine().readable() != null));
      f.after(ofHours(1).plusSeconds(15), () -> readable.add(f.engine().readable() != null));

      f.time.advance(ofMinutes(40));

      assertThat(readable).containsExactly(true, false, false);
    }

    @Test
    void justBeforeTheEndIsNoticedByWhoeverLooksWhereThereAreNoTimers() {
      f.policy = RefreshPolicy.defaults().withExchangeTimeout(ofHours(3));
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.does(f.hanging());
      List<String> seen = new ArrayList<>();
      f.after(ofHours(1).minusSeconds(90), () -> f.time.refusesTimers(true));
      f.after(ofHours(1).minusSeconds(1), () -> f.time.jumpWallClock(ofSeconds(-30)));
      f.after(
          ofHours(1).plus(TICK),
          () -> {
            seen.add(f.engine().status().health() + "");
            seen.add("readable: " + (f.engine().readable() != null));
          });

      f.time.advance(ofMinutes(40));

      assertThat(seen).containsExactly("UNAVAILABLE", "readable: false");
    }

    @Test
    void duringAnExchangeBoundsReadersByTheMonotonicEndWhereThereAreNoTimers() {
      f.policy = RefreshPolicy.defaults().withExchangeTimeout(ofHours(3));
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.does(f.hanging());
      List<String> seen = new ArrayList<>();
      f.after(ofHours(1).minusSeconds(90), () -> f.time.refusesTimers(true));
      f.after(ofHours(1).minusSeconds(60), () -> f.time.jumpWallClock(ofHours(-2)));
      f.after(ofHours(1).minusSeconds(50), () -> seen.add(f.keyIdNow().orElse("none")));
      f.after(
          ofHours(1).plus(TICK), () -> seen.add("readable: " + (f.engine().readable() != null)));

      f.time.advance(ofMinutes(40));

      assertThat(seen).containsExactly("A", "readable: false");
    }

    @Test
    void neverRevivesWhatIsServedOnceMoreAfterItsEnd() {
      Instant end = VirtualTime.START.plus(ofHours(1));
      f.source.does(context -> credentials("A", end));
      f.settled();
      f.time.advance(ofMinutes(10));
      f.time.jumpWallClock(ofHours(-2));
      f.time.advance(ofMinutes(50));
      int exchanges = f.exchanges();

      // By the wall clock, and by a date that agrees with it, they live for two hours more.
      for (boolean dated : List.of(false, true)) {
        f.source.does(
            context -> {
              if (f.exchanges() - exchanges > 80) {
                throw ScriptedSource.failure(FailureKind.REJECTED, "a storm");
              }
              return sessionCredentials("A", end).answeredAt(dated ? f.time.now() : null).build();
            });
        CompletableFuture<AwsCredentialsIdentity> caller = f.ask();
        f.time.advance(ofSeconds(30));

        assertThat(f.keyIdNow()).isEmpty();
        assertThat(failureOf(caller)).hasMessageContaining("credentials that have already expired");
        assertThat(f.engine().status().health()).isEqualTo(Health.UNAVAILABLE);
      }
    }

    @Test
    void tellsTheEndAsTheClockWillShowIt() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.time.advance(ofMinutes(10));
      f.time.jumpWallClock(ofHours(-5));

      assertThat(f.engine().status().expiration()).contains(f.time.now().plus(ofMinutes(50)));
      assertThat(f.engine().status().nextRefresh()).contains(f.time.now().plus(ofMinutes(29)));
    }
  }

  @Nested
  @DisplayName("A wall clock that steps forward cannot be told from a suspended machine")
  class Forward {
    @Test
    void costsOneDatedAnswerThatFailsAndNotTheCredentials() {
      f.source.does(context -> dated("A", ofHours(1), trueTime()).give(context));
      f.settled();
      f.source.does(failingDated());
      f.time.advance(ofMinutes(10));
      f.time.jumpWallClock(ofHours(2));

      assertThat(f.keyIdNow()).isEmpty();
      f.time.settle();

      assertThat(f.keyIdNow()).contains("A");
      CredentialsStatus status = f.engine().status();
      assertThat(status.health()).isEqualTo(Health.DEGRADED);
      assertThat(Duration.between(f.time.now(), status.expiration().orElseThrow()))
          .isBetween(ofMinutes(50).minusSeconds(1), ofMinutes(50));
      assertThat(status.clockSkew().orElseThrow()).isEqualTo(ofHours(-2));
      assertGivenFor("A", ofMinutes(50));
    }

    @Test
    void isNotOverByAnAnswerThatShowsNothing() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.fails(FailureKind.TRANSIENT, "connection refused");
      f.time.advance(ofMinutes(10));
      f.time.jumpWallClock(ofHours(2));
      f.time.advance(ofMinutes(5));

      assertThat(f.keyIdNow()).isEmpty();
      assertThat(f.engine().status().health()).isEqualTo(Health.UNAVAILABLE);
    }

    @Test
    void aSuspendedMachineIsShownToHaveBeenSuspended() {
      f.source.does(context -> dated("A", ofHours(1), trueTime()).give(context));
      f.settled();
      f.source.does(
          context -> {
            throw ExchangeException.builder(FailureKind.TRANSIENT, "HTTP 503")
                .answeredAt(f.time.now())
                .build();
          });
      f.time.suspend(ofHours(2));
      f.time.advance(ofMinutes(5));

      assertThat(f.keyIdNow()).isEmpty();
    }

    @Test
    void neverLengthensALifeBeyondTheFirstJudgementAndTheSkewShown() {
      f.source.answers("A", ofHours(1));
      f.settled();
      // Set forward by a little more than is left, and a Date that would give another hour.
      f.time.advance(ofMinutes(55));
      f.time.jumpWallClock(ofMinutes(6));
      f.source.does(
          context -> {
            throw ExchangeException.builder(FailureKind.TRANSIENT, "HTTP 503")
                .answeredAt(VirtualTime.START.plusSeconds(1))
                .build();
          });
      f.time.settle();
      CompletableFuture<AwsCredentialsIdentity> unused = f.ask();
      f.time.settle();

      // The skew shown is 61 minutes, the date gives 59:59.
      assertThat(f.keyIdNow()).contains("A");
      f.source.fails(FailureKind.TRANSIENT, "down");
      f.time.advance(ofMinutes(60));
      assertThat(f.keyIdNow()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void andADateThatIsWrongTheOtherWayLengthensALifeByTheSkewItShowsAndNoMore(boolean served) {
      // The local clock is ten minutes behind, and known to be.
      f.time.jumpWallClock(ofMinutes(-10));
      f.source.does(dated("A", ofHours(1), trueTime()));
      f.settled();
      f.source.fails(FailureKind.TRANSIENT, "down");
      f.time.advance(ofMinutes(56));
      f.time.jumpWallClock(ofMinutes(5));
      assertThat(f.keyIdNow()).as("ended by the wall clock").isEmpty();
      Instant end = VirtualTime.START.plus(ofHours(1));
      f.source.does(
          context -> {
            Instant wrong = f.time.now().minus(ofMinutes(5));
            return served
                ? sessionCredentials("A", end).answeredAt(wrong).longestLife(ofMinutes(61)).build()
                : failingDated(wrong).give(context);
          });
      f.time.advance(ofSeconds(30));
      assertThat(f.keyIdNow()).contains("A");
      f.source.fails(FailureKind.TRANSIENT, "down");

      // By that date they would end ten minutes after they do.
      f.time.advance(ofMinutes(8));
      assertThat(f.keyIdNow()).contains("A");
      f.time.advance(ofSeconds(45));
      assertThat(f.keyIdNow()).isEmpty();
    }

    @Test
    void isNotShownToBeOneByADateThatCannotBeTrue() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.does(failingDated(Instant.EPOCH));
      f.time.advance(ofMinutes(10));
      f.time.jumpWallClock(ofHours(2));
      f.time.advance(ofMinutes(1));

      assertThat(f.exchanges()).isGreaterThan(1);
      assertThat(f.keyIdNow()).isEmpty();
    }

    @Test
    void doesNotOutliveTheMonotonicEndWhateverADateShows() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.fails(FailureKind.TRANSIENT, "connection refused");
      f.time.advance(ofMinutes(10));
      f.time.jumpWallClock(ofHours(2));
      f.time.advance(ofMinutes(51));

      // A minute after the end, and by this date ten minutes before it.
      f.source.does(failingDated(VirtualTime.START.plus(ofMinutes(50))));
      f.time.advance(ofSeconds(30));

      assertThat(f.keyIdNow()).isEmpty();
    }

    @Test
    void isNotShownToBeOneByADateFromBeforeASuspendInMidExchange() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.does(
          context -> {
            Instant before = f.time.now();
            f.time.suspend(ofHours(2));
            return failingDated(before).give(context);
          });

      f.time.advance(ofMinutes(39));

      assertThat(f.exchanges()).isEqualTo(2);
      assertThat(f.keyIdNow()).isEmpty();
    }

    @Test
    void aKeyThatIsServedAgainWithoutADateStaysEnded() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.does(context -> credentials("A", VirtualTime.START.plus(ofHours(1))));
      f.time.advance(ofMinutes(10));
      f.time.jumpWallClock(ofHours(2));
      assertThat(f.keyIdNow()).isEmpty();
      f.time.jumpWallClock(ofHours(-2));
      f.time.advance(ofSeconds(20));

      assertThat(f.keyIdNow()).isEmpty();
      assertThat(f.engine().status().lastFailure().orElseThrow().message())
          .contains("nothing shows that this clock is wrong");

      f.source.answers("B", ofHours(1));
      f.time.advance(ofSeconds(20));
      assertThat(f.keyIdNow()).contains("B");
    }

    @Test
    void duringAnExchangeItIsAskedOnceMoreAndNoStormFollows() {
      f.source.does(
          context -> {
            Instant answeredAt = trueTime();
            f.time.jumpWallClock(ofHours(2));
            return sessionCredentials("A", answeredAt.plus(ofHours(1)))
                .answeredAt(answeredAt)
                .build();
          });
      f.built();
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();
      f.time.settle();
      assertThat(f.engine().status().lastFailure().orElseThrow().message())
          .contains("clock moved forward by 2 h 0 min during the exchange")
          .doesNotContain("expired on arrival");
      f.source.does(context -> dated("A", ofHours(1), trueTime()).give(context));

      f.time.advance(ofSeconds(1));

      assertThat(keyIdOf(caller)).isEqualTo("A");
      assertThat(f.exchanges()).isEqualTo(2);
      f.time.advance(ofMinutes(20));
      assertThat(f.exchanges()).isEqualTo(2);
    }

    @Test
    void andBackAgainLeavesNoSkewThatIsNotTrueAnyMore() {
      f.time.jumpWallClock(ofHours(2));
      f.source.does(context -> dated("A", ofHours(1), trueTime()).give(context));
      f.settled();
      assertThat(f.engine().status().clockSkew()).isPresent();

      f.time.jumpWallClock(ofHours(-2));

      assertThat(f.engine().status().clockSkew()).isEmpty();
      assertThat(Duration.between(trueTime(), f.engine().status().expiration().orElseThrow()))
          .isBetween(ofMinutes(60).minusSeconds(1), ofMinutes(60));
      assertThat(f.engine().status().nextRefresh().orElseThrow())
          .isBefore(trueTime().plus(ofMinutes(49)));
    }
  }

  @Nested
  @DisplayName("An agent that serves its cache is asked in time before the end")
  class Cache {
    /** As the real agent: the same until 15 s before the end, then new ones. */
    private ScriptedSource.Answer agent(Duration life) {
      Instant[] end = {VirtualTime.START.plus(life)};
      int[] keys = {0};
      return context -> {
        if (Duration.between(context.now(), end[0]).compareTo(ofSeconds(15)) <= 0) {
          end[0] = context.now().plus(life);
          keys[0]++;
        }
        return credentials("K" + keys[0], end[0]);
      };
    }

    @ParameterizedTest
    @CsvSource({
      "PT75S, 0",
      "PT75S, 0.3",
      "PT75S, 0.999",
      "PT59M, 0",
      "PT59M, 0.5",
      "PT59M, 0.85",
      "PT59M, 0.999",
      "PT3H, 0.1",
      "PT3H, 0.7",
    })
    void nobodySeesAGap(Duration life, double draw) {
      f.draw = draw;
      f.source.does(agent(life));
      f.settled();
      List<Instant> gaps = new ArrayList<>();
      Duration span = life.multipliedBy(10);

      for (Duration at = Duration.ZERO; at.compareTo(span) < 0; at = at.plusSeconds(1)) {
        f.time.advance(ofSeconds(1));
        if (f.engine().readable() == null) {
          gaps.add(f.time.now());
        }
      }

      assertThat(gaps).isEmpty();
      // About nine asks a life, not one every three seconds of it.
      assertThat(f.exchanges()).isLessThan(10 * 15);
    }

    @Test
    void inTheLastStretchAsksAreThreeSecondsApartAndOneIsAtTheRightTime() {
      f.source.does(context -> credentials("A", VirtualTime.START.plus(ofMinutes(59))));
      List<Instant> asks = new ArrayList<>();
      f.settled();
      f.source.does(
          context -> {
            asks.add(context.now());
            return credentials("A", VirtualTime.START.plus(ofMinutes(59)));
          });

      f.time.advance(ofMinutes(59).minus(TICK));

      Instant end = VirtualTime.START.plus(ofMinutes(59));
      for (int i = 1; i < asks.size(); i++) {
        Duration gap = Duration.between(asks.get(i - 1), asks.get(i));
        boolean last = asks.get(i).isAfter(end.minusSeconds(45));
        assertThat(gap).isGreaterThanOrEqualTo(ofSeconds(last ? 3 : 30));
      }
      assertThat(asks)
          .anyMatch(
              ask -> !ask.isBefore(end.minusSeconds(14)) && !ask.isAfter(end.minusSeconds(10)));
    }

    @Test
    void anotherKeyWithAnEarlierEndIsANewSession() {
      f.source.answers("A", ofHours(6));
      f.settled();
      f.source.answers("TARGET", ofMinutes(59));

      f.time.advance(ofHours(4));

      assertThat(f.keyIdNow()).contains("TARGET");
    }
  }
}
