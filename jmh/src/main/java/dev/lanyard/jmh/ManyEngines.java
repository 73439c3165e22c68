package dev.lanyard.jmh;

import dev.lanyard.CredentialsStatus;
import dev.lanyard.jmh.Findings.Table;
import dev.lanyard.jmh.Findings.Target;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.SessionCredentials;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;

/** What do many engines in one process cost, each with credentials of its own? */
final class ManyEngines {
  private static final long EXCHANGE = TimeUnit.MILLISECONDS.toNanos(1);
  private static final int CALLS = 200_000;

  private final int engines;
  private final Duration sustained;
  private final Duration brief;
  private final LongAdder exchanges = new LongAdder();

  /** Keeps the compiler from leaving out what is measured. */
  private final LongAdder sink = new LongAdder();

  ManyEngines(boolean quick) {
    engines = quick ? 1_000 : 10_000;
    sustained = Duration.ofSeconds(quick ? 4 : 20);
    brief = Duration.ofSeconds(quick ? 4 : 20);
  }

  Findings run() throws InterruptedException {
    Threads threads = new Threads();
    Provider one = new Provider(Duration.ofHours(6));
    one.provider.awaitReady(Duration.ofSeconds(10));
    for (int i = 0; i < 50; i++) {
      sample(one);
    }
    double alone = hotPath(one, Duration.ofSeconds(3));

    long credentialBytes = credentials();

    long before = heap();
    long begin = System.nanoTime();
    long counted = exchanges.sum();
    List<Provider> many = build(Duration.ofHours(1));
    awaitAll(many);
    double burst = (exchanges.sum() - counted) / seconds(begin);
    long perEngine = (heap() - before) / engines;
    long beyond = perEngine - credentialBytes;
    double beside = hotPath(one, Duration.ofSeconds(3));
    many.clear();

    List<Provider> busy = build(brief);
    awaitAll(busy);
    // One lifetime, so that what was obtained together is refreshed spread out.
    TimeUnit.NANOSECONDS.sleep(brief.toNanos());
    counted = exchanges.sum();
    begin = System.nanoTime();
    long cpu = cpu();
    double refreshing = hotPath(one, sustained);
    double perSecond = (exchanges.sum() - counted) / seconds(begin);
    double cores = (cpu() - cpu) / 1e9 / seconds(begin);
    long expired =
        busy.stream()
            .filter(p -> p.provider.status().health() == CredentialsStatus.Health.UNAVAILABLE)
            .count();
    int most = threads.stop();

    return new Findings(
        "ManyEngines",
        "What do many engines in one process cost, each with credentials of its own?",
        Map.of(
            "engines",
            String.valueOf(engines),
            "an exchange takes",
            "1 ms, in this process",
            "credentials",
            "1 h for the heap; " + brief.toSeconds() + " s for the sustained load"),
        List.of(
            new Table(
                "One process, " + engines + " engines",
                List.of("", "measured"),
                List.of(
                    List.of("Lanyard's threads at most", String.valueOf(most)),
                    List.of("first exchanges/s, all engines built at once", one(burst)),
                    List.of("exchanges/s sustained", one(perSecond)),
                    List.of(
                        "cores in use meanwhile, the measuring caller's own included", two(cores)),
                    List.of("engines without valid credentials at the end", "" + expired),
                    List.of("retained heap for each engine, bytes", "" + perEngine),
                    List.of("of that its credentials, bytes", "" + credentialBytes),
                    List.of("beyond its credentials, bytes", "" + beyond),
                    List.of("hot path, one engine alone, ns", one(alone)),
                    List.of("hot path beside all engines, idle, ns", one(beside)),
                    List.of("hot path beside all engines, refreshing, ns", one(refreshing))))),
        List.of(
            new Target("no more than 8 threads", most > 0 && most <= 8, most + " threads"),
            new Target("under 4 KiB for each engine", beyond < 4096, beyond + " bytes"),
            new Target(
                "hot path unaffected: within 15 % of one engine alone",
                Math.max(beside, refreshing) <= 1.15 * alone,
                two(Math.max(beside, refreshing) / alone) + " x")),
        List.of(),
        List.of(
            "Heap is what System.gc() leaves, before and after. Each engine's credentials are three"
                + " strings of its own, with a session token of 1,000 characters.",
            "The hot path is a loop of " + CALLS + " calls, timed again and again; its median."));
  }

