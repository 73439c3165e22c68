package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What goes wrong on a cluster, where no other test is the place for it: see the scenes' page. */
class ScenesTest {
  private final TestClock clock = new TestClock();
  private final FakeEks eks = FakeEks.builder().clock(clock).start();
  private final String role =
      eks.role(
          "orders-role",
          TrustPolicy.forServiceAccount(eks, "shop", "orders"),
          TrustPolicy.forPodIdentity());
  private final FakePod pod = eks.pod("shop", "orders").irsa(role).podIdentity();

  ScenesTest() {
    eks.associate("shop", "orders", role);
  }

  @AfterEach
  void stop() {
    eks.close();
  }

  @Test
  void stsRefusesAProviderArnWithATypo() {
    eks.role(
        "orders-role",
        TrustPolicy.forServiceAccount(
            eks.issuer().providerArn().replace("oidc.eks.eu-west-1", "oidc.eu-west-1.eks"),
            eks,
            "shop",
            "orders"));

    assertSts(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
  }

  @Test
  void stsRefusesAnIssuerWhoseCertificateHasChanged() {
    eks.issuer().changeCertificate();
    assertSts(
        400,
        "InvalidIdentityToken",
        "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint");

    eks.issuer().register();
    assertThat(exchange().status()).isEqualTo(200);
  }

  @Test
  void eachAccountHasThumbprintsOfItsOwn() {
    String other = "444455556666";
    String provider = eks.issuer().registerIn(other, "sts.amazonaws.com");
    String there =
        eks.roleIn(
            other, "orders-role", TrustPolicy.forServiceAccount(provider, eks, "shop", "orders"));
    eks.issuer().changeCertificate();
    eks.issuer().registerIn(other, "sts.amazonaws.com");

    assertThat(Pods.exchange(eks, pod, there).status()).isEqualTo(200);
    assertThat(exchange().element("Code")).isEqualTo("InvalidIdentityToken");
  }

  @Test
  void stsRefusesAClaimThatTheIssuerRejects() {
    eks.sts().beToldThatTokensAreRevoked();
    assertSts(403, "IDPRejectedClaim", "The identity provider says that the claim is not valid");
    // A token that is not in order is refused for that.
    pod.audience("vault.example.com");
    assertThat(exchange().element("Message")).isEqualTo("Incorrect token audience");
    pod.audience("sts.amazonaws.com");

    eks.sts().recover();
    assertThat(exchange().status()).isEqualTo(200);
  }

  @Test
  void stsRefusesSessionPoliciesThatAreTooLargeTogether() {
    Map<String, String> form = new HashMap<>();
    form.put("Policy", policy(1900));
    form.put("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/" + "x".repeat(124));
    assertThat(exchange(form).element("PackedPolicySize")).isEqualTo("100");

    form.put("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/" + "x".repeat(125));
    Http.Answer answer = exchange(form);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.element("Code")).isEqualTo("PackedPolicyTooLarge");
  }

