package dev.lanyard.samples.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.CredentialsEvent;
import dev.lanyard.CredentialsStatus;
import dev.lanyard.CredentialsStatus.Health;
import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.testing.TestTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * One fault at one source in one phase: a provider, a pod and a source of its own, from before the
 * fault until after its end.
 *
 * <p>At every step of time at which the source's credentials are valid and held, two callers ask
 * for them and must get them at once.
 */
final class Cell {
  /** Until credentials are there again: the longest pause without credentials, and an exchange. */
  private static final Duration RECOVERY = Duration.ofSeconds(26);

  /** A token that STS called expired is sent again after so long at the latest. */
  private static final Duration WITHHELD = Duration.ofMinutes(1);

  /** A new token in the file is seen within a second. */
  private static final Duration TOKEN_FILE_LOOK = Duration.ofSeconds(1);

  /** How exact an expiration is in an answer, and how exact a wrong clock can be made out. */
  private static final Duration SECOND = Duration.ofSeconds(1);

  /** No answer of an agent is taken to be good for longer, whatever the pod's clock says. */
  private static final Duration LONGEST_OF_AN_AGENT = Duration.ofHours(6);

  /** Far more than anything here takes; only a defect waits so long. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Duration LOOK = Duration.ofMillis(1);

  private static final ExecutorService THREADS =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "caller");
            thread.setDaemon(true);
            return thread;
          });

  private static final int CROWD = 20;

  /** Of the test itself, about a hundred: retries, and looks at the token file within a minute. */
  private static final int MOST_TIMERS = 2_000;

  private final Fault fault;
  private final Fault.Expected expected;
  private final Bench bench;
  private final TestTime time;
  private final Heard heard;
  private @Nullable RefreshingCredentialsProvider provider;
  private @Nullable AwsCredentialsIdentity last;

  private boolean struck;
  private int requestsBefore;
  private long exchangesBefore;
  private int requestsSeen;
  private long unansweredUntil;

  Cell(Fault fault, Fault.Expected expected, Bench bench, Heard heard) {
    this.fault = fault;
    this.expected = expected;
    this.bench = bench;
    this.time = bench.time();
    this.heard = heard;
  }

  /** Runs the phase and returns what was seen, in the words of the table. */
  String run(Phase phase) {
    int elsewhere = bench.elsewhere().requests();
    fault.setUp(bench);
    String seen =
        switch (phase) {
          case FIRST_FETCH -> firstFetch();
          case REFRESH_WHILE_VALID -> refreshWhileValid();
          case REFRESH_AFTER_EXPIRY -> refreshAfterExpiry();
        };
    settle();
    heard.said(provider());
    heard.said(provider().explain());
    heard.said(status());
    assertThat(bench.elsewhere().requests()).as("requests elsewhere").isEqualTo(elsewhere);
    assertThat(bench.mount().trespassers())
        .as("threads that looked at the token's file, and are neither an exchange nor a look")
        .isEmpty();
    assertThat(heard.size()).as("what was said").isGreaterThan(3);
    heard.assertNoSecret();
    return seen;
  }

  // ---- The phases

  private String firstFetch() {
    strike();
    provider = bench.provider(fault);
    Instant asked = bench.rightNow();
    CompletableFuture<AwsCredentialsIdentity> caller = ask();
    drive(caller::isDone, fault.maxWait().plusSeconds(1));
    assertThat(caller).as("the first caller's answer").isDone();
    if (expected instanceof Fault.Expected.Failure failure) {
      String how =
          how(refusal(caller, failure), Duration.between(asked, bench.rightNow()), failure);
      assertThat(status().health()).isEqualTo(Health.UNAVAILABLE);
      assertThat(status().expiration()).isEmpty();
      assertStatus(failure);
      if (failure.kind() != FailureKind.TRANSIENT || fault.wish().isPresent()) {
        assertTheNextCallersCostNothing(failure);
      }
      assertOneLookHangs();
      assertRequests(failure);
      String seen = seen("error " + how);
      recover();
      return seen;
    }
    if (expected instanceof Fault.Expected.Stuck stuck) {
      assertWaitedInVain(caller, asked, stuck);
      assertStuck(Health.STARTING);
      assertThat(status().expiration()).isEmpty();
      // Not the first caller alone.
      Instant askedAgain = bench.rightNow();
      CompletableFuture<AwsCredentialsIdentity> another = ask();
      drive(another::isDone, fault.maxWait().plusSeconds(1));
      assertWaitedInVain(another, askedAgain, stuck);
      String seen = seen("error after the longest wait");
      recover();
      return seen;
    }
    AwsCredentialsIdentity first = served(caller);
    assertHealthy();
    assertIsTold(first);
    assertThat(Duration.between(asked, bench.rightNow())).isZero();
    assertRequests(expected);
    return seen("credentials");
  }

