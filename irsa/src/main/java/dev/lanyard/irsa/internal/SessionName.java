package dev.lanyard.irsa.internal;

import dev.lanyard.runtime.Environment;
import dev.lanyard.runtime.Environment.Setting;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * The name of the session that a pod's exchanges open. It is what CloudTrail shows of the caller.
 *
 * <p>The default is the host name of the pod, which Kubernetes sets to the pod's name, a hyphen and
 * eight characters drawn once per process: pods of the same name in two namespaces, or that share
 * the host name of their node, stay apart.
 */
public final class SessionName {
  /** Source: the STS model, RoleSessionName. */
  private static final int MAX_LENGTH = 64;

  private static final Pattern VALID = Pattern.compile("[\\w+=,.@-]{2," + MAX_LENGTH + "}");

  private static final String PROCESS = UUID.randomUUID().toString().substring(0, 8);

  private SessionName() {}

  /** Returns which rule a name breaks, as the end of a sentence that begins with its name. */
  public static Optional<String> problem(String name) {
    return VALID.matcher(name).matches()
        ? Optional.empty()
        : Optional.of(
            "must be 2 to 64 characters out of A-Z a-z 0-9 _ + = , . @ - (it has "
                + name.length()
                + " characters)");
  }

  /** Returns the default, which the pod's host name is a part of. */
  static String of(Environment environment) {
    Optional<Setting> hostName = environment.variable("HOSTNAME");
    return of(hostName.isPresent() ? hostName.get().value() : "lanyard");
  }

  /** Returns the default for a pod of this host name. */
  static String of(String hostName) {
    String name = hostName.strip().replaceAll("[^\\w+=,.@-]", "-");
    int room = MAX_LENGTH - PROCESS.length() - 1;
    // The end of a pod's name is what tells it from its siblings.
    return name.substring(Math.max(0, name.length() - room)) + "-" + PROCESS;
  }
}
