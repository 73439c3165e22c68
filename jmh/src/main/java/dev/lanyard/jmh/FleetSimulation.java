package dev.lanyard.jmh;

import dev.lanyard.jmh.Findings.Chart;
import dev.lanyard.jmh.Findings.Line;
import dev.lanyard.jmh.Findings.Table;
import dev.lanyard.jmh.Findings.Target;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * What does a fleet that was rolled out together do to the source of its credentials?
 *
 * <p>Lanyard's side is not a model: each process is a provider with the real engine. The others are
 * models: two of what the SDKs do (refresh on the first request within a window before the
 * expiration), and one of the back-off that Lanyard had before docs/adr/0020.
 */
final class FleetSimulation {
  private static final int LIFETIME = 3600;
  private static final int REQUEST_EVERY = 30;
  private static final int OUTAGE = 20 * 60;
  private static final double EVERY_FIFTH = 0.2;
  private static final String LANYARD = "Lanyard";
  private static final String FIXED = "fixed window, 5 min";
  private static final String BY_LIFETIME = "window by lifetime, 5-10 min back-off";
  private static final String FORMER = "model: Lanyard's window, full jitter up to 5 min";

  private final int processes;
  private final int larger;
  private final int fleets;
  private final int seconds;
  private final int outageBegin;

  FleetSimulation(boolean quick) {
    processes = quick ? 500 : 10_000;
    larger = 10 * processes;
    fleets = quick ? 2 : 20;
    seconds = (quick ? 6 : 24) * 3600;
    // Six minutes before the half: there it meets a refresh of both models, which are in step.
    outageBegin = seconds / 2 - 6 * 60;
  }

