package dev.lanyard.testing;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * The system properties by which the AWS SDK for Java reads what a pod has as environment
 * variables. Source: SdkSystemSetting of the SDK, and its settings reference for service endpoints.
 */
final class PodProperties {
  private static final Map<String, String> BY_VARIABLE =
      Map.of(
          "AWS_REGION", "aws.region",
          "AWS_ROLE_ARN", "aws.roleArn",
          "AWS_ROLE_SESSION_NAME", "aws.roleSessionName",
          "AWS_WEB_IDENTITY_TOKEN_FILE", "aws.webIdentityTokenFile",
          "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "aws.containerCredentialsPath",
          "AWS_CONTAINER_CREDENTIALS_FULL_URI", "aws.containerCredentialsFullUri",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN", "aws.containerAuthorizationToken",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "aws.containerAuthorizationTokenFile",
          "AWS_ENDPOINT_URL_STS", "aws.endpointUrlSts");

  /** No pod of a test asks the instance metadata of the machine that runs it. */
  private static final String NO_INSTANCE_METADATA = "aws.disableEc2Metadata";

  /**
   * Where the SDK looks for profiles, which its default chain asks before the agent. Source:
   * ProfileFileSystemSetting of the SDK.
   */
  private static final Map<String, String> PROFILE_FILES =
      Map.of(
          "aws.sharedCredentialsFile", "root/.aws/credentials",
          "aws.configFile", "root/.aws/config");

  /** All that tell of credentials: those that a pod does not set are cleared in it. */
  static final Set<String> NAMES = names();

  private PodProperties() {}

  private static Set<String> names() {
    Set<String> names = new LinkedHashSet<>(BY_VARIABLE.values());
    names.addAll(PROFILE_FILES.keySet());
    names.addAll(
        Set.of(
            NO_INSTANCE_METADATA,
            "aws.accessKeyId",
            "aws.secretAccessKey",
            "aws.sessionToken",
            "aws.profile"));
    return Set.copyOf(names);
  }

  /**
   * The properties of a container.
   *
   * @param variables its environment variables, with real paths
   * @param root what stands for the root of its file system, where no image has left profiles
   */
  static Map<String, String> of(Map<String, String> variables, Path root) {
    Map<String, String> properties = new LinkedHashMap<>();
    variables.forEach(
        (name, value) -> {
          String property = BY_VARIABLE.get(name);
          if (property != null) {
            properties.put(property, value);
          }
        });
    properties.put(NO_INSTANCE_METADATA, "true");
    PROFILE_FILES.forEach((name, file) -> properties.put(name, root.resolve(file).toString()));
    return properties;
  }
}
