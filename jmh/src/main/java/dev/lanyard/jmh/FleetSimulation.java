package dev.lanyard.jmh;

import dev.lanyard.RefreshPolicy;
import dev.lanyard.jmh.Findings.Chart;
import dev.lanyard.jmh.Findings.Line;
import dev.lanyard.jmh.Findings.Table;
import dev.lanyard.jmh.Findings.Target;
import dev.lanyard.spi.Environment;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.ExchangeException.Kind;
import dev.lanyard.spi.SessionCredentials;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * What does a fleet that was rolled out together do to the source of its credentials?
 *
 * <p>Lanyard's side is not a model: each process is a provider with the real engine, its default
 * policy and its own random draws, on virtual time. The other two are models of what the SDKs do:
 * refresh on the first request within a window before the expiration.
 */
final class FleetSimulation {
  private static final int LIFETIME = 3600;
  private static final int ROLLOUT = 60;
  private static final int REQUEST_EVERY = 30;
  private static final int OUTAGE = 20 * 60;
  private static final String LANYARD = "Lanyard";
  private static final String SPREAD = "Lanyard, retries spread";
  private static final String FIXED = "fixed window, 5 min";
  private static final String BY_LIFETIME = "window by lifetime, 5-10 min back-off";
  private static final String LONGEST = "model: Lanyard's window, always G8's longest delay";

  private final int processes;
  private final int seconds;
  private final int outageBegin;

  FleetSimulation(boolean quick) {
    processes = quick ? 500 : 10_000;
    seconds = (quick ? 6 : 24) * 3600;
    // Six minutes before the half: there it meets a refresh of both models, which are in step.
    outageBegin = seconds / 2 - 6 * 60;
  }

  /** What the source saw, by the second, and what the callers got. */
  private static final class Load {
    final int[] attempts;
    final int[] answers;
    long requests;
    long failed;
    long failedWhileValid;

    Load(int seconds) {
      attempts = new int[seconds];
      answers = new int[seconds];
    }
  }

  /** When the source is down. */
  private record Outage(int begin, int end) {
    static final Outage NEVER = new Outage(-1, -1);

    boolean at(long second) {
      return second >= begin && second < end;
    }
  }

