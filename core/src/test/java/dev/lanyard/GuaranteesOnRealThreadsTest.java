package dev.lanyard;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.runtime.Environment;
import dev.lanyard.runtime.SystemTimes;
import dev.lanyard.runtime.Time;
import dev.lanyard.spi.ExchangeException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.utils.SdkAutoCloseable;

/**
 * The guarantees that need real threads, a real heap or the real clock. The time limits only bound
 * how long a broken build takes to fail.
 */
class GuaranteesOnRealThreadsTest {
  private static final long LIMIT_SECONDS = 30;

  private final ScriptedSource source = new ScriptedSource();
  private final CountDownLatch answer = new CountDownLatch(1);

  static final class OneSource extends RefreshingCredentialsProvider {
    OneSource(ScriptedSource source, Time time, CredentialsEventListener listener) {
      super(
          source,
          EksCredentialsProvider.builder()
              .environment(Environment.of(Map.of()))
              .time(time)
              .listener(listener));
    }

    OneSource(ScriptedSource source) {
      this(source, Time.system(), Events.NOBODY);
    }
  }

  @AfterEach
  void letGo() {
    answer.countDown();
  }

  private RefreshingCredentialsProvider slowProvider(ScriptedSource.Answer then) {
    source.does(
        context -> {
          await(answer);
          return then.give(context);
        });
    return new OneSource(source);
  }

  private RefreshingCredentialsProvider readyProvider() {
    RefreshingCredentialsProvider provider = new OneSource(source);
    provider.awaitReady(ofSeconds(LIMIT_SECONDS));
    return provider;
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void join(Thread thread) throws InterruptedException {
    thread.join(TimeUnit.SECONDS.toMillis(LIMIT_SECONDS));
    assertThat(thread.isAlive()).isFalse();
  }

  private static void awaitWaiting(Thread thread) {
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    while (thread.getState() != Thread.State.WAITING
        && thread.getState() != Thread.State.TIMED_WAITING) {
      assertThat(System.nanoTime()).isLessThan(limit);
      assertThat(thread.getState()).isNotEqualTo(Thread.State.TERMINATED);
      Thread.onSpinWait();
    }
  }

  @Nested
  @DisplayName("G1 reading fresh credentials allocates nothing")
  class G1 {
    private static final int READS = 200_000;

    /**
     * The least of some rounds: what the measurement itself allocates at first is not the reader's.
     */
    private static long bytesOf(Runnable reads) {
      com.sun.management.ThreadMXBean threads =
          (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
      assertThat(threads.isThreadAllocatedMemoryEnabled()).isTrue();
      long id = Thread.currentThread().getId();
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 5; round++) {
        long before = threads.getThreadAllocatedBytes(id);
        reads.run();
        least = Math.min(least, threads.getThreadAllocatedBytes(id) - before);
      }
      return least;
    }

    @Test
    void resolveCredentials() {
      RefreshingCredentialsProvider provider = readyProvider();
      Runnable reads =
          () -> {
            for (int i = 0; i < READS; i++) {
              if (provider.resolveCredentials() == null) {
                throw new AssertionError();
              }
            }
          };

      assertThat(bytesOf(reads)).isZero();
    }

    @Test
    void resolveIdentity() {
      RefreshingCredentialsProvider provider = readyProvider();
      Runnable reads =
          () -> {
            for (int i = 0; i < READS; i++) {
              if (!provider.resolveIdentity().isDone()) {
                throw new AssertionError();
              }
            }
          };

      assertThat(bytesOf(reads)).isZero();
    }
  }

  @Nested
  @DisplayName("G2 one exchange for all who wait; each gets its own stack in the exception")
  class G2 {
    @Test
    void fiftyThreadsShareOneExchange() throws InterruptedException {
      RefreshingCredentialsProvider provider =
          slowProvider(context -> ScriptedSource.credentials("A", context.now().plus(ofHours(1))));
      Set<String> keys = ConcurrentHashMap.newKeySet();
      List<Thread> callers = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        Thread caller = new Thread(() -> keys.add(provider.resolveCredentials().accessKeyId()));
        caller.start();
        callers.add(caller);
      }
      callers.forEach(GuaranteesOnRealThreadsTest::awaitWaiting);

      answer.countDown();
      for (Thread caller : callers) {
        join(caller);
      }

      assertThat(keys).containsExactly("A");
      assertThat(source.exchanges()).isEqualTo(1);
    }

    @Test
    void eachExceptionHasTheStackOfItsCaller() throws InterruptedException {
      RefreshingCredentialsProvider provider =
          slowProvider(
              context -> {
                throw ScriptedSource.failure(FailureKind.REJECTED, "not authorized");
              });
      Thrower one = new Thrower(provider);
      Thrower other = new Thrower(provider);
      Thread first = new Thread(one::callFromHere);
      Thread second = new Thread(other::callFromThere);
      first.start();
      second.start();
      awaitWaiting(first);
      awaitWaiting(second);

      answer.countDown();
      join(first);
      join(second);

      assertThat(one.methods()).contains("callFromHere").doesNotContain("callFromThere");
      assertThat(other.methods()).contains("callFromThere").doesNotContain("callFromHere");
      assertThat(source.exchanges()).isEqualTo(1);
    }

    @Test
    void whatHangsOnOneCallersFutureHoldsUpNoOtherCaller() {
      RefreshingCredentialsProvider provider =
          slowProvider(context -> ScriptedSource.credentials("A", context.now().plus(ofHours(1))));
      CountDownLatch others = new CountDownLatch(1);
      List<CompletableFuture<?>> slow = new ArrayList<>();
      // Some on either side of the other caller, whichever is told first.
      for (int i = 0; i < 3; i++) {
        slow.add(provider.resolveIdentity().thenAccept(identity -> await(others)));
      }
      CompletableFuture<?> other =
          provider.resolveIdentity().thenAccept(identity -> others.countDown());
      for (int i = 0; i < 3; i++) {
        slow.add(provider.resolveIdentity().thenAccept(identity -> await(others)));
      }

      answer.countDown();

      assertThat(other).succeedsWithin(ofSeconds(LIMIT_SECONDS));
      assertThat(slow)
          .allSatisfy(each -> assertThat(each).succeedsWithin(ofSeconds(LIMIT_SECONDS)));
    }

    private static final class Thrower {
      private final RefreshingCredentialsProvider provider;
      private volatile @Nullable Throwable thrown;

      Thrower(RefreshingCredentialsProvider provider) {
        this.provider = provider;
      }

      void callFromHere() {
        call();
      }

      void callFromThere() {
        call();
      }

      private void call() {
        try {
          provider.resolveCredentials();
        } catch (CredentialsUnavailableException e) {
          thrown = e;
        }
      }

      Stream<String> methods() {
        Throwable seen = thrown;
        return seen == null
            ? Stream.empty()
            : Stream.of(seen.getStackTrace()).map(StackTraceElement::getMethodName);
      }
    }
  }

