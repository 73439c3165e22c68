package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lanyard.diagnosis.Fact;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.diagnosis.Step;
import dev.lanyard.irsa.IrsaCredentialsProvider;
import dev.lanyard.irsa.Sessions;
import dev.lanyard.peer.Behaviour;
import dev.lanyard.peer.Peer;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakeSts;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.model.AssumeRoleWithWebIdentityRequest;
import software.amazon.awssdk.services.sts.model.AssumeRoleWithWebIdentityResponse;

class StsFailuresTest {
  private static final String STATEMENT =
      """
      {
        "Effect": "Allow",
        "Principal": {
          "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
        },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
          "StringEquals": {
            "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF:sub": "system:serviceaccount:shop:orders",
            "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF:aud": "sts.amazonaws.com"
          }
        }
      }\
      """;

  @TempDir Path root;
  private static final FakeEks EKS = FakeEks.builder().clock(() -> TestContext.NOW).start();
  private final FakeSts sts = EKS.sts();
  private int asked;
  private Pod pod;

  @BeforeEach
  void startPod() {
    sts.recover();
    asked = sts.requests();
    pod = new Pod(root).sts(sts.endpoint());
  }

  @AfterAll
  static void closeTheCluster() {
    EKS.close();
  }

  /** How many requests the test has led to. */
  private int requests() {
    return sts.requests() - asked;
  }

  /** STS refuses in its own form, with these headers beside. */
  private void refuses(String code, String message, int status, Map<String, String> headers) {
    sts.answerWith(status, headers, ScriptedSts.refusal(status, code, message, headers).body());
  }

