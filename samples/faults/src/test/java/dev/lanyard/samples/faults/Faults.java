package dev.lanyard.samples.faults;

import static dev.lanyard.diagnosis.FailureKind.MISCONFIGURED;
import static dev.lanyard.diagnosis.FailureKind.REJECTED;
import static dev.lanyard.diagnosis.FailureKind.TRANSIENT;

import dev.lanyard.diagnosis.FailureKind;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** All faults, in the order of the tables. */
final class Faults {
  private static final String CONNECTION = "The connection";
  private static final String ANSWER = "The answer";
  private static final String BETWEEN = "Something in between answers with a page of HTML";
  private static final String BETWEEN_IN_TEXT = "Something in between answers with text or JSON";
  private static final String STS = "STS answers with an error";
  private static final String AGENT = "The agent answers with an error";
  private static final String TOKEN = "The token";
  private static final String FILE_SYSTEM = "The file system of the token";
  private static final String DATE = "The date of the answer";
  private static final String CLOCK = "The pod's clock";

  private static final String SOMEBODY_ELSE = "something other than the agent answered at ";

  private static final String PAGE =
      "<html><head><title>Sorry</title></head><body>No.</body></html>";
  private static final Duration BYTE_BY_BYTE = Duration.ofMillis(20);

  /** As by default, which costs nothing in virtual time. */
  private static final Duration BUDGET = Duration.ofSeconds(10);

  private static final Duration WAIT = Duration.ofSeconds(30);

  /** Of which an exchange spends a part in real time before it gives up. */
  private static final Duration SHORT_BUDGET = Duration.ofMillis(300);

  private static final Duration SHORT_WAIT = Duration.ofSeconds(5);
  private static final Duration MINUTE = Duration.ofMinutes(1);

  /** How old an answer out of a cache is. */
  private static final Duration OLD = Duration.ofMinutes(30);

  private static final Instant YEAR_9999 = Instant.parse("9999-12-31T23:59:59Z");

  private static final Duration TWO_HOURS = Duration.ofHours(2);

  private static final String GOES_ON = "an exchange that began … ago is still in flight";

  private static final String STS_REFUSES = "Not authorized to perform sts:AssumeRole";

  private final List<Fault> all = new ArrayList<>();

  private Faults() {
    connection();
    answer();
    between();
    betweenInText();
    sts();
    agent();
    token();
    fileSystem();
    date();
    clock();
  }

  static List<Fault> all() {
    return List.copyOf(new Faults().all);
  }

  private Fault add(Fault fault) {
    all.add(fault);
    return fault;
  }

  private void connection() {
    add(Fault.of(CONNECTION, "refused", b -> b.service().goDown()))
        .requests(0)
        .irsa(TRANSIENT, "no connection to STS")
        .agent(TRANSIENT, "cannot be reached");
    add(Fault.of(CONNECTION, "neither accepted nor refused", b -> b.service().becomeUnreachable()))
        .budget(SHORT_BUDGET, SHORT_WAIT)
        .requests(0)
        .irsa(TRANSIENT, "STS did not answer in time")
        .agent(TRANSIENT, "did not accept a connection");
    add(Fault.of(CONNECTION, "reset before the answer", b -> b.service().resetConnections()))
        .irsa(TRANSIENT, "the connection to STS failed")
        .agent(TRANSIENT, "broke the connection off");
    add(Fault.of(CONNECTION, "closed before the answer", b -> b.service().closeWithoutAnswering()))
        .irsa(TRANSIENT, "the connection ended before the answer of STS did")
        .agent(TRANSIENT, "sent no complete and valid HTTP answer");
    add(Fault.of(CONNECTION, "reset in the midst of the answer", b -> b.service().resetHalfway()))
        .irsa(TRANSIENT, "the connection to STS failed: SocketException")
        .agent(TRANSIENT, "broke the connection off");
    add(Fault.of(CONNECTION, "closed in the midst of the answer", b -> b.service().truncate()))
        .irsa(TRANSIENT, "the connection ended before the answer of STS did")
        .agent(TRANSIENT, "sent no complete and valid HTTP answer");
    add(Fault.of(CONNECTION, "accepted, and no answer comes", b -> b.service().hang()))
        .leavesRequestsUnanswered()
        .budget(BUDGET, WAIT)
        .irsa(TRANSIENT, "STS did not answer within the time budget")
        .agent(TRANSIENT, "gave no complete answer within 10 s");
    add(Fault.of(
            CONNECTION,
            "slow: the answer comes byte by byte",
            b -> b.service().dribble(BYTE_BY_BYTE)))
        .leavesRequestsUnanswered()
        .budget(BUDGET, WAIT)
        .irsa(TRANSIENT, "STS did not answer within the time budget")
        .agent(TRANSIENT, "gave no complete answer within 10 s");
    add(Fault.of(CONNECTION, "silent in the midst of the answer", b -> b.service().stallHalfway()))
        .leavesRequestsUnanswered()
        .budget(BUDGET, WAIT)
        .irsa(TRANSIENT, "STS did not answer within the time budget")
        .agent(TRANSIENT, "gave no complete answer within 10 s");
  }

