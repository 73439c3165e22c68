package dev.lanyard;

import dev.lanyard.spi.CredentialsSource;

/**
 * How a second role is assumed that settings name ({@code lanyard.assume.role} and those beside
 * it).
 *
 * <p>The module that speaks to STS implements it, and registers it with {@link
 * java.util.ServiceLoader}. Applications have no need of it: in code, they build an {@code
 * AssumeRoleCredentialsProvider}. Implementations have a public constructor without parameters and
 * are safe for use by many threads.
 *
 * @since 0.1
 */
public interface RoleChaining {

  /**
   * Returns a source of the second role's credentials. Its detection reads the settings, with
   * {@link dev.lanyard.runtime.Environment#setting(String)}, and is broken where one cannot be
   * used; the problem then has a fact {@code key}, the name of that setting.
   *
   * @param first whose credentials the role is assumed with; the source holds it
   * @return a source that is not in the chain
   */
  CredentialsSource secondRole(RefreshingCredentialsProvider first);
}
