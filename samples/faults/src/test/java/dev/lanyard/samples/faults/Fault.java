package dev.lanyard.samples.faults;

import dev.lanyard.diagnosis.FailureKind;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One fault: how it comes, how it goes, and what is expected of it at each source. */
final class Fault {
  /** What a caller, the status and the source see. */
  sealed interface Expected {
    /** How many requests one exchange makes. */
    int requests();

    /**
     * The exchange fails.
     *
     * @param says a part of the message, the same in the exception, the status and the event
     * @param code the service's error code
     * @param then what each exchange after the first one fails with; empty if with the same
     */
    record Failure(
        FailureKind kind, String says, Optional<String> code, int requests, Optional<Failure> then)
        implements Expected {
      Failure(FailureKind kind, String says, Optional<String> code, int requests) {
        this(kind, says, code, requests, Optional.empty());
      }

      /** What all exchanges but the first fail with. */
      Failure later() {
        return then.orElse(this);
      }
    }

    /**
     * It is no failure.
     *
     * @param explains what {@code explain()} says of it, with "…" for what it says in between;
     *     empty if nothing
     * @param disbelieved the {@code Date} that is told not to have been believed
     */
    record Success(int requests, Optional<String> explains, Optional<Instant> disbelieved)
        implements Expected {}

    /**
     * The exchange neither fails nor ends, and sends nothing.
     *
     * @param says a part of the exception of a caller that has waited in vain, with "…" as above
     */
    record Stuck(String says) implements Expected {
      @Override
      public int requests() {
        return 0;
      }
    }
  }

  private final String group;
  private final String name;
  private final Consumer<Bench> begin;
  private Consumer<Bench> end = bench -> bench.service().recover();
  private Consumer<Bench> setUp = bench -> {};
  private Consumer<Bench> beforeEachExchange = bench -> {};
  private final Map<Source, Expected> expected = new EnumMap<>(Source.class);
  private int requests = 1;
  private boolean leavesRequestsUnanswered;
  private boolean withheldForAWhile;
  private boolean fromTheStart;
  private boolean inTheTokenFile;
  private boolean onAMount;
  private boolean looksHang;
  private boolean cached;
  private @Nullable Duration retryAfter;
  private Duration budget = Duration.ofSeconds(10);
  // Shorter than the default, which is three times as much of the same.
  private Duration maxWait = Duration.ofSeconds(10);

  private Fault(String group, String name, Consumer<Bench> begin) {
    this.group = group;
    this.name = name;
    this.begin = begin;
  }

  static Fault of(String group, String name, Consumer<Bench> begin) {
    return new Fault(group, name, begin);
  }

  // ---- Describing; what is said of the number of requests comes before the expectations.

  Fault requests(int each) {
    requests = each;
    return this;
  }

  /** An exchange ends with its time budget, which the test lets run out. */
  Fault leavesRequestsUnanswered() {
    leavesRequestsUnanswered = true;
    return this;
  }

  /** It is there before the provider is, in each phase. */
  Fault fromTheStart() {
    fromTheStart = true;
    return this;
  }

  /** It is in the token's file, and a new token ends it. */
  Fault inTheTokenFile() {
    inTheTokenFile = true;
    end = Bench::rotate;
    return this;
  }

  /** How it ends, where that is not just that the service recovers. */
  Fault endsBy(Consumer<Bench> end) {
    this.end = end;
    return this;
  }

  /** What is so before the fault, and before the provider is built, in each phase. */
  Fault where(Consumer<Bench> setUp) {
    this.setUp = setUp;
    return this;
  }

  /** What happens just before each exchange while the fault lasts. */
  Fault beforeEachExchange(Consumer<Bench> task) {
    beforeEachExchange = task;
    return this;
  }

  /** The token's file is on a mount of its own, which can hang. */
  Fault onAMount() {
    onAMount = true;
    end =
        bench -> {
          bench.service().recover();
          bench.mount().comesBack();
        };
    return this;
  }

  /** A look at the token's file between two exchanges hangs; those exchanges go on. */
  Fault looksHang() {
    looksHang = true;
    return this;
  }

  /** The agent may give what it has in its cache, so that the second exchange brings none. */
  Fault cached() {
    cached = true;
    return this;
  }

  Fault retryAfter(Duration wait) {
    retryAfter = wait;
    return this;
  }

