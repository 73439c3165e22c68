package dev.lanyard.samples.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lanyard.CredentialsEvent;
import dev.lanyard.CredentialsEvent.RefreshFailed;
import dev.lanyard.CredentialsEvent.Refreshed;
import dev.lanyard.CredentialsEventListener;
import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.EksCredentialsProvider;
import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.irsa.IrsaCredentialsProvider;
import dev.lanyard.irsa.internal.IrsaSource;
import dev.lanyard.podidentity.PodIdentityCredentialsProvider;
import dev.lanyard.podidentity.internal.PodIdentitySource;
import dev.lanyard.samples.conformance.Replay.Stage;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import dev.lanyard.testing.TestTime;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;

/** Lanyard does in each case what the case says. */
class LanyardReplayTest {
  private static final Instant NOW = Instant.parse("2098-12-31T23:15:00Z");

  @TempDir private Path root;

  static Stream<Replay> cases() {
    return Family.replays();
  }

  /** One exchange after the other, each with what it sends and what comes of it. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void eachExchangeSendsAndReturnsWhatTheCaseSays(Replay replay) throws Exception {
    try (Stage stage = replay.stage(root)) {
      Detection detection = detect(replay, stage);
      Case.Detected found = replay.one().detection();
      assertThat(kind(detection)).isEqualTo(found.is());
      says(detection.toString(), found.says(), replay, stage);
      int sent = 0;
      for (int i = 0; i < replay.one().attempts().size(); i++) {
        Case.Attempt attempt = replay.one().attempts().get(i);
        stage.write(attempt.files());
        assertThat(detection).isInstanceOf(Detection.Present.class);
        exchange((Detection.Present) detection, attempt, replay, stage);

        if (attempt.request() != null) {
          assertThat(stage.server().requests()).as("requests").hasSize(sent + 1);
          stage.check(stage.server().requests().get(sent), replay.requests().get(i));
          sent++;
        }
        assertThat(stage.server().requests()).as("requests").hasSize(sent);
      }
    }
  }

  private static void exchange(
      Detection.Present present, Case.Attempt attempt, Replay replay, Stage stage)
      throws Exception {
    if (attempt.credentials() != null) {
      SessionCredentials credentials = present.exchange().exchange(context());
      Case.Credentials expected = attempt.credentials();
      assertThat(
              new Case.Credentials(
                  credentials.accessKeyId(),
                  credentials.secretAccessKey(),
                  credentials.sessionToken(),
                  credentials.accountId().orElse(null),
                  credentials.expiration().toString()))
          .isEqualTo(expected);
      says(credentials.toString(), List.of(), replay, stage);
      return;
    }
    Case.Failure expected = attempt.failure();
    ExchangeException e =
        catchThrowableOfType(ExchangeException.class, () -> present.exchange().exchange(context()));
    assertThat(e).as("a failure").isNotNull();
    assertThat(
            new Case.Failure(
                e.kind().name(),
                e.code().orElse(null),
                e.status().isPresent() ? e.status().getAsInt() : null,
                expected.requestId() == null ? null : e.requestId().orElse(null),
                e.retryAfter().map(wait -> (int) wait.toSeconds()).orElse(null),
                expected.says()))
        .as(e.getMessage())
        .isEqualTo(expected);
    says(e.getMessage() + " " + e.remedy().orElse(""), expected.says(), replay, stage);
    says(everythingSaid(e), List.of(), replay, stage);
  }

  /**
   * The same through the public provider: the engine makes the attempts, each when the time of this
   * test has come to it, and none once the test is over.
   */
  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void aCallerGetsWhatTheCaseSays(Replay replay) throws Exception {
    try (Stage stage = replay.stage(root)) {
      Queue<CredentialsEvent> events = new ConcurrentLinkedQueue<>();
      TestTime time = TestTime.startingAt(NOW);
      List<Case.Attempt> attempts = replay.one().attempts();
      if (!attempts.isEmpty()) {
        stage.write(attempts.get(0).files());
      }
      if (attempts.isEmpty() && replay.one().detection().is().equals("present")) {
        // It would be asked over the network.
        return;
      }
      RefreshingCredentialsProvider provider = provider(replay, stage, time, events);
      if (attempts.isEmpty()) {
        refused(provider, replay, "MISCONFIGURED", replay.one().detection().says(), stage);
        assertThat(stage.server().requests()).isEmpty();
        return;
      }
      for (int i = 0; i < attempts.size(); i++) {
        Case.Attempt attempt = attempts.get(i);
        if (i > 0 && !attempt.files().isEmpty()) {
          // The engine's next attempt is not this one's to time.
          return;
        }
        if (attempt.failure() != null && !attempt.failure().kind().equals("TRANSIENT")) {
          next(events, time);
          refused(provider, replay, attempt.failure().kind(), attempt.failure().says(), stage);
          return;
        }
        if (attempt.failure() != null || attempt.expired()) {
          CredentialsEvent event = next(events, time);
          assertThat(event).isInstanceOf(RefreshFailed.class);
          RefreshFailed failed = (RefreshFailed) event;
          assertThat(failed.failure().kind()).isEqualTo(FailureKind.TRANSIENT);
          List<String> says =
              attempt.expired()
                  ? List.of("expired on arrival", attempt.credentials().expiration())
                  : attempt.failure().says().subList(0, 1);
          says(failed.failure().message(), says, replay, stage);
        } else {
          assertThat(next(events, time)).isInstanceOf(Refreshed.class);
          same(provider.resolveCredentials(), attempt.credentials());
          assertThat(stage.server().requests()).as("requests").hasSize(attempts.size());
          stage.check(stage.server().requests().get(i), replay.requests().get(i));
          return;
        }
      }
    }
  }

