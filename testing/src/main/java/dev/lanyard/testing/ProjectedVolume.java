package dev.lanyard.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/**
 * A directory of files, laid out and replaced as the kubelet does it: each visible name leads
 * through {@code ..data} to a directory that carries the time, and one rename of {@code ..data}
 * replaces all files at once. Source: kubernetes, pkg/volume/util/atomic_writer.go.
 */
final class ProjectedVolume {
  private static final DateTimeFormatter DIRECTORY =
      DateTimeFormatter.ofPattern("'..'yyyy_MM_dd_HH_mm_ss'.'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private final Path directory;

  ProjectedVolume(Path directory) {
    this.directory = directory;
  }

  /**
   * Replaces the content by these files, without a moment at which one of them is missing or half
   * written.
   */
  synchronized void write(Map<String, String> files, Instant now) {
    try {
      Files.createDirectories(directory);
      Path data = directory.resolve("..data");
      Path old = Files.isSymbolicLink(data) ? data.toRealPath() : data;
      Path fresh = newDirectory(now);
      for (Map.Entry<String, String> file : files.entrySet()) {
        Files.writeString(fresh.resolve(file.getKey()), file.getValue());
      }
      Path link = directory.resolve("..data_tmp");
      Files.deleteIfExists(link);
      Files.createSymbolicLink(link, fresh.getFileName());
      Files.move(link, data, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      for (String name : files.keySet()) {
        Path visible = directory.resolve(name);
        if (!Files.exists(visible, LinkOption.NOFOLLOW_LINKS)) {
          Files.createSymbolicLink(visible, Path.of("..data", name));
        }
      }
      if (!old.equals(data)) {
        delete(old);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("The token file cannot be written", e);
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }

  private Path newDirectory(Instant now) throws IOException {
    while (true) {
      Path fresh =
          directory.resolve(
              DIRECTORY.format(now) + ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE));
      if (!Files.exists(fresh)) {
        return Files.createDirectory(fresh);
      }
    }
  }
}
