package dev.lanyard.jmh;

import dev.lanyard.irsa.IrsaCredentialsProvider;
import dev.lanyard.podidentity.PodIdentityCredentialsProvider;
import java.lang.management.ManagementFactory;
import java.net.URI;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.auth.credentials.WebIdentityTokenFileCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/** The application of {@link ColdStart}: one client, one request. */
final class ColdStartApp {
  static final String STATIC = "static credentials";

  private ColdStartApp() {}

  /**
   * Makes the request, and says when it has its answer, then what that took.
   *
   * @param args the provider and the address of S3
   */
  public static void main(String[] args) {
    S3Client s3 =
        S3Client.builder()
            .credentialsProvider(provider(args[0]))
            .region(Region.EU_WEST_1)
            .endpointOverride(URI.create(args[1]))
            .forcePathStyle(true)
            .build();
    int bytes = s3.getObjectAsBytes(get -> get.bucket("orders").key("1")).asByteArray().length;
    System.out.println("answered " + bytes);
    System.out.println(ManagementFactory.getClassLoadingMXBean().getTotalLoadedClassCount());
    System.out.println(
        ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime()
            / 1_000_000);
  }

  private static AwsCredentialsProvider provider(String name) {
    return switch (name) {
      case STATIC ->
          StaticCredentialsProvider.create(
              AwsSessionCredentials.create("ASIABENCHMARK", "not a secret", "not a token"));
      case Loopback.IRSA -> IrsaCredentialsProvider.create();
      case Loopback.POD_IDENTITY -> PodIdentityCredentialsProvider.create();
      case Loopback.WEB_IDENTITY -> WebIdentityTokenFileCredentialsProvider.create();
      case Loopback.CONTAINER -> ContainerCredentialsProvider.create();
      default -> throw new IllegalArgumentException(name);
    };
  }
}
