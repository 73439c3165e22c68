package dev.lanyard.samples.quickstart;

import static dev.lanyard.samples.quickstart.Stage.check;

import dev.lanyard.EksCredentialsProvider;
import dev.lanyard.testing.FakePod;
import java.time.Duration;

/** The pod's service account carries the annotation for IRSA. */
final class IrsaScene implements Scene {
  @Override
  public String title() {
    return "A pod with IRSA";
  }

  @Override
  public void play(Stage stage) throws SceneFailedException {
    String role = stage.roleForIrsa("orders-by-irsa");
    FakePod pod = stage.pod().irsa(role);
    stage.describe(pod, role);
    int before = stage.eks().sts().exchanges();

    EksCredentialsProvider provider =
        EksCredentialsProvider.builder().environment(pod.environment()).build();
    provider.awaitReady(Duration.ofSeconds(30));
    stage.narrator().step("detected", "provider.explain() says:");
    stage.narrator().quote(provider.explain().toString());
    Visit.play(stage, provider, role, "irsa");

    int exchanges = stage.eks().sts().exchanges() - before;
    stage.narrator().step("exchanges", exchanges + " with STS, for three clients of two services");
    check(exchanges == 1, "there should be 1 exchange with STS, not %d", exchanges);
  }
}
