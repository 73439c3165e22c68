package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.EksCredentialsProvider;
import dev.lanyard.podidentity.PodIdentityCredentialsProvider;
import dev.lanyard.runtime.Environment;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.TrustPolicy;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;

/** The whole way, from a pod's environment through an agent to credentials. */
class PodIdentityCredentialsProviderTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final FakeEks eks = FakeEks.start();
  private final FakePod pod = eks.pod("shop", "orders").podIdentity();

  @AfterEach
  void close() {
    eks.close();
  }

  private PodIdentityCredentialsProvider provider() {
    return PodIdentityCredentialsProvider.builder().environment(pod.environment()).build();
  }

  @Test
  void aPodGetsTheCredentialsOfItsAssociatedRole() {
    String role = eks.role("orders-role", TrustPolicy.forPodIdentity());
    eks.associate("shop", "orders", role);

    AwsCredentials credentials = provider().resolveCredentials();

    assertThat(credentials).isInstanceOf(AwsSessionCredentials.class);
    assertThat(eks.issued(credentials.accessKeyId()))
        .hasValueSatisfying(
            issued ->
                assertThat(issued.secretAccessKey()).isEqualTo(credentials.secretAccessKey()));
    assertThat(eks.agent().exchanges()).isEqualTo(1);
  }

  @Test
  void theChainFindsTheSourceByItself() {
    eks.associate("shop", "orders", eks.role("orders-role", TrustPolicy.forPodIdentity()));

    EksCredentialsProvider provider =
        EksCredentialsProvider.builder().environment(pod.environment()).build();
    provider.awaitReady(PATIENCE);

    assertThat(provider.status().source()).isEqualTo("pod-identity");
  }

  @Test
  void aPodWithoutAnAssociationIsToldSoAtOnce() {
    assertThatThrownBy(provider()::resolveCredentials)
        .isInstanceOf(CredentialsUnavailableException.class)
        .hasMessageContaining("ResourceNotFoundException")
        .hasMessageContaining(
            "Create a Pod Identity association for service account orders in namespace shop");
  }

  @Test
  void aRoleThatDoesNotTrustTheServiceIsToldSoAtOnce() {
    eks.associate(
        "shop", "orders", eks.role("irsa-role", TrustPolicy.forServiceAccount(eks, "shop", "x")));

    assertThatThrownBy(provider()::resolveCredentials)
        .isInstanceOf(CredentialsUnavailableException.class)
        .hasMessageContaining("AccessDeniedException")
        .hasMessageContaining("{\"Service\": \"pods.eks.amazonaws.com\"}");
  }

  @Test
  void aTokenOfAnotherClusterIsRefused() throws Exception {
    eks.associate("shop", "orders", eks.role("orders-role", TrustPolicy.forPodIdentity()));
    try (FakeEks other = FakeEks.start()) {
      FakePod stranger = other.pod("shop", "orders").podIdentity();
      pod.replaceAuthorizationToken(Files.readString(stranger.authorizationTokenFile()));

      assertThatThrownBy(provider()::resolveCredentials)
          .hasMessageContaining("InvalidTokenException");
    }
  }

  @Test
  void anAgentThatStartsAfterThePodIsWaitedFor() {
    eks.associate("shop", "orders", eks.role("orders-role", TrustPolicy.forPodIdentity()));
    eks.agent().throttle(2);

    assertThat(provider().resolveCredentials()).isNotNull();
    assertThat(eks.agent().requests()).isGreaterThanOrEqualTo(3);
  }

  @Test
  void anEndpointAndATokenFileMayBeGiven() {
    eks.associate("shop", "orders", eks.role("orders-role", TrustPolicy.forPodIdentity()));

    PodIdentityCredentialsProvider provider =
        PodIdentityCredentialsProvider.builder()
            .environment(Environment.of(Map.of()))
            .endpoint(eks.agent().endpoint())
            .tokenFile(pod.authorizationTokenFile())
            .build();

    assertThat(provider.resolveCredentials()).isNotNull();
  }

  @Test
  void anEndpointInTheEnvironmentThatNoTokenMayGoToFailsAtTheFirstUseAndNotBefore() {
    PodIdentityCredentialsProvider provider =
        PodIdentityCredentialsProvider.builder()
            .environment(
                Environment.of(Map.of("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://10.0.0.1/")))
            .build();

    assertThatThrownBy(provider::resolveCredentials)
        .isInstanceOf(CredentialsUnavailableException.class)
        .hasMessageContaining("10.0.0.1 without TLS");
    assertThat(provider.explain().toString()).contains("10.0.0.1 without TLS");
  }

  @Test
  void whatIsCreatedWithoutOptionsSharesOneEngine() {
    eks.associate("shop", "orders", eks.role("orders-role", TrustPolicy.forPodIdentity()));
    Map<String, String> properties =
        Map.of(
            "aws.containerCredentialsFullUri", eks.agent().endpoint().toString(),
            "aws.containerAuthorizationTokenFile", pod.authorizationTokenFile().toString());
    properties.forEach(System::setProperty);
    try {
      PodIdentityCredentialsProvider one = PodIdentityCredentialsProvider.create();
      PodIdentityCredentialsProvider two = PodIdentityCredentialsProvider.create();

      assertThat(one.resolveCredentials()).isSameAs(two.resolveCredentials());
      assertThat(eks.agent().requests()).isEqualTo(1);
    } finally {
      properties.keySet().forEach(System::clearProperty);
    }
  }

  @Test
  void theLongestLifeIsBetweenNothingAndThirtySixHours() {
    PodIdentityCredentialsProvider.Builder builder = PodIdentityCredentialsProvider.builder();

    assertThat(builder.longestLife(Duration.ofHours(36))).isSameAs(builder);
    for (String wrong : new String[] {"PT0S", "PT-1S", "PT36H0.001S"}) {
      assertThatThrownBy(() -> builder.longestLife(Duration.parse(wrong)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("at most 36 hours");
    }
  }
}