  @Nested
  @DisplayName("G13 nothing to close, nothing to leak")
  class G13 {
    @Test
    void aProviderIsNothingThatAClientWouldClose() {
      assertThat(AutoCloseable.class.isAssignableFrom(RefreshingCredentialsProvider.class))
          .isFalse();
      assertThat(SdkAutoCloseable.class.isAssignableFrom(EksCredentialsProvider.class)).isFalse();
    }

    @Test
    void aProviderThatNobodyHoldsIsCollectedWithItsEngine() throws Exception {
      WeakReference<RefreshingCredentialsProvider> provider = new WeakReference<>(readyProvider());
      Collection.await(provider);
    }

    @Test
    void tenThousandEnginesNeedNoMoreThreadsThanAFewAndTheThreadsEndWithThem() throws Exception {
      int engines = 10_000;
      Set<Thread> threads = ConcurrentHashMap.newKeySet();
      Time time = SystemTimes.withIdleThreadsFor(Duration.ofMillis(50));
      CountDownLatch exchanged = new CountDownLatch(engines);
      source.does(
          context -> {
            threads.add(Thread.currentThread());
            exchanged.countDown();
            return ScriptedSource.credentials("A", context.now().plus(ofHours(1)));
          });
      List<RefreshingCredentialsProvider> providers = new ArrayList<>();
      for (int i = 0; i < engines; i++) {
        providers.add(new OneSource(source, time, Events.NOBODY));
      }
      await(exchanged);

      assertThat(threads)
          .hasSizeLessThanOrEqualTo(8)
          .allMatch(Thread::isDaemon)
          .allMatch(thread -> thread.getName().matches("lanyard-refresh-\\d+"));
      assertThat(providers)
          .allSatisfy(
              provider -> assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("A"));
      for (Thread thread : threads) {
        join(thread);
      }
    }
  }

