package dev.lanyard.samples.architecture;

import static dev.lanyard.testing.EksAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanyard.EksCredentialsProvider;
import dev.lanyard.irsa.AssumeRoleCredentialsProvider;
import dev.lanyard.testing.AdmittedPod;
import dev.lanyard.testing.EksExtension;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.InPod;
import dev.lanyard.testing.PodBuilder;
import dev.lanyard.testing.ServiceAccountBuilder;
import dev.lanyard.testing.TestTime;
import dev.lanyard.testing.TrustPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import software.amazon.awssdk.auth.credentials.AwsCredentials;

/** The Java of docs/testing.md, compiled and run. */
class TestingGuideTest {
  private static final Path HERE = Path.of("").toAbsolutePath();
  private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final Pattern IMPORT = Pattern.compile("(?m)^import .*;$");

  @Test
  void aClusterWithAWebhookOfItsOwn() {
    FakeEks eks =
        FakeEks.builder()
            .selfHostedWebhook(
                "--sts-regional-endpoint=true",
                "--token-mount-path=/var/run/secrets/example.com/serviceaccount")
            .start();
    eks.close();
  }

  @Test
  void everyLineOfTheGuideIsCompiledHere() throws IOException {
    Path root = Objects.requireNonNull(HERE.getParent()).getParent();
    String compiled =
        squeezed(
            Files.readString(
                HERE.resolve(
                    "src/test/java/dev/lanyard/samples/architecture/TestingGuideTest.java")));
    Matcher java = JAVA.matcher(Files.readString(root.resolve("docs/testing.md")));
    int blocks = 0;
    while (java.find()) {
      blocks++;
      // Imports one by one, for there are others between them here.
      Matcher imported = IMPORT.matcher(java.group(1));
      while (imported.find()) {
        assertThat(compiled).contains(squeezed(imported.group()));
      }
      String code = imported.replaceAll("");
      assertThat(compiled.contains(squeezed(code))).as(code).isTrue();
    }
    assertThat(blocks).isGreaterThan(10);
  }

  /** Without what depends on how deep a line stands. */
  private static String squeezed(String java) {
    return java.replaceAll("\\s+", "");
  }

  @Nested
  @ExtendWith(EksExtension.class)
  class OrdersIdentityTest {
    @Test
    void ordersRunsAsItsRole(
        FakeEks eks, @InPod(serviceAccount = "shop/orders", irsa = "orders-role") FakePod pod) {
      EksCredentialsProvider provider =
          EksCredentialsProvider.builder().environment(pod.environment()).build();

      String keyId = provider.resolveCredentials().accessKeyId();

      assertThat(eks.issued(keyId).orElseThrow().assumedRoleArn())
          .startsWith("arn:aws:sts::111122223333:assumed-role/orders-role/");
      assertThat(eks).by(pod).exchangedOnce();
    }
  }

  @Test
  @InPod(serviceAccount = "shop/orders", podIdentity = "orders-role")
  void productionCodeFindsThePod(FakeEks eks) {
    // What the application does: nothing here is a test's.
    AwsCredentials credentials = EksCredentialsProvider.builder().build().resolveCredentials();

    assertThat(eks.issued(credentials.accessKeyId())).isPresent();
  }

  @Test
  void withoutJUnit() {
    try (FakeEks eks = FakeEks.start()) {
      String role = eks.role("orders-role", TrustPolicy.forServiceAccount(eks, "shop", "orders"));
      FakePod pod = eks.pod("shop", "orders").irsa(role);
      EksCredentialsProvider provider =
          EksCredentialsProvider.builder().environment(pod.environment()).build();
      assertThat(provider.resolveCredentials().accessKeyId()).startsWith("ASIA");
    }
  }

  @Test
  @ExtendWith(EksExtension.class)
  void podIdentity(FakeEks eks) {
    String role = eks.role("orders-role", TrustPolicy.forPodIdentity());
    eks.associate("shop", "orders", role);
    FakePod pod = eks.pod("shop", "orders").podIdentity();
    resolve(pod);

    String data = eks.roleIn("444455556666", "data", TrustPolicy.forRole(role));
    eks.associate("shop", "orders", role).targetRole(data);
    eks.delayAssociations(Duration.ofSeconds(8));
    pod.rotateToken();
    resolve(pod);

    assertThat(eks).by(pod).forRole(data).exchangedOnce();
  }

  @Test
  @ExtendWith(EksExtension.class)
  void migration(FakeEks eks) {
    String role =
        eks.role(
            "orders-role",
            TrustPolicy.forServiceAccount(eks, "shop", "orders"),
            TrustPolicy.forPodIdentity());
    eks.associate("shop", "orders", role);
    FakePod pod = eks.pod("shop", "orders").irsa(role).podIdentity();
    resolve(pod);

    assertThat(eks).by(pod).exchangedOnce();
    assertThat(eks).forRole(role).atSts().wasNeverRefused();
    assertThat(eks).by("shop", "billing").wasNotAsked();

    ProcessBuilder program = new ProcessBuilder("./orders");
    program.environment().putAll(pod.variables());
  }

  @Test
  @ExtendWith(EksExtension.class)
  void clustersAndAccounts(FakeEks eks) {
    FakeEks green = FakeEks.builder().inAccountOf(eks).clusterName("green").start();
    eks.role(
        "orders-role",
        TrustPolicy.forServiceAccount(eks, "shop", "orders"),
        TrustPolicy.forServiceAccount(green, "shop", "orders"));
    resolve(green.pod("shop", "orders").irsa("arn:aws:iam::111122223333:role/orders-role"));
    green.close();

    String provider = eks.issuer().registerIn("444455556666", "sts.amazonaws.com");
    eks.roleIn(
        "444455556666",
        "orders-role",
        TrustPolicy.forServiceAccount(provider, eks, "shop", "orders"));
    resolve(eks.pod("shop", "orders").irsa("arn:aws:iam::444455556666:role/orders-role"));
  }

