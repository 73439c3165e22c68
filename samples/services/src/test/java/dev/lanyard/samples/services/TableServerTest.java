package dev.lanyard.samples.services;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lanyard.spi.SessionCredentials;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;

class TableServerTest {
  private static final Map<String, AttributeValue> KEY = Map.of("id", AttributeValue.fromS("17"));
  private static final Map<String, AttributeValue> ITEM =
      Map.of("id", AttributeValue.fromS("17"), "pieces", AttributeValue.fromN("3"));

  private final Map<String, SessionCredentials> issued = new ConcurrentHashMap<>();
  private final TableServer server =
      TableServer.start(keyId -> Optional.ofNullable(issued.get(keyId)));

  TableServerTest() {
    issue("GOOD", Instant.now().plus(Duration.ofHours(1)));
    issue("EXPIRED", Instant.now().minusSeconds(1));
    server.createTable("orders", "id");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void keepsItemsForAClientWithTheCredentialsThatWereIssued() {
    try (DynamoDbClient table = client("GOOD", "secret-of-GOOD", "token-of-GOOD")) {
      assertThat(table.getItem(get -> get.tableName("orders").key(KEY)).hasItem()).isFalse();
      table.putItem(put -> put.tableName("orders").item(ITEM));
      assertThat(table.getItem(get -> get.tableName("orders").key(KEY)).item()).isEqualTo(ITEM);
      table.deleteItem(delete -> delete.tableName("orders").key(KEY));
      assertThat(table.getItem(get -> get.tableName("orders").key(KEY)).hasItem()).isFalse();
    }
    assertThat(server.served()).containsExactly(Map.entry("GOOD", 5));
  }

  @ParameterizedTest
  @CsvSource({
    "NOBODY,  secret-of-GOOD,    token-of-GOOD,    UnrecognizedClientException",
    "GOOD,    another,           token-of-GOOD,    InvalidSignatureException",
    "GOOD,    secret-of-GOOD,    another,          UnrecognizedClientException",
    "EXPIRED, secret-of-EXPIRED, token-of-EXPIRED, ExpiredTokenException",
  })
  void refusesWhatWasNotIssuedOrHasExpired(String keyId, String secret, String token, String code) {
    try (DynamoDbClient table = client(keyId, secret, token)) {
      assertThat(refusal(table)).isEqualTo(code);
    }
    assertThat(server.served()).isEmpty();
  }

  @Test
  void deniesThoseWhomItIsToldToDeny() {
    server.denies("GOOD"::equals);
    try (DynamoDbClient table = client("GOOD", "secret-of-GOOD", "token-of-GOOD")) {
      assertThat(refusal(table)).isEqualTo("AccessDeniedException");
    }
  }

  @Test
  void saysWhatItDoesNotKnow() {
    try (DynamoDbClient table = client("GOOD", "secret-of-GOOD", "token-of-GOOD")) {
      assertThat(
              catchThrowableOfType(
                  ResourceNotFoundException.class,
                  () -> table.getItem(get -> get.tableName("others").key(KEY))))
          .isNotNull();
      assertThat(
              catchThrowableOfType(
                      DynamoDbException.class,
                      () ->
                          table.putItem(
                              put ->
                                  put.tableName("orders")
                                      .item(ITEM)
                                      .conditionExpression("attribute_not_exists(id)")))
                  .awsErrorDetails()
                  .errorCode())
          .isEqualTo("ValidationException");
      assertThat(
              catchThrowableOfType(DynamoDbException.class, table::listTables)
                  .awsErrorDetails()
                  .errorCode())
          .isEqualTo("UnknownOperationException");
    }
  }

  @Test
  void refusesARequestWithoutASignature() throws Exception {
    assertThat(
            HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(server.endpoint()).build(), BodyHandlers.ofString())
                .body())
        .contains("MissingAuthenticationTokenException");
  }

  private static String refusal(DynamoDbClient table) {
    return catchThrowableOfType(
            DynamoDbException.class, () -> table.getItem(get -> get.tableName("orders").key(KEY)))
        .awsErrorDetails()
        .errorCode();
  }

  private void issue(String keyId, Instant expiration) {
    issued.put(
        keyId,
        SessionCredentials.builder()
            .accessKeyId(keyId)
            .secretAccessKey("secret-of-" + keyId)
            .sessionToken("token-of-" + keyId)
            .expiration(expiration)
            .build());
  }

  private DynamoDbClient client(String keyId, String secret, String token) {
    return DynamoDbClient.builder()
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsSessionCredentials.create(keyId, secret, token)))
        .endpointOverride(server.endpoint())
        .region(Region.EU_WEST_1)
        .httpClientBuilder(UrlConnectionHttpClient.builder())
        .overrideConfiguration(c -> c.retryStrategy(AwsRetryStrategy.doNotRetry()))
        .build();
  }
}
