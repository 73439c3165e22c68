package dev.lanyard.jmh;

import dev.lanyard.jmh.Findings.Chart;
import dev.lanyard.jmh.Findings.Line;
import dev.lanyard.jmh.Findings.Table;
import dev.lanyard.jmh.Findings.Target;
import dev.lanyard.jmh.Loopback.Windows;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;

/** How long is a caller made to wait by a refresh? */
final class RefreshStall {
  private static final int PER_SECOND = 100;
  private static final int CALLERS = 2;
  private static final int DEFAULTS = 6;
  private static final int CONTAINERS = 24;
  private static final double ALLOWED = 5;

  private final Duration latency;
  private final Duration lifetime;
  private final Windows windows;
  private final Duration steady;
  private final Duration afterIdle = Duration.ofSeconds(5);

  RefreshStall(boolean quick) {
    latency = Duration.ofMillis(quick ? 100 : 500);
    lifetime = Duration.ofSeconds(quick ? 6 : 18);
    // The SDK's own are 1 and 5 minutes before the expiration: here they are in the same proportion
    // to each other.
    windows = new Windows(lifetime.dividedBy(12), lifetime.multipliedBy(5).dividedBy(12));
    steady = Duration.ofSeconds(quick ? 8 : 78);
  }

  /** A provider with a front of its own, and its callers. */
  private static final class Lane implements AutoCloseable {
    final String name;
    final boolean lanyard;
    final @Nullable Front front;
    final List<Runnable> calls;
    final List<AwsCredentialsProvider> providers;

    Lane(String name, boolean lanyard, @Nullable Front front, List<AwsCredentialsProvider> all) {
      this.name = name;
      this.lanyard = lanyard;
      this.front = front;
      this.providers = all;
      List<Runnable> callers = new ArrayList<>();
      for (AwsCredentialsProvider provider : all) {
        int each = all.size() == 1 ? CALLERS : 1;
        for (int i = 0; i < each; i++) {
          callers.add(provider::resolveCredentials);
        }
      }
      this.calls = callers;
    }

    /** An idle loop: callers of nothing. */
    static Lane idle() {
      Lane lane = new Lane("idle loop", false, null, List.of());
      for (int i = 0; i < CALLERS; i++) {
        lane.calls.add(() -> {});
      }
      return lane;
    }

    int successes() {
      return front == null ? 0 : front.successes().size();
    }

    @Override
    public void close() {
      providers.forEach(Loopback::close);
      if (front != null) {
        front.close();
      }
    }
  }

  /** What the callers of one lane saw in one phase. */
  private record Seen(Histogram histogram, long failed, int refreshes, List<Double> worst) {
    double max() {
      return histogram.getMaxValue() / 1e6;
    }
  }

  Findings run() throws Exception {
    try (Loopback brief = Loopback.trusting();
        Loopback fixed = Loopback.trusting()) {
      brief.eks().sts().letCredentialsLast(lifetime);
      brief.eks().agent().letCredentialsLast(lifetime);
      // What cannot be set opens 5 and 15 minutes before the expiration.
      fixed.eks().sts().letCredentialsLast(Duration.ofMinutes(5).plusSeconds(10));
      fixed.eks().agent().letCredentialsLast(Duration.ofMinutes(15).plusSeconds(10));
      List<Lane> settable = new ArrayList<>();
      List<Lane> all = new ArrayList<>();
      Lane idle = Lane.idle();
      try {
        all.add(idle);
        for (String name : List.of(Loopback.IRSA, Loopback.POD_IDENTITY)) {
          settable.add(lane(name, brief, 1));
        }
        for (String name : List.of(Loopback.WEB_IDENTITY, Loopback.STS_SYNC)) {
          settable.add(lane(name, brief, 1));
        }
        settable.add(lane(Loopback.STS_BACKGROUND, brief, 1));
        all.addAll(settable);
        all.add(lane(Loopback.DEFAULT, fixed, DEFAULTS));
        all.add(lane(Loopback.CONTAINER, fixed, CONTAINERS));
        return measure(idle, settable, all);
      } finally {
        all.forEach(Lane::close);
      }
    }
  }

  private Lane lane(String contender, Loopback loopback, int instances) throws IOException {
    boolean agent = contender.equals(Loopback.POD_IDENTITY) || contender.equals(Loopback.CONTAINER);
    Front front =
        agent
            // The agent's cache would answer with what is nearly expired.
            ? new Front(loopback.agent(), latency, () -> loopback.eks().agent().forget())
            : new Front(loopback.sts(), latency, () -> {});
    List<AwsCredentialsProvider> providers = new ArrayList<>();
    for (int i = 0; i < instances; i++) {
      AwsCredentialsProvider provider =
          loopback.provider(
              contender, front.uri(), front.uri().resolve(loopback.agent().getPath()), windows);
      provider.resolveCredentials();
      providers.add(provider);
    }
    return new Lane(contender, contender.startsWith("Lanyard"), front, providers);
  }

