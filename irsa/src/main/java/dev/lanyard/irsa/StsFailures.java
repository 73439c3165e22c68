package dev.lanyard.irsa;

import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.ExchangeException.Kind;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.sts.model.AssumeRoleWithWebIdentityResponse;

/**
 * Tells why an attempt gave no session credentials: what STS said, what the token says of itself,
 * and what would mend it.
 *
 * <p>No exception of the SDK becomes a cause unless its chain is one of plain I/O: the others may
 * repeat what was sent or received.
 */
final class StsFailures {
  /** About the web identity token. Source: the STS model. */
  static final String EXPIRED_TOKEN = "ExpiredTokenException";

  private static final String ACCESS_DENIED = "AccessDenied";
  private static final String INVALID_TOKEN = "InvalidIdentityToken";

  /**
   * What may pass by itself, whatever the status. Source: the STS API reference, common errors; the
   * STS model; AWS SDKs and tools reference, retry behavior.
   */
  private static final Set<String> TRANSIENT =
      Set.of(
          "IDPCommunicationError",
          "Throttling",
          "ThrottlingException",
          "ThrottledException",
          "RequestThrottled",
          "RequestThrottledException",
          "RequestLimitExceeded",
          "TooManyRequestsException",
          "BandwidthLimitExceeded",
          "LimitExceededException",
          "ProvisionedThroughputExceededException",
          "TransactionInProgressException",
          "EC2ThrottledException",
          "SlowDown",
          "PriorRequestNotComplete",
          "RequestTimeout",
          "RequestTimeoutException",
          "InternalFailure",
          "InternalError",
          "ServiceUnavailable");

  private final IrsaSettings settings;
  private final WebIdentityToken token;
  private final ExchangeContext context;
  private final String endpoint;

  StsFailures(
      IrsaSettings settings, WebIdentityToken token, ExchangeContext context, String endpoint) {
    this.settings = settings;
    this.token = token;
    this.context = context;
    this.endpoint = endpoint;
  }

  /** STS, or who answers in its place, said no. */
  ExchangeException refused(AwsServiceException e) {
    Optional<AwsErrorDetails> details = Optional.ofNullable(e.awsErrorDetails());
    Optional<String> code =
        details.map(AwsErrorDetails::errorCode).map(token::scrub).map(Texts::shown);
    // What a proxy or a load balancer answers has no code, and its text is not repeated.
    String said =
        code.flatMap(c -> details.map(AwsErrorDetails::errorMessage))
            .map(token::scrub)
            .map(Texts::shown)
            .orElse("");
    int status = e.statusCode();
    Kind kind = kind(code.orElse(""), said, status);
    Optional<TokenClaims> claims =
        isAboutTheToken(code.orElse("")) ? TokenClaims.of(token) : Optional.empty();
    StringBuilder message = new StringBuilder();
    message
        .append(kind == Kind.TRANSIENT ? "STS could not" : "STS refused to")
        .append(" let this pod assume role ")
        .append(settings.role())
        .append(said.isEmpty() ? "" : ": " + said)
        .append(" (")
        .append(status)
        .append(code.map(c -> " " + c).orElse(" without an error code"))
        .append(requestId(e).map(id -> ", request id " + id).orElse(""))
        .append(", ")
        .append(endpoint)
        .append(")");
    claims.ifPresent(c -> message.append(". ").append(c.description()));
    if (claims.isEmpty() && isAboutTheToken(code.orElse(""))) {
      message.append(". The token file holds nothing that can be decoded as a web identity token");
    }
    if (code.equals(Optional.of(EXPIRED_TOKEN))) {
      TokenClaims.expiration(token)
          .ifPresent(
              at -> message.append(". The token itself says that it expires at ").append(at));
    }
    Optional<SdkHttpResponse> http = details.map(AwsErrorDetails::sdkHttpResponse);
    return ExchangeException.builder(kind, message.toString())
        .code(code.orElse(null))
        .status(status)
        .requestId(requestId(e).orElse(null))
        .retryAfter(
            http.flatMap(response -> response.firstMatchingHeader("Retry-After"))
                .flatMap(value -> RetryAfter.parse(value, answeredAt(http)))
                .orElse(null))
        .remedy(remedy(code.orElse(""), said, status, claims).orElse(null))
        .build();
  }