  @Test
  void agentPassesOnThatTheNodesRoleMayNotAsk() {
    eks.agent().beDeniedByEksAuth();

    Http.Answer answer = Pods.ask(eks, pod);

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body())
        .matches(
            "\\[[0-9a-f-]{36}]: \\(AccessDeniedException\\): User:"
                + " arn:aws:sts::111122223333:assumed-role/node-role/i-[0-9a-f]{17} is not"
                + " authorized to perform: eks-auth:AssumeRoleForPodIdentity on resource:"
                + " arn:aws:eks:eu-west-1:111122223333:cluster/lanyard, fault: client\n");
    eks.agent().recover();
    assertThat(Pods.ask(eks, pod).status()).isEqualTo(200);
  }

  @Test
  void agentPassesOnThatEksAuthThrottlesIt() {
    eks.agent().beThrottledByEksAuth();

    Http.Answer answer = Pods.ask(eks, pod);

    assertThat(answer.status()).isEqualTo(429);
    assertThat(answer.body())
        .matches("\\[[0-9a-f-]{36}]: \\(ThrottlingException\\): Rate exceeded, fault: client\n");
    eks.agent().recover();
    assertThat(Pods.ask(eks, pod).status()).isEqualTo(200);
  }

  @Test
  void agentPassesOnThatEksAuthDoesNotKnowTheCluster() {
    String held = Pods.ask(eks, pod).field("AccessKeyId");
    eks.agent().nameAnUnknownCluster();
    assertThat(Pods.ask(eks, pod).field("AccessKeyId")).isEqualTo(held);
    pod.rotateToken();
    eks.associate("shop", "orders", role);

    Http.Answer answer = Pods.ask(eks, pod);

    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.body())
        .matches(
            "\\[[0-9a-f-]{36}]: \\(ResourceNotFoundException\\): No cluster found for name:"
                + " unknown\\., fault: client\n");
    eks.agent().recover();
    assertThat(Pods.ask(eks, pod).status()).isEqualTo(200);
  }

  @Test
  void anUnknownClusterDropsWhatTheAgentRenews() {
    Pods.ask(eks, pod);
    eks.agent().nameAnUnknownCluster();
    clock.advance(Duration.ofHours(3).plusMinutes(1));

    assertThat(Pods.ask(eks, pod).body()).contains("No cluster found");
    assertThat(eks.journal()).contains("-> ResourceNotFoundException, dropped");
  }

  @Test
  void agentNeedsAWhileToSayThatItCannotReachEksAuth() {
    TestTime time = TestTime.create();
    try (FakeEks slow = FakeEks.builder().clock(time).start()) {
      FakePod other = slow.pod("shop", "orders").podIdentity();
      slow.agent().disconnectFromEksAuth();
      slow.agent().next(1).after(Duration.ofSeconds(5)).answerProperly();
      CompletableFuture<Http.Answer> asked = new CompletableFuture<>();
      time.execute(() -> asked.complete(Pods.ask(slow, other)));
      while (slow.agent().requests() == 0) {
        Thread.onSpinWait();
      }

      time.advanceWhileHanging(Duration.ofSeconds(5));
      time.awaitIdle();

      Http.Answer answer = asked.join();
      assertThat(answer.status()).isEqualTo(500);
      assertThat(answer.body()).isEqualTo("[]\n");
      assertThat(answer.headers()).containsEntry("date", "Tue, 01 Jan 2030 00:00:05 GMT");
    }
  }

  @Test
  void agentFailsWithoutCredentialsOfTheNode() {
    String held = Pods.ask(eks, pod).field("AccessKeyId");
    eks.agent().loseNodeCredentials();
    assertThat(Pods.ask(eks, pod).field("AccessKeyId")).isEqualTo(held);
    pod.rotateToken();

    Http.Answer answer = Pods.ask(eks, pod);

    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.body()).doesNotContain("[").endsWith("\n");
    eks.agent().recover();
    assertThat(Pods.ask(eks, pod).status()).isEqualTo(200);
  }

  @Test
  void aClusterWhoseClockIsAheadFindsTheTokenExpired() {
    pod.tokenExpiration(Duration.ofMinutes(10));
    eks.clock().setAheadBy(Duration.ofMinutes(10));

    assertThat(exchange().element("Code")).isEqualTo("ExpiredTokenException");
    assertThat(Pods.ask(eks, pod).body())
        .isEqualTo("Service account token failed basic claim validations: token is expired\n");
    eks.clock().setAheadBy(Duration.ofMinutes(10).minusNanos(1));
    assertThat(exchange().status()).isEqualTo(200);
    assertThat(Pods.ask(eks, pod).status()).isEqualTo(200);
  }

  @Test
  void aClusterWhoseClockIsBehindFindsTheTokenNotValidYet() {
    eks.clock().setBehindBy(Duration.ofNanos(1));

    assertSts(400, "InvalidIdentityToken", "The web identity token is not valid yet");
    assertThat(Pods.ask(eks, pod).body())
        .isEqualTo(
            "Service account token failed basic claim validations: token is not valid yet\n");
    eks.clock().setBehindBy(Duration.ZERO);
    assertThat(exchange().status()).isEqualTo(200);
    assertThat(Pods.ask(eks, pod).status()).isEqualTo(200);
  }

  @Test
  void aPodWhoseClockIsSlowHoldsCredentialsThatAwsFindsExpired() {
    Http.Answer answer = exchange();
    eks.clock().setAheadBy(Duration.ofHours(1));

    IssuedCredentials issued = eks.issued(answer.element("AccessKeyId")).orElseThrow();
    assertThat(issued.expiration()).isEqualTo(eks.clock().instant()).isAfter(clock.instant());
  }

  @Test
  void aKubeletThatCannotRefreshLeavesATokenThatExpires() {
    clock.advance(Duration.ofDays(1));
    assertThat(exchange().element("Code")).isEqualTo("ExpiredTokenException");

    pod.rotateToken();
    assertThat(exchange().status()).isEqualTo(200);
  }

  private static String policy(int length) {
    String empty = "{\"Statement\":[],\"Id\":\"\"}";
    return empty.replace("\"Id\":\"", "\"Id\":\"" + "x".repeat(length - empty.length()));
  }

  private void assertSts(int status, String code, String message) {
    Http.Answer answer = exchange();
    assertThat(answer.element("Code")).isEqualTo(code);
    assertThat(answer.element("Message")).isEqualTo(message);
    assertThat(answer.status()).isEqualTo(status);
  }

  private Http.Answer exchange() {
    return Pods.exchange(eks, pod, role);
  }

  private Http.Answer exchange(Map<String, String> more) {
    Map<String, String> form = new HashMap<>(more);
    form.put("Action", "AssumeRoleWithWebIdentity");
    form.put("Version", "2011-06-15");
    form.put("RoleArn", role);
    form.put("RoleSessionName", "orders-7d9f");
    form.put("WebIdentityToken", Pods.read(pod.webIdentityTokenFile()));
    return Http.post(eks.sts().endpoint(), form);
  }
}