  private Findings measure(Lane idle, List<Lane> settable, List<Lane> all)
      throws InterruptedException {
    List<Seen> inSteady = phase(all, steady);

    // Long enough for what was refreshed last to be past its whole window.
    TimeUnit.NANOSECONDS.sleep(lifetime.plus(latency).toNanos());
    List<Lane> withIdle = new ArrayList<>(List.of(idle));
    withIdle.addAll(settable);
    List<Seen> inIdle = phase(withIdle, afterIdle);

    List<Seen> inOutage = outage(withIdle);

    List<String> columns =
        List.of("", "calls", "failed", "refreshes", "p50 ms", "p99 ms", "p99.9 ms", "max ms");
    List<Target> targets = new ArrayList<>();
    String[] cases = {
      "across refreshes", "after idling past the refresh window", "source down until 1 s before"
    };
    List<List<Seen>> seen = List.of(inSteady, inIdle, inOutage);
    for (int i = 0; i < cases.length; i++) {
      List<Lane> lanes = i == 0 ? all : withIdle;
      double floor = seen.get(i).get(0).max();
      double most = 0;
      long failed = 0;
      for (int j = 0; j < lanes.size(); j++) {
        if (lanes.get(j).lanyard) {
          most = Math.max(most, seen.get(i).get(j).max());
          failed += seen.get(i).get(j).failed();
        }
      }
      targets.add(
          new Target(
              "Lanyard " + cases[i] + ": max wait < " + (int) ALLOWED + " ms beyond the idle loop",
              most < floor + ALLOWED && failed == 0,
              ms(most) + " ms, idle loop " + ms(floor) + " ms, " + failed + " failed"));
    }
    int refreshes = Math.min(inSteady.get(1).refreshes(), inSteady.get(2).refreshes());
    targets.add(
        new Target("at least 5 refreshes of each", refreshes >= 5, String.valueOf(refreshes)));
    return new Findings(
        "RefreshStall",
        "How long is a caller made to wait by a refresh?",
        Map.of(
            "an exchange takes",
            latency.toMillis() + " ms",
            "callers",
            CALLERS + " for each provider, " + PER_SECOND + " calls/s each",
            "credentials live",
            lifetime.toSeconds() + " s",
            "SDK windows",
            "stale "
                + windows.stale().toMillis() / 1000.0
                + " s, prefetch "
                + windows.prefetch().toMillis() / 1000.0
                + " s before the expiration",
            "Lanyard",
            "default policy",
            "watched for",
            steady.toSeconds() + " s"),
        List.of(
            new Table("Across refreshes", columns, rows(all, inSteady)),
            new Table(
                "After " + lifetime.toSeconds() + " s without a call",
                columns,
                rows(withIdle, inIdle)),
            new Table(
                "With the source down from the refresh time until 1 s before the expiration",
                columns,
                rows(withIdle, inOutage))),
        targets,
        List.of(chart(all, inSteady)),
        List.of(
            "A wait is the time inside resolveCredentials. The calls that a waiting caller left out"
                + " count with the wait that they would have had.",
            "Lifetimes are short so that a run takes minutes. The SDK's STS providers have their"
                + " two windows (1 and 5 minutes by default) scaled by the same factor; Lanyard's"
                + " are fractions of the lifetime.",
            "The windows of SDK Container (drawn from 15 to 2 minutes before the expiration) and of"
                + " SDK Default (5 to 2 minutes) cannot be set. "
                + CONTAINERS
                + " and "
                + DEFAULTS
                + " instances with one caller each are watched at half the pace, with credentials"
                + " whose window opens after 10 s, so that some refresh within the run. The other"
                + " two cases would take a quarter of an hour for them and are left out."));
  }

  /** Lets all callers call for a while. */
  private static List<Seen> phase(List<Lane> lanes, Duration length) throws InterruptedException {
    long begin = System.nanoTime();
    List<BooleanSupplier> goOn = new ArrayList<>();
    for (int i = 0; i < lanes.size(); i++) {
      goOn.add(() -> System.nanoTime() - begin < length.toNanos());
    }
    return phase(lanes, goOn, length);
  }

