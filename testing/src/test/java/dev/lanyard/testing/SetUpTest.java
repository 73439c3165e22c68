package dev.lanyard.testing;

import static dev.lanyard.testing.EksAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Set-ups of more than one account, cluster or role. */
class SetUpTest {
  private static final String OTHER_ACCOUNT = "444455556666";

  private final TestClock clock = new TestClock();
  private final FakeEks eks = FakeEks.builder().clock(clock).start();

  @AfterEach
  void stop() {
    eks.close();
  }

  @Test
  void aRoleOfAnotherAccountNeedsTheProviderThere() {
    String provider = eks.issuer().providerArn(OTHER_ACCOUNT);
    String role =
        eks.roleIn(
            OTHER_ACCOUNT,
            "orders-role",
            TrustPolicy.forServiceAccount(provider, eks, "shop", "orders"));
    FakePod pod = eks.pod("shop", "orders").irsa(role);
    assertThat(Pods.exchange(eks, pod, role).element("Message"))
        .isEqualTo("No OpenIDConnect provider found in your account for " + eks.issuer().url());

    assertThat(eks.issuer().registerIn(OTHER_ACCOUNT, "vault.example.com")).isEqualTo(provider);
    assertThat(Pods.exchange(eks, pod, role).element("Message"))
        .isEqualTo("Incorrect token audience");

    eks.issuer().registerIn(OTHER_ACCOUNT, "sts.amazonaws.com");
    Http.Answer answer = Pods.exchange(eks, pod, role);
    assertThat(answer.element("Arn"))
        .startsWith("arn:aws:sts::" + OTHER_ACCOUNT + ":assumed-role/orders-role/");
    assertThat(answer.element("Provider")).isEqualTo(provider);

    eks.issuer().unregisterFrom(OTHER_ACCOUNT);
    assertThat(Pods.exchange(eks, pod, role).element("Code")).isEqualTo("InvalidIdentityToken");
  }

  @Test
  void clustersOfOneAccountShareARoleByAStatementForEach() {
    try (FakeEks green = FakeEks.builder().inAccountOf(eks).clusterName("green").start()) {
      String role = eks.role("orders-role", TrustPolicy.forServiceAccount(eks, "shop", "orders"));
      FakePod blue = eks.pod("shop", "orders").irsa(role);
      FakePod other = green.pod("shop", "orders").irsa(role);
      assertThat(Pods.exchange(eks, blue, role).status()).isEqualTo(200);
      assertThat(Pods.exchange(green, other, role).element("Code")).isEqualTo("AccessDenied");

      eks.role(
          "orders-role",
          TrustPolicy.forServiceAccount(eks, "shop", "orders"),
          TrustPolicy.forServiceAccount(green, "shop", "orders"));
      Http.Answer answer = Pods.exchange(green, other, role);
      assertThat(answer.status()).isEqualTo(200);
      assertThat(eks.issued(answer.element("AccessKeyId"))).isPresent();
    }
  }

  @Test
  void clustersOfOneAccountShareARoleOfPodIdentityAsItIs() {
    String role = eks.role("orders-role", TrustPolicy.forPodIdentity());
    try (FakeEks green = FakeEks.builder().inAccountOf(eks).clusterName("green").start()) {
      FakePod pod = green.pod("shop", "orders").podIdentity();
      eks.associate("shop", "orders", role);
      assertThat(Pods.ask(green, pod).status()).isEqualTo(404);

      green.associate("shop", "orders", role);
      String keyId = Pods.ask(green, pod).field("AccessKeyId");
      assertThat(green.issued(keyId).orElseThrow().sessionTags())
          .containsEntry("eks-cluster-name", "green")
          .containsEntry("eks-cluster-arn", "arn:aws:eks:eu-west-1:111122223333:cluster/green");
      // A token of the one is none of the other.
      assertThat(Pods.ask(eks, pod).body()).contains("(InvalidTokenException)");
    }
  }

  @Test
  void anAssociationWithATargetRoleChainsFor59Minutes() {
    String role = eks.role("orders-role", TrustPolicy.forPodIdentity());
    String target = eks.roleIn(OTHER_ACCOUNT, "data", TrustPolicy.forRole(role));
    eks.associate("shop", "orders", role).targetRole(target);
    FakePod pod = eks.pod("shop", "orders").podIdentity();

    Http.Answer answer = Pods.ask(eks, pod);

    assertThat(answer.field("AccountId")).isEqualTo(OTHER_ACCOUNT);
    assertThat(answer.field("Expiration")).isEqualTo("2030-01-01T00:59:00Z");
    assertThat(eks.issued(answer.field("AccessKeyId")).orElseThrow().sessionTags())
        .containsEntry("kubernetes-namespace", "shop");
    assertThat(eks).forRole(target).by(pod).exchangedOnce();
  }

