package dev.lanyard;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Tells one content of a token file from the next without reading it. Links are followed: the
 * kubelet swaps a directory behind the name, and the name's own inode and time never change.
 */
record FileStamp(@Nullable Object key, @Nullable FileTime modified, long size) {
  private static final FileStamp ABSENT = new FileStamp(null, null, -1);

  static FileStamp of(Optional<Path> file) {
    if (file.isEmpty()) {
      return ABSENT;
    }
    try {
      BasicFileAttributes attributes = Files.readAttributes(file.get(), BasicFileAttributes.class);
      return new FileStamp(attributes.fileKey(), attributes.lastModifiedTime(), attributes.size());
    } catch (IOException | RuntimeException e) {
      return ABSENT;
    }
  }
}
