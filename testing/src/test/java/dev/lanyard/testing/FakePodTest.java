package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.lanyard.runtime.Environment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FakePodTest {
  private static final String ROLE = "arn:aws:iam::111122223333:role/orders-role";

  private final TestClock clock = new TestClock();
  private final FakeEks eks = FakeEks.builder().clock(clock).region("us-east-1").start();

  @AfterEach
  void stop() {
    eks.close();
  }

  @Test
  void seesWhatTheWebhookInjectsForIrsa() throws IOException {
    FakePod pod = eks.pod("shop", "orders").irsa(ROLE);
    Environment environment = pod.environment();

    assertVariable(environment, "AWS_ROLE_ARN", ROLE);
    assertVariable(
        environment,
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "/var/run/secrets/eks.amazonaws.com/serviceaccount/token");
    assertVariable(environment, "AWS_STS_REGIONAL_ENDPOINTS", "regional");
    assertVariable(environment, "AWS_REGION", "us-east-1");
    assertVariable(environment, "AWS_DEFAULT_REGION", "us-east-1");
    assertVariable(environment, "AWS_ENDPOINT_URL_STS", eks.sts().endpoint().toString());
    assertThat(environment.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")).isEmpty();
    assertThat(environment.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")).isEmpty();
    assertThat(environment.path("/var/run/secrets/eks.amazonaws.com/serviceaccount/token"))
        .isEqualTo(pod.webIdentityTokenFile())
        .isRegularFile();
  }

  @Test
  void seesWhatTheWebhookInjectsForPodIdentity() {
    FakePod pod = eks.pod("shop", "orders").podIdentity();
    Environment environment = pod.environment();

    assertVariable(
        environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI", eks.agent().endpoint().toString());
    assertThat(eks.agent().endpoint().toString())
        .matches("http://127\\.0\\.0\\.1:\\d+/v1/credentials");
    assertVariable(
        environment,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token");
    assertVariable(environment, "AWS_REGION", "us-east-1");
    assertThat(environment.variable("AWS_ROLE_ARN")).isEmpty();
    assertThat(environment.variable("AWS_WEB_IDENTITY_TOKEN_FILE")).isEmpty();
    assertThat(
            environment.path(
                "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token"))
        .isEqualTo(pod.authorizationTokenFile())
        .isRegularFile();
  }

  @Test
  void knowsItsNameAsItsHostName() {
    FakePod pod = eks.pod("shop", "orders");

    assertThat(pod.name()).startsWith("orders-");
    assertThat(pod.variables()).containsEntry("HOSTNAME", pod.name());
  }

  @Test
  void mayHaveBoth() {
    Map<String, String> variables = eks.pod("shop", "orders").irsa(ROLE).podIdentity().variables();

    assertThat(variables)
        .containsKeys(
            "AWS_ROLE_ARN",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  }

  @Test
  void hasNothingOfTheWebhookUntilItIsGivenOne() {
    assertThat(eks.pod("shop", "orders").variables())
        .containsOnlyKeys("HOSTNAME", "AWS_ENDPOINT_URL_STS");
  }

  @Test
  void isWhatAManifestMakesOfTheSame() {
    eks.apply(ServiceAccountBuilder.named("shop", "orders").role(ROLE));
    PodBuilder description = PodBuilder.named("shop", "orders-1").runAs("orders").container("app");
    FakePod irsa = eks.pod("shop", "orders").irsa(ROLE);
    assertThat(shape(irsa.environment(), irsa.variables()))
        .containsExactlyElementsOf(shape(eks.admit(description).container()));

    eks.associate("shop", "orders", ROLE);
    FakePod podIdentity = eks.pod("shop", "orders").podIdentity();
    assertThat(shape(podIdentity.environment(), podIdentity.variables()))
        .containsExactlyElementsOf(shape(eks.admit(description).container()));
  }

  @Test
  void hasTheVariablesOfItsAuthorBeforeThoseOfPodIdentity() {
    assertThat(eks.pod("shop", "orders").podIdentity().irsa(ROLE).variables().keySet())
        .containsExactly(
            "AWS_STS_REGIONAL_ENDPOINTS",
            "AWS_DEFAULT_REGION",
            "AWS_REGION",
            "AWS_ROLE_ARN",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            "HOSTNAME",
            "AWS_ENDPOINT_URL_STS");
  }

  @Test
  void hasNoTokenThatLastsLongerThanADay() throws Exception {
    FakePod pod = eks.pod("shop", "orders").irsa(ROLE).tokenExpiration(Duration.ofDays(3));

    assertThat(claims(pod.webIdentityTokenFile()).getExpirationTime())
        .isEqualTo("2030-01-02T00:00:00Z");
  }

  private static List<String> shape(PodContainer container) {
    return shape(container.environment(), container.variables());
  }

  /** Names in order, with the values that do not depend on the pod's name. */
  private static List<String> shape(Environment environment, Map<String, String> variables) {
    return variables.keySet().stream()
        .map(
            name ->
                name.equals("HOSTNAME")
                    ? name
                    : name + "=" + environment.variable(name).orElseThrow().value())
        .toList();
  }

  @Test
  void namesRealPathsForOtherPrograms() {
    FakePod pod = eks.pod("shop", "orders").irsa(ROLE).podIdentity();

    assertThat(pod.variables())
        .contains(
            entry("AWS_WEB_IDENTITY_TOKEN_FILE", pod.webIdentityTokenFile().toString()),
            entry(
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", pod.authorizationTokenFile().toString()));
    assertThat(pod.webIdentityTokenFile()).isRegularFile();
    assertThat(pod.authorizationTokenFile()).isRegularFile();
  }

  @Test
  void carriesTheClaimsOfAProjectedToken() throws Exception {
    FakePod pod = eks.pod("shop", "orders").irsa(ROLE);
    SignedJWT token = SignedJWT.parse(Files.readString(pod.webIdentityTokenFile()));
    JWTClaimsSet claims = token.getJWTClaimsSet();

    assertThat(token.getHeader().getAlgorithm().getName()).isEqualTo("RS256");
    assertThat(token.getHeader().getKeyID()).isNotBlank();
    assertThat(token.getPayload().toJSONObject())
        .containsEntry("aud", List.of("sts.amazonaws.com"))
        .containsEntry("iat", 1893456000L)
        .containsEntry("nbf", 1893456000L)
        .containsEntry("exp", 1893542400L)
        .containsEntry("sub", "system:serviceaccount:shop:orders")
        .containsEntry("iss", eks.issuer().url())
        .containsKey("jti");
    assertThat(claims.getIssuer())
        .matches("https://oidc\\.eks\\.us-east-1\\.amazonaws\\.com/id/[0-9A-F]{32}");
    Map<String, Object> kubernetes = claims.getJSONObjectClaim("kubernetes.io");
    assertThat(kubernetes).containsEntry("namespace", "shop").containsKey("node");
    assertThat((Map<?, ?>) kubernetes.get("pod")).extracting("name").isEqualTo(pod.name());
    assertThat((Map<?, ?>) kubernetes.get("serviceaccount")).extracting("name").isEqualTo("orders");
  }

  @Test
  void hasAPodIdentityTokenOfTwentyTwoToTwentyFourHours() throws Exception {
    JWTClaimsSet claims = claims(eks.pod("shop", "orders").podIdentity().authorizationTokenFile());

    assertThat(claims.getAudience()).containsExactly("pods.eks.amazonaws.com");
    assertThat(
            Duration.between(
                claims.getIssueTime().toInstant(), claims.getExpirationTime().toInstant()))
        .isBetween(Duration.ofHours(22), Duration.ofHours(24));
  }

  @Test
  void honoursTheAnnotationForTheTokensExpirationDownToTenMinutes() throws Exception {
    FakePod pod = eks.pod("shop", "orders").irsa(ROLE).podIdentity();

    pod.tokenExpiration(Duration.ofHours(2));
    assertThat(claims(pod.webIdentityTokenFile()).getExpirationTime())
        .isEqualTo("2030-01-01T02:00:00Z");
    assertThat(claims(pod.authorizationTokenFile()).getExpirationTime())
        .isEqualTo("2030-01-01T02:00:00Z");

    pod.tokenExpiration(Duration.ofSeconds(30));
    assertThat(claims(pod.webIdentityTokenFile()).getExpirationTime())
        .isEqualTo("2030-01-01T00:10:00Z");
  }

  @Test
  void laysItsTokenOutAsTheKubeletDoes() throws IOException {
    Path token = eks.pod("shop", "orders").irsa(ROLE).webIdentityTokenFile();
    Path data = token.resolveSibling("..data");

    assertThat(Files.readSymbolicLink(token)).isEqualTo(Path.of("..data", "token"));
    assertThat(Files.readSymbolicLink(data).toString()).matches("\\.\\.2030_01_01_00_00_00\\.\\d+");
    assertThat(Files.readString(token)).doesNotContainAnyWhitespaces();
  }

  @Test
  void replacesItsTokenAsTheKubeletDoes() throws IOException {
    FakePod pod = eks.pod("shop", "orders").irsa(ROLE);
    Path token = pod.webIdentityTokenFile();
    String first = Files.readString(token);
    Path firstDirectory = token.toRealPath().getParent();
    Object link = Files.getAttribute(token, "unix:ino", LinkOption.NOFOLLOW_LINKS);
    clock.advance(Duration.ofHours(20));

    pod.rotateToken();

    assertThat(Files.readString(token)).isNotEqualTo(first);
    assertThat(Files.getAttribute(token, "unix:ino", LinkOption.NOFOLLOW_LINKS)).isEqualTo(link);
    assertThat(firstDirectory).doesNotExist();
    try (Stream<Path> files = Files.list(token.getParent())) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .hasSize(3)
          .contains("token", "..data")
          .anyMatch(name -> name.startsWith("..2030_01_01_20_00_00."));
    }
  }

  @Test
  void keepsTheEnvironmentThatItGaveOut() throws IOException {
    FakePod pod = eks.pod("shop", "orders").irsa(ROLE);
    Environment environment = pod.environment();

    pod.podIdentity();

    assertThat(environment.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")).isEmpty();
    assertThat(pod.environment().variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")).isPresent();
  }

  private static JWTClaimsSet claims(Path file) throws IOException, ParseException {
    return SignedJWT.parse(Files.readString(file)).getJWTClaimsSet();
  }

  private static void assertVariable(Environment environment, String name, String value) {
    assertThat(environment.variable(name).map(Environment.Setting::value)).hasValue(value);
  }
}