  private String refreshWhileValid() {
    AwsCredentialsIdentity first = healthy();
    Instant begun = bench.rightNow();
    strike();
    if (expected instanceof Fault.Expected.Failure failure) {
      drive(() -> status().consecutiveFailures() == 1, Duration.ofDays(1));
      // When it was begun: a part of an exchange's time may have passed since.
      Duration age = Duration.between(begun, bench.rightNow());
      Duration lifetime = Duration.between(begun, bench.expirationOf(first.accessKeyId()));
      assertThat(age)
          .isBetween(
              lifetime.dividedBy(2).minus(SECOND),
              lifetime.multipliedBy(4).dividedBy(5).plus(fault.budget()).plus(SECOND));
      Instant firstFailure = status().lastFailure().orElseThrow().at();
      drive(() -> status().consecutiveFailures() == 2, Duration.ofDays(1));
      Duration pause = Duration.between(firstFailure, status().lastFailure().orElseThrow().at());
      Duration least = fault.wish().orElse(Duration.ofMillis(100));
      assertThat(pause).isBetween(least, max(least, SECOND).plus(fault.budget()));
      Instant expiration = status().expiration().orElseThrow();
      assertOneLookHangs();
      time.skip(Duration.between(Instant.ofEpochMilli(time.millis()), expiration.minusSeconds(60)));
      assertThat(served(ask()).accessKeyId()).isEqualTo(first.accessKeyId());
      drive(() -> false, Duration.ofSeconds(10));
      assertThat(served(ask()).accessKeyId()).isEqualTo(first.accessKeyId());
      assertThat(status().health()).isEqualTo(Health.DEGRADED);
      assertThat(status().expiration()).contains(expiration);
      assertStatus(failure.later());
      assertRequests(failure);
      String seen = seen("held ones");
      recover();
      assertThat(served(ask()).accessKeyId()).isNotEqualTo(first.accessKeyId());
      return seen;
    }
    if (expected instanceof Fault.Expected.Stuck) {
      drive(() -> bench.mount().held() == 1, Duration.ofDays(1));
      Instant expiration = status().expiration().orElseThrow();
      Duration lifetime = Duration.between(begun, bench.expirationOf(first.accessKeyId()));
      assertThat(Duration.between(begun, bench.rightNow()))
          .isBetween(lifetime.dividedBy(2).minus(SECOND), lifetime.multipliedBy(4).dividedBy(5));
      time.skip(Duration.between(Instant.ofEpochMilli(time.millis()), expiration.minusSeconds(60)));
      drive(() -> false, Duration.ofSeconds(10));
      assertThat(served(ask()).accessKeyId()).isEqualTo(first.accessKeyId());
      assertStuck(Health.HEALTHY);
      assertThat(status().expiration()).contains(expiration);
      String seen = seen("held ones");
      recover();
      assertThat(served(ask()).accessKeyId()).isNotEqualTo(first.accessKeyId());
      return seen;
    }
    if (fault.isCached()) {
      drive(() -> !served(ask()).accessKeyId().equals(first.accessKeyId()), Duration.ofDays(1));
      assertThat(status().exchanges()).isGreaterThanOrEqualTo(2);
    } else {
      drive(() -> status().exchanges() == 2, Duration.ofDays(1));
      if (bench.source() != Source.IRSA && served(ask()).equals(first)) {
        // Drawn into the minute at half of the lifetime in which the agent has not renewed yet.
        drive(() -> status().exchanges() == 3, Duration.ofDays(1));
      }
    }
    AwsCredentialsIdentity next = served(ask());
    assertThat(next.accessKeyId()).isNotEqualTo(first.accessKeyId());
    assertHealthy();
    assertIsTold(next);
    assertRequests(expected);
    return seen("held ones, then new ones");
  }

