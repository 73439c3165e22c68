package dev.lanyard.testing;

import dev.lanyard.runtime.Environment;
import java.net.URI;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * One container of an {@link AdmittedPod}: the environment variables and the token files that a
 * program in it sees. It does not change; the files are live. {@link #toString} shows no value.
 *
 * <p>Besides what the manifest and the webhook give, a container has {@code HOSTNAME}, and {@code
 * AWS_ENDPOINT_URL_STS} with the address of the fake STS, unless the manifest sets them. Variables
 * that take their value from a secret, a config map, or the pod's status are left out.
 *
 * @since 0.1
 */
public final class PodContainer {
  private static final Set<String> FILES =
      Set.of("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");

  private final String name;
  private final Map<String, String> variables;
  private final Path root;

  /**
   * Starts a container with the variables of its specification.
   *
   * @param root what stands for the root of its file system
   */
  static PodContainer started(
      String name, Map<String, String> specified, Path root, String podName, URI sts) {
    Map<String, String> variables = new LinkedHashMap<>(specified);
    // The container runtime sets the one, and the other keeps requests on this machine.
    variables.putIfAbsent("HOSTNAME", podName);
    variables.putIfAbsent("AWS_ENDPOINT_URL_STS", sts.toString());
    return new PodContainer(name, variables, root);
  }

  private PodContainer(String name, Map<String, String> variables, Path root) {
    this.name = name;
    this.variables = Collections.unmodifiableMap(new LinkedHashMap<>(variables));
    this.root = root;
  }

  /**
   * Returns the container's name.
   *
   * @return the manifest's
   */
  public String name() {
    return name;
  }

  /**
   * Returns the environment that a program in the container sees: the variables as the webhook
   * wrote them, and the files below a directory that stands for the container's root.
   *
   * @return an environment whose files are live
   */
  public Environment environment() {
    return Environment.of(variables).withRoot(root);
  }

  /**
   * Returns the environment variables with the real paths of the token files, for programs that
   * know no {@link Environment}: the AWS SDK's own providers, or another process. Windows paths
   * stay as they stand.
   *
   * @return values by name, in the order of the container's specification
   */
  public Map<String, String> variables() {
    Map<String, String> real = new LinkedHashMap<>(variables);
    real.replaceAll(
        (variable, value) ->
            FILES.contains(variable) && value.startsWith("/") ? root + value : value);
    return Collections.unmodifiableMap(real);
  }

  /**
   * Returns the system properties by which the AWS SDK for Java and this library read what the
   * environment variables say, with the real paths of the token files. The instance metadata
   * service is turned off, and the profiles of this machine are out of sight.
   *
   * @return values by name
   */
  public Map<String, String> systemProperties() {
    return PodProperties.of(variables(), root);
  }

  @Override
  public String toString() {
    return "PodContainer[" + name + "]";
  }
}
