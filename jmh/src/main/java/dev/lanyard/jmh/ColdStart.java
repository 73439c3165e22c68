package dev.lanyard.jmh;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lanyard.jmh.Findings.Table;
import dev.lanyard.jmh.Findings.Target;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.ToDoubleFunction;

/** What do credentials add to the time from a process's start to its first answer from S3? */
final class ColdStart {
  private static final List<String> CONTENDERS =
      List.of(
          ColdStartApp.STATIC,
          Loopback.IRSA,
          Loopback.WEB_IDENTITY,
          Loopback.POD_IDENTITY,
          Loopback.CONTAINER);

  private final int rounds;
  private final int limitedRounds;

  ColdStart(boolean quick) {
    rounds = quick ? 1 : 7;
    limitedRounds = quick ? 1 : 5;
  }

  /** The Java that runs this. */
  static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  private record Run(double millis, double classes, double cpuMillis) {}

  Findings run() throws Exception {
    ExecutorService threads = Executors.newCachedThreadPool();
    HttpServer s3 =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    s3.setExecutor(threads);
    s3.createContext("/", ColdStart::answer);
    s3.start();
    List<Table> tables = new ArrayList<>();
    List<Target> targets = new ArrayList<>();
    List<String> notes =
        new ArrayList<>(
            List.of(
                "The time is taken outside: from before the process is made until it has said that"
                    + " it has its answer. Runs of all contenders take turns; medians, and in"
                    + " brackets the least and the most. The SDK's lightest HTTP client is on the"
                    + " class path, for all.",
                "CPU is that of the whole process until then, its JIT compiler included."));
    try (Loopback loopback = Loopback.trusting()) {
      String endpoint = "http://127.0.0.1:" + s3.getAddress().getPort();
      measure("whole machine", loopback, endpoint, List.of(), rounds, tables, targets);
      Path group = quarterOfACore();
      if (group == null) {
        notes.add("Skipped here: the same with a quarter of a core; no control group can be made.");
      } else {
        try {
          List<String> enter =
              List.of(
                  "/bin/sh",
                  "-c",
                  "echo $$ > " + group.resolve("cgroup.procs") + " && exec \"$@\"",
                  "sh");
          measure("a quarter of a core", loopback, endpoint, enter, limitedRounds, tables, targets);
        } finally {
          Files.deleteIfExists(group);
        }
      }
    } finally {
      s3.stop(0);
      threads.shutdownNow();
    }
    return new Findings(
        "ColdStart",
        "What do credentials add to the time from a process's start to its first answer from S3?",
        Map.of("runs", rounds + " of each; " + limitedRounds + " with a quarter of a core"),
        tables,
        targets,
        List.of(),
        notes);
  }