  private static List<Seen> phase(List<Lane> lanes, List<BooleanSupplier> goOn, Duration length)
      throws InterruptedException {
    long begin = System.nanoTime();
    List<List<Pacer>> pacers = new ArrayList<>();
    int[] before = new int[lanes.size()];
    for (int i = 0; i < lanes.size(); i++) {
      Lane lane = lanes.get(i);
      before[i] = lane.successes();
      int pace = lane.providers.size() > 1 ? PER_SECOND / 2 : PER_SECOND;
      BooleanSupplier goesOn = goOn.get(i);
      pacers.add(
          lane.calls.stream()
              .map(call -> new Pacer(call, pace, begin, length.toNanos()).start(goesOn))
              .toList());
    }
    List<Seen> seen = new ArrayList<>();
    for (int i = 0; i < lanes.size(); i++) {
      Histogram sum = new Histogram(3);
      long failed = 0;
      List<Double> worst = List.of();
      for (Pacer pacer : pacers.get(i)) {
        pacer.join();
        sum.add(pacer.histogram());
        failed += pacer.failed();
        worst = max(worst, pacer.worst());
      }
      seen.add(new Seen(sum, failed, lanes.get(i).successes() - before[i], worst));
    }
    return seen;
  }

  /**
   * Lets each source be down from the time at which its provider refreshes until 1 s before the
   * credentials expire, once, and its callers call from the refresh before to after the expiration.
   */
  private List<Seen> outage(List<Lane> lanes) throws InterruptedException {
    Duration longest = lifetime.multipliedBy(3);
    List<BooleanSupplier> goOn = new ArrayList<>();
    long begin = System.nanoTime();
    for (Lane lane : lanes) {
      Front front = lane.front;
      if (front == null) {
        goOn.add(() -> System.nanoTime() - begin < lifetime.multipliedBy(2).toNanos());
        continue;
      }
      int known = front.successes().size();
      // Lanyard refreshes from half the lifetime on.
      long from =
          lane.lanyard
              ? lifetime.dividedBy(2).toNanos()
              : lifetime.minus(windows.prefetch()).toNanos();
      long until = lifetime.minusSeconds(1).toNanos();
      front.downWhile(
          () -> {
            if (front.successes().size() <= known) {
              return false;
            }
            // The lifetime began a little before the answer was complete: the fake's own work.
            long age = System.nanoTime() - front.successes().get(known);
            return age >= from - latency.toNanos() && age < until;
          });
      goOn.add(
          () -> {
            long now = System.nanoTime();
            if (now - begin > longest.toNanos()) {
              return false;
            }
            return front.successes().size() <= known
                || now - front.successes().get(known) < lifetime.plusSeconds(2).toNanos();
          });
    }
    return phase(lanes, goOn, longest);
  }

  private static List<List<String>> rows(List<Lane> lanes, List<Seen> seen) {
    List<List<String>> rows = new ArrayList<>();
    for (int i = 0; i < lanes.size(); i++) {
      Histogram h = seen.get(i).histogram();
      int instances = lanes.get(i).providers.size();
      rows.add(
          List.of(
              lanes.get(i).name + (instances > 1 ? " x " + instances : ""),
              String.valueOf(h.getTotalCount()),
              String.valueOf(seen.get(i).failed()),
              lanes.get(i).front == null ? "-" : String.valueOf(seen.get(i).refreshes()),
              ms(h.getValueAtPercentile(50) / 1e6),
              ms(h.getValueAtPercentile(99) / 1e6),
              ms(h.getValueAtPercentile(99.9) / 1e6),
              ms(h.getMaxValue() / 1e6)));
    }
    return rows;
  }

  private static Chart chart(List<Lane> lanes, List<Seen> seen) {
    List<Line> lines = new ArrayList<>();
    for (int i = 0; i < lanes.size(); i++) {
      if (lanes.get(i).providers.size() > 1) {
        continue;
      }
      List<Double> worst = seen.get(i).worst();
      List<Double> x = new ArrayList<>();
      List<Double> y = new ArrayList<>();
      for (int bucket = 0; bucket < worst.size() - 1; bucket++) {
        x.add(bucket * Pacer.bucketSeconds());
        // A log axis shows no zero.
        y.add(Math.max(0.0001, worst.get(bucket)));
      }
      lines.add(new Line(lanes.get(i).name, x, y));
    }
    return new Chart(
        "refresh-stall.png",
        "Longest wait of a caller, across refreshes",
        "seconds",
        "ms, worst of each 0.25 s",
        true,
        lines);
  }

  private static List<Double> max(List<Double> one, List<Double> other) {
    List<Double> result = new ArrayList<>(other);
    for (int i = 0; i < one.size(); i++) {
      result.set(i, Math.max(one.get(i), other.get(i)));
    }
    return result;
  }

  private static String ms(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }
}
