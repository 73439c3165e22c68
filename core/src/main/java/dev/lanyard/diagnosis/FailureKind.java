package dev.lanyard.diagnosis;

/**
 * What a failure means for the next attempt.
 *
 * <p>Later versions may add kinds. Code that branches on the kind treats one that it does not know
 * as it treats {@link #TRANSIENT}.
 *
 * @since 0.1
 */
public enum FailureKind {
  /** The next attempt may succeed: time-out, connection failure, throttling, 5xx. */
  TRANSIENT,
  /**
   * The service itself refused, with an error code or text of its own. Retrying does not help until
   * somebody changes something. Only this kind lets the chain fall back on another source.
   */
  REJECTED,
  /**
   * The exchange cannot succeed as things are configured, and the service never judged the request.
   * Nothing was sent, because a file is missing, a value is invalid or a host is not allowed; or
   * something else answered in the service's place, such as a proxy. Also where the source gives no
   * credentials that live as long as a caller asks for, and after a shutdown.
   */
  MISCONFIGURED
}