  /** Held credentials are given until a tick before they expire; then they do. */
  private void skipToTheEndOf(AwsCredentialsIdentity held) {
    Instant expiration = status().expiration().orElseThrow();
    time.skip(Duration.between(Instant.ofEpochMilli(time.millis()), expiration.minusMillis(1)));
    assertThat(served(ask()).accessKeyId()).isEqualTo(held.accessKeyId());
    settle();
    time.skip(Duration.ofMillis(1));
  }

  private String refreshAfterExpiry() {
    AwsCredentialsIdentity first = healthy();
    strike();
    Instant expiration = status().expiration().orElseThrow();
    if (expected instanceof Fault.Expected.Failure failure) {
      drive(() -> status().consecutiveFailures() == 1, Duration.ofDays(1));
      skipToTheEndOf(first);
      Instant asked = bench.rightNow();
      CompletableFuture<AwsCredentialsIdentity> caller = ask();
      drive(caller::isDone, fault.maxWait().plusSeconds(1));
      assertThat(caller).as("the caller's answer").isDone();
      CredentialsUnavailableException refusal = refusal(caller, failure.later());
      assertThat(refusal).hasMessageContaining("expired").hasMessageContaining("ago");
      String how = how(refusal, Duration.between(asked, bench.rightNow()), failure.later());
      assertTheNextCallersCostNothing(failure.later());
      long exchanges = status().exchanges();
      drive(() -> status().exchanges() == exchanges + 1, Duration.ofMinutes(6));
      Instant one = status().lastFailure().orElseThrow().at();
      drive(() -> status().exchanges() == exchanges + 2, Duration.ofMinutes(6));
      Instant other = status().lastFailure().orElseThrow().at();
      Duration least = max(fault.wish().orElse(Duration.ZERO), Duration.ofSeconds(5));
      assertThat(Duration.between(one, other))
          .isBetween(least, max(least, Duration.ofSeconds(15)).plus(fault.budget()));
      assertThat(status().health()).isEqualTo(Health.UNAVAILABLE);
      assertStatus(failure.later());
      assertOneLookHangs();
      assertRequests(failure);
      String seen = seen("error " + how);
      recover();
      return seen;
    }
    if (expected instanceof Fault.Expected.Stuck stuck) {
      drive(() -> bench.mount().held() == 1, Duration.ofDays(1));
      skipToTheEndOf(first);
      Instant asked = bench.rightNow();
      CompletableFuture<AwsCredentialsIdentity> caller = ask();
      drive(caller::isDone, fault.maxWait().plusSeconds(1));
      assertThat(assertWaitedInVain(caller, asked, stuck))
          .hasMessageContaining("expired")
          .hasMessageContaining("ago");
      assertStuck(Health.UNAVAILABLE);
      String seen = seen("error after the longest wait");
      recover();
      return seen;
    }
    time.skip(Duration.between(Instant.ofEpochMilli(time.millis()), expiration.plusSeconds(1)));
    CompletableFuture<AwsCredentialsIdentity> caller = ask();
    drive(caller::isDone, SECOND);
    AwsCredentialsIdentity next = served(caller);
    assertThat(next.accessKeyId()).isNotEqualTo(first.accessKeyId());
    assertHealthy();
    assertIsTold(next);
    assertRequests(expected);
    return seen("new ones");
  }

  // ---- What happens

  private void strike() {
    if (!struck) {
      struck = true;
      fault.begin(bench);
      bench.beforeEachExchange(() -> fault.beforeExchange(bench));
      if (provider != null) {
        time.awaitIdle();
      }
    }
    requestsBefore = bench.service().requests();
    requestsSeen = requestsBefore;
    exchangesBefore = provider == null ? 0 : status().exchanges();
  }

  /** A provider whose source is well, unless a wrong clock is all that is the matter. */
  private AwsCredentialsIdentity healthy() {
    if (fault.isFromTheStart()) {
      strike();
    }
    provider = bench.provider(fault);
    // A machine that stalls may make the source miss a short budget, once.
    drive(() -> status().health() == Health.HEALTHY, RECOVERY);
    assertThat(status().exchanges()).isLessThanOrEqualTo(2);
    assertHealthy();
    return served(ask());
  }

