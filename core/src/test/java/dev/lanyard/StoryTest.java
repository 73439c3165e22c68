package dev.lanyard;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.spi.Detection;
import dev.lanyard.spi.ExchangeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** G23: the log tells the story, once each. */
class StoryTest {
  private final EngineFixture f = new EngineFixture();
  private final List<String> lines = new ArrayList<>();
  private final List<String> levels = new ArrayList<>();

  private void logged(Runnable during) {
    Logs.handledBy(
        event -> {
          // The one logger that alerts are set on: docs/operations.md.
          if (event.getLoggerName().equals("dev.lanyard")
              && !event.getLevel().toString().equals("DEBUG")) {
            levels.add(event.getLevel().toString());
            lines.add(f.time.now() + " " + event.getLevel() + " " + event.getFormattedMessage());
          }
        },
        during);
  }

  private List<String> levels() {
    return levels;
  }

  private ScriptedSource.Answer failing(FailureKind kind, String code) {
    return context -> {
      throw ExchangeException.builder(kind, code + " it is").code(code).build();
    };
  }

  @Test
  void tellsEachCauseTheLossTheRemindersAndTheEnd() {
    logged(
        () -> {
          f.source.answers("A", ofHours(1));
          f.settled();
          f.source.fails(FailureKind.TRANSIENT, "STS is down");
          f.time.advance(ofMinutes(45));
          f.source.does(failing(FailureKind.REJECTED, "AccessDenied"));
          f.time.advance(ofMinutes(15));
          f.time.advance(ofMinutes(11));
          f.source.answers("B", ofHours(1));
          f.time.advance(ofSeconds(15));
        });

    assertThat(levels()).containsExactly("WARN", "WARN", "ERROR", "WARN", "WARN", "INFO");
    assertThat(lines.get(0)).contains("STS is down").contains("credentials held are good for");
    assertThat(lines.get(1)).contains("AccessDenied it is");
    assertThat(lines.get(2))
        .startsWith("2030-01-01T01:00:00Z ERROR scripted: the last credentials have expired")
        .contains(". Exchange failed (")
        .contains("AccessDenied it is");
    // Counted from the loss, not from the first failure: credentials were held in between.
    assertThat(lines.get(3))
        .contains("still no credentials after 5 min. Exchange failed (")
        .contains("AccessDenied it is");
    assertThat(lines.get(5))
        .contains("obtained session credentials ****B, valid until")
        .contains(" in 32 min");
  }

  @Test
  void namesWhatIsHeldWhereTheAnswerDidNotReplaceIt() {
    logged(
        () -> {
          f.source.answers("A", ofHours(1));
          f.settled();
          f.source.fails(FailureKind.TRANSIENT, "STS is down");
          while (f.engine().status().consecutiveFailures() == 0) {
            f.time.advance(ofSeconds(1));
          }
          f.source.answers("B", ofSeconds(50));
          f.time.advance(ofMinutes(1));
        });

    assertThat(f.keyIdNow()).contains("A");
    assertThat(levels()).containsExactly("WARN", "INFO");
    assertThat(lines.get(1))
        .contains("session credentials ****A, valid until 2030-01-01T01:00:00Z");
  }

  @Test
  void tellsACauseThatComesAndGoesOnceInFiveMinutes() {
    logged(
        () -> {
          f.source.answers("A", ofHours(12));
          f.settled();
          f.time.advance(ofHours(7));
          boolean[] denied = {false};
          f.source.does(
              context -> {
                denied[0] = !denied[0];
                return failing(FailureKind.REJECTED, denied[0] ? "AccessDenied" : "Throttling")
                    .give(context);
              });
          f.engine().invalidate("A");
          f.time.advance(ofMinutes(4));
        });

    assertThat(levels()).containsExactly("WARN", "WARN");
  }

  @Test
  void tellsThatNoneCameOnceTheOutageHasNotPassed() {
    logged(
        () -> {
          f.source.fails(FailureKind.TRANSIENT, "connection refused");
          f.settled();
          f.time.advance(ofSeconds(29));
          assertThat(levels()).containsExactly("WARN");
          f.time.advance(ofMinutes(4));
        });

    assertThat(levels()).containsExactly("WARN", "ERROR");
    assertThat(lines.get(1))
        .contains("no credentials have come since the start")
        .contains("Connection refused".toLowerCase(java.util.Locale.ROOT));
  }

  @Test
  void tellsTheLossAlsoWhileAnExchangeHangs() {
    f.policy = RefreshPolicy.defaults().withExchangeTimeout(ofHours(2));
    logged(
        () -> {
          f.source.answers("A", ofHours(1));
          f.settled();
          f.source.does(f.hanging());
          f.time.advance(ofMinutes(40));
        });

    assertThat(lines).anyMatch(line -> line.startsWith("2030-01-01T01:00:00Z ERROR"));
  }

