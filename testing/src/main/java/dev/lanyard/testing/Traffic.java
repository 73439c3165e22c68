package dev.lanyard.testing;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** What a fake has been asked, counted and kept without secrets. Safe for use by many threads. */
final class Traffic {
  /** Enough to read after a test; a stream of requests in a demonstration must not fill memory. */
  private static final int KEPT = 1000;

  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicInteger exchanges = new AtomicInteger();
  private final Deque<LoggedRequest> log = new ArrayDeque<>();

  void arrived() {
    requests.incrementAndGet();
  }

  void exchanged() {
    exchanges.incrementAndGet();
  }

  void answered(LoggedRequest request) {
    synchronized (log) {
      if (log.size() == KEPT) {
        log.removeFirst();
      }
      log.addLast(request);
    }
  }

  int requests() {
    return requests.get();
  }

  int exchanges() {
    return exchanges.get();
  }

  List<LoggedRequest> log() {
    synchronized (log) {
      return List.copyOf(log);
    }
  }
}