  /** The fault ends; credentials come without anybody asking. */
  private void recover() {
    if (fault.isUnanswered()) {
      // The exchange that is under way ends first.
      drive(() -> status().nextRefresh().isPresent(), fault.budget());
    }
    struck = false;
    bench.beforeEachExchange(() -> {});
    fault.end(bench);
    if (expected instanceof Fault.Expected.Stuck) {
      drive(() -> status().exchanges() > exchangesBefore && isHealthy(), RECOVERY);
      assertHealthy();
      served(ask());
      return;
    }
    long failures = status().consecutiveFailures();
    assertThat(failures).isPositive();
    Duration bound =
        fault.isInTheTokenFile()
            ? TOKEN_FILE_LOOK
            : max(
                fault.isWithheldForAWhile() ? RECOVERY.plus(WITHHELD) : RECOVERY,
                fault.wish().orElse(Duration.ZERO).plusSeconds(1));
    drive(() -> status().consecutiveFailures() == 0, bound);
    assertHealthy();
    served(ask());
  }

  private void drive(BooleanSupplier until, Duration atMost) {
    long end = time.nanos() + atMost.toNanos();
    boolean more = true;
    for (int steps = 0; ; steps++) {
      assertThat(steps)
          .as("timers on the way: does it ask without a pause?")
          .isLessThan(MOST_TIMERS);
      settle();
      assertCallersWhoCanBeServedAre();
      if (until.getAsBoolean() || !more) {
        return;
      }
      more = time.advanceToNext(Duration.ofNanos(end - time.nanos()));
    }
  }

  /**
   * Waits until nothing runs that a file system does not hold, or nothing but one exchange to which
   * the source does not answer. That a request has arrived there, or that a thread is held, wakes
   * nobody.
   */
  private void settle() {
    long begun = System.nanoTime();
    for (int running = bench.running();
        running > 0 && !(running == 1 && isUnanswered());
        running = bench.running()) {
      LockSupport.parkNanos(LOOK.toNanos());
      if (System.nanoTime() - begun > PATIENCE.toNanos()) {
        throw new AssertionError("an exchange does not end");
      }
    }
  }

  /** Tells whether the source has a request that it does not answer, and may go on so. */
  private boolean isUnanswered() {
    if (!struck || !fault.isUnanswered() || provider == null) {
      return false;
    }
    int requests = bench.service().requests();
    long ended = status().exchanges() - exchangesBefore;
    if (requests - requestsBefore <= ended) {
      return false;
    }
    if (requests != requestsSeen) {
      requestsSeen = requests;
      unansweredUntil = time.nanos() + fault.budget().toNanos();
    }
    // Once the budget has run out, the exchange has to end.
    return time.nanos() < unansweredUntil;
  }

  // ---- Callers

  private RefreshingCredentialsProvider provider() {
    return Objects.requireNonNull(provider);
  }

  private CredentialsStatus status() {
    return provider().status();
  }

  private CompletableFuture<AwsCredentialsIdentity> ask() {
    return onAThread(() -> provider().resolveIdentity());
  }

  /** In no cell a valid one lost, or a caller delayed while valid ones are held. */
  private void assertCallersWhoCanBeServedAre() {
    AwsCredentialsIdentity held = last;
    if (held == null
        || !bench.rightNow().isBefore(bench.expirationOf(held.accessKeyId()).minus(SECOND))) {
      return;
    }
    served(ask());
    AwsCredentialsIdentity blocking = onAThread(() -> provider().resolveCredentials());
    assertGood(blocking);
  }

  private AwsCredentialsIdentity served(CompletableFuture<AwsCredentialsIdentity> caller) {
    assertThat(caller).as("a caller, while valid credentials are held").isCompleted();
    AwsCredentialsIdentity identity = caller.join();
    assertGood(identity);
    last = identity;
    return identity;
  }

  /** In no cell an expired one served. */
  private void assertGood(AwsCredentialsIdentity identity) {
    AwsSessionCredentials session = (AwsSessionCredentials) identity;
    heard.secret(session.secretAccessKey());
    heard.secret(session.sessionToken());
    assertThat(bench.expirationOf(identity.accessKeyId()))
        .as("the expiration of what was served")
        .isAfter(bench.rightNow());
    assertThat(session.expirationTime().orElseThrow().toEpochMilli())
        .as("the expiration by the pod's clock")
        .isGreaterThan(time.millis());
  }

