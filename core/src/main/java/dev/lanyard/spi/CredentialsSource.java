package dev.lanyard.spi;

import dev.lanyard.runtime.Environment;

/**
 * One way in which a pod may obtain credentials, such as IRSA or EKS Pod Identity.
 *
 * <p>A module registers its source with {@link java.util.ServiceLoader}; {@code
 * EksCredentialsProvider} then finds it on the class path. A fat jar has to keep that entry: merge
 * the files below {@code META-INF/services}, as Maven Shade's {@code ServicesResourceTransformer}
 * does. Lanyard's own sources are found without their entries too. Implementations have a public
 * constructor without parameters, are immutable, and are used by many threads.
 *
 * @since 0.1
 */
public interface CredentialsSource {

  /**
   * Returns the source's name for people and for configuration.
   *
   * @return a short name in lower case, unique among the sources, such as {@code irsa}
   */
  String name();

  /**
   * Returns the source's position in the chain where the application gives no order of its own.
   *
   * @return a number; lower comes first. IRSA has 100 and Pod Identity 200: the AWS SDKs look for a
   *     web identity token before they look for container credentials
   */
  int precedence();

  /**
   * Looks for the source in the environment. Reads variables, properties and the presence of files,
   * never the network, and returns promptly.
   *
   * @param environment everything that may be looked at
   * @return what was found; a source that is only partly configured is {@link Detection.Broken},
   *     never {@link Detection.Absent}, so that a mistake cannot lead to another identity. What the
   *     method throws counts as {@link Detection.Broken} too
   */
  Detection detect(Environment environment);

  /**
   * Tells whether the source obtains its credentials with those of another provider, as a second
   * role's does. The settings {@code lanyard.assume.*} name a second role for what is not chained
   * yet, and do not apply to such a source.
   *
   * @return false, unless the source says otherwise
   */
  default boolean isChained() {
    return false;
  }
}