  /** A provider and the token that keeps its credentials distinct. */
  private final class Provider {
    final InProcess provider;

    Provider(Duration lifetime) {
      provider =
          new InProcess(
              context -> exchange(context, lifetime),
              new InProcess.Options().environment(Environment.of(Map.of())));
    }
  }

  private SessionCredentials exchange(ExchangeContext context, Duration lifetime) {
    LockSupport.parkNanos(EXCHANGE);
    exchanges.increment();
    return SessionCredentials.builder()
        .accessKeyId(text(20))
        .secretAccessKey(text(40))
        .sessionToken(text(1000))
        .expiration(context.now().plus(lifetime))
        .build();
  }

  private static String text(int length) {
    char[] chars = new char[length];
    Arrays.fill(chars, 'A');
    return new String(chars);
  }

  private List<Provider> build(Duration lifetime) {
    List<Provider> providers = new ArrayList<>(engines);
    for (int i = 0; i < engines; i++) {
      providers.add(new Provider(lifetime));
    }
    return providers;
  }

  private static void awaitAll(List<Provider> providers) {
    providers.forEach(each -> each.provider.awaitReady(Duration.ofMinutes(1)));
  }

  /** The bytes of one engine's credentials, as the SDK represents them. */
  private long credentials() {
    long before = heap();
    List<AwsCredentials> held = new ArrayList<>(engines);
    for (int i = 0; i < engines; i++) {
      held.add(
          AwsSessionCredentials.builder()
              .accessKeyId(text(20))
              .secretAccessKey(text(40))
              .sessionToken(text(1000))
              .providerName("Lanyard")
              .expirationTime(Instant.ofEpochMilli(System.currentTimeMillis() + i))
              .build());
    }
    long bytes = (heap() - before) / engines;
    sink.add(held.size());
    return bytes;
  }

  private static long heap() {
    for (int i = 0; i < 4; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private double hotPath(Provider provider, Duration length) {
    long begin = System.nanoTime();
    List<Double> samples = new ArrayList<>();
    while (System.nanoTime() - begin < length.toNanos()) {
      samples.add(sample(provider));
      // Not all of a core: the engines are to have some.
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    samples.sort(Double::compare);
    return samples.get(samples.size() / 2);
  }

  private double sample(Provider provider) {
    long begin = System.nanoTime();
    long sum = 0;
    for (int i = 0; i < CALLS; i++) {
      sum += System.identityHashCode(provider.provider.resolveCredentials());
    }
    sink.add(sum);
    return (System.nanoTime() - begin) / (double) CALLS;
  }

  private static long cpu() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static double seconds(long begin) {
    return (System.nanoTime() - begin) / 1e9;
  }

  private static String one(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  private static String two(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  /** Counts Lanyard's threads, again and again. */
  private static final class Threads {
    private final AtomicInteger most = new AtomicInteger();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final Thread watcher = new Thread(this::watch, "watcher");

    /** Lanyard's threads are in none of their callers' groups. */
    private final ThreadGroup root;

    Threads() {
      ThreadGroup group = watcher.getThreadGroup();
      while (group.getParent() != null) {
        group = group.getParent();
      }
      root = group;
      watcher.setDaemon(true);
      watcher.start();
    }

    private void watch() {
      while (!stopped.get()) {
        Thread[] all = new Thread[root.activeCount() + 64];
        int count = root.enumerate(all);
        int lanyards = 0;
        for (int i = 0; i < count; i++) {
          lanyards += all[i].getName().startsWith("lanyard-refresh") ? 1 : 0;
        }
        most.accumulateAndGet(lanyards, Math::max);
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
      }
    }

    int stop() throws InterruptedException {
      stopped.set(true);
      watcher.join();
      return most.get();
    }
  }
}
