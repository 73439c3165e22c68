package dev.lanyard.testing;

import static dev.lanyard.testing.EksAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EksAssertTest {
  private final FakeEks eks = FakeEks.start();
  private final String role =
      eks.role(
          "orders-role",
          TrustPolicy.forServiceAccount(eks, "shop", "orders"),
          TrustPolicy.forPodIdentity());
  private final FakePod orders = eks.pod("shop", "orders").irsa(role).podIdentity();
  private final FakePod billing = eks.pod("shop", "billing").irsa(role);

  @AfterEach
  void stop() {
    eks.close();
  }

  @Test
  void countsExchangesByPodRoleAndService() {
    assertThat(eks).wasNotAsked().exchanged(0).wasNeverRefused();
    eks.associate("shop", "orders", role);
    Pods.exchange(eks, orders, role);
    Pods.ask(eks, orders);
    Pods.ask(eks, orders);
    Pods.exchange(eks, billing, role);

    assertThat(eks).exchanged(3).wasAsked(4);
    assertThat(eks).atSts().exchangedOnce().wasAsked(2).wasRefused("AccessDenied");
    assertThat(eks).atAgent().exchanged(2).wasNeverRefused();
    assertThat(eks).by(orders).exchanged(3).wasNeverRefused();
    assertThat(eks).by(orders).atSts().exchangedOnce();
    assertThat(eks).by(billing).exchanged(0).wasRefused("AccessDenied");
    assertThat(eks).by("shop", "orders").forRole(role).exchanged(3);
    assertThat(eks).by(billing).atAgent().wasNotAsked();
    assertThat(eks).by("shop", "admin").wasNotAsked();
    assertThat(eks).forRole("arn:aws:iam::111122223333:role/other").wasNotAsked();
  }

  @Test
  void failsWithTheJournalAndWithoutASecret() {
    String keyId = Pods.exchange(eks, orders, role).element("AccessKeyId");
    Pods.exchange(eks, billing, role);

    assertThatThrownBy(() -> assertThat(eks).by(orders).exchanged(2))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining(
            "Expecting 2 of the requests by pod " + orders.name() + " to be exchanges, but 1 were")
        .hasMessageContaining("role " + role)
        .hasMessageContaining("by shop/billing (pod " + billing.name() + ") for " + role)
        .hasMessageContaining("-> 403 AccessDenied")
        .hasMessageContaining("****" + keyId.substring(16))
        .satisfies(
            e ->
                assertThat(e.getMessage())
                    .doesNotContain(
                        keyId,
                        eks.issued(keyId).orElseThrow().secretAccessKey(),
                        eks.issued(keyId).orElseThrow().sessionToken(),
                        Pods.read(orders.webIdentityTokenFile()).split("\\.", -1)[1]));
    assertThatThrownBy(() -> assertThat(eks).wasNotAsked()).isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> assertThat(eks).wasNeverRefused()).isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> assertThat(eks).atSts().wasAsked(1))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> assertThat(eks).wasRefused("Throttling"))
        .hasMessageContaining("to be refused with Throttling");
    assertThatCode(() -> assertThat(eks).exchangedOnce()).doesNotThrowAnyException();
  }

  /** Where numbers are written in digits of their own. */
  @Test
  void countsInTheSameDigitsWhateverTheLocale() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG"));
    try {
      assertThatThrownBy(() -> assertThat(eks).wasAsked(7))
          .hasMessageContaining("Expecting 7 of the requests")
          .hasMessageContaining("but 0 were");
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void keepsItsDescriptionWhenItIsNarrowed() {
    assertThatThrownBy(
            () -> assertThat(eks).as("the first start").by("shop", "orders").atSts().exchanged(7))
        .hasMessageContaining("[the first start]");
  }

  @Test
  void notesNothingOfAPodWhoseTokenTheClusterDidNotSign() {
    try (FakeEks other = FakeEks.start()) {
      FakePod stranger = other.pod("shop", "orders").irsa(role);
      orders.replaceWebIdentityToken(Pods.read(stranger.webIdentityTokenFile()));
    }
    Pods.exchange(eks, orders, role);

    assertThat(eks.requests())
        .singleElement()
        .satisfies(
            request -> {
              assertThat(request.pod()).isEmpty();
              assertThat(request.serviceAccount()).isEmpty();
              assertThat(request.error()).contains("InvalidIdentityToken");
            });
  }

  @Test
  void journalTellsOfTheSetUpToo() {
    eks.associate("shop", "orders", role);
    eks.dissociate("shop", "orders");
    eks.role("nobodys");
    eks.sts().resetConnections();
    assertThatThrownBy(() -> Pods.exchange(eks, orders, role)).isInstanceOf(Exception.class);

    assertThat(eks.journal().lines().map(line -> line.replaceFirst("^\\S+ +", "")))
        .containsSubsequence(
            "role " + role,
            "pod " + orders.name() + " of shop/orders",
            "association of shop/orders with " + role,
            "association of shop/orders deleted",
            "role arn:aws:iam::111122223333:role/nobodys that trusts nobody");
    assertThat(eks.journal())
        .contains("STS: AssumeRoleWithWebIdentity -> no answer [fault: reset] request ");
  }
}