  @ParameterizedTest(name = "{0}, status {1}, is {3}: {2}")
  @CsvSource(
      delimiter = '|',
      value = {
        "AccessDenied|403|Not authorized to perform sts:AssumeRoleWithWebIdentity|REJECTED",
        "InvalidIdentityToken|400|No OpenIDConnect provider found in your account|REJECTED",
        "InvalidIdentityToken|400|Incorrect token audience|REJECTED",
        "InvalidIdentityToken|400|OpenIDConnect provider's HTTPS certificate doesn't match"
            + " configured thumbprint|REJECTED",
        "InvalidIdentityToken|400|Couldn't retrieve verification key from your identity provider,"
            + "  please reference AssumeRoleWithWebIdentity documentation|TRANSIENT",
        "ExpiredTokenException|400|Token expired: current date/time 2 must be before the expiration"
            + " date/time 1|REJECTED",
        "ExpiredTokenException|400|Token too old: 1|REJECTED",
        "IDPCommunicationError|400|The provider cannot be reached|TRANSIENT",
        "IDPRejectedClaim|403|The claim was revoked|REJECTED",
        "MalformedPolicyDocument|400|Syntax errors in policy|REJECTED",
        "PackedPolicyTooLarge|400|Packed size of session tags|REJECTED",
        "RegionDisabledException|403|STS is not activated in this region|REJECTED",
        "ValidationError|400|Request ARN is invalid|REJECTED",
        "ValidationError|400|1 validation error detected: a value is too long|REJECTED",
        "ValidationError|400|The requested DurationSeconds exceeds the MaxSessionDuration set for"
            + " this role.|REJECTED",
        "SignatureDoesNotMatch|403|Credential should be scoped to a valid region|REJECTED",
        "InvalidClientTokenId|403|The security token is invalid|REJECTED",
        "MissingAction|400|An action is missing|REJECTED",
        "InvalidAction|400|The action is invalid|REJECTED",
        "MissingParameter|400|A parameter is missing|REJECTED",
        "InvalidParameterValue|400|A value is invalid|REJECTED",
        "MissingAuthenticationToken|403|Request is missing a token|REJECTED",
        "Throttling|400|Rate exceeded|TRANSIENT",
        "ThrottlingException|400|Rate exceeded|TRANSIENT",
        "RequestLimitExceeded|400|Rate exceeded|TRANSIENT",
        "Throttling|429|Rate exceeded|TRANSIENT",
        "ThrottledException|400|Rate exceeded|TRANSIENT",
        "RequestThrottled|400|Rate exceeded|TRANSIENT",
        "RequestThrottledException|400|Rate exceeded|TRANSIENT",
        "TooManyRequestsException|400|Rate exceeded|TRANSIENT",
        "TooManyRequestsException|429|Rate exceeded|TRANSIENT",
        "ProvisionedThroughputExceededException|400|Rate exceeded|TRANSIENT",
        "TransactionInProgressException|400|Rate exceeded|TRANSIENT",
        "BandwidthLimitExceeded|400|Rate exceeded|TRANSIENT",
        "LimitExceededException|400|Rate exceeded|TRANSIENT",
        "SlowDown|400|Rate exceeded|TRANSIENT",
        "PriorRequestNotComplete|400|Rate exceeded|TRANSIENT",
        "EC2ThrottledException|400|Rate exceeded|TRANSIENT",
        "RequestTimeout|400|Too slow|TRANSIENT",
        "RequestTimeout|408|Too slow|TRANSIENT",
        "RequestTimeoutException|408|Too slow|TRANSIENT",
        "RequestTimeoutException|400|Too slow|TRANSIENT",
        "InternalFailure|500|Sorry|TRANSIENT",
        "ServiceUnavailable|503|Sorry|TRANSIENT",
        "NeverHeardOf|400|Whatever|REJECTED",
        "NeverHeardOf|409|Whatever|REJECTED",
        "NeverHeardOf|429|Whatever|TRANSIENT",
        "NeverHeardOf|408|Whatever|TRANSIENT",
        "NeverHeardOf|500|Whatever|TRANSIENT",
        "NeverHeardOf|502|Whatever|TRANSIENT",
        "NeverHeardOf|504|Whatever|TRANSIENT",
        "NeverHeardOf|599|Whatever|TRANSIENT",
      })
  void everyErrorHasItsKindAndIsAskedOnce(
      String code, int status, String message, FailureKind kind) {
    sts.answerWithError(status, code, message);

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(kind);
    assertThat(e.code()).contains(code);
    assertThat(e.status()).hasValue(status);
    String requestId = sts.log().get(sts.log().size() - 1).requestId();
    assertThat(e.requestId()).contains(requestId);
    assertThat(e.retryAfter()).isEmpty();
    assertThat(e)
        .hasMessageContaining(message)
        .hasMessageContaining(Pod.ROLE)
        .hasMessageContaining("request id " + requestId)
        .hasMessageContaining(sts.endpoint().toString());
    assertThat(requests()).as("the engine retries, not the SDK").isEqualTo(1);
  }