  private CredentialsUnavailableException refusal(
      CompletableFuture<AwsCredentialsIdentity> caller, Fault.Expected.Failure failure) {
    Throwable thrown;
    try {
      AwsCredentialsIdentity unexpected = caller.join();
      throw new AssertionError("credentials were served until " + unexpected.expirationTime());
    } catch (CompletionException e) {
      thrown = Objects.requireNonNull(e.getCause());
      heard.thrown(e);
    }
    assertThat(thrown).isInstanceOf(CredentialsUnavailableException.class);
    assertThat(thrown.getMessage()).containsIgnoringCase(failure.says());
    assertThat(thrown).cause().isInstanceOf(ExchangeException.class);
    return (CredentialsUnavailableException) thrown;
  }

  /** A caller's exception of an exchange that goes on: as late as it may be, and of no failure. */
  private CredentialsUnavailableException assertWaitedInVain(
      CompletableFuture<AwsCredentialsIdentity> caller, Instant asked, Fault.Expected.Stuck stuck) {
    assertThat(caller).as("the caller's answer").isDone();
    assertThat(Duration.between(asked, bench.rightNow())).isEqualTo(fault.maxWait());
    try {
      AwsCredentialsIdentity unexpected = caller.join();
      throw new AssertionError("credentials were served until " + unexpected.expirationTime());
    } catch (CompletionException e) {
      heard.thrown(e);
      assertThat(e).cause().isInstanceOf(CredentialsUnavailableException.class);
      CredentialsUnavailableException refusal =
          (CredentialsUnavailableException) Objects.requireNonNull(e.getCause());
      assertThat(refusal)
          .hasMessageContaining("Waited " + fault.maxWait().toSeconds() + " s")
          .hasNoCause();
      assertThat(refusal.getMessage()).containsSubsequence(stuck.says().split("…", -1));
      heard.said(refusal.status());
      return refusal;
    }
  }

  private void assertTheNextCallersCostNothing(Fault.Expected.Failure failure) {
    int before = bench.service().requests();
    for (int i = 0; i < CROWD; i++) {
      CompletableFuture<AwsCredentialsIdentity> caller = ask();
      settle();
      assertThat(caller).as("the next caller's answer").isDone();
      if (i == 0) {
        refusal(caller, failure);
      }
    }
    assertThat(bench.service().requests())
        .as("requests for %d more callers", CROWD)
        .isEqualTo(before);
  }

  /** Runs a task on another thread and waits for it, which no caller's question needs for long. */
  private static <T> T onAThread(Callable<T> task) {
    Future<T> result = THREADS.submit(task);
    try {
      return result.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError("a caller was delayed, or failed: " + e.getClass(), e);
    }
  }

  // ---- What is seen

  private String how(
      CredentialsUnavailableException refusal, Duration waited, Fault.Expected.Failure failure) {
    heard.said(refusal.status());
    if (waited.isZero()) {
      assertThat(failure.kind() != FailureKind.TRANSIENT || !isFirst() || fault.wish().isPresent())
          .as("a transient failure of the first exchange is retried before a caller is told")
          .isTrue();
      return "at once";
    }
    assertThat(failure.kind()).isEqualTo(FailureKind.TRANSIENT);
    if (fault.isUnanswered() && waited.compareTo(fault.budget()) <= 0) {
      return "at the end of the exchange";
    }
    // Not after a pause that would outlast the wait.
    assertThat(waited).isBetween(fault.maxWait().minusSeconds(2), fault.maxWait());
    assertThat(isFirst()).isTrue();
    return "after retries";
  }

  private boolean isFirst() {
    return last == null;
  }

  private boolean isHealthy() {
    return status().health() == Health.HEALTHY;
  }

  private void assertHealthy() {
    assertThat(status().health()).isEqualTo(Health.HEALTHY);
    assertThat(status().lastFailure()).isEmpty();
    Duration wrong = wrongAsFarAsTheSourceShows();
    if (wrong.isZero()) {
      assertThat(status().clockSkew()).isEmpty();
    } else {
      assertThat(status().clockSkew().orElseThrow().plus(wrong).abs())
          .as("what is missing from the skew in the status")
          .isLessThanOrEqualTo(SECOND);
    }
  }

  /** An agent on the node goes by the node's clock, and cannot show it to be wrong. */
  private Duration wrongAsFarAsTheSourceShows() {
    return bench.source() == Source.IRSA ? wrong() : Duration.ZERO;
  }