  @Nested
  @DisplayName("G14 a thread that waits may be interrupted or a virtual thread")
  class G14 {
    @Test
    void interruptionSurfacesPromptlyAndCancelsNobodyElsesExchange() throws InterruptedException {
      RefreshingCredentialsProvider provider =
          slowProvider(context -> ScriptedSource.credentials("A", context.now().plus(ofHours(1))));
      AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
      AtomicReference<@Nullable Boolean> flag = new AtomicReference<>();
      Thread impatient =
          new Thread(
              () -> {
                try {
                  provider.resolveCredentials();
                } catch (AbortedException e) {
                  thrown.set(e);
                  flag.set(Thread.currentThread().isInterrupted());
                }
              });
      AtomicReference<@Nullable AwsCredentials> given = new AtomicReference<>();
      Thread patient = new Thread(() -> given.set(provider.resolveCredentials()));
      impatient.start();
      patient.start();
      awaitWaiting(impatient);
      awaitWaiting(patient);

      impatient.interrupt();
      join(impatient);
      assertThat(patient.isAlive()).isTrue();
      answer.countDown();
      join(patient);

      assertThat(thrown.get()).isInstanceOf(AbortedException.class);
      assertThat(flag.get()).isTrue();
      assertThat(given.get()).isNotNull();
      assertThat(source.exchanges()).isEqualTo(1);
    }

    @Test
    void anInterruptedThreadIsGivenWhatIsThere() {
      RefreshingCredentialsProvider provider = readyProvider();
      Thread.currentThread().interrupt();
      try {
        assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("A");
        assertThat(provider.resolveCredentials(Duration.ofMinutes(1)).accessKeyId()).isEqualTo("A");
      } finally {
        assertThat(Thread.interrupted()).isTrue();
      }
    }

    @Test
    void nothingIsSynchronized() throws IOException {
      // A virtual thread that blocks in such a block holds on to its carrier, before Java 24.
      try (Stream<Path> sources = Files.walk(Path.of("src/main/java"))) {
        for (Path file : sources.filter(path -> path.toString().endsWith(".java")).toList()) {
          assertThat(Files.readString(file)).as("%s", file).doesNotContain("synchronized (");
          assertThat(Files.readString(file)).as("%s", file).doesNotContain("synchronized void");
        }
      }
    }

    @Test
    void virtualThreadsWaitWithoutHoldingTheirCarriers() throws Exception {
      assumeThat(Runtime.version().feature()).isGreaterThanOrEqualTo(21);
      // More waiting threads than any machine that builds this has carriers.
      int callers = 1_000;
      RefreshingCredentialsProvider provider =
          slowProvider(context -> ScriptedSource.credentials("A", context.now().plus(ofHours(1))));
      CountDownLatch asking = new CountDownLatch(callers);
      CountDownLatch given = new CountDownLatch(callers);
      for (int i = 0; i < callers; i++) {
        Thread.class
            .getMethod("startVirtualThread", Runnable.class)
            .invoke(
                null,
                (Runnable)
                    () -> {
                      asking.countDown();
                      if (provider.resolveCredentials() != null) {
                        given.countDown();
                      }
                    });
      }
      await(asking);
      answer.countDown();
      await(given);
      assertThat(source.exchanges()).isEqualTo(1);
    }
  }

  @Nested
  @DisplayName("G15 a listener that never returns changes nothing")
  class G15 {
    @Test
    void theExchangesGoOn() {
      CountDownLatch never = new CountDownLatch(1);
      RefreshingCredentialsProvider provider =
          new OneSource(
              source.answers("A", Duration.ofMillis(300)),
              Time.system(),
              CredentialsEventListener.of(event -> await(never)));
      provider.awaitReady(ofSeconds(LIMIT_SECONDS));
      long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
      while (source.exchanges() < 4) {
        assertThat(System.nanoTime()).isLessThan(limit);
        assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("A");
      }
      never.countDown();
    }
  }

  @Nested
  @DisplayName("G16 no secret appears in any log line, exception, toString, event or report")
  class G16 {
    private final EngineFixture f = new EngineFixture();
    private final StringWriter said = new StringWriter();
    private final PrintWriter out = new PrintWriter(said);

    private void say(@Nullable Object what) {
      if (what instanceof Throwable thrown) {
        thrown.printStackTrace(out);
      } else {
        out.println(what);
      }
    }

    /** All that may be seen of an engine whose source behaves so. */
    private void lookAtEverything(ScriptedSource.Answer answer) {
      f.source.does(answer);
      Logs.ofAnyThread(
          event -> {
            say(event.getFormattedMessage());
            assertThat(event.getThrowableProxy()).isNull();
          },
          () -> {
            for (int i = 0; i < 3; i++) {
              f.time.advance(Duration.ofMinutes(40));
              CompletableFuture<?> one =
                  f.ask()
                      .whenComplete(
                          (given, thrown) -> {
                            say(thrown);
                            say(given);
                          });
              CompletableFuture<?> other =
                  f.askAtLeast(ofHours(30)).whenComplete((given, thrown) -> say(thrown));
              f.time.settle();
              say(one.isDone() + " " + other.isDone());
              say(f.engine().status());
              say(f.engine().keyId());
              say(f.engine());
            }
          });
      f.events.forEach(this::say);
      f.events.clear();
      assertThat(said.toString()).as("what is looked through").contains("\nscripted: ");
    }

