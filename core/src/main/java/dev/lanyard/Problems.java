package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.spi.ExchangeException;
import java.util.Locale;

/**
 * The ids of the problems that core itself tells of. An id is never given to another problem; one
 * that is no longer told of is not used again.
 */
final class Problems {
  /** No source is configured. */
  static final String NOTHING_CONFIGURED = "ENV-001";

  /** No credentials source is on the class path. */
  static final String NO_SOURCES = "ENV-002";

  /** The one source that the application asked for is not configured. */
  static final String SOURCE_NOT_CONFIGURED = "ENV-003";

  /** {@code order(...)} names an unknown source. */
  static final String UNKNOWN_SOURCE = "ENV-004";

  /** A setting that was given to a provider does not exist. */
  static final String UNKNOWN_SETTING = "SET-001";

  /** A setting that was given to a provider is one that providers of its class do not have. */
  static final String SETTING_OF_ANOTHER_CLASS = "SET-002";

  /** The value of a setting cannot be used. */
  static final String SETTING_MALFORMED = "SET-003";

  /** A setting of a second role was given without the role. */
  static final String SETTING_WITHOUT_ROLE = "SET-004";

  /** The environment configures a source whose module is not on the class path. */
  static final String MODULE_MISSING = "LIB-001";

  /** A source on the class path cannot be loaded. */
  static final String SOURCE_NOT_LOADABLE = "LIB-002";

  /** A source threw while detecting its configuration. */
  static final String DETECTION_FAILED = "LIB-003";

  /** A class is missing or incompatible. */
  static final String CLASS_MISSING = "LIB-004";

  /** The exchange exceeded its time budget. */
  static final String TIMED_OUT = "EXC-001";

  /** The exchange threw an undeclared exception. */
  static final String EXCHANGE_THREW = "EXC-002";

  /** The exchange returned no credentials. */
  static final String RETURNED_NOTHING = "EXC-004";

  /** The exchange had not ended when the caller's wait did. */
  static final String NOT_ENDED = "EXC-003";

  /** The source returned credentials that had already expired. */
  static final String EXPIRED_ON_ARRIVAL = "CLOCK-001";

  /** This machine's clock was changed during the exchange. */
  static final String CLOCK_MOVED = "CLOCK-002";

  /** Credentials of the source never live as long as the caller asked for. */
  static final String NEVER_LIVES_LONG_ENOUGH = "LIFE-002";

  /** The credentials held have less lifetime left than the caller asked for. */
  static final String LIVES_TOO_SHORT_NOW = "LIFE-003";

  /** Lanyard was shut down in this class loader. */
  static final String SHUT_DOWN = "LIFE-001";

  private Problems() {}

  /** Starts an exception of a problem that has neither facts nor steps but those set here. */
  static ExchangeException.Builder exception(String id, FailureKind kind, String summary) {
    return ExchangeException.builder(of(id, kind, summary).build());
  }

  /** The row of an id in the list of problems. */
  private static String page(String id) {
    return "docs/errors/README.md#" + id.toLowerCase(Locale.ROOT);
  }

  /** Starts a problem of Lanyard's, with the page that describes it. */
  static Problem.Builder of(String id, FailureKind kind, String summary) {
    return Problem.builder(id, kind, summary).page(page(id));
  }
}