  Findings run() {
    Outage outage = new Outage(outageBegin, outageBegin + OUTAGE);
    List<String> names = List.of(LANYARD, FIXED, BY_LIFETIME);
    List<Load> calm = new ArrayList<>();
    List<Load> stormy = new ArrayList<>();
    for (String name : names) {
      calm.add(simulate(name, Outage.NEVER));
      stormy.add(simulate(name, outage));
    }
    Load lanyard = stormy.get(0);
    double mean = steadyMean(calm.get(0));
    Outage outageOfLarger = outageOf(LIFETIME, OUTAGE);
    Load large =
        new EngineFleet(larger, LIFETIME, outageOfLarger.end() + LIFETIME, outageOfLarger, 1)
            .withRequestsEvery(REQUEST_EVERY)
            .run()
            .load();
    double largeMean = meanBefore(outageOfLarger, large, LIFETIME);
    List<List<String>> outages = new ArrayList<>();
    outages.add(throughOutage(LANYARD, mean, lanyard, outage));
    outages.add(
        throughOutage(
            String.format(Locale.ROOT, "Lanyard, %,d processes", larger),
            largeMean,
            large,
            outageOfLarger));
    for (int i = 1; i < names.size(); i++) {
      outages.add(throughOutage(names.get(i), steadyMean(calm.get(i)), stormy.get(i), outage));
    }
    outages.add(
        throughOutage(
            FORMER, steadyMean(simulate(FORMER, Outage.NEVER)), simulate(FORMER, outage), outage));
    Cycles cycles = cycles(names, calm);
    Survival survival = survival();
    Retries retries = retries();
    String each = fleets + " fleets of " + processes;
    return new Findings(
        "FleetSimulation",
        "What does a fleet that was rolled out together do to the source of its credentials?",
        Map.of(
            "processes",
            processes + "; " + larger + " where the table says so",
            "rolled out within",
            EngineFleet.ROLLOUT + " s",
            "time",
            seconds / 3600
                + " h of virtual time; 5 lifetimes before the outage and one after it for"
                + " the larger fleet and for the many",
            "credentials live",
            "1 h",
            "traffic",
            "one request in " + REQUEST_EVERY + " s and process",
            "outage",
            OUTAGE / 60 + " min from minute " + outageBegin / 60 + " on"),
        List.of(
            cycles.table(),
            new Table(
                "Through an outage of the source (exchanges per second)",
                List.of(
                    "",
                    "requests failed while credentials were valid",
                    "requests failed in all",
                    "mean without an outage",
                    "attempts in the outage",
                    "in its busiest minute",
                    "answers in recovery's busiest minute",
                    "that / mean",
                    "in its busiest 10 s",
                    "that / mean",
                    "in its busiest second"),
                outages),
            survival.table(),
            retries.table()),
        List.of(
            new Target(
                "from the second cycle on, peak < 3 x mean",
                cycles.worst() < 3,
                two(cycles.worst()) + " x"),
            new Target(
                "no failed request while credentials were valid, through the outage",
                lanyard.failedWhileValid == 0,
                lanyard.failedWhileValid + " of " + lanyard.requests),
            new Target(
                "the same, " + larger + " processes",
                large.failedWhileValid == 0,
                large.failedWhileValid + " of " + large.requests),
            belowFive(
                "recovery: busiest minute < 5 x mean", recoveryPeak(lanyard, outage, 60), mean),
            belowFive(
                "the same, " + larger + " processes",
                recoveryPeak(large, outageOfLarger, 60),
                largeMean),
            new Target(
                "the same, the busiest of " + each,
                survival.busiest() < 5,
                two(survival.busiest()) + " x"),
            new Target(
                "every fifth exchange fails after the outage: no credentials run out, " + each,
                survival.ranOut() == 0,
                String.valueOf(survival.ranOut())),
            new Target(
                "at least 10 retries before the end",
                retries.fewest() >= 10,
                retries.fewest() + " at the fewest")),
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
            "The last row of the outage's table is a model of Lanyard's back-off before"
                + " docs/adr/0020: full jitter, at most 5 minutes and a quarter of the time left.",
            "Requests that fail in all include those made with credentials that had expired in the"
                + " outage. Their processes ask every 5 to 15 seconds, so all of them are answered"
                + " in the first 15 seconds of the recovery: that is most of its busiest 10 s, and"
                + " all that is above 5 x the mean after the outage of 45 minutes.",
            "Ran out: of the processes whose credentials were valid when the source was back, those"
                + " that held expired ones later. With less than ten seconds left at that moment, a"
                + " single failure may be one too many: a column of their own counts them."));
  }

  private static Target belowFive(String claim, double rate, double mean) {
    return new Target(claim, rate < 5 * mean, two(rate / mean) + " x");
  }

  // ---- Hour by hour

  private record Cycles(Table table, double worst) {}

  private Cycles cycles(List<String> names, List<Load> calm) {
    List<String> columns = new ArrayList<>(List.of("hour"));
    for (String name : names) {
      columns.addAll(List.of(name + ": mean", "peak", "peak/mean"));
    }
    List<List<String>> rows = new ArrayList<>();
    double worst = 0;
    for (int hour = 0; hour < seconds / 3600; hour++) {
      List<String> row = new ArrayList<>(List.of(String.valueOf(hour + 1)));
      for (int i = 0; i < names.size(); i++) {
        double mean = calm.get(i).mean(hour * 3600, (hour + 1) * 3600);
        double peak = calm.get(i).peak(60, hour * 3600, (hour + 1) * 3600);
        row.add(two(mean));
        row.add(two(peak));
        row.add(mean == 0 ? "-" : two(peak / mean));
        if (i == 0 && hour >= 1) {
          worst = Math.max(worst, peak / mean);
        }
      }
      if (hour < 6 || hour % 6 == 5) {
        rows.add(row);
      }
    }
    return new Cycles(
        new Table(
            "Exchanges per second in each hour, no outage (peak: the busiest minute)",
            columns,
            rows),
        worst);
  }

  // ---- Through an outage

  private static List<String> throughOutage(String name, double mean, Load stormy, Outage outage) {
    double during =
        Arrays.stream(stormy.attempts, outage.begin(), outage.end()).sum()
            / (double) (outage.end() - outage.begin());
    double minute = recoveryPeak(stormy, outage, 60);
    double tenSeconds = recoveryPeak(stormy, outage, 10);
    return List.of(
        name,
        String.valueOf(stormy.failedWhileValid),
        String.valueOf(stormy.failed),
        two(mean),
        two(during),
        two(stormy.peakOfAttempts(60, outage.begin(), outage.end())),
        two(minute),
        two(minute / mean),
        two(tenSeconds),
        two(tenSeconds / mean),
        two(recoveryPeak(stormy, outage, 1)));
  }

  /** The highest rate of answers over any so many seconds of the hour after the outage. */
  private static double recoveryPeak(Load load, Outage outage, int over) {
    return load.peak(over, outage.end(), outage.end() + 3600);
  }

  private Load simulate(String name, Outage outage) {
    return switch (name) {
      case FORMER -> formerBackoff(outage);
      case LANYARD -> engines(outage);
      case FIXED -> windows(outage, 5 * 60, 0, 0, true);
      default -> windows(outage, windowByLifetime(LIFETIME), 5 * 60, 10 * 60, false);
    };
  }

  private Load engines(Outage outage) {
    EngineFleet fleet = new EngineFleet(processes, LIFETIME, seconds, outage, 1);
    return (outage.equals(Outage.NEVER) ? fleet : fleet.withRequestsEvery(REQUEST_EVERY))
        .run()
        .load();
  }

  // ---- Many fleets, other lifetimes, other outages

  private record Survival(Table table, double busiest, int ranOut) {}

  private Survival survival() {
    List<List<String>> rows = new ArrayList<>();
    double busiest = 0;
    int ranOut = 0;
    int[][] lifetimesAndOutages = {
      {60, 5}, {60, 20}, {60, 45}, {59, 20}, {6 * 60, 5}, {6 * 60, 20}, {6 * 60, 45}
    };
    for (int[] minutes : lifetimesAndOutages) {
      Fleets seen = fleets(minutes[0] * 60, minutes[1] * 60);
      if (minutes[1] <= 20) {
        busiest = Math.max(busiest, seen.minute);
      }
      ranOut += seen.ranOut;
      rows.add(
          List.of(
              (minutes[0] % 60 == 0 ? minutes[0] / 60 + " h, " : minutes[0] + " min, ")
                  + minutes[1]
                  + " min",
              two(seen.minute),
              two(seen.tenSeconds),
              String.valueOf(seen.expiredInTheOutage),
              String.valueOf(seen.ranOut),
              String.valueOf(seen.ranOutAtOnce)));
    }
    return new Survival(
        new Table(
            String.format(
                Locale.ROOT,
                "%d fleets of %,d processes, other lifetimes and outages",
                fleets,
                processes),
            List.of(
                "credentials live, outage",
                "recovery's busiest minute / mean, the highest of all fleets",
                "busiest 10 s / mean, the highest",
                "credentials expired in the outage, all fleets",
                "every fifth exchange fails afterwards: credentials ran out",
                "with less than 10 s left as the source was back"),
            rows),
        busiest,
        ranOut);
  }

  private static final class Fleets {
    private double minute;
    private double tenSeconds;
    private int expiredInTheOutage;
    private int ranOut;
    private int ranOutAtOnce;
  }

  private Fleets fleets(int lifetime, int length) {
    Outage outage = outageOf(lifetime, length);
    int until = outage.end() + lifetime;
    Fleets seen = new Fleets();
    for (int fleet = 0; fleet < fleets; fleet++) {
      EngineFleet sound = new EngineFleet(processes, lifetime, until, outage, fleet).run();
      double mean = meanBefore(outage, sound.load(), lifetime);
      seen.minute = Math.max(seen.minute, sound.load().peak(60, outage.end(), until) / mean);
      seen.tenSeconds =
          Math.max(seen.tenSeconds, sound.load().peak(10, outage.end(), until) / mean);
      EngineFleet failing =
          new EngineFleet(processes, lifetime, until, outage, fleet)
              .failingAfterwards(EVERY_FIFTH)
              .run();
      seen.expiredInTheOutage += failing.expiredInTheOutage();
      seen.ranOut += failing.ranOut();
      seen.ranOutAtOnce += failing.ranOutAtOnce();
    }
    return seen;
  }

  /** An outage of a fleet that has spread out. It is back within a lifetime. */
  private static Outage outageOf(int lifetime, int length) {
    return new Outage(5 * lifetime, 5 * lifetime + length);
  }

  private static double meanBefore(Outage outage, Load load, int lifetime) {
    return load.mean(3 * lifetime, outage.begin());
  }

  private record Retries(Table table, int fewest) {}

  private Retries retries() {
    List<List<String>> rows = new ArrayList<>();
    int fewest = Integer.MAX_VALUE;
    for (int minutes : new int[] {15, 59, 60, 6 * 60, 12 * 60}) {
      int[] retries = retriesWhileValid(minutes * 60);
      fewest = Math.min(fewest, retries[0]);
      rows.add(
          List.of(
              minutes % 60 == 0 ? minutes / 60 + " h" : minutes + " min",
              String.valueOf(retries[0]),
              String.valueOf(retries[retries.length / 2]),
              String.valueOf(retries[retries.length - 1])));
    }
    return new Retries(
        new Table(
            "Retries from the first failure to the end of the credentials, the source being down",
            List.of("credentials live", "the fewest of all processes", "median", "the most"),
            rows),
        fewest);
  }

  private int[] retriesWhileValid(int lifetime) {
    int until = 2 * lifetime + 60;
    return new EngineFleet(processes, lifetime, until, new Outage(lifetime / 4, until), 1)
        .run()
        .retriesWhileValid();
  }

  // ---- The models

  private static int windowByLifetime(int lifetime) {
    if (lifetime <= 20 * 60) {
      return 5 * 60;
    }
    return lifetime < 90 * 60 ? 15 * 60 : 60 * 60;
  }

  private Load windows(
      Outage outage, int window, int backoffFrom, int backoffTo, boolean throwsWhenStale) {
    Load load = new Load(seconds);
    SplittableRandom random = new SplittableRandom(1);
    long[] expires = new long[processes];
    long[] notBefore = new long[processes];
    int started = 0;
    for (int second = 0; second < seconds; second++) {
      while (started < processes
          && started < (second + 1) * (long) processes / EngineFleet.ROLLOUT) {
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

  /** Lanyard's refresh window, and full jitter up to 5 minutes and a quarter of the time left. */
  private Load formerBackoff(Outage outage) {
    Load load = new Load(seconds);
    SplittableRandom random = new SplittableRandom(1);
    for (int process = 0; process < processes; process++) {
      long now = (long) process * EngineFleet.ROLLOUT * 1000 / processes;
      long expires = now;
      int failures = 0;
      while (now < seconds * 1000L) {
        int second = (int) (now / 1000);
        load.attempts[second]++;
        if (outage.at(second)) {
          failures++;
          long left = expires - now;
          long longest = Math.min(Math.min(300_000, left / 4), 1000L << Math.min(failures - 1, 10));
          now +=
              left > 0
                  ? Math.max(100, (long) (longest * random.nextDouble()))
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
    return load.mean(7200, seconds);
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