  private void answer() {
    add(page("200 with an empty body", 200, ""))
        .irsa(MISCONFIGURED, "(200 that is no answer of STS")
        .agent(MISCONFIGURED, ", without usable session credentials");
    add(page("204, no content", 204, ""))
        .irsa(MISCONFIGURED, "(204 that is no answer of STS")
        .agent(MISCONFIGURED, SOMEBODY_ELSE);
    add(page("200 with 2 MiB of blanks", 200, " ".repeat(2 << 20)))
        .irsa(MISCONFIGURED, "what answered is not STS, or not whole")
        .agent(MISCONFIGURED, "the body is larger than 1 MiB");
    add(page("200 with a page of HTML", 200, PAGE))
        .irsa(MISCONFIGURED, "(200 that is no answer of STS")
        .agent(MISCONFIGURED, ", without usable session credentials");
    add(Fault.of(
            ANSWER,
            "200 in the other source's form",
            b ->
                b.service()
                    .answerWith(
                        200,
                        b.source() == Source.IRSA ? "application/json" : "text/xml",
                        b.source() == Source.IRSA
                            ? "{\"Code\":\"Success\"}"
                            : "<AssumeRoleWithWebIdentityResponse/>")))
        .irsa(MISCONFIGURED, "of STS")
        .agent(MISCONFIGURED, ", without usable session credentials");
    for (String field : List.of("AccessKeyId", "SecretAccessKey", "Expiration")) {
      add(changed("200 without `" + field + "`", body -> without(field, body)))
          .irsa(TRANSIENT, "the answer of STS lacks " + field)
          .agent(MISCONFIGURED, field);
    }
    add(changed("200 without a session token", body -> without("(?:Session)?Token", body)))
        .irsa(TRANSIENT, "the answer of STS lacks SessionToken")
        .agent(MISCONFIGURED, "Token");
    add(changed("200 with an expiration that is no time", Faults::withoutATime))
        .irsa(TRANSIENT, "the answer of STS cannot be read")
        .agent(MISCONFIGURED, "Expiration is not a time");
    add(Fault.of(
            ANSWER,
            "200 with credentials that have expired",
            b -> b.service().issueExpiredCredentials()))
        .irsa(TRANSIENT, "expired")
        .agent(TRANSIENT, "expired on arrival");
    for (int status : new int[] {301, 302, 303, 307, 308}) {
      add(Fault.of(
              ANSWER,
              status + ", a redirect to a host that listens",
              b -> {
                URI elsewhere = b.elsewhere().endpoint();
                b.service().answerWith(status, Map.of("Location", elsewhere.toString()), "");
              }))
          .irsa(MISCONFIGURED, "(" + status + " without an error code of STS")
          .agent(MISCONFIGURED, "answered with a redirect, which is never followed (" + status);
    }
  }