  /** The time budget ran out before the answer was complete. */
  ExchangeException outOfTime() {
    return ExchangeException.builder(
            Kind.TRANSIENT,
            "STS did not answer within the time budget of the exchange (" + endpoint + ")")
        .remedy(networkRemedy())
        .build();
  }

  /** There was no answer, or none that can be read. */
  ExchangeException unanswered(RuntimeException e) {
    if (e instanceof ApiCallTimeoutException || e instanceof ApiCallAttemptTimeoutException) {
      return outOfTime();
    }
    Optional<IOException> io = ioCause(e);
    if (io.isEmpty()) {
      // An answer that does not parse: what the parser says may repeat a part of it.
      return ExchangeException.builder(
              Kind.TRANSIENT,
              "the answer of STS cannot be read, or the request cannot be made: "
                  + e.getClass().getSimpleName()
                  + rootName(e)
                  + " ("
                  + endpoint
                  + ")")
          .remedy(
              settings.options().stsClient().isPresent()
                  ? "Check that the application has not closed the STS client that it handed in,"
                      + " and that the client's endpoint is STS"
                  : "Check that " + endpoint + " is STS, and that no proxy answers in its place")
          .build();
    }
    IOException cause = io.get();
    if (cause instanceof ProxyException refusal) {
      return proxyFailed(refusal);
    }
    return ExchangeException.builder(Kind.TRANSIENT, what(cause) + " (" + endpoint + ")")
        .remedy(
            cause instanceof SSLException
                ? "Check that the trust store of this JVM knows the certificate authority of the"
                    + " endpoint, and that no proxy intercepts the connection"
                : networkRemedy())
        .cause(isSafe(cause) ? cause : null)
        .build();
  }

  /** No tunnel to STS: whatever the proxy said, the token was not sent. */
  private ExchangeException proxyFailed(ProxyException e) {
    int status = e.status();
    boolean refused = status != 0 && !isTransient(status);
    ExchangeException.Builder failure =
        ExchangeException.builder(
            refused ? Kind.MISCONFIGURED : Kind.TRANSIENT,
            e.getMessage() + (status == 0 ? "" : " (" + status + ")") + " (" + endpoint + ")");
    if (status != 0) {
      failure.status(status);
    }
    if (status == 407) {
      failure.remedy(
          "Put the user and the password that the proxy asks for into its URL; only Basic"
              + " authentication is supported");
    } else if (refused) {
      failure.remedy(
          "Let the proxy pass CONNECT to the endpoint, or except the endpoint by NO_PROXY or"
              + " http.nonProxyHosts");
    } else {
      failure.remedy("Check that the proxy is there, and that the pod may reach it");
    }
    return failure.build();
  }

  /**
   * Returns when a refusal was sent, by the clock of STS; empty if it may be that of another, such
   * as a proxy, whose answers have no error code.
   */
  Optional<Instant> answeredAt(AwsServiceException e) {
    AwsErrorDetails details = e.awsErrorDetails();
    return details == null || details.errorCode() == null
        ? Optional.empty()
        : date(details.sdkHttpResponse());
  }

  /** The token in the file has expired for certain: nothing was sent. */
  static ExchangeException expiredToken(IrsaSettings settings, Instant expiration) {
    return ExchangeException.builder(
            Kind.MISCONFIGURED,
            "the web identity token in "
                + settings.tokenFileName()
                + " expired at "
                + expiration
                + ", by the clock of STS; it was not sent")
        .remedy(notReplaced(settings))
        .build();
  }

  /** The SDK refused to build its client. */
  static ExchangeException noClient(RuntimeException e) {
    return ExchangeException.builder(
            Kind.MISCONFIGURED,
            "the AWS SDK cannot make an STS client: " + e.getClass().getSimpleName() + rootName(e))
        .remedy(
            "Check the files that AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name, if there"
                + " are any: each client of the SDK parses them, though this one uses nothing of"
                + " them; and that all modules of the SDK have the same version")
        .build();
  }

  /** STS answered 200 without a field that it must have. */
  ExchangeException incomplete(String field, AssumeRoleWithWebIdentityResponse response) {
    return answered("the answer of STS lacks " + field + " (" + endpoint + ")", response);
  }