  @Test
  @ExtendWith(EksExtension.class)
  void faults(
      FakeEks eks, @InPod(serviceAccount = "shop/orders", irsa = "orders-role") FakePod pod) {
    eks.sts().next(2).resetConnections();
    eks.sts().next(1).throttle(); // the third; the fourth is answered
    eks.agent().hang();
    eks.agent().recover();
    resolve(pod);
    assertThat(eks).wasAsked(4).wasRefused("Throttling").exchangedOnce();

    eks.sts().next(1).withDate(Instant.EPOCH).answerProperly();
    eks.agent().after(Duration.ofSeconds(5)).answerWith(500, "text/plain", "[]\n");
    eks.sts().letCredentialsLast(Duration.ofSeconds(5));
    eks.agent().letCredentialsLast(Duration.ofSeconds(5));
    assertThatThrownBy(() -> assertThat(eks).wasNotAsked()).isInstanceOf(AssertionError.class);
  }

  @Test
  void hoursInNoTime() {
    TestTime time = TestTime.create();
    try (FakeEks eks = FakeEks.builder().clock(time).start()) {
      String role = eks.role("orders-role", TrustPolicy.forServiceAccount(eks, "shop", "orders"));
      FakePod pod = eks.pod("shop", "orders").irsa(role);
      EksCredentialsProvider provider =
          EksCredentialsProvider.builder().environment(pod.environment()).time(time).build();
      time.awaitIdle(); // the first exchange
      String first = provider.resolveCredentials().accessKeyId();

      eks.sts().goDown();
      time.advance(Duration.ofMinutes(59)); // of the hour that they last
      assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo(first);

      eks.sts().recover();
      time.advance(Duration.ofMinutes(5)); // nobody has asked for it
      assertThat(provider.resolveCredentials().accessKeyId()).isNotEqualTo(first);
    }
  }

  @Test
  void aPodWhoseClockIsAhead() {
    TestTime time = TestTime.create();
    try (FakeEks eks = FakeEks.builder().clock(time).start()) {
      String role = eks.role("orders-role", TrustPolicy.forServiceAccount(eks, "shop", "orders"));
      FakePod pod = eks.pod("shop", "orders").irsa(role);
      time.stepWallClock(Duration.ofHours(2));
      eks.clock().setBehindBy(Duration.ofHours(2));

      EksCredentialsProvider provider =
          EksCredentialsProvider.builder().environment(pod.environment()).time(time).build();
      time.awaitIdle();

      assertThat(provider.resolveCredentials().accessKeyId()).startsWith("ASIA");
      assertThat(provider.status().clockSkew().orElseThrow().abs())
          .isBetween(Duration.ofMinutes(119), Duration.ofMinutes(121));
    }
  }

  @Test
  @ExtendWith(EksExtension.class)
  void roleChaining(FakeEks eks) {
    String role = eks.role("orders-role", TrustPolicy.forServiceAccount(eks, "shop", "orders"));
    FakePod pod = eks.pod("shop", "orders").irsa(role);
    EksCredentialsProvider orders =
        EksCredentialsProvider.builder().environment(pod.environment()).build();

    String partner =
        eks.roleIn("444455556666", "partner", TrustPolicy.forRole(role, "contract-17"));

    AssumeRoleCredentialsProvider second =
        AssumeRoleCredentialsProvider.builder(orders, partner)
            .environment(pod.environment())
            .externalId("contract-17")
            .build();

    assertThat(second.resolveCredentials().accountId()).contains("444455556666");
  }

  @Test
  @ExtendWith(EksExtension.class)
  void fromAManifest(FakeEks eks) throws IOException {
    eks.role("orders-role", TrustPolicy.forServiceAccount(eks, "shop", "orders"));

    AdmittedPod pod = eks.admit(Files.readString(Path.of("deploy/orders.yaml")));

    EksCredentialsProvider provider =
        EksCredentialsProvider.builder().environment(pod.container("app").environment()).build();

    assertThat(provider.resolveCredentials().accountId()).contains("111122223333");
  }

  @Test
  @ExtendWith(EksExtension.class)
  void built(FakeEks eks) {
    String role = eks.role("orders-role", TrustPolicy.forServiceAccount(eks, "shop", "orders"));

    eks.apply(
        ServiceAccountBuilder.named("shop", "orders")
            .role(role)
            .tokenExpiration(Duration.ofHours(1)));
    AdmittedPod built =
        eks.admit(
            PodBuilder.named("shop", "orders-1")
                .runAs("orders")
                .annotation("eks.amazonaws.com/skip-containers", "proxy")
                .container("app", app -> app.env("AWS_REGION", "eu-north-1"))
                .container("proxy"));

    assertThat(built.container("proxy").variables()).doesNotContainKey("AWS_ROLE_ARN");
    EksCredentialsProvider provider =
        EksCredentialsProvider.builder().environment(built.container("app").environment()).build();
    assertThat(provider.resolveCredentials().accountId()).contains("111122223333");
  }

  private static void resolve(FakePod pod) {
    assertThat(
            EksCredentialsProvider.builder()
                .environment(pod.environment())
                .build()
                .resolveCredentials()
                .accessKeyId())
        .startsWith("ASIA");
  }
}