  @Test
  void tellsThatNoneCameAlsoWhileTheVeryFirstExchangeHangs() {
    logged(
        () -> {
          f.source.does(
              context -> {
                // Deaf to the end of its time budget, as a file on a mount that hangs.
                f.time.advance(ofMinutes(12));
                throw ScriptedSource.failure(FailureKind.TRANSIENT, "the mount is back");
              });
          f.settled();
        });

    assertThat(levels()).startsWith("ERROR", "WARN", "WARN");
    assertThat(lines.get(0))
        .startsWith("2030-01-01T00:00:30")
        .contains("scripted: no credentials have come since the start")
        .contains("An exchange is in flight");
    assertThat(lines.get(1)).contains("scripted: still no credentials after");
  }

  @Test
  void tellsNothingWhereNoSourceIsConfigured() {
    f.source.detects(Detection.absent("variable ONE"));
    logged(
        () -> {
          f.settled();
          for (int i = 0; i < 20; i++) {
            var unused = f.ask();
            f.time.advance(ofMinutes(1));
          }
        });

    assertThat(lines).isEmpty();
  }

  @Test
  void tellsEachStreakAnewHoweverSoonItFollows() {
    logged(
        () -> {
          f.source.answers("A", ofMinutes(6));
          f.settled();
          for (int i = 0; i < 3; i++) {
            f.source.fails(FailureKind.TRANSIENT, "down");
            while (f.engine().status().consecutiveFailures() == 0) {
              f.time.advance(ofSeconds(1));
            }
            f.source.answers("A" + i, ofMinutes(6));
            f.time.advance(ofSeconds(30));
            assertThat(f.engine().status().consecutiveFailures()).isZero();
          }
        });

    assertThat(levels()).containsExactly("WARN", "INFO", "WARN", "INFO", "WARN", "INFO");
  }

  @Test
  void tellsEachLossAnew() {
    logged(
        () -> {
          f.source.answers("A", ofMinutes(10));
          f.settled();
          for (int i = 0; i < 2; i++) {
            f.source.fails(FailureKind.TRANSIENT, "down");
            f.time.advance(ofMinutes(12));
            f.source.answers("A" + i, ofMinutes(10));
            f.time.advance(ofSeconds(15));
          }
        });

    assertThat(levels()).containsExactly("WARN", "ERROR", "INFO", "WARN", "ERROR", "INFO");
  }

  @Test
  void tellsACauseAgainAfterFiveMinutesAndNoSooner() {
    logged(
        () -> {
          f.source.answers("A", ofHours(12));
          f.settled();
          boolean[] throttled = {true};
          f.source.does(
              context -> {
                throttled[0] = !throttled[0];
                String code = throttled[0] ? "Throttling" : "ServiceUnavailable";
                throw ExchangeException.builder(FailureKind.TRANSIENT, "it says " + code)
                    .code(code)
                    .retryAfter(ofMinutes(2))
                    .build();
              });
          f.engine().invalidate("A");
          f.time.advance(ofMinutes(30));
        });

    // Each comes every four minutes or a little more.
    List<String> causes =
        lines.stream()
            .map(line -> line.replaceFirst(" WARN .*it says (\\w+)\\..*", " $1"))
            .toList();
    for (String cause : List.of("ServiceUnavailable", "Throttling")) {
      List<Instant> told =
          causes.stream()
              .filter(line -> line.endsWith(cause))
              .map(line -> Instant.parse(line.split(" ", 2)[0]))
              .toList();
      assertThat(told).hasSizeBetween(3, 5);
      for (int i = 1; i < told.size(); i++) {
        assertThat(Duration.between(told.get(i - 1), told.get(i)))
            .isGreaterThanOrEqualTo(ofMinutes(5));
      }
    }
    assertThat(levels()).hasSameSizeAs(causes).containsOnly("WARN");
  }

  @Test
  void takesAnotherKindForAnotherCauseAndOtherWordsForTheSame() {
    logged(
        () -> {
          f.source.answers("A", ofHours(12));
          f.settled();
          int[] requests = {0};
          f.source.does(
              context -> {
                throw ScriptedSource.failure(
                    requests[0]++ < 10 ? FailureKind.TRANSIENT : FailureKind.MISCONFIGURED,
                    "request " + requests[0] + " failed");
              });
          f.engine().invalidate("A");
          f.time.advance(ofHours(2));
          assertThat(requests[0]).isGreaterThan(20);
        });

    assertThat(levels()).containsExactly("WARN", "WARN");
    assertThat(lines.get(0)).contains("request 1 failed");
    assertThat(lines.get(1)).contains("request 11 failed");
  }
}
