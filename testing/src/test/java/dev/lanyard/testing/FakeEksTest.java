package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ConnectException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class FakeEksTest {
  private static final int PODS = 12;

  @Test
  void servesManyPodsAtTheSameTimeAndMixesNothingUp() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(PODS);
    try (FakeEks eks = FakeEks.start()) {
      List<Callable<String>> lives = new ArrayList<>();
      for (int i = 0; i < PODS; i++) {
        String name = "sa" + i;
        lives.add(() -> live(eks, name));
      }
      int i = 0;
      for (Future<String> arns : threads.invokeAll(lives)) {
        assertThat(arns.get()).isEqualTo("role-sa" + i + " role-sa" + i);
        i++;
      }
      assertThat(eks.sts().exchanges()).isEqualTo(PODS);
      assertThat(eks.agent().exchanges()).isEqualTo(PODS);
    } finally {
      threads.shutdownNow();
    }
  }

  private static String live(FakeEks eks, String name) throws Exception {
    String role =
        eks.role(
            "role-" + name,
            TrustPolicy.forServiceAccount(eks, "shop", name),
            TrustPolicy.forPodIdentity());
    eks.associate("shop", name, role);
    FakePod pod = eks.pod("shop", name).irsa(role).podIdentity();
    pod.rotateToken();
    Http.Answer sts = exchange(eks, role, pod);
    Http.Answer agent = ask(eks, pod);
    return roleName(eks, sts.element("AccessKeyId"))
        + " "
        + roleName(eks, agent.field("AccessKeyId"));
  }

  private static String roleName(FakeEks eks, String accessKeyId) {
    return eks.issued(accessKeyId).orElseThrow().assumedRoleArn().split("/", -1)[1];
  }

  @Test
  void showsNoSecretInWhatItPrintsOrLogs() throws Exception {
    try (FakeEks eks = FakeEks.start()) {
      String role =
          eks.role(
              "orders-role",
              TrustPolicy.forServiceAccount(eks, "shop", "orders"),
              TrustPolicy.forPodIdentity());
      eks.associate("shop", "orders", role);
      FakePod pod = eks.pod("shop", "orders").irsa(role).podIdentity();
      String web = Files.readString(pod.webIdentityTokenFile());
      String authorization = Files.readString(pod.authorizationTokenFile());
      IssuedCredentials bySts =
          eks.issued(exchange(eks, role, pod).element("AccessKeyId")).orElseThrow();
      IssuedCredentials byAgent = eks.issued(ask(eks, pod).field("AccessKeyId")).orElseThrow();
      // Tokens where they do not belong: in a path, an action, a session name, a role.
      Http.Answer path = Http.get(eks.agent().endpoint().resolve("/" + authorization));
      Http.Answer name = Http.post(eks.sts().endpoint(), form(web, role, web));
      Http.Answer arn = Http.post(eks.sts().endpoint(), form("orders-7d9f", web, web));
      Http.Answer action =
          Http.post(eks.sts().endpoint(), Map.of("Action", web, "Version", "2011-06-15"));
      Http.Answer bearer = Http.get(eks.agent().endpoint(), "Authorization: " + web + ".x");

      String said =
          String.join(
              "\n",
              eks.toString(),
              eks.issuer().toString(),
              eks.sts().toString(),
              eks.agent().toString(),
              pod.toString(),
              pod.environment().toString(),
              bySts.toString(),
              byAgent.toString(),
              eks.sts().log().toString(),
              eks.agent().log().toString(),
              path.toString(),
              name.toString(),
              arn.toString(),
              action.toString(),
              bearer.toString());

      assertThat(said).contains(bySts.accessKeyId().substring(16));
      for (IssuedCredentials credentials : List.of(bySts, byAgent)) {
        assertThat(said)
            .doesNotContain(
                credentials.accessKeyId(),
                credentials.secretAccessKey(),
                credentials.sessionToken());
      }
      // No segment either: the claims alone say more than a log should.
      for (String token : List.of(web, authorization)) {
        assertThat(said).doesNotContain(token.split("\\.", -1)[1], token.split("\\.", -1)[2]);
      }
      assertThat(name.status()).isEqualTo(400);
      assertThat(arn.status()).isEqualTo(400);
    }
  }

  @Test
  void freesThePortsAndDeletesTheFilesWhenItIsClosed() throws Exception {
    FakeEks eks = FakeEks.start();
    FakePod pod =
        eks.pod("shop", "orders").irsa("arn:aws:iam::111122223333:role/any").podIdentity();
    Path root = pod.environment().path("/");
    List<URI> endpoints =
        List.of(eks.sts().endpoint(), eks.agent().endpoint(), eks.issuer().endpoint());
    assertThat(root).isDirectory();
    endpoints.forEach(endpoint -> assertThat(Http.get(endpoint).status()).isPositive());

    eks.close();
    eks.close();

    assertThat(root).doesNotExist();
    assertThatThrownBy(pod::rotateToken).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> eks.pod("shop", "orders")).isInstanceOf(IllegalStateException.class);
    assertThat(root).doesNotExist();
    for (URI endpoint : endpoints) {
      assertThatThrownBy(() -> Http.get(endpoint)).hasRootCauseInstanceOf(ConnectException.class);
    }
  }

  @Test
  void listensOnLoopbackOnly() {
    try (FakeEks eks = FakeEks.start()) {
      assertThat(List.of(eks.sts().endpoint(), eks.agent().endpoint(), eks.issuer().endpoint()))
          .allSatisfy(endpoint -> assertThat(endpoint.getHost()).isEqualTo("127.0.0.1"))
          .extracting(URI::getPort)
          .doesNotHaveDuplicates();
    }
  }

  @Test
  void changesARoleThatIsThere() throws Exception {
    try (FakeEks eks = FakeEks.start()) {
      String role = eks.role("orders-role");
      FakePod pod = eks.pod("shop", "orders").irsa(role);
      assertThat(exchange(eks, role, pod).status()).isEqualTo(403);

      assertThat(eks.role("orders-role", TrustPolicy.forServiceAccount(eks, "shop", "orders")))
          .isEqualTo(role);
      assertThat(exchange(eks, role, pod).status()).isEqualTo(200);
    }
  }

  @Test
  void refusesNamesThatTheRealOnesRefuse() {
    try (FakeEks eks = FakeEks.start()) {
      assertThatIllegalArgumentException().isThrownBy(() -> eks.role("two words"));
      assertThatIllegalArgumentException().isThrownBy(() -> eks.role("x".repeat(65)));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> eks.role("short", Duration.ofMinutes(30)));
      assertThatIllegalArgumentException().isThrownBy(() -> eks.pod("Shop", "orders"));
      assertThatIllegalArgumentException().isThrownBy(() -> eks.pod("shop", "orders*"));
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> eks.associate("shop", "orders", "arn:aws:iam::999988887777:role/theirs"));
      assertThatIllegalArgumentException().isThrownBy(() -> FakeEks.builder().region("cn-north-1"));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> eks.sts().letCredentialsLast(Duration.ZERO));
    }
  }

  private static Http.Answer exchange(FakeEks eks, String role, FakePod pod) throws Exception {
    return Http.post(
        eks.sts().endpoint(),
        form("orders-7d9f", role, Files.readString(pod.webIdentityTokenFile())));
  }

  private static Map<String, String> form(String sessionName, String role, String token) {
    return Map.of(
        "Action", "AssumeRoleWithWebIdentity",
        "Version", "2011-06-15",
        "RoleArn", role,
        "RoleSessionName", sessionName,
        "WebIdentityToken", token);
  }

  private static Http.Answer ask(FakeEks eks, FakePod pod) throws Exception {
    return Http.get(
        eks.agent().endpoint(), "Authorization: " + Files.readString(pod.authorizationTokenFile()));
  }
}
