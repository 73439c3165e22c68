package dev.lanyard.irsa.internal;

import dev.lanyard.diagnosis.Evidence;
import org.jspecify.annotations.Nullable;

/** The names of the facts that evidence and problems have in common, and how they are added. */
final class Facts {
  static final String ROLE = "role";
  static final String TOKEN_FILE = "token file";
  static final String SESSION_NAME = "session name";
  static final String DURATION = "duration";
  static final String EXTERNAL_ID = "external id";
  static final String SESSION_TAGS = "session tags";
  static final String ENDPOINT = "endpoint";
  static final String PROXY = "proxy";
  static final String SETTING = "setting";

  /** Of a problem: the key of a setting of Lanyard's own. */
  static final String KEY = "key";

  static final String CODE = "code";
  static final String STATUS = "status";
  static final String REQUEST_ID = "request id";

  private Facts() {}

  /**
   * Adds a fact that is not shown as it is: what is compared follows hidden if it is another.
   *
   * @param shown what is shown
   * @param value what is compared
   */
  static void add(
      Evidence.Builder evidence, String name, String shown, String value, @Nullable String origin) {
    evidence.fact(name, shown, origin);
    if (!shown.equals(value)) {
      evidence.hidden(name, value, origin);
    }
  }
}
