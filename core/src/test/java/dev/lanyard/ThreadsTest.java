package dev.lanyard;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.runtime.Environment;
import dev.lanyard.runtime.SystemTimes;
import dev.lanyard.runtime.Time;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.lang.reflect.Proxy;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.security.Permissions;
import java.security.ProtectionDomain;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * G12, G13 and G17: what hangs delays nobody else, and what ends leaves nothing behind. On real
 * threads where it says nothing else; the limits only bound how long a broken build takes to fail.
 */
class ThreadsTest {
  private static final Duration LIMIT = ofSeconds(60);

  private final Time time = SystemTimes.withIdleThreadsFor(ofSeconds(5));
  private final CountDownLatch hang = new CountDownLatch(1);

  @AfterEach
  void letGo() {
    hang.countDown();
    time.endThreads();
  }

  private static final class OneSource extends RefreshingCredentialsProvider {
    OneSource(ScriptedSource source, EksCredentialsProvider.Builder options) {
      super(source, options.environment(Environment.of(Map.of())));
    }
  }

  private EksCredentialsProvider.Builder options() {
    return EksCredentialsProvider.builder().time(time);
  }

  private void hangUp() {
    try {
      hang.await();
    } catch (InterruptedException e) {
      // Deaf: as a socket read, or a mount.
      Thread.interrupted();
      hangUp();
    }
  }

  private void assertThatAnotherIsServed() {
    RefreshingCredentialsProvider other = new OneSource(new ScriptedSource(), options());
    other.awaitReady(LIMIT);
    assertThat(other.resolveCredentials().accessKeyId()).isEqualTo("A");
  }

  private void assertThatTheTimersGoOn() throws InterruptedException {
    CountDownLatch fired = new CountDownLatch(1);
    Future<?> unused = time.after(Duration.ZERO, fired::countDown);
    assertThat(fired.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).as("the timers go on").isTrue();
  }

  // ---- G17

  @Test
  void twoHundredSourcesThatAreDeafToInterruptsDelayNoOther() {
    List<RefreshingCredentialsProvider> stuck = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      stuck.add(
          new OneSource(
              new ScriptedSource()
                  .does(
                      context -> {
                        hangUp();
                        throw ScriptedSource.failure(FailureKind.TRANSIENT, "down");
                      }),
              options()));
    }

