package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.model.AssumeRoleWithWebIdentityResponse;
import software.amazon.awssdk.services.sts.model.ExpiredTokenException;
import software.amazon.awssdk.services.sts.model.GetCallerIdentityResponse;
import software.amazon.awssdk.services.sts.model.InvalidIdentityTokenException;
import software.amazon.awssdk.services.sts.model.StsException;

/** The fakes, used by the AWS SDK for Java: its clients and its own credentials providers. */
@ResourceLock(Resources.SYSTEM_PROPERTIES)
class AwsSdkTest {
  private static final String MANIFEST =
      Manifests.serviceAccount("arn:aws:iam::111122223333:role/orders-role")
          + Manifests.deployment(
              """
              spec:
                serviceAccountName: orders
                containers:
                  - name: app
              """);

  private final TestClock clock = new TestClock();
  private final FakeEks eks = FakeEks.builder().clock(clock).start();
  private final String role =
      eks.role(
          "orders-role",
          TrustPolicy.forServiceAccount(eks, "shop", "orders"),
          TrustPolicy.forPodIdentity());
  private final Properties before = (Properties) System.getProperties().clone();

  AwsSdkTest() {
    // The chain's last link would look for an instance that this machine may be.
    System.setProperty("aws.disableEc2Metadata", "true");
  }

  @AfterEach
  void restore() {
    System.setProperties(before);
    eks.close();
  }

  @Test
  void stsClientExchangesThePodsToken() {
    FakePod pod = eks.pod("shop", "orders").irsa(role);

    AssumeRoleWithWebIdentityResponse answer = assume(pod);

    assertThat(answer.assumedRoleUser().arn())
        .isEqualTo("arn:aws:sts::111122223333:assumed-role/orders-role/orders-7d9f");
    assertThat(answer.audience()).isEqualTo("sts.amazonaws.com");
    assertThat(answer.provider()).isEqualTo(eks.issuer().providerArn());
    assertThat(answer.subjectFromWebIdentityToken()).isEqualTo("system:serviceaccount:shop:orders");
    assertThat(answer.credentials().expiration())
        .isEqualTo(clock.instant().plus(Duration.ofHours(1)));
    assertThat(answer.responseMetadata().requestId()).isEqualTo(eks.sts().log().get(0).requestId());
  }

  @Test
  void stsClientKnowsTheErrors() {
    FakePod pod = eks.pod("shop", "orders").irsa(role);

    pod.audience("vault.example.com");
    assertThatThrownBy(() -> assume(pod))
        .isInstanceOfSatisfying(
            InvalidIdentityTokenException.class,
            e -> {
              assertThat(e.statusCode()).isEqualTo(400);
              assertThat(e.awsErrorDetails().errorMessage()).isEqualTo("Incorrect token audience");
              assertThat(e.requestId()).isEqualTo(eks.sts().log().get(0).requestId());
            });

    clock.advance(Duration.ofDays(1));
    assertThatThrownBy(() -> assume(pod)).isInstanceOf(ExpiredTokenException.class);

    assertThatThrownBy(() -> assume(eks.pod("shop", "billing").irsa(role)))
        .isInstanceOfSatisfying(
            StsException.class,
            e -> {
              assertThat(e.statusCode()).isEqualTo(403);
              assertThat(e.awsErrorDetails().errorCode()).isEqualTo("AccessDenied");
            });
  }

  @Test
  void defaultChainGetsCredentialsByIrsaThatSignRequests() {
    enter(eks.pod("shop", "orders").irsa(role));

    try (DefaultCredentialsProvider provider = DefaultCredentialsProvider.builder().build()) {
      GetCallerIdentityResponse caller = whoAmI(provider);

      assertThat(caller.account()).isEqualTo("111122223333");
      assertThat(caller.arn())
          .startsWith("arn:aws:sts::111122223333:assumed-role/orders-role/aws-sdk-java-");
      assertThat(caller.userId()).startsWith("AROA");
      assertThat(provider.resolveCredentials().accountId()).hasValue("111122223333");
    }
    assertThat(eks.sts().exchanges()).isEqualTo(1);
    assertThat(eks.agent().requests()).isZero();
  }

  @Test
  void defaultChainGetsCredentialsByPodIdentityThatSignRequests() {
    eks.associate("shop", "orders", role);
    enter(eks.pod("shop", "orders").podIdentity());

    try (DefaultCredentialsProvider provider = DefaultCredentialsProvider.builder().build()) {
      assertThat(whoAmI(provider).arn())
          .startsWith("arn:aws:sts::111122223333:assumed-role/orders-role/eks-lanyard-orders-");
      assertThat(provider.resolveCredentials().expirationTime())
          .hasValue(clock.instant().plus(Duration.ofHours(6)));
    }
    assertThat(eks.agent().exchanges()).isEqualTo(1);
  }

  @Test
  void defaultChainFindsIrsaInAPodOfAManifest() {
    AdmittedPod pod = eks.admit(MANIFEST);
    System.getProperties().putAll(pod.container("app").systemProperties());

    try (DefaultCredentialsProvider provider = DefaultCredentialsProvider.builder().build()) {
      assertThat(whoAmI(provider).arn())
          .startsWith("arn:aws:sts::111122223333:assumed-role/orders-role/aws-sdk-java-");
    }
    EksAssertions.assertThat(eks).by(pod).exchangedOnce();
    assertThat(eks.journal()).contains("pod " + pod.name() + " of shop/orders, from a manifest");
  }