  /** STS answered with credentials that are no longer valid by its own clock. */
  ExchangeException expired(Instant expiration, AssumeRoleWithWebIdentityResponse response) {
    return answered(
        "STS answered with session credentials that expired at "
            + expiration
            + " already ("
            + endpoint
            + ")",
        response);
  }

  /** Returns when an answer was sent, by the clock of whoever sent it. */
  static Optional<Instant> date(@Nullable SdkHttpResponse response) {
    Optional<String> date =
        response == null ? Optional.empty() : response.firstMatchingHeader("Date");
    return date.isPresent() ? RetryAfter.date(date.get()) : Optional.empty();
  }

  private Instant answeredAt(Optional<SdkHttpResponse> http) {
    return http.flatMap(StsFailures::date).orElseGet(context::now);
  }

  private ExchangeException answered(String message, AssumeRoleWithWebIdentityResponse response) {
    ExchangeException.Builder builder = ExchangeException.builder(Kind.TRANSIENT, message);
    if (response.sdkHttpResponse() != null) {
      builder.status(response.sdkHttpResponse().statusCode());
    }
    if (response.responseMetadata() != null) {
      Optional.ofNullable(response.responseMetadata().requestId())
          .map(token::scrub)
          .map(Texts::shown)
          .ifPresent(builder::requestId);
    }
    return builder.build();
  }

  private static Kind kind(String code, String said, int status) {
    if (TRANSIENT.contains(code) || isTransient(status)) {
      return Kind.TRANSIENT;
    }
    // STS reports in one code a token that it found invalid and an issuer that it could not reach.
    return code.equals(INVALID_TOKEN) && isAboutTheKeys(said) ? Kind.TRANSIENT : Kind.REJECTED;
  }

  private static boolean isTransient(int status) {
    return status == 408 || status == 429 || status >= 500;
  }

  private static boolean isAboutTheToken(String code) {
    return code.equals(ACCESS_DENIED)
        || code.equals(INVALID_TOKEN)
        || code.equals("IDPRejectedClaim");
  }

  private static boolean isAboutTheKeys(String said) {
    return said.toLowerCase(Locale.ROOT).contains("retrieve verification key");
  }

  private Optional<String> remedy(
      String code, String said, int status, Optional<TokenClaims> claims) {
    return switch (code) {
      case ACCESS_DENIED ->
          Optional.of(
              "Check that the role exists. "
                  + claims
                      .map(c -> "Its trust policy has to admit this token:\n" + statement(c))
                      .orElse(
                          "Its trust policy has to admit the token's issuer, subject and audience")
                  + "\nA change in IAM takes some seconds to show");
      case INVALID_TOKEN -> Optional.of(tokenRemedy(said, claims));
      case "IDPCommunicationError" -> Optional.of(ISSUER_UNREACHABLE);
      case "IDPRejectedClaim" ->
          Optional.of("The issuer says that the token is invalid or revoked: recreate the pod");
      case EXPIRED_TOKEN -> Optional.of(notReplaced(settings));
      case "RegionDisabledException" ->
          Optional.of(
              "Activate STS for this region in account "
                  + settings.role().accountId()
                  + ", or set AWS_REGION to another");
      case "MalformedPolicyDocument" -> Optional.of("Correct the JSON of the session policy");
      case "PackedPolicyTooLarge" ->
          Optional.of("Shorten the session policy, or pass fewer policy ARNs");
      case "SignatureDoesNotMatch" ->
          Optional.of(
              "This request is not signed: remove the endpoint setting, and see that no proxy signs"
                  + " requests on their way");
      case "InvalidClientTokenId" ->
          Optional.of(
              "Set AWS_REGION to a region of partition "
                  + settings.role().partition()
                  + ", which the role belongs to");
      case "ValidationError" -> validationRemedy(said);
      default -> defaultRemedy(code, status);
    };
  }

  private static String notReplaced(IrsaSettings settings) {
    return "The token in "
        + settings.tokenFileName()
        + " was not replaced in time: check that the file is not mounted by subPath or copied, that"
        + " the kubelet reaches its API server, and the node's clock";
  }

  private static final String ISSUER_UNREACHABLE =
      "STS could not fetch the keys of the token's issuer, which often passes by itself; a"
          + " self-hosted issuer has to be reachable from the internet";