    assertThatAnotherIsServed();
    assertThat(stuck).noneMatch(provider -> provider.status().usable());
  }

  @Test
  void listenersThatHangDelayNoExchange() {
    List<RefreshingCredentialsProvider> heard = new ArrayList<>();
    for (int i = 0; i < 70; i++) {
      heard.add(
          new OneSource(
              new ScriptedSource(),
              options().listener(CredentialsEventListener.of(event -> hangUp()))));
    }
    heard.forEach(provider -> provider.awaitReady(LIMIT));

    assertThatAnotherIsServed();
  }

  @Test
  void whatHangsOnACallersFutureDelaysNoExchangeAndNoOtherCaller() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    RefreshingCredentialsProvider slow =
        new OneSource(
            new ScriptedSource()
                .does(
                    context -> {
                      asked.await();
                      return ScriptedSource.credentials("A", context.now().plus(ofHours(1)));
                    }),
            options());
    for (int i = 0; i < 70; i++) {
      var unused = slow.resolveIdentity().thenRun(this::hangUp);
    }
    CompletableFuture<AwsCredentialsIdentity> other = slow.resolveIdentity();
    asked.countDown();

    assertThat(other.get(LIMIT.toSeconds(), TimeUnit.SECONDS).accessKeyId()).isEqualTo("A");
    assertThatAnotherIsServed();
  }

  @Test
  void aFileSystemThatHangsDelaysNeitherTimersNorCallers() throws Exception {
    AtomicInteger looks = new AtomicInteger();
    CountDownLatch looking = new CountDownLatch(1);
    ScriptedSource source =
        new ScriptedSource()
            .namesItsTokenFileBy(
                () -> {
                  if (looks.incrementAndGet() > 1) {
                    looking.countDown();
                    hangUp();
                  }
                  return Optional.of(Path.of("token"));
                });
    source.fails(FailureKind.REJECTED, "not authorized");
    RefreshingCredentialsProvider provider = new OneSource(source, options());
    assertThat(looking.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();

    assertThatTheTimersGoOn();
    assertThatAnotherIsServed();
    assertThatThrownBy(provider::resolveCredentials).hasMessageContaining("Not authorized");
  }

  @Test
  void anAbortThatHangsHoldsUpNoTimerAndNoCaller() throws Exception {
    CountDownLatch aborting = new CountDownLatch(1);
    RefreshingCredentialsProvider provider =
        new OneSource(
            new ScriptedSource()
                .does(
                    context -> {
                      context.onTimeout(
                          () -> {
                            aborting.countDown();
                            hangUp();
                          });
                      hangUp();
                      throw ScriptedSource.failure(FailureKind.TRANSIENT, "down");
                    }),
            options()
                .refreshPolicy(
                    RefreshPolicy.defaults()
                        .withExchangeTimeout(ofMillis(20))
                        .withMaxWait(ofMillis(100))));
    assertThat(aborting.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThatTheTimersGoOn();

    assertThatThrownBy(provider::resolveCredentials).hasMessageContaining("Waited");
    assertThatAnotherIsServed();
  }

  @Test
  void oneThatOutranItsTimeBudgetHasALaneOfItsOwnUntilItIsPrompt() {
    EngineFixture f = new EngineFixture();
    f.source.does(f.hanging());
    f.built();
    f.time.advance(ofSeconds(20));
    assertThat(f.time.lanes().stream().filter(lane -> lane == Time.Lane.EXCHANGE)).hasSize(1);
    assertThat(f.time.lanes()).contains(Time.Lane.LATE_EXCHANGE, Time.Lane.ABORT);
    f.source.answers("A", ofHours(1));
    f.time.advance(ofSeconds(20));
    assertThat(f.keyIdNow()).contains("A");
    int late = count(f, Time.Lane.LATE_EXCHANGE);

    f.time.advance(ofHours(5));

    assertThat(count(f, Time.Lane.LATE_EXCHANGE)).isEqualTo(late);
  }

  @Test
  void looksAtTheTokenFileHaveALaneOfTheirOwn(@TempDir Path directory) throws Exception {
    EngineFixture f = new EngineFixture();
    Path file = Files.writeString(directory.resolve("token"), "old");
    AtomicInteger named = new AtomicInteger();
    f.source
        .namesItsTokenFileBy(
            () -> {
              named.incrementAndGet();
              return Optional.of(file);
            })
        .fails(FailureKind.REJECTED, "no");
    f.settled();
    assertThat(count(f, Time.Lane.FILE)).isZero();

    f.time.advance(ofSeconds(3));

    assertThat(count(f, Time.Lane.FILE)).isBetween(2, 3);
    assertThat(named).as("nor is a source asked for it").hasValue(1 + count(f, Time.Lane.FILE));
    assertThat(f.exchanges()).isEqualTo(1);
  }

  @Test
  void oneLookAtTheTokenFileThatHangsIsEnough(@TempDir Path directory) throws Exception {
    EngineFixture f = new EngineFixture();
    f.draw = 0.999;
    f.source
        .readsTokenFrom(Files.writeString(directory.resolve("token"), "old"))
        .fails(FailureKind.REJECTED, "no");
    f.settled();
    f.time.holdsWork(true);
    f.time.advance(ofSeconds(10));
    assertThat(count(f, Time.Lane.FILE)).isEqualTo(1);

    f.time.holdsWork(false);
    f.time.advance(ofSeconds(2));
    assertThat(count(f, Time.Lane.FILE)).as("once it has ended").isGreaterThan(1);
  }

  @Test
  void theLogTheListenerAndWhatHangsOnACallersFutureHaveALaneOfTheirOwn() {
    EngineFixture f = new EngineFixture();
    f.built();
    List<String> seen = new ArrayList<>();
    var unused = f.ask().thenRun(() -> seen.add("continued"));
    int before = f.time.lanes().size();
    f.time.settle();

    assertThat(seen).containsExactly("continued");
    assertThat(f.events).hasSize(1);
    assertThat(f.time.lanes().subList(before, f.time.lanes().size()))
        .containsExactly(Time.Lane.CALLBACK, Time.Lane.CALLBACK, Time.Lane.CALLBACK);
  }

  private static int count(EngineFixture f, Time.Lane lane) {
    return (int) f.time.lanes().stream().filter(lane::equals).count();
  }

  // ---- G12

  /** Every thread of the library is stuck: no timer fires and no task runs. */
  private static final class StuckTime implements Time {
    @Override
    public long millis() {
      return System.currentTimeMillis();
    }

    @Override
    public long nanos() {
      return System.nanoTime();
    }

    @Override
    public Future<?> after(Duration delay, Runnable task) {
      return new CompletableFuture<>();
    }

    @Override
    public void execute(Runnable task) {}
  }

  @Test
  void aBlockingCallerKeepsItsLimitEvenIfEveryThreadIsStuck() {
    RefreshingCredentialsProvider provider =
        new OneSource(
            new ScriptedSource(),
            EksCredentialsProvider.builder()
                .time(new StuckTime())
                .refreshPolicy(RefreshPolicy.defaults().withMaxWait(ofMillis(20))));

    assertThatThrownBy(provider::resolveCredentials)
        .isInstanceOf(CredentialsUnavailableException.class)
        .hasMessageContaining("Waited");
  }

  // ---- G13

  /** On the stack of whoever first causes a thread. */
  public static final class Causer implements Runnable {
    private final Time time;
    private final CountDownLatch ran;

    public Causer(Time time, CountDownLatch ran) {
      this.time = time;
      this.ran = ran;
    }

    @Override
    public void run() {
      for (Time.Lane lane : Time.Lane.values()) {
        time.execute(lane, ran::countDown);
      }
      Future<?> unused = time.after(Duration.ZERO, ran::countDown);
    }
  }

  /** Of a web application, say. */
  private static final class AppLoader extends ClassLoader {
    AppLoader() {
      super(ThreadsTest.class.getClassLoader());
    }

    Class<?> define(Class<?> template) throws IOException {
      String file = template.getName().replace('.', '/') + ".class";
      try (InputStream in = template.getClassLoader().getResourceAsStream(file)) {
        byte[] bytes = in.readAllBytes();
        CodeSource source = new CodeSource(null, (Certificate[]) null);
        return defineClass(
            template.getName(),
            bytes,
            0,
            bytes.length,
            new ProtectionDomain(source, new Permissions(), this, null));
      }
    }
  }

  @Test
  void threadsKeepNobodysClassLoader() throws Exception {
    Time lasting = SystemTimes.withIdleThreadsFor(ofHours(1));
    try {
      Collection.await(causedByAnApplication(lasting));
    } finally {
      lasting.endThreads();
    }
  }

  private static final InheritableThreadLocal<Object> INHERITED = new InheritableThreadLocal<>();

  private static WeakReference<ClassLoader> causedByAnApplication(Time time) throws Exception {
    CountDownLatch ran = new CountDownLatch(Time.Lane.values().length + 1);
    AppLoader loader = new AppLoader();
    Runnable causer =
        (Runnable)
            loader
                .define(Causer.class)
                .getConstructor(Time.class, CountDownLatch.class)
                .newInstance(time, ran);
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(loader);
    INHERITED.set(causer);
    try {
      causer.run();
    } finally {
      INHERITED.remove();
      thread.setContextClassLoader(before);
    }
    assertThat(ran.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    return new WeakReference<>(loader);
  }

  @Test
  void whatATaskThrowsReachesNobodyAndEndsNothing() throws Exception {
    AtomicReference<Throwable> uncaught = new AtomicReference<>();
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> uncaught.set(thrown));
    try {
      for (Time.Lane lane : Time.Lane.values()) {
        time.execute(
            lane,
            () -> {
              NoClassDefFoundError closed =
                  new NoClassDefFoundError("of a class loader that was closed");
              // As it comes where a thread ends by one, between two tasks, say.
              Thread own = Thread.currentThread();
              own.getUncaughtExceptionHandler().uncaughtException(own, closed);
              throw closed;
            });
        CountDownLatch next = new CountDownLatch(1);
        time.execute(lane, next::countDown);
        assertThat(next.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
      }
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
    assertThat(uncaught.get()).isNull();
  }

  @Test
  void whatWasGivenToThreadsIsDoneThoughTheyAreEnded() throws InterruptedException {
    int tasks = 20;
    CountDownLatch done = new CountDownLatch(Time.Lane.values().length * tasks + 1);
    for (Time.Lane lane : Time.Lane.values()) {
      // As many as there are threads at first.
      for (int i = 0; i < 2; i++) {
        time.execute(lane, this::hangUp);
      }
      for (int i = 0; i < tasks; i++) {
        time.execute(lane, done::countDown);
      }
    }
    Future<?> unused = time.after(ofMillis(300), done::countDown);

    time.endThreads();

    assertThat(done.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  /** An exchange may be that of a provider made meanwhile, and an abort ends one that hangs. */
  @ParameterizedTest
  @EnumSource(Time.Lane.class)
  void ofWhatRunsOnlyCallbacksAreInterruptedWhenThreadsEnd(Time.Lane lane) throws Exception {
    CountDownLatch runs = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    time.execute(
        lane,
        () -> {
          runs.countDown();
          try {
            over.await();
            interrupted.complete(Thread.interrupted());
          } catch (InterruptedException e) {
            interrupted.complete(true);
          }
        });
    assertThat(runs.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();

    time.endThreads();
    if (lane != Time.Lane.CALLBACK) {
      over.countDown();
    }

    assertThat(interrupted).succeedsWithin(LIMIT).isEqualTo(lane == Time.Lane.CALLBACK);
  }

  @Test
  void anExchangeThatWaitsForAThreadIsNotMadeAfterAShutDown() {
    EngineFixture f = new EngineFixture();
    f.time.holdsWork(true);
    f.built();
    f.engine().shutDown();
    f.time.holdsWork(false);

    f.time.settle();

    assertThat(f.exchanges()).isZero();
  }

  @Test
  void afterAShutDownCallersGetWhatIsHeldAndThenAMisconfiguration() {
    EngineFixture f = new EngineFixture();
    f.source.answers("A", ofHours(1));
    f.settled();
    f.engine().shutDown();
    f.engine().shutDown();
    assertThat(f.time.pendingTimers()).isZero();

    f.time.advance(ofHours(1).minusMillis(1));
    assertThat(f.keyIdNow()).contains("A");
    f.time.advance(ofMillis(1));

    assertThat(f.exchanges()).isEqualTo(1);
    assertThat(EngineFixture.failureOf(f.ask()))
        .hasMessageContaining("shut down in this class loader")
        .isInstanceOfSatisfying(
            CredentialsUnavailableException.class,
            thrown -> assertThat(thrown.kind()).isEqualTo(FailureKind.MISCONFIGURED));
    f.engine().invalidate("A");
    f.time.advance(ofMinutes(10));
    assertThat(f.exchanges()).isEqualTo(1);
    assertThat(f.engine().status().nextRefresh()).isEmpty();
  }

  @Test
  void aShutDownEndsTheWaitOfCallersAndTheExchangeInFlight() {
    EngineFixture f = new EngineFixture();
    List<String> seen = new ArrayList<>();
    f.source.does(
        context -> {
          context.onTimeout(() -> seen.add("aborted"));
          CompletableFuture<AwsCredentialsIdentity> caller = f.ask();
          f.engine().shutDown();
          f.time.settle();
          seen.add("caller ended: " + caller.isCompletedExceptionally());
          seen.add("interrupted: " + Thread.interrupted());
          return ScriptedSource.credentials("A", context.now().plus(ofHours(1)));
        });

    f.settled();

    assertThat(seen).containsExactly("aborted", "caller ended: true", "interrupted: true");
    assertThat(f.keyIdNow()).as("an answer that comes too late").isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT-5H", "PT-30M"})
  void aWallClockThatIsSetBackAfterAShutDownRevivesNothing(Duration by) {
    EngineFixture f = new EngineFixture();
    f.source.answers("A", ofHours(1));
    f.settled();
    f.engine().shutDown();
    f.time.advance(ofMinutes(61));
    f.time.jumpWallClock(by);

    assertThat(f.engine().readable()).isNull();
    assertThat(f.keyIdNow()).isEmpty();
  }

  /** A copy of the library of an application's own, as a web container has it. */
  private static final class Redeployed extends URLClassLoader {
    Redeployed(URL... urls) {
      super(urls, ThreadsTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith("dev.lanyard.")) {
        return super.loadClass(name, resolve);
      }
      Class<?> known = findLoadedClass(name);
      return known == null ? findClass(name) : known;
    }
  }

  @Test
  void aShutDownLetsGoOfTheClassLoaderWithAProviderInAStaticField() throws Exception {
    Collection.await(redeployed());
  }

  /** Builds a provider whose listener ends only if it is interrupted. */
  private static void listenForEver(ClassLoader loader, CountDownLatch listening) throws Exception {
    Class<?> type = loader.loadClass("dev.lanyard.CredentialsEventListener");
    Object listener =
        Proxy.newProxyInstance(
            loader,
            new Class<?>[] {type},
            (self, method, arguments) -> {
              listening.countDown();
              new CountDownLatch(1).await();
              return null;
            });
    Object builder =
        loader.loadClass("dev.lanyard.EksCredentialsProvider").getMethod("builder").invoke(null);
    builder.getClass().getMethod("listener", type).invoke(builder, listener);
    builder.getClass().getMethod("build").invoke(builder);
  }

  private static WeakReference<ClassLoader> redeployed() throws Exception {
    URL classes = Lanyard.class.getProtectionDomain().getCodeSource().getLocation();
    Redeployed loader = new Redeployed(classes);
    Class<?> copy = loader.loadClass("dev.lanyard.EksCredentialsProvider");
    assertThat(copy).isNotSameAs(EksCredentialsProvider.class);
    Object provider = copy.getMethod("create").invoke(null);
    assertThat(provider.toString()).isEqualTo("EksCredentialsProvider[none]");
    Object explained = copy.getMethod("explain").invoke(provider);
    assertThat(explained.toString()).contains("from none");
    CountDownLatch listening = new CountDownLatch(1);
    listenForEver(loader, listening);
    assertThat(listening.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();

    loader.loadClass("dev.lanyard.Lanyard").getMethod("shutdown").invoke(null);

    assertThat(copy.getMethod("create").invoke(null)).as("starts anew").isNotNull();
    loader.loadClass("dev.lanyard.Lanyard").getMethod("shutdown").invoke(null);
    loader.close();
    return new WeakReference<>(loader);
  }
}
