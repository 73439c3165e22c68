package dev.lanyard.irsa.internal;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import java.util.Locale;

/**
 * The ids of the problems that this module tells of: one for each cause and its cure, in families.
 * {@code IRSA} is of the exchange of a web identity token and of its settings, {@code TOK} of the
 * token's file, {@code STS} of what any call to STS can meet, {@code NET} and {@code PROXY} of the
 * way there, {@code ROLE} of a second role. An id is never given to another problem; one that is no
 * longer told of is not used again.
 */
final class Problems {
  /** A role is configured, but no token file. */
  static final String NO_TOKEN_FILE = "IRSA-001";

  /** A token file is configured, but no role. */
  static final String NO_ROLE = "IRSA-002";

  /** STS denied AssumeRoleWithWebIdentity (AccessDenied). */
  static final String DENIED = "IRSA-003";

  /** The configured role is not a role ARN. */
  static final String ROLE_MALFORMED = "IRSA-004";

  /** The token file setting contains a token instead of a path. */
  static final String TOKEN_AS_PATH = "IRSA-005";

  /** The token file setting is not a valid path. */
  static final String NO_PATH = "IRSA-006";

  /** The configured session name is not valid for STS. */
  static final String SESSION_NAME_MALFORMED = "IRSA-007";

  /** The role's account has no OIDC provider for the token's issuer. */
  static final String NO_PROVIDER = "IRSA-008";

  /** The token's audience is not among the OIDC provider's client ids. */
  static final String WRONG_AUDIENCE = "IRSA-009";

  /** The OIDC provider's thumbprint does not match the issuer's certificate. */
  static final String WRONG_THUMBPRINT = "IRSA-010";

  /** STS could not reach the token's issuer or fetch its signing keys. */
  static final String ISSUER_UNREACHABLE = "IRSA-011";

  /** STS rejected the web identity token for a reason not listed here. */
  static final String TOKEN_REFUSED = "IRSA-012";

  /** STS rejected the file's content, which is not a decodable web identity token. */
  static final String TOKEN_UNDECODABLE = "IRSA-013";

  /** STS reports that the identity provider rejected the token (IDPRejectedClaim). */
  static final String CLAIM_REJECTED = "IRSA-014";

  /** The web identity token has expired. */
  static final String TOKEN_EXPIRED = "IRSA-015";

  /** STS rejected the role ARN as invalid. */
  static final String ROLE_REFUSED = "IRSA-016";

  /** STS reports a signature error, although Lanyard sent the request unsigned. */
  static final String SIGNED_BY_SOMEBODY = "IRSA-017";

  /** STS does not recognise the caller: the endpoint belongs to another partition than the role. */
  static final String OTHER_PARTITION = "IRSA-018";

  /** The session policies exceed the size limit. */
  static final String POLICY_TOO_LARGE = "IRSA-019";

  /** The token file does not exist. */
  static final String FILE_MISSING = "TOK-001";

  /** This process lacks permission to read the token file. */
  static final String FILE_NOT_READABLE = "TOK-002";

  /** The token file is not a regular file. */
  static final String FILE_NOT_REGULAR = "TOK-003";

  /** The token file is empty. */
  static final String FILE_EMPTY = "TOK-005";

  /** The token is longer than any valid token. */
  static final String FILE_TOO_LONG = "TOK-006";

  /** The token file does not contain a usable token. */
  static final String FILE_WITHOUT_TOKEN = "TOK-007";

  /** The token file cannot be read, for a reason not listed here. */
  static final String FILE_UNREADABLE = "TOK-004";

  /** STS refused with an error code that Lanyard has no advice for. */
  static final String REFUSED = "STS-001";

  /** STS throttled the request. */
  static final String THROTTLED = "STS-002";

  /** STS reported an internal error or is unavailable. */
  static final String IN_TROUBLE = "STS-003";

  /** STS is not activated for this region in the role's account. */
  static final String REGION_DISABLED = "STS-004";

  /** The session policy is malformed. */
  static final String POLICY_MALFORMED = "STS-005";

  /** The requested duration exceeds the role's maximum session duration. */
  static final String SESSION_TOO_LONG = "STS-006";

  /** The response did not come from STS. */
  static final String SOMETHING_ELSE_ANSWERED = "STS-007";

  /** The STS response cannot be parsed. */
  static final String ANSWER_UNREADABLE = "STS-008";

  /** The STS response lacks a required field. */
  static final String ANSWER_INCOMPLETE = "STS-009";

  /** STS returned credentials with characters that no request can carry. */
  static final String ANSWER_UNFIT = "STS-010";

  /** The application's STS client could not send the request or read the response. */
  static final String CLIENT_FAILED = "STS-011";

  /** The SDK could not create an STS client. */
  static final String NO_CLIENT = "STS-012";

  /** An explicit endpoint is combined with FIPS or dual-stack. */
  static final String ENDPOINT_CONTRADICTED = "STS-020";

