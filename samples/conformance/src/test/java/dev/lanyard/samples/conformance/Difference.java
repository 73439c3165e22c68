package dev.lanyard.samples.conformance;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where Lanyard means to differ from the AWS SDK for Java.
 *
 * @param id how cases name it
 * @param notReplayed why no replay can show it, empty if one does
 * @param about the setting or the behaviour
 * @param sdk what the SDK does
 * @param lanyard what Lanyard does
 * @param why the reason
 * @param byJava whether the SDK differs on some releases of Java only
 */
record Difference(
    String id,
    String about,
    String sdk,
    String lanyard,
    String why,
    String notReplayed,
    boolean byJava) {

  Difference {
    notReplayed = notReplayed == null ? "" : notReplayed;
    for (String text : List.of(about, sdk, lanyard, why)) {
      if (text.isBlank() || text.contains("\n")) {
        throw new IllegalArgumentException(id + " lacks words, or has more than one line of them");
      }
    }
  }

  static List<Difference> all() {
    return List.of(Family.read("/differences.json", Difference[].class));
  }

  /** The cases that show it. */
  Stream<Replay> cases() {
    return Family.replays().filter(replay -> replay.one().differs().containsValue(id));
  }

  /** The row of the table in docs/differences.md. */
  String row() {
    String shown = cases().map(replay -> replay.one().name()).collect(Collectors.joining("; "));
    return Stream.of(
            about, sdk, lanyard, why, shown.isEmpty() ? "not replayed: " + notReplayed : shown)
        .map(cell -> cell.replace("|", "\\|"))
        .collect(Collectors.joining(" | ", "| ", " |"));
  }
}