  /** How far the pod's clock is ahead. */
  private Duration wrong() {
    return Duration.between(bench.rightNow(), Instant.ofEpochMilli(time.millis()));
  }

  /**
   * What the status and the explanation say of credentials that came just now: when they expire, by
   * the pod's clock, and what is to be said of the fault.
   */
  private void assertIsTold(AwsCredentialsIdentity identity) {
    Fault.Expected.Success success = (Fault.Expected.Success) expected;
    Instant expiration = bench.expirationOf(identity.accessKeyId());
    Instant longest = Instant.ofEpochMilli(time.millis()).plus(LONGEST_OF_AN_AGENT);
    Instant byThePodsClock =
        bench.source() == Source.IRSA
            ? expiration.plus(wrong())
            : expiration.isBefore(longest) ? expiration : longest;
    assertThat(status().expiration().orElseThrow())
        .isBetween(byThePodsClock.minus(SECOND), byThePodsClock);
    assertThat(status().disbelievedDate()).isEqualTo(success.disbelieved());
    String explanation = provider().explain().toString();
    if (success.explains().isPresent()) {
      assertThat(explanation).containsSubsequence(success.explains().get().split("…", -1));
    } else {
      assertThat(explanation).doesNotContain("cannot be true", "this machine is");
    }
  }

  /** An exchange is under way, and nothing has failed or been sent. */
  private void assertStuck(Health health) {
    assertThat(bench.mount().held()).as("threads that the file system holds").isEqualTo(1);
    assertThat(status().health()).isEqualTo(health);
    assertThat(status().lastFailure()).isEmpty();
    assertThat(status().consecutiveFailures()).isZero();
    assertThat(status().exchanges()).isEqualTo(exchangesBefore);
    assertThat(status().nextRefresh()).as("the next, while one is under way").isEmpty();
    assertThat(bench.service().requests()).isEqualTo(requestsBefore);
    assertThat(provider().explain().toString()).contains(health.name());
  }

  /** One look hangs, all else goes on, and no second thread is spent on the file. */
  private void assertOneLookHangs() {
    if (!fault.letsLooksHang()) {
      return;
    }
    drive(() -> bench.mount().held() == 1, Duration.ofSeconds(2));
    drive(() -> false, Duration.ofSeconds(3));
    assertThat(bench.mount().held()).as("looks that hang").isEqualTo(1);
  }

  private void assertStatus(Fault.Expected.Failure failure) {
    CredentialsStatus.Failure seen = status().lastFailure().orElseThrow();
    assertThat(seen.kind()).as("kind of: %s", seen.message()).isEqualTo(failure.kind());
    assertThat(seen.message()).containsIgnoringCase(failure.says());
    assertThat(seen.code()).isEqualTo(failure.code());
    CredentialsEvent.RefreshFailed event = heard.lastFailureEvent().orElseThrow();
    assertThat(event.failure().kind()).isEqualTo(failure.kind());
    assertThat(event.failure().message()).isEqualTo(seen.message());
    heard.said(status());
    heard.said(provider().explain());
  }

  /** Each exchange makes as many requests as it should; one may be under way. */
  private void assertRequests(Fault.Expected outcome) {
    long exchanges = status().exchanges() - exchangesBefore;
    boolean underWay = status().nextRefresh().isEmpty();
    int begun = (int) exchanges + (underWay ? 1 : 0);
    assertThat(begun).as("exchanges").isPositive();
    if (bench.source() == Source.IRSA && fault.isWithheldForAWhile()) {
      assertThat(bench.service().requests() - requestsBefore).isBetween(1, begun);
      return;
    }
    int later =
        outcome instanceof Fault.Expected.Failure failure
            ? failure.later().requests()
            : outcome.requests();
    assertThat(bench.service().requests() - requestsBefore)
        .as("requests of %d exchanges%s", exchanges, underWay ? " and one under way" : "")
        .isEqualTo(outcome.requests() + (begun - 1) * later);
  }

  private String seen(String caller) {
    return caller
        + " · "
        + status().health().name().toLowerCase(Locale.ROOT)
        + " · "
        + expected.requests()
        + (expected instanceof Fault.Expected.Failure failure && failure.then().isPresent()
            ? ", then " + failure.later().requests()
            : "");
  }

  private static Duration max(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }
}
