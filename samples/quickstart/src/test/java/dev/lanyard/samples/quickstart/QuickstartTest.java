package dev.lanyard.samples.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuickstartTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, UTF_8);

  @Test
  void playsAllScenesAndShowsWhatCameOfThem() {
    int code = Quickstart.run(List.of(), out);

    assertThat(said())
        .doesNotContain("FAILED")
        .endsWith("All 5 scenes played without a failure.\n");
    assertThat(code).isZero();
    assertThat(scene(1))
        .contains("A pod with IRSA")
        .containsPattern("1\\. irsa +CHOSEN +role arn:aws:iam::111122223333:role/orders-by-irsa")
        .containsPattern("STS says we are +arn:aws:sts::111122223333:assumed-role/orders-by-irsa/")
        .containsPattern("S3Client +wrote irsa/by-S3Client.txt")
        .containsPattern("S3AsyncClient +wrote irsa/by-S3AsyncClient.txt")
        .containsPattern("bucket holds +irsa/by-S3AsyncClient.txt, irsa/by-S3Client.txt")
        .containsPattern("exchanges +1 with STS");
    assertThat(scene(2))
        .contains("Pod Identity")
        .containsPattern("2\\. pod-identity +CHOSEN")
        .containsPattern(
            "says we are +arn:aws:sts::111122223333:assumed-role/orders-by-pod-identity/")
        .containsPattern("exchanges +1 with the agent");
    assertThat(scene(3))
        .contains("roll over")
        .containsPattern("requests +\\d{2,}, signed with \\d+ different keys")
        .containsPattern("refreshes +[4-9] in the background")
        .containsPattern("failures +0\n")
        .containsPattern("longest wait +\\d+\\.\\d{3} ms for credentials");
    assertThat(scene(4))
        .contains("trusts another service account")
        .contains("CredentialsUnavailableException")
        .contains("arn:aws:iam::111122223333:role/payments")
        .contains("system:serviceaccount:shop:orders")
        .contains("no request reached S3");
    assertThat(scene(5))
        .contains("both configured")
        .containsPattern("1\\. irsa +CHOSEN")
        .containsPattern("2\\. pod-identity +SHADOWED")
        .containsPattern("1\\. pod-identity +CHOSEN")
        .containsPattern("2\\. irsa +SHADOWED");
  }

  @Test
  void namesTheSceneThatFailsAndPlaysNoFurther() {
    Scene fine = scene("one that goes well", () -> {});
    Scene failing =
        scene(
            "one that does not",
            () -> {
              throw new IllegalStateException("the bucket is gone", new RuntimeException("really"));
            });
    Scene unseen = scene("one that nobody sees", () -> {});

    int code = Quickstart.play(List.of(fine, failing, unseen), new Narrator(out));

    assertThat(code).isEqualTo(1);
    assertThat(said())
        .contains("1/3  one that goes well", "FAILED: scene 2, one that does not")
        .contains("the bucket is gone", "caused by", "really")
        .doesNotContain("nobody sees", "without a failure");
  }

  @Test
  void aSceneFailsWhenWhatItShowsIsNotSo() {
    Scene liar = scene("a liar", () -> Stage.check(false, "there should be %d exchange", 1));

    assertThat(Quickstart.play(List.of(liar), new Narrator(out))).isEqualTo(1);
    assertThat(said()).contains("FAILED: scene 1, a liar", "there should be 1 exchange");
  }

  @Test
  void explainsItself() {
    assertThat(Quickstart.run(List.of("--help"), out)).isZero();
    assertThat(said()).startsWith("usage: ").contains("--bucket NAME");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--verbose", "--bucket", "--bucket --help", "orders", "--help more"})
  void doesNotGuessWhatItsArgumentsMean(String arguments) {
    assertThat(Quickstart.run(List.of(arguments.split(" ")), out)).isEqualTo(2);
    assertThat(said()).startsWith("not understood: " + arguments).contains("usage: ");
  }

  @Test
  void doesNotTakeAnUnsetVariableForABucket() {
    assertThat(Quickstart.run(List.of("--bucket", ""), out)).isEqualTo(2);
    assertThat(said()).startsWith("not understood: --bucket").contains("usage: ");
  }

  private String said() {
    return bytes.toString(UTF_8).replace(System.lineSeparator(), "\n");
  }

  private String scene(int number) {
    String said = said();
    int start = said.indexOf("\n" + number + "/5  ");
    int end = said.indexOf("\n" + (number + 1) + "/5  ");
    return said.substring(start, end < 0 ? said.length() : end);
  }

  private interface Play {
    void play() throws Exception;
  }

  private static Scene scene(String title, Play play) {
    return new Scene() {
      @Override
      public String title() {
        return title;
      }

      @Override
      public void play(Stage stage) throws Exception {
        play.play();
      }
    };
  }
}