  Findings run() {
    Outage outage = new Outage(outageBegin, outageBegin + OUTAGE);
    List<String> names = List.of(LANYARD, SPREAD, FIXED, BY_LIFETIME);
    List<Load> calm = new ArrayList<>();
    List<Load> stormy = new ArrayList<>();
    for (String name : names) {
      calm.add(simulate(name, Outage.NEVER));
      stormy.add(simulate(name, outage));
    }
    List<String> columns = new ArrayList<>(List.of("hour"));
    for (String name : names) {
      columns.addAll(List.of(name + ": mean", "peak", "peak/mean"));
    }
    List<List<String>> cycles = new ArrayList<>();
    double worst = 0;
    for (int hour = 0; hour < seconds / 3600; hour++) {
      List<String> row = new ArrayList<>(List.of(String.valueOf(hour + 1)));
      for (int i = 0; i < names.size(); i++) {
        int[] answers = Arrays.copyOfRange(calm.get(i).answers, hour * 3600, (hour + 1) * 3600);
        double mean = Arrays.stream(answers).sum() / 3600.0;
        double peak = peak(answers, 60);
        row.add(two(mean));
        row.add(two(peak));
        row.add(mean == 0 ? "-" : two(peak / mean));
        if (i == 0 && hour >= 1) {
          worst = Math.max(worst, peak / mean);
        }
      }
      if (hour < 6 || hour % 6 == 5) {
        cycles.add(row);
      }
    }
    List<List<String>> outages = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      outages.add(throughOutage(names.get(i), calm.get(i), stormy.get(i)));
    }
    outages.add(throughOutage(LONGEST, simulate(LONGEST, Outage.NEVER), simulate(LONGEST, outage)));
    double mean = steadyMean(calm.get(0));
    double recovery = recoveryPeak(stormy.get(0), 60);
    double spread = recoveryPeak(stormy.get(1), 60);
    return new Findings(
        "FleetSimulation",
        "What does a fleet that was rolled out together do to the source of its credentials?",
        Map.of(
            "processes",
            String.valueOf(processes),
            "rolled out within",
            ROLLOUT + " s",
            "time",
            seconds / 3600 + " h of virtual time",
            "credentials live",
            "1 h",
            "traffic",
            "one request in " + REQUEST_EVERY + " s and process",
            "outage",
            OUTAGE / 60 + " min from minute " + outageBegin / 60 + " on"),
        List.of(
            new Table(
                "Exchanges per second in each hour, no outage (peak: the busiest minute)",
                columns,
                cycles),
            new Table(
                "Through an outage of the source",
                List.of(
                    "",
                    "requests failed while credentials were valid",
                    "requests failed in all",
                    "mean exchanges/s without an outage",
                    "attempts/s in the outage",
                    "in its busiest minute",
                    "answers/s in recovery's busiest minute",
                    "that / mean",
                    "answers in recovery's busiest second"),
                outages)),
        List.of(
            new Target("from the second cycle on, peak < 3 x mean", worst < 3, two(worst) + " x"),
            new Target(
                "no failed request while credentials were valid, through the outage",
                stormy.get(0).failedWhileValid == 0,
                stormy.get(0).failedWhileValid + " of " + stormy.get(0).requests),
            new Target(
                "the same, retries spread",
                stormy.get(1).failedWhileValid == 0,
                stormy.get(1).failedWhileValid + " of " + stormy.get(1).requests),
            new Target(
                "recovery: peak < 5 x mean", recovery < 5 * mean, two(recovery / mean) + " x"),
            new Target(
                "recovery: peak < 5 x mean, retries spread",
                spread < 5 * mean,
                two(spread / mean) + " x")),
        List.of(
            chart("fleet-load.png", "Exchanges per second of the fleet", names, calm, 0, 6 * 3600),
            chart(
                "fleet-outage.png",
                "Answered exchanges per second around the outage",
                names,
                stormy,
                outageBegin - 1800,
                outage.end() + 5400)),
        List.of(
            "Lanyard's side runs the real engine, with real random draws: figures differ a little"
                + " from run to run. An exchange takes no time.",
            "The fixed window refreshes on the first request in the last 5 minutes, and again on"
                + " each request while that fails; in the last minute a failure is the caller's, as"
                + " in the SDK's STS providers without their jitter. It re-synchronises: what was"
                + " rolled out within a minute refreshes within half a minute of traffic for ever.",
            "The window by lifetime is 5 minutes for credentials of up to 20 minutes, 60 for those"
                + " of 90 and more, 15 in between; after a failure, the next attempt waits 5 to 10"
                + " minutes (source: boto/botocore pull requests 3733 and 3760).",
            "The outage begins so that it meets a refresh of both models.",
            "Retries spread: RefreshPolicy.withSpreadRetries(true), which is off by default.",
            "The last row of the outage's table is a model for comparison: always the longest delay"
                + " that the default back-off (G8) allows, without jitter. See docs/adr/0013.",
            "Requests that fail in all include those made with credentials that had expired in the"
                + " outage."));
  }

  private List<String> throughOutage(String name, Load calm, Load stormy) {
    double mean = steadyMean(calm);
    int[] during = Arrays.copyOfRange(stormy.attempts, outageBegin, outageBegin + OUTAGE);
    double recovery = recoveryPeak(stormy, 60);
    return List.of(
        name,
        String.valueOf(stormy.failedWhileValid),
        String.valueOf(stormy.failed),
        two(mean),
        two(Arrays.stream(during).sum() / (double) OUTAGE),
        two(peak(during, 60)),
        two(recovery),
        two(recovery / mean),
        two(recoveryPeak(stormy, 1)));
  }

  /** The highest rate of answers over any so many seconds of the hour after the outage. */
  private double recoveryPeak(Load load, int over) {
    int end = outageBegin + OUTAGE;
    return peak(Arrays.copyOfRange(load.answers, end, end + 3600), over);
  }

  private Load simulate(String name, Outage outage) {
    return switch (name) {
      case LONGEST -> longestDelays(outage);
      case LANYARD -> engines(outage, RefreshPolicy.defaults());
      case SPREAD -> engines(outage, RefreshPolicy.defaults().withSpreadRetries(true));
      case FIXED -> windows(outage, 5 * 60, 0, 0, true);
      default -> windows(outage, windowByLifetime(LIFETIME), 5 * 60, 10 * 60, false);
    };
  }

  private static int windowByLifetime(int lifetime) {
    if (lifetime <= 20 * 60) {
      return 5 * 60;
    }
    return lifetime < 90 * 60 ? 15 * 60 : 60 * 60;
  }

  // ---- The real engine

  private Load engines(Outage outage, RefreshPolicy policy) {
    Load load = new Load(seconds);
    VirtualFleetTime time = new VirtualFleetTime();
    InProcess[] fleet = new InProcess[processes];
    long[] validUntil = new long[processes];
    int built = 0;
    for (int second = 0; second < seconds; second++) {
      while (built < processes && built < (second + 1) * (long) processes / ROLLOUT) {
        time.advanceTo(Math.max(time.elapsed(), (long) built * ROLLOUT * 1000 / processes));
        int process = built;
        fleet[process] =
            new InProcess(
                context -> exchange(context, time, outage, load, validUntil, process),
                new InProcess.Options()
                    .environment(Environment.of(Map.of()))
                    .refreshPolicy(policy)
                    .time(time));
        built++;
      }
      time.advanceTo(second * 1000L + 999);
      for (int i = second % REQUEST_EVERY; i < built; i += REQUEST_EVERY) {
        load.requests++;
        request(fleet[i], time, load, validUntil, i);
      }
    }
    return load;
  }

  private static void request(
      InProcess provider, VirtualFleetTime time, Load load, long[] validUntil, int process) {
    CompletableFuture<AwsCredentialsIdentity> answer = provider.resolveIdentity();
    if (answer.isDone() && !answer.isCompletedExceptionally()) {
      return;
    }
    boolean valid = time.elapsed() < validUntil[process];
    if (valid) {
      // A caller that has to wait, or is refused, although there are valid credentials.
      load.failedWhileValid++;
    }
    CompletableFuture<AwsCredentialsIdentity> unused =
        answer.whenComplete(
            (credentials, failure) -> {
              if (failure != null || valid) {
                load.failed++;
              }
            });
  }

  private static SessionCredentials exchange(
      ExchangeContext context,
      VirtualFleetTime time,
      Outage outage,
      Load load,
      long[] validUntil,
      int process)
      throws ExchangeException {
    int second = (int) (time.elapsed() / 1000);
    load.attempts[second]++;
    if (outage.at(second)) {
      throw ExchangeException.builder(Kind.TRANSIENT, "the source is down").build();
    }
    load.answers[second]++;
    validUntil[process] = time.elapsed() + LIFETIME * 1000L;
    Instant now = context.now();
    return SessionCredentials.builder()
        .accessKeyId("ASIA" + process + "T" + second)
        .secretAccessKey("secret")
        .sessionToken("token")
        .expiration(now.plus(Duration.ofSeconds(LIFETIME)))
        .build();
  }

  // ---- The models

  private Load windows(
      Outage outage, int window, int backoffFrom, int backoffTo, boolean throwsWhenStale) {
    Load load = new Load(seconds);
    SplittableRandom random = new SplittableRandom(1);
    long[] expires = new long[processes];
    long[] notBefore = new long[processes];
    int started = 0;
    for (int second = 0; second < seconds; second++) {
      while (started < processes && started < (second + 1) * (long) processes / ROLLOUT) {
        load.attempts[second]++;
        load.answers[second]++;
        expires[started++] = (long) second + LIFETIME;
      }
      for (int i = second % REQUEST_EVERY; i < started; i += REQUEST_EVERY) {
        load.requests++;
        if (second < expires[i] - window || second < notBefore[i]) {
          if (second >= expires[i]) {
            load.failed++;
          }
          continue;
        }
        load.attempts[second]++;
        if (outage.at(second)) {
          notBefore[i] = backoffTo == 0 ? 0 : second + random.nextInt(backoffFrom, backoffTo);
          boolean stale = second >= expires[i] - 60;
          if ((throwsWhenStale && stale) || second >= expires[i]) {
            load.failed++;
            if (second < expires[i]) {
              load.failedWhileValid++;
            }
          }
        } else {
          load.answers[second]++;
          notBefore[i] = 0;
          expires[i] = (long) second + LIFETIME;
        }
      }
    }
    return load;
  }

  /** Lanyard's refresh window, and always the longest delay that G8 allows, without jitter. */
  private Load longestDelays(Outage outage) {
    Load load = new Load(seconds);
    SplittableRandom random = new SplittableRandom(1);
    for (int process = 0; process < processes; process++) {
      long now = (long) process * ROLLOUT * 1000 / processes;
      long expires = now;
      int failures = 0;
      while (now < seconds * 1000L) {
        int second = (int) (now / 1000);
        load.attempts[second]++;
        if (outage.at(second)) {
          failures++;
          long left = expires - now;
          now +=
              left > 0
                  ? Math.max(
                      100,
                      Math.min(Math.min(300_000, left / 4), 1000L << Math.min(failures - 1, 10)))
                  : random.nextLong(5_000, 15_000);
        } else {
          load.answers[second]++;
          load.failed += Math.max(0, now - expires) / (REQUEST_EVERY * 1000L);
          failures = 0;
          expires = now + LIFETIME * 1000L;
          now += (long) (LIFETIME * 1000L * random.nextDouble(0.5, 0.8));
        }
      }
    }
    return load;
  }

  // ---- Figures

  /** The mean of all but the first two hours, which the rollout marks. */
  private double steadyMean(Load load) {
    return Arrays.stream(load.answers, 7200, seconds).sum() / (double) (seconds - 7200);
  }

  /** The highest rate over any so many seconds. */
  private static double peak(int[] counts, int over) {
    long sum = 0;
    long highest = 0;
    for (int i = 0; i < counts.length; i++) {
      sum += counts[i];
      if (i >= over) {
        sum -= counts[i - over];
      }
      highest = Math.max(highest, sum);
    }
    return highest / (double) over;
  }

  private static Chart chart(
      String file, String title, List<String> names, List<Load> loads, int from, int to) {
    List<Line> lines = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      int[] answers = loads.get(i).answers;
      int minutes = (Math.min(to, answers.length) - from) / 60;
      List<Double> x = new ArrayList<>();
      List<Double> y = new ArrayList<>();
      for (int minute = 0; minute < minutes; minute++) {
        int begin = from + minute * 60;
        x.add(begin / 3600.0);
        // A log axis shows no zero.
        y.add(Math.max(0.1, Arrays.stream(answers, begin, begin + 60).sum() / 60.0));
      }
      lines.add(new Line(names.get(i), x, y));
    }
    return new Chart(
        file, title, "hours since the rollout", "exchanges/s, by the minute", true, lines);
  }

  private static String two(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
