package dev.lanyard;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The token file of an origin: whether it has changed since the last attempt. Everything here but
 * {@link #isWatched} and {@link #beginLook} looks at the file system, or asks a source of others
 * for the file's name, and may block: never on the timers' thread.
 */
final class TokenFileWatch {
  private final Origin origin;
  private final AtomicBoolean looking = new AtomicBoolean();
  private volatile boolean watched;
  private volatile FileStamp atAttempt = FileStamp.of(Optional.empty());

  TokenFileWatch(Origin origin) {
    this.origin = origin;
  }

  /** Notes what the file is like before an attempt reads it. */
  void noteAttempt() {
    Optional<Path> file = file();
    watched = file.isPresent();
    atAttempt = FileStamp.of(file);
  }

  /** Whether there was a file at the last attempt. */
  boolean isWatched() {
    return watched;
  }

  /** Begins a look, unless the one before it still hangs. */
  boolean beginLook() {
    return looking.compareAndSet(false, true);
  }

  void endLook() {
    looking.set(false);
  }

  boolean hasChanged() {
    Optional<Path> file = file();
    return file.isPresent() && !FileStamp.of(file).equals(atAttempt);
  }

  private Optional<Path> file() {
    try {
      return origin.tokenFile();
    } catch (RuntimeException | Error e) {
      // Written by others, and the attempt must go on.
      return Optional.empty();
    }
  }
}
