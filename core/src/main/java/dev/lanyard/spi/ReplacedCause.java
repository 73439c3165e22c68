package dev.lanyard.spi;

import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A cause that stays behind when an exception is serialised: what it said of itself, without what
 * is secret, and its stack.
 *
 * <p>A cause travels as it is if all that it refers to is of the JDK and serialisable. Others may
 * be of a library that the reader does not have, or that has them in another form.
 */
final class ReplacedCause extends Exception {
  private static final long serialVersionUID = 1L;

  /** Longer chains are cut. */
  private static final int MAX_DEPTH = 50;

  private static final Redaction REDACTION = Redaction.of();

  private ReplacedCause(String description) {
    super(description);
  }

  /** Returns what to write in the place of an exception's cause. */
  static @Nullable Throwable of(@Nullable Throwable cause) {
    return of(cause, 0, Collections.newSetFromMap(new IdentityHashMap<>()));
  }

  private static @Nullable Throwable of(
      @Nullable Throwable thrown, int depth, Set<Throwable> seen) {
    if (thrown == null || depth == MAX_DEPTH || !seen.add(thrown)) {
      return null;
    }
    if (thrown instanceof ExchangeException || thrown instanceof ReplacedCause) {
      // The first sees to its own causes.
      return thrown;
    }
    if (travels(thrown)) {
      return thrown;
    }
    ReplacedCause replaced = new ReplacedCause(description(thrown));
    replaced.setStackTrace(thrown.getStackTrace());
    Throwable cause = of(thrown.getCause(), depth + 1, seen);
    if (cause != null) {
      replaced.initCause(cause);
    }
    for (Throwable suppressed : thrown.getSuppressed()) {
      Throwable other = of(suppressed, depth + 1, seen);
      if (other != null) {
        replaced.addSuppressed(other);
      }
    }
    return replaced;
  }

  private static String description(Throwable thrown) {
    String name = thrown.getClass().getName();
    try {
      return REDACTION.clean(thrown.toString()).orElse(name);
    } catch (RuntimeException e) {
      // Whoever cannot say what happened.
      return name;
    }
  }

  /** Says whether an exception can be written, and read by any JVM. */
  private static boolean travels(Throwable thrown) {
    try (Trial trial = new Trial()) {
      trial.writeObject(thrown);
      return true;
    } catch (IOException | RuntimeException | StackOverflowError e) {
      return false;
    }
  }

  /** Reads as what it stands for, without this class's own name before it. */
  @Override
  @SuppressWarnings("OverrideThrowableToString") // That of its message has the name.
  public String toString() {
    return getMessage() == null ? "an exception that was not serialised" : getMessage();
  }

  /** Writes to nowhere, and refuses classes that are not of the JDK. */
  private static final class Trial extends ObjectOutputStream {
    Trial() throws IOException {
      super(OutputStream.nullOutputStream());
    }

    @Override
    protected void annotateClass(Class<?> written) throws IOException {
      Class<?> type = written;
      while (type.isArray()) {
        type = type.getComponentType();
      }
      ClassLoader loader = type.getClassLoader();
      if (loader != null && loader != ClassLoader.getPlatformClassLoader()) {
        throw new IOException(type.getName());
      }
    }
  }
}
