package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What an engine should do, said plainly: one thread, one loop over what happens next, times in
 * milliseconds from the start. Written from the guarantees and from docs/adr/0008, not from the
 * engine, and with nothing of it.
 */
final class Model {
  private static final long SECOND = 1_000;
  private static final long MINUTE = 60 * SECOND;
  private static final long BUDGET = 10 * SECOND;
  private static final long MAX_WAIT = 30 * SECOND;
  private static final long REMEMBERED = 5 * SECOND;

  /** What the source does when it is asked. */
  record Behaviour(
      long latency,
      boolean fails,
      FailureKind kind,
      long retryAfter,
      boolean same,
      long lifetime) {}

  /** How a caller fared. */
  enum Fate {
    WAITS,
    GIVEN,
    REFUSED
  }

  private static final class Caller {
    final long minimum;
    final long deadline;
    final int endedBefore;

    Caller(long minimum, long deadline, int endedBefore) {
      this.minimum = minimum;
      this.deadline = deadline;
      this.endedBefore = endedBefore;
    }
  }

  private final double draw;
  private final Set<String> visited = new TreeSet<>();

  long now;
  Behaviour source;

  private int keys;
  private @Nullable String key;
  private @Nullable String olderKey;
  private long expires = Long.MIN_VALUE;
  private boolean refused;

  private boolean inFlight;
  private long flightEnds;
  private Behaviour flightDoes;

  private boolean failing;
  private FailureKind failure = FailureKind.TRANSIENT;
  private boolean toldToWait;
  int failures;
  int ended;
  int begun;
  private long lastEnd;
  private long next;
  private long hopeUntil = MAX_WAIT;
  private long retryAfter;

  private final Map<Integer, Caller> waiting = new TreeMap<>();
  final Map<Integer, Fate> fates = new TreeMap<>();
  final Map<Integer, String> given = new TreeMap<>();
  final List<Long> exchanges = new ArrayList<>();

  Model(double draw, Behaviour source) {
    this.draw = draw;
    this.source = source;
    this.flightDoes = source;
    begin();
  }

  // ---- What a test asks

  Set<String> visited() {
    return visited;
  }

  boolean valid() {
    return key != null && now < expires;
  }

  Optional<String> heldKey() {
    return Optional.ofNullable(key);
  }

  Optional<String> olderKey() {
    return Optional.ofNullable(olderKey);
  }

  OptionalLong expiration() {
    return key == null ? OptionalLong.empty() : OptionalLong.of(expires);
  }

  OptionalLong nextAttempt() {
    return inFlight ? OptionalLong.empty() : OptionalLong.of(next);
  }

  boolean isFailing() {
    return failing;
  }

  String phase() {
    if (key == null) {
      return "EMPTY";
    }
    if (!valid()) {
      return "EXPIRED";
    }
    return inFlight || failing ? "DUE" : "FRESH";
  }

  /** The times at which something may change. */
  List<Long> edges() {
    List<Long> edges = new ArrayList<>(List.of(lastEnd + REMEMBERED, lastEnd + SECOND, hopeUntil));
    edges.add(inFlight ? flightEnds : next);
    if (key != null) {
      edges.add(expires);
    }
    waiting.values().forEach(caller -> edges.add(caller.deadline));
    return edges;
  }

  // ---- What happens

  void advanceTo(long until) {
    while (true) {
      long at = inFlight ? flightEnds : next;
      for (Caller caller : waiting.values()) {
        at = Math.min(at, caller.deadline);
      }
      if (at > until) {
        moveTo(until);
        return;
      }
      moveTo(Math.max(now, at));
      if (inFlight && flightDoes.latency() == 0) {
        land();
        continue;
      }
      boolean due = !inFlight && next <= now;
      List<Integer> late =
          waiting.entrySet().stream()
              .filter(entry -> entry.getValue().deadline <= now)
              // Of two timers that end at one time the one that was set first is first.
              .filter(entry -> !due || ended > entry.getValue().endedBefore)
              .map(Map.Entry::getKey)
              .toList();
      if (!late.isEmpty()) {
        late.forEach(caller -> end(caller, Fate.REFUSED, "waited out"));
      } else if (inFlight) {
        land();
      } else {
        begin();
      }
    }
  }

  void ask(int id, long minimum) {
    Caller caller = new Caller(Math.max(1, minimum), now + MAX_WAIT, ended);
    waiting.put(id, caller);
    settle(id, caller, "at once");
  }

  void invalidate(String rejected) {
    if (key == null || !rejected.equals(key)) {
      visited.add("invalidate: not held");
      return;
    }
    if (refused) {
      visited.add("invalidate: told before");
      if (!inFlight && now - lastEnd >= REMEMBERED) {
        visited.add("invalidate: told before, long ago");
        begin();
      }
      return;
    }
    refused = true;
    visited.add(failing ? "invalidate: during back-off" : "invalidate: held");
    if (!inFlight) {
      begin();
    }
  }

  // ---- How

  private void moveTo(long time) {
    String before = phase();
    if (key != null && now < expires && time > expires) {
      // It passes the expiration on the way.
      now = expires;
      note(before);
      before = phase();
    }
    now = time;
    note(before);
  }

  private void note(String before) {
    visited.add(before + " -> " + phase());
  }

  private void begin() {
    String before = phase();
    inFlight = true;
    begun++;
    exchanges.add(now);
    flightDoes = source;
    flightEnds = now + Math.min(BUDGET, source.latency());
    note(before);
  }

