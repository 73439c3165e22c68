package dev.lanyard.samples.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
    List<Path> documents = new ArrayList<>();
    try {
      Files.walkFileTree(
          ROOT,
          new SimpleFileVisitor<>() {
            // What other builds write meanwhile is not looked at, not even for its names.
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes any) {
              String name = directory.getFileName().toString();
              return name.equals("target") || name.equals(".git")
                  ? FileVisitResult.SKIP_SUBTREE
                  : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes any) {
              if (file.toString().endsWith(".md")) {
                documents.add(file);
              }
              return FileVisitResult.CONTINUE;
            }
          });
      return documents;
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
