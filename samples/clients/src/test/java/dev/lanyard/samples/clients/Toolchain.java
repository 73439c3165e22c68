package dev.lanyard.samples.clients;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a language needs to run its clients: its tools, which are here or not, and the clients in
 * the versions that a file beside the program names, which are installed once below {@code target}.
 */
final class Toolchain {
  static final Toolchain NODE =
      new Toolchain(
          "javascript",
          List.of("npm ci --no-audit --no-fund --ignore-scripts"),
          new Tool("node", "20", List.of("--version")),
          new Tool("npm", "8", List.of("--version")));

  static final Toolchain PYTHON =
      new Toolchain(
          "python",
          List.of(
              "python3 -m venv venv",
              "venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps"
                  + " --requirement requirements.txt"),
          // Some distributions leave out what a virtual environment needs.
          new Tool(
              "python3", "3.10", List.of("-c", "import ensurepip, sys, venv; print(sys.version)")));

  static final Toolchain GO =
      new Toolchain(
          "go",
          List.of("go build -buildvcs=false -o who-am-i ."),
          new Tool("go", "1.24", List.of("env", "GOVERSION")));

  /** A program, and the first version that the clients support. */
  private record Tool(String name, String atLeast, List<String> tellsItsVersion) {
    private static final Pattern VERSION = Pattern.compile("(\\d+)(?:\\.(\\d+))?");

    Optional<String> missing() {
      List<String> line = new ArrayList<>(List.of(name));
      line.addAll(tellsItsVersion);
      try {
        Command.Ended ended =
            Command.here(line, Path.of("").toAbsolutePath(), ENVIRONMENT).run(A_MINUTE);
        if (ended.code() != 0) {
          return Optional.of("there is no " + name + " that works");
        }
        return number(ended.output()) < number(atLeast)
            ? Optional.of(name + " is older than " + atLeast)
            : Optional.empty();
      } catch (IOException e) {
        return Optional.of("there is no " + name);
      }
    }

    private static int number(String version) {
      Matcher parts = VERSION.matcher(version);
      if (!parts.find()) {
        return 0;
      }
      int minor = parts.group(2) == null ? 0 : Integer.parseInt(parts.group(2));
      return Integer.parseInt(parts.group(1)) * 1000 + minor;
    }
  }

  /** Go takes no other toolchain from the network, and needs no compiler of C. */
  private static final Map<String, String> ENVIRONMENT =
      Map.of("GOTOOLCHAIN", "local", "CGO_ENABLED", "0");

  private static final Duration A_MINUTE = Duration.ofMinutes(1);
  private static final Duration TO_INSTALL = Duration.ofMinutes(10);
  private static final Path MODULE = Path.of("").toAbsolutePath();

  private final String language;
  private final List<String> steps;
  private final List<Tool> tools;
  private final FutureTask<Optional<String>> probe = new FutureTask<>(this::probe);
  private final FutureTask<Path> installation = new FutureTask<>(this::install);

  private Toolchain(String language, List<String> steps, Tool... tools) {
    this.language = language;
    this.steps = steps;
    this.tools = List.of(tools);
  }

  /** Why its clients cannot run here; empty if they can. */
  Optional<String> missing() {
    return once(probe);
  }

  /** The directory with the program and all that it needs; waits while it is being installed. */
  Path installed() {
    return once(installation);
  }

  /** Whether {@link #installed} succeeds. */
  boolean isInstalled() {
    try {
      installed();
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }

  private static <T> T once(FutureTask<T> task) {
    task.run();
    try {
      return task.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private Optional<String> probe() {
    return tools.stream().flatMap(tool -> tool.missing().stream()).findFirst();
  }

  private Path install() throws IOException {
    Path sources = MODULE.resolve("src/test/clients").resolve(language);
    Path target = MODULE.resolve("target/clients").resolve(language);
    Path stamp = target.resolve(".installed");
    boolean same = copy(sources, target);
    if (same && Files.exists(stamp)) {
      return target;
    }
    Files.deleteIfExists(stamp);
    for (String step : steps) {
      System.out.println("clients: " + language + ": " + step);
      Command.Ended ended =
          Command.here(List.of(step.split(" ")), target, ENVIRONMENT).run(TO_INSTALL);
      if (ended.code() != 0) {
        throw new IllegalStateException(
            "The clients of %s cannot be installed: '%s' in %s ended with %d, or took more than %s%n%s%s"
                .formatted(
                    language,
                    step,
                    target,
                    ended.code(),
                    TO_INSTALL,
                    ended.output(),
                    ended.errors()));
      }
    }
    Files.createFile(stamp);
    System.out.println("clients: " + language + ": installed");
    return target;
  }

  /** Copies what is not there already, and tells whether that was nothing. */
  private static boolean copy(Path sources, Path target) throws IOException {
    Files.createDirectories(target);
    boolean same = true;
    try (Stream<Path> files = Files.list(sources)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path there = target.resolve(sources.relativize(file));
        if (!Files.exists(there) || Files.mismatch(file, there) >= 0) {
          same = false;
          Files.copy(file, there, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
    return same;
  }
}