  /** Bounds an exchange, and the wait of a caller. */
  Fault budget(Duration exchange, Duration caller) {
    budget = exchange;
    maxWait = caller;
    return this;
  }

  Fault irsa(FailureKind kind, String says) {
    expected.put(Source.IRSA, new Expected.Failure(kind, says, Optional.empty(), requests));
    return this;
  }

  Fault irsa(FailureKind kind, String says, String code) {
    expected.put(Source.IRSA, new Expected.Failure(kind, says, Optional.of(code), requests));
    return this;
  }

  /** The exchanges after the first one fail otherwise, without any request. */
  Fault thenIrsa(FailureKind kind, String says) {
    if (!(expected.get(Source.IRSA) instanceof Expected.Failure first)) {
      throw new IllegalStateException("there is no failure before it");
    }
    Expected.Failure then = new Expected.Failure(kind, says, Optional.empty(), 0);
    expected.put(
        Source.IRSA,
        new Expected.Failure(
            first.kind(), first.says(), first.code(), first.requests(), Optional.of(then)));
    return this;
  }

  /** Both the agent of EKS and that of ECS. */
  Fault agent(FailureKind kind, String says) {
    return agent(new Expected.Failure(kind, says, Optional.empty(), requests));
  }

  Fault agent(FailureKind kind, String says, String code) {
    return agent(new Expected.Failure(kind, says, Optional.of(code), requests));
  }

  /** Of EKS alone. */
  Fault agentOfEks(FailureKind kind, String says) {
    expected.put(Source.POD_IDENTITY, new Expected.Failure(kind, says, Optional.empty(), requests));
    return this;
  }

  private Fault agent(Expected outcome) {
    expected.put(Source.POD_IDENTITY, outcome);
    if (!inTheTokenFile && !onAMount) {
      expected.put(Source.ECS, outcome);
    }
    return this;
  }

  /**
   * STS has called this very token expired: for a minute, and three attempts at most, it is not
   * sent again.
   */
  Fault withheldForAWhile() {
    withheldForAWhile = true;
    return this;
  }

  boolean isWithheldForAWhile() {
    return withheldForAWhile;
  }

  Fault succeeds(Source... sources) {
    for (Source source : sources) {
      expected.put(source, new Expected.Success(requests, Optional.empty(), Optional.empty()));
    }
    return this;
  }

  /** It is no failure, and {@code explain()} says something of it. */
  Fault succeedsAndExplains(Source source, String explains) {
    expected.put(source, new Expected.Success(requests, Optional.of(explains), Optional.empty()));
    return this;
  }

  /** It is no failure, and the {@code Date} of the answer is told not to have been believed. */
  Fault succeedsWithoutBelieving(Source source, Instant date) {
    String explains = "dated its answer " + date + ", which cannot be true";
    expected.put(source, new Expected.Success(requests, Optional.of(explains), Optional.of(date)));
    return this;
  }

  /** No exchange ends as long as it lasts. */
  Fault leavesExchangesStuck(String says, Source... sources) {
    for (Source source : sources) {
      expected.put(source, new Expected.Stuck(says));
    }
    return this;
  }

  // ---- Asking

  String group() {
    return group;
  }

  String name() {
    return name;
  }

  Optional<Expected> at(Source source) {
    return Optional.ofNullable(expected.get(source));
  }

  void setUp(Bench bench) {
    setUp.accept(bench);
  }

  void beforeExchange(Bench bench) {
    beforeEachExchange.accept(bench);
  }

  void begin(Bench bench) {
    begin.accept(bench);
  }

  void end(Bench bench) {
    end.accept(bench);
  }

  boolean isUnanswered() {
    return leavesRequestsUnanswered;
  }

  boolean isFromTheStart() {
    return fromTheStart;
  }

  boolean isInTheTokenFile() {
    return inTheTokenFile;
  }

  boolean isOnAMount() {
    return onAMount;
  }

  boolean letsLooksHang() {
    return looksHang;
  }

  boolean isCached() {
    return cached;
  }

  Optional<Duration> wish() {
    return Optional.ofNullable(retryAfter);
  }

  Duration budget() {
    return budget;
  }

  Duration maxWait() {
    return maxWait;
  }

  @Override
  public String toString() {
    return name;
  }
}