  /** What the listener is told next. */
  private static CredentialsEvent next(Queue<CredentialsEvent> events, TestTime time) {
    time.awaitIdle();
    while (events.isEmpty()) {
      assertThat(time.advanceToNext(Duration.ofMinutes(1))).as("an attempt to come").isTrue();
      time.awaitIdle();
    }
    return events.remove();
  }

  private static void refused(
      RefreshingCredentialsProvider provider,
      Replay replay,
      String kind,
      List<String> says,
      Stage stage) {
    Throwable thrown = catchThrowable(provider::resolveCredentials);
    assertThat(thrown).isInstanceOf(CredentialsUnavailableException.class);
    CredentialsUnavailableException e = (CredentialsUnavailableException) thrown;
    assertThat(e.kind().name()).isEqualTo(kind);
    says(e.getMessage(), says, replay, stage);
    says(everythingSaid(e), List.of(), replay, stage);
    says(provider.explain().toString(), List.of(), replay, stage);
  }

  /** Words are there, whatever begins a sentence, and secrets are not. */
  private static void says(String text, List<String> words, Replay replay, Stage stage) {
    assertThat(words).allSatisfy(word -> assertThat(text).containsIgnoringCase(stage.fill(word)));
    assertThat(replay.secrets()).allSatisfy(secret -> assertThat(text).doesNotContain(secret));
  }

  private static void same(AwsCredentials actual, Case.Credentials expected) {
    assertThat(actual).isInstanceOf(AwsSessionCredentials.class);
    AwsSessionCredentials session = (AwsSessionCredentials) actual;
    assertThat(session.accessKeyId()).isEqualTo(expected.accessKeyId());
    assertThat(session.secretAccessKey()).isEqualTo(expected.secretAccessKey());
    assertThat(session.sessionToken()).isEqualTo(expected.sessionToken());
    assertThat(session.accountId().orElse(null)).isEqualTo(expected.accountId());
    assertThat(session.expirationTime()).contains(expected.given());
  }

  private static RefreshingCredentialsProvider provider(
      Replay replay, Stage stage, TestTime time, Queue<CredentialsEvent> events) {
    return switch (replay.family()) {
      case "web-identity" ->
          IrsaCredentialsProvider.builder()
              .environment(stage.seen())
              .time(time)
              .listener(CredentialsEventListener.of(events::add))
              .build();
      case "container", "pod-identity" ->
          PodIdentityCredentialsProvider.builder()
              .environment(stage.seen())
              .time(time)
              .listener(CredentialsEventListener.of(events::add))
              .build();
      default -> {
        EksCredentialsProvider.Builder builder =
            EksCredentialsProvider.builder()
                .environment(stage.seen())
                .time(time)
                .listener(CredentialsEventListener.of(events::add));
        if (!replay.one().order().isEmpty()) {
          builder.order(replay.one().order().toArray(String[]::new));
        }
        yield builder.build();
      }
    };
  }

  /** What the source of the family finds; for the chain, the first that is not absent. */
  private static Detection detect(Replay replay, Stage stage) {
    List<CredentialsSource> sources =
        switch (replay.family()) {
          case "web-identity" -> List.of(new IrsaSource());
          case "container", "pod-identity" -> List.of(new PodIdentitySource());
          default ->
              replay.one().order().equals(List.of("pod-identity", "irsa"))
                  ? List.of(new PodIdentitySource(), new IrsaSource())
                  : List.of(new IrsaSource(), new PodIdentitySource());
        };
    Detection last = Detection.absent("nothing");
    for (CredentialsSource source : sources) {
      last = source.detect(stage.seen());
      if (!(last instanceof Detection.Absent)) {
        return last;
      }
    }
    return last;
  }

  private static String kind(Detection detection) {
    if (detection instanceof Detection.Present) {
      return "present";
    }
    return detection instanceof Detection.Broken ? "broken" : "absent";
  }

  private static String everythingSaid(Throwable e) {
    StringWriter text = new StringWriter();
    e.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  /** A budget that does not run out: no case is about time. */
  private static ExchangeContext context() {
    return new ExchangeContext() {
      @Override
      public Instant now() {
        return NOW;
      }

      @Override
      public Duration timeLeft() {
        return Duration.ofMinutes(1);
      }

      @Override
      public void onTimeout(Runnable abort) {}
    };
  }
}
