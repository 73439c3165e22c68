package dev.lanyard.samples.clients;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * A command that runs to its end.
 *
 * @param environment the variables that it is given
 * @param alone whether it sees these only, and not those of this process beside
 */
record Command(List<String> line, Path directory, Map<String, String> environment, boolean alone) {
  /** What became of it: exit code, standard output, standard error. */
  record Ended(int code, String output, String errors) {}

  /** In this process's environment, with these variables beside. */
  static Command here(List<String> line, Path directory, Map<String, String> added) {
    return new Command(line, directory, added, false);
  }

  /** In this environment, which is all that it sees, with its home for a directory. */
  static Command in(Map<String, String> environment, List<String> line) {
    Path home = Path.of(Objects.requireNonNull(environment.get("HOME"), "HOME"));
    return new Command(line, home, environment, true);
  }

  /** Runs it, without input. Ends it, and what it started, when the time is over. */
  Ended run(Duration limit) throws IOException {
    Path errors = Files.createTempFile("lanyard-command-", ".err");
    try {
      Process process = start(errors);
      try (var output = process.getInputStream()) {
        process.getOutputStream().close();
        endAfter(limit, process);
        String said = new String(output.readAllBytes(), UTF_8);
        return new Ended(process.onExit().join().exitValue(), said, Files.readString(errors));
      }
    } finally {
      Files.delete(errors);
    }
  }

  Process start(Path errors) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(line).directory(directory.toFile()).redirectError(errors.toFile());
    if (alone) {
      builder.environment().clear();
    }
    builder.environment().putAll(environment);
    return builder.start();
  }

  static void endAfter(Duration limit, Process process) {
    var unused =
        process
            .onExit()
            .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS)
            .whenComplete(
                (ended, late) -> {
                  if (late != null) {
                    process.descendants().forEach(ProcessHandle::destroyForcibly);
                    process.destroyForcibly();
                  }
                });
  }
}
