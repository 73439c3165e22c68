package dev.lanyard.samples.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.util.VersionInfo;

/** docs/differences.md names each difference, and the cases that show it. */
class DifferencesTest {
  private static final Path DOCUMENT =
      Objects.requireNonNull(Path.of("").toAbsolutePath().getParent())
          .resolveSibling("docs/differences.md");

  private static final String BEGIN =
      "<!-- The table is written by the tests of samples/conformance. -->\n";
  private static final String END = "<!-- The end of the table. -->\n";

  /** Write the table anew with -Ddifferences.write=true. */
  @Test
  void theDocumentHoldsTheTableOfTheCases() throws IOException {
    String table =
        "| Setting or behaviour | AWS SDK for Java "
            + VersionInfo.SDK_VERSION
            + " | Lanyard | Why | Replayed in |\n| --- | --- | --- | --- | --- |\n"
            + Difference.all().stream().map(Difference::row).collect(Collectors.joining("\n"))
            + "\n";
    String document = Files.readString(DOCUMENT);
    int from = document.indexOf(BEGIN) + BEGIN.length();
    int to = document.indexOf(END);
    if (Boolean.getBoolean("differences.write")) {
      Files.writeString(DOCUMENT, document.substring(0, from) + table + document.substring(to));
      return;
    }

    assertThat(document.substring(from, to)).isEqualTo(table);
  }

  @Test
  void eachDifferenceIsShownByACaseUnlessNoneCanShowIt() {
    assertThat(Difference.all())
        .allSatisfy(
            one ->
                assertThat(one.cases().findAny().isPresent())
                    .as(one.id())
                    .isEqualTo(one.notReplayed().isEmpty()));
  }

  @Test
  void eachCaseHasANameOfItsOwnAndNamesDifferencesThatAreThere() {
    List<String> known = Difference.all().stream().map(Difference::id).toList();
    List<String> names = Family.replays().map(replay -> replay.one().name()).toList();

    assertThat(known).doesNotHaveDuplicates();
    assertThat(names).doesNotHaveDuplicates().allSatisfy(name -> assertThat(name).isNotBlank());
    assertThat(Family.replays())
        .allSatisfy(
            replay -> {
              assertThat(known).as(replay.toString()).containsAll(replay.one().differs().values());
              assertThat(replay.one().why()).as(replay.toString()).isNotBlank();
              assertThat(replay.one().from()).as(replay.toString()).isNotEmpty();
              assertThat(replay.one().notCompared().isEmpty() || replay.one().differs().isEmpty())
                  .as("%s says that it differs, and that nobody looked", replay)
                  .isTrue();
            });
  }

  /**
   * The agreement on successes is what the comparison is for: only these reasons excuse from it.
   */
  @Test
  void noSuccessThatCanBeComparedIsLeftOut() {
    assertThat(Family.replays())
        .filteredOn(replay -> !replay.one().notCompared().isEmpty())
        .allSatisfy(
            replay ->
                assertThat(
                        replay.one().attempts().stream()
                            .allMatch(attempt -> attempt.credentials() == null))
                    .as(replay.toString())
                    .isTrue());
  }
}
