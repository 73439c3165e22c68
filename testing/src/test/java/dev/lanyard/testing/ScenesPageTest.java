package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/** The page of scenes names tests that are there, and every code with which the fakes refuse. */
class ScenesPageTest {
  private static final Path PAGE = Path.of("../docs/testing-scenes.md");
  private static final Path SOURCES = Path.of("src/main/java/dev/lanyard/testing");
  private static final Pattern TEST = Pattern.compile("`([A-Z]\\w*Test)\\.(\\w+)`");
  private static final Pattern CODE =
      Pattern.compile("new Refusal\\(\\s*\\d+,\\s*\"([A-Za-z]+)\"", Pattern.DOTALL);

  @Test
  void everyTestThatItNamesIsThere() throws Exception {
    List<String> missing = new ArrayList<>();
    Matcher named = TEST.matcher(Files.readString(PAGE));
    int count = 0;
    while (named.find()) {
      count++;
      if (!isTest(named.group(1), named.group(2))) {
        missing.add(named.group());
      }
    }

    assertThat(missing).isEmpty();
    assertThat(count).isGreaterThan(60);
  }

  @Test
  void everyRowOfASceneNamesATestOrSaysWhyThereIsNone() throws IOException {
    assertThat(
            Files.readAllLines(PAGE).stream()
                .filter(line -> line.startsWith("| "))
                .filter(line -> !line.startsWith("| ---") && !line.startsWith("| Scene "))
                .filter(line -> !TEST.matcher(line).find() && !line.contains("| not here: ")))
        .isEmpty();
  }

  @Test
  void everyCodeWithWhichAFakeRefusesHasARow() throws IOException {
    Set<String> codes = new TreeSet<>();
    try (Stream<Path> files = Files.list(SOURCES)) {
      for (Path file : files.toList()) {
        Matcher code = CODE.matcher(Files.readString(file));
        while (code.find()) {
          codes.add(code.group(1));
        }
      }
    }
    assertThat(codes).contains("InvalidIdentityToken", "ResourceNotFoundException");
    String page = Files.readString(PAGE);

    assertThat(codes).allSatisfy(code -> assertThat(page).contains("`" + code + "`"));
  }

  private static boolean isTest(String type, String name) throws ClassNotFoundException {
    for (Method method : Class.forName("dev.lanyard.testing." + type).getDeclaredMethods()) {
      if (method.getName().equals(name)
          && (method.isAnnotationPresent(Test.class)
              || method.isAnnotationPresent(ParameterizedTest.class))) {
        return true;
      }
    }
    return false;
  }
}
