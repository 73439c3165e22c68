package dev.lanyard.samples.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lanyard.peer.Peer;
import dev.lanyard.peer.Request;
import dev.lanyard.runtime.Environment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * A case with all that its file adds to it, ready to be played.
 *
 * @param family the name of the file
 * @param one the case
 * @param environment its variables
 * @param files its files
 * @param requests what has to arrive in each attempt
 */
record Replay(
    String family,
    Case one,
    Map<String, String> environment,
    Map<String, String> files,
    List<Case.Request> requests) {

  /** What arrives where nothing may. */
  static final Case.Request NOTHING = new Case.Request(null, null, Map.of(), false, Map.of(), null);

  /** A case in play: a server that listens, and files that are there. */
  final class Stage implements AutoCloseable {
    private final Path root;
    private final RecordedServer server;

    Stage(Path root, boolean repeatLast) {
      assumeTrue(
          !one.listens().contains(":") || Peer.canListenAt(one.listens()), "this machine has IPv6");
      this.root = root;
      List<Case.Answer> answers = new ArrayList<>();
      one.attempts().stream()
          .map(Case.Attempt::answer)
          .filter(answer -> answer != null)
          .forEach(answers::add);
      answers.addAll(one.unasked());
      this.server = RecordedServer.start(one.listens(), answers, repeatLast);
      write(files);
    }

    RecordedServer server() {
      return server;
    }

    void write(Map<String, String> contents) {
      contents.forEach(
          (name, content) -> {
            try {
              Path file = root.resolve(name);
              Files.createDirectories(file.getParent());
              Files.writeString(file, content);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }

    Map<String, String> variables() {
      return filled(environment);
    }

    Map<String, String> properties() {
      return filled(one.properties());
    }

    Environment seen() {
      return Environment.of(variables()).withProperties(properties());
    }

    String fill(String text) {
      return text.replace("{root}", root.toString())
          .replace("{server}", server.uri())
          .replace("{port}", Integer.toString(server.port()));
    }

    private Map<String, String> filled(Map<String, String> texts) {
      Map<String, String> filled = new HashMap<>();
      texts.forEach((name, text) -> filled.put(name, fill(text)));
      return filled;
    }

    /** Compares an arrived request with what the case says of an attempt's. */
    void check(Request arrived, Case.Request expected) {
      assertThat(arrived.method()).isEqualTo(expected.method());
      assertThat(arrived.target()).as("target").isEqualTo(fill(expected.target()));
      if (expected.noOtherHeaders()) {
        assertThat(new TreeSet<>(arrived.headers().keySet()))
            .as("names of the headers")
            .isEqualTo(lower(expected.headers()));
      }
      expected
          .headers()
          .forEach(
              (name, value) -> assertMatches("header " + name, arrived.header(name), fill(value)));
      Map<String, String> form = arrived.form();
      assertThat(form.keySet()).as("parameters").isEqualTo(expected.form().keySet());
      expected
          .form()
          .forEach((name, value) -> assertMatches("parameter " + name, form.get(name), value));
      if (expected.body() != null) {
        assertThat(arrived.body()).as("body").isEqualTo(expected.body());
      }
      if (expected.form().isEmpty()) {
        assertThat(arrived.body()).as("body").isEmpty();
      }
    }

    @Override
    public void close() {
      server.close();
    }
  }

  Stage stage(Path root) {
    return new Stage(root, false);
  }

  /** A stage for a client that asks again by itself: the last answer is given again and again. */
  Stage patientStage(Path root) {
    return new Stage(root, true);
  }

  /** All that no message may hold. */
  List<String> secrets() {
    List<String> secrets = new ArrayList<>();
    files.forEach((name, content) -> secrets.add(content.strip()));
    one.attempts().forEach(attempt -> secrets.addAll(attempt.files().values()));
    String token = environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (token != null) {
      secrets.add(token.strip());
    }
    one.attempts().stream()
        .map(Case.Attempt::answer)
        .filter(answer -> answer != null)
        .map(answer -> new String(RecordedServer.body(answer), StandardCharsets.UTF_8))
        .filter(body -> body.contains("/secret+"))
        .forEach(body -> secrets.add("/secret+"));
    secrets.removeIf(secret -> secret.length() < 4);
    return secrets;
  }

  static boolean matches(String actual, String expected) {
    return actual != null
        && (expected.startsWith("~")
            ? actual.matches(expected.substring(1))
            : actual.equals(expected));
  }

  private static void assertMatches(String what, String actual, String expected) {
    assertThat(matches(actual, expected))
        .as("%s: expected %s, was %s", what, expected, actual)
        .isTrue();
  }

  private static TreeSet<String> lower(Map<String, String> headers) {
    TreeSet<String> names = new TreeSet<>();
    headers.keySet().forEach(name -> names.add(name.toLowerCase(java.util.Locale.ROOT)));
    return names;
  }

  @Override
  public String toString() {
    return family + ": " + one.name();
  }
}
