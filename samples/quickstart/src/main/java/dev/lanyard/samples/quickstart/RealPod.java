package dev.lanyard.samples.quickstart;

import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.EksCredentialsProvider;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.sts.StsClient;

/** The pod that this process really runs in. */
final class RealPod {
  private static final int SHOWN = 10;

  private final Map<String, String> variables;
  private final Narrator narrator;

  RealPod(Map<String, String> variables, Narrator narrator) {
    this.variables = variables;
    this.narrator = narrator;
  }

  /**
   * Says who the pod is, and what a bucket holds.
   *
   * @param bucket the bucket's name
   * @return whether all went well; if not, what failed has been said
   */
  boolean list(String bucket) {
    Optional<String> region =
        Stream.of("AWS_REGION", "AWS_DEFAULT_REGION")
            .map(name -> variables.getOrDefault(name, "").strip())
            .filter(value -> !value.isEmpty())
            .findFirst();
    if (region.isEmpty()) {
      return failed(
          "the region",
          "AWS_REGION is not set. EKS sets it in every pod that has IRSA"
              + " or Pod Identity; elsewhere, set it to the bucket's region.");
    }
    EksCredentialsProvider provider = EksCredentialsProvider.create();
    try {
      provider.resolveCredentials();
    } catch (CredentialsUnavailableException e) {
      narrator.quote(provider.explain().toString());
      return failed("the credentials", String.valueOf(e.getMessage()));
    }
    narrator.quote(provider.explain().toString());

    String arn;
    try (StsClient sts =
        StsClient.builder()
            .credentialsProvider(provider)
            .region(Region.of(region.get()))
            .httpClientBuilder(UrlConnectionHttpClient.builder())
            .build()) {
      arn = sts.getCallerIdentity().arn();
      narrator.step("who we are", arn);
    } catch (AwsServiceException e) {
      return failed("asking STS who we are", said(e));
    } catch (SdkClientException e) {
      return failed("asking STS who we are", "no answer: " + e.getMessage());
    }

    try (S3Client s3 =
        S3Client.builder()
            .credentialsProvider(provider)
            .region(Region.of(region.get()))
            .crossRegionAccessEnabled(true)
            .httpClientBuilder(UrlConnectionHttpClient.builder())
            .build()) {
      ListObjectsV2Response page = s3.listObjectsV2(list -> list.bucket(bucket).maxKeys(SHOWN));
      List<String> keys = page.contents().stream().map(each -> each.key()).toList();
      narrator.step(
          "bucket " + bucket,
          keys.isEmpty()
              ? "is empty"
              : "holds " + String.join(", ", keys) + (page.isTruncated() ? ", and more" : ""));
      return true;
    } catch (AwsServiceException e) {
      String remedy =
          e.statusCode() == 403
              ? " Allow s3:ListBucket on arn:aws:s3:::" + bucket + " to the role of " + arn + "."
              : "";
      return failed("listing the bucket " + bucket, said(e) + remedy);
    } catch (SdkClientException e) {
      return failed("listing the bucket " + bucket, "no answer: " + e.getMessage());
    }
  }

  private static String said(AwsServiceException e) {
    return e.awsErrorDetails().errorCode()
        + " ("
        + e.statusCode()
        + ", request "
        + e.requestId()
        + "): "
        + e.awsErrorDetails().errorMessage();
  }

  private boolean failed(String what, String why) {
    narrator.say("FAILED: " + what);
    narrator.step("error", why);
    return false;
  }
}
