package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class JournalTest {
  private static final String ROLE = "arn:aws:iam::111122223333:role/orders-role";

  @Test
  void tellsWhatWasSetUpAndChangedInItsOrder() throws Exception {
    try (FakeEks eks = FakeEks.builder().clock(new TestClock()).start()) {
      String provider = eks.issuer().providerArn();
      String other = eks.issuer().registerIn("444455556666", "b.example.com", "a.example.com");
      eks.roleIn("444455556666", "partner");
      FakePod pod = eks.pod("shop", "orders").irsa(ROLE);
      pod.rotateToken();
      String secret = Files.readString(pod.webIdentityTokenFile());
      pod.replaceWebIdentityToken(secret);
      eks.issuer().rotateKey();
      eks.issuer().changeCertificate();
      eks.issuer().unregister();
      eks.issuer().unregister();
      eks.issuer().register();
      AdmittedPod admitted =
          eks.admit(PodBuilder.named("shop", "orders-1").runAs("orders").container("app"));
      admitted.rotateToken();

      assertThat(eks.journal().lines().map(line -> line.replaceFirst("^\\S+  ", "")))
          .containsExactly(
              "OIDC provider " + provider + " for [sts.amazonaws.com]",
              "OIDC provider " + other + " for [a.example.com, b.example.com]",
              "role arn:aws:iam::444455556666:role/partner that trusts nobody",
              "pod " + pod.name() + " of shop/orders",
              "tokens of pod " + pod.name() + " of shop/orders rotated",
              "tokens of pod " + pod.name() + " of shop/orders replaced by something else",
              "issuer signs with a new key",
              "issuer has a new certificate",
              "OIDC provider " + provider + " deleted",
              "OIDC provider " + provider + " for [sts.amazonaws.com]",
              "pod orders-1 of shop/orders, built",
              "tokens of pod orders-1 of shop/orders rotated");
      assertThat(eks.journal()).doesNotContain(secret);
    }
  }

  /** The answer says to whom and what; to a person who reads a failing test, this says why. */
  @Test
  void saysWhyARoleWasNotGiven() {
    try (FakeEks eks = FakeEks.start()) {
      FakePod pod = eks.pod("shop", "billing").irsa(ROLE);
      Pods.exchange(eks, pod, ROLE);
      eks.role("orders-role", TrustPolicy.forServiceAccount(eks, "shop", "orders"));
      Pods.exchange(eks, pod, ROLE);
      eks.role("orders-role");
      Pods.exchange(eks, pod, ROLE);
      eks.role("orders-role", TrustPolicy.forServiceAccount(eks, "shop", "billing"));
      Pods.exchange(eks, pod, ROLE);
      eks.role("orders-role");
      eks.sts().next(1).dribble(Duration.ofMillis(1));
      Pods.exchange(eks, pod, ROLE);
      pod.replaceWebIdentityToken("no token");
      Pods.exchange(eks, pod, ROLE);

      String notTheirs =
          "statement 1 wants StringEquals "
              + eks.issuer().hostAndPath()
              + ":sub \"system:serviceaccount:shop:orders\", and it is"
              + " \"system:serviceaccount:shop:billing\"";
      assertThat(eks.requests())
          .extracting(request -> request.reason().orElse("no reason"))
          .containsExactly(
              "there is no such role",
              notTheirs,
              "its trust policy allows nothing",
              "no reason",
              "its trust policy allows nothing",
              // The answer says it.
              "no reason");
      assertThat(eks.journal()).contains(" -> 403 AccessDenied (" + notTheirs + ") request ");
    }
  }

  @Test
  void saysWhyEksAuthWasNotGivenARoleEvenInTheBackground() {
    TestClock clock = new TestClock();
    try (FakeEks eks = FakeEks.builder().clock(clock).start()) {
      FakePod pod = eks.pod("shop", "orders").podIdentity();
      eks.role("orders-role", TrustPolicy.forPodIdentity());
      eks.associate("shop", "orders", ROLE);
      Pods.ask(eks, pod);
      eks.role("orders-role", TrustPolicy.of(untagged()));
      clock.advance(Duration.ofHours(4));
      Pods.ask(eks, pod);

      assertThat(eks.requests().get(1).reason()).contains("statement 1 is not for sts:TagSession");
      assertThat(eks.journal())
          .contains(
              " -> AccessDeniedException (statement 1 is not for sts:TagSession), dropped\n",
              " -> 400 AccessDeniedException (statement 1 is not for sts:TagSession) request ");
    }
  }

  private static String untagged() {
    return """
    {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
      "Principal": {"Service": "pods.eks.amazonaws.com"}}}
    """;
  }
}
