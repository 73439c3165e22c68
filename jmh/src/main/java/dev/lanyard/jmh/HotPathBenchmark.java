package dev.lanyard.jmh;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * What does it cost a request to ask for fresh credentials?
 *
 * <p>{@code floor} is the least that a provider of expiring credentials can do: one volatile read
 * and one clock read. Every provider has got its credentials, good for an hour or more, from the
 * same fakes on loopback before it is measured.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 400, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 20, time = 100, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
public class HotPathBenchmark {

  /** Credentials, and until when they are good. */
  @State(Scope.Benchmark)
  public static class Floor {
    private final long expiration = Instant.now().plus(Duration.ofHours(6)).toEpochMilli();
    private volatile AwsCredentials held =
        AwsSessionCredentials.create("ASIABENCHMARK", "not a secret", "not a token");
  }

  /** A provider that holds fresh credentials from the fakes. */
  public abstract static class Warmed {
    private final Loopback loopback = Loopback.trusting();
    private final AwsCredentialsProvider provider;

    Warmed(String contender) {
      provider =
          loopback.provider(
              contender, loopback.sts(), loopback.agent(), Loopback.Windows.SDK_DEFAULT);
    }

    /** Makes sure that it is fresh credentials which are read. */
    @Setup
    public void warm() {
      provider.resolveCredentials();
    }

    /** Frees the ports. */
    @TearDown
    public void close() {
      Loopback.close(provider);
      loopback.close();
    }
  }

  /** Lanyard's. */
  @State(Scope.Benchmark)
  public static class Lanyard extends Warmed {
    /** Makes it. */
    public Lanyard() {
      super(Loopback.IRSA);
    }
  }

  /** One of the SDK's, as each fork of {@link #sdk} has another. */
  @State(Scope.Benchmark)
  public static class Sdk {
    /** Which. */
    @Param({
      Loopback.WEB_IDENTITY,
      Loopback.STS_SYNC,
      Loopback.STS_BACKGROUND,
      Loopback.CONTAINER,
      Loopback.DEFAULT
    })
    public String provider = "";

    @SuppressWarnings("NullAway.Init") // JMH calls warm() before anything else.
    private Warmed warmed;

    /** Makes it, with fresh credentials. */
    @Setup
    public void warm() {
      warmed = new Warmed(provider) {};
      warmed.warm();
    }

    /** Frees the ports. */
    @TearDown
    public void close() {
      warmed.close();
    }
  }

  /**
   * One volatile read and one clock read.
   *
   * @param floor what is read
   * @return credentials
   */
  @Benchmark
  public AwsCredentials floor(Floor floor) {
    AwsCredentials now = floor.held;
    if (System.currentTimeMillis() >= floor.expiration) {
      throw new IllegalStateException("the benchmark ran for hours");
    }
    return now;
  }

  /**
   * Lanyard, as a synchronous caller asks.
   *
   * @param lanyard the provider
   * @return credentials
   */
  @Benchmark
  public AwsCredentials resolveCredentials(Lanyard lanyard) {
    return ((Warmed) lanyard).provider.resolveCredentials();
  }

  /**
   * Lanyard, as the SDK's clients ask.
   *
   * @param lanyard the provider
   * @return a completed future
   */
  @Benchmark
  public CompletableFuture<? extends AwsCredentialsIdentity> resolveIdentity(Lanyard lanyard) {
    return ((Warmed) lanyard).provider.resolveIdentity();
  }

  /**
   * The SDK's providers, as a synchronous caller asks.
   *
   * @param sdk which
   * @return credentials
   */
  @Benchmark
  public AwsCredentials sdk(Sdk sdk) {
    return sdk.warmed.provider.resolveCredentials();
  }
}
