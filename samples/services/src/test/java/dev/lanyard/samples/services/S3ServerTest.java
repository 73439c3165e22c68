package dev.lanyard.samples.services;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import dev.lanyard.spi.SessionCredentials;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.retry.RetryMode;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;

class S3ServerTest {
  private static final AwsSessionCredentials GOOD =
      AwsSessionCredentials.create("ASIAGOOD", "secret-of-good", "token-of-good");
  private static final AwsSessionCredentials EXPIRED =
      AwsSessionCredentials.create("ASIAEXPIRED", "secret-of-expired", "token-of-expired");

  private final Map<String, SessionCredentials> issued = new ConcurrentHashMap<>();
  private S3Server server;

  @BeforeEach
  void start() {
    issue(GOOD, Instant.now().plus(Duration.ofHours(1)));
    issue(EXPIRED, Instant.now().minusSeconds(1));
    server = S3Server.start(keyId -> Optional.ofNullable(issued.get(keyId)));
    server.createBucket("orders");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void servesAClientWithTheCredentialsThatWereIssued() {
    try (S3Client s3 = client(GOOD)) {
      s3.putObject(
          put -> put.bucket("orders").key("2026/first order+1.txt").contentType("text/plain"),
          RequestBody.fromString("one lanyard"));
      s3.putObject(put -> put.bucket("orders").key("empty"), RequestBody.empty());

      assertThat(s3.listBuckets().buckets()).extracting(b -> b.name()).containsExactly("orders");
      assertThat(s3.listObjectsV2(list -> list.bucket("orders")).contents())
          .extracting(S3Object::key, S3Object::size)
          .containsExactly(tuple("2026/first order+1.txt", 11L), tuple("empty", 0L));
      assertThat(
              s3.getObjectAsBytes(get -> get.bucket("orders").key("2026/first order+1.txt"))
                  .asUtf8String())
          .isEqualTo("one lanyard");
      assertThat(
              s3.headObject(head -> head.bucket("orders").key("2026/first order+1.txt"))
                  .contentType())
          .isEqualTo("text/plain");
      s3.deleteObject(delete -> delete.bucket("orders").key("empty"));
      assertThat(s3.listObjectsV2(list -> list.bucket("orders")).keyCount()).isEqualTo(1);
    }
    assertThat(server.served()).containsOnlyKeys("ASIAGOOD");
  }

  @Test
  void servesAnAsyncClientToo() {
    try (S3AsyncClient s3 = asyncClient(GOOD)) {
      s3.putObject(
              put -> put.bucket("orders").key("async.txt"),
              AsyncRequestBody.fromString("two lanyards"))
          .join();

      assertThat(
              s3.getObject(
                      get -> get.bucket("orders").key("async.txt"),
                      AsyncResponseTransformer.toBytes())
                  .join()
                  .asUtf8String())
          .isEqualTo("two lanyards");
    }
  }

  @ParameterizedTest
  @EnumSource(RequestChecksumCalculation.class)
  void takesUploadsOfSeveralChunksWithAndWithoutTheSdksChecksum(
      RequestChecksumCalculation checksums) {
    byte[] data = "a lanyard is worn, not read\n".repeat(20_000).getBytes(UTF_8);
    try (S3Client s3 = builder(GOOD).requestChecksumCalculation(checksums).build()) {
      s3.putObject(put -> put.bucket("orders").key("large"), RequestBody.fromBytes(data));

      assertThat(s3.getObjectAsBytes(get -> get.bucket("orders").key("large")).asByteArray())
          .isEqualTo(data);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"CRC32", "CRC32C", "SHA1", "SHA256"})
  void checksEveryChecksumThatAClientMayAskFor(String algorithm) {
    try (S3Client s3 = client(GOOD)) {
      s3.putObject(
          put -> put.bucket("orders").key(algorithm).checksumAlgorithm(algorithm),
          RequestBody.fromString("checked"));

      assertThat(s3.listObjectsV2(list -> list.bucket("orders")).contents()).hasSize(1);
    }
  }

  @Test
  void listsInPages() {
    try (S3Client s3 = client(GOOD)) {
      for (int i = 0; i < 5; i++) {
        String key = "k" + i;
        s3.putObject(put -> put.bucket("orders").key(key), RequestBody.fromString(key));
      }

      assertThat(s3.listObjectsV2Paginator(list -> list.bucket("orders").maxKeys(2)).contents())
          .extracting(S3Object::key)
          .containsExactly("k0", "k1", "k2", "k3", "k4");
    }
  }

  @Test
  void refusesAWrongSecretAccessKey() {
    refuses(
        AwsSessionCredentials.create("ASIAGOOD", "secret-of-another", "token-of-good"),
        403,
        "SignatureDoesNotMatch");
  }

  @Test
  void refusesAnAccessKeyIdThatNobodyIssued() {
    refuses(
        AwsSessionCredentials.create("ASIAUNKNOWN", "secret-of-good", "token-of-good"),
        403,
        "InvalidAccessKeyId");
  }

  @Test
  void refusesAnotherSessionsToken() {
    refuses(
        AwsSessionCredentials.create("ASIAGOOD", "secret-of-good", "token-of-another"),
        400,
        "InvalidToken");
  }

  @Test
  void refusesSessionCredentialsWithoutTheirToken() {
    refuses(AwsBasicCredentials.create("ASIAGOOD", "secret-of-good"), 403, "InvalidAccessKeyId");
  }

  @Test
  void refusesExpiredCredentials() {
    refuses(EXPIRED, 400, "ExpiredToken");
  }

  @Test
  void refusesAnAsyncClientForTheSameReasons() {
    try (S3AsyncClient s3 = asyncClient(EXPIRED)) {
      CompletionException failure =
          catchThrowableOfType(
              CompletionException.class,
              () ->
                  s3.putObject(
                          put -> put.bucket("orders").key("no"), AsyncRequestBody.fromString("no"))
                      .join());

      assertThat(failure)
          .cause()
          .isInstanceOfSatisfying(
              S3Exception.class,
              refused ->
                  assertThat(refused.awsErrorDetails().errorCode()).isEqualTo("ExpiredToken"));
    }
  }

  @Test
  void refusesARequestThatNobodySigned() throws Exception {
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create(server.endpoint() + "/orders?list-type=2"))
                    .build(),
                HttpResponse.BodyHandlers.ofString());

