package dev.lanyard;

import static dev.lanyard.EngineFixture.failureOf;
import static dev.lanyard.ScriptedSource.credentials;
import static dev.lanyard.ScriptedSource.sessionCredentials;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanyard.CredentialsStatus.Health;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.ExchangeException.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

class EngineTest {
  private final EngineFixture f = new EngineFixture();

  @Nested
  class Reading {
    @Test
    void givesTheSameObjectsEachTimeSoThatReadingAllocatesNothing() {
      f.settled();

      assertThat(f.engine().readable()).isNotNull().isSameAs(f.engine().readable());
      assertThat(f.engine().readableFuture()).isNotNull().isSameAs(f.engine().readableFuture());
    }

    @Test
    void givesAllPartsOfTheCredentials() {
      f.source.does(
          context ->
              sessionCredentials("A", context.now().plus(ofHours(1)))
                  .accountId("111122223333")
                  .build());
      f.settled();

      AwsSessionCredentials given = (AwsSessionCredentials) f.askFor(Duration.ZERO);

      assertThat(given.accessKeyId()).isEqualTo("A");
      assertThat(given.secretAccessKey()).isEqualTo(ScriptedSource.SECRET + "A");
      assertThat(given.sessionToken()).isEqualTo(ScriptedSource.TOKEN + "A");
      assertThat(given.accountId()).contains("111122223333");
      assertThat(given.expirationTime()).contains(VirtualTime.START.plus(ofHours(1)));
    }

    @Test
    void givesCredentialsUntilTheirLastMillisecondAndNeverBeyond() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.fails(Kind.TRANSIENT, "down");

      f.time.advance(ofHours(1).minusMillis(1));
      assertThat(f.keyIdNow()).contains("A");

      f.time.advance(ofMillis(1));
      assertThat(f.engine().readable()).isNull();
      assertThat(f.engine().readableFuture()).isNull();
      assertThat(f.keyIdNow()).isEmpty();
    }

    @Test
    void countsAsExpiredWhatExpiredWhileTheMachineWasSuspended() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.answers("B", ofHours(1));

      f.time.suspend(ofHours(2));

