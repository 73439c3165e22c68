package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pods of a cluster with a webhook of its own; what it injects is the matter of WebhookTest. */
class SelfHostedWebhookTest {
  private final TestClock clock = new TestClock();
  private FakeEks eks = FakeEks.builder().clock(clock).start();

  @AfterEach
  void stop() {
    eks.close();
  }

  @Test
  void injectsNeitherRegionNorRegionalEndpointsUnlessItIsTold() {
    start();
    String role = eks.role("orders-role", TrustPolicy.forServiceAccount(eks, "shop", "orders"));

    FakePod pod = eks.pod("shop", "orders").irsa(role);

    assertThat(pod.variables())
        .containsEntry("AWS_ROLE_ARN", role)
        .doesNotContainKeys("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_STS_REGIONAL_ENDPOINTS");
    assertThat(Pods.exchange(eks, pod, role).status()).isEqualTo(200);
    assertThat(eks.region()).isEqualTo("eu-west-1");
  }

  @Test
  void putsTokensWhereItIsTold() {
    start(
        "--token-mount-path=/run/web",
        "--container-credentials-token-mount-path=/run/agent",
        "--container-credentials-token-volume-name=agent-token",
        "--container-credentials-token-path=agent-file");
    String role =
        eks.role(
            "orders-role",
            TrustPolicy.forServiceAccount(eks, "shop", "orders"),
            TrustPolicy.forPodIdentity());
    eks.associate("shop", "orders", role);
    FakePod pod = eks.pod("shop", "orders").irsa(role).podIdentity();

    assertThat(pod.webIdentityTokenFile()).endsWithRaw(Path.of("run/web/token"));
    assertThat(pod.authorizationTokenFile()).endsWithRaw(Path.of("run/agent/agent-file"));
    assertThat(pod.variables())
        .containsEntry("AWS_WEB_IDENTITY_TOKEN_FILE", pod.webIdentityTokenFile().toString())
        .containsEntry(
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", pod.authorizationTokenFile().toString())
        .containsEntry("AWS_CONTAINER_CREDENTIALS_FULL_URI", eks.agent().endpoint().toString());
    assertThat(Pods.exchange(eks, pod, role).status()).isEqualTo(200);
    assertThat(Pods.ask(eks, pod).status()).isEqualTo(200);

    AdmittedPod admitted = eks.admit(Manifests.pod("app"));
    assertThat(admitted.container().environment().path("/run/agent/agent-file")).isRegularFile();
    admitted.replaceToken("agent-token", "x");
    assertThat(admitted.container().environment().path("/run/agent/agent-file")).hasContent("x");
  }

  @Test
  void asksForTheAudiencesThatItIsTold() {
    start(
        "--token-audience=vault.example.com",
        "--container-credentials-audience=agent.example.com",
        "--token-expiration=1");
    String role =
        eks.role(
            "orders-role",
            TrustPolicy.forServiceAccount(eks, "shop", "orders"),
            TrustPolicy.forPodIdentity());
    eks.associate("shop", "orders", role);
    FakePod pod = eks.pod("shop", "orders").irsa(role).podIdentity();

    assertThat(Pods.exchange(eks, pod, role).element("Message"))
        .isEqualTo("Incorrect token audience");
    assertThat(Pods.ask(eks, pod).body()).contains("(InvalidTokenException)");
    // Less than ten minutes is ten minutes.
    clock.advance(Duration.ofMinutes(10).minusNanos(1));
    assertThat(Pods.ask(eks, pod).body()).contains("(InvalidTokenException)");
    clock.advance(Duration.ofNanos(1));
    assertThat(Pods.ask(eks, pod).body()).contains("token is expired");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--annotation-prefix=example.com",
        "aws-default-region=eu-west-1",
        "--aws-default-region",
        "--sts-regional-endpoint=yes",
        "--token-expiration=1h",
        "--token-mount-path=run/web",
        "--token-mount-path=/run/../web",
        "--token-mount-path=/",
        "--container-credentials-token-path=a/b",
        "--container-credentials-token-path=..a",
        "--container-credentials-token-volume-name=Agent",
      })
  void isNotStartedWithWhatCannotBe(String flag) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FakeEks.builder().selfHostedWebhook(flag))
        .withMessageContaining(flag.replaceFirst("=.*", ""));
  }

  private void start(String... flags) {
    eks.close();
    eks = FakeEks.builder().clock(clock).selfHostedWebhook(flags).start();
  }
}