  private String tokenRemedy(String said, Optional<TokenClaims> claims) {
    String text = said.toLowerCase(Locale.ROOT);
    if (isAboutTheKeys(said)) {
      return ISSUER_UNREACHABLE;
    }
    if (text.contains("thumbprint")) {
      return "Update the thumbprints of the IAM OIDC identity provider"
          + claims.map(c -> " " + TrustPolicy.providerArn(settings.role(), c)).orElse("");
    }
    if (claims.isEmpty()) {
      return "Check that AWS_WEB_IDENTITY_TOKEN_FILE names the file of the projected service"
          + " account token";
    }
    TokenClaims c = claims.get();
    String audience = Texts.shown(String.join(", ", c.audience()));
    if (text.contains("audience")) {
      return "Add "
          + audience
          + " to the client ids of the IAM OIDC identity provider "
          + Texts.shown(TrustPolicy.providerArn(settings.role(), c))
          + ", or let the service account ask for a token of another audience (annotation"
          + " eks.amazonaws.com/audience, sts.amazonaws.com by default). The role's trust policy"
          + " then has to admit the token:\n"
          + statement(c);
    }
    if (text.contains("no openidconnect provider")) {
      return "Create an IAM OIDC identity provider for "
          + Texts.shown(c.issuer())
          + " with client id "
          + audience
          + " in account "
          + settings.role().accountId()
          + " (aws iam create-open-id-connect-provider). A cluster that was created anew has a new"
          + " issuer. The role's trust policy has to name the provider:\n"
          + statement(c);
    }
    return "Check that the token was issued by the cluster's issuer, that account "
        + settings.role().accountId()
        + " has an IAM OIDC identity provider for it, and that the role's trust policy admits the"
        + " token:\n"
        + statement(c);
  }

  private Optional<String> validationRemedy(String said) {
    if (said.contains("MaxSessionDuration")) {
      return Optional.of(
          "Ask for a shorter duration, or raise the role's maximum session duration");
    }
    if (said.contains("ARN is invalid")) {
      return Optional.of(
          "Correct the annotation eks.amazonaws.com/role-arn of the service account and recreate"
              + " the pod");
    }
    return Optional.empty();
  }

  private Optional<String> defaultRemedy(String code, int status) {
    return code.isEmpty() && status < 500
        ? Optional.of(
            "This does not look like an answer of STS: check that "
                + endpoint
                + " is STS, and that no proxy answers in its place")
        : Optional.empty();
  }

  private String statement(TokenClaims claims) {
    return TrustPolicy.statement(settings.role(), claims);
  }

  private Optional<String> requestId(AwsServiceException e) {
    return Optional.ofNullable(e.requestId()).map(token::scrub).map(Texts::shown);
  }

  private static String what(IOException cause) {
    if (cause instanceof UnknownHostException) {
      return "the host name of the STS endpoint does not resolve";
    }
    if (cause instanceof SocketTimeoutException) {
      return "STS did not answer in time";
    }
    if (cause instanceof ConnectException) {
      return "no connection to STS";
    }
    if (cause instanceof SSLException) {
      return "no secure connection to STS";
    }
    if (cause instanceof EOFException) {
      return "the connection ended before the answer of STS did";
    }
    if (cause instanceof ProtocolException) {
      return "what answered is not STS, or not whole";
    }
    return "the connection to STS failed: " + cause.getClass().getSimpleName();
  }

  private static String networkRemedy() {
    return "Check that the pod reaches the endpoint: DNS, network policies, the proxy, and in a"
        + " private cluster the VPC interface endpoint for STS";
  }

  private static Optional<IOException> ioCause(Throwable e) {
    int depth = 0;
    for (Throwable t = e; t != null && depth < 20; t = t.getCause(), depth++) {
      if (t instanceof IOException io) {
        return Optional.of(io);
      }
    }
    return Optional.empty();
  }

  private static String rootName(Throwable e) {
    Throwable root = e;
    for (int depth = 0; root.getCause() != null && depth < 20; depth++) {
      root = root.getCause();
    }
    return root == e ? "" : ", " + root.getClass().getSimpleName();
  }

  private boolean isSafe(Throwable e) {
    int depth = 0;
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (depth++ > 20 || t.getSuppressed().length > 0 || token.isIn(String.valueOf(t))) {
        return false;
      }
    }
    return true;
  }
}
