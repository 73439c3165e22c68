package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
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
      eks.issuer().changesItsCertificate();
      eks.issuer().unregister();
      eks.issuer().unregister();
      eks.issuer().register();
      AdmittedPod admitted =
          eks.admit(PodBuilder.named("shop", "orders-1").runsAs("orders").container("app"));
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
}
