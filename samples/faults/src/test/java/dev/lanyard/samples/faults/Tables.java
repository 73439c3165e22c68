package dev.lanyard.samples.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What was seen, as tables for people. */
final class Tables {
  /** Below it stands what the test writes. */
  private static final String MARK = "<!-- Below: written by FaultMatrixTest. -->\n";

  private Tables() {}

  static String key(Source source, Fault fault, Phase phase) {
    return source + " | " + fault.group() + ": " + fault.name() + " | " + phase;
  }

  static List<String> missing(List<Fault> faults, Map<String, String> seen) {
    List<String> missing = new ArrayList<>();
    for (Source source : Source.values()) {
      for (Fault fault : faults) {
        for (Phase phase : Phase.values()) {
          String key = key(source, fault, phase);
          if (fault.at(source).isPresent() && !seen.containsKey(key)) {
            missing.add(key);
          }
        }
      }
    }
    return missing;
  }

  static String into(String document, List<Fault> faults, Map<String, String> seen) {
    int mark = document.indexOf(MARK);
    if (mark < 0) {
      throw new AssertionError("the document lacks the line " + MARK);
    }
    return document.substring(0, mark + MARK.length()) + tables(faults, seen);
  }

  private static String tables(List<Fault> faults, Map<String, String> seen) {
    StringBuilder text = new StringBuilder();
    for (Source source : Source.values()) {
      text.append("\n## ").append(source.title()).append("\n\n");
      text.append(capitalized(source.description())).append(".\n");
      String group = "";
      for (Fault fault : faults) {
        if (fault.at(source).isEmpty()) {
          continue;
        }
        if (!fault.group().equals(group)) {
          group = fault.group();
          text.append("\n### ").append(group).append("\n\n");
          text.append("| Fault | What it is, and what the error says |");
          for (Phase phase : Phase.values()) {
            text.append(' ').append(phase.title()).append(" |");
          }
          text.append("\n| --- | --- |")
              .append(" --- |".repeat(Phase.values().length))
              .append('\n');
        }
        text.append("| ").append(fault.name()).append(" | ");
        text.append(words(fault.at(source).orElseThrow())).append(" |");
        for (Phase phase : Phase.values()) {
          text.append(' ').append(seen.get(key(source, fault, phase))).append(" |");
        }
        text.append('\n');
      }
    }
    return text.toString();
  }

  private static String words(Fault.Expected expected) {
    if (expected instanceof Fault.Expected.Failure failure) {
      return failure.kind().name().toLowerCase(Locale.ROOT)
          + ": `"
          + failure.says()
          + "`"
          + failure.then().map(then -> ", then " + words(then)).orElse("");
    }
    if (expected instanceof Fault.Expected.Stuck stuck) {
      return "no failure, and no end: `" + stuck.says() + "`";
    }
    Optional<String> explains = ((Fault.Expected.Success) expected).explains();
    return "no failure" + explains.map(text -> "; in `explain()`: `" + text + "`").orElse("");
  }

  private static String capitalized(String text) {
    return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }
}
