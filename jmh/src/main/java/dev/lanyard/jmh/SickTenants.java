package dev.lanyard.jmh;

import dev.lanyard.CredentialsEventListener;
import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.RefreshPolicy;
import dev.lanyard.jmh.Findings.Table;
import dev.lanyard.jmh.Findings.Target;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.SessionCredentials;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What do tenants whose source hangs, or whose listener blocks, cost another tenant of the same
 * process?
 *
 * <p>The SDK's providers share no threads between them, and so have nothing to compare: each makes
 * its own caller wait.
 */
final class SickTenants {
  private static final long EXCHANGE = TimeUnit.MILLISECONDS.toNanos(1);
  private static final Duration BUDGET = Duration.ofSeconds(2);
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  /** So soon tasks that hang have a thread each, however few there were: docs/adr/0024. */
  private static final Duration THREADS_FOR_ALL = Duration.ofSeconds(1);

  private static final Duration WITHOUT_TROUBLE = Duration.ofMillis(250);

  /** Healthy engines that are built one after the other while the others are sick. */
  private final int probes;

  /** Of the sick ones, what a caller who does not block waits for until it is refused. */
  private final int refused;

  private final boolean quick;

  SickTenants(boolean quick) {
    this.quick = quick;
    probes = quick ? 3 : 20;
    refused = quick ? 3 : 20;
  }

  /** How a tenant is sick. */
  private enum Sickness {
    HANGS("whose source hangs until it is interrupted"),
    IS_DEAF("whose source hangs and takes no notice of interrupts"),
    LISTENER_BLOCKS("whose listener blocks at each event");

    private final String words;

    Sickness(String words) {
      this.words = words;
    }
  }

  /** What was seen beside a number of sick tenants, in milliseconds. */
  private record Seen(double atFirst, double later, double refusal) {}

  Findings run() throws InterruptedException {
    // Loads the classes and starts the threads.
    beside(0, Sickness.HANGS);
    List<List<String>> rows = new ArrayList<>();
    Seen alone = beside(0, Sickness.HANGS);
    rows.add(row("none", alone));
    double atFirst = 0;
    double later = 0;
    double refusal = 0;
    for (int many : quick ? new int[] {20} : new int[] {50, 200}) {
      for (Sickness sickness : Sickness.values()) {
        Seen seen = beside(many, sickness);
        rows.add(row(many + " " + sickness.words, seen));
        atFirst = Math.max(atFirst, seen.atFirst());
        later = Math.max(later, seen.later());
        refusal = Math.max(refusal, seen.refusal());
      }
    }
    if (!quick) {
      rows.add(row("1000 " + Sickness.HANGS.words, beside(1_000, Sickness.HANGS)));
    }
    return new Findings(
        "SickTenants",
        "What do tenants that are sick cost another tenant of the same process?",
        Map.of(
            "an exchange takes",
            "1 ms where it does not hang, in this process",
            "time budget of an exchange",
            BUDGET.toSeconds() + " s",
            "a sick tenant's caller waits",
            PATIENCE.toSeconds() + " s at most",
            "healthy tenants",
            probes + ", built one after the other"),
        List.of(
            new Table(
                "One process, beside so many sick tenants (milliseconds, the worst of all)",
                List.of(
                    "",
                    "a healthy tenant's first credentials, while all first exchanges hang",
                    "the same, once they have outrun their budget",
                    "a sick tenant's refusal, without blocking"),
                rows)),
        List.of(
            new Target(
                "while up to 200 first exchanges hang, a healthy tenant is answered within "
                    + THREADS_FOR_ALL.toMillis()
                    + " ms",
                atFirst <= THREADS_FOR_ALL.toMillis(),
                ms(atFirst) + " ms"),
            new Target(
                "once they have outrun their budget, within " + WITHOUT_TROUBLE.toMillis() + " ms",
                later <= WITHOUT_TROUBLE.toMillis(),
                ms(later) + " ms"),
            new Target(
                "a refusal is at most " + WITHOUT_TROUBLE.toMillis() + " ms late",
                refusal <= PATIENCE.plus(WITHOUT_TROUBLE).toMillis(),
                ms(refusal - PATIENCE.toMillis()) + " ms")),
        List.of(),
        List.of(
            "256 exchanges run at a time, and 16 more of sources that outran their time budget the"
                + " last time. Where more than 256 hang in their first exchange, others wait until"
                + " those before them have outrun their budget: the row of 1000 shows it.",
            "Threads are added when tasks have waited for a tenth of a second, so that 10,000"
                + " engines whose exchanges are prompt need no more than a few. Those who come"
                + " while many hang in their first exchange wait for that.",
            "A tenant whose listener blocks is not sick itself: its callers are answered, and no"
                + " refusal is measured."));
  }

