package dev.lanyard.samples.architecture;

import static dev.lanyard.testing.EksAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.EksCredentialsProvider;
import dev.lanyard.podidentity.PodIdentityCredentialsProvider;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.InPod;
import dev.lanyard.testing.TrustPolicy;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** Tests that create their provider with {@code create()} do not leak into each other. */
class SharedEngineTest {
  /** Kept, so that the engines of earlier tests are still there. */
  private static final List<EksCredentialsProvider> KEPT = new CopyOnWriteArrayList<>();

  @RepeatedTest(3)
  @InPod(serviceAccount = "shop/orders", irsa = "orders-role")
  void eachTestHasTheEngineOfItsOwnPodOfIrsa(FakeEks eks, FakePod pod) {
    createsTwoThatShareAnEngineOfThisPod(eks, pod);
  }

  @RepeatedTest(3)
  @InPod(serviceAccount = "shop/orders", podIdentity = "orders-role")
  void eachTestHasTheEngineOfItsOwnPodOfPodIdentity(FakeEks eks, FakePod pod) {
    createsTwoThatShareAnEngineOfThisPod(eks, pod);
  }

  private static void createsTwoThatShareAnEngineOfThisPod(FakeEks eks, FakePod pod) {
    EksCredentialsProvider one = EksCredentialsProvider.create();
    EksCredentialsProvider two = EksCredentialsProvider.create();
    KEPT.add(one);

    String keyId = one.resolveCredentials().accessKeyId();

    assertThat(eks.issued(keyId)).isPresent();
    assertThat(two.resolveCredentials().accessKeyId()).isEqualTo(keyId);
    assertThat(eks).by(pod).exchangedOnce();
  }

  @Test
  @InPod(serviceAccount = "shop/orders", podIdentity = "orders-role")
  void eachModuleIsTheFirstHopOfARoleThatSettingsName(FakeEks eks, FakePod pod) {
    String first = "arn:aws:iam::111122223333:role/orders-role";
    String second =
        eks.roleIn(
            "444455556666",
            "partner",
            TrustPolicy.of(
                """
                {"Statement": {"Effect": "Allow", "Principal": {"AWS": "%s"},
                  "Action": ["sts:AssumeRole", "sts:TagSession"]}}
                """
                    .formatted(first)));
    Map<String, String> settings = Map.of("lanyard.assume.role", second);

    PodIdentityCredentialsProvider one = PodIdentityCredentialsProvider.create(settings);
    EksCredentialsProvider two = EksCredentialsProvider.create(settings);

    String keyId = one.resolveCredentials().accessKeyId();
    assertThat(eks.issued(keyId).orElseThrow().assumedRoleArn())
        .startsWith("arn:aws:sts::444455556666:assumed-role/partner/");
    assertThat(two.resolveCredentials().accessKeyId()).isEqualTo(keyId);
    assertThat(eks.agent().requests()).isEqualTo(1);
    assertThat(eks.sts().requests()).isEqualTo(1);
  }
}
