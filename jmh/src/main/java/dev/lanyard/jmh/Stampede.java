package dev.lanyard.jmh;

import dev.lanyard.jmh.Findings.Table;
import dev.lanyard.jmh.Findings.Target;
import dev.lanyard.jmh.Loopback.Windows;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;

/** What do many callers cost the source of an empty provider, and how long does the last wait? */
final class Stampede {
  private static final int CALLERS = 50;
  private static final List<String> CONTENDERS =
      List.of(
          Loopback.IRSA,
          Loopback.POD_IDENTITY,
          Loopback.WEB_IDENTITY,
          Loopback.STS_SYNC,
          Loopback.STS_BACKGROUND,
          Loopback.CONTAINER,
          Loopback.DEFAULT);

  private final Duration slow;
  private final Duration refusing;

  Stampede(boolean quick) {
    slow = Duration.ofMillis(quick ? 600 : 6000);
    refusing = Duration.ofMillis(quick ? 20 : 200);
  }

  private record Seen(int exchanges, int failed, double longestMillis, double beyondAnswerMillis) {}

  Findings run() throws Exception {
    List<Table> tables = new ArrayList<>();
    List<Target> targets = new ArrayList<>();
    try (Loopback trusting = Loopback.trusting();
        Loopback refused = Loopback.refusing()) {
      // Loads the classes: a process that gets 50 callers at once is not at its very beginning.
      for (String contender : CONTENDERS) {
        stampede(trusting, contender, Duration.ofMillis(1));
        stampede(refused, contender, Duration.ofMillis(1));
      }
      measure("the source answers after " + seconds(slow), trusting, slow, tables, targets);
      measure("the source refuses after " + seconds(refusing), refused, refusing, tables, targets);
    }
    return new Findings(
        "Stampede",
        "What do many callers cost the source of an empty provider, and how long does the last"
            + " wait?",
        Map.of("callers", CALLERS + " threads at once"),
        tables,
        targets,
        List.of(),
        List.of(
            "Exchanges are the requests that reached the source, retries included. The wait beyond"
                + " the answer counts from when the source had sent its first answer."));
  }

  private void measure(
      String what, Loopback loopback, Duration latency, List<Table> tables, List<Target> targets)
      throws Exception {
    List<List<String>> rows = new ArrayList<>();
    int exchanges = 0;
    double beyond = 0;
    for (String contender : CONTENDERS) {
      Seen seen = stampede(loopback, contender, latency);
      rows.add(
          List.of(
              contender,
              String.valueOf(seen.exchanges()),
              String.valueOf(seen.failed()),
              ms(seen.longestMillis()),
              ms(seen.beyondAnswerMillis())));
      if (contender.startsWith("Lanyard")) {
        exchanges = Math.max(exchanges, seen.exchanges());
        beyond = Math.max(beyond, seen.beyondAnswerMillis());
      }
    }
    tables.add(
        new Table(
            CALLERS + " callers, " + what,
            List.of("", "exchanges", "callers failed", "longest wait ms", "beyond the answer ms"),
            rows));
    targets.add(
        new Target(
            "Lanyard, " + what + ": one exchange", exchanges == 1, String.valueOf(exchanges)));
    targets.add(
        new Target(
            "Lanyard, " + what + ": every caller within 100 ms of the answer",
            beyond <= 100,
            ms(beyond) + " ms"));
  }

  private static Seen stampede(Loopback loopback, String contender, Duration latency)
      throws IOException, InterruptedException {
    boolean agent = contender.equals(Loopback.POD_IDENTITY) || contender.equals(Loopback.CONTAINER);
    URI upstream = agent ? loopback.agent() : loopback.sts();
    loopback.eks().agent().forget();
    try (Front front = new Front(upstream, latency, () -> {})) {
      CountDownLatch ready = new CountDownLatch(CALLERS);
      CountDownLatch go = new CountDownLatch(1);
      long[] ends = new long[CALLERS];
      boolean[] failed = new boolean[CALLERS];
      // Callers of SDK Default are refused by web identity first, then look further: at the agent.
      AwsCredentialsProvider provider =
          loopback.provider(
              contender,
              front.uri(),
              agent ? front.uri().resolve(loopback.agent().getPath()) : loopback.agent(),
              Windows.SDK_DEFAULT);
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        int caller = i;
        Thread thread =
            new Thread(
                () -> {
                  ready.countDown();
                  try {
                    go.await();
                    provider.resolveCredentials();
                  } catch (InterruptedException | RuntimeException e) {
                    failed[caller] = true;
                  }
                  ends[caller] = System.nanoTime();
                });
        thread.start();
        threads.add(thread);
      }
      ready.await();
      long begin = System.nanoTime();
      go.countDown();
      long last = begin;
      int failures = 0;
      for (int i = 0; i < CALLERS; i++) {
        threads.get(i).join();
        last = Math.max(last, ends[i]);
        failures += failed[i] ? 1 : 0;
      }
      // What comes right after the last caller would be a second exchange too.
      TimeUnit.MILLISECONDS.sleep(300);
      Loopback.close(provider);
      // A provider that gave up before the answer waits for none.
      double beyond =
          front.answers().isEmpty() ? 0 : Math.max(0, (last - front.answers().get(0)) / 1e6);
      return new Seen(front.requests(), failures, (last - begin) / 1e6, beyond);
    }
  }

  private static String seconds(Duration duration) {
    return duration.toMillis() / 1000.0 + " s";
  }

  private static String ms(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
