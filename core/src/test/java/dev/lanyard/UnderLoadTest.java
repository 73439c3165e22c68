package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.runtime.Environment;
import dev.lanyard.runtime.Time;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * 64 threads at full speed across many refreshes, on the real clock, of a source that answers
 * promptly, slowly, with a failure, or never.
 *
 * <p>No check depends on how fast the machine is. What one thread has seen before a call bounds
 * what another may see in it: credentials that somebody was given before the call began are still
 * held, or better ones are, until they expire. So a caller that waits, or gets an exception, before
 * that expiration is one too many. That a caller waits is seen by the timer that bounds its wait.
 */
@Tag("slow")
class UnderLoadTest {
  private static final int THREADS = 64;
  private static final int GENERATIONS = 20;
  private static final long LIMIT_SECONDS = 60;
  private static final Duration LIFETIME = Duration.ofMillis(250);
  private static final Duration EXCHANGE_TIMEOUT = Duration.ofMillis(80);

  /** No other timer has this delay: it is how a waiting caller is told. */
  private static final Duration MAX_WAIT = Duration.ofMillis(29_877);

  private final AtomicLong latestExpirationSeen = new AtomicLong();
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
  private final AtomicLong reads = new AtomicLong();
  private final AtomicLong waits = new AtomicLong();
  private final ThreadLocal<Long> heldUntil = ThreadLocal.withInitial(() -> 0L);

  private final RandomSource source = new RandomSource();
  private final Time time = new WatchedTime();

  private final class WatchedTime implements Time {
    @Override
    public long millis() {
      return Time.system().millis();
    }

    @Override
    public long nanos() {
      return Time.system().nanos();
    }

    @Override
    public Future<?> after(Duration delay, Runnable task) {
      if (delay.equals(MAX_WAIT)) {
        waits.incrementAndGet();
        check(heldUntil.get() <= millis() + CLOCKS_DIFFER, "waited while valid ones were held");
      }
      return Time.system().after(delay, task);
    }

    @Override
    public void execute(Runnable task) {
      Time.system().execute(task);
    }
  }

  /** The wall clock may be slewed beside the other one, by which credentials end too. */
  private static final long CLOCKS_DIFFER = 5;

  private final class RandomSource {
    final AtomicInteger inFlight = new AtomicInteger();
    final AtomicInteger generation = new AtomicInteger();
    final Map<String, Integer> behaviours = new ConcurrentHashMap<>();
    private final AtomicInteger attempts = new AtomicInteger();

    SessionCredentials give(ExchangeContext context)
        throws ExchangeException, InterruptedException {
      check(inFlight.incrementAndGet() == 1, "two exchanges in flight");
      try {
        return behave(attempts.getAndIncrement() % 8, context);
      } finally {
        inFlight.decrementAndGet();
      }
    }

    private SessionCredentials behave(int kind, ExchangeContext context)
        throws ExchangeException, InterruptedException {
      CountDownLatch never = new CountDownLatch(1);
      switch (kind) {
        case 2, 6 -> {
          behaviours.merge("failed", 1, Integer::sum);
          throw ScriptedSource.failure(FailureKind.TRANSIENT, "down");
        }
        case 4 -> {
          behaviours.merge("hung", 1, Integer::sum);
          never.await();
        }
        case 1, 5 -> {
          behaviours.merge("slow", 1, Integer::sum);
          boolean unused =
              never.await(ThreadLocalRandom.current().nextInt(1, 60), TimeUnit.MILLISECONDS);
        }
        default -> behaviours.merge("prompt", 1, Integer::sum);
      }
      int number = generation.incrementAndGet();
      Instant expiration = context.now().plus(LIFETIME);
      return SessionCredentials.builder()
          .accessKeyId("KEY-" + number)
          .secretAccessKey("SECRET-" + number)
          .sessionToken("TOKEN-" + number)
          .expiration(expiration)
          .build();
    }
  }

  private void check(boolean holds, String otherwise) {
    if (!holds) {
      wrong.add(otherwise);
    }
  }

  private final class Provider extends RefreshingCredentialsProvider {
    Provider() {
      super(
          new ScriptedSource().does(source::give),
          EksCredentialsProvider.builder()
              .environment(Environment.of(Map.of()))
              .refreshPolicy(
                  RefreshPolicy.defaults()
                      .withMaxWait(MAX_WAIT)
                      .withExchangeTimeout(EXCHANGE_TIMEOUT))
              .time(time));
    }
  }

  private void call(RefreshingCredentialsProvider provider, boolean asynchronously) {
    long before = time.millis();
    long held = latestExpirationSeen.get();
    heldUntil.set(held);
    try {
      AwsCredentialsIdentity given;
      if (asynchronously) {
        CompletableFuture<AwsCredentialsIdentity> future = provider.resolveIdentity();
        boolean waits = !future.isDone();
        given = future.join();
        if (waits) {
          // Given at some time since, and not to this thread.
          before = 0;
        }
      } else {
        given = provider.resolveCredentials();
      }
      look((AwsSessionCredentials) given, before);
    } catch (CredentialsUnavailableException | CompletionException e) {
      check(held <= time.millis() + CLOCKS_DIFFER, "an exception while valid ones were held: " + e);
    }
    reads.incrementAndGet();
  }

  private void look(AwsSessionCredentials given, long askedAt) {
    String generation = given.accessKeyId().substring("KEY-".length());
    check(given.secretAccessKey().equals("SECRET-" + generation), "another generation's secret");
    check(given.sessionToken().equals("TOKEN-" + generation), "another generation's token");
    long expiration = given.expirationTime().orElseThrow().toEpochMilli();
    check(expiration > askedAt, "expired credentials");
    latestExpirationSeen.accumulateAndGet(expiration, Math::max);
  }

  @Test
  void everyPromiseHoldsAcrossManyRefreshes() throws InterruptedException {
    RefreshingCredentialsProvider provider = new Provider();
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      boolean asynchronously = i % 2 == 1;
      Thread thread =
          new Thread(
              () -> {
                while (source.generation.get() < GENERATIONS && System.nanoTime() - limit < 0) {
                  call(provider, asynchronously);
                }
              });
      thread.setDaemon(true);
      threads.add(thread);
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join(TimeUnit.SECONDS.toMillis(2 * LIMIT_SECONDS));
      assertThat(thread.isAlive()).isFalse();
    }

    assertThat(wrong).isEmpty();
    assertThat(source.generation.get()).isGreaterThanOrEqualTo(GENERATIONS);
    assertThat(source.behaviours).containsOnlyKeys("prompt", "slow", "failed", "hung");
    assertThat(reads.get()).isGreaterThan(THREADS * 100L);
    // Of the callers before the first credentials, at least.
    assertThat(waits.get()).isPositive();
  }
}
