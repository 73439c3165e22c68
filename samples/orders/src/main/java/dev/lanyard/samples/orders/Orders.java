package dev.lanyard.samples.orders;

import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.s3.S3Client;

/** The orders: their text in a bucket, what is known of them in a table. */
final class Orders {
  private final S3Client s3;
  private final DynamoDbClient dynamoDb;
  private final Settings settings;

  Orders(S3Client s3, DynamoDbClient dynamoDb, Settings settings) {
    this.s3 = s3;
    this.dynamoDb = dynamoDb;
    this.settings = settings;
  }

  /** The text first: an order is there when its row is. */
  void place(Order order) {
    s3.putObject(
        put -> put.bucket(settings.bucket()).key(order.id()), RequestBody.fromString(order.text()));
    dynamoDb.putItem(
        put ->
            put.tableName(settings.table())
                .item(
                    Map.of(
                        "id", AttributeValue.fromS(order.id()),
                        "customer", AttributeValue.fromS(order.customer()))));
  }

  Optional<Order> find(String id) {
    Map<String, AttributeValue> row =
        dynamoDb
            .getItem(
                get -> get.tableName(settings.table()).key(Map.of("id", AttributeValue.fromS(id))))
            .item();
    if (row.isEmpty()) {
      return Optional.empty();
    }
    String text = s3.getObjectAsBytes(get -> get.bucket(settings.bucket()).key(id)).asUtf8String();
    return Optional.of(new Order(id, row.getOrDefault("customer", NOBODY).s(), text));
  }

  private static final AttributeValue NOBODY = AttributeValue.fromS("");
}
