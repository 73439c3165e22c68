package dev.lanyard.samples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.EksCredentialsProvider;
import dev.lanyard.irsa.AssumeRoleCredentialsProvider;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.IssuedCredentials;
import dev.lanyard.testing.TrustPolicy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsCredentials;

/** A second role, whichever way the pod comes to its first. */
class RoleChainTest {
  private static final String PARTNER = "444455556666";

  private final FakeEks eks = FakeEks.start();
  private final String first =
      eks.role(
          "orders",
          TrustPolicy.forServiceAccount(eks, "shop", "orders"),
          TrustPolicy.forPodIdentity());

  @AfterEach
  void close() {
    eks.close();
  }

  @Test
  void fromIrsa() {
    String second = eks.roleIn(PARTNER, "partner", TrustPolicy.forRole(first));

    IssuedCredentials issued = chained(eks.pod("shop", "orders").irsa(first), second);

    assertThat(issued.accountId()).isEqualTo(PARTNER);
    assertThat(issued.sessionTags()).isEmpty();
  }

  @Test
  void fromPodIdentityWhoseTagsGoAlong() {
    eks.associate("shop", "orders", first);
    String second = eks.roleIn(PARTNER, "partner", TrustPolicy.forRole(first));

    IssuedCredentials issued = chained(eks.pod("shop", "orders").podIdentity(), second);

    assertThat(issued.accountId()).isEqualTo(PARTNER);
    assertThat(issued.sessionTags()).containsEntry("kubernetes-namespace", "shop").hasSize(6);
  }

  @Test
  void fromPodIdentityARefusalAsksForThePermissionToPassTheTags() {
    eks.associate("shop", "orders", first);
    String second =
        eks.roleIn(
            PARTNER,
            "partner",
            TrustPolicy.of(
                TrustPolicy.forRole(first).json().replace("sts:TagSession", "sts:Nothing")));

    assertThatThrownBy(() -> chained(eks.pod("shop", "orders").podIdentity(), second))
        .isInstanceOf(CredentialsUnavailableException.class)
        .hasMessageContaining("refused to let the role of pod-identity assume role " + second)
        .hasMessageContaining("[\"sts:AssumeRole\", \"sts:TagSession\"]")
        .hasMessageContaining("\"AWS\": \"" + first + "\"");
  }

  private IssuedCredentials chained(FakePod pod, String second) {
    EksCredentialsProvider provider =
        EksCredentialsProvider.builder().environment(pod.environment()).build();
    AwsCredentials credentials =
        AssumeRoleCredentialsProvider.builder(provider, second)
            .environment(pod.environment())
            .endpoint(eks.sts().endpoint())
            .region(eks.region())
            .build()
            .resolveCredentials();
    return eks.issued(credentials.accessKeyId()).orElseThrow();
  }
}
