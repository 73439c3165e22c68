package dev.lanyard;

import static dev.lanyard.EngineFixture.failureOf;
import static dev.lanyard.EngineFixture.keyIdOf;
import static dev.lanyard.ScriptedSource.credentials;
import static java.time.Duration.ofDays;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.spi.ExchangeException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/** What the guarantees rest on: that every exchange ends, whatever it or the machine does. */
class EngineTest {
  private final EngineFixture f = new EngineFixture();

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
            seen.add("left " + context.timeLeft().toMillis());
            throw new InterruptedException();
          });
      f.built();
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();

      f.time.settle();

      assertThat(seen).containsExactly("left 1", "aborted", "interrupted true", "left 0");
      assertThat(f.engine().status().lastFailure().orElseThrow().message())
          .isEqualTo("the source did not answer within 10 s");
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
      assertThat(caller).isNotDone();
    }

    @Test
    void leaveNoInterruptBehindForTheNextTaskOfTheirThread() {
      f.source.does(
          context -> {
            f.time.advance(ofSeconds(10));
            throw ScriptedSource.failure(FailureKind.TRANSIENT, "gave up");
          });
      f.settled();

      assertThat(Thread.interrupted()).isFalse();
      assertThat(f.engine().status().lastFailure().orElseThrow().message()).isEqualTo("gave up");
    }

    @Test
    void areAbortedAtOnceIfTheySayHowTooLate() {
      List<String> seen = new ArrayList<>();
      f.source.does(
          context -> {
            f.time.advance(ofSeconds(11));
            context.onTimeout(() -> seen.add("aborted"));
            throw ScriptedSource.failure(FailureKind.REJECTED, "the service said no, late");
          });
      f.settled();

      assertThat(seen).containsExactly("aborted");
      assertThat(f.engine().status().lastFailure().orElseThrow().kind())
          .isEqualTo(FailureKind.REJECTED);
    }

    @Test
    void thatEndInTimeAreNeitherInterruptedNorAborted() {
      List<String> seen = new ArrayList<>();
      f.source.does(
          context -> {
            context.onTimeout(() -> seen.add("aborted"));
            return credentials("A", context.now().plus(ofHours(1)));
          });
      f.settled();
      f.time.advance(ofSeconds(20));

      assertThat(seen).isEmpty();
      assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void haveTheirTimeFromWhenTheyHaveAThread() {
      List<Duration> left = new ArrayList<>();
      f.source.does(
          context -> {
            left.add(context.timeLeft());
            return credentials("A", context.now().plus(ofHours(1)));
          });
      f.time.holdsWork(true);
      f.built();
      f.time.advance(ofSeconds(25));
      f.time.holdsWork(false);
      f.time.settle();

      assertThat(left).containsExactly(ofSeconds(10));
      assertThat(f.keyIdNow()).contains("A");
    }

    @Test
    void thatRanOutOfTimeAreToldInTheSourcesOwnWordsWhereItHasSome() {
      f.source.does(
          context -> {
            f.time.advance(ofSeconds(11));
            assertThat(Thread.interrupted()).isTrue();
            throw ExchangeException.builder(
                    FailureKind.TRANSIENT, "the agent at 169.254.170.23 is silent")
                .remedy("look at the agent")
                .build();
          });
      f.settled();

      CredentialsStatus.Failure failure = f.engine().status().lastFailure().orElseThrow();
      assertThat(failure.message()).isEqualTo("the agent at 169.254.170.23 is silent");
      assertThat(failure.remedy()).contains("look at the agent");
    }

    @Test
    void thatThrowWhatNobodyExpectedShowTheClassAndNotTheMessage() {
      f.source.does(
          context -> {
            throw new IllegalArgumentException("bad header value: " + ScriptedSource.TOKEN);
          });
      f.settled();

      CredentialsStatus.Failure failure = f.engine().status().lastFailure().orElseThrow();
      assertThat(failure.kind()).isEqualTo(FailureKind.TRANSIENT);
      assertThat(failure.message()).contains("IllegalArgumentException").doesNotContain("header");
    }

    @Test
    void thatBuildWhatNoRequestCanCarrySayWhichPartAndNotItsValue() {
      String unfit = ScriptedSource.TOKEN + "\r\nX-Evil: " + ScriptedSource.SECRET;
      f.source.does(
          context ->
              ScriptedSource.sessionCredentials("A", context.now().plusSeconds(3600))
                  .sessionToken(unfit)
                  .build());
      f.built();
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();
      f.time.advance(ofMinutes(1));

      CredentialsStatus status = f.engine().status();
      CredentialsStatus.Failure failure = status.lastFailure().orElseThrow();
      assertThat(status.usable()).isFalse();
      assertThat(failure.kind()).isEqualTo(FailureKind.TRANSIENT);
      assertThat(failure.message())
          .isEqualTo(
              "the exchange failed with java.lang.IllegalArgumentException: sessionToken holds a"
                  + " character that no request can carry");
      StringWriter told = new StringWriter();
      failureOf(caller).printStackTrace(new PrintWriter(told));
      assertThat(told.toString())
          .contains("sessionToken holds a character that no request can carry")
          .doesNotContain("DO-NOT-PRINT", "X-Evil");
    }

    @Test
    void thatThrowWhatNobodyExpectedForTheFailureOfAnotherTellItsWords() {
      f.source.does(
          context -> {
            throw new IllegalStateException(
                ScriptedSource.TOKEN,
                ScriptedSource.failure(FailureKind.REJECTED, "the vault is sealed"));
          });
      f.settled();

      CredentialsStatus.Failure failure = f.engine().status().lastFailure().orElseThrow();
      assertThat(failure.kind()).isEqualTo(FailureKind.TRANSIENT);
      assertThat(failure.message())
          .isEqualTo(
              "the exchange failed with java.lang.IllegalStateException: the vault is sealed");
    }

    @Test
    void thatThrowWhatThrowsWhenItIsLookedAtEndNonetheless() {
      f.source.does(
          context -> {
            throw new IllegalStateException() {
              private static final long serialVersionUID = 1L;

              @Override
              public synchronized Throwable getCause() {
                throw new IllegalStateException("not even this");
              }
            };
          });
      f.settled();
      assertThat(f.engine().status().lastFailure().orElseThrow().message())
          .isEqualTo("the exchange failed");

      f.source.answers("A", ofHours(1));
      f.time.advance(ofSeconds(2));
      assertThat(f.keyIdNow()).contains("A");
    }

    @Test
    void thatLackAClassAreMisconfigured() {
      f.source.does(
          context -> {
            throw new NoClassDefFoundError("software/amazon/awssdk/services/sts/StsClient");
          });
      f.settled();

      CredentialsStatus.Failure failure = f.engine().status().lastFailure().orElseThrow();
      assertThat(failure.kind()).isEqualTo(FailureKind.MISCONFIGURED);
      assertThat(failure.message()).contains("sts/StsClient");
      assertThat(failure.remedy()).isPresent();
    }

    @Test
    void ofASourceWhoseTokenFileCannotBeToldGoOn() {
      f.source.failsToNameItsTokenFile().fails(FailureKind.TRANSIENT, "down");
      f.settled();
      f.time.advance(ofMinutes(1));
      f.source.answers("A", ofHours(1));
      f.time.advance(ofSeconds(15));

      assertThat(f.keyIdNow()).contains("A");
    }
  }

  @Nested
  class WithoutThreads {
    @Test
    void refreshesAreMadeUpFor() {
      f.source.answers("A", ofHours(1));
      f.settled();
      f.time.refusesWork(true);
      f.time.advance(ofMinutes(45));
      assertThat(f.keyIdNow()).contains("A");

      f.time.refusesWork(false);
      f.source.answers("B", ofHours(1));
      f.time.advance(ofMinutes(14));

      assertThat(f.keyIdNow()).contains("B");
    }

    @Test
    void callersOfAnEmptyEngineNeitherSpinNorFailAtOnce() {
      f.time.refusesWork(true);
      f.built();
      f.time.advance(ofSeconds(10));
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();
      assertThat(caller).isNotDone();
      assertThat(f.engine().status().exchanges()).isLessThan(100);

      f.time.refusesWork(false);
      f.time.advance(ofSeconds(2));
      assertThat(keyIdOf(caller)).isEqualTo("A");
    }

    @Test
    void aCallerWhoseWaitNobodyWouldEndDoesNotWait() {
      f.time.refusesTimers(true);
      f.built();
      assertThat(failureOf(f.ask())).hasMessageContaining("Waited 0 ms");
    }

    @Test
    void aCallerMakesUpForALostTimer() {
      f.time.refusesTimers(true);
      f.source.answers("A", ofHours(1));
      f.settled();
      assertThat(f.keyIdNow()).isEmpty();
      f.time.refusesTimers(false);
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();
      f.time.advance(ofSeconds(1));
      assertThat(keyIdOf(caller)).isEqualTo("A");
      f.source.answers("B", ofHours(1));

      f.time.advance(ofMinutes(50));
      assertThat(f.keyIdNow()).contains("B");
    }

    @Test
    void asynchronousCallersGetTheirAnswerOnTheThreadThatHasIt() {
      f.source.does(
          f.slowly(
              ofSeconds(1),
              context -> {
                f.time.refusesWork(true);
                return credentials("A", context.now().plus(ofHours(1)));
              }));
      f.built();
      CompletableFuture<AwsCredentialsIdentity> caller = f.ask();
      f.time.settle();

      assertThat(keyIdOf(caller)).isEqualTo("A");
    }
  }

  @Nested
  class Listeners {
    @Test
    void learnOfRefreshesAndFailures() {
      f.source.answers("AKIDLONGENOUGH", ofHours(1));
      f.settled();
      f.source.fails(FailureKind.TRANSIENT, "HTTP 503");
      f.time.advance(ofMinutes(39));

      assertThat(f.events)
          .containsExactly(
              new CredentialsEvent.Refreshed(
                  "scripted", "OUGH", VirtualTime.START.plus(ofHours(1)), Duration.ZERO),
              new CredentialsEvent.RefreshFailed(
                  CredentialsStatus.Failure.builder(
                          "scripted",
                          VirtualTime.START.plus(ofMinutes(39)),
                          Problem.builder(Problem.UNSPECIFIED, FailureKind.TRANSIENT, "HTTP 503")
                              .build())
                      .build(),
                  1,
                  VirtualTime.START.plus(ofMinutes(39)).plusMillis(500)));
    }

    @Test
    void ofWhomOneNeverReturnsDoNotFillTheMemory() {
      List<CredentialsEvent> told = new ArrayList<>();
      f.listener =
          CredentialsEventListener.of(
              event -> {
                told.add(event);
                if (told.size() == 1) {
                  // Hangs for a fortnight, in which an exchange every 39 minutes is made.
                  f.time.advance(ofDays(14));
                }
              });
      f.settled();
      f.time.advance(ofSeconds(1));

      assertThat(f.exchanges()).isGreaterThan(500);
      assertThat(told).hasSize(1 + 256);
    }
  }

  @Nested
  class Logging {
    @Test
    void warnsOnceAStreakAndSaysWhenItEnds() {
      List<String> lines = new ArrayList<>();
      Logs.handledBy(
          event -> lines.add(event.getLevel() + " " + event.getFormattedMessage()),
          () -> {
            f.source.answers("AKIDLONGENOUGH", ofHours(1));
            f.settled();
            f.source.does(
                context -> {
                  throw dev.lanyard.spi.ExchangeException.builder(FailureKind.REJECTED, "HTTP 403")
                      .remedy("Mend the policy")
                      .build();
                });
            f.time.advance(ofMinutes(39).plusMillis(500));
            f.source.answers("AKIDLATER", ofHours(1));
            f.time.advance(ofSeconds(1));
          });
      assertThat(lines)
          .containsExactly(
              "DEBUG scripted: obtained session credentials ****OUGH, valid until"
                  + " 2030-01-01T01:00:00Z, in 0 ms",
              "WARN scripted: exchange failed (1 in a row): HTTP 403. The credentials held are"
                  + " good for 21 min; next attempt in 500 ms. Mend the policy.",
              "DEBUG scripted: exchange failed (2 in a row): HTTP 403. The credentials held are"
                  + " good for 20 min; next attempt in 1 s. Mend the policy.",
              "INFO scripted: obtained session credentials ****ATER, valid until"
                  + " 2030-01-01T01:39:01.500Z, after 2 failed exchanges in 1 s");
    }

    @Test
    void saysWhenThereIsNothingToGive() {
      List<String> lines = new ArrayList<>();
      Logs.handledBy(
          event -> lines.add(event.getFormattedMessage()),
          () -> {
            f.source.fails(FailureKind.REJECTED, "HTTP 403");
            f.settled();
          });
      assertThat(lines)
          .containsExactly(
              "scripted: exchange failed (1 in a row): HTTP 403. There are no credentials to"
                  + " give; next attempt in 10 s.");
    }
  }
}
