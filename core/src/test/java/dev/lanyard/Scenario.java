package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.spi.ExchangeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/** One case of scenarios.txt while it runs: knows the words of that file. */
final class Scenario {
  private static final Pattern TIME = Pattern.compile("([+-]?)(\\d+)(ms|s|m|h)?");
  private static final Pattern LINE = Pattern.compile("(\\d\\S*)?\\s*(.+)");

  private final EngineFixture f = new EngineFixture();
  private final Path tokenFile;
  private final Map<String, CompletableFuture<AwsCredentialsIdentity>> callers = new TreeMap<>();
  private final List<String> trace = new ArrayList<>();
  private boolean built;

  Scenario(Path tokenFile) {
    this.tokenFile = tokenFile;
    f.time.letsWorkBlock();
    f.listener = CredentialsEventListener.of(event -> note(event.toString()));
    f.source.readsTokenFrom(tokenFile);
  }

  String trace() {
    return String.join("\n", trace);
  }

  private void note(String what) {
    trace.add("  %8d ms  %s".formatted(Duration.ofNanos(f.time.nanos()).toMillis(), what));
  }

  void step(String line) {
    Matcher matcher = LINE.matcher(line.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException("not a step");
    }
    if (matcher.group(1) != null) {
      advanceTo(time(matcher.group(1)));
    }
    String step = matcher.group(2);
    note("> " + step);
    take(step);
    if (built) {
      f.time.settle();
    }
  }

  private void take(String step) {
    String[] words = step.split(" ", 2);
    String rest = words.length > 1 ? words[1] : "";
    switch (words[0]) {
      case "given" -> given(rest);
      case "source" -> source(rest);
      case "build" -> build();
      case "draw" -> f.draw = Double.parseDouble(rest);
      case "token" -> changeTokenFile();
      case "wall" -> {
        boolean forward = rest.startsWith("clock forward ");
        Duration by = time(rest.substring(rest.lastIndexOf(' ') + 1));
        f.time.jumpWallClock(forward ? by : by.negated());
      }
      case "suspend" -> f.time.suspend(time(rest));
      case "invalidate" -> f.engine().invalidate(rest);
      case "ask" -> ask(rest);
      case "expect" -> expectAll(rest);
      default -> throw new IllegalArgumentException("no such step: " + words[0]);
    }
  }

  private void given(String state) {
    if (state.equals("empty")) {
      return;
    }
    source("answers A for 1h");
    build();
    f.time.settle();
    switch (state) {
      case "fresh" -> advanceTo(time("10m"));
      case "due" -> advanceTo(time("39m-1ms"));
      case "expired" -> {
        advanceTo(time("10m"));
        f.time.suspend(time("2h"));
      }
      case "outage" -> {
        source("fails transient");
        advanceTo(time("1h"));
      }
      default -> throw new IllegalArgumentException("no such state: " + state);
    }
  }

  private void build() {
    f.built();
    built = true;
  }

  private void advanceTo(Duration time) {
    Duration by = time.minus(Duration.ofNanos(f.time.nanos()));
    assertThat(by.isNegative()).as("time goes back").isFalse();
    f.time.advance(by);
  }

  // ---- The source

  private void source(String what) {
    Duration latency =
        what.equals("hangs") ? Duration.ofDays(1) : after(what, " after ").orElse(Duration.ZERO);
    ScriptedSource.Answer answer = answer(what);
    f.source.does(
        context -> {
          note("an exchange begins");
          if (!latency.isZero()) {
            f.time.block(latency);
          }
          return answer.give(context);
        });
  }

  private ScriptedSource.Answer answer(String what) {
    String[] words = what.split(" ", -1);
    if (words[0].equals("fails")) {
      FailureKind kind = FailureKind.valueOf(words[1].toUpperCase(Locale.ROOT));
      Optional<Duration> retryAfter = after(what, " retry-after ");
      return context -> {
        throw ExchangeException.builder(kind, "the source said no")
            .retryAfter(retryAfter.orElse(null))
            .build();
      };
    }
    if (what.equals("hangs") || words[1].equals("nothing")) {
      return context -> ScriptedSource.nothing();
    }
    if (words[1].equals("partial")) {
      return context -> ScriptedSource.sessionCredentials(" ", context.now()).build();
    }
    Optional<Duration> lifetime = after(what, " for ");
    Optional<Duration> end = after(what, " until ");
    boolean dated = what.endsWith(" dated");
    return context -> {
      // The source's clock is right, whatever is done to ours.
      Instant sourceTime = dated ? VirtualTime.START.plusNanos(f.time.nanos()) : context.now();
      return ScriptedSource.sessionCredentials(
              words[1],
              end.map(VirtualTime.START::plus)
                  .orElseGet(() -> sourceTime.plus(lifetime.orElseThrow())))
          .answeredAt(dated ? Instant.ofEpochSecond(sourceTime.getEpochSecond()) : null)
          .build();
    };
  }

