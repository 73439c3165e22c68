package dev.lanyard.testing;

import org.jspecify.annotations.Nullable;

/**
 * Assertions about what happened in a cluster's identity plane, for AssertJ. Import {@link
 * #assertThat} statically beside that of AssertJ's own class: the two go together.
 *
 * <p>AssertJ 3 has to be on the class path; this module does not bring it.
 *
 * @since 0.1
 */
public final class EksAssertions {
  private EksAssertions() {}

  /**
   * Starts assertions about a cluster.
   *
   * @param eks the cluster; without one every assertion fails
   * @return assertions about all requests to its STS and its agent so far
   */
  public static EksAssert assertThat(@Nullable FakeEks eks) {
    return new EksAssert(eks);
  }
}
