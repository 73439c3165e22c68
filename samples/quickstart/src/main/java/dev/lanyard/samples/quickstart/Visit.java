package dev.lanyard.samples.quickstart;

import static dev.lanyard.samples.quickstart.Stage.BUCKET;
import static dev.lanyard.samples.quickstart.Stage.check;

import dev.lanyard.EksCredentialsProvider;
import java.util.List;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * What an application does with its credentials: three clients of two services share a provider.
 */
final class Visit {
  private Visit() {}

  static void play(Stage stage, EksCredentialsProvider provider, String role, String folder)
      throws SceneFailedException {
    Narrator narrator = stage.narrator();
    try (S3Client s3 = stage.s3(provider);
        S3AsyncClient s3Async = stage.s3Async(provider);
        StsClient sts = stage.sts(provider)) {
      String arn = sts.getCallerIdentity().arn();
      narrator.step("STS says we are", arn);
      check(
          arn.contains("assumed-role/" + role.substring(role.lastIndexOf('/') + 1) + "/"),
          "the pod should work as %s and works as %s",
          role,
          arn);

      String first = folder + "/by-S3Client.txt";
      s3.putObject(
          put -> put.bucket(BUCKET).key(first), RequestBody.fromString("from a blocking client"));
      narrator.step("S3Client", "wrote " + first);

      String second = folder + "/by-S3AsyncClient.txt";
      s3Async
          .putObject(
              put -> put.bucket(BUCKET).key(second),
              AsyncRequestBody.fromString("from an asynchronous client"))
          .join();
      narrator.step("S3AsyncClient", "wrote " + second);

      List<String> keys =
          s3.listObjectsV2(list -> list.bucket(BUCKET).prefix(folder + "/")).contents().stream()
              .map(S3Object::key)
              .toList();
      narrator.step("the bucket holds", String.join(", ", keys));
      check(keys.equals(List.of(second, first)), "the bucket should hold %s and %s", first, second);
    }
  }
}
