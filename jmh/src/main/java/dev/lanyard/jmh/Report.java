package dev.lanyard.jmh;

import dev.lanyard.jmh.Findings.Chart;
import dev.lanyard.jmh.Findings.Line;
import dev.lanyard.jmh.Findings.Table;
import dev.lanyard.jmh.Findings.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The findings of all benchmarks, as a page with pictures. */
final class Report {
  private final List<Findings> all;

  Report(List<Findings> all) {
    this.all = all;
  }

  void write(Path page) throws IOException {
    Path pictures = page.resolveSibling("benchmarks");
    Files.createDirectories(pictures);
    StringBuilder text = new StringBuilder();
    text.append("# Benchmarks\n\n")
        .append("Lanyard beside the AWS SDK for Java's own providers, against the same fakes on")
        .append(
            " loopback (`lanyard-testing`), each benchmark in one run. This command writes this"
                + " page:\n\n")
        .append("```bash\n")
        .append("mvn -q -Pbenchmarks -pl jmh -am verify -Dbenchmark=all\n")
        .append("```\n\n")
        .append("One alone, which writes `jmh/target/benchmarks/<name>.json`:\n\n```bash\n");
    for (Findings findings : all) {
      text.append("mvn -q -Pbenchmarks -pl jmh -am verify -Dbenchmark=")
          .append(findings.benchmark())
          .append('\n');
    }
    text.append("```\n\n")
        .append("`-Dbenchmark.args=--quick` makes a short run that shows that they work and whose")
        .append(
            " figures mean little. `-Djmh.args=\"...\"` alone runs JMH with those arguments.\n\n");
    machine(text);
    targets(text);
    for (Findings findings : all) {
      section(text, findings, pictures);
    }
    Files.writeString(page, text.toString());
    System.out.println(page);
  }

  private static void machine(StringBuilder text) throws IOException {
    text.append("| Machine | |\n| --- | --- |\n")
        .append("| CPU | ")
        .append(cpu())
        .append(", ")
        .append(Runtime.getRuntime().availableProcessors())
        .append(" cores |\n| System | ")
        .append(System.getProperty("os.name"))
        .append(' ')
        .append(System.getProperty("os.version").replaceAll("-.*", ""))
        .append(' ')
        .append(System.getProperty("os.arch"))
        .append(" |\n| JDK | ")
        .append(System.getProperty("java.vm.name"))
        .append(' ')
        .append(System.getProperty("java.runtime.version"))
        .append(" |\n| AWS SDK | ")
        .append(software.amazon.awssdk.core.util.VersionInfo.SDK_VERSION)
        .append(" |\n\n");
  }

  private static String cpu() throws IOException {
    Path info = Path.of("/proc/cpuinfo");
    if (!Files.exists(info)) {
      return System.getProperty("os.arch");
    }
    return Files.readAllLines(info).stream()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("unknown");
  }

  private void targets(StringBuilder text) {
    text.append("## What has to hold\n\n| | Target | Measured | |\n| --- | --- | --- | --- |\n");
    for (Findings findings : all) {
      for (Target target : findings.targets()) {
        row(
            text,
            List.of(
                findings.benchmark(),
                target.claim(),
                target.figure(),
                target.met() ? "met" : "**not met**"));
      }
    }
    text.append('\n');
  }

  private static void section(StringBuilder text, Findings findings, Path pictures)
      throws IOException {
    text.append("## ").append(findings.benchmark()).append("\n\n");
    text.append(findings.question()).append("\n\n");
    new TreeMap<>(findings.setting())
        .forEach(
            (name, value) ->
                text.append("- ").append(name).append(": ").append(value).append('\n'));
    text.append('\n');
    for (Table table : findings.tables()) {
      text.append("### ").append(table.title()).append("\n\n");
      row(text, table.columns());
      text.append("| --- ").append("| ---: ".repeat(table.columns().size() - 1)).append("|\n");
      table.rows().forEach(cells -> row(text, cells));
      text.append('\n');
    }
    for (Chart chart : findings.charts()) {
      draw(chart, pictures.resolve(chart.file()));
      text.append("![")
          .append(chart.title())
          .append("](benchmarks/")
          .append(chart.file())
          .append(")\n\n");
    }
    findings.notes().forEach(note -> text.append("- ").append(note).append('\n'));
    text.append('\n');
  }

  private static void row(StringBuilder text, List<String> cells) {
    text.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }

  private static void draw(Chart chart, Path file) throws IOException {
    XYChart picture =
        new XYChartBuilder()
            .width(1100)
            .height(420)
            .title(chart.title())
            .xAxisTitle(chart.x())
            .yAxisTitle(chart.y())
            .build();
    picture.getStyler().setYAxisLogarithmic(chart.logarithmic());
    picture.getStyler().setLegendPosition(Styler.LegendPosition.OutsideE);
    picture.getStyler().setLocale(Locale.ROOT);
    picture
        .getStyler()
        .setDefaultSeriesRenderStyle(org.knowm.xchart.XYSeries.XYSeriesRenderStyle.Line);
    List<Line> lines = chart.lines();
    // The first line is what matters: drawn last, it is on top.
    List<Line> order = new java.util.ArrayList<>(lines);
    Collections.reverse(order);
    for (Line line : order) {
      picture
          .addSeries(line.name(), line.x(), line.y())
          .setMarker(SeriesMarkers.NONE)
          .setLineWidth(1.5f);
    }
    BitmapEncoder.saveBitmap(picture, file.toString(), BitmapEncoder.BitmapFormat.PNG);
  }
}