    @Test
    void whateverTheSourceDoes() {
      f.settled();
      lookAtEverything(
          context -> ScriptedSource.credentials("ASIALONGKEYID", context.now().plus(ofHours(1))));
      lookAtEverything(
          context -> {
            throw new IllegalArgumentException(
                ScriptedSource.TOKEN, new IOException(ScriptedSource.SECRET));
          });
      lookAtEverything(
          context -> {
            throw new LinkageError("class", new IllegalStateException(ScriptedSource.TOKEN));
          });
      lookAtEverything(
          context -> {
            f.time.advance(ofSeconds(10));
            throw new IllegalStateException(ScriptedSource.TOKEN);
          });
      lookAtEverything(
          context -> ScriptedSource.credentials("ASIALONGKEYID", context.now().minusSeconds(1)));
      lookAtEverything(
          context -> {
            throw ExchangeException.builder(FailureKind.REJECTED, "HTTP 403").build();
          });
      assertThatThrownBy(() -> f.askFor(ofHours(1)))
          .satisfies(thrown -> say(thrown))
          .isInstanceOf(CredentialsUnavailableException.class);
      say(ScriptedSource.credentials("ASIALONGKEYID", f.time.now()));
      say(ScriptedSource.held(ScriptedSource.credentials("ASIALONGKEYID", f.time.now()), 0, 0));
      say(
          State.empty(0, 0, 0)
              .answered(
                  ScriptedSource.held(
                      ScriptedSource.credentials("ASIALONGKEYID", f.time.now()), 0, 0),
                  true,
                  new Due(0, 0),
                  0,
                  0));

      assertThat(said.toString())
          .contains("HTTP 403", "****EYID", "IllegalArgumentException", "IOException")
          .doesNotContain("DO-NOT-PRINT");
      // The SDK's own object shows the key id, and is given to callers only.
      assertThat(said.toString().lines().filter(line -> !line.startsWith("AwsSessionCredentials")))
          .noneMatch(line -> line.contains("ASIALONGKEYID"));
    }

    @Test
    void norInTheReportOfAProvider() {
      RefreshingCredentialsProvider provider =
          new OneSource(source.answers("ASIALONGKEYID", ofHours(1)));
      provider.awaitReady(ofSeconds(LIMIT_SECONDS));
      String report = provider.explain() + " " + provider + " " + provider.status();

      assertThat(report).contains("****EYID").doesNotContain("DO-NOT-PRINT", "ASIALONGKEYID");
    }
  }

  @Nested
  @DisplayName("G17 a hanging source delays no other engine's refresh")
  class G17 {
    @Test
    void othersGetTheirsWhileTwentyHang() {
      CountDownLatch hang = new CountDownLatch(1);
      AtomicInteger hanging = new AtomicInteger();
      List<RefreshingCredentialsProvider> stuck = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        stuck.add(
            new OneSource(
                new ScriptedSource()
                    .does(
                        context -> {
                          hanging.incrementAndGet();
                          await(hang);
                          throw ScriptedSource.failure(FailureKind.TRANSIENT, "down");
                        })));
      }

      RefreshingCredentialsProvider other = readyProvider();

      assertThat(other.resolveCredentials().accessKeyId()).isEqualTo("A");
      assertThat(hanging.get()).isPositive();
      assertThat(stuck).noneMatch(provider -> provider.status().usable());
      hang.countDown();
    }

    @Test
    void thePoolShrinksToNothingWhenAllIsDone() throws InterruptedException {
      Time time = SystemTimes.withIdleThreadsFor(Duration.ofMillis(50));
      CountDownLatch hang = new CountDownLatch(1);
      ConcurrentLinkedQueue<Thread> threads = new ConcurrentLinkedQueue<>();
      CountDownLatch running = new CountDownLatch(20);
      for (int i = 0; i < 20; i++) {
        time.execute(
            () -> {
              threads.add(Thread.currentThread());
              running.countDown();
              await(hang);
            });
      }
      await(running);
      hang.countDown();

      assertThat(threads).hasSize(20);
      for (Thread thread : threads) {
        join(thread);
      }
    }
  }
}
