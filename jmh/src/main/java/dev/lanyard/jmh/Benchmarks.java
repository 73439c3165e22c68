package dev.lanyard.jmh;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.lanyard.jmh.Findings.Table;
import dev.lanyard.jmh.Findings.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Runs one benchmark and writes what it found as JSON below {@code target/benchmarks}; or all of
 * them, each in a process of its own, and then the report.
 *
 * <p>Arguments: the benchmark's name, then {@code --quick} for a run that shows that it works and
 * whose figures mean little.
 */
public final class Benchmarks {
  private static final Path RESULTS = Path.of("target", "benchmarks");
  private static final Path REPORT = Path.of("..", "docs", "benchmarks.md");

  private static final List<String> ALL =
      List.of(
          "HotPath",
          "RefreshStall",
          "Stampede",
          "ColdStart",
          "ManyEngines",
          "SickTenants",
          "FleetSimulation");

  private Benchmarks() {}

  /**
   * Runs it.
   *
   * @param args a benchmark's name, {@code all}, {@code report}, or {@code jmh} with arguments of
   *     JMH
   * @throws Exception if it fails
   */
  public static void main(String[] args) throws Exception {
    String what = args.length == 0 ? "jmh" : args[0];
    List<String> rest = Arrays.asList(args).subList(Math.min(1, args.length), args.length);
    boolean quick = rest.contains("--quick");
    switch (what) {
      case "jmh" -> org.openjdk.jmh.Main.main(rest.toArray(String[]::new));
      case "all" -> {
        List<String> failed = new ArrayList<>();
        for (String name : ALL) {
          if (inOwnProcess(name, rest) != 0) {
            failed.add(name);
          }
        }
        report(quick);
        if (!failed.isEmpty()) {
          throw new IllegalStateException("failed, and missing from the report: " + failed);
        }
      }
      case "report" -> report(quick);
      default -> save(run(what, quick));
    }
  }

  private static Findings run(String name, boolean quick) throws Exception {
    return switch (name) {
      case "HotPath" -> new HotPath(quick, RESULTS).run();
      case "RefreshStall" -> new RefreshStall(quick).run();
      case "Stampede" -> new Stampede(quick).run();
      case "ColdStart" -> new ColdStart(quick).run();
      case "ManyEngines" -> new ManyEngines(quick).run();
      case "SickTenants" -> new SickTenants(quick).run();
      case "FleetSimulation" -> new FleetSimulation(quick).run();
      default -> throw new IllegalArgumentException("no benchmark " + name + ", but " + ALL);
    };
  }

  private static int inOwnProcess(String name, List<String> rest)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                ColdStart.java(),
                "-classpath",
                System.getProperty("java.class.path"),
                Benchmarks.class.getName(),
                name));
    command.addAll(rest);
    // What an earlier run found must not pass for this one's.
    Files.deleteIfExists(RESULTS.resolve(name + ".json"));
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }

  private static ObjectMapper json() {
    return new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  }

  private static void save(Findings findings) throws IOException {
    Files.createDirectories(RESULTS);
    Path file = RESULTS.resolve(findings.benchmark() + ".json");
    json().writeValue(file.toFile(), findings);
    for (Table table : findings.tables()) {
      System.out.println(table.title());
      Stream.concat(Stream.of(table.columns()), table.rows().stream())
          .forEach(row -> System.out.println("  " + String.join(" | ", row)));
    }
    for (Target target : findings.targets()) {
      System.out.println(
          (target.met() ? "met      " : "NOT MET  ") + target.claim() + ": " + target.figure());
    }
    System.out.println(file);
  }

  private static void report(boolean quick) throws IOException {
    List<Findings> all = new ArrayList<>();
    for (String name : ALL) {
      Path file = RESULTS.resolve(name + ".json");
      if (Files.exists(file)) {
        all.add(json().readValue(file.toFile(), Findings.class));
      }
    }
    // A quick run must not replace figures that mean something.
    new Report(all).write(quick ? RESULTS.resolve("benchmarks.md") : REPORT);
  }
}
