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
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.sts.model.StsResponse;

/**
 * Tells why an attempt gave no session credentials: what STS said, and what would mend it. What is
 * particular to an operation is told by the class for it.
 *
 * <p>No exception of the SDK becomes a cause unless its chain is one of plain I/O: the others may
 * repeat what was sent or received.
 */
abstract class StsFailures {
  static final String ACCESS_DENIED = "AccessDenied";

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

  /** Said of a signature that is wrong, be it for its time. Source: AwsErrorCode of the SDK. */
  private static final Set<String> WRONG_SIGNATURE =
      Set.of("SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure");

  /** From here on the SDK signs by the time of the answer; STS takes a minute more. */
  private static final Duration MAX_SKEW = Duration.ofMinutes(4);

  private final RoleArn role;
  private final boolean ownClient;
  private final ExchangeContext context;
  private final String endpoint;

  /**
   * Makes the failures of one attempt.
   *
   * @param role the role to assume
   * @param ownClient whether the application handed in the client
   */
  StsFailures(RoleArn role, boolean ownClient, ExchangeContext context, String endpoint) {
    this.role = role;
    this.ownClient = ownClient;
    this.context = context;
    this.endpoint = endpoint;
  }

  /** Says who is to assume the role: "this pod". */
  abstract String who();

  /** Takes what is secret of the request out of a text that came back. */
  abstract String scrub(String text);

  /** Returns what is known of the caller and bears on this code, as a sentence without its stop. */
  abstract Optional<String> evidence(String code, String said);

  /** Returns what would mend a failure that this operation alone has, or has in its own way. */
  abstract Optional<String> ownRemedy(String code, String said);

  /** Says whether a code that is not transient by itself is so here. */
  abstract boolean mayPass(String code, String said);

