package dev.lanyard.samples.quickstart;

import static dev.lanyard.samples.quickstart.Stage.BUCKET;
import static dev.lanyard.samples.quickstart.Stage.NAMESPACE;
import static dev.lanyard.samples.quickstart.Stage.check;

import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.EksCredentialsProvider;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.TrustPolicy;
import java.util.Map;
import software.amazon.awssdk.services.s3.S3Client;

/** The role's trust policy names another service account. */
final class RefusedScene implements Scene {
  @Override
  public String title() {
    return "A pod whose role trusts another service account";
  }

  @Override
  public void play(Stage stage) throws SceneFailedException {
    String role =
        stage
            .eks()
            .role("payments", TrustPolicy.forServiceAccount(stage.eks(), NAMESPACE, "payments"));
    FakePod pod = stage.pod().irsa(role);
    stage.describe(pod, role);
    stage
        .narrator()
        .step(
            "trust policy", "of that role names " + NAMESPACE + "/payments, which is not this pod");
    Map<String, Integer> servedBefore = stage.s3Server().served();

    EksCredentialsProvider provider =
        EksCredentialsProvider.builder().environment(pod.environment()).build();
    try (S3Client s3 = stage.s3(provider)) {
      s3.listObjectsV2(list -> list.bucket(BUCKET));
    } catch (CredentialsUnavailableException e) {
      stage
          .narrator()
          .step("the error", "as S3Client throws it, a " + e.getClass().getSimpleName());
      stage.narrator().quote(String.valueOf(e.getMessage()));
      check(
          String.valueOf(e.getMessage()).contains(role), "the error should name the role %s", role);
      check(stage.s3Server().served().equals(servedBefore), "no request should have reached S3");
      stage.narrator().step("and no other", "identity was tried: no request reached S3");
      return;
    }
    throw new SceneFailedException("STS should have refused the exchange for " + role);
  }
}
