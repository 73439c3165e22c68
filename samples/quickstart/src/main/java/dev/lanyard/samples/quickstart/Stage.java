package dev.lanyard.samples.quickstart;

import dev.lanyard.samples.services.S3Server;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.TrustPolicy;
import java.util.List;
import java.util.Locale;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sts.StsClient;

/** A cluster, an S3 server that trusts what the cluster issues, and clients for both. */
final class Stage implements AutoCloseable {
  static final String NAMESPACE = "shop";
  static final String SERVICE_ACCOUNT = "orders";
  static final String BUCKET = "orders";

  private final FakeEks eks;
  private final S3Server s3Server;
  private final Narrator narrator;

  private Stage(FakeEks eks, S3Server s3Server, Narrator narrator) {
    this.eks = eks;
    this.s3Server = s3Server;
    this.narrator = narrator;
  }

  static Stage build(Narrator narrator) {
    FakeEks eks = FakeEks.start();
    S3Server s3Server = S3Server.start(eks);
    s3Server.createBucket(BUCKET);
    return new Stage(eks, s3Server, narrator);
  }

  FakeEks eks() {
    return eks;
  }

  S3Server s3Server() {
    return s3Server;
  }

  Narrator narrator() {
    return narrator;
  }

  /** A pod of the service account that all scenes use. */
  FakePod pod() {
    return eks.pod(NAMESPACE, SERVICE_ACCOUNT);
  }

  /** A role whose trust policy names that service account. */
  String roleForIrsa(String name) {
    return eks.role(name, TrustPolicy.forServiceAccount(eks, NAMESPACE, SERVICE_ACCOUNT));
  }

  /** A role that trusts Pod Identity, associated with that service account. */
  String roleForPodIdentity(String name) {
    String role = eks.role(name, TrustPolicy.forPodIdentity());
    eks.associate(NAMESPACE, SERVICE_ACCOUNT, role);
    return role;
  }

  /** Says what EKS has put into the pod. */
  void describe(FakePod pod, String role) {
    narrator.step("pod", NAMESPACE + "/" + pod.name() + ", to work as " + role);
    List<String> names =
        pod.variables().keySet().stream()
            .filter(
                name ->
                    name.startsWith("AWS_ROLE")
                        || name.startsWith("AWS_WEB")
                        || name.startsWith("AWS_CONTAINER"))
            .toList();
    narrator.step("EKS has set", String.join(", ", names));
  }

  S3Client s3(AwsCredentialsProvider credentials) {
    return S3Client.builder()
        .credentialsProvider(credentials)
        .endpointOverride(s3Server.endpoint())
        .forcePathStyle(true)
        .region(Region.of(eks.region()))
        .httpClientBuilder(UrlConnectionHttpClient.builder())
        // Nothing that fails is to be hidden by a second attempt.
        .overrideConfiguration(client -> client.retryStrategy(AwsRetryStrategy.doNotRetry()))
        .build();
  }

  S3AsyncClient s3Async(AwsCredentialsProvider credentials) {
    return S3AsyncClient.builder()
        .credentialsProvider(credentials)
        .endpointOverride(s3Server.endpoint())
        .forcePathStyle(true)
        .region(Region.of(eks.region()))
        .httpClientBuilder(NettyNioAsyncHttpClient.builder())
        .overrideConfiguration(client -> client.retryStrategy(AwsRetryStrategy.doNotRetry()))
        .build();
  }

  StsClient sts(AwsCredentialsProvider credentials) {
    return StsClient.builder()
        .credentialsProvider(credentials)
        .endpointOverride(eks.sts().endpoint())
        .region(Region.of(eks.region()))
        .httpClientBuilder(UrlConnectionHttpClient.builder())
        .overrideConfiguration(client -> client.retryStrategy(AwsRetryStrategy.doNotRetry()))
        .build();
  }

  /** Ends the scene unless something is as it should be. */
  static void check(boolean right, String what, Object... arguments) throws SceneFailedException {
    if (!right) {
      throw new SceneFailedException(String.format(Locale.ROOT, what, arguments));
    }
  }

  @Override
  public void close() {
    s3Server.close();
    eks.close();
  }
}
