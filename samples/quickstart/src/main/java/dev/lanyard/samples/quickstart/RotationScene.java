package dev.lanyard.samples.quickstart;

import static dev.lanyard.samples.quickstart.Stage.BUCKET;
import static dev.lanyard.samples.quickstart.Stage.check;

import dev.lanyard.EksCredentialsProvider;
import dev.lanyard.RefreshPolicy;
import dev.lanyard.testing.FakePod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;

/** Credentials roll over while requests go on. */
final class RotationScene implements Scene {
  private static final Duration LIFETIME = Duration.ofSeconds(10);
  private static final int ROLL_OVERS = 4;

  /** Early, so that credentials roll over while one watches, and long before they expire. */
  private static final RefreshPolicy OFTEN = RefreshPolicy.defaults().withRefreshWindow(0.2, 0.3);

  /** What a stream of requests may take at most until all credentials have rolled over. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicInteger failures = new AtomicInteger();
  private final AtomicReference<Throwable> firstFailure = new AtomicReference<>();

  @Override
  public String title() {
    return "Short-lived credentials roll over during a steady stream of requests";
  }

  @Override
  public void play(Stage stage) throws Exception {
    Narrator narrator = stage.narrator();
    String role = stage.roleForIrsa("orders-short-lived");
    FakePod pod = stage.pod().irsa(role);
    stage.describe(pod, role);
    stage.eks().sts().letCredentialsLast(LIFETIME);
    narrator.step(
        "STS",
        "gives credentials that last "
            + LIFETIME.toSeconds()
            + " s, and the S3 server refuses"
            + " them after that. Lanyard obtains others long before. No client retries");
    Set<String> keysBefore = stage.s3Server().served().keySet();
    int before = stage.eks().sts().exchanges();

    EksCredentialsProvider provider =
        EksCredentialsProvider.builder()
            .environment(pod.environment())
            .refreshPolicy(OFTEN)
            .build();
    provider.awaitReady(Duration.ofSeconds(30));
    Stopwatch credentials = new Stopwatch(provider);
    Supplier<Set<String>> keys =
        () -> {
          Set<String> since = new HashSet<>(stage.s3Server().served().keySet());
          since.removeAll(keysBefore);
          return since;
        };
    stream(stage, credentials, () -> keys.get().size() > ROLL_OVERS);
    stage.eks().sts().letCredentialsLast(Duration.ofHours(1));

    int refreshes = stage.eks().sts().exchanges() - before - 1;
    narrator.step("requests", requests + ", signed with " + keys.get().size() + " different keys");
    narrator.step("refreshes", refreshes + " in the background");
    narrator.step("failures", failures.toString());
    narrator.step(
        "longest wait",
        String.format(
            Locale.ROOT,
            "%.3f ms for credentials; callers that found none and had to wait: %d of %d",
            credentials.longestWait().toNanos() / 1e6,
            credentials.waited(),
            credentials.asked()));
    Throwable failure = firstFailure.get();
    if (failure != null) {
      throw new IllegalStateException(failures + " of " + requests + " requests failed", failure);
    }
    check(
        keys.get().size() > ROLL_OVERS,
        "the credentials should have rolled over %d times within %d s, and did %d times",
        ROLL_OVERS,
        PATIENCE.toSeconds(),
        refreshes);
  }

  /** One thread with each client, until it is enough. */
  private void stream(Stage stage, Stopwatch credentials, BooleanSupplier enough) throws Exception {
    long start = System.nanoTime();
    BooleanSupplier end =
        () -> enough.getAsBoolean() || System.nanoTime() - start > PATIENCE.toNanos();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (S3Client s3 = stage.s3(credentials);
        S3AsyncClient s3Async = stage.s3Async(credentials)) {
      List<Future<?>> streams = new ArrayList<>();
      streams.add(
          threads.submit(
              () -> repeat(end, () -> s3.listObjectsV2(list -> list.bucket(BUCKET).maxKeys(2)))));
      streams.add(
          threads.submit(
              () ->
                  repeat(
                      end,
                      () ->
                          s3Async
                              .putObject(
                                  put -> put.bucket(BUCKET).key("rotation/latest.txt"),
                                  AsyncRequestBody.fromString("still here"))
                              .join())));
      for (Future<?> stream : streams) {
        stream.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private void repeat(BooleanSupplier end, Runnable request) {
    while (!end.getAsBoolean()) {
      requests.incrementAndGet();
      try {
        request.run();
      } catch (SdkException | CompletionException e) {
        failures.incrementAndGet();
        firstFailure.compareAndSet(null, e);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }
}
