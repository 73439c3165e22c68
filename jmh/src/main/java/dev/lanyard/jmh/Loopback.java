package dev.lanyard.jmh;

import dev.lanyard.irsa.IrsaCredentialsProvider;
import dev.lanyard.podidentity.PodIdentityCredentialsProvider;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.TrustPolicy;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.WebIdentityTokenFileCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.auth.StsWebIdentityTokenFileCredentialsProvider;

/**
 * The fakes, one pod that has both IRSA and Pod Identity, and every contender's provider for it.
 *
 * <p>The SDK's providers read system properties: while one is built and first used, this process is
 * that pod.
 */
final class Loopback implements AutoCloseable {
  static final String STS_SYNC = "SDK StsWebIdentityTokenFile";
  static final String STS_BACKGROUND = "SDK StsWebIdentityTokenFile, background";
  static final String WEB_IDENTITY = "SDK WebIdentityTokenFile";
  static final String CONTAINER = "SDK Container";
  static final String DEFAULT = "SDK Default";
  static final String IRSA = "Lanyard IRSA";
  static final String POD_IDENTITY = "Lanyard Pod Identity";

  private static final Map<String, String> PROPERTIES =
      Map.of(
          "AWS_REGION", "aws.region",
          "AWS_ROLE_ARN", "aws.roleArn",
          "AWS_WEB_IDENTITY_TOKEN_FILE", "aws.webIdentityTokenFile",
          "AWS_CONTAINER_CREDENTIALS_FULL_URI", "aws.containerCredentialsFullUri",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "aws.containerAuthorizationTokenFile",
          "AWS_ENDPOINT_URL_STS", "aws.endpointUrlSts");

  private final FakeEks eks;
  private final FakePod pod;
  private final String role;

  private Loopback(boolean trusted) {
    eks = FakeEks.start();
    role =
        trusted
            ? eks.role(
                "orders-role",
                TrustPolicy.forServiceAccount(eks, "shop", "orders"),
                TrustPolicy.forPodIdentity())
            : eks.role("orders-role");
    if (trusted) {
      eks.associate("shop", "orders", role);
    }
    pod = eks.pod("shop", "orders").irsa(role).podIdentity();
    System.setProperty("aws.disableEc2Metadata", "true");
  }

  /** A pod whose role trusts it. */
  static Loopback trusting() {
    return new Loopback(true);
  }

  /** A pod whose role trusts nobody, and that has no association. */
  static Loopback refusing() {
    return new Loopback(false);
  }

  FakeEks eks() {
    return eks;
  }

  FakePod pod() {
    return pod;
  }

  URI sts() {
    return eks.sts().endpoint();
  }

  URI agent() {
    return eks.agent().endpoint();
  }

  /** How a provider's windows before the expiration are scaled; the SDK's own are 1 and 5 min. */
  record Windows(Duration stale, Duration prefetch) {
    static final Windows SDK_DEFAULT = new Windows(Duration.ofMinutes(1), Duration.ofMinutes(5));
  }

  /** Makes this process the pod, as far as the SDK's providers look. */
  void enter(URI sts, URI agent) {
    pod.variables()
        .forEach(
            (variable, value) -> {
              String property = PROPERTIES.get(variable);
              if (property != null) {
                System.setProperty(property, value);
              }
            });
    System.setProperty("aws.endpointUrlSts", sts.toString());
    System.setProperty("aws.containerCredentialsFullUri", agent.toString());
  }

  /** As for {@link #CONTAINER}: nothing but the container's properties. */
  private static void leaveWebIdentity() {
    System.clearProperty("aws.roleArn");
    System.clearProperty("aws.webIdentityTokenFile");
  }

  /**
   * Makes a provider, which asks the fakes themselves or what stands before them.
   *
   * @param contender which
   * @param sts where it finds STS
   * @param agent where it finds the agent, with the path
   * @param windows of those SDK providers that can be set
   */
  AwsCredentialsProvider provider(String contender, URI sts, URI agent, Windows windows) {
    enter(sts, agent);
    switch (contender) {
      case IRSA -> {
        return IrsaCredentialsProvider.builder()
            .environment(pod.environment())
            .endpoint(sts)
            .build();
      }
      case POD_IDENTITY -> {
        return PodIdentityCredentialsProvider.builder()
            .environment(pod.environment())
            .endpoint(agent)
            .build();
      }
      case WEB_IDENTITY -> {
        return WebIdentityTokenFileCredentialsProvider.builder()
            .staleTime(windows.stale())
            .prefetchTime(windows.prefetch())
            .build();
      }
      case STS_SYNC, STS_BACKGROUND -> {
        return StsWebIdentityTokenFileCredentialsProvider.builder()
            .stsClient(
                StsClient.builder()
                    .region(Region.of(eks.region()))
                    .endpointOverride(sts)
                    .credentialsProvider(AnonymousCredentialsProvider.create())
                    .build())
            .roleArn(role)
            .roleSessionName("benchmark")
            .webIdentityTokenFile(pod.webIdentityTokenFile())
            .staleTime(windows.stale())
            .prefetchTime(windows.prefetch())
            .asyncCredentialUpdateEnabled(contender.equals(STS_BACKGROUND))
            .build();
      }
      case CONTAINER -> {
        leaveWebIdentity();
        return ContainerCredentialsProvider.create();
      }
      case DEFAULT -> {
        return DefaultCredentialsProvider.builder().build();
      }
      default -> throw new IllegalArgumentException(contender);
    }
  }

  /** Ends what such a provider keeps. */
  static void close(AwsCredentialsProvider provider) {
    if (provider instanceof AutoCloseable closeable) {
      try {
        closeable.close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Override
  public void close() {
    eks.close();
  }
}
