package dev.lanyard.irsa.internal;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/** All that a failure says to whoever logs it. */
final class Secrets {
  private Secrets() {}

  /** The messages, texts and stack traces of an exception, its causes and what it suppressed. */
  static String said(Throwable failure) {
    StringBuilder said = new StringBuilder();
    collect(failure, said, Collections.newSetFromMap(new IdentityHashMap<>()));
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace));
    return said.append(trace).toString();
  }

  private static void collect(Throwable failure, StringBuilder said, Set<Throwable> seen) {
    if (!seen.add(failure)) {
      return;
    }
    said.append(failure).append('\n');
    if (failure instanceof dev.lanyard.spi.ExchangeException e) {
      said.append(e.code())
          .append(e.requestId())
          .append(e.remedy())
          .append(e.retryAfter())
          .append(e.problem())
          .append(e.problem().facts())
          .append('\n');
    }
    if (failure.getCause() != null) {
      collect(failure.getCause(), said, seen);
    }
    for (Throwable suppressed : failure.getSuppressed()) {
      collect(suppressed, said, seen);
    }
  }
}
