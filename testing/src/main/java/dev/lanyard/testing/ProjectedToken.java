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
import java.util.concurrent.ThreadLocalRandom;

/**
 * A token file, laid out and replaced as the kubelet does it: the visible name leads through {@code
 * ..data} to a directory that carries the time, and one rename of {@code ..data} replaces all that
 * is in it. Source: kubernetes, pkg/volume/util/atomic_writer.go.
 */
final class ProjectedToken {
  private static final DateTimeFormatter DIRECTORY =
      DateTimeFormatter.ofPattern("'..'yyyy_MM_dd_HH_mm_ss'.'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private final Path directory;
  private final String name;

  ProjectedToken(Path directory, String name) {
    this.directory = directory;
    this.name = name;
  }

  /** The path that the pod is told. */
  Path file() {
    return directory.resolve(name);
  }

  /** Replaces the content, without a moment at which the file is missing or half written. */
  synchronized void write(String content, Instant now) {
    try {
      Files.createDirectories(directory);
      Path data = directory.resolve("..data");
      Path old = Files.isSymbolicLink(data) ? data.toRealPath() : data;
      Path fresh = newDirectory(now);
      Files.writeString(fresh.resolve(name), content);
      Path link = directory.resolve("..data_tmp");
      Files.deleteIfExists(link);
      Files.createSymbolicLink(link, fresh.getFileName());
      Files.move(link, data, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      if (!Files.exists(file(), LinkOption.NOFOLLOW_LINKS)) {
        Files.createSymbolicLink(file(), Path.of("..data", name));
      }
      if (!old.equals(data)) {
        Files.deleteIfExists(old.resolve(name));
        Files.deleteIfExists(old);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("The token file cannot be written", e);
    }
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
