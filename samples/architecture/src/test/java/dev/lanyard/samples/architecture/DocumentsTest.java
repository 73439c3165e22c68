package dev.lanyard.samples.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the documents say of the repository is so. */
class DocumentsTest {
  private static final Path ROOT =
      Objects.requireNonNull(Path.of("").toAbsolutePath().getParent()).getParent();

  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)(#[^)]*)?\\)");
  private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  @Test
  void everyLinkToAFileLeadsToOne() {
    List<String> dead = new ArrayList<>();
    for (Path document : documents()) {
      Matcher link = LINK.matcher(read(document));
      while (link.find()) {
        if (!Files.exists(document.resolveSibling(link.group(1)))) {
          dead.add(document + ": " + link.group(1));
        }
      }
    }

    assertThat(dead).isEmpty();
  }

  @Test
  void theLinesOfTheReadmeAreLinesThatAreCompiled() {
    Matcher java = JAVA.matcher(read(ROOT.resolve("README.md")));
    assertThat(java.find()).as("the README shows Java").isTrue();
    String compiled =
        read(
            ROOT.resolve(
                "samples/quickstart/src/main/java/dev/lanyard/samples/quickstart/FirstClients.java"));

    assertThat(compiled).contains(java.group(1).indent(4));
  }

  @Test
  void theCommandsOfTheReadmeAreRunByTheGates() {
    String readme = read(ROOT.resolve("README.md"));
    String gates = read(ROOT.resolve(".ci/run"));

    assertThat(readme).contains("mvn -q -Pquickstart -pl samples/quickstart -am verify");
    assertThat(gates)
        .containsPattern("(?m)^mvn -q -Pquickstart -pl samples/quickstart -am verify$");
    assertThat(readme).contains("mvn -B verify");
    assertThat(gates).containsPattern("(?m)^mvn -B verify$");
  }

  private static List<Path> documents() {
    try (Stream<Path> files = Files.walk(ROOT)) {
      return files
          .filter(file -> file.toString().endsWith(".md"))
          .filter(file -> !ROOT.relativize(file).toString().matches("(.*/)?(target|\\.git)/.*"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot walk " + ROOT, e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }
}
