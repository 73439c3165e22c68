package dev.lanyard.samples.services;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Holds the verifier to the worked examples that Amazon publishes with the specification:
 * "Examples: Signature Calculations" and "Example signature calculations: transferring payload in
 * chunks", in the Amazon S3 API reference. The key is the one that they name.
 */
class SignatureV4Test {
  private static final String KEY_ID = "AKIAIOSFODNN7EXAMPLE";
  private static final String SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  private static final String TIMESTAMP = "20130524T000000Z";
  private static final String EMPTY =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

  private static final String CHUNKED_HEAD =
      "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
  private static final String FIRST_CHUNK =
      "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648";
  private static final String SECOND_CHUNK =
      "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497";
  private static final String LAST_CHUNK =
      "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9";

  private final SignatureV4 signer =
      new SignatureV4(
          SECRET,
          TIMESTAMP,
          new SignatureV4.Authorization(
              KEY_ID, "20130524", "us-east-1", "s3", List.of("host"), "unused"));

  @Test
  void signsGettingAPartOfAnObjectAsAmazonDoes() {
    assertThat(
            sign(
                "GET",
                "/test.txt",
                "",
                EMPTY,
                Map.of("range", "bytes=0-9", "x-amz-content-sha256", EMPTY)))
        .isEqualTo("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  }

  @Test
  void signsPuttingAnObjectWithACharacterToEncodeAsAmazonDoes() {
    String hash = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
    assertThat(
            sign(
                "PUT",
                "/test%24file.text",
                "",
                hash,
                Map.of(
                    "date", "Fri, 24 May 2013 00:00:00 GMT",
                    "x-amz-storage-class", "REDUCED_REDUNDANCY",
                    "x-amz-content-sha256", hash)))
        .isEqualTo("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  }

  @Test
  void signsAParameterWithoutAValueAsAmazonDoes() {
    assertThat(sign("GET", "/", "lifecycle", EMPTY, Map.of("x-amz-content-sha256", EMPTY)))
        .isEqualTo("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  }

  @Test
  void sortsParametersAsAmazonDoes() {
    assertThat(
            sign("GET", "/", "prefix=J&max-keys=2", EMPTY, Map.of("x-amz-content-sha256", EMPTY)))
        .isEqualTo("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
  }

  @Test
  void signsTheHeadOfAChunkedUploadAsAmazonDoes() {
    assertThat(
            signer.ofRequest(
                "PUT",
                "/examplebucket/chunkObject.txt",
                "",
                Map.of(
                    "content-encoding", List.of("aws-chunked"),
                    "content-length", List.of("66824"),
                    "host", List.of("s3.amazonaws.com"),
                    "x-amz-content-sha256", List.of("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
                    "x-amz-date", List.of(TIMESTAMP),
                    "x-amz-decoded-content-length", List.of("66560"),
                    "x-amz-storage-class", List.of("REDUCED_REDUNDANCY")),
                List.of(
                    "content-encoding",
                    "content-length",
                    "host",
                    "x-amz-content-sha256",
                    "x-amz-date",
                    "x-amz-decoded-content-length",
                    "x-amz-storage-class"),
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"))
        .isEqualTo(CHUNKED_HEAD);
  }

  @Test
  void readsTheChunkedUploadThatAmazonSigned() throws ServiceFailure {
    AwsChunked.Decoded decoded = AwsChunked.decode(chunkedUpload('a'), signer, CHUNKED_HEAD);

    assertThat(decoded.data()).hasSize(66560).containsOnly('a');
    assertThat(decoded.trailer()).isEmpty();
  }

  @Test
  void refusesAChunkThatWasChangedOnTheWay() {
    ServiceFailure failure =
        catchThrowableOfType(
            ServiceFailure.class,
            () -> AwsChunked.decode(chunkedUpload('b'), signer, CHUNKED_HEAD));

    assertThat(failure.code()).isEqualTo("SignatureDoesNotMatch");
  }

  @Test
  void refusesAnUploadWhoseEndWasCutOff() {
    byte[] whole = chunkedUpload('a');
    byte[] cut = Arrays.copyOf(whole, whole.length - 90);

    ServiceFailure failure =
        catchThrowableOfType(
            ServiceFailure.class, () -> AwsChunked.decode(cut, signer, CHUNKED_HEAD));

    assertThat(failure.code()).isEqualTo("IncompleteBody");
  }

  @Test
  void aPlusSignInAPathStandsForItself() {
    assertThat(SignatureV4.decode("a+b%2Bc%20d")).isEqualTo("a+b+c d");
  }

  private String sign(
      String method, String path, String query, String hash, Map<String, String> more) {
    Map<String, List<String>> headers = new TreeMap<>();
    headers.put("host", List.of("examplebucket.s3.amazonaws.com"));
    headers.put("x-amz-date", List.of(TIMESTAMP));
    more.forEach((name, value) -> headers.put(name, List.of(value)));
    return signer.ofRequest(method, path, query, headers, List.copyOf(headers.keySet()), hash);
  }

  private static byte[] chunkedUpload(char lastCharacter) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    byte[] data = new byte[65536];
    Arrays.fill(data, (byte) 'a');
    chunk(body, FIRST_CHUNK, data);
    byte[] rest = Arrays.copyOf(data, 1024);
    rest[1023] = (byte) lastCharacter;
    chunk(body, SECOND_CHUNK, rest);
    chunk(body, LAST_CHUNK, new byte[0]);
    return body.toByteArray();
  }

  private static void chunk(ByteArrayOutputStream body, String signature, byte[] data) {
    body.writeBytes(
        ServiceAnswer.bytes(
            Integer.toHexString(data.length) + ";chunk-signature=" + signature + "\r\n"));
    body.writeBytes(data);
    body.writeBytes(ServiceAnswer.bytes("\r\n"));
  }
}
