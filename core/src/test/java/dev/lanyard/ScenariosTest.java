package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs the cases of scenarios.txt, which explains itself. A failure shows the case and its trace.
 */
class ScenariosTest {

  record Case(String name, List<String> lines) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (String line : text().lines().toList()) {
      if (line.startsWith("== ")) {
        cases.add(new Case(line.substring(3).strip(), new ArrayList<>()));
      } else if (!line.isBlank() && !line.startsWith("#")) {
        cases.get(cases.size() - 1).lines().add(line);
      }
    }
    return cases.stream();
  }

  private static String text() {
    try (InputStream in = ScenariosTest.class.getResourceAsStream("scenarios.txt")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void holds(Case scenario, @TempDir Path directory) {
    Scenario run = new Scenario(directory.resolve("token"));
    for (String line : scenario.lines()) {
      try {
        run.step(line);
      } catch (AssertionError | RuntimeException e) {
        fail(
            "in the case \"%s\", at the line%n  %s%n%s%nThe case:%n%s%nWhat happened:%n%s"
                .formatted(
                    scenario.name(),
                    line.strip(),
                    e,
                    String.join("\n", scenario.lines()),
                    run.trace()),
            e);
      }
    }
  }

  @Test
  void casesHaveNamesOfTheirOwn() {
    assertThat(cases().map(Case::name)).doesNotHaveDuplicates().hasSizeGreaterThan(50);
  }
}