    assertThat(answer.statusCode()).isEqualTo(403);
    assertThat(answer.body()).contains("<Code>AccessDenied</Code>");
  }

  @Test
  void namesWhatDoesNotExist() {
    try (S3Client s3 = client(GOOD)) {
      assertThat(
              catchThrowableOfType(
                  NoSuchBucketException.class,
                  () -> s3.listObjectsV2(list -> list.bucket("nowhere"))))
          .isNotNull();
      assertThat(
              catchThrowableOfType(
                  NoSuchKeyException.class,
                  () -> s3.getObjectAsBytes(get -> get.bucket("orders").key("nothing"))))
          .isNotNull();
    }
  }

  private void refuses(AwsCredentials credentials, int status, String code) {
    try (S3Client s3 = client(credentials)) {
      for (Runnable request :
          List.<Runnable>of(
              () -> s3.listObjectsV2(list -> list.bucket("orders")),
              () ->
                  s3.putObject(
                      put -> put.bucket("orders").key("no"), RequestBody.fromString("no")))) {
        S3Exception failure = catchThrowableOfType(S3Exception.class, request::run);

        assertThat(failure).as("the request was answered").isNotNull();
        assertThat(failure.awsErrorDetails().errorCode()).isEqualTo(code);
        assertThat(failure.statusCode()).isEqualTo(status);
      }
    }
    assertThat(server.served()).isEmpty();
  }

  private void issue(AwsSessionCredentials credentials, Instant expiration) {
    issued.put(
        credentials.accessKeyId(),
        SessionCredentials.builder()
            .accessKeyId(credentials.accessKeyId())
            .secretAccessKey(credentials.secretAccessKey())
            .sessionToken(credentials.sessionToken())
            .expiration(expiration)
            .build());
  }

  private S3Client client(AwsCredentials credentials) {
    return builder(credentials).build();
  }

  private S3ClientBuilder builder(AwsCredentials credentials) {
    return S3Client.builder()
        .endpointOverride(server.endpoint())
        .forcePathStyle(true)
        .region(Region.EU_WEST_1)
        .httpClient(UrlConnectionHttpClient.create())
        .overrideConfiguration(c -> c.retryStrategy(RetryMode.STANDARD))
        .credentialsProvider(StaticCredentialsProvider.create(credentials));
  }

  private S3AsyncClient asyncClient(AwsCredentials credentials) {
    return S3AsyncClient.builder()
        .endpointOverride(server.endpoint())
        .forcePathStyle(true)
        .region(Region.EU_WEST_1)
        .httpClient(NettyNioAsyncHttpClient.create())
        .credentialsProvider(StaticCredentialsProvider.create(credentials))
        .build();
  }
}