  @Test
  void aTargetRoleHasToTrustTheAssociatedRole() {
    String role = eks.role("orders-role", TrustPolicy.forPodIdentity());
    String other = eks.role("other-role", TrustPolicy.forPodIdentity());
    String target = eks.roleIn(OTHER_ACCOUNT, "data", TrustPolicy.forRole(other));
    eks.associate("shop", "orders", role).targetRole(target);

    assertThat(Pods.ask(eks, eks.pod("shop", "orders").podIdentity()).body())
        .contains("(AccessDeniedException)");
    assertThat(eks).forRole(target).wasRefused("AccessDeniedException");
  }

  @Test
  void withoutSessionTagsTheRoleNeedNotAllowThem() {
    String role =
        eks.role(
            "orders-role",
            TrustPolicy.of(
                """
                {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
                  "Principal": {"Service": "pods.eks.amazonaws.com"}}}
                """));
    Association association = eks.associate("shop", "orders", role);
    FakePod pod = eks.pod("shop", "orders").podIdentity();
    assertThat(Pods.ask(eks, pod).body()).contains("(AccessDeniedException)");
    assertThatThrownBy(() -> association.policy("{}")).isInstanceOf(IllegalStateException.class);

    association.disableSessionTags().policy("{}");
    String keyId = Pods.ask(eks, pod).field("AccessKeyId");
    assertThat(eks.issued(keyId).orElseThrow().sessionTags()).isEmpty();
    assertThatIllegalArgumentException().isThrownBy(() -> association.policy("x".repeat(2049)));
  }

  @Test
  void aTargetRoleMayDemandTheExternalIdOfAnAssociationWithoutTags() {
    String role = eks.role("orders-role", TrustPolicy.forPodIdentity());
    String target =
        eks.roleIn(
            OTHER_ACCOUNT,
            "data",
            TrustPolicy.forRole(role, "eu-west-1/111122223333/lanyard/shop/orders"));
    Association association = eks.associate("shop", "orders", role).targetRole(target);
    FakePod pod = eks.pod("shop", "orders").podIdentity();

    assertThat(Pods.ask(eks, pod).status()).isEqualTo(400);
    association.disableSessionTags();
    assertThat(Pods.ask(eks, pod).status()).isEqualTo(200);
  }

  @Test
  void changesOfAssociationsTakeAWhileToBeSeen() {
    String role = eks.role("orders-role", TrustPolicy.forPodIdentity());
    FakePod pod = eks.pod("shop", "orders").podIdentity();
    eks.delayAssociations(Duration.ofSeconds(8));
    eks.associate("shop", "orders", role);

    clock.advance(Duration.ofMillis(7999));
    assertThat(Pods.ask(eks, pod).status()).isEqualTo(404);
    clock.advance(Duration.ofMillis(1));
    assertThat(Pods.ask(eks, pod).status()).isEqualTo(200);

    assertThat(eks.dissociate("shop", "orders")).isTrue();
    assertThat(eks.dissociate("shop", "orders")).isFalse();
    eks.agent().forget();
    assertThat(Pods.ask(eks, pod).status()).isEqualTo(200);
    eks.agent().forget();
    clock.advance(Duration.ofSeconds(8));
    assertThat(Pods.ask(eks, pod).status()).isEqualTo(404);
  }

  @Test
  void anAssociationThatIsGoneCannotBeChangedAndComesNotBack() {
    String role = eks.role("orders-role", TrustPolicy.forPodIdentity());
    Association first = eks.associate("shop", "orders", role);
    Association second = eks.associate("shop", "orders", role);

    assertThatIllegalStateException()
        .isThrownBy(() -> first.targetRole(role))
        .withMessage("This association of shop/orders was deleted or replaced");
    second.disableSessionTags();
    eks.dissociate("shop", "orders");

    assertThatIllegalStateException().isThrownBy(() -> second.policy("{}"));
    assertThat(Pods.ask(eks, eks.pod("shop", "orders").podIdentity()).status()).isEqualTo(404);
  }

  @Test
  void agentKeepsWhatItHasWhenARenewalCannotReachEksAuth() {
    eks.associate("shop", "orders", eks.role("orders-role", TrustPolicy.forPodIdentity()));
    FakePod pod = eks.pod("shop", "orders").podIdentity();
    String held = Pods.ask(eks, pod).field("AccessKeyId");
    eks.agent().disconnectFromEksAuth();

    clock.advance(Duration.ofHours(6).minusSeconds(16));
    assertThat(Pods.ask(eks, pod).field("AccessKeyId")).isEqualTo(held);
    clock.advance(Duration.ofSeconds(1));
    assertThat(Pods.ask(eks, pod).status()).isEqualTo(500);
  }

  @Test
  void refusesWhatEksRefuses() {
    assertThatIllegalArgumentException().isThrownBy(() -> FakeEks.builder().clusterName("-a"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> eks.delayAssociations(Duration.ofSeconds(-1)));
    assertThatIllegalArgumentException().isThrownBy(() -> eks.issuer().registerIn(OTHER_ACCOUNT));
  }
}
