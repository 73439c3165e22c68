package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.EksCredentialsProvider;
import dev.lanyard.RefreshPolicy;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.irsa.IrsaCredentialsProvider;
import dev.lanyard.runtime.Environment;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.TrustPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.model.AssumeRoleWithWebIdentityRequest;
import software.amazon.awssdk.services.sts.model.AssumeRoleWithWebIdentityResponse;

/** The provider as an application uses it, in a pod of a cluster whose STS checks what it gets. */
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class IrsaCredentialsProviderTest {
  @TempDir Path root;
  private FakeEks eks;

  @BeforeEach
  void startCluster() {
    eks = FakeEks.start();
  }

  @AfterEach
  void stopCluster() {
    eks.close();
  }

  @Test
  void aPodWhoseRoleTrustsItGetsTheRolesCredentials() {
    String role = eks.role("orders", TrustPolicy.forServiceAccount(eks, "shop", "orders"));
    FakePod pod = eks.pod("shop", "orders").irsa(role);

    AwsCredentials credentials = provider(pod).resolveCredentials();

    assertThat(eks.issued(credentials.accessKeyId()))
        .hasValueSatisfying(
            issued -> {
              assertThat(credentials.secretAccessKey()).isEqualTo(issued.secretAccessKey());
              assertThat(((AwsSessionCredentials) credentials).sessionToken())
                  .isEqualTo(issued.sessionToken());
              assertThat(credentials.expirationTime()).contains(issued.expiration());
              assertThat(credentials.accountId()).contains(issued.accountId());
              assertThat(issued.assumedRoleArn()).contains(":assumed-role/orders/");
            });
    assertThat(eks.sts().requests()).isEqualTo(1);
  }

  @Test
  void theChainOfAllSourcesFindsItToo() {
    String role = eks.role("orders", TrustPolicy.forServiceAccount(eks, "shop", "orders"));
    FakePod pod = eks.pod("shop", "orders").irsa(role);

    AwsCredentials credentials =
        EksCredentialsProvider.builder()
            .environment(pod.environment())
            .build()
            .resolveCredentials();

    assertThat(eks.issued(credentials.accessKeyId())).isPresent();
    assertThat(credentials.providerName()).contains("Lanyard");
  }

  @Test
  void aRefusedPodGetsAnExceptionAndNeverTheNodesRole() {
    String role = eks.role("billing", TrustPolicy.forServiceAccount(eks, "shop", "billing"));
    FakePod pod = eks.pod("shop", "orders").irsa(role);
    try (ScriptedSts metadata = new ScriptedSts().answers(200, Map.of(), "node-role")) {
      System.setProperty("aws.ec2MetadataServiceEndpoint", metadata.endpoint().toString());
      try {
        CredentialsUnavailableException e =
            catchThrowableOfType(
                CredentialsUnavailableException.class, provider(pod)::resolveCredentials);

        assertThat(e.kind()).isEqualTo(FailureKind.REJECTED);
        assertThat(e)
            .hasMessageContaining(role)
            .hasMessageContaining(eks.issuer().url())
            .hasMessageContaining("system:serviceaccount:shop:orders")
            .hasMessageContaining("sts.amazonaws.com")
            .hasMessageContaining("403 AccessDenied");
      } finally {
        System.clearProperty("aws.ec2MetadataServiceEndpoint");
      }

      assertThat(metadata.requests()).isEmpty();
    }
  }

  @Test
  void theTrustPolicyThatARefusalPrintsAdmitsThePod() {
    String role = eks.role("orders", TrustPolicy.forServiceAccount(eks, "shop", "billing"));
    FakePod pod = eks.pod("shop", "orders").irsa(role);
    CredentialsUnavailableException e =
        catchThrowableOfType(
            CredentialsUnavailableException.class, provider(pod)::resolveCredentials);

    String text = String.valueOf(e.getMessage());
    String statement = text.substring(text.indexOf("{\n"), text.indexOf("\n}") + 2);
    String mended =
        eks.role(
            "mended",
            TrustPolicy.of("{\"Version\":\"2012-10-17\",\"Statement\":[" + statement + "]}"));

    assertThat(
            eks.issued(
                provider(eks.pod("shop", "orders").irsa(mended))
                    .resolveCredentials()
                    .accessKeyId()))
        .isPresent();
  }

  @Test
  void aProviderThatTheAccountDoesNotKnowIsToBeCreated() {
    String role = eks.role("orders", TrustPolicy.forServiceAccount(eks, "shop", "orders"));
    FakePod pod = eks.pod("shop", "orders").irsa(role);
    eks.issuer().unregister();

    CredentialsUnavailableException e =
        catchThrowableOfType(
            CredentialsUnavailableException.class, provider(pod)::resolveCredentials);

    assertThat(e.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(e)
        .hasMessageContaining("InvalidIdentityToken")
        .hasMessageContaining("Create an IAM OIDC identity provider for " + eks.issuer().url());
  }

  @Test
  void anAudienceThatTheProviderDoesNotKnowIsToBeAdded() {
    String role = eks.role("orders", TrustPolicy.forServiceAccount(eks, "shop", "orders"));
    FakePod pod = eks.pod("shop", "orders").irsa(role).audience("mine");

    CredentialsUnavailableException e =
        catchThrowableOfType(
            CredentialsUnavailableException.class, provider(pod)::resolveCredentials);

    assertThat(e.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(e).hasMessageContaining("Add mine to the client ids");
  }

  @Test
  void whatTheBuilderSaysComesBeforeTheEnvironment() {
    String role = eks.role("orders", Duration.ofHours(12), trust());
    FakePod pod = eks.pod("shop", "orders").irsa(role);

    AwsCredentials credentials =
        IrsaCredentialsProvider.builder()
            .environment(
                Environment.of(
                    Map.of(
                        "AWS_ROLE_ARN", "arn:aws:iam::444455556666:role/other",
                        "AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere",
                        "AWS_ROLE_SESSION_NAME", "other")))
            .roleArn(role)
            .tokenFile(pod.webIdentityTokenFile())
            .sessionName("nightly")
            .duration(Duration.ofHours(2))
            .region("eu-west-1")
            .endpoint(eks.sts().endpoint())
            .build()
            .resolveCredentials();

    assertThat(eks.issued(credentials.accessKeyId()))
        .hasValueSatisfying(
            issued -> assertThat(issued.assumedRoleArn()).endsWith(":assumed-role/orders/nightly"));
  }

  @Test
  void durationAndPoliciesAreSent() {
    try (ScriptedSts sts = new ScriptedSts().issues("ASIAEXAMPLEEXAMPLE01")) {
      IrsaCredentialsProvider provider =
          IrsaCredentialsProvider.builder()
              .environment(new Pod(root).environment())
              .endpoint(sts.endpoint())
              .duration(Duration.ofMinutes(15))
              .policy("{\"Version\":\"2012-10-17\"}")
              .policyArns("arn:aws:iam::aws:policy/One", "arn:aws:iam::111122223333:policy/Two")
              .build();

      provider.resolveCredentials();

      assertThat(sts.requests().get(0).form())
          .containsEntry("DurationSeconds", "900")
          .containsEntry("Policy", "{\"Version\":\"2012-10-17\"}")
          .containsEntry("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/One")
          .containsEntry("PolicyArns.member.2.arn", "arn:aws:iam::111122223333:policy/Two")
          .hasSize(9);
    }
  }

  @Test
  void policyArnsThatAreSetAgainReplaceTheOnesBefore() {
    try (ScriptedSts sts = new ScriptedSts().issues("ASIAEXAMPLEEXAMPLE01")) {
      IrsaCredentialsProvider.builder()
          .environment(new Pod(root).environment())
          .endpoint(sts.endpoint())
          .policyArns("arn:aws:iam::aws:policy/One", "arn:aws:iam::aws:policy/Two")
          .policyArns("arn:aws:iam::aws:policy/Three")
          .build()
          .resolveCredentials();

      assertThat(sts.requests().get(0).form())
          .containsEntry("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/Three")
          .doesNotContainKey("PolicyArns.member.2.arn");
    }
  }

  @Test
  void theApplicationsOwnStsClientIsUsedAndNotClosed() {
    FakePod pod = eks.pod("shop", "orders").irsa(eks.role("orders", trust()));
    try (StsClient client =
        StsClient.builder()
            .httpClient(UrlConnectionHttpClient.create())
            .region(Region.EU_WEST_1)
            .endpointOverride(eks.sts().endpoint())
            .build()) {
      Environment environment =
          Environment.of(
              Map.of(
                  "AWS_ROLE_ARN",
                  String.valueOf(pod.variables().get("AWS_ROLE_ARN")),
                  // What would be a contradiction without a client.
                  "AWS_USE_FIPS_ENDPOINT",
                  "perhaps"));

      for (int i = 0; i < 2; i++) {
        IrsaCredentialsProvider provider =
            IrsaCredentialsProvider.builder()
                .environment(environment)
                .tokenFile(pod.webIdentityTokenFile())
                .stsClient(client)
                .build();
        assertThat(eks.issued(provider.resolveCredentials().accessKeyId())).isPresent();
        assertThat(provider.explain().toString()).contains("STS client the application's own");
      }
    }
  }

  @Test
  void aCallThroughTheApplicationsOwnStsClientHasTheExchangesTimeBudget() {
    AtomicReference<AssumeRoleWithWebIdentityRequest> asked = new AtomicReference<>();
    StsClient client =
        new StsClient() {
          @Override
          public AssumeRoleWithWebIdentityResponse assumeRoleWithWebIdentity(
              AssumeRoleWithWebIdentityRequest request) {
            asked.set(request);
            // As a client that the application has closed.
            throw new IllegalStateException("Connection pool shut down");
          }

          @Override
          public String serviceName() {
            return SERVICE_NAME;
          }

          @Override
          public void close() {}
        };

    IrsaCredentialsProvider provider =
        IrsaCredentialsProvider.builder()
            .environment(new Pod(root).environment())
            .refreshPolicy(
                RefreshPolicy.defaults()
                    .withExchangeTimeout(Duration.ofSeconds(7))
                    .withMaxWait(Duration.ofMillis(200)))
            .stsClient(client)
            .build();
    awaitFailure(provider);

    assertThat(catchThrowable(provider::resolveCredentials))
        .isInstanceOf(CredentialsUnavailableException.class)
        .hasMessageContaining("IllegalStateException");
    assertThat(
            Objects.requireNonNull(asked.get())
                .overrideConfiguration()
                .orElseThrow()
                .apiCallTimeout()
                .orElseThrow())
        .isPositive()
        .isLessThanOrEqualTo(Duration.ofSeconds(7));
  }

  @Test
  void aRefusalThroughTheApplicationsOwnStsClientIsExplainedToo() {
    try (ScriptedSts sts = new ScriptedSts().refuses(403, "AccessDenied", "Not authorized");
        StsClient client =
            StsClient.builder()
                .httpClient(UrlConnectionHttpClient.create())
                .region(Region.EU_WEST_1)
                .endpointOverride(sts.endpoint())
                .build()) {
      CredentialsUnavailableException e =
          catchThrowableOfType(
              CredentialsUnavailableException.class,
              IrsaCredentialsProvider.builder()
                      .environment(new Pod(root).environment())
                      .stsClient(client)
                      .build()
                  ::resolveCredentials);

      assertThat(e.kind()).isEqualTo(FailureKind.REJECTED);
      assertThat(e)
          .hasMessageContaining(Tokens.SUBJECT)
          .hasMessageContaining("the application's STS client");
      assertThat(sts.requests().get(0).headers()).doesNotContainKey("Authorization");
    }
  }

  @Test
  void saysThatAClientOfTheApplicationsMayHaveBeenClosed(@TempDir Path root) throws Exception {
    StsClient client =
        StsClient.builder()
            .region(Region.EU_WEST_1)
            .credentialsProvider(AnonymousCredentialsProvider.create())
            .httpClient(new ClosedHttpClient())
            .build();
    RefreshPolicy hurried = RefreshPolicy.defaults().withMaxWait(Duration.ofMillis(300));

    IrsaCredentialsProvider provider =
        IrsaCredentialsProvider.builder()
            .environment(new Pod(root).environment())
            .refreshPolicy(hurried)
            .stsClient(client)
            .build();
    awaitFailure(provider);

    assertThat(catchThrowable(provider::resolveCredentials))
        .isInstanceOf(CredentialsUnavailableException.class)
        .hasMessageContaining("has not closed the STS client");
  }

  /** A caller in a hurry may give up before the first attempt has said anything. */
  private static void awaitFailure(IrsaCredentialsProvider provider) {
    while (provider.status().lastFailure().isEmpty()) {
      Thread.onSpinWait();
    }
  }

  /** As the SDK's own clients are once they are closed. */
  private static final class ClosedHttpClient implements SdkHttpClient {
    @Override
    public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
      throw new IllegalStateException("Connection pool shut down");
    }

    @Override
    public void close() {}
  }

  @Test
  void buildingNeverFailsBecauseOfTheEnvironment() {
    IrsaCredentialsProvider nowhere =
        IrsaCredentialsProvider.builder().environment(Environment.of(Map.of())).build();
    IrsaCredentialsProvider broken =
        IrsaCredentialsProvider.builder()
            .environment(Environment.of(Map.of("AWS_ROLE_ARN", "nonsense")))
            .build();

    assertThat(
            catchThrowableOfType(CredentialsUnavailableException.class, nowhere::resolveCredentials)
                .kind())
        .isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(
            catchThrowableOfType(CredentialsUnavailableException.class, broken::resolveCredentials))
        .hasMessageContaining("AWS_WEB_IDENTITY_TOKEN_FILE is not set");
  }

  @Test
  void providersMadeByCreateShareOneExchange() {
    FakePod pod = eks.pod("shop", "orders").irsa(eks.role("orders", trust()));
    Map<String, String> properties =
        Map.of(
            "aws.roleArn", String.valueOf(pod.variables().get("AWS_ROLE_ARN")),
            "aws.webIdentityTokenFile", pod.webIdentityTokenFile().toString(),
            "aws.endpointUrlSts", eks.sts().endpoint().toString());
    properties.forEach(System::setProperty);
    try {
      IrsaCredentialsProvider one = IrsaCredentialsProvider.create();
      IrsaCredentialsProvider other = IrsaCredentialsProvider.create();
      EksCredentialsProvider chain = EksCredentialsProvider.create();

      assertThat(other.resolveCredentials()).isEqualTo(one.resolveCredentials());
      assertThat(chain.resolveCredentials()).isEqualTo(one.resolveCredentials());
    } finally {
      properties.keySet().forEach(System::clearProperty);
    }

    assertThat(eks.sts().requests()).isEqualTo(1);
  }

  private TrustPolicy trust() {
    return TrustPolicy.forServiceAccount(eks, "shop", "orders");
  }

  private static IrsaCredentialsProvider provider(FakePod pod) {
    return IrsaCredentialsProvider.builder().environment(pod.environment()).build();
  }
}
