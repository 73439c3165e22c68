package dev.lanyard.samples.orders;

import dev.lanyard.samples.services.S3Server;
import dev.lanyard.samples.services.TableServer;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.IssuedCredentials;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * S3 and DynamoDB, trusting what one cluster issues. The system properties by which the SDK's
 * clients find them are set until it is closed, so that the application builds its clients as it
 * always does.
 */
final class AwsInMemory implements AutoCloseable {
  static final Settings SETTINGS =
      new Settings(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), "orders", "orders");

  private final S3Server s3;
  private final TableServer table;
  private final Map<String, String> before = new HashMap<>();

  AwsInMemory(FakeEks eks) {
    s3 = S3Server.start(eks);
    s3.createBucket(SETTINGS.bucket());
    table = TableServer.start(eks);
    table.createTable(SETTINGS.table(), "id");
    set("aws.endpointUrlS3", s3.endpoint());
    set("aws.endpointUrlDynamoDb", table.endpoint());
  }

  private void set(String name, URI endpoint) {
    before.put(name, System.setProperty(name, endpoint.toString()));
  }

  TableServer table() {
    return table;
  }

  /** The access key ids that were served, by either. */
  Set<String> served() {
    Set<String> served = new HashSet<>(s3.served().keySet());
    served.addAll(table.served().keySet());
    return served;
  }

  /** Whether credentials are those of a role. */
  static Predicate<String> of(FakeEks eks, String roleName) {
    return keyId ->
        eks.issued(keyId)
            .map(IssuedCredentials::assumedRoleArn)
            .filter(arn -> arn.contains(":assumed-role/" + roleName + "/"))
            .isPresent();
  }

  @Override
  public void close() {
    before.forEach(
        (name, value) -> {
          if (value == null) {
            System.clearProperty(name);
          } else {
            System.setProperty(name, value);
          }
        });
    s3.close();
    table.close();
  }
}