  private static void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = "an order".getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "text/plain");
      exchange.getResponseHeaders().set("ETag", "\"1\"");
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private static void measure(
      String where,
      Loopback loopback,
      String endpoint,
      List<String> prefix,
      int rounds,
      List<Table> tables,
      List<Target> targets)
      throws IOException, InterruptedException {
    Map<String, List<Run>> runs = new LinkedHashMap<>();
    CONTENDERS.forEach(contender -> runs.put(contender, new ArrayList<>()));
    for (int round = -1; round < rounds; round++) {
      List<String> order = new ArrayList<>(CONTENDERS);
      Collections.rotate(order, round);
      for (String contender : order) {
        Run run = start(contender, loopback, endpoint, prefix);
        // The first round fills the page cache and warms the fakes.
        if (round >= 0) {
          runs.getOrDefault(contender, new ArrayList<>()).add(run);
        }
      }
    }
    Map<String, Run> medians = new HashMap<>();
    runs.forEach((contender, all) -> medians.put(contender, median(all)));
    Run base = of(medians, ColdStartApp.STATIC);
    List<List<String>> rows = new ArrayList<>();
    for (String contender : CONTENDERS) {
      Run run = of(medians, contender);
      rows.add(
          List.of(
              contender,
              whole(run.millis()) + spread(runs.getOrDefault(contender, List.of()), Run::millis),
              whole(run.millis() - base.millis()),
              whole(run.classes()),
              whole(run.classes() - base.classes()),
              whole(run.cpuMillis())
                  + spread(runs.getOrDefault(contender, List.of()), Run::cpuMillis),
              whole(run.cpuMillis() - base.cpuMillis())));
    }
    tables.add(
        new Table(
            "From the start to the first answer, " + where,
            List.of("", "ms", "adds ms", "classes", "adds", "CPU ms", "adds CPU ms"),
            rows));
    target("IRSA", where, medians, base, Loopback.IRSA, Loopback.WEB_IDENTITY, targets);
    target(
        "Pod Identity", where, medians, base, Loopback.POD_IDENTITY, Loopback.CONTAINER, targets);
  }

  private static void target(
      String source,
      String where,
      Map<String, Run> medians,
      Run base,
      String lanyard,
      String sdk,
      List<Target> targets) {
    double ours = of(medians, lanyard).millis() - base.millis();
    double theirs = of(medians, sdk).millis() - base.millis();
    targets.add(
        new Target(
            source + " adds less than the SDK's provider, " + where,
            ours < theirs,
            whole(ours) + " ms, SDK " + whole(theirs) + " ms"));
  }

  private static Run of(Map<String, Run> medians, String contender) {
    Run run = medians.get(contender);
    if (run == null) {
      throw new IllegalStateException("no run of " + contender);
    }
    return run;
  }

  private static Run start(
      String contender, Loopback loopback, String endpoint, List<String> prefix)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(
        List.of(
            java(),
            "-classpath",
            System.getProperty("java.class.path"),
            ColdStartApp.class.getName(),
            contender,
            endpoint));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().putAll(loopback.pod().variables());
    if (contender.equals(Loopback.CONTAINER) || contender.equals(Loopback.POD_IDENTITY)) {
      builder.environment().keySet().removeIf(name -> name.startsWith("AWS_WEB_IDENTITY"));
      builder.environment().remove("AWS_ROLE_ARN");
      loopback.eks().agent().forget();
    }
    long begin = System.nanoTime();
    Process process = builder.start();
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      String answered = out.readLine();
      double millis = (System.nanoTime() - begin) / 1e6;
      String classes = out.readLine();
      String cpu = out.readLine();
      if (process.waitFor() != 0
          || answered == null
          || !answered.startsWith("answered")
          || classes == null
          || cpu == null) {
        throw new IllegalStateException("the application failed with " + contender);
      }
      return new Run(millis, Double.parseDouble(classes), Double.parseDouble(cpu));
    }
  }

  private static Run median(List<Run> runs) {
    return new Run(
        median(runs.stream().mapToDouble(Run::millis).sorted().toArray()),
        median(runs.stream().mapToDouble(Run::classes).sorted().toArray()),
        median(runs.stream().mapToDouble(Run::cpuMillis).sorted().toArray()));
  }

  /** The least and the most: whether two medians differ by more than the machine's own noise. */
  private static String spread(List<Run> runs, ToDoubleFunction<Run> of) {
    double[] sorted = runs.stream().mapToDouble(of).sorted().toArray();
    return " (" + whole(sorted[0]) + "-" + whole(sorted[sorted.length - 1]) + ")";
  }

  private static double median(double[] sorted) {
    return sorted[sorted.length / 2];
  }

  /** Makes a control group with a quarter of a core, of either version, if this process may. */
  private static @org.jspecify.annotations.Nullable Path quarterOfACore() {
    String name = "lanyard-benchmark-" + ProcessHandle.current().pid();
    Path groups = Path.of("/sys/fs/cgroup");
    Path cpuGroups = groups.resolve("cpu");
    Path two = groups.resolve(name);
    Path one = cpuGroups.resolve(name);
    try {
      if (Files.exists(groups.resolve("cgroup.controllers"))) {
        Files.createDirectory(two);
        Files.writeString(two.resolve("cpu.max"), "25000 100000");
        return two;
      }
      if (Files.isDirectory(cpuGroups)) {
        Files.createDirectory(one);
        Files.writeString(one.resolve("cpu.cfs_period_us"), "100000");
        Files.writeString(one.resolve("cpu.cfs_quota_us"), "25000");
        return one;
      }
    } catch (IOException e) {
      // Not allowed here, which the report says.
    }
    return null;
  }

  private static String whole(double value) {
    return String.format(Locale.ROOT, "%.0f", value);
  }
}
