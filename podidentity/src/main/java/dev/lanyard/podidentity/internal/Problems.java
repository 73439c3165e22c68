package dev.lanyard.podidentity.internal;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import java.util.Locale;

/**
 * The ids of the problems that this module tells of. An id is never given to another problem; one
 * that is no longer told of is not used again.
 *
 * <p>{@code POD} is what the agent says and what is wrong with the settings of Pod Identity. {@code
 * TOK} is the authorization token and {@code NET} the connection: where a cause is known to other
 * modules too, it has the same id there.
 */
final class Problems {

  // ---- What the agent says

  /** The agent refused with an unknown error code. */
  static final String UNKNOWN_REFUSAL = "POD-001";

  /** There is no Pod Identity association for the service account. */
  static final String NO_ASSOCIATION = "POD-002";

  /** EKS does not know the cluster name that the agent sends. */
  static final String UNKNOWN_CLUSTER = "POD-003";

  /** The node's role may not call {@code eks-auth:AssumeRoleForPodIdentity}. */
  static final String NODE_ROLE = "POD-004";

  /** The associated role does not let EKS Pod Identity assume it. */
  static final String TRUST_POLICY = "POD-005";

  /** The agent or EKS Auth rejected the token: it has expired or is not this pod's. */
  static final String TOKEN_REFUSED = "POD-006";

  /** Session tags and session policy together exceed the size limit. */
  static final String SESSION_TAGS_TOO_LARGE = "POD-007";

  /** EKS Auth throttled the agent's request. */
  static final String EKS_AUTH_THROTTLES = "POD-008";

  /** The ECS agent does not know the credentials id in the relative URI. */
  static final String ECS_ID = "POD-009";

  /** The ECS agent has not yet received the task's credentials. */
  static final String ECS_NOT_READY = "POD-010";

  /** The agent received no token. */
  static final String NO_TOKEN_ARRIVED = "POD-011";

  /** The token has a scheme prefix (such as {@code Bearer}) that the agent does not accept. */
  static final String TOKEN_WITH_SCHEME = "POD-012";

  /** The token is not yet valid by the node's clock. */
  static final String CLOCK_BEHIND = "POD-013";

  /** The agent was called at an address that is not its own. */
  static final String AGENT_ADDRESS = "POD-014";

  /** The agent does not serve the requested path. */
  static final String AGENT_PATH = "POD-015";

  /** The agent or credentials endpoint throttled the request. */
  static final String THROTTLED = "POD-016";

  /** The agent or credentials endpoint returned a 5xx error. */
  static final String FAILED = "POD-017";

  /** The agent or credentials endpoint asks for a retry without giving a reason. */
  static final String COME_AGAIN = "POD-018";

  /** The request was redirected. */
  static final String REDIRECTED = "POD-019";

  /** Something other than the agent answered, with a status other than 200. */
  static final String NOT_THE_AGENT = "POD-020";

  /** A gateway in front of the agent cannot reach it. */
  static final String GATEWAY = "POD-021";

  /** A 200 response contains no usable session credentials. */
  static final String UNUSABLE_ANSWER = "POD-022";

  // ---- Settings

  /** No token is configured for an agent that requires one. */
  static final String TOKEN_NOT_CONFIGURED = "POD-030";

  /** A token is configured, but no URI. */
  static final String URI_NOT_CONFIGURED = "POD-031";

  /** The relative URI is not a usable path. */
  static final String RELATIVE_URI = "POD-032";

  /** The URI is not an absolute http or https URI with a host. */
  static final String NO_ABSOLUTE_URI = "POD-033";

  /** The URI contains user information. */
  static final String USER_NAME_IN_URI = "POD-034";

  /** The URI contains a fragment. */
  static final String FRAGMENT_IN_URI = "POD-035";

  /** The URI's port is out of range. */
  static final String PORT_IN_URI = "POD-036";

  /** The host is an IP address in a notation that cannot be checked safely. */
  static final String HOST_NOTATION = "POD-037";

  /** The base URI ({@code AWS_CONTAINER_SERVICE_ENDPOINT}) contains a query. */
  static final String QUERY_IN_BASE = "POD-038";

  // ---- The authorization token

  /** The token file does not exist. */
  static final String TOKEN_FILE_MISSING = "TOK-001";

  /** This process lacks permission to read the token file. */
  static final String TOKEN_FILE_DENIED = "TOK-002";

  /** The token file is not a regular file. */
  static final String TOKEN_FILE_NOT_REGULAR = "TOK-003";

  /** The token file cannot be read, for a reason not listed here. */
  static final String TOKEN_FILE_UNREADABLE = "TOK-004";

  /** The token file is empty. */
  static final String TOKEN_EMPTY = "TOK-005";

  /** The token is longer than any valid token. */
  static final String TOKEN_TOO_LONG = "TOK-006";

  /** The token file does not contain a usable token. */
  static final String TOKEN_UNUSABLE = "TOK-007";

  /** The configured token file path is not absolute. */
  static final String TOKEN_FILE_NOT_ABSOLUTE = "TOK-020";

  /** The application's token supplier threw an exception. */
  static final String TOKEN_SUPPLIER_THREW = "TOK-021";

  /** The application's token supplier returned null or a blank string. */
  static final String TOKEN_SUPPLIER_RETURNED_NOTHING = "TOK-022";

  // ---- The connection

  /** The connection attempt timed out. */
  static final String CONNECT_TIMED_OUT = "NET-001";

  /** The endpoint cannot be reached: refused, or no route. */
  static final String UNREACHABLE = "NET-002";

  /** The endpoint's host name does not resolve. */
  static final String UNKNOWN_HOST = "NET-003";

  /** This JVM does not trust the endpoint's certificate, or it is for another host. */
  static final String CERTIFICATE = "NET-004";

  /** The TLS handshake failed, for a reason other than the certificate. */
  static final String TLS_FAILED = "NET-005";

  /** The connection closed before the response was complete. */
  static final String BROKEN_OFF = "NET-006";

  /** No complete response arrived in time. */
  static final String NO_ANSWER_IN_TIME = "NET-007";

  /** The response is not valid HTTP. */
  static final String NO_HTTP = "NET-008";

  /** The client certificate's key store cannot be used. */
  static final String KEY_STORE = "NET-009";

  /** A token must not be sent to this address over plain http. */
  static final String ADDRESS_NOT_ALLOWED = "NET-010";

  private Problems() {}

  /** Starts a problem of the kind that a {@link Misconfiguration} has, with one step. */
  static Problem.Builder misconfigured(String id, String summary, String step) {
    return of(id, FailureKind.MISCONFIGURED, summary).step(step);
  }

  /** Starts a problem with the page that describes it. */
  static Problem.Builder of(String id, FailureKind kind, String summary) {
    return Problem.builder(id, kind, summary)
        .page("docs/errors/README.md#" + id.toLowerCase(Locale.ROOT));
  }
}