  /** No region is configured, and the role's partition has no global STS endpoint. */
  static final String NO_GLOBAL_ENDPOINT = "STS-021";

  /** No region is configured, and the global STS endpoint has no FIPS or dual-stack variant. */
  static final String NO_GLOBAL_FORM = "STS-022";

  /** The configured region is not a valid region name. */
  static final String REGION_MALFORMED = "STS-023";

  /** The configured endpoint is not a valid URL. */
  static final String ENDPOINT_MALFORMED = "STS-024";

  /** A boolean setting is neither true nor false. */
  static final String NOT_A_SWITCH = "STS-025";

  /** The endpoint's host name does not resolve. */
  static final String UNKNOWN_HOST = "NET-003";

  /** The endpoint cannot be reached: refused, or no route. */
  static final String NO_CONNECTION = "NET-002";

  /** No complete response arrived in time. */
  static final String NO_ANSWER_IN_TIME = "NET-007";

  /** The TLS handshake failed, for a reason other than the certificate. */
  static final String NO_TLS = "NET-005";

  /** This JVM does not trust the endpoint's certificate, or it is for another host. */
  static final String CERTIFICATE_REFUSED = "NET-004";

  /** The connection closed before the response was complete. */
  static final String CONNECTION_ENDED = "NET-006";

  /** The connection failed, for a reason not listed here. */
  static final String CONNECTION_FAILED = "NET-011";

  /** The proxy's host name does not resolve. */
  static final String PROXY_UNKNOWN_HOST = "PROXY-001";

  /** The proxy, or the endpoint through it, cannot be reached. */
  static final String PROXY_NO_CONNECTION = "PROXY-002";

  /** The proxy did not respond in time. */
  static final String PROXY_NO_ANSWER_IN_TIME = "PROXY-003";

  /** TLS to the proxy failed, for a reason other than its certificate. */
  static final String PROXY_NO_TLS = "PROXY-004";

  /** This JVM does not trust the proxy's certificate, or it is for another host. */
  static final String PROXY_CERTIFICATE_REFUSED = "PROXY-005";

  /** The proxy requires authentication (407). */
  static final String PROXY_AUTHENTICATION = "PROXY-006";

  /** The proxy refused to open a tunnel to the endpoint. */
  static final String PROXY_DENIED = "PROXY-007";

  /** The proxy failed to connect to the endpoint. */
  static final String PROXY_IN_TROUBLE = "PROXY-008";

  /** The configured proxy host is not a valid host name. */
  static final String PROXY_HOST_MALFORMED = "PROXY-020";

  /** The configured proxy port is not valid. */
  static final String PROXY_PORT_MALFORMED = "PROXY-021";

  /** The configured proxy URL is not valid. */
  static final String PROXY_URL_MALFORMED = "PROXY-022";

  /** STS denied AssumeRole for the second role (AccessDenied). */
  static final String SECOND_DENIED = "ROLE-001";

  /** The first session already has a source identity, which cannot be changed. */
  static final String SOURCE_IDENTITY_SET = "ROLE-002";

  /** STS says that the first hop's session credentials have expired. */
  static final String CALLER_EXPIRED = "ROLE-003";

  /** STS does not recognise the first hop's session credentials. */
  static final String CALLER_UNKNOWN = "ROLE-004";

  /** STS rejected the request's signature or signing time. */
  static final String SIGNATURE_REFUSED = "ROLE-005";

  /** The requested duration exceeds the one-hour limit of role chaining. */
  static final String CHAINED_TOO_LONG = "ROLE-006";

  /** A session tag is already set as transitive by the first session. */
  static final String TAG_PASSED_ON = "ROLE-007";

  /** Session policies and tags, inherited transitive tags included, exceed the size limit. */
  static final String TAGS_TOO_LARGE = "ROLE-008";

  /** STS rejected the second role's ARN as invalid. */
  static final String SECOND_REFUSED = "ROLE-009";

  /** An explicit endpoint needs a region to sign for. */
  static final String NO_REGION_TO_SIGN_FOR = "ROLE-010";

  /** Too many role-chain exchanges are waiting for first-hop credentials. */
  static final String TOO_MANY_WAIT = "ROLE-011";

  /** First-hop credentials were not available within the time budget. */
  static final String FIRST_NOT_IN_TIME = "ROLE-012";

  /** The application's provider ({@code whenNotOnEks}) behind the first hop failed. */
  static final String FIRST_FAILED = "ROLE-013";

  /** A setting of the second role has a value that STS does not take. */
  static final String ROLE_SETTING_MALFORMED = "ROLE-014";

  private Problems() {}

  /** Starts a problem of Lanyard's, with the page that describes it. */
  static Problem.Builder of(String id, FailureKind kind, String summary) {
    return Problem.builder(id, kind, summary)
        .page("docs/errors/README.md#" + id.toLowerCase(Locale.ROOT));
  }

  /** Starts a problem of a setting. */
  static Problem.Builder misconfigured(String id, String summary) {
    return of(id, FailureKind.MISCONFIGURED, summary);
  }
}
