package dev.lanyard.samples.quickstart;

import static dev.lanyard.samples.quickstart.Stage.check;

import dev.lanyard.EksCredentialsProvider;
import dev.lanyard.testing.FakePod;
import java.time.Duration;

/** The pod has both, as in a migration from one to the other. */
final class BothScene implements Scene {
  @Override
  public String title() {
    return "A pod with both configured";
  }

  @Override
  public void play(Stage stage) throws SceneFailedException {
    Narrator narrator = stage.narrator();
    String byIrsa = stage.roleForIrsa("orders-by-irsa");
    String byPodIdentity = stage.roleForPodIdentity("orders-by-pod-identity");
    FakePod pod = stage.pod().irsa(byIrsa).podIdentity();
    stage.describe(pod, byIrsa + " or " + byPodIdentity);
    int before = stage.eks().agent().requests();

    EksCredentialsProvider provider =
        EksCredentialsProvider.builder().environment(pod.environment()).build();
    provider.awaitReady(Duration.ofSeconds(30));
    narrator.step("by default", "IRSA comes first, as in the AWS SDKs; provider.explain() says:");
    narrator.quote(provider.explain().toString());
    Visit.play(stage, provider, byIrsa, "both/irsa-first");
    check(stage.eks().agent().requests() == before, "the agent should not have been asked");

    EksCredentialsProvider migrated =
        EksCredentialsProvider.builder()
            .environment(pod.environment())
            .order("pod-identity", "irsa")
            .build();
    migrated.awaitReady(Duration.ofSeconds(30));
    narrator.step("the other way", "with builder().order(\"pod-identity\", \"irsa\"):");
    narrator.quote(migrated.explain().toString());
    Visit.play(stage, migrated, byPodIdentity, "both/pod-identity-first");
  }
}
