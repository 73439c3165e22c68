package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the agent does otherwise from release 0.2 on. */
class Agent02Test {
  private final TestClock clock = new TestClock();
  private final FakeEks eks = FakeEks.builder().clock(clock).start();
  private final String role = eks.role("orders-role", TrustPolicy.forPodIdentity());
  private final FakePod pod = eks.pod("shop", "orders").podIdentity();

  @BeforeEach
  void begin() {
    eks.associate("shop", "orders", role);
    eks.agent().upgradeTo02();
  }

  @AfterEach
  void stop() {
    eks.close();
  }

  @Test
  void aRotatedTokenGetsWhatThereIsAlreadyEvenWhileEksAuthIsOutOfReach() {
    String first = keyId();
    eks.agent().disconnectFromEksAuth();
    pod.rotateToken();

    assertThat(keyId()).isEqualTo(first);
    eks.agent().forget();
    assertThat(ask().body()).isEqualTo("[]\n");
  }

  @Test
  void anotherPodOfTheServiceAccountGetsItsOwn() {
    String first = keyId();

    assertThat(Pods.ask(eks, eks.pod("shop", "orders").podIdentity()).field("AccessKeyId"))
        .isNotEmpty()
        .isNotEqualTo(first);
    assertThat(keyId()).isEqualTo(first);
  }

  @Test
  void renewsWithTheTokenThatItSawLast() {
    pod.tokenExpiration(Duration.ofHours(2));
    keyId();
    clock.advance(Duration.ofHours(1).plusMinutes(30));
    pod.rotateToken();
    String held = keyId();

    clock.advance(Duration.ofHours(1).plusMinutes(31));
    pod.rotateToken();
    // Fetched at 0:00, and renewed at 3:01, when the first token had expired.
    Http.Answer renewed = ask();
    assertThat(renewed.field("AccessKeyId")).isNotEqualTo(held);
    assertThat(renewed.field("Expiration")).isEqualTo("2030-01-01T09:01:00Z");
    assertThat(eks.journal()).contains("agent: renewed in the background by shop/orders");
  }

  @Test
  void aForgedTokenOfThePodGetsNothingOfTheCache() {
    String first = keyId();
    String[] mine = token().split("\\.", -1);
    pod.rotateToken();
    String[] later = token().split("\\.", -1);
    pod.replaceAuthorizationToken(later[0] + "." + later[1] + "." + mine[2]);

    assertThat(ask().body()).contains("(InvalidTokenException)");
    // Nor does it take anything from whoever has a good one.
    pod.rotateToken();
    assertThat(keyId()).isEqualTo(first);
  }

  @Test
  void aTokenOfAnotherAudienceGetsNothingOfTheCache() {
    FakePod both = eks.pod("shop", "orders").irsa(role).podIdentity();
    assertThat(Pods.ask(eks, both).status()).isEqualTo(200);
    both.replaceAuthorizationToken(Pods.read(both.webIdentityTokenFile()));

    assertThat(Pods.ask(eks, both).body()).contains("(InvalidTokenException)");
  }

  @ParameterizedTest
  @CsvSource({
    "'{}', kubernetes.io claims",
    "'{\"kubernetes.io\":{}}', pod claims",
    "'{\"kubernetes.io\":{\"pod\":{}}}', pod uid",
  })
  void aTokenThatNamesNoPodIsRefused(String claims, String missing) {
    pod.replaceAuthorizationToken(base64("{\"alg\":\"RS256\"}") + "." + base64(claims) + ".x");

    Http.Answer answer = ask();

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body())
        .isEqualTo(
            "failed to get pod uid from service account token: Service account token missing "
                + missing
                + "\n");
  }

  @Test
  void beginsWithAnEmptyCache() {
    String first = keyId();
    eks.agent().upgradeTo02();

    assertThat(keyId()).isNotEmpty().isNotEqualTo(first);
  }

  private Http.Answer ask() {
    return Pods.ask(eks, pod);
  }

  private String keyId() {
    return ask().field("AccessKeyId");
  }

  private String token() {
    return Pods.read(pod.authorizationTokenFile());
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