  private void between() {
    for (int status : new int[] {400, 401, 403, 404, 405, 407, 409, 410, 413, 418, 421, 431, 451}) {
      between(status, MISCONFIGURED);
    }
    for (int status : new int[] {408, 429, 500, 501, 502, 503, 504, 511, 599}) {
      between(status, TRANSIENT);
    }
    for (int status : new int[] {429, 503}) {
      add(Fault.of(
              BETWEEN,
              status + " with `Retry-After: 60`",
              b ->
                  b.service()
                      .answerWith(
                          status, Map.of("Content-Type", "text/html", "Retry-After", "60"), PAGE)))
          .retryAfter(MINUTE)
          .irsa(TRANSIENT, "(" + status + " without an error code of STS")
          .agent(TRANSIENT, "could not answer the exchange (" + status + ")");
    }
    add(Fault.of(
            BETWEEN,
            "500 of 2 MiB",
            b -> b.service().answerWith(500, "text/html", PAGE + " ".repeat(2 << 20))))
        .irsa(TRANSIENT, "what answered is not STS, or not whole")
        .agent(TRANSIENT, "could not answer the exchange (500)");
  }

  private void between(int status, FailureKind kind) {
    add(Fault.of(BETWEEN, "" + status, b -> b.service().answerWith(status, "text/html", PAGE)))
        .irsa(kind, "(" + status + " without an error code of STS")
        .agent(
            kind,
            kind == MISCONFIGURED
                ? SOMEBODY_ELSE
                : "could not answer the exchange (" + status + ")");
  }

  /** As a mesh, a load balancer or a gateway does, in none of the words of STS or of an agent. */
  private void betweenInText() {
    inText("401 with `WWW-Authenticate`", 401, "Log in\n", MISCONFIGURED);
    inText("403, plain text", 403, "Forbidden\n", MISCONFIGURED);
    inText("404, plain text", 404, "Not Found\n", MISCONFIGURED);
    inText("407 with `Proxy-Authenticate`", 407, "Log in at the proxy\n", MISCONFIGURED);
    inText("503, plain text", 503, "Nobody is there\n", TRANSIENT);
    add(Fault.of(
            BETWEEN_IN_TEXT,
            "403, JSON with a code of its own",
            b ->
                b.service()
                    .answerWith(
                        403,
                        "application/json",
                        "{\"code\":\"ForbiddenByPolicy\",\"message\":\"No\"}")))
        .irsa(MISCONFIGURED, "(403 without an error code of STS")
        .agent(MISCONFIGURED, SOMEBODY_ELSE, "ForbiddenByPolicy");
  }

  private void inText(String name, int status, String body, FailureKind kind) {
    add(Fault.of(BETWEEN_IN_TEXT, name, b -> b.service().answerAsSomebodyElse(status, body)))
        .irsa(kind, "(" + status + " without an error code of STS")
        .agent(
            kind,
            kind == MISCONFIGURED
                ? SOMEBODY_ELSE
                : "could not answer the exchange (" + status + ")");
  }

