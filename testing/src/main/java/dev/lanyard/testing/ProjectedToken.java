package dev.lanyard.testing;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;

/** A token file, alone in its {@link ProjectedVolume}. */
final class ProjectedToken {
  private final ProjectedVolume volume;
  private final Path file;

  ProjectedToken(Path directory, String name) {
    this.volume = new ProjectedVolume(directory);
    this.file = directory.resolve(name);
  }

  /** The path that the pod is told. */
  Path file() {
    return file;
  }

  /** Replaces the content, without a moment at which the file is missing or half written. */
  void write(String content, Instant now) {
    volume.write(Map.of(file.getFileName().toString(), content), now);
  }
}
