package dev.lanyard.samples.orders;

import dev.lanyard.samples.services.S3Server;
import dev.lanyard.samples.services.TableServer;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.IssuedCredentials;
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
  static final Settings SETTINGS = new Settings(0, "orders", "orders");

  private final S3Server s3;
  private final TableServer table;
  private final Map<String, String> properties;

  AwsInMemory(FakeEks eks) {
    s3 = S3Server.start(eks);
    s3.createBucket(SETTINGS.bucket());
    table = TableServer.start(eks);
    table.createTable(SETTINGS.table(), "id");
    properties =
        Map.of(
            "aws.endpointUrlS3", s3.endpoint().toString(),
            "aws.endpointUrlDynamoDb", table.endpoint().toString());
    properties.forEach(System::setProperty);
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
    properties.keySet().forEach(System::clearProperty);
    s3.close();
    table.close();
  }
}
