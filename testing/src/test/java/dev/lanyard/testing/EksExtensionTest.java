package dev.lanyard.testing;

import static dev.lanyard.testing.EksAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.WebIdentityTokenFileCredentialsProvider;

/** The extension, used as a reader of the guide would use it, and seen from outside. */
@ExtendWith(EksExtension.class)
class EksExtensionTest {
  private static final TestClock CLOCK = new TestClock();

  private String fromBefore = "";

  @BeforeEach
  void setUp(FakeEks eks) {
    fromBefore = eks.issuer().url();
  }

  @Test
  void givesATestItsClusterAndPods(
      FakeEks eks,
      FakeSts sts,
      FakeAgent agent,
      @InPod(serviceAccount = "shop/orders", irsa = "orders-role") FakePod orders,
      @InPod(serviceAccount = "shop/billing", irsa = "orders-role", podIdentity = "billing-role")
          FakePod billing) {
    assertThat(eks.issuer().url()).isEqualTo(fromBefore);
    assertThat(sts).isSameAs(eks.sts());
    assertThat(agent).isSameAs(eks.agent());

    String role = "arn:aws:iam::111122223333:role/orders-role";
    assertThat(Pods.exchange(eks, orders, role).status()).isEqualTo(200);
    assertThat(Pods.exchange(eks, billing, role).status()).isEqualTo(200);
    assertThat(Pods.ask(eks, billing).status()).isEqualTo(200);
    assertThat(eks).by("shop", "billing").exchanged(2);
  }

  @Test
  void leavesARoleAloneThatTheTestMade(FakeEks eks) {
    // The pod of a parameter is made after those methods that run before each test.
    EksTestRun run = new EksTestRun(eks, new EksExtension());
    String role = eks.role("orders-role");

    FakePod pod = run.pod(Described.class.getAnnotation(InPod.class));

    assertThat(Pods.exchange(eks, pod, role).element("Code")).isEqualTo("AccessDenied");
  }

  @InPod(serviceAccount = "shop/orders", irsa = "orders-role")
  private static final class Described {}

  @Nested
  @InPod(serviceAccount = "shop/orders", irsa = "orders-role")
  class InAPod {
    @Test
    void theSdksOwnProviderFindsThePod(FakeEks eks, FakePod pod) {
      try (WebIdentityTokenFileCredentialsProvider provider =
          WebIdentityTokenFileCredentialsProvider.create()) {
        assertThat(eks.issued(provider.resolveCredentials().accessKeyId())).isPresent();
      }
      assertThat(eks).by(pod).exchangedOnce();
    }

    @Test
    @InPod(serviceAccount = "shop/billing", podIdentity = "billing-role")
    void aMethodsOwnPodComesFirst(FakeAgent agent) {
      assertThat(System.getProperty("aws.roleArn")).isNull();
      assertThat(System.getProperty("aws.containerCredentialsFullUri"))
          .isEqualTo(agent.endpoint().toString());
    }
  }

  @Nested
  class WithOptions {
    @RegisterExtension
    final EksExtension extension =
        EksExtension.with(FakeEks.builder().clock(CLOCK).region("us-east-1"));

    @Test
    void theExtensionWithOptionsTakesThePlaceOfTheOther(FakeEks eks) {
      assertThat(eks.region()).isEqualTo("us-east-1");
      assertThat(eks.issuer().url()).isEqualTo(fromBefore);
    }
  }

  /** Run from {@link #restoresSystemPropertiesAndPrintsTheJournalOfAFailure} alone. */
  @InPod(serviceAccount = "shop/orders", irsa = "orders-role")
  static class Failing {
    static final List<URI> ENDPOINTS = new ArrayList<>();
    static final List<Path> ROOTS = new ArrayList<>();

    @Test
    void failing(FakeEks eks, FakePod pod) {
      ENDPOINTS.add(eks.sts().endpoint());
      ROOTS.add(pod.environment().path("/"));
      assertThat(System.getProperty("aws.accessKeyId")).isNull();
      assertThat(System.getProperty("aws.region")).isEqualTo("eu-west-1");
      assertThat(System.getProperty("aws.disableEc2Metadata")).isEqualTo("true");
      Pods.exchange(eks, pod, "arn:aws:iam::111122223333:role/orders-role");
      fail("as it should");
    }

