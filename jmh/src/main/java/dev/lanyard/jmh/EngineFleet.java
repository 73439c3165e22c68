package dev.lanyard.jmh;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * One life of a fleet: each process is a provider with the real engine, its default policy and its
 * own random draws, on virtual time.
 */
final class EngineFleet {
  static final int ROLLOUT = 60;

  /**
   * With less left when the source is back, a single failure may be one too many, whatever the
   * schedule.
   */
  private static final int LEFT_TO_TRY_AGAIN = 10_000;

  private final int processes;
  private final int lifetime;
  private final Outage outage;
  private final VirtualFleetTime time = new VirtualFleetTime();
  private final Load load;
  private final SplittableRandom random;

  private double failing;
  private int requestEvery;

  private final long[] validUntil;
  private final int[] failures;
  private final boolean[] expired;
  private final int[] attemptsWhileValid;
  private int expiredInTheOutage;
  private int ranOut;
  private int ranOutAtOnce;

  /**
   * @param lifetime of the credentials, in seconds
   * @param seconds how long it is watched
   */
  EngineFleet(int processes, int lifetime, int seconds, Outage outage, long seed) {
    this.processes = processes;
    this.lifetime = lifetime;
    this.outage = outage;
    load = new Load(seconds);
    random = new SplittableRandom(seed);
    validUntil = new long[processes];
    failures = new int[processes];
    expired = new boolean[processes];
    attemptsWhileValid = new int[processes];
  }

  /** Each process makes a request every so many seconds; without this, none does. */
  EngineFleet withRequestsEvery(int seconds) {
    requestEvery = seconds;
    return this;
  }

  /** From the end of the outage on, this part of all exchanges fails, at random. */
  EngineFleet failingAfterwards(double part) {
    failing = part;
    return this;
  }

  EngineFleet run() {
    InProcess[] fleet = new InProcess[processes];
    int seconds = load.attempts.length;
    int built = 0;
    for (int second = 0; second < seconds; second++) {
      while (built < processes && built < (second + 1) * (long) processes / ROLLOUT) {
        time.advanceTo(Math.max(time.elapsed(), (long) built * ROLLOUT * 1000 / processes));
        int process = built;
        fleet[process] =
            new InProcess(
                context -> exchange(context, process),
                new InProcess.Options().environment(Environment.of(Map.of())).time(time));
        built++;
      }
      time.advanceTo(second * 1000L + 999);
      if (requestEvery > 0) {
        for (int i = second % requestEvery; i < built; i += requestEvery) {
          load.requests++;
          request(fleet[i], i);
        }
      }
    }
    return this;
  }

  private void request(InProcess provider, int process) {
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

  private SessionCredentials exchange(ExchangeContext context, int process)
      throws ExchangeException {
    long now = time.elapsed();
    int second = (int) (now / 1000);
    load.attempts[second]++;
    notice(process, now);
    if (outage.at(second) || (second >= outage.end() && failsAtRandom())) {
      failures[process]++;
      throw ExchangeException.builder(FailureKind.TRANSIENT, "the source is down").build();
    }
    load.answers[second]++;
    failures[process] = 0;
    expired[process] = false;
    validUntil[process] = now + lifetime * 1000L;
    Instant wall = context.now();
    return SessionCredentials.builder()
        .accessKeyId("ASIA" + process + "T" + second)
        .secretAccessKey("secret")
        .sessionToken("token")
        .expiration(wall.plus(Duration.ofSeconds(lifetime)))
        .build();
  }

  private boolean failsAtRandom() {
    return failing > 0 && random.nextDouble() < failing;
  }

  /** Whether this attempt is the first one after the credentials have expired. */
  private void notice(int process, long now) {
    if (failures[process] == 0 || now < validUntil[process] || expired[process]) {
      return;
    }
    expired[process] = true;
    // All failures so far came before the end; the first of them is the refresh itself.
    attemptsWhileValid[process] = failures[process] - 1;
    long left = validUntil[process] - outage.end() * 1000L;
    if (left <= 0) {
      expiredInTheOutage++;
    } else if (left < LEFT_TO_TRY_AGAIN) {
      ranOutAtOnce++;
    } else {
      ranOut++;
    }
  }

  // ---- What was seen

  Load load() {
    return load;
  }

  /** Processes whose credentials ended before the source was back. */
  int expiredInTheOutage() {
    return expiredInTheOutage;
  }

  /** Processes whose credentials ran out although ten seconds or more were left to them. */
  int ranOut() {
    return ranOut;
  }

  /** Processes whose credentials ran out within ten seconds of the end of the outage. */
  int ranOutAtOnce() {
    return ranOutAtOnce;
  }

  /**
   * How many retries each process made between the first failure and the end of its credentials, in
   * ascending order; only of processes whose credentials ended.
   */
  int[] retriesWhileValid() {
    return Arrays.stream(attemptsWhileValid).filter(attempts -> attempts > 0).sorted().toArray();
  }
}