  @Test
  void aRequestThatIsNotSignedIsNotMadeAnewByAnotherClock() {
    refuses("SignatureDoesNotMatch", "Signature expired", 403, SkewedSts.date(Duration.ofHours(3)));

    assertThat(failure().kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(requests()).isEqualTo(1);
  }

  @ParameterizedTest(name = "{0} is shown: {1}")
  @CsvSource({
    "11111111-2222-3333-4444-555555555555, true",
    "0A1B2C3D4E5F6071, true",
    "123456789012345678901234567890123456789, true",
    "1234567890123456789012345678901234567890123456789012345678901234, false",
    "12345678901234567890123456789012345678901234567890123456789012345, false",
    "FwoGZXIvYXdzEBYaDEXAMPLE, false",
    "two words, false",
    "a/b, false",
    "'1\n2', false",
    "'', false",
  })
  void aRequestIdIsShownIfItLooksLikeOne(String id, boolean shown) {
    for (boolean inHeader : new boolean[] {true, false}) {
      ScriptedSts.Answer refusal = ScriptedSts.refusal(403, "AccessDenied", "no", Map.of());
      sts.answerWith(
          403,
          // An empty one counts as none, here and for the SDK.
          Map.of("x-amzn-RequestId", inHeader && !id.contains("\n") ? id : ""),
          refusal
              .body()
              .replaceFirst(
                  "<RequestId>.*</RequestId>",
                  inHeader ? "" : "<RequestId>" + id + "</RequestId>"));

      ExchangeException e = failure();

      if (shown) {
        assertThat(e.requestId()).contains(id);
        assertThat(e).hasMessageContaining("request id " + id);
      } else {
        assertThat(e.requestId()).isEmpty();
        assertThat(e).hasMessageNotContaining("request id");
      }
    }
  }

  @Test
  void accessDeniedNamesTheTokenAndPrintsTheTrustPolicyThatWouldAdmitIt() {
    sts.answerWithError(
        403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");

    ExchangeException e = failure();

    assertThat(e)
        .hasMessageStartingWith(
            "STS refused to let this pod assume role " + Pod.ROLE + ": Not authorized to perform")
        .hasMessageEndingWith(
            ". The web identity token was issued by "
                + Tokens.ISSUER
                + " for subject system:serviceaccount:shop:orders and audience sts.amazonaws.com");
    assertThat(e.remedy())
        .hasValueSatisfying(
            r ->
                assertThat(r)
                    .contains(STATEMENT)
                    .endsWith("A change in IAM takes some seconds to take effect"));
  }

  @Test
  void accessDeniedIsAProblemWithAnIdFactsAndSteps() {
    sts.answerWithError(
        403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");

    ExchangeException e = failure();
    Problem problem = e.problem();

    assertThat(problem.id()).isEqualTo("IRSA-003");
    assertThat(problem.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(problem.summary()).isEqualTo(e.getMessage());
    assertThat(problem.page()).contains("docs/errors/README.md#irsa-003");
    assertThat(problem.facts())
        .extracting(Fact::toString)
        .containsExactly(
            "role " + Pod.ROLE,
            "endpoint " + sts.endpoint(),
            "code AccessDenied",
            "status 403",
            "request id " + e.requestId().orElseThrow(),
            "token file " + Pod.TOKEN_FILE,
            "issuer " + Tokens.ISSUER,
            "subject system:serviceaccount:shop:orders",
            "audience sts.amazonaws.com");
    assertThat(problem.steps())
        .extracting(Step::text)
        .containsExactly(
            "Check that the role exists",
            "Add this statement to its trust policy:\n"
                + STATEMENT
                + "\nA change in IAM takes some seconds to take effect");
  }

  @ParameterizedTest(name = "{0}, status {1}, is {3}: {2}")
  @CsvSource(
      delimiter = '|',
      value = {
        "AccessDenied|403|Not authorized|IRSA-003",
        "InvalidIdentityToken|400|No OpenIDConnect provider found in your account|IRSA-008",
        "InvalidIdentityToken|400|Incorrect token audience|IRSA-009",
        "InvalidIdentityToken|400|HTTPS certificate doesn't match configured thumbprint|IRSA-010",
        "InvalidIdentityToken|400|Couldn't retrieve verification key|IRSA-011",
        "IDPCommunicationError|400|x|IRSA-011",
        "InvalidIdentityToken|400|Something new|IRSA-012",
        "IDPRejectedClaim|403|x|IRSA-014",
        "ExpiredTokenException|400|x|IRSA-015",
        "ValidationError|400|Request ARN is invalid|IRSA-016",
        "SignatureDoesNotMatch|403|x|IRSA-017",
        "RequestExpired|400|x|IRSA-017",
        "InvalidClientTokenId|403|x|IRSA-018",
        "PackedPolicyTooLarge|400|x|IRSA-019",
        "MissingAction|400|x|STS-001",
        "NeverHeardOf|400|x|STS-001",
        "Throttling|400|x|STS-002",
        "SlowDown|503|x|STS-002",
        "NeverHeardOf|429|x|STS-002",
        "InternalFailure|500|x|STS-003",
        "RequestTimeout|400|x|STS-003",
        "NeverHeardOf|502|x|STS-003",
        "RegionDisabledException|403|x|STS-004",
        "MalformedPolicyDocument|400|x|STS-005",
        "ValidationError|400|The requested DurationSeconds exceeds the MaxSessionDuration set for"
            + " this role.|STS-006",
      })
  void everyRefusalHasItsId(String code, int status, String message, String id) {
    sts.answerWithError(status, code, message);

    Problem problem = failure().problem();

    assertThat(problem.id()).isEqualTo(id);
    assertThat(problem.fact("code")).contains(code);
    assertThat(problem.fact("role")).contains(Pod.ROLE);
  }

  @Test
  void noFactAndNoStepSaysTheToken() {
    String token = Tokens.token(1);
    sts.answerWithError(400, "InvalidIdentityToken", "it is " + token);

    assertThat(failure().problem().facts() + " " + failure().problem())
        .doesNotContain(token.split("\\.", -1));
  }

  @Test
  void theTrustPolicyIsOfTheRolesPartition() {
    pod.set("AWS_ROLE_ARN", "arn:aws-cn:iam::444455556666:role/orders");
    sts.answerWithError(
        403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");

    assertThat(failure().remedy())
        .hasValueSatisfying(
            r -> assertThat(r).contains("\"arn:aws-cn:iam::444455556666:oidc-provider/oidc.eks."));
  }

  @Test
  void aMissingProviderIsToBeCreatedForTheIssuerInTheRolesAccount() {
    sts.answerWithError(
        400,
        "InvalidIdentityToken",
        "No OpenIDConnect provider found in your account for " + Tokens.ISSUER);

    assertThat(failure().remedy())
        .hasValueSatisfying(
            r ->
                assertThat(r)
                    .startsWith(
                        "Create an IAM OIDC identity provider for "
                            + Tokens.ISSUER
                            + " with client id sts.amazonaws.com in account 111122223333")
                    .contains(STATEMENT));
  }

  @Test
  void aWrongAudienceIsToBeAddedToTheProvider() {
    pod.token(
        Tokens.of(
            "{\"iss\":\""
                + Tokens.ISSUER
                + "\",\"sub\":\"system:serviceaccount:shop:orders\",\"aud\":\"mine\"}"));
    sts.answerWithError(400, "InvalidIdentityToken", "Incorrect token audience");

    ExchangeException e = failure();

    assertThat(e).hasMessageContaining("and audience mine");
    assertThat(e.remedy())
        .hasValueSatisfying(
            r ->
                assertThat(r)
                    .startsWith("Add mine to the client ids of the IAM OIDC identity provider")
                    .contains("eks.amazonaws.com/audience", ":aud\": \"mine\""));
  }

  @Test
  void aTokenThatCannotBeDecodedIsSaidToBeSo() {
    pod.token("not-a-json-web-token-at-all");
    sts.answerWithError(400, "InvalidIdentityToken", "The ID Token provided is not a valid JWT.");

    ExchangeException e = failure();

    assertThat(e).hasMessageContaining("nothing that can be decoded as a web identity token");
    assertThat(e.problem().id()).isEqualTo("IRSA-013");
    assertThat(e.problem().fact("issuer")).isEmpty();
    assertThat(e.remedy()).hasValueSatisfying(r -> assertThat(r).contains("AWS_WEB_IDENTITY"));
  }

  @Test
  void whatTheTokenSaysCannotBreakOutOfTheMessageOrThePolicy() {
    pod.token(
        Tokens.of(
            "{\"iss\":\"https://x\\\",\\n"
                + "\\\"y\",\"sub\":\"a\\r"
                + "\\n"
                + "b\\\\\",\"aud\":[\"c\",\"d\\\"\"]}"));
    sts.answerWithError(403, "AccessDenied", "Not authorized");

    ExchangeException e = failure();

    assertThat(e.getMessage()).doesNotContain("\n", "\r");
    assertThat(e.remedy())
        .hasValueSatisfying(
            r ->
                assertThat(r)
                    .contains(
                        "\"x\\\",\\u000a\\\"y:sub\": \"a\\u000d\\u000ab\\\\\"",
                        ":aud\": [\"c\", \"d\\\"\"]"));
  }

  @ParameterizedTest(name = "{0}: {2}")
  @CsvSource(
      delimiter = '|',
      value = {
        "RegionDisabledException|403|x|Activate STS for this region in account 111122223333",
        "ValidationError|400|The requested DurationSeconds exceeds the MaxSessionDuration set for"
            + " this role.|Ask for a shorter duration",
        "ValidationError|400|Request ARN is invalid|Correct the annotation",
        "MalformedPolicyDocument|400|x|Correct the JSON of the session policy",
        "PackedPolicyTooLarge|400|x|Shorten the session policy",
        "IDPCommunicationError|400|x|STS could not fetch the keys",
        "InvalidClientTokenId|403|x|Set AWS_REGION to a region of partition aws",
        "InvalidIdentityToken|400|HTTPS certificate doesn't match configured thumbprint|Update the"
            + " thumbprints",
        "InvalidIdentityToken|400|Something new|Check that the token was issued by",
        "IDPRejectedClaim|403|x|The issuer says",
        "ExpiredTokenException|400|x|The token in /var/run/secrets/eks.amazonaws.com",
        "SignatureDoesNotMatch|403|x|Lanyard does not sign this request",
      })
  void otherErrorsHaveTheirRemedy(String code, int status, String message, String remedy) {
    sts.answerWithError(status, code, message);

    assertThat(failure().remedy()).hasValueSatisfying(r -> assertThat(r).startsWith(remedy));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "7|7",
        "0|0",
        "Tue, 01 Jan 2030 00:10:42 GMT|42",
        "Tue, 01 Jan 2030 00:00:00 GMT|0",
        "soon|",
        "-1|",
      })
  void retryAfterIsSecondsOrADateOfTheServersClock(String header, Long seconds) {
    refuses(
        "ServiceUnavailable",
        "Sorry",
        503,
        Map.of("Retry-After", header, "Date", "Tue, 01 Jan 2030 00:10:00 GMT"));

    if (seconds == null) {
      assertThat(failure().retryAfter()).isEmpty();
    } else {
      assertThat(failure().retryAfter()).contains(Duration.ofSeconds(seconds));
    }
  }

  @ParameterizedTest(name = "{0} from Throttling, Retry-After kept")
  @ValueSource(ints = {400, 429, 503})
  void throttlingKeepsToRetryAfterWhateverItsStatus(int status) {
    refuses("Throttling", "Rate exceeded", status, Map.of("Retry-After", "42"));

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(FailureKind.TRANSIENT);
    assertThat(e.retryAfter()).contains(Duration.ofSeconds(42));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("causes")
  void onlyAPlainCauseIsKept(String what, IOException cause, boolean kept) {
    ExchangeException e = failure(clientThatFailsWith(cause));

    assertThat(e.kind()).isEqualTo(FailureKind.TRANSIENT);
    assertThat(e.getCause()).isEqualTo(kept ? cause : null);
    assertThat(e.problem().id()).isEqualTo("NET-011");
    assertThat(e.problem().fact("STS client")).contains("the application's own");
    assertThat(Secrets.said(e)).doesNotContain(Tokens.token(1).split("\\.", -1));
  }

  /** What the SDK throws for an application's own HTTP client may say anything. */
  private static StsClient clientThatFailsWith(IOException cause) {
    return new StsClient() {
      @Override
      public AssumeRoleWithWebIdentityResponse assumeRoleWithWebIdentity(
          AssumeRoleWithWebIdentityRequest request) {
        throw SdkClientException.create("failed", cause);
      }

      @Override
      public String serviceName() {
        return SERVICE_NAME;
      }

      @Override
      public void close() {}
    };
  }

  private ExchangeException failure(StsClient client) {
    IrsaSource source =
        new IrsaSource(
            new IrsaOptions(
                Optional.empty(),
                Optional.empty(),
                Sessions.of(IrsaCredentialsProvider.builder().stsClient(client))));
    return catchThrowableOfType(
        ExchangeException.class, () -> pod.exchange(source).exchange(new TestContext()));
  }

  static List<Arguments> causes() {
    IOException deep = new IOException("end");
    for (int i = 0; i < 30; i++) {
      deep = new IOException("link", deep);
    }
    IOException suppressing = new IOException("reset");
    suppressing.addSuppressed(new IOException(Tokens.token(1)));
    return List.of(
        Arguments.of("plain", new IOException("reset"), true),
        Arguments.of("plain with a cause", new IOException("a", new IOException("b")), true),
        Arguments.of("says the token", new IOException(Tokens.token(1)), false),
        Arguments.of(
            "says a part of the token",
            new IOException("at " + Tokens.token(1).split("\\.", -1)[1]),
            false),
        Arguments.of(
            "its cause says the token",
            new IOException("a", new IOException(Tokens.token(1))),
            false),
        Arguments.of("what it suppressed says the token", suppressing, false),
        Arguments.of("a chain too long to look through", deep, false));
  }

  @ParameterizedTest
  @CsvSource({
    "500,TRANSIENT",
    "502,TRANSIENT",
    "503,TRANSIENT",
    "408,TRANSIENT",
    "429,TRANSIENT",
    "400,MISCONFIGURED",
    "403,MISCONFIGURED",
    "404,MISCONFIGURED",
    "407,MISCONFIGURED",
    "301,MISCONFIGURED",
    "308,MISCONFIGURED",
  })
  void whatAProxyAnswersIsNotRepeated(int status, FailureKind kind) {
    sts.answerWith(
        status,
        Map.of("Location", "http://127.0.0.1:1/"),
        "<html><body>secret of the proxy: " + Tokens.token(1) + "</body></html>");

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(kind);
    assertThat(e.code()).isEmpty();
    assertThat(e.status()).hasValue(status);
    assertThat(e)
        .hasMessageStartingWith(
            "something other than STS answered when this pod asked to assume role " + Pod.ROLE)
        .hasMessageContaining(status + " without an error code of STS, " + sts.endpoint())
        .hasMessageNotContaining("secret");
    assertThat(e.remedy())
        .hasValueSatisfying(r -> assertThat(r).contains("proxy, service mesh or load balancer"));
    assertThat(e.answeredAt()).as("a clock of somebody else").isEmpty();
    assertThat(e.problem().id()).isEqualTo("STS-007");
    assertThat(e.problem().fact("status")).contains(String.valueOf(status));
    assertThat(requests()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "<html>secret</html>,MISCONFIGURED",
    "secret,MISCONFIGURED",
    "'',MISCONFIGURED",
    "<GetCallerIdentityResponse>secret</GetCallerIdentityResponse>,MISCONFIGURED",
    "<AssumeRoleWithWebIdentityResponse><secret,TRANSIENT",
    "<AssumeRoleWith,TRANSIENT",
  })
  void anAnswerThatIsNoAnswerIsTransientOnlyIfStsBeganItAndIsNotRepeated(
      String body, FailureKind kind) {
    sts.answerWith(200, "text/xml", body);

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(kind);
    assertThat(Secrets.said(e)).doesNotContain("secret");
    assertThat(e.problem().id())
        .isEqualTo(kind == FailureKind.MISCONFIGURED ? "STS-007" : "STS-008");
    if (kind == FailureKind.MISCONFIGURED) {
      assertThat(e.status()).hasValue(200);
      assertThat(e).hasMessageContaining("something other than STS answered");
    }
  }

  /** What has a code, and is not of STS. */
  private static final String OF_S3 =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>AccessDenied</Code>"
          + "<Message>Access Denied</Message></Error>";

  private static final String OF_IAM =
      "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error>"
          + "<Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error>"
          + "</ErrorResponse>";

  private static final String JSON =
      "{\"__type\":\"AccessDeniedException\",\"Error\":{\"Code\":\"AccessDenied\"}}";

  private static final String NO_CODE =
      "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error/></ErrorResponse>";

  private static final String BLANK_CODE =
      NO_CODE.replace("<Error/>", "<Error><Code> </Code><Message>no</Message></Error>");

  static List<String> errorsOfOthers() {
    return List.of(OF_S3, OF_IAM, JSON, NO_CODE, BLANK_CODE, "", "AccessDenied", "<AccessDenied/>");
  }

  @ParameterizedTest
  @MethodSource("errorsOfOthers")
  void aCodeThatIsNotInTheFormOfStsIsNoRefusal(String body) {
    sts.answerWith(403, Map.of("x-amzn-ErrorType", "AccessDeniedException"), body);

    assertIsNoRefusal(failure());
  }

  @ParameterizedTest
  @MethodSource("errorsOfOthers")
  void norIsItWithAClientOfTheApplication(String body) {
    sts.answerWith(403, Map.of("x-amzn-ErrorType", "AccessDeniedException"), body);

    try (StsClient client = client()) {
      assertIsNoRefusal(failure(client));
    }
  }

  private static void assertIsNoRefusal(ExchangeException e) {
    assertThat(e.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(e.code()).isEmpty();
    assertThat(e.status()).hasValue(403);
    assertThat(e).hasMessageContaining("something other than STS answered");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<html>secret</html>",
        "<!DOCTYPE html><html><body>secret<br></body></html>",
        "secret"
      })
  void aPageThatAClientOfTheApplicationTakesForAnAnswerIsAMisconfiguration(String body) {
    sts.answerWith(200, "text/html", body);

    try (StsClient client = client()) {
      ExchangeException e = failure(client);

      assertThat(e.kind()).isEqualTo(FailureKind.MISCONFIGURED);
      assertThat(Secrets.said(e)).doesNotContain("secret");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">",
        "<ErrorResponse xmlns=\"http://webservices.amazon.com/AWSFault/2005-15-09\">",
        "<?xml version=\"1.0\"?>\n"
            + "<ErrorResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'>",
        "<ErrorResponse>",
      })
  void theFormsOfStsAreItsOwn(String root) {
    String error =
        root
            + "<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error>"
            + "</ErrorResponse>";
    sts.answerWith(403, "text/xml", error);

    try (StsClient client = client()) {
      for (ExchangeException e : List.of(failure(), failure(client))) {
        assertThat(e.kind()).isEqualTo(FailureKind.REJECTED);
        assertThat(e.code()).contains("AccessDenied");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {403, 503})
  void somebodyElseMaySayWhenToComeBack(int status) {
    sts.answerWith(status, Map.of("Retry-After", "60"), "<html/>");

    assertThat(failure().retryAfter()).contains(Duration.ofMinutes(1));
  }

  private StsClient client() {
    return StsClient.builder()
        .region(Region.EU_WEST_1)
        .endpointOverride(sts.endpoint())
        .credentialsProvider(AnonymousCredentialsProvider.create())
        .overrideConfiguration(o -> o.retryStrategy(AwsRetryStrategy.doNotRetry()))
        .build();
  }

  @Test
  void anExpirationThatDoesNotParseIsTransientAndNotRepeated() {
    sts.answerWith(
        200,
        "text/xml",
        ScriptedSts.success("ASIAEXAMPLEEXAMPLE01").replace("2030-01-01T01:00:00Z", "secret"));

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(FailureKind.TRANSIENT);
    assertThat(Secrets.said(e)).doesNotContain("secret");
  }

  @Test
  void anEndlessAnswerIsGivenUpAndIsNotThatOfSts() {
    sts.answerWith(200, "text/xml", "<a>" + " ".repeat(2_000_000) + "</a>");

    assertIsOfSomebodyElse(failure(), "the answer has more than 1048576 bytes");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SSH-2.0-OpenSSH_9.2|the answer is not HTTP",
        "220 mail.example ESMTP|the answer is not HTTP",
        "HTTP/2 200|the answer is not HTTP",
        "'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip'|the answer has a transfer encoding that was"
            + " not asked for",
        "'HTTP/1.1 200 OK\r\nContent-Encoding: gzip'|the answer is compressed, which was not"
            + " asked for",
      })
  void whatIsNoAnswerOfStsSaysWhatWasSeenAndThatSomebodyElseAnswers(String said, String seen) {
    try (Peer somebodyElse = Peer.that(Behaviour.raw(said + "\r\n\r\n"))) {
      pod.sts(somebodyElse.uri());

      assertIsOfSomebodyElse(failure(), seen);
    }
  }

  @Test
  void whatIsTooLongFromAServerInTroubleIsTransient() {
    sts.answerWith(500, "text/html", " ".repeat(2_000_000));

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(FailureKind.TRANSIENT);
    assertThat(e.status()).hasValue(500);
  }

  private static void assertIsOfSomebodyElse(ExchangeException e, String seen) {
    assertThat(e.problem().id()).isEqualTo("STS-007");
    assertThat(e.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(e)
        .hasMessageStartingWith("what answered is not STS, or not whole: " + seen + " (http://");
    assertThat(e.remedy())
        .hasValueSatisfying(
            r ->
                assertThat(r)
                    .startsWith("This does not look like an answer of STS")
                    .doesNotContain("network policies"));
  }

  @Test
  void whatAnApplicationsOwnClientSaysOfAnAnswerIsNotRepeated() {
    ExchangeException e =
        failure(clientThatFailsWith(new ProtocolException("at " + Tokens.token(1))));

    assertThat(e).hasMessageStartingWith("what answered is not STS, or not whole (");
    assertThat(Secrets.said(e)).doesNotContain(Tokens.token(1).split("\\.", -1));
  }

  @Test
  void norIsASecretInWhatAnApplicationsOwnClientTakesForARefusal() {
    String token = Tokens.token(1);
    try (StsClient client = client()) {
      refuses("InvalidIdentityToken", "it is " + token, 400, Map.of());
      ExchangeException inWords = failure(client);
      refuses(token, "it is invalid", 400, Map.of());
      ExchangeException inCode = failure(client);

      assertThat(inWords.code()).hasValue("InvalidIdentityToken");
      assertThat(inCode).hasMessageContaining("it is invalid (400 ");
      assertThat(Secrets.said(inWords) + Secrets.said(inCode))
          .doesNotContain(token.split("\\.", -1));
    }
  }

  @Test
  void aRefusedConnectionIsTransient() {
    sts.goDown();

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(FailureKind.TRANSIENT);
    assertThat(e).hasMessage("no connection to STS (" + sts.endpoint() + ")");
    assertThat(e.problem().id()).isEqualTo("NET-002");
    assertThat(e.problem().fact("endpoint")).contains(sts.endpoint().toString());
    assertThat(e).hasCauseInstanceOf(IOException.class);
    assertThat(e.remedy())
        .hasValueSatisfying(
            r -> assertThat(r).contains("network policies", "VPC interface endpoint"));
  }

  @Test
  void anUnknownHostIsTransient() {
    pod.sts(URI.create("http://" + Pod.NO_HOST));

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(FailureKind.TRANSIENT);
    assertThat(e).hasMessageStartingWith("the host name of the STS endpoint does not resolve");
    assertThat(e.problem().id()).isEqualTo("NET-003");
  }

  @Test
  void aConnectionWithoutAnAnswerIsTransientAndAskedOnce() {
    sts.closeWithoutAnswering();

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(FailureKind.TRANSIENT);
    assertThat(e.problem().id()).isIn("NET-006", "NET-011");
    assertThat(requests()).as("a POST that the JDK does not repeat").isEqualTo(1);
  }

  @Test
  void aServerThatSpeaksNoTlsIsTransientAndNamedSo() {
    try (Peer plain =
        Peer.atOnce(
            (nothing, connection) -> {
              connection.getInputStream().read();
              Behaviour.raw("HTTP/1.1 400 No\r\n\r\n").meet(nothing, connection);
              connection.shutdownOutput();
              connection.getInputStream().readAllBytes();
            })) {
      pod.sts(URI.create("https://127.0.0.1:" + plain.port()));

      ExchangeException e = failure();

      assertThat(e.kind()).isEqualTo(FailureKind.TRANSIENT);
      assertThat(e).hasMessageStartingWith("no secure connection to STS");
      assertThat(e.problem().id()).isEqualTo("NET-005");
      assertThat(e.remedy()).hasValueSatisfying(r -> assertThat(r).contains("trust store"));
    }
  }

  private ExchangeException failure() {
    return catchThrowableOfType(
        ExchangeException.class, () -> pod.exchange().exchange(new TestContext()));
  }
}
