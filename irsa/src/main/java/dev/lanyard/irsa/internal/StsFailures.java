package dev.lanyard.irsa.internal;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
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
  /** From here on the SDK signs by the time of the answer; STS takes a minute more. */
  private static final Duration MAX_SKEW = Duration.ofMinutes(4);

  private final RoleArn role;
  private final boolean ownClient;
  private final ExchangeContext context;
  private final Asked asked;

  /**
   * Makes the failures of one attempt.
   *
   * @param role the role to assume
   * @param ownClient whether the application handed in the client
   */
  StsFailures(RoleArn role, boolean ownClient, ExchangeContext context, Asked asked) {
    this.role = role;
    this.ownClient = ownClient;
    this.context = context;
    this.asked = asked;
  }

  /** Says who is to assume the role: "this pod". */
  abstract String who();

  /** Takes what is secret of the request out of a text that came back; empty if it cannot. */
  abstract Optional<String> clean(String text);

  /** Returns the id of the problem that a refusal is. */
  abstract String id(StsReason reason);

  /** Returns what is known of the caller and bears on this, as a sentence without its stop. */
  abstract Optional<String> known(StsReason reason);

  /** Adds the same to the problem, as facts. */
  abstract void addKnown(StsReason reason, Problem.Builder problem);

  /** Returns what would mend a failure that this operation alone has, or has in its own way. */
  abstract List<String> ownSteps(StsReason reason, String said);

  /** Says whether a refusal that is not transient by itself is so here. */
  abstract boolean mayPass(StsReason reason);

  /** STS, or who answers in its place, said no. */
  ExchangeException refused(AwsServiceException e) {
    if (!isOfSts(e)) {
      SdkHttpResponse http =
          e.awsErrorDetails() == null ? null : e.awsErrorDetails().sdkHttpResponse();
      return ofSomebodyElse(
          e.statusCode(),
          "without an error code of STS",
          retryAfter(
              header(http, "Retry-After"),
              header(http, "Date").flatMap(RetryAfter::date).orElseGet(context::now)));
    }
    AwsErrorDetails details = e.awsErrorDetails();
    String code = Texts.shown(clean(details.errorCode()).orElse("***"));
    String said =
        details.errorMessage() == null
            ? ""
            : Texts.shown(clean(details.errorMessage()).orElse(StsForm.NOT_REPEATED));
    StsReason reason = StsReason.of(code, said);
    int status = e.statusCode();
    FailureKind kind = kind(reason, status);
    StringBuilder message = new StringBuilder();
    message
        .append(kind == FailureKind.TRANSIENT ? "STS could not" : "STS refused to")
        .append(" let ")
        .append(who())
        .append(" assume role ")
        .append(role)
        .append(said.isEmpty() ? "" : ": " + said)
        .append(" (")
        .append(status)
        .append(' ')
        .append(code)
        .append(requestId(e).map(id -> ", request id " + id).orElse(""))
        .append(", ")
        .append(asked)
        .append(")");
    known(reason).ifPresent(known -> message.append(". ").append(known));
    Problem.Builder problem =
        problem(id(reason, status), kind, message.toString())
            .fact(Facts.CODE, code)
            .fact(Facts.STATUS, String.valueOf(status));
    requestId(e).ifPresent(id -> problem.fact(Facts.REQUEST_ID, id));
    addKnown(reason, problem);
    List<String> own = ownSteps(reason, said);
    for (String step : own.isEmpty() ? commonSteps(reason) : own) {
      problem.step(step);
    }
    Optional<Instant> answeredAt = answeredAt(e);
    return ExchangeException.builder(problem.build())
        .code(code)
        .status(status)
        .requestId(requestId(e).orElse(null))
        .retryAfter(
            retryAfter(
                header(details.sdkHttpResponse(), "Retry-After"),
                answeredAt.orElseGet(context::now)))
        .answeredAt(answeredAt.orElse(null))
        .build();
  }

  /**
   * Says whether it was STS that said no: in its own form, with a code. What a service of AWS says
   * in another form, or in a header, is not of STS.
   */
  private static boolean isOfSts(AwsServiceException e) {
    AwsErrorDetails details = e.awsErrorDetails();
    if (details == null || details.errorCode() == null || details.errorCode().isBlank()) {
      return false;
    }
    // Without a body it did not come from a connection: a client of the application said so itself.
    return details.rawResponse() == null
        || StsForm.isError(details.rawResponse().asByteArrayUnsafe());
  }

  /**
   * Something other than STS answered: the request was not judged. Nothing of the answer is
   * repeated, and its {@code Date} is that of another clock, perhaps of this machine's own.
   */
  private ExchangeException ofSomebodyElse(int status, String how, @Nullable Duration retryAfter) {
    return somethingElse(
        status,
        "something other than STS answered when "
            + who()
            + " asked to assume role "
            + role
            + " ("
            + status
            + " "
            + how
            + ", "
            + asked
            + ")",
        retryAfter);
  }

  private ExchangeException somethingElse(
      int status, String message, @Nullable Duration retryAfter) {
    return ExchangeException.builder(
            problem(
                    Problems.SOMETHING_ELSE_ANSWERED,
                    isTransient(status) ? FailureKind.TRANSIENT : FailureKind.MISCONFIGURED,
                    message)
                .fact(Facts.STATUS, String.valueOf(status))
                .step(somebodyElse())
                .build())
        .status(status)
        .retryAfter(retryAfter)
        .build();
  }

  private ExchangeException foreign(ForeignAnswerException answer) {
    int status = answer.status();
    Duration retryAfter =
        retryAfter(
            Optional.ofNullable(answer.retryAfter()),
            Optional.ofNullable(answer.date()).flatMap(RetryAfter::date).orElseGet(context::now));
    String seen = answer.seen();
    if (seen == null) {
      return ofSomebodyElse(
          status,
          status / 100 == 2 ? "that is no answer of STS" : "without an error code of STS",
          retryAfter);
    }
    return somethingElse(status, what(answer) + ": " + seen + " (" + asked + ")", retryAfter);
  }

  /** The time budget ran out before the answer was complete. */
  ExchangeException outOfTime() {
    return ExchangeException.builder(
            problem(
                    Problems.NO_ANSWER_IN_TIME,
                    FailureKind.TRANSIENT,
                    "STS did not answer within the time budget of the exchange (" + asked + ")")
                .step(NETWORK)
                .build())
        .build();
  }

  /** There was no answer, or none that can be read. */
  ExchangeException unanswered(RuntimeException e) {
    if (e instanceof ApiCallTimeoutException || e instanceof ApiCallAttemptTimeoutException) {
      return outOfTime();
    }
    Optional<IOException> io = ioCause(e);
    if (io.isEmpty()) {
      // An answer that does not parse: what the parser says may repeat a part of it. Our own client
      // lets pass only what STS began and somebody cut off.
      return ExchangeException.builder(
              problem(
                      ownClient ? Problems.CLIENT_FAILED : Problems.ANSWER_UNREADABLE,
                      ownClient && isNoXml(e) ? FailureKind.MISCONFIGURED : FailureKind.TRANSIENT,
                      "the answer of STS cannot be read, or the request cannot be made: "
                          + e.getClass().getSimpleName()
                          + rootName(e)
                          + " ("
                          + asked
                          + ")")
                  .step(
                      ownClient
                          ? "Check that the application has not closed the STS client that it"
                              + " handed in, and that the client's endpoint is STS"
                          : somebodyElse())
                  .build())
          .build();
    }
    IOException cause = io.get();
    if (cause instanceof ProxyException refusal) {
      return proxyFailed(refusal);
    }
    if (cause instanceof ForeignAnswerException answer) {
      return foreign(answer);
    }
    // Our own client says so of what is no HTTP, in words of its own. Of another it may be
    // anything.
    boolean noHttp = cause instanceof ProtocolException && !ownClient;
    boolean certificate = Certificates.areRefused(e);
    Problem.Builder problem =
        problem(
            certificate ? Problems.CERTIFICATE_REFUSED : id(cause),
            noHttp || certificate ? FailureKind.MISCONFIGURED : FailureKind.TRANSIENT,
            (certificate
                    ? "no secure connection to STS: this JVM does not accept the certificate"
                    : what(cause))
                + (noHttp ? ": " + cause.getMessage() : "")
                + " ("
                + asked
                + ")");
    for (String step : certificate ? CERTIFICATE : List.of(remedy(cause))) {
      problem.step(step);
    }
    return ExchangeException.builder(problem.build()).cause(isSafe(cause) ? cause : null).build();
  }

  /** Starts a problem of this attempt. */
  private Problem.Builder problem(String id, FailureKind kind, String summary) {
    Problem.Builder problem = Problems.of(id, kind, summary).fact(Facts.ROLE, role.value());
    asked.addTo(problem);
    return problem;
  }

  /** Returns the id of a refusal: the status speaks where nothing else does. */
  private String id(StsReason reason, int status) {
    String id = id(reason);
    if (!id.equals(Problems.REFUSED) || !isTransient(status)) {
      return id;
    }
    return status == 429 ? Problems.THROTTLED : Problems.IN_TROUBLE;
  }

  private static final List<String> CERTIFICATE =
      List.of(
          "Check that the trust store of this JVM (javax.net.ssl.trustStore) holds the certificate"
              + " authority that signed it, that it names this host, and that it has not expired"
              + " by the clock of the node",
          "If a proxy or a firewall intercepts the connection, add its certificate authority to"
              + " the trust store, or exempt the endpoint from interception");

  private static final String NETWORK =
      "Check that the pod can reach the endpoint: DNS, network policies, the proxy, and in a"
          + " private cluster the VPC interface endpoint for STS";

  private String remedy(IOException cause) {
    if (cause instanceof SSLException) {
      return "Check that the trust store of this JVM knows the certificate authority of the"
          + " endpoint, and that no proxy intercepts the connection";
    }
    return cause instanceof ProtocolException ? somebodyElse() : NETWORK;
  }

  private String somebodyElse() {
    return "This does not look like an answer of STS: check that "
        + asked
        + " is STS, and that no proxy, service mesh or load balancer answers in its place";
  }

  /** No tunnel to STS: whatever the proxy said, the request was not sent. */
  private ExchangeException proxyFailed(ProxyException e) {
    int status = e.status();
    Problem.Builder problem =
        problem(
            e.id(),
            switch (e.id()) {
              case Problems.PROXY_AUTHENTICATION,
                  Problems.PROXY_CERTIFICATE_REFUSED,
                  Problems.PROXY_DENIED ->
                  FailureKind.MISCONFIGURED;
              default -> FailureKind.TRANSIENT;
            },
            e.getMessage() + (status == 0 ? "" : " (" + status + ")") + " (" + asked + ")");
    if (status != 0) {
      problem.fact(Facts.STATUS, String.valueOf(status));
    }
    for (String step : steps(e)) {
      problem.step(step);
    }
    ExchangeException.Builder failure = ExchangeException.builder(problem.build());
    if (status != 0) {
      failure.status(status);
    }
    return failure.build();
  }

  private static List<String> steps(ProxyException e) {
    return switch (e.id()) {
      case Problems.PROXY_AUTHENTICATION ->
          List.of(
              "Put the proxy's user and password into its URL, or set https.proxyUser and"
                  + " https.proxyPassword with https.proxyHost; only Basic authentication is"
                  + " supported");
      case Problems.PROXY_CERTIFICATE_REFUSED -> CERTIFICATE;
      case Problems.PROXY_DENIED ->
          List.of(
              "Allow CONNECT to the endpoint in the proxy, or exempt the endpoint with NO_PROXY or"
                  + " http.nonProxyHosts");
      default -> List.of("Check that the proxy runs, and that the pod can reach it");
    };
  }

  /** Returns when a refusal was sent, by the clock of STS; empty if another may have sent it. */
  private static Optional<Instant> answeredAt(AwsServiceException e) {
    return isOfSts(e) ? AnswerTime.of(e.awsErrorDetails().sdkHttpResponse()) : Optional.empty();
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
            || (StsReason.of(e.awsErrorDetails().errorCode(), "") == StsReason.WRONG_SIGNATURE
                && Duration.between(at.get(), context.now()).abs().compareTo(MAX_SKEW) > 0));
  }

  /** The SDK refused to build its client. */
  static ExchangeException noClient(RuntimeException e) {
    return ExchangeException.builder(
            Problems.misconfigured(
                    Problems.NO_CLIENT,
                    "the AWS SDK cannot make an STS client: "
                        + e.getClass().getSimpleName()
                        + rootName(e))
                .step(
                    "Check the files that AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name, if"
                        + " any: every client of the SDK parses them, although this one uses"
                        + " nothing from them")
                .step("Also check that all modules of the SDK have the same version")
                .build())
        .build();
  }

  /** The application's own client took a document for an answer that has no credentials. */
  ExchangeException withoutCredentials(StsResponse response) {
    return ownClient && response.sdkHttpResponse() != null
        ? ofSomebodyElse(
            response.sdkHttpResponse().statusCode(), "without session credentials", null)
        : incomplete("Credentials", response);
  }

  /** STS answered 200 without a field that it must have. */
  ExchangeException incomplete(String field, StsResponse response) {
    return answered(
        Problems.ANSWER_INCOMPLETE,
        field,
        "the answer of STS lacks " + field + " (" + asked + ")",
        response);
  }

  /** STS answered 200 with a field that would spoil every request. */
  ExchangeException unfit(String field, StsResponse response) {
    return answered(
        Problems.ANSWER_UNFIT,
        field,
        "the answer of STS has a character in "
            + field
            + " that no request can carry ("
            + asked
            + ")",
        response);
  }

  private static Optional<String> header(@Nullable SdkHttpResponse response, String name) {
    return response == null ? Optional.empty() : response.firstMatchingHeader(name);
  }

  private static @Nullable Duration retryAfter(Optional<String> value, Instant answeredAt) {
    return value.flatMap(text -> RetryAfter.parse(text, answeredAt)).orElse(null);
  }

  private ExchangeException answered(
      String id, String field, String message, StsResponse response) {
    Problem.Builder problem = problem(id, FailureKind.TRANSIENT, message).fact("field", field);
    Optional<String> requestId =
        response.responseMetadata() == null
            ? Optional.empty()
            : Optional.ofNullable(response.responseMetadata().requestId()).flatMap(this::requestId);
    requestId.ifPresent(given -> problem.fact(Facts.REQUEST_ID, given));
    ExchangeException.Builder builder =
        ExchangeException.builder(problem.build())
            .requestId(requestId.orElse(null))
            .answeredAt(AnswerTime.of(response.sdkHttpResponse()).orElse(null));
    if (response.sdkHttpResponse() != null) {
      builder.status(response.sdkHttpResponse().statusCode());
    }
    return builder.build();
  }

  private FailureKind kind(StsReason reason, int status) {
    return reason.kind() == FailureKind.TRANSIENT || isTransient(status) || mayPass(reason)
        ? FailureKind.TRANSIENT
        : FailureKind.REJECTED;
  }

  /** Returns whether a retry may get another answer than this status, whichever server sent it. */
  static boolean isTransient(int status) {
    return status == 408 || status == 429 || status >= 500;
  }

  private List<String> commonSteps(StsReason reason) {
    return switch (reason) {
      case REGION_DISABLED ->
          List.of(
              "Activate STS for this region in account "
                  + role.accountId()
                  + ", or set AWS_REGION to another region");
      case MALFORMED_POLICY -> List.of("Correct the JSON of the session policy");
      case PACKED_POLICY_TOO_LARGE ->
          List.of("Shorten the session policy, or pass fewer policy ARNs");
      case UNKNOWN_KEY ->
          List.of(
              "Set AWS_REGION to a region of partition "
                  + role.partition()
                  + ", which the role belongs to");
      case TOO_LONG ->
          List.of("Ask for a shorter duration, or raise the role's maximum session duration");
      default -> List.of();
    };
  }

  private Optional<String> requestId(AwsServiceException e) {
    return Optional.ofNullable(e.requestId()).flatMap(this::requestId);
  }

  /** Whoever answered may have put anything where the id belongs. */
  private Optional<String> requestId(String given) {
    return StsHeaders.requestId(given, this::clean);
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

  private static String id(IOException cause) {
    if (cause instanceof UnknownHostException) {
      return Problems.UNKNOWN_HOST;
    }
    if (cause instanceof SocketTimeoutException) {
      return Problems.NO_ANSWER_IN_TIME;
    }
    if (cause instanceof ConnectException) {
      return Problems.NO_CONNECTION;
    }
    if (cause instanceof SSLException) {
      return Problems.NO_TLS;
    }
    if (cause instanceof EOFException) {
      return Problems.CONNECTION_ENDED;
    }
    return cause instanceof ProtocolException
        ? Problems.SOMETHING_ELSE_ANSWERED
        : Problems.CONNECTION_FAILED;
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
    Throwable root = root(e);
    return root == e ? "" : ", " + root.getClass().getSimpleName();
  }

  /** By its name, which spares this module to read that of XML for it. */
  private static boolean isNoXml(Throwable e) {
    return root(e).getClass().getName().equals("javax.xml.stream.XMLStreamException");
  }

  private static Throwable root(Throwable e) {
    Throwable root = e;
    for (int depth = 0; root.getCause() != null && depth < 20; depth++) {
      root = root.getCause();
    }
    return root;
  }

  private boolean isSafe(Throwable e) {
    int depth = 0;
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (depth++ > 20
          || t.getSuppressed().length > 0
          || clean(String.valueOf(t)).filter(String.valueOf(t)::equals).isEmpty()) {
        return false;
      }
    }
    return true;
  }
}
