package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.peer.Peer;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.Redaction;
import dev.lanyard.testing.FakeEks;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the agent says when it says no, and what becomes of it. */
class AgentFailuresTest {

  private static final FakeEks EKS = FakeEks.builder().clock(() -> TestContext.NOW).start();

  @AfterAll
  static void closeTheCluster() {
    EKS.close();
  }

  private static ExchangeException answer(String status, String body, String... headers) {
    Agents.says(EKS.agent(), status, body, headers);
    return Exchanges.failure(EKS.agent().endpoint().toString());
  }

  @Test
  void aMissingAssociationIsARejectionThatNamesTheServiceAccount() throws Exception {
    ExchangeException failure =
        answer(
            "404 Not Found",
            "[3f1c7a52-0c5e-4d0a-9d59-1d6c3f7e0a11]: (ResourceNotFoundException): There is no"
                + " association for this token., fault: client\n",
            "Content-Type: text/plain; charset=utf-8");

    assertThat(failure.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(failure.status()).hasValue(404);
    assertThat(failure.code()).contains("ResourceNotFoundException");
    assertThat(failure.requestId()).contains("3f1c7a52-0c5e-4d0a-9d59-1d6c3f7e0a11");
    assertThat(failure.getMessage())
        .endsWith(
            "refused the exchange (404 ResourceNotFoundException, request"
                + " 3f1c7a52-0c5e-4d0a-9d59-1d6c3f7e0a11): There is no association for this"
                + " token.");
    assertThat(failure.remedy())
        .hasValueSatisfying(
            remedy ->
                assertThat(remedy)
                    .startsWith(
                        "Create a Pod Identity association for service account orders in namespace"
                            + " shop")
                    .contains("--namespace shop --service-account orders"));
  }

  @Test
  void aTrustPolicyThatDoesNotAdmitTheServiceIsPrintedAsItShouldBe() throws Exception {
    ExchangeException failure =
        answer(
            "400 Bad Request",
            "[id]: (AccessDeniedException): Unauthorized Exception! EKS does not have permissions"
                + " to assume the associated role., fault: client\n");

    assertThat(failure.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(failure)
        .hasMessageContaining(
            "Unauthorized Exception! EKS does not have permissions to assume the associated role.");
    assertThat(failure.remedy())
        .hasValueSatisfying(
            remedy ->
                assertThat(remedy)
                    .contains(
                        "{\"Effect\": \"Allow\", \"Principal\": {\"Service\":"
                            + " \"pods.eks.amazonaws.com\"}, \"Action\": [\"sts:AssumeRole\","
                            + " \"sts:TagSession\"]}")
                    .contains("eks-auth:AssumeRoleForPodIdentity"));
  }

  @ParameterizedTest
  @CsvSource({
    "400 Bad Request, Service account token cannot be empty,"
        + " AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "400 Bad Request, Service account token cannot be parsed: token is malformed, projected token",
    "400 Bad Request, Service account token failed basic claim validations: token is expired,"
        + " kubelet",
    "400 Bad Request, '[id]: (ExpiredTokenException): Token is expired, fault: client', kubelet",
    "400 Bad Request, '[id]: (InvalidTokenException): Wrong audience, fault: client', audience",
    "403 Forbidden, 'Access Denied. Called agent through invalid address, please use either"
        + " [169.254.170.23 fd00:ec2::23] address not localhost', by its own address",
    "404 Not Found, 404 page not found, /v1/credentials",
    "400 Bad Request, '{\"code\":\"InvalidIdInRequest\",\"message\":\"no task\","
        + "\"HTTPErrorCode\":400}', RELATIVE_URI",
  })
  void aRefusalIsARejectionWithARemedy(String status, String body, String remedy) throws Exception {
    ExchangeException failure = answer(status, body, "Location: http://127.0.0.1:9/");

    assertThat(failure.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(failure.remedy()).hasValueSatisfying(r -> assertThat(r).contains(remedy));
  }

  @ParameterizedTest
  @CsvSource({
    "429 Too Many Requests, Too Many Requests, '', TRANSIENT",
    "429 Too Many Requests, '[id]: (ThrottlingException): Slow, fault: client',"
        + " ThrottlingException, TRANSIENT",
    "400 Bad Request, '[id]: (ThrottlingException): Slow, fault: client', ThrottlingException,"
        + " TRANSIENT",
    "500 Internal Server Error, [], '', TRANSIENT",
    "400 Bad Request, '[id]: (InternalServerException): Oh, fault: server',"
        + " InternalServerException, TRANSIENT",
    "400 Bad Request, '[id]: (ServiceUnavailableException): Soon, fault: server',"
        + " ServiceUnavailableException, TRANSIENT",
    "400 Bad Request, '{\"code\":\"CredentialsUninitialized\",\"message\":\"wait\"}',"
        + " CredentialsUninitialized, TRANSIENT",
    "500 Internal Server Error, '[]: (InternalServerException): Oh, fault: server',"
        + " InternalServerException, TRANSIENT",
    "503 Service Unavailable, '{\"code\":\"CredentialsUninitialized\",\"message\":\"wait\"}',"
        + " CredentialsUninitialized, TRANSIENT",
    "502 Bad Gateway, <html>proxy</html>, '', TRANSIENT",
    "408 Request Timeout, '', '', TRANSIENT",
    "400 Bad Request, '[id]: (SomethingNewException): Oh, fault: client', SomethingNewException,"
        + " REJECTED",
    "400 Bad Request, '{\"code\":\"NoCredentialsAssociated\",\"message\":\"none\"}',"
        + " NoCredentialsAssociated, REJECTED",
    "503 Service Unavailable, no healthy upstream, '', TRANSIENT",
    "429 Too Many Requests, local_rate_limited, '', TRANSIENT",
  })
  void tellsWhatMayWorkNextTimeFromWhatWillNot(
      String status, String body, String code, FailureKind kind) throws Exception {
    ExchangeException failure = answer(status, body);

    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure.code().orElse("")).isEqualTo(code);
    assertThat(failure.status()).hasValue(Integer.parseInt(status.substring(0, 3)));
  }

  @Test
  void theAgentsWordsAreInTheMessageWhateverTheirForm() throws Exception {
    assertThat(answer("500 Internal Server Error", "no credentials on the node\n"))
        .hasMessageEndingWith("could not answer the exchange (500): no credentials on the node");
    assertThat(answer("400 Bad Request", "{\"code\":\"NoIdInRequest\",\"message\":\"no id\"}"))
        .hasMessageEndingWith("refused the exchange (400 NoIdInRequest): no id");
    assertThat(answer("200 OK", "{\"Code\":\"Failed\",\"Message\":\"not yet\"}"))
        .hasMessageStartingWith("something other than the agent answered at ")
        .hasMessageEndingWith(" (200 Failed): not yet");
  }

  @ParameterizedTest
  @CsvSource({
    "204 No Content, '', a service mesh",
    "301 Moved Permanently, '', Lanyard follows no redirect",
    "302 Found, moved, Lanyard follows no redirect",
    "302 Found, '[id]: (AccessDeniedException): no, fault: client', Lanyard follows no redirect",
    "200 OK, '{\"Code\":\"NoIdInRequest\",\"Message\":\"no id\"}', a service mesh",
    "400 Bad Request, <html>400</html>, a service mesh",
    "401 Unauthorized, who, a service mesh",
    "403 Forbidden, RBAC: access denied, a service mesh",
    "403 Forbidden, '{\"message\":\"Forbidden\"}', a service mesh",
    "403 Forbidden, '{\"code\":\"AccessDeniedException\",\"message\":\"no\"}', a service mesh",
    "403 Forbidden, 404 page not found, a service mesh",
    "404 Not Found, '', a service mesh",
    "404 Not Found, '{\"__type\":\"ResourceNotFoundException\"}', a service mesh",
    "404 Not Found, <html>nginx</html>, a service mesh",
    "404 Not Found, ResourceNotFoundException, a service mesh",
    "404 Not Found, nginx: 404 page not found, a service mesh",
    "407 Proxy Authentication Required, '', a service mesh",
    "410 Gone, '', a service mesh",
    "200 OK, '{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"no trust\"}', mesh",
    "200 OK, '{\"Code\":\"AccessDeniedException\",\"Message\":\"no trust\"}', a service mesh",
    "200 OK, '{\"Code\":7,\"Message\":\"no trust\"}', a service mesh",
    "200 OK, <html>sign in</html>, a service mesh",
    "200 OK, '[id]: (AccessDeniedException): no, fault: client', a service mesh",
  })
  void whatTheAgentDoesNotSayRefusesNothing(String status, String body, String remedy)
      throws Exception {
    ExchangeException failure = answer(status, body, "Location: http://127.0.0.1:9/");

    assertThat(failure.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(failure.status()).hasValue(Integer.parseInt(status.substring(0, 3)));
    assertThat(failure).hasMessageStartingWith("something other than the agent answered");
    assertThat(failure.remedy()).hasValueSatisfying(r -> assertThat(r).contains(remedy));
  }

  @Test
  void aRefusalThatRepeatsTheTokenIsARefusalAllTheSame() throws Exception {
    ExchangeException failure =
        answer(
            "400 Bad Request",
            "[id]: (InvalidTokenException): not good: " + Tokens.TOKEN + ", fault: client");

    assertThat(failure.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(failure).hasMessageEndingWith("refused the exchange (400)");
    assertThat(Exchanges.everythingIn(failure)).doesNotContain(Tokens.PIECES);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Service account token failed claim validations: missing claim: aud",
        "JWT signature validation failed: cryptographic validation failed: crypto/rsa",
      })
  void theRefusalsOfAgent02AreTheAgentsOwn(String text) throws Exception {
    ExchangeException failure = answer("400 Bad Request", text + "\n");

    assertThat(failure.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(failure).hasMessageEndingWith("refused the exchange (400): " + text);
    assertThat(failure.remedy())
        .hasValueSatisfying(r -> assertThat(r).contains("projected token of this pod"));
  }

  @Test
  void aClusterThatEksDoesNotKnowIsNotCuredByAnAssociation() throws Exception {
    ExchangeException failure =
        answer(
            "404 Not Found",
            "[id]: (ResourceNotFoundException): No cluster found for name: shop., fault: client");

    assertThat(failure.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(failure.remedy())
        .hasValueSatisfying(
            remedy ->
                assertThat(remedy)
                    .contains("--cluster-name", "EKS_CLUSTER_NAME")
                    .doesNotContain("create-pod-identity-association"));
  }

  @Test
  void anHtmlPageAndJsonThatCannotBeReadAreNotRepeated() throws Exception {
    assertThat(answer("502 Bad Gateway", "<html><h1>Squid</h1></html>"))
        .hasMessageEndingWith("(502)");
    assertThat(answer("500 Oops", "{\"message\":\"broken off")).hasMessageEndingWith("(500)");
  }

  @ParameterizedTest
  @CsvSource({
    "7, PT7S",
    "0, PT0S",
    "'Tue, 01 Jan 2030 00:01:00 GMT', PT1M",
    "'Mon, 31 Dec 2029 23:00:00 GMT',",
    "soon,",
    "-5,",
    "99999999999999999999,",
  })
  void keepsHowLongTheAgentAsksToWait(String value, Duration wait) throws Exception {
    assertThat(answer("429 Too Many Requests", "Too Many Requests", "Retry-After: " + value))
        .extracting(ExchangeException::retryAfter)
        .isEqualTo(Optional.ofNullable(wait));
  }

  @Test
  void aRetryAfterThatIsADateCountsFromTheAgentsClock() throws Exception {
    assertThat(
            answer(
                "503 Busy",
                "",
                "Date: Tue, 01 Jan 2030 12:00:00 GMT",
                "Retry-After: Tue, 01 Jan 2030 12:00:30 GMT"))
        .extracting(ExchangeException::retryAfter)
        .isEqualTo(Optional.of(Duration.ofSeconds(30)));
  }

  @Test
  void wordsAreBoundedAndCannotForgeALogLine() {
    AgentMessage message =
        message("one\r\n2030-01-01 ERROR forged\u001b[31m\u2028\u202etext" + "x".repeat(2000));

    assertThat(message.text())
        .hasValueSatisfying(
            text ->
                assertThat(text)
                    .startsWith("one  2030-01-01 ERROR forged [31m  text")
                    .hasSize(AgentMessage.MAX_TEXT + 1)
                    .endsWith("…"));
  }

  @Test
  void wordsThatHoldTheTokenAreLeftOutWithAllThatIsBesideThem() {
    String token = Tokens.TOKEN;
    String signature = token.substring(token.lastIndexOf('.') + 1);
    for (String text :
        new String[] {
          token,
          "bad token " + token,
          "bad token " + token.substring(10, 40),
          "bad signature " + signature,
          "bad token " + token.replaceAll("(.{8})", "$1\n"),
          "[id]: (BadRequest): bad token " + token + ", fault: client",
          "[" + signature + "]",
          "[id]: (" + signature + "): oh, fault: client",
          "{\"message\":\"" + token + "\",\"code\":\"Bad\"}",
          "{\"message\":\"bad\",\"code\":\"" + signature + "\"}",
          "{\"message\":\"bad\",\"code\":\"Bad\",\"echo\":\"" + token + "\"}",
          "{\"message\":\"" + escaped(token) + "\",\"code\":\"Bad\"}",
          " ".repeat(400) + token,
          "bad token " + token.toUpperCase(Locale.ROOT),
          "bad token " + token.toLowerCase(Locale.ROOT),
          "bad token " + percentEncoded(token),
          "bad token " + percentEncoded(percentEncoded(token)),
          "bad token " + escaped(token),
          "bad token " + escaped(token).replace("\\u00", "\\x"),
          "bad token " + escaped(token).replaceAll("\\\\u(....)", "&#x$1;"),
          "bad token " + base64("Authorization: " + token),
          "bad token " + base64("=Authorization: " + token),
          "bad token " + base64("==Authorization: " + token),
          "bad token " + token.replace(".", "\", \"").replaceAll("(.{12})", "$1\", \""),
          "bad token " + token.substring(0, 14) + " and so on",
          "{\"message\":\"bad\",\"code\":\"Bad\",\"requestId\":\"" + escaped(signature) + "\"}",
        }) {
      assertThat(message(text))
          .isEqualTo(new AgentMessage(Optional.empty(), Optional.empty(), Optional.empty()));
    }
  }

  @Test
  void wordsThatSpeakOfSecretsAreLeftOut() {
    assertThat(message("cannot cache SecretAccessKey=abc").text()).isEmpty();
    assertThat(message("{\"message\":\"session Token: abc\"}").text()).isEmpty();
  }

  @Test
  void keysThatNobodyAnnouncesAreLeftOut() throws Exception {
    for (String text :
        new String[] {
          "cannot cache " + Tokens.SECRET_ACCESS_KEY + "/" + Tokens.SESSION_TOKEN,
          "cannot cache [" + Tokens.SECRET_ACCESS_KEY + "]",
          "[id]: (Oops): cannot use " + Tokens.SECRET_ACCESS_KEY + ", fault: server",
          "cannot cache " + base64("IQoJb3JpZ2luX2VjEA" + "session".repeat(20)),
        }) {
      ExchangeException failure = answer("500 Internal Server Error", text);

      assertThat(failure).hasMessageEndingWith("could not answer the exchange (500)");
      assertThat(Exchanges.everythingIn(failure)).doesNotContain(Tokens.PIECES);
    }
  }

  @Test
  void whatAHiddenPathOrQueryHoldsIsNotRepeated() throws Exception {
    String task = "0f8fad5b-d9cb-469f-a165-70867728950e";
    for (String[] scene :
        new String[][] {
          {"/v2/credentials/" + task, "no task " + task, ""},
          {"/v2/credentials/" + task, "no task " + percentEncoded(task), ""},
          {"/v2/credentials/" + task, "no task " + base64(task), ""},
          {
            "/v2/credentials/" + task,
            "no credentials for this task",
            ": no credentials for this task"
          },
          {"/creds?pin=4711", "wrong pin 4711", ""},
          {"/creds?pin=4711", "wrong pin", ": wrong pin"},
        }) {
      Agents.says(EKS.agent(), "500 Internal Server Error", scene[1]);
      ExchangeException failure =
          Exchanges.failure(EKS.agent().endpoint().resolve(scene[0]).toString());

      assertThat(failure).hasMessageEndingWith("could not answer the exchange (500)" + scene[2]);
    }
  }

  @Test
  void aShortTokenIsFoundAsWell() {
    assertThat(
            AgentMessage.of("not abc".getBytes(StandardCharsets.UTF_8), Redaction.of("abc")).text())
        .isEmpty();
    assertThat(
            AgentMessage.of("not abd".getBytes(StandardCharsets.UTF_8), Redaction.of("abc")).text())
        .contains("not abd");
  }

  @Test
  void noServiceAccountIsReadFromWhatIsNoToken() {
    assertThat(ServiceAccount.of("Basic abc")).isEmpty();
    assertThat(ServiceAccount.of("a.b.c")).isEmpty();
    assertThat(ServiceAccount.of("a.*.c")).isEmpty();
    assertThat(ServiceAccount.of("a.e30.c")).isEmpty();
    assertThat(ServiceAccount.of(Tokens.TOKEN)).contains(new ServiceAccount("shop", "orders"));
  }

  @Test
  void aTokenOfPunctuationOrWithEscapesInItIsFoundAsWell() {
    for (String token : new String[] {"+/=-_.~+/=-_.~", "Basic YWJjOmRl%2Fk%3D", "--"}) {
      for (String echo : new String[] {token, percentEncoded(token)}) {
        assertThat(
                AgentMessage.of(
                        ("bad token " + echo).getBytes(StandardCharsets.UTF_8), Redaction.of(token))
                    .text())
            .as(echo)
            .isEmpty();
      }
    }
  }

  @Test
  void wordsThatAreNotTheTokensAreKept() {
    for (String words :
        new String[] {
          "no association for system:serviceaccount:shop:orders",
          "the token is malformed: illegal base64 data at input byte 6",
          "100% of calls failed; see https://docs.aws.amazon.com/eks/latest/userguide/pod-ids.html",
          "caf\u00e9 &amp; \\u00zz %zz",
        }) {
      assertThat(message(words).text()).contains(words);
    }
  }

  @Test
  void aFieldOfAJsonFailureIsReadWhateverTheCaseOfItsName() {
    assertThat(message("\uFEFF{\"Message\":\"no\",\"CODE\":\"Bad\",\"RequestId\":\"r-1\"}"))
        .isEqualTo(new AgentMessage(Optional.of("no"), Optional.of("Bad"), Optional.of("r-1")));
    assertThat(message("{\"message\":[\"no\"],\"code\":{},\"requestId\":\"a b\"}"))
        .isEqualTo(AgentMessage.NONE);
  }

  @Test
  void theLastAddressOfANameIsToldForWhatItDid() throws Exception {
    // It goes away in the middle of the handshake.
    try (Peer agent = Peer.atOnce((nothing, connection) -> connection.getInputStream().read())) {
      ExchangeException failure =
          Exchanges.failure(
              Exchanges.with(
                  "https://agent.example:" + agent.port() + "/v1/credentials",
                  Tokens.TOKEN,
                  Exchanges.Names.of(
                      Map.of("agent.example", new String[] {"127.0.0.1", "127.0.0.2"}))),
              new TestContext());

      assertThat(failure).hasMessageEndingWith(" cannot be reached (ConnectException)");
    }
  }

  private static String percentEncoded(String text) {
    StringBuilder encoded = new StringBuilder();
    text.chars().forEach(c -> encoded.append(String.format("%%%02X", c)));
    return encoded.toString();
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static AgentMessage message(String body) {
    return AgentMessage.of(body.getBytes(StandardCharsets.UTF_8), Redaction.of(Tokens.TOKEN));
  }

  private static String escaped(String text) {
    StringBuilder escaped = new StringBuilder();
    text.chars().forEach(c -> escaped.append(String.format("\\u%04x", c)));
    return escaped.toString();
  }
}