  /**
   * Source: the STS model and API reference; what each means, the error codes' own descriptions.
   */
  private void sts() {
    sts(403, "AccessDenied", REJECTED, "Not authorized to perform sts:AssumeRoleWithWebIdentity");
    sts(400, "InvalidIdentityToken", REJECTED, "Incorrect token audience");
    sts(
        400,
        "InvalidIdentityToken",
        REJECTED,
        "No OpenIDConnect provider found in your account for https://oidc.example");
    sts(
        400,
        "InvalidIdentityToken",
        TRANSIENT,
        "Couldn't retrieve verification key from your identity provider");
    sts(400, "ExpiredTokenException", REJECTED, "Token expired");
    sts(400, "IDPCommunicationError", TRANSIENT, "The identity provider cannot be reached");
    sts(403, "IDPRejectedClaim", REJECTED, "The identity provider said no");
    sts(400, "MalformedPolicyDocument", REJECTED, "Not a policy");
    sts(400, "PackedPolicyTooLarge", REJECTED, "Too large");
    sts(403, "RegionDisabledException", REJECTED, "STS is not activated in this region");
    sts(400, "ValidationError", REJECTED, "Request ARN is invalid");
    sts(403, "InvalidClientTokenId", REJECTED, "The token is of another partition");
    for (String code :
        List.of("InvalidAction", "InvalidParameterValue", "MissingAction", "MissingParameter")) {
      sts(400, code, REJECTED, "A malformed call");
    }
    sts(403, "MissingAuthenticationToken", REJECTED, "A malformed call");
    sts(400, "SomethingNew", REJECTED, "An unknown code");
    add(Fault.of(STS, "400 `Throttling`", b -> b.service().throttle()))
        .irsa(TRANSIENT, "(400 Throttling", "Throttling");
    sts(400, "ThrottlingException", TRANSIENT, "Rate exceeded");
    sts(400, "RequestLimitExceeded", TRANSIENT, "Rate exceeded");
    sts(429, "TooManyRequestsException", TRANSIENT, "Rate exceeded");
    sts(400, "RequestTimeout", TRANSIENT, "Too slow");
    sts(408, "RequestTimeoutException", TRANSIENT, "Too slow");
    sts(500, "InternalFailure", TRANSIENT, "A defect");
    sts(503, "ServiceUnavailable", TRANSIENT, "Later");
    sts(500, "SomethingNew", TRANSIENT, "An unknown code");
  }

  private void sts(int status, String code, FailureKind kind, String message) {
    boolean several = code.equals("InvalidIdentityToken");
    Fault fault =
        add(Fault.of(
                STS,
                status + " `" + code + "`" + (several ? ", " + message : ""),
                b -> b.service().answerWithError(status, code, message)))
            .irsa(kind, message + " (" + status + " " + code, code);
    if (code.equals("ExpiredTokenException")) {
      fault.withheldForAWhile();
    }
  }

  /** Source: botocore, eks-auth/2023-11-26; aws/eks-pod-identity-agent, pkg/errors. */
  private void agent() {
    agent(400, "AccessDeniedException", REJECTED);
    agent(404, "ResourceNotFoundException", REJECTED);
    agent(400, "ExpiredTokenException", REJECTED);
    agent(400, "InvalidTokenException", REJECTED);
    agent(400, "InvalidParameterException", REJECTED);
    agent(400, "InvalidRequestException", REJECTED);
    agent(400, "SomethingNewException", REJECTED);
    agent(429, "ThrottlingException", TRANSIENT);
    agent(500, "InternalServerException", TRANSIENT);
    agent(503, "ServiceUnavailableException", TRANSIENT);
    plain(400, "Service account token cannot be empty", REJECTED);
    plain(403, "Access Denied. Called agent through invalid address", REJECTED);
    plain(404, "404 page not found", REJECTED);
    add(Fault.of(AGENT, "429 Too Many Requests", b -> b.service().throttle()))
        .agent(TRANSIENT, "(429): Too Many Requests");
    add(text("500 []", 500, "[]\n")).agent(TRANSIENT, "could not answer the exchange (500)");
    plain(500, "Unable to serialize credentials", TRANSIENT);
    add(json("400 `InvalidIdInRequest`, JSON", 400, "InvalidIdInRequest", "No id"))
        .agent(REJECTED, "(400 InvalidIdInRequest): No id", "InvalidIdInRequest");
    add(json("500 `InternalServerError`, JSON", 500, "InternalServerError", "A defect"))
        .agent(TRANSIENT, "(500 InternalServerError): A defect", "InternalServerError");
    add(json("200 with a `code`, JSON", 200, "ThrottlingException", "Slower"))
        .agent(MISCONFIGURED, "(200 ThrottlingException): Slower", "ThrottlingException");
  }

  private void agent(int status, String code, FailureKind kind) {
    add(Fault.of(
            AGENT,
            status + " `" + code + "`",
            b -> b.service().answerWithError(status, code, "What EKS Auth said")))
        .agent(kind, "(" + status + " " + code, code);
  }

