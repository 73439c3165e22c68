package dev.lanyard.samples.quickstart;

import static dev.lanyard.samples.quickstart.Stage.BUCKET;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.lanyard.EksCredentialsProvider;
import dev.lanyard.testing.FakePod;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sts.StsClient;

/** One provider, three clients of two services. */
class SharedProviderTest {
  private final Stage stage =
      Stage.build(
          new Narrator(
              new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)));

  @AfterEach
  void close() {
    stage.close();
  }

  @Test
  void clientsOfTwoServicesShareOneExchangeWithSts() {
    FakePod pod = stage.pod().irsa(stage.roleForIrsa("shared"));

    useThreeClientsAndCloseThemOneByOne(pod);

    assertThat(stage.eks().sts().exchanges()).isEqualTo(1);
  }

  @Test
  void clientsOfTwoServicesShareOneExchangeWithTheAgent() {
    stage.roleForPodIdentity("shared");
    FakePod pod = stage.pod().podIdentity();

    useThreeClientsAndCloseThemOneByOne(pod);

    assertThat(stage.eks().agent().exchanges()).isEqualTo(1);
  }

  private void useThreeClientsAndCloseThemOneByOne(FakePod pod) {
    EksCredentialsProvider provider =
        EksCredentialsProvider.builder().environment(pod.environment()).build();
    S3Client s3 = stage.s3(provider);
    S3AsyncClient s3Async = stage.s3Async(provider);
    StsClient sts = stage.sts(provider);

    // All at once, before there are any credentials.
    CompletableFuture.allOf(
            CompletableFuture.runAsync(() -> put(s3)),
            CompletableFuture.runAsync(() -> put(s3Async)),
            CompletableFuture.runAsync(sts::getCallerIdentity))
        .join();

    s3.close();
    put(s3Async);
    assertThat(sts.getCallerIdentity().arn()).contains("assumed-role/shared/");

    s3Async.close();
    assertThat(sts.getCallerIdentity().arn()).contains("assumed-role/shared/");

    sts.close();
    try (S3Client another = stage.s3(provider)) {
      assertThatNoException().isThrownBy(() -> put(another));
    }
  }

  private static void put(S3Client s3) {
    s3.putObject(put -> put.bucket(BUCKET).key("a"), RequestBody.fromString("a"));
  }

  private static void put(S3AsyncClient s3) {
    s3.putObject(put -> put.bucket(BUCKET).key("b"), AsyncRequestBody.fromString("b")).join();
  }
}
