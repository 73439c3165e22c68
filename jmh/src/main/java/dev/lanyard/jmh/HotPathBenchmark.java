package dev.lanyard.jmh;

import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.spi.CredentialsExchange;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import dev.lanyard.spi.Environment;
import dev.lanyard.spi.SessionCredentials;
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
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * What does it cost a request to ask for fresh credentials?
 *
 * <p>{@code floor} is the least that a provider of expiring credentials can do: one volatile read
 * and one clock read. {@code sdkStatic} is the SDK's provider of credentials that never expire. Run
 * with {@code mvn -q -Pbenchmarks -pl jmh -am verify -Djmh.args="HotPath -prof gc"}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class HotPathBenchmark {
  private static final AwsSessionCredentials CREDENTIALS =
      AwsSessionCredentials.create("ASIABENCHMARK", "not a secret", "not a token");

  private final long expiration = Instant.now().plus(Duration.ofHours(6)).toEpochMilli();
  private volatile AwsCredentials held = CREDENTIALS;
  private final Provider lanyard = new Provider();
  private final StaticCredentialsProvider sdkStatic = StaticCredentialsProvider.create(CREDENTIALS);

  /** Makes sure that it is fresh credentials which are read. */
  @Setup
  public void awaitCredentials() {
    lanyard.awaitReady(Duration.ofSeconds(10));
  }

  /**
   * One volatile read and one clock read.
   *
   * @return credentials
   */
  @Benchmark
  public AwsCredentials floor() {
    AwsCredentials now = held;
    if (System.currentTimeMillis() >= expiration) {
      throw new IllegalStateException("the benchmark ran for hours");
    }
    return now;
  }

  /**
   * Lanyard, as a synchronous caller asks.
   *
   * @return credentials
   */
  @Benchmark
  public AwsCredentials resolveCredentials() {
    return lanyard.resolveCredentials();
  }

  /**
   * Lanyard, as the SDK's clients ask.
   *
   * @return a completed future
   */
  @Benchmark
  public CompletableFuture<AwsCredentialsIdentity> resolveIdentity() {
    return lanyard.resolveIdentity();
  }

  /**
   * The SDK's provider of credentials that never expire.
   *
   * @return credentials
   */
  @Benchmark
  public AwsCredentials sdkStatic() {
    return sdkStatic.resolveCredentials();
  }

  /**
   * The same, as the SDK's clients ask.
   *
   * @return a completed future
   */
  @Benchmark
  public CompletableFuture<? extends AwsCredentialsIdentity> sdkStaticIdentity() {
    return sdkStatic.resolveIdentity();
  }

  /** The engine on a source that answers at once. */
  private static final class Provider extends RefreshingCredentialsProvider {
    Provider() {
      super(new Source());
    }
  }

  private static final class Source implements CredentialsSource {
    @Override
    public String name() {
      return "benchmark";
    }

    @Override
    public int precedence() {
      return 0;
    }

    @Override
    public Detection detect(Environment environment) {
      CredentialsExchange exchange =
          context ->
              SessionCredentials.builder()
                  .accessKeyId(CREDENTIALS.accessKeyId())
                  .secretAccessKey(CREDENTIALS.secretAccessKey())
                  .sessionToken(CREDENTIALS.sessionToken())
                  .expiration(context.now().plus(Duration.ofHours(6)))
                  .build();
      return new Detection.Present(exchange, "credentials made up on the spot");
    }
  }
}
