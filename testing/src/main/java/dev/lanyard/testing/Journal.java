package dev.lanyard.testing;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What has happened in the identity plane, in its order: what was set up, and what was asked. It
 * holds no secret. Safe for use by many threads.
 */
final class Journal {
  /** Enough to read after a test; a stream of requests in a demonstration must not fill memory. */
  private static final int KEPT = 1000;

  private final FakeClock clock;

  // Both guarded by this.
  private final Deque<String> lines = new ArrayDeque<>();
  private final Deque<LoggedRequest> requests = new ArrayDeque<>();

  Journal(FakeClock clock) {
    this.clock = clock;
  }

  /** Notes a change of the set-up. */
  void note(String change) {
    line(clock.instant(), change);
  }

  /** Notes what has happened at a moment that has passed. */
  void note(Instant at, String event) {
    line(at, event);
  }

  /** Notes a request when it has been answered or let down. */
  synchronized void answered(LoggedRequest request) {
    if (requests.size() == KEPT) {
      requests.removeFirst();
    }
    requests.addLast(request);
    line(request.at(), request.toString());
  }

  synchronized List<LoggedRequest> requests() {
    return List.copyOf(requests);
  }

  synchronized String text() {
    return lines.stream().collect(Collectors.joining("\n"));
  }

  private synchronized void line(Instant at, String text) {
    if (lines.size() == KEPT) {
      lines.removeFirst();
    }
    lines.addLast(at + "  " + text);
  }
}