  private Seen beside(int many, Sickness sickness) throws InterruptedException {
    CountDownLatch over = new CountDownLatch(1);
    try {
      List<InProcess> sick = new ArrayList<>();
      for (int i = 0; i < many; i++) {
        sick.add(sick(sickness, over));
      }
      List<CompletableFuture<Double>> refusals = new ArrayList<>();
      if (sickness != Sickness.LISTENER_BLOCKS) {
        for (InProcess each : sick.subList(0, Math.min(refused, many))) {
          refusals.add(refusal(each));
        }
      }
      double atFirst = healthy();
      TimeUnit.NANOSECONDS.sleep(PATIENCE.plusSeconds(1).toNanos());
      double later = healthy();
      double refusal = refusals.stream().mapToDouble(CompletableFuture::join).max().orElse(0);
      return new Seen(atFirst, later, refusal);
    } finally {
      over.countDown();
      dev.lanyard.Lanyard.shutdown();
    }
  }

  private double healthy() {
    double worst = 0;
    for (int i = 0; i < probes; i++) {
      long begin = System.nanoTime();
      provider(SickTenants::exchange, options(Duration.ofMinutes(1))).resolveCredentials();
      worst = Math.max(worst, (System.nanoTime() - begin) / 1e6);
    }
    return worst;
  }

  private static CompletableFuture<Double> refusal(InProcess provider) {
    long begin = System.nanoTime();
    return provider
        .resolveIdentity()
        .handle(
            (identity, thrown) -> {
              Throwable cause = thrown instanceof CompletionException e ? e.getCause() : thrown;
              if (!(cause instanceof CredentialsUnavailableException)) {
                throw new IllegalStateException("a source that hangs gave credentials", cause);
              }
              return (System.nanoTime() - begin) / 1e6;
            });
  }

  private static InProcess sick(Sickness sickness, CountDownLatch over) {
    return switch (sickness) {
      case HANGS -> provider(context -> hang(context, over), options(PATIENCE));
      case IS_DEAF ->
          provider(
              context -> {
                awaitWhateverHappens(over);
                return exchange(context);
              },
              options(PATIENCE));
      case LISTENER_BLOCKS ->
          provider(
              SickTenants::exchange,
              options(PATIENCE)
                  .listener(CredentialsEventListener.of(event -> awaitWhateverHappens(over))));
    };
  }

  private static InProcess provider(
      dev.lanyard.spi.CredentialsExchange exchange, InProcess.Options options) {
    return new InProcess(exchange, options);
  }

  private static InProcess.Options options(Duration maxWait) {
    return new InProcess.Options()
        .environment(Environment.of(Map.of()))
        .refreshPolicy(RefreshPolicy.defaults().withExchangeTimeout(BUDGET).withMaxWait(maxWait));
  }

  private static SessionCredentials hang(ExchangeContext context, CountDownLatch over)
      throws InterruptedException {
    over.await();
    return exchange(context);
  }

  private static void awaitWhateverHappens(CountDownLatch over) {
    while (over.getCount() > 0) {
      try {
        over.await();
      } catch (InterruptedException e) {
        // Deaf on purpose.
      }
    }
  }

  private static SessionCredentials exchange(ExchangeContext context) {
    LockSupport.parkNanos(EXCHANGE);
    return SessionCredentials.builder()
        .accessKeyId("ASIABENCHMARK0000000")
        .secretAccessKey("secret")
        .sessionToken("token")
        .expiration(context.now().plus(Duration.ofHours(1)))
        .build();
  }

  private static List<String> row(String name, Seen seen) {
    return List.of(
        name, ms(seen.atFirst()), ms(seen.later()), seen.refusal() == 0 ? "-" : ms(seen.refusal()));
  }

  private static String ms(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