  private void changeTokenFile() {
    try {
      Files.writeString(tokenFile, "token at " + f.time.nanos());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  // ---- Callers and what is expected

  private void ask(String what) {
    String[] parts = what.split(" -> ", 2);
    String name = parts[0].split(" ", 2)[0];
    Optional<Duration> minimum = after(parts[0], " for ");
    callers.put(name, minimum.map(f::askAtLeast).orElseGet(f::ask));
    // What the exchange that the caller may have begun says at once.
    f.time.settle();
    if (parts.length > 1) {
      expectOne(name + " " + parts[1]);
    }
  }

  private void expectAll(String what) {
    if (what.contains(" fails: ")) {
      // The text may have commas.
      int last = what.lastIndexOf(", exchanges");
      expectOne(last < 0 ? what : what.substring(0, last));
      if (last >= 0) {
        expectOne(what.substring(last + 2));
      }
      return;
    }
    for (String one : what.split(", ", -1)) {
      expectOne(one);
    }
  }

  private void expectOne(String what) {
    CredentialsStatus status = f.engine().status();
    String[] words = what.split(" ", 2);
    String rest = words.length > 1 ? words[1] : "";
    switch (words[0]) {
      case "reading" -> assertThat(reading()).as("reading").isEqualTo(rest);
      case "exchanges" ->
          assertThat(f.exchanges()).as("exchanges").isEqualTo(Integer.parseInt(rest));
      case "failures" ->
          assertThat(status.consecutiveFailures()).as("failures").isEqualTo(Integer.parseInt(rest));
      case "next" ->
          assertThat(status.nextRefresh()).as("next").contains(VirtualTime.START.plus(time(rest)));
      case "starting", "healthy", "degraded", "unavailable" ->
          assertThat(status.health().name().toLowerCase(Locale.ROOT))
              .as("health")
              .isEqualTo(words[0]);
      default -> expectCaller(words[0], rest);
    }
  }

  /** What a caller would be given without waiting. Unlike a caller, this begins no exchange. */
  private String reading() {
    AwsCredentials given = f.engine().readable();
    return given == null ? "nothing" : given.accessKeyId();
  }

  private void expectCaller(String name, String fate) {
    CompletableFuture<AwsCredentialsIdentity> caller = callers.get(name);
    if (caller == null) {
      throw new IllegalArgumentException("nobody of that name, and no such expectation: " + name);
    }
    if (fate.equals("waits")) {
      assertThat(caller.isDone()).as("%s is done", name).isFalse();
    } else if (fate.startsWith("gets ")) {
      assertThat(EngineFixture.keyIdOf(caller)).as(name).isEqualTo(fate.substring(5));
    } else if (fate.startsWith("fails: ")) {
      assertThat(EngineFixture.failureOf(caller)).as(name).hasMessageContaining(fate.substring(7));
    } else {
      throw new IllegalArgumentException("no such fate: " + fate);
    }
  }

  // ---- Words

  private static Optional<Duration> after(String text, String word) {
    int at = text.indexOf(word);
    return at < 0
        ? Optional.empty()
        : Optional.of(time(text.substring(at + word.length()).split(" ", 2)[0]));
  }

  /** Such as 39m, 1h+30s or 39m-1ms. */
  static Duration time(String text) {
    Matcher matcher = TIME.matcher(text);
    Duration time = Duration.ZERO;
    int end = 0;
    while (matcher.find() && matcher.start() == end) {
      end = matcher.end();
      long number = Long.parseLong(matcher.group(1) + matcher.group(2));
      String unit = matcher.group(3) == null ? "ms" : matcher.group(3);
      time =
          time.plus(
              switch (unit) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                default -> Duration.ofHours(number);
              });
    }
    if (end != text.length() || text.isEmpty()) {
      throw new IllegalArgumentException("not a time: " + text);
    }
    return time;
  }
}
