package dev.lanyard.samples.quickstart;

import static dev.lanyard.samples.quickstart.Stage.check;

import dev.lanyard.EksCredentialsProvider;
import dev.lanyard.testing.FakePod;
import java.time.Duration;

/** The pod's service account has an association instead. */
final class PodIdentityScene implements Scene {
  @Override
  public String title() {
    return "The same pod under EKS Pod Identity";
  }

  @Override
  public void play(Stage stage) throws SceneFailedException {
    String role = stage.roleForPodIdentity("orders-by-pod-identity");
    FakePod pod = stage.pod().podIdentity();
    stage.describe(pod, role);
    int before = stage.eks().agent().exchanges();

    EksCredentialsProvider provider =
        EksCredentialsProvider.builder().environment(pod.environment()).build();
    provider.awaitReady(Duration.ofSeconds(30));
    stage.narrator().step("detected", "provider.explain() says:");
    stage.narrator().quote(provider.explain().toString());
    Visit.play(stage, provider, role, "pod-identity");

    int exchanges = stage.eks().agent().exchanges() - before;
    stage
        .narrator()
        .step("exchanges", exchanges + " with the agent, for three clients of two services");
    check(exchanges == 1, "there should be 1 exchange with the agent, not %d", exchanges);
  }
}
