package dev.lanyard.jmh;

import java.util.List;
import java.util.Map;

/**
 * What one benchmark found: written as JSON, and read again for the report.
 *
 * @param benchmark its name
 * @param question what it answers
 * @param setting what it was run with, by name
 * @param tables what was measured
 * @param targets what was to hold, and whether it did
 * @param charts pictures of it
 * @param notes what a reader has to know to judge the figures
 */
record Findings(
    String benchmark,
    String question,
    Map<String, String> setting,
    List<Table> tables,
    List<Target> targets,
    List<Chart> charts,
    List<String> notes) {

  /** Rows as they are shown. */
  record Table(String title, List<String> columns, List<List<String>> rows) {
    Table {
      for (List<String> row : rows) {
        if (row.size() != columns.size()) {
          // Its figures would stand under the names of others.
          throw new IllegalArgumentException(
              title + ": " + row.size() + " cells for " + columns.size() + " columns");
        }
      }
    }
  }

  /** Something that has to hold. */
  record Target(String claim, boolean met, String figure) {}

  /** Lines over a common axis. */
  record Chart(
      String file, String title, String x, String y, boolean logarithmic, List<Line> lines) {}

  /** One line of a chart. */
  record Line(String name, List<Double> x, List<Double> y) {}
}