    @Test
    void passing(FakeEks eks) {
      ENDPOINTS.add(eks.sts().endpoint());
    }
  }

  @Test
  @ResourceLock(Resources.SYSTEM_PROPERTIES)
  @ResourceLock(Resources.SYSTEM_ERR)
  @Execution(ExecutionMode.SAME_THREAD)
  void restoresSystemPropertiesAndPrintsTheJournalOfAFailure() {
    Properties before = (Properties) System.getProperties().clone();
    PrintStream err = System.err;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setProperty("aws.accessKeyId", "AKIAIOSFODNN7EXAMPLE");
    Map<Object, Object> set = Map.copyOf(System.getProperties());
    TestExecutionSummary summary;
    try {
      System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
      summary = run(Failing.class);
      assertThat(Map.copyOf(System.getProperties())).isEqualTo(set);
    } finally {
      System.setErr(err);
      System.setProperties(before);
    }

    assertThat(summary.getTestsSucceededCount()).isEqualTo(1);
    assertThat(summary.getFailures())
        .singleElement()
        .satisfies(failure -> assertThat(failure.getException()).hasMessage("as it should"));
    assertThat(printed.toString(StandardCharsets.UTF_8))
        .contains("The identity plane of failing(FakeEks, FakePod):")
        .contains("STS: AssumeRoleWithWebIdentity by shop/orders")
        .doesNotContain("passing");
    assertThat(Failing.ROOTS).isNotEmpty().noneMatch(root -> root.toFile().exists());
    assertThat(Failing.ENDPOINTS)
        .doesNotHaveDuplicates()
        .allSatisfy(
            endpoint ->
                org.assertj.core.api.Assertions.assertThatThrownBy(() -> Http.get(endpoint))
                    .hasRootCauseInstanceOf(java.net.ConnectException.class));
  }

  /** Run from {@link #theMachinesProfilesAreOutOfSight} alone. */
  @InPod(serviceAccount = "shop/orders", podIdentity = "orders-role")
  static class WithProfiles {
    @Test
    void defaultChain(FakeEks eks) {
      try (DefaultCredentialsProvider provider = DefaultCredentialsProvider.builder().build()) {
        assertThat(eks.issued(provider.resolveCredentials().accessKeyId())).isPresent();
      }
    }
  }

  @Test
  @ResourceLock(Resources.SYSTEM_PROPERTIES)
  @ResourceLock(Resources.SYSTEM_ERR)
  @Execution(ExecutionMode.SAME_THREAD)
  void theMachinesProfilesAreOutOfSight(@TempDir Path home) throws IOException {
    Path credentials =
        Files.writeString(
            home.resolve("credentials"),
            "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = none\n");
    Properties before = (Properties) System.getProperties().clone();
    try {
      System.setProperty("aws.sharedCredentialsFile", credentials.toString());

      TestExecutionSummary summary = run(WithProfiles.class);

      assertThat(summary.getFailures()).isEmpty();
      assertThat(summary.getTestsSucceededCount()).isEqualTo(1);
      assertThat(System.getProperty("aws.sharedCredentialsFile")).isEqualTo(credentials.toString());
      assertThat(System.getProperty("aws.configFile")).isNull();
    } finally {
      System.setProperties(before);
    }
  }

  /** Run from {@link #saysWhatAPodNeeds} alone. */
  @ExtendWith(EksExtension.class)
  static class Unclear {
    @Test
    void withoutAnnotation(FakePod pod) {
      fail(pod.toString());
    }

    @Test
    void withoutNamespace(@InPod(serviceAccount = "orders") FakePod pod) {
      fail(pod.toString());
    }
  }

  @Test
  @ResourceLock(Resources.SYSTEM_ERR)
  void saysWhatAPodNeeds() {
    assertThat(run(Unclear.class).getFailures())
        .extracting(failure -> failure.getException().getMessage())
        .anySatisfy(message -> assertThat(message).contains("A FakePod needs @InPod"))
        .anySatisfy(message -> assertThat(message).contains("namespace/name, not orders"))
        .hasSize(2);
  }

  static TestExecutionSummary run(Class<?> tests) {
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    LauncherFactory.create()
        .execute(
            LauncherDiscoveryRequestBuilder.request().selectors(selectClass(tests)).build(),
            listener);
    return listener.getSummary();
  }
}
