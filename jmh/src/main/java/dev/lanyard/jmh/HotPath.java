package dev.lanyard.jmh;

import dev.lanyard.jmh.Findings.Table;
import dev.lanyard.jmh.Findings.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Runs {@link HotPathBenchmark} with 1 and 2 threads. */
final class HotPath {
  private final boolean quick;
  private final Path results;

  HotPath(boolean quick, Path results) {
    this.quick = quick;
    this.results = results;
  }

  /**
   * One measurement.
   *
   * @param best the best iteration, which the rest of the machine disturbed least
   * @param nanos the mean
   * @param error of the mean
   * @param bytes allocated for each operation
   */
  private record Score(double best, double nanos, double error, double bytes) {}

  Findings run() throws RunnerException, IOException {
    Map<String, Map<Integer, Score>> scores = new LinkedHashMap<>();
    Files.createDirectories(results);
    for (int threads = 1; threads <= 2; threads++) {
      ChainedOptionsBuilder options =
          new OptionsBuilder()
              .include(HotPathBenchmark.class.getSimpleName())
              .threads(threads)
              .addProfiler(GCProfiler.class)
              .shouldFailOnError(true)
              .resultFormat(ResultFormatType.JSON)
              .result(results.resolve("jmh-" + threads + ".json").toString());
      if (quick) {
        TimeValue brief = TimeValue.milliseconds(200);
        options
            .forks(1)
            .warmupIterations(1)
            .warmupTime(brief)
            .measurementIterations(1)
            .measurementTime(brief);
      }
      for (RunResult run : new Runner(options.build()).run()) {
        String provider = run.getParams().getParam("provider");
        String name = provider != null ? provider : run.getPrimaryResult().getLabel();
        scores
            .computeIfAbsent(name, key -> new HashMap<>())
            .put(
                threads,
                new Score(
                    run.getPrimaryResult().getStatistics().getMin(),
                    run.getPrimaryResult().getScore(),
                    run.getPrimaryResult().getScoreError(),
                    bytes(run)));
      }
    }
    return findings(scores);
  }

  private static double bytes(RunResult run) {
    for (Map.Entry<String, ?> entry : run.getSecondaryResults().entrySet()) {
      if (entry.getKey().endsWith("gc.alloc.rate.norm")
          && entry.getValue() instanceof Result<?> r) {
        return r.getScore();
      }
    }
    throw new IllegalStateException("the GC profiler measured nothing");
  }

  private Findings findings(Map<String, Map<Integer, Score>> scores) {
    List<List<String>> rows = new ArrayList<>();
    List<Target> targets = new ArrayList<>();
    scores.forEach(
        (name, byThreads) -> {
          List<String> row = new ArrayList<>(List.of(name));
          for (int threads = 1; threads <= 2; threads++) {
            Score score = score(scores, name, threads);
            row.add(two(score.best()));
            row.add(two(score.best() / score(scores, "floor", threads).best()));
            row.add(two(score.nanos()) + (quick ? "" : " ± " + two(score.error())));
            row.add(String.format(Locale.ROOT, "%.3f", score.bytes()));
          }
          rows.add(row);
        });
    for (int threads = 1; threads <= 2; threads++) {
      double floor = score(scores, "floor", threads).best();
      double slower = 0;
      double allocated = 0;
      for (String method : List.of("resolveCredentials", "resolveIdentity")) {
        Score score = score(scores, method, threads);
        slower = Math.max(slower, score.best());
        allocated = Math.max(allocated, score.bytes());
      }
      // Like with like: all are resolveCredentials.
      double ours = score(scores, "resolveCredentials", threads).best();
      double fastestSdk = Double.MAX_VALUE;
      for (String name : scores.keySet()) {
        if (name.startsWith("SDK")) {
          fastestSdk = Math.min(fastestSdk, score(scores, name, threads).best());
        }
      }
      String with = ", " + threads + (threads == 1 ? " thread" : " threads");
      targets.add(
          new Target(
              "both methods at most 1.15 x floor" + with,
              slower <= 1.15 * floor,
              two(slower / floor) + " x"));
      targets.add(
          new Target(
              "both methods allocate nothing" + with,
              // The smallest object has 16 bytes. What is left is the harness and the fakes, which
              // are in the same process.
              allocated < 0.5,
              String.format(Locale.ROOT, "%.4f B/op", allocated)));
      targets.add(
          new Target(
              "at least 2.5 x faster than each SDK provider" + with,
              fastestSdk >= 2.5 * ours,
              two(fastestSdk / ours) + " x"));
    }
    return new Findings(
        "HotPath",
        "What does it cost a request to ask for fresh credentials?",
        Map.of("JMH", "average time, GC profiler" + (quick ? ", quick" : "")),
        List.of(
            new Table(
                "Nanoseconds for one call",
                List.of(
                    "",
                    "1 thread, best",
                    "x floor",
                    "mean",
                    "B/op",
                    "2 threads, best",
                    "x floor",
                    "mean",
                    "B/op"),
                rows)),
        targets,
        List.of(),
        List.of(
            "floor is one volatile read and one clock read: the least that a provider of expiring"
                + " credentials can do. resolveCredentials and resolveIdentity are Lanyard's, the"
                + " SDK's are resolveCredentials. All hold credentials from the same fakes.",
            "best is the best iteration of all forks: on a machine that others use as well, it is"
                + " the one that they disturbed least. The targets are judged by it."));
  }

  private static Score score(Map<String, Map<Integer, Score>> scores, String name, int threads) {
    Score score = scores.getOrDefault(name, Map.of()).get(threads);
    if (score == null) {
      throw new IllegalStateException("no measurement of " + name);
    }
    return score;
  }

  private static String two(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
