package dev.lanyard.testing;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The agent's cache of session credentials, by token or by pod, and their renewal in the
 * background. Source of every rule: eks-pod-identity-agent, internal/credsretriever and
 * internal/cache/expiring.
 *
 * <p>Its times are those of the agent's own clock. There is no thread: what the background would
 * have done by a time is done when somebody looks at that time, each renewal as of its own moment.
 * So whoever changes what a renewal depends on calls {@link #renewUntil} before. Safe for use by
 * many threads.
 *
 * <pre>
 *   fetched --3 h, or all of its life--> due --next sweep--> renewed with the same token
 *                                         |        |-- EKS Auth refuses for good --> evicted
 *                                         |        '-- EKS Auth fails --> kept, due in 2 minutes
 *                                         '-- 15 s of life left --> not given any more
 * </pre>
 */
final class AgentCache {
  private static final Duration RENEWAL = Duration.ofHours(3);
  private static final Duration FLOOR = Duration.ofSeconds(15);
  private static final Duration SWEEP = Duration.ofMinutes(1);

  /** The longest that it takes the real one, which waits for a random time from one minute on. */
  private static final Duration RETRY = Duration.ofMinutes(2);

  private static final int SIZE = 2000;

  /** Asks EKS Auth. */
  @FunctionalInterface
  interface Source {
    /**
     * Exchanges a token.
     *
     * @param at the time of the exchange: now, or a moment that has passed
     * @throws Refusal if EKS Auth refuses, for now or for good
     */
    IssuedCredentials exchange(String token, Instant at) throws Refusal;
  }

  /** Learns what happens in the background. */
  interface Background {
    void renewed(Instant at, String token, IssuedCredentials credentials);

    void failed(Instant at, String token, Refusal refusal, boolean evicted);
  }

  /** What it holds, and the token that it came with, or that took the place of that one. */
  record Held(String token, IssuedCredentials credentials) {
    /** It is a secret. */
    @Override
    public String toString() {
      return "Held[" + credentials + "]";
    }
  }

  private record Entry(Held held, Instant due) {
    boolean isGivenAt(Instant now) {
      return AgentCache.isGivenAt(now, held.credentials());
    }
  }

  private final Instant start;
  private final Source source;
  private final Background background;

  /** Guarded by this. In the order of insertion: the oldest goes first, read or not. */
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  /**
   * Makes an empty cache.
   *
   * @param start when the agent starts, from which on it sweeps every minute
   * @param source what the background asks
   */
  AgentCache(Instant start, Source source, Background background) {
    this.start = start;
    this.source = source;
    this.background = background;
  }

  /** Whether there is enough left of credentials for the agent to give them to anybody. */
  static boolean isGivenAt(Instant now, IssuedCredentials credentials) {
    return now.plus(FLOOR).isBefore(credentials.expiration());
  }

  /** What it holds under a key and may give, after the background has done its part. */
  synchronized Optional<Held> get(String key, Instant now) {
    renewUntil(now);
    return Optional.ofNullable(entries.get(key))
        .filter(entry -> entry.isGivenAt(now))
        .map(Entry::held);
  }

  /** Holds what was fetched with a token, if it may be given at all. */
  synchronized void put(String key, String token, IssuedCredentials credentials, Instant now) {
    entries.remove(key);
    Entry entry = new Entry(new Held(token, credentials), due(credentials, now, RENEWAL));
    if (entry.isGivenAt(now)) {
      entries.put(key, entry);
    }
    if (entries.size() > SIZE) {
      entries.remove(entries.keySet().iterator().next());
    }
  }

  /** Renews with another token from now on, which does not change when. */
  synchronized void renewsWith(String key, String token) {
    entries.computeIfPresent(
        key, (same, entry) -> new Entry(new Held(token, entry.held().credentials()), entry.due()));
  }

  synchronized void remove(String key) {
    entries.remove(key);
  }

  synchronized void clear() {
    entries.clear();
  }

  /** Does what the background would have done by now. */
  synchronized void renewUntil(Instant now) {
    for (Optional<Instant> next = nextSweep(now); next.isPresent(); next = nextSweep(now)) {
      Instant sweep = next.get();
      List<String> due = new ArrayList<>();
      entries.forEach(
          (key, entry) -> {
            if (entry.due().isBefore(sweep)) {
              due.add(key);
            }
          });
      due.forEach(key -> renew(key, sweep));
    }
  }

  /** The next sweep that finds something due, if it is not after now. */
  private Optional<Instant> nextSweep(Instant now) {
    return entries.values().stream()
        .map(Entry::due)
        .min(Instant::compareTo)
        // Due is what has passed, not what has come.
        .map(
            due ->
                start.plus(SWEEP.multipliedBy(Duration.between(start, due).dividedBy(SWEEP) + 1)))
        .filter(sweep -> !sweep.isAfter(now));
  }

  private void renew(String key, Instant sweep) {
    Entry entry = entries.get(key);
    if (entry == null) {
      return;
    }
    String token = entry.held().token();
    try {
      IssuedCredentials fresh = source.exchange(token, sweep);
      put(key, token, fresh, sweep);
      background.renewed(sweep, token, fresh);
    } catch (Refusal refusal) {
      boolean kept = !isForGood(refusal) && entry.isGivenAt(sweep);
      if (kept) {
        entries.put(key, new Entry(entry.held(), due(entry.held().credentials(), sweep, RETRY)));
      } else {
        entries.remove(key);
      }
      background.failed(sweep, token, refusal, !kept);
    }
  }

  private static Instant due(IssuedCredentials credentials, Instant now, Duration atMost) {
    Instant latest = now.plus(atMost);
    return credentials.expiration().isBefore(latest) ? credentials.expiration() : latest;
  }

  private static boolean isForGood(Refusal refusal) {
    return switch (refusal.code()) {
      case "ResourceNotFoundException",
          "ExpiredTokenException",
          "InvalidTokenException",
          "AccessDeniedException" ->
          true;
      default -> false;
    };
  }
}