      assertThat(f.engine().readable()).isNull();
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();
      f.time.settle();
      assertThat(caller.join().accessKeyId()).isEqualTo("B");
    }
  }

  @Nested
  class Refreshing {
    @Test
    void beginsTheFirstExchangeWhenBuiltAndBlocksNobody() {
      f.built();
      assertThat(f.exchanges()).isZero();

      f.time.settle();

      assertThat(f.exchanges()).isEqualTo(1);
      assertThat(f.keyIdNow()).contains("A");
    }

    @Test
    void happensInTheBackgroundWithoutAnyCaller() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.answers("B", ofHours(1));

      f.time.advance(ofMinutes(50));

      assertThat(f.exchanges()).isEqualTo(2);
      assertThat(f.keyIdNow()).contains("B");
    }

    @Test
    void isDueAtTheDrawnMomentAndNotAMillisecondSooner() {
      f.draw = 0.5;
      f.source.answers("A", ofHours(1));
      f.settled();

      f.time.advance(ofMinutes(39).minusMillis(1));
      assertThat(f.exchanges()).isEqualTo(1);

      f.time.advance(ofMillis(1));
      assertThat(f.exchanges()).isEqualTo(2);
    }

    @Test
    void callersKeepTheirCredentialsWhileAnExchangeIsSlow() {
      f.source.answers("A", ofHours(1));
      f.settled();
      List<String> seen = new ArrayList<>();
      f.source.does(
          context -> {
            seen.add(f.keyIdNow().orElse("had to wait"));
            f.time.advance(ofSeconds(9));
            seen.add(f.keyIdNow().orElse("had to wait"));
            return credentials("B", context.now().plus(ofHours(1)));
          });

      f.time.advance(ofMinutes(40));

      assertThat(seen).containsExactly("A", "A");
      assertThat(f.keyIdNow()).contains("B");
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void callersKeepTheirCredentialsWhileTheSourceFails(Kind kind) {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.fails(kind, "the source says no");

      f.time.advance(ofMinutes(59));

      assertThat(f.exchanges()).isGreaterThan(2);
      assertThat(f.keyIdNow()).contains("A");
      assertThat(f.engine().status().health()).isEqualTo(Health.DEGRADED);
    }

    @Test
    void neverMakesTwoExchangesAtATime() {
      f.source.answers("A", ofHours(1));
      f.settled();
      List<Integer> during = new ArrayList<>();
      f.source.does(
          context -> {
            int before = f.exchanges();
            f.engine().invalidate("A");
            assertThat(f.ask()).isDone();
            f.time.advance(ofSeconds(5));
            during.add(f.exchanges() - before);
            return credentials("B", context.now().plus(ofHours(1)));
          });

      f.time.advance(ofMinutes(40));

      assertThat(during).containsExactly(0);
    }

    @Test
    void survivesALackOfThreads() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.time.refusesWork(true);
      f.time.advance(ofMinutes(45));
      assertThat(f.keyIdNow()).contains("A");

      f.time.refusesWork(false);
      f.source.answers("B", ofHours(1));
      f.time.advance(ofMinutes(10));

      assertThat(f.keyIdNow()).contains("B");
    }

    @Test
    void isNotPutOffByAWallClockThatWasSetBack() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.does(
          context -> {
            Instant trueTime = VirtualTime.START.plusNanos(f.time.nanos());
            return sessionCredentials("B", trueTime.plus(ofHours(1))).answeredAt(trueTime).build();
          });
      f.time.jumpWallClock(ofHours(5).negated());

      f.time.advance(ofMinutes(39));

      assertThat(f.keyIdNow()).contains("B");
    }

    @Test
    void isBegunByAReaderWhenTheTimerIsLate() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.answers("B", ofHours(1));

      f.time.suspend(ofMinutes(50));

      assertThat(f.keyIdNow()).contains("A");
      f.time.settle();
      assertThat(f.keyIdNow()).contains("B");
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
  }

  @Nested
  class Answers {
    @Test
    void thatExpiredOnArrivalReplaceNothing() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.answers("B", ofSeconds(-1));

      f.time.advance(ofMinutes(45));

      assertThat(f.keyIdNow()).contains("A");
      assertThat(f.engine().status().lastFailure().orElseThrow().message())
          .contains("expired on arrival");
    }

    @Test
    void thatExpireSoonerReplaceNothing() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.answers("B", ofMinutes(1));

      f.time.advance(ofMinutes(40));

      assertThat(f.keyIdNow()).contains("A");
    }

    @Test
    void thatBringNothingNewerArePacedAndNoFailure() {
      f.source.does(context -> credentials("A", VirtualTime.START.plus(ofMinutes(2))));
      f.settled();
      f.time.advance(ofSeconds(78));
      assertThat(f.exchanges()).isEqualTo(2);

      f.time.advance(ofSeconds(29));
      assertThat(f.exchanges()).isEqualTo(2);
      assertThat(f.engine().status().health()).isEqualTo(Health.HEALTHY);

      f.time.advance(ofSeconds(1));
      assertThat(f.exchanges()).isEqualTo(3);
    }

    @Test
    void thatAreNothingAtAllReplaceNothing() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.does(context -> java.util.Objects.requireNonNull(null));

      f.time.advance(ofMinutes(45));

      assertThat(f.keyIdNow()).contains("A");
      assertThat(f.engine().status().consecutiveFailures()).isPositive();
    }

    @Test
    void areJudgedByTheSourcesClockWhenOursIsAhead() {
      f.time.jumpWallClock(ofHours(2));
      f.source.does(
          context ->
              sessionCredentials("A", VirtualTime.START.plus(ofHours(1)))
                  .answeredAt(VirtualTime.START)
                  .build());
      f.settled();

      assertThat(f.keyIdNow()).contains("A");
      assertThat(f.engine().status().clockSkew().orElseThrow())
          .isBetween(ofHours(-2), ofHours(-2).plusSeconds(1));

      f.source.fails(Kind.TRANSIENT, "down");
      f.time.advance(ofMinutes(59));
      assertThat(f.keyIdNow()).contains("A");
      f.time.advance(ofSeconds(61));
      assertThat(f.keyIdNow()).isEmpty();
    }

    @Test
    void areJudgedByTheSourcesClockWhenOursIsBehind() {
      f.time.jumpWallClock(ofHours(-2));
      f.source.does(
          context ->
              sessionCredentials("A", VirtualTime.START.plus(ofHours(1)))
                  .answeredAt(VirtualTime.START)
                  .build());
      f.settled();
      f.source.fails(Kind.TRANSIENT, "down");

      f.time.advance(ofMinutes(59));
      assertThat(f.keyIdNow()).contains("A");
      f.time.advance(ofMinutes(1));
      assertThat(f.keyIdNow()).isEmpty();
    }
  }

  @Nested
  class Clocks {
    @Test
    void thatWereSetRightCountWhenTheSameCredentialsComeAgain() {
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
    }
  }

  @Nested
  class Callers {
    @Test
    void shareOneExchangeAndItsResult() {
      f.source.does(
          context -> {
            f.time.advance(ofSeconds(6));
            return credentials("A", context.now().plus(ofHours(1)));
          });
      f.built();
      List<CompletableFuture<AwsCredentialsIdentity>> callers = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        callers.add(f.ask());
      }

      f.time.settle();

      assertThat(f.exchanges()).isEqualTo(1);
      assertThat(callers).allSatisfy(c -> assertThat(c.join().accessKeyId()).isEqualTo("A"));
    }

    @Test
    void shareOneRefusalAndGetExceptionsOfTheirOwn() {
      f.source.fails(Kind.REJECTED, "not authorized");
      f.built();
      CompletableFuture<AwsCredentialsIdentity> one = f.ask();
      CompletableFuture<AwsCredentialsIdentity> other = f.ask();

      f.time.settle();

      assertThat(f.exchanges()).isEqualTo(1);
      assertThat(failureOf(one)).isNotSameAs(failureOf(other));
      assertThat(failureOf(one).getCause()).isSameAs(failureOf(other).getCause());
    }

    @ParameterizedTest
    @EnumSource(
        names = {"REJECTED", "MISCONFIGURED"},
        value = Kind.class)
    void whoComeSoonAfterARefusalGetItWithoutAnotherExchange(Kind kind) {
      f.source.fails(kind, "not authorized");
      f.draw = 0.999;
      f.settled();

      f.time.advance(Schedule.MEMORY.minusMillis(1));
      assertThat(failureOf(f.ask())).hasMessageContaining("Not authorized");
      assertThat(f.exchanges()).isEqualTo(1);

      f.time.advance(ofMillis(1));
      CompletableFuture<AwsCredentialsIdentity> later = f.ask();
      assertThat(later).isNotDone();
      f.time.settle();
      assertThat(f.exchanges()).isEqualTo(2);
      assertThat(failureOf(later)).hasMessageContaining("Not authorized");
    }

    @Test
    void waitForTheFirstCredentialsWhileTheAgentStarts() {
      f.source.fails(Kind.TRANSIENT, "connection refused");
      f.built();
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();

      f.time.advance(ofSeconds(20));
      assertThat(caller).isNotDone();
      assertThat(f.exchanges()).isGreaterThan(10);

      f.source.answers("A", ofHours(1));
      f.time.advance(ofSeconds(2));
      assertThat(caller.join().accessKeyId()).isEqualTo("A");
    }

    @Test
    void waitNoLongerThanTheyMay() {
      f.draw = 0.3;
      f.source.fails(Kind.TRANSIENT, "connection refused");
      f.built();
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();

      f.time.advance(ofSeconds(30));

      Throwable failure = failureOf(caller);
      assertThat(failure)
          .isInstanceOf(CredentialsUnavailableException.class)
          .hasMessageContaining("Connection refused")
          .hasMessageContaining("in a row");
    }

    @Test
    void waitNoLongerThanTheyMayForASourceThatHangs() {
      f.policy = RefreshPolicy.defaults().withExchangeTimeout(ofMinutes(5));
      List<Throwable> failures = new ArrayList<>();
      f.source.does(
          context -> {
            CompletableFuture<AwsCredentialsIdentity> caller = f.ask();
            f.time.advance(ofSeconds(30).minusMillis(1));
            assertThat(caller).isNotDone();
            f.time.advance(ofMillis(1));
            // Completed on a thread of its own, which this one stands for.
            f.time.settle();
            failures.add(failureOf(caller));
            throw ScriptedSource.failure(Kind.TRANSIENT, "reset");
          });

      f.settled();

      assertThat(failures).hasSize(1);
      assertThat(failures.get(0)).hasMessageContaining("Waited 30 s; an exchange begun 30 s ago");
    }

    @Test
    void areNotTheOnesWhoEndALongWaitForRetryAfter() {
      f.source.does(
          context -> {
            throw ExchangeException.builder(Kind.TRANSIENT, "slow down")
                .retryAfter(ofMinutes(2))
                .build();
          });
      f.built();
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();

      f.time.settle();

      assertThat(failureOf(caller)).hasMessageContaining("Slow down");
      f.time.advance(ofMinutes(2).minusMillis(1));
      assertThat(f.exchanges()).isEqualTo(1);
    }

    @Test
    void ofExpiredCredentialsLearnSinceWhenAndWhy() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.fails(Kind.TRANSIENT, "HTTP 503");
      f.time.advance(ofHours(1).plusSeconds(30));

      Throwable failure = failureOf(f.ask());

      assertThat(failure)
          .hasMessageContaining("expired 30 s ago, at 2030-01-01T01:00:00Z")
          .hasMessageContaining("HTTP 503");
      assertThat(f.engine().status().health()).isEqualTo(Health.EXPIRED);
    }

    @Test
    void inAnOutageFailAtOnceBetweenAttemptsAndRecoverWithTheSource() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.fails(Kind.TRANSIENT, "HTTP 503");
      f.time.advance(ofHours(2));
      int before = f.exchanges();

      for (int i = 0; i < 1_000; i++) {
        assertThat(f.ask()).isDone();
      }
      assertThat(f.exchanges()).isEqualTo(before);

      f.source.answers("B", ofHours(1));
      f.time.advance(ofSeconds(15));
      assertThat(f.keyIdNow()).contains("B");
    }

    @Test
    void whoAskWithinTheExchangeAreToldSoInsteadOfWaitingForThemselves() {
      List<Throwable> thrown = new ArrayList<>();
      f.source.does(
          context -> {
            try {
              f.askFor(Duration.ZERO);
            } catch (IllegalStateException e) {
              thrown.add(e);
            }
            return credentials("A", context.now().plus(ofHours(1)));
          });

      f.settled();

      assertThat(thrown).hasSize(1);
      assertThat(thrown.get(0)).hasMessageContaining("wait for itself");
    }
  }

  @Nested
  class Exchanges {
    @Test
    void areInterruptedAndAbortedWhenTheirTimeIsOver() {
      List<String> seen = new ArrayList<>();
      f.source.does(
          context -> {
            context.onTimeout(() -> seen.add("aborted"));
            f.time.advance(ofSeconds(10).minusMillis(1));
            seen.add("left " + context.timeLeft().toMillis());
            f.time.advance(ofMillis(1));
            seen.add("interrupted " + Thread.interrupted());
            throw new InterruptedException();
          });
      f.built();
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();

      f.time.settle();

      assertThat(seen).containsExactly("left 1", "aborted", "interrupted true");
      assertThat(f.engine().status().lastFailure().orElseThrow().message())
          .isEqualTo("no answer within 10 s");
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
      assertThat(caller).isNotDone();
    }

    @Test
    void thatThrowWhatNobodyExpectedShowTheClassAndNotTheMessage() {
      f.source.does(
          context -> {
            throw new IllegalArgumentException("bad header value: " + ScriptedSource.TOKEN);
          });
      f.settled();

      CredentialsStatus.Failure failure = f.engine().status().lastFailure().orElseThrow();
      assertThat(failure.kind()).isEqualTo(Kind.TRANSIENT);
      assertThat(failure.message()).contains("IllegalArgumentException").doesNotContain("header");
    }

    @Test
    void thatLackAClassAreMisconfigured() {
      f.source.does(
          context -> {
            throw new NoClassDefFoundError("software/amazon/awssdk/services/sts/StsClient");
          });
      f.settled();

      CredentialsStatus.Failure failure = f.engine().status().lastFailure().orElseThrow();
      assertThat(failure.kind()).isEqualTo(Kind.MISCONFIGURED);
      assertThat(failure.message()).contains("sts/StsClient");
      assertThat(failure.remedy()).isPresent();
    }

    @Test
    void areTriedAgainAtOnceWhenTheTokenFileChanges(@TempDir Path directory) throws Exception {
      Path file = directory.resolve("token");
      f.source.readsTokenFrom(file).fails(Kind.MISCONFIGURED, "token file is missing");
      f.draw = 0.999;
      f.settled();
      f.time.advance(ofSeconds(3));
      assertThat(f.exchanges()).isEqualTo(1);

      Files.writeString(file, "token");
      f.source.answers("A", ofHours(1));
      f.time.advance(ofSeconds(1));

      assertThat(f.keyIdNow()).contains("A");
    }
  }

  @Nested
  class Invalidating {
    @Test
    void refreshesAtOnceWhatIsHeldAndKeepsGivingItMeanwhile() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.source.answers("B", ofMinutes(30));

      f.engine().invalidate("A");
      assertThat(f.keyIdNow()).contains("A");
      f.time.settle();

      assertThat(f.keyIdNow()).contains("B");
    }

    @Test
    void doesNothingForAKeyThatIsNoLongerHeld() {
      f.settled();

      f.engine().invalidate("OLD");
      f.time.advance(ofMinutes(1));

      assertThat(f.exchanges()).isEqualTo(1);
    }

    @Test
    void aThousandTimesCostsOneExchange() {
      f.settled();

      for (int i = 0; i < 1_000; i++) {
        f.engine().invalidate("A");
        f.time.settle();
      }

      assertThat(f.exchanges()).isEqualTo(2);
    }
  }

  @Nested
  class MinimumValidity {
    @Test
    void isMetByWhatIsHeldWithoutAnExchange() {
      f.source.answers("A", ofHours(1));
      f.settled();

      assertThat(f.askFor(ofHours(1)).accessKeyId()).isEqualTo("A");
      assertThat(f.exchanges()).isEqualTo(1);
    }

    @Test
    void thatTheSourceDoesNotGiveIsAnErrorThatSaysHowMuchThereIs() {
      f.source.answers("A", ofMinutes(10));
      f.settled();

      assertThatThrownBy(() -> f.askFor(ofHours(1)))
          .isInstanceOf(CredentialsUnavailableException.class)
          .hasMessageContaining("good for 10 min, and 60 min were asked for");
    }
  }

  @Nested
  class Forgotten {
    @Test
    void enginesAreCollectedAndTheirTimersEnd() throws Exception {
      f.settled();
      var reference = new java.lang.ref.WeakReference<>(f.engine());
      f.forget();

      // Collection is not ours to command; asking a bounded number of times is enough in practice.
      for (int i = 0; i < 200 && reference.get() != null; i++) {
        System.gc();
        byte[][] pressure = new byte[16][1 << 16];
        assertThat(pressure).isNotEmpty();
      }
      assertThat(reference.get()).isNull();

      f.time.advance(ofMinutes(1));
      assertThat(f.time.pendingTimers()).isZero();
      f.time.advance(ofHours(2));
      assertThat(f.exchanges()).isEqualTo(1);
    }
  }

  @Nested
  class Listeners {
    @Test
    void learnOfRefreshesAndFailuresWithoutSecrets() {
      f.source.answers("AKIDLONGENOUGH", ofHours(1));
      f.settled();
      f.source.fails(Kind.TRANSIENT, "HTTP 503");
      f.time.advance(ofMinutes(40));

      assertThat(f.events.get(0))
          .isInstanceOfSatisfying(
              CredentialsEvent.Refreshed.class,
              event -> assertThat(event.accessKeyIdSuffix()).isEqualTo("OUGH"));
      assertThat(f.events.get(1)).isInstanceOf(CredentialsEvent.RefreshFailed.class);
      assertThat(f.events.toString()).doesNotContain("DO-NOT-PRINT");
    }

    @Test
    void thatThrowChangeNothing() {
      Engine engine =
          new Engine(
              Chain.detect(List.of(f.source), dev.lanyard.spi.Environment.of(java.util.Map.of()))
                  .origin(),
              RefreshPolicy.defaults(),
              f.time,
              () -> 0.5,
              new Events(
                  event -> {
                    throw new AssertionError("a listener that throws");
                  },
                  f.time));
      engine.start();
      f.time.advance(ofHours(3));

      assertThat(engine.status().health()).isEqualTo(Health.HEALTHY);
      assertThat(f.exchanges()).isGreaterThan(3);
    }
  }
}
