package dev.lanyard.samples.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.testing.FakePod;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@code --bucket}, as a process of its own with a pod's environment variables. */
class RealPodTest {
  private final Stage stage =
      Stage.build(new Narrator(new PrintStream(OutputStream.nullOutputStream(), false, UTF_8)));

  private record Ran(int code, String said) {}

  @AfterEach
  void close() {
    stage.close();
  }

  @Test
  void listsABucketAsTheRoleOfThePod() throws Exception {
    FakePod pod = stage.pod().irsa(stage.roleForIrsa("orders-by-irsa"));

    Ran ran = quickstart(pod.variables(), "--bucket", Stage.BUCKET);

    assertThat(ran.said())
        .containsPattern("irsa +CHOSEN")
        .containsPattern("who we are +arn:aws:sts::111122223333:assumed-role/orders-by-irsa/")
        .containsPattern("bucket orders +is empty");
    assertThat(ran.code()).isZero();
    assertThat(stage.eks().sts().exchanges()).isEqualTo(1);
  }

  @Test
  void saysThatThereIsNoSuchBucket() throws Exception {
    stage.roleForPodIdentity("orders-by-pod-identity");
    FakePod pod = stage.pod().podIdentity();

    Ran ran = quickstart(pod.variables(), "--bucket", "nowhere");

    assertThat(ran.said())
        .containsPattern("who we are +arn:aws:sts::\\d+:assumed-role/orders-by-pod-identity/")
        .contains("FAILED: listing the bucket nowhere", "NoSuchBucket (404");
    assertThat(ran.code()).isEqualTo(1);
  }

  @Test
  void saysWhatAPodWithoutAnIdentityLacks() throws Exception {
    Ran ran = quickstart(Map.of("AWS_REGION", "eu-west-1"), "--bucket", Stage.BUCKET);

    assertThat(ran.said())
        .contains("FAILED: the credentials")
        .contains("AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    assertThat(ran.code()).isEqualTo(1);
  }

  @Test
  void saysThatTheRegionIsMissing() {
    ByteArrayOutputStream said = new ByteArrayOutputStream();

    boolean listed =
        new RealPod(Map.of("AWS_REGION", " "), new Narrator(new PrintStream(said, true, UTF_8)))
            .list(Stage.BUCKET);

    assertThat(listed).isFalse();
    assertThat(said.toString(UTF_8)).contains("FAILED: the region", "AWS_REGION is not set");
  }

  private Ran quickstart(Map<String, String> variables, String... arguments)
      throws IOException, InterruptedException {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            classPath,
            Quickstart.class.getName());
    builder.command().addAll(List.of(arguments));
    builder.redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("AWS_"));
    builder.environment().putAll(variables);
    builder.environment().put("AWS_ENDPOINT_URL_S3", stage.s3Server().endpoint().toString());
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    return new Ran(process.waitFor(), said);
  }
}