  private void plain(int status, String said, FailureKind kind) {
    add(text(status + " " + said, status, said + "\n")).agent(kind, "(" + status + "): " + said);
  }

  private static Fault text(String name, int status, String body) {
    return Fault.of(
        AGENT, name, b -> b.service().answerWith(status, "text/plain; charset=utf-8", body));
  }

  private static Fault json(String name, int status, String code, String message) {
    return Fault.of(
        AGENT,
        name,
        b ->
            b.service()
                .answerWith(
                    status,
                    "application/json",
                    "{\"code\":\"%s\",\"message\":\"%s\"}".formatted(code, message)));
  }

  private void token() {
    add(inFile("its file is absent", Bench::removeTokenFile))
        .requests(0)
        .irsa(MISCONFIGURED, "does not exist")
        .agent(MISCONFIGURED, "does not exist");
    add(inFile("its file is empty", b -> b.replaceToken("")))
        .requests(0)
        .irsa(MISCONFIGURED, "is empty")
        .agent(MISCONFIGURED, "is empty");
    add(inFile("its file is oversized", b -> b.replaceToken("x".repeat(100_000))))
        .requests(0)
        .irsa(MISCONFIGURED, "more than 20000 characters")
        .agent(MISCONFIGURED, "more than");
    add(inFile("a line break within", b -> b.replaceToken(halved(b.token()))))
        .requests(0)
        .irsa(MISCONFIGURED, "holds no web identity token")
        .agent(MISCONFIGURED, "a line break");
    add(inFile("no token, but something else", b -> b.replaceToken("this-is-something-else")))
        .irsa(REJECTED, "(400 InvalidIdentityToken", "InvalidIdentityToken")
        .agent(REJECTED, "(400): Service account token cannot be parsed");
    add(inFile("it has expired, and is not replaced", Bench::letTokenExpire))
        .irsa(REJECTED, "(400 ExpiredTokenException", "ExpiredTokenException")
        .withheldForAWhile()
        .agent(REJECTED, "token is expired");
    add(Fault.of(
            TOKEN,
            "it expires, and is replaced while STS looks at it",
            b -> {
              b.letTokenExpire();
              b.service()
                  .next(1)
                  .changeAnswers(
                      refusal -> {
                        b.rotate();
                        return refusal;
                      });
            }))
        .requests(2)
        .succeeds(Source.IRSA);
    add(Fault.of(TOKEN, "it is rotated", Bench::rotate)).succeeds(Source.IRSA, Source.POD_IDENTITY);
  }

  /** What is looked at or read hangs, and heeds no interrupt, until the file system is back. */
  private void fileSystem() {
    add(Fault.of(FILE_SYSTEM, "reading the file hangs", b -> b.mount().readingHangs()))
        .onAMount()
        .leavesExchangesStuck(GOES_ON, Source.IRSA, Source.POD_IDENTITY);
    add(Fault.of(FILE_SYSTEM, "all of it hangs", b -> b.mount().hangs()))
        .onAMount()
        .leavesExchangesStuck(GOES_ON, Source.IRSA, Source.POD_IDENTITY);
    add(Fault.of(
            FILE_SYSTEM,
            "one look at the file hangs, while exchanges are refused",
            b -> {
              b.mount().looksHang();
              refuse(b, b.service());
            }))
        .onAMount()
        .looksHang()
        .irsa(REJECTED, STS_REFUSES, "AccessDenied")
        .agent(REJECTED, "(400 AccessDeniedException", "AccessDeniedException");
  }

  /** Of the source itself, or of a cache in between. */
  private void date() {
    wrongDate("1970", Instant.EPOCH);
    wrongDate("the year 9999", YEAR_9999);
    add(Fault.of(DATE, "30 min old, with `Age: 1800`", b -> {}))
        .beforeEachExchange(b -> outOfACache(b).answerProperly())
        .succeeds(Source.IRSA, Source.POD_IDENTITY, Source.ECS);
    add(Fault.of(DATE, "30 min old, with `Age: 1800`, of a refusal", b -> {}))
        .beforeEachExchange(b -> refuse(b, outOfACache(b)))
        .irsa(REJECTED, STS_REFUSES, "AccessDenied")
        .agent(REJECTED, "(400 AccessDeniedException", "AccessDeniedException");
  }