  @Test
  void defaultChainFindsPodIdentityInAPodOfAManifest() {
    eks.associate("shop", "orders", role);
    AdmittedPod pod = eks.admit(MANIFEST);
    pod.container("app").systemProperties().forEach(System::setProperty);

    try (DefaultCredentialsProvider provider = DefaultCredentialsProvider.builder().build()) {
      assertThat(whoAmI(provider).arn())
          .startsWith(
              "arn:aws:sts::111122223333:assumed-role/orders-role/eks-lanyard-"
                  + pod.name().substring(0, 10));
    }
    assertThat(eks.agent().exchanges()).isEqualTo(1);
    assertThat(System.getProperty("aws.roleArn")).isNull();
  }

  @Test
  void defaultChainGetsNothingWithoutAnAssociation() {
    enter(eks.pod("shop", "orders").podIdentity());

    try (DefaultCredentialsProvider provider = DefaultCredentialsProvider.builder().build()) {
      // This SDK says of the agent's answer that it was none; what it asked for is in the log.
      assertThatThrownBy(provider::resolveCredentials)
          .isInstanceOf(SdkClientException.class)
          .hasMessageContaining("ContainerCredentialsProvider");
    }
    assertThat(eks.agent().log())
        .isNotEmpty()
        .allSatisfy(entry -> assertThat(entry.error()).hasValue("ResourceNotFoundException"));
  }

  @Test
  void defaultChainNamesTheCodesOfSts() {
    assertRefusedBySts(
        eks.pod("shop", "billing").irsa(role), "AccessDenied", "Not authorized to perform");
    assertRefusedBySts(
        eks.pod("shop", "orders").irsa(role).audience("vault.example.com"),
        "InvalidIdentityToken",
        "Incorrect token audience");
    FakePod late = eks.pod("shop", "orders").irsa(role);
    clock.advance(Duration.ofDays(1));
    assertRefusedBySts(late, "ExpiredTokenException", "Token expired");
  }

  private void assertRefusedBySts(FakePod pod, String code, String message) {
    enter(pod);
    try (DefaultCredentialsProvider provider = DefaultCredentialsProvider.builder().build()) {
      assertThatThrownBy(provider::resolveCredentials)
          .isInstanceOf(SdkClientException.class)
          .hasMessageContaining(message);
    }
    assertThat(eks.sts().log().get(eks.sts().log().size() - 1).error()).hasValue(code);
  }

  @Test
  void callerIdentityIsRefusedToCredentialsThatWereNotIssued() {
    IssuedCredentials issued = issued();

    assertRefused(
        "InvalidClientTokenId",
        AwsSessionCredentials.create(
            "ASIAUNKNOWNUNKNOWN00", issued.secretAccessKey(), issued.sessionToken()));
    assertRefused(
        "InvalidClientTokenId",
        AwsSessionCredentials.create(
            issued.accessKeyId(), issued.secretAccessKey(), "another-token"));
    assertRefused(
        "SignatureDoesNotMatch",
        AwsSessionCredentials.create(
            issued.accessKeyId(), "another/secret", issued.sessionToken()));
  }

  @Test
  void callerIdentityIsRefusedToExpiredCredentials() {
    IssuedCredentials issued = issued();
    AwsCredentials credentials =
        AwsSessionCredentials.create(
            issued.accessKeyId(), issued.secretAccessKey(), issued.sessionToken());
    assertThat(whoAmI(StaticCredentialsProvider.create(credentials)).arn())
        .isEqualTo(issued.assumedRoleArn());

    clock.advance(Duration.ofHours(1));

    assertRefused("ExpiredToken", credentials);
  }

  @Test
  void callerIdentityIsRefusedWithoutASignature() {
    Http.Answer answer =
        Http.post(
            eks.sts().endpoint(), Map.of("Action", "GetCallerIdentity", "Version", "2011-06-15"));

    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.element("Code")).isEqualTo("MissingAuthenticationToken");
  }

  private void assertRefused(String code, AwsCredentials credentials) {
    assertThatThrownBy(() -> whoAmI(StaticCredentialsProvider.create(credentials)))
        .isInstanceOfSatisfying(
            StsException.class,
            e -> {
              assertThat(e.awsErrorDetails().errorCode()).isEqualTo(code);
              assertThat(e.statusCode()).isEqualTo(403);
            });
  }

  private IssuedCredentials issued() {
    String keyId = assume(eks.pod("shop", "orders").irsa(role)).credentials().accessKeyId();
    return eks.issued(keyId).orElseThrow();
  }

  private AssumeRoleWithWebIdentityResponse assume(FakePod pod) {
    try (StsClient client = client(AnonymousCredentialsProvider.create())) {
      String token = Files.readString(pod.webIdentityTokenFile());
      return client.assumeRoleWithWebIdentity(
          request -> request.roleArn(role).roleSessionName("orders-7d9f").webIdentityToken(token));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private GetCallerIdentityResponse whoAmI(AwsCredentialsProvider credentials) {
    try (StsClient client = client(credentials)) {
      return client.getCallerIdentity();
    }
  }

  private StsClient client(AwsCredentialsProvider credentials) {
    return StsClient.builder()
        .endpointOverride(eks.sts().endpoint())
        .region(Region.EU_WEST_1)
        .credentialsProvider(credentials)
        .build();
  }

  /** Gives this process the pod's variables, and hides the profiles of this machine. */
  private static void enter(FakePod pod) {
    pod.systemProperties().forEach(System::setProperty);
  }
}