  /** STS, or who answers in its place, said no. */
  ExchangeException refused(AwsServiceException e) {
    Optional<AwsErrorDetails> details = Optional.ofNullable(e.awsErrorDetails());
    Optional<String> code =
        details.map(AwsErrorDetails::errorCode).map(this::scrub).map(Texts::shown);
    // What a proxy or a load balancer answers has no code, and its text is not repeated.
    String said =
        code.flatMap(c -> details.map(AwsErrorDetails::errorMessage))
            .map(this::scrub)
            .map(Texts::shown)
            .orElse("");
    int status = e.statusCode();
    Kind kind = kind(code.orElse(""), said, status);
    StringBuilder message = new StringBuilder();
    message
        .append(kind == Kind.TRANSIENT ? "STS could not" : "STS refused to")
        .append(" let ")
        .append(who())
        .append(" assume role ")
        .append(role)
        .append(said.isEmpty() ? "" : ": " + said)
        .append(" (")
        .append(status)
        .append(code.map(c -> " " + c).orElse(" without an error code"))
        .append(requestId(e).map(id -> ", request id " + id).orElse(""))
        .append(", ")
        .append(endpoint)
        .append(")");
    evidence(code.orElse(""), said).ifPresent(known -> message.append(". ").append(known));
    Optional<SdkHttpResponse> http = details.map(AwsErrorDetails::sdkHttpResponse);
    return ExchangeException.builder(kind, message.toString())
        .code(code.orElse(null))
        .status(status)
        .requestId(requestId(e).orElse(null))
        .retryAfter(
            http.flatMap(response -> response.firstMatchingHeader("Retry-After"))
                .flatMap(value -> RetryAfter.parse(value, answeredAt(http)))
                .orElse(null))
        .remedy(remedy(code.orElse(""), said, status).orElse(null))
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
              ownClient
                  ? "Check that the application has not closed the STS client that it handed in,"
                      + " and that the client's endpoint is STS"
                  : somebodyElse())
          .build();
    }
    IOException cause = io.get();
    if (cause instanceof ProxyException refusal) {
      return proxyFailed(refusal);
    }
    return ExchangeException.builder(
            Kind.TRANSIENT, what(cause) + seen(cause) + " (" + endpoint + ")")
        .remedy(remedy(cause))
        .cause(isSafe(cause) ? cause : null)
        .build();
  }

  /** What our own client finds wrong with an answer, in words of its own. */
  private String seen(IOException cause) {
    return cause instanceof ProtocolException && !ownClient ? ": " + cause.getMessage() : "";
  }

  private String remedy(IOException cause) {
    if (cause instanceof SSLException) {
      return "Check that the trust store of this JVM knows the certificate authority of the"
          + " endpoint, and that no proxy intercepts the connection";
    }
    return cause instanceof ProtocolException ? somebodyElse() : networkRemedy();
  }

  private String somebodyElse() {
    return "This does not look like an answer of STS: check that "
        + endpoint
        + " is STS, and that no proxy answers in its place";
  }

  /** No tunnel to STS: whatever the proxy said, the request was not sent. */
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

  /**
   * Says whether a signature was refused for the time that it names, so that one which names that
   * of the answer may be taken.
   */
  boolean isOfTheClock(AwsServiceException e) {
    Optional<Instant> at = answeredAt(e);
    // The SDK knows the codes that speak of nothing else. Where a signature is wrong for whatever
    // reason, it looks at the time as well, but says so to itself only.
    return at.isPresent()
        && (e.isClockSkewException()
            || (WRONG_SIGNATURE.contains(e.awsErrorDetails().errorCode())
                && Duration.between(at.get(), context.now()).abs().compareTo(MAX_SKEW) > 0));
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
  ExchangeException incomplete(String field, StsResponse response) {
    return answered("the answer of STS lacks " + field + " (" + endpoint + ")", response);
  }

  /** STS answered 200 with a field that would spoil every request. */
  ExchangeException unfit(String field, StsResponse response) {
    return answered(
        "the answer of STS has a character in "
            + field
            + " that no request can carry ("
            + endpoint
            + ")",
        response);
  }

  /** STS answered with credentials that are no longer valid by its own clock. */
  ExchangeException expired(Instant expiration, StsResponse response) {
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

  private ExchangeException answered(String message, StsResponse response) {
    ExchangeException.Builder builder = ExchangeException.builder(Kind.TRANSIENT, message);
    if (response.sdkHttpResponse() != null) {
      builder.status(response.sdkHttpResponse().statusCode());
    }
    if (response.responseMetadata() != null) {
      Optional.ofNullable(response.responseMetadata().requestId())
          .flatMap(this::requestId)
          .ifPresent(builder::requestId);
    }
    return builder.build();
  }

  private Kind kind(String code, String said, int status) {
    if (TRANSIENT.contains(code) || isTransient(status)) {
      return Kind.TRANSIENT;
    }
    return mayPass(code, said) ? Kind.TRANSIENT : Kind.REJECTED;
  }

  private static boolean isTransient(int status) {
    return status == 408 || status == 429 || status >= 500;
  }

  private Optional<String> remedy(String code, String said, int status) {
    return ownRemedy(code, said).or(() -> commonRemedy(code, said, status));
  }

  private Optional<String> commonRemedy(String code, String said, int status) {
    return switch (code) {
      case "RegionDisabledException" ->
          Optional.of(
              "Activate STS for this region in account "
                  + role.accountId()
                  + ", or set AWS_REGION to another");
      case "MalformedPolicyDocument" -> Optional.of("Correct the JSON of the session policy");
      case "PackedPolicyTooLarge" ->
          Optional.of("Shorten the session policy, or pass fewer policy ARNs");
      case "InvalidClientTokenId" ->
          Optional.of(
              "Set AWS_REGION to a region of partition "
                  + role.partition()
                  + ", which the role belongs to");
      case "ValidationError" ->
          said.contains("MaxSessionDuration")
              ? Optional.of(
                  "Ask for a shorter duration, or raise the role's maximum session duration")
              : Optional.empty();
      default -> defaultRemedy(code, status);
    };
  }

  private Optional<String> defaultRemedy(String code, int status) {
    return code.isEmpty() && status < 500 ? Optional.of(somebodyElse()) : Optional.empty();
  }

  private Optional<String> requestId(AwsServiceException e) {
    return Optional.ofNullable(e.requestId()).flatMap(this::requestId);
  }

  /** Whoever answered may have put anything where the id belongs. */
  private Optional<String> requestId(String given) {
    return scrub(given).equals(given) ? StsHeaders.requestId(given) : Optional.empty();
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
      if (depth++ > 20
          || t.getSuppressed().length > 0
          || !scrub(String.valueOf(t)).equals(String.valueOf(t))) {
        return false;
      }
    }
    return true;
  }
}