  private void wrongDate(String name, Instant date) {
    add(Fault.of(DATE, name, b -> b.service().withDate(date).answerProperly()))
        .succeedsWithoutBelieving(Source.IRSA, date)
        .succeeds(Source.POD_IDENTITY, Source.ECS);
    add(Fault.of(DATE, name + ", of a refusal", b -> refuse(b, b.service().withDate(date))))
        .irsa(REJECTED, STS_REFUSES, "AccessDenied")
        .agent(REJECTED, "(400 AccessDeniedException", "AccessDeniedException");
  }

  private static dev.lanyard.testing.Faults outOfACache(Bench bench) {
    return bench.service().withDate(bench.rightNow().minus(OLD)).withAge(OLD);
  }

  private static void refuse(Bench bench, dev.lanyard.testing.Faults faults) {
    if (bench.source() == Source.IRSA) {
      faults.answerWithError(403, "AccessDenied", STS_REFUSES);
    } else {
      faults.answerWithError(400, "AccessDeniedException", "What EKS Auth said");
    }
  }

  /** STS shows what is wrong; an agent on the node goes by the node's clock, and cannot. */
  private void clock() {
    add(Fault.of(CLOCK, "three hours ahead", b -> b.podsClockIsAheadBy(Duration.ofHours(3))))
        .fromTheStart()
        .succeedsAndExplains(Source.IRSA, "this machine is … ahead");
    add(Fault.of(CLOCK, "three hours behind", b -> b.podsClockIsAheadBy(Duration.ofHours(-3))))
        .fromTheStart()
        .succeedsAndExplains(Source.IRSA, "this machine is … behind");
    add(Fault.of(CLOCK, "two hours ahead", b -> b.podsClockIsAheadBy(TWO_HOURS)))
        .fromTheStart()
        .cached()
        .succeeds(Source.POD_IDENTITY);
    add(Fault.of(
            CLOCK,
            "two hours behind, and the token is older than that",
            b -> b.podsClockIsBehindByWithAnOldToken(TWO_HOURS)))
        .fromTheStart()
        .cached()
        .succeeds(Source.POD_IDENTITY);
    add(Fault.of(CLOCK, "two hours behind, and the token is newer than that", b -> {}))
        .where(b -> b.podsClockIsBehindByWithAnOldToken(TWO_HOURS))
        .beforeEachExchange(Bench::rotate)
        .inTheTokenFile()
        .endsBy(b -> b.replaceToken(b.firstToken()))
        .agentOfEks(REJECTED, "token is not valid yet");
  }

  private static Fault page(String name, int status, String body) {
    return Fault.of(ANSWER, name, b -> b.service().answerWith(status, "text/html", body));
  }

  private static Fault changed(String name, UnaryOperator<String> change) {
    return Fault.of(ANSWER, name, b -> b.service().changeAnswers(change));
  }

  private static Fault inFile(String name, java.util.function.Consumer<Bench> begin) {
    return Fault.of(TOKEN, name, begin).inTheTokenFile();
  }

  private static String without(String field, String body) {
    String less =
        body.replaceFirst("<" + field + ">[^<]*</" + field + ">", "")
            .replaceFirst("\"" + field + "\":\"[^\"]*\",?", "")
            .replace(",}", "}");
    if (less.equals(body)) {
      throw new AssertionError("there is no " + field + " to take out");
    }
    return less;
  }

  private static String withoutATime(String body) {
    return body.replaceFirst("<Expiration>[^<]*<", "<Expiration>soon<")
        .replaceFirst("\"Expiration\":\"[^\"]*\"", "\"Expiration\":\"soon\"");
  }

  private static String halved(String token) {
    int half = token.length() / 2;
    return token.substring(0, half) + "\n" + token.substring(half);
  }
}