  private void land() {
    String before = phase();
    inFlight = false;
    ended++;
    lastEnd = now;
    boolean hung = flightDoes.latency() >= BUDGET;
    if (hung) {
      visited.add("answer: hung");
      fail(FailureKind.TRANSIENT, 0);
    } else if (flightDoes.fails()) {
      visited.add("answer: " + flightDoes.kind());
      fail(flightDoes.kind(), flightDoes.retryAfter());
    } else {
      answer();
    }
    note(before);
    for (Map.Entry<Integer, Caller> entry : List.copyOf(waiting.entrySet())) {
      settle(entry.getKey(), entry.getValue(), "after an exchange");
    }
  }

  private void answer() {
    boolean same = flightDoes.same() && key != null;
    String answered = same ? String.valueOf(key) : Integer.toString(++keys, 36);
    long answeredExpires = same ? expires : now + flightDoes.lifetime();
    if (answeredExpires <= now) {
      visited.add("answer: expired");
      fail(FailureKind.TRANSIENT, 0);
      return;
    }
    boolean nearlyOver = answeredExpires - now < MINUTE && answeredExpires < expires;
    boolean keep = valid() && (same || (nearlyOver && !refused));
    if (keep) {
      visited.add(same ? "answer: identical" : "answer: nearly over");
      next = now + (refused ? 30 * SECOND : paced(expires - now));
    } else {
      visited.add(refused ? "answer: instead of refused ones" : "answer: newer");
      olderKey = key;
      key = answered;
      expires = answeredExpires;
      refused = false;
      next = now + window(expires - now);
    }
    failing = false;
    failures = 0;
    toldToWait = false;
  }

  /** 30 s at least; 14 to 10 s before the end; from then on 3 s. */
  private long paced(long left) {
    long usual = Math.max(30 * SECOND, window(left));
    return left - usual >= 45 * SECOND
        ? usual
        : Math.max(3 * SECOND, (long) (left - (10 * SECOND + 4 * SECOND * draw)));
  }

  /** 50-80 % of the lifetime, and not within 5 minutes of its end where it is long enough. */
  private long window(long lifetime) {
    double from = 0.5 * lifetime;
    double to = 0.8 * lifetime;
    double margin = lifetime - 5 * MINUTE;
    if (margin > from) {
      to = Math.min(to, margin);
    }
    return Math.max(100, (long) (from + (to - from) * draw));
  }

  private void fail(FailureKind kind, long asked) {
    if (failures == 0 && key != null) {
      hopeUntil = now + MAX_WAIT;
    }
    retryAfter = asked;
    failing = true;
    failures++;
    failure = kind;
    toldToWait = retryAfter > 0;
    if (valid()) {
      long left = expires - now;
      long delay = Math.max(100, refused || failures <= 5 ? promptly(left) : spread(left));
      next = now + Math.max(delay, Math.min(retryAfter, left - left / 4));
      return;
    }
    long delay;
    if (kind == FailureKind.TRANSIENT && now < hopeUntil) {
      visited.add("retry: quick");
      double longest = Math.min(2.0 * SECOND, 100 * Math.pow(2, failures));
      delay = 100 + (long) ((longest - 100) * draw);
    } else {
      visited.add("retry: calm");
      delay = 5 * SECOND + (long) (10 * SECOND * draw);
    }
    next = now + Math.max(delay, Math.min(retryAfter, 5 * MINUTE));
  }

  private long promptly(long left) {
    visited.add("retry: prompt");
    long cap = Math.min(5 * MINUTE, left / 4);
    return (long) (Math.min((double) cap, SECOND * Math.pow(2, failures - 1)) * draw);
  }

  /** Most of the way to the last half minute, an hour at most; from a minute on in small steps. */
  private long spread(long left) {
    if (left > MINUTE) {
      visited.add("retry: spread");
      return (long) (Math.min(60 * MINUTE, left - 30 * SECOND) * (0.8 + (1 - 0.8) * draw));
    }
    visited.add("retry: one of the last");
    return Math.max(Math.min(SECOND, left / 2), (long) (left * (0.2 + (0.4 - 0.2) * draw)));
  }

  private void settle(int id, Caller caller, String when) {
    while (true) {
      if (valid() && expires - now >= caller.minimum) {
        given.put(id, String.valueOf(key));
        end(id, Fate.GIVEN, when);
        return;
      }
      if (inFlight) {
        fates.put(id, Fate.WAITS);
        return;
      }
      if (failing && failure == FailureKind.TRANSIENT && !valid() && hasten()) {
        visited.add("a caller brings the next exchange forward");
      }
      boolean shared = ended > caller.endedBefore;
      boolean remembered = now - lastEnd < REMEMBERED;
      boolean paused = toldToWait && now < next;
      boolean refuse;
      if (valid()) {
        refuse = shared || remembered || paused;
      } else if (!failing) {
        refuse = false;
      } else if (failure != FailureKind.TRANSIENT) {
        refuse = shared || remembered || paused;
      } else if (now < hopeUntil) {
        long left = next - now;
        if (left > 0) {
          if (left > Math.min(caller.deadline, hopeUntil) - now) {
            end(id, Fate.REFUSED, when);
          } else {
            fates.put(id, Fate.WAITS);
          }
          return;
        }
        refuse = false;
      } else {
        refuse = shared || now < next;
      }
      if (refuse) {
        end(id, Fate.REFUSED, when);
        return;
      }
      visited.add("a caller begins an exchange");
      begin();
    }
  }

  /** To a second after the last attempt, never before Retry-After. */
  private boolean hasten() {
    if (now < hopeUntil && next - now <= 2 * SECOND) {
      return false;
    }
    long earliest = Math.max(now, lastEnd + Math.max(SECOND, Math.min(retryAfter, 5 * MINUTE)));
    if (earliest >= next) {
      return false;
    }
    next = earliest;
    return true;
  }

  private void end(int id, Fate fate, String when) {
    visited.add("caller: " + fate + " " + when);
    fates.put(id, fate);
    waiting.remove(id);
  }
}
