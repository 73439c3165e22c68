package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.runtime.Environment;
import dev.lanyard.runtime.Time;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * One engine, a source that answers what it is told, and a time in which nothing runs by itself:
 * the actors of a race run the tasks and the timers.
 */
final class Stage implements Time, Origin {
  private static final Source STAGE = new Source("stage", 0);
  static final Duration HOUR = Duration.ofHours(1);
  static final Duration MAX_WAIT = RefreshPolicy.defaults().maxWait();

  /** A timer that is neither cancelled nor run. */
  record Timer(Duration delay, Runnable task, CompletableFuture<Void> handle) {}

  private volatile long millis = 1_000_000;
  private volatile String answers;
  private final AtomicInteger exchanges = new AtomicInteger();
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final Queue<Timer> timers = new ConcurrentLinkedQueue<>();
  final Engine engine =
      new Engine(
          this,
          RefreshPolicy.defaults(),
          this,
          () -> 0.5,
          new Events(Events.NOBODY, this),
          explainer());

  /** An engine whose first exchange has not begun, and a source that fails if this is empty. */
  Stage(String answers) {
    this.answers = answers;
  }

  /** Of an engine whose chain nobody asks for. */
  Explainer explainer() {
    return new Explainer(null, new Chain(Environment.of(Map.of()), List.of()), false, this);
  }

  void sourceAnswers(String keyId) {
    answers = keyId;
  }

  void sleep(Duration by) {
    millis += by.toMillis();
  }

  int exchanges() {
    return exchanges.get();
  }

  /** Runs one task that was begun. */
  void runTask() {
    Runnable task = tasks.poll();
    if (task != null) {
      task.run();
    }
  }

  void runTasks() {
    while (!tasks.isEmpty()) {
      runTask();
    }
  }

  /** Runs the timers that are set for the next exchange, but not those that bound waits. */
  void runTimers() {
    for (Timer timer : timers) {
      if (timers.remove(timer) && !timer.handle().isDone() && !timer.delay().equals(MAX_WAIT)) {
        timer.task().run();
      }
    }
  }

  /** Takes the task that was begun, so that nobody else runs it. */
  Runnable take() {
    return tasks.remove();
  }

  /** Ends the waits that are bounded now. */
  void endWaits() {
    for (Timer timer : timers) {
      if (timer.delay().equals(MAX_WAIT) && timers.remove(timer) && !timer.handle().isDone()) {
        timer.task().run();
      }
    }
  }

  /** How many timers are set for the next exchange. */
  int armed() {
    timers.removeIf(timer -> timer.handle().isDone());
    return (int) timers.stream().filter(timer -> timer.task() instanceof Engine.Wake).count();
  }

  Timer theTimer() {
    return timers.stream()
        .filter(timer -> !timer.handle().isDone() && timer.task() instanceof Engine.Wake)
        .findFirst()
        .orElseThrow();
  }

  CompletableFuture<AwsCredentialsIdentity> ask() {
    return engine.resolve(Duration.ZERO, MAX_WAIT);
  }

  /** How a caller fared. */
  static String fate(CompletableFuture<AwsCredentialsIdentity> caller) {
    if (!caller.isDone()) {
      return "waits";
    }
    return caller.isCompletedExceptionally() ? "refused" : consistent(caller.join());
  }

  /** The key id, if all parts are of one generation. */
  static String consistent(AwsCredentialsIdentity identity) {
    String key = identity.accessKeyId();
    return identity.secretAccessKey().equals("secret-of-" + key) ? key : "mixed";
  }

  @Override
  public Source first() {
    return STAGE;
  }

  @Override
  public Answer exchange(ExchangeContext context, Holding holding) throws Failed {
    exchanges.incrementAndGet();
    String keyId = answers;
    if (keyId.isEmpty()) {
      throw new Failed(STAGE, ExchangeException.builder(FailureKind.TRANSIENT, "down").build());
    }
    return new Answer(STAGE, credentials(keyId), null);
  }

  SessionCredentials credentials(String keyId) {
    return SessionCredentials.builder()
        .accessKeyId(keyId)
        .secretAccessKey("secret-of-" + keyId)
        .sessionToken("token-of-" + keyId)
        .expiration(Instant.ofEpochMilli(millis).plus(HOUR))
        .build();
  }

  @Override
  public Optional<Path> tokenFile() {
    return Optional.empty();
  }

  @Override
  public long millis() {
    return millis;
  }

  @Override
  public long nanos() {
    return millis * 1_000_000;
  }

  @Override
  public Future<?> after(Duration delay, Runnable task) {
    Timer timer = new Timer(delay, task, new CompletableFuture<>());
    timers.add(timer);
    return timer.handle();
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
  }

  /** Until it is done, or {@link #endWaits} ends the wait. */
  @Override
  public boolean await(CompletableFuture<?> done, Duration atMost) {
    CompletableFuture<Void> limit = new CompletableFuture<>();
    Future<?> timer = after(atMost, () -> limit.complete(null));
    CompletableFuture.anyOf(done, limit).join();
    timer.cancel(false);
    return done.isDone();
  }
}
