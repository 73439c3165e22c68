package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.net.URI;
import java.nio.file.Files;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FakeIssuerTest {
  private static final int NO_TIMEOUT = 0;
  private static final String ROLE = "arn:aws:iam::111122223333:role/orders-role";

  private final FakeEks eks = FakeEks.start();

  @AfterEach
  void stop() {
    eks.close();
  }

  @Test
  void aVerifierThatFollowsDiscoveryAcceptsItsTokens() throws Exception {
    Map<String, Object> discovery =
        JSONObjectUtils.parse(
            Http.get(URI.create(eks.issuer().endpoint() + "/.well-known/openid-configuration"))
                .body());
    assertThat(discovery).containsEntry("issuer", eks.issuer().url());

    DefaultJWTProcessor<SecurityContext> verifier = new DefaultJWTProcessor<>();
    verifier.setJWSKeySelector(
        new JWSVerificationKeySelector<>(
            Set.of(com.nimbusds.jose.JWSAlgorithm.RS256),
            JWKSourceBuilder.create(
                    URI.create((String) discovery.get("jwks_uri")).toURL(),
                    new DefaultResourceRetriever(NO_TIMEOUT, NO_TIMEOUT))
                .build()));
    String old = Files.readString(eks.pod("shop", "orders").irsa(ROLE).webIdentityTokenFile());
    eks.issuer().rotateKey();
    String fresh = Files.readString(eks.pod("shop", "orders").irsa(ROLE).webIdentityTokenFile());

    JWTClaimsSet claims = verifier.process(fresh, null);
    assertThat(claims.getIssuer()).isEqualTo(eks.issuer().url());
    assertThat(verifier.process(old, null).getSubject())
        .isEqualTo("system:serviceaccount:shop:orders");
  }

  @Test
  void publishesNoPrivateKey() throws Exception {
    String keys = Http.get(URI.create(eks.issuer().endpoint() + "/keys")).body();

    assertThat(JSONObjectUtils.parse(keys)).containsOnlyKeys("keys");
    assertThat(keys).contains("\"n\":").contains("\"kid\":").doesNotContain("\"d\":", "\"p\":");
  }

  @Test
  void knowsNothingElse() {
    assertThat(Http.get(eks.issuer().endpoint()).status()).isEqualTo(404);
  }
}
