package dev.lanyard.podidentity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanyard.podidentity.Exchanges.Names;
import dev.lanyard.spi.Detection;
import dev.lanyard.spi.Environment;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.ExchangeException.Kind;
import dev.lanyard.spi.SessionCredentials;
import java.net.URI;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AgentExchangeTest {
  @TempDir private Path directory;

  private AgentExchange fromFile(WireAgent agent, Path file) throws Misconfiguration {
    return new AgentExchange(
        Endpoint.full(agent.uri(), "the URI"),
        new AuthorizationToken.File(file, "/the/token"),
        Names.of(Map.of()));
  }

  @Test
  void sendsTheBareTokenAndNothingThatIsNotAskedFor() throws Exception {
    try (WireAgent agent = WireAgent.answeringWell()) {
      Exchanges.with(agent.uri() + "?a=b%2Fc", Tokens.TOKEN).exchange(new TestContext());

      assertThat(agent.requests())
          .singleElement()
          .satisfies(
              head ->
                  assertThat(head)
                      .containsExactlyInAnyOrder(
                          "GET /v1/credentials?a=b%2Fc HTTP/1.1",
                          "Host: 127.0.0.1:" + agent.port(),
                          "Authorization: " + Tokens.TOKEN,
                          "Accept: application/json",
                          "User-Agent: lanyard",
                          "Connection: close"));
    }
  }

  @Test
  void sendsNoAuthorizationWhereNoTokenIsConfigured() throws Exception {
    try (WireAgent agent = WireAgent.answeringWell()) {
      Environment ecs =
          Environment.of(
              Map.of(
                  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                  "/v2/credentials/id",
                  "AWS_CONTAINER_SERVICE_ENDPOINT",
                  "http://127.0.0.1:" + agent.port()));
      Detection.Present present = (Detection.Present) new PodIdentitySource().detect(ecs);

      present.exchange().exchange(new TestContext());

      assertThat(agent.requests().get(0)).contains("GET /v2/credentials/id HTTP/1.1");
      assertThat(agent.header(0, "Authorization")).isNull();
    }
  }

  @Test
  void writesTheHostOfAnIpv6EndpointInBrackets() throws Exception {
    try (WireAgent agent = WireAgent.at("::1", WireAgent.text("200 OK", Tokens.GOOD_BODY))) {
      Exchanges.with("http://[::1]:" + agent.port() + "/", Tokens.TOKEN)
          .exchange(new TestContext());

      assertThat(agent.header(0, "Host")).isEqualTo("[::1]:" + agent.port());
    }
  }

  @Test
  void aPathWithTwoSlashesDoesNotBecomeAHost() throws Exception {
    try (WireAgent agent = WireAgent.answeringWell()) {
      Exchanges.with("http://127.0.0.1:" + agent.port() + "//evil.example/x", Tokens.TOKEN)
          .exchange(new TestContext());

      assertThat(agent.requests().get(0)).contains("GET //evil.example/x HTTP/1.1");
      assertThat(agent.header(0, "Host")).isEqualTo("127.0.0.1:" + agent.port());
    }
  }

  @Test
  void aPathBeyondAsciiGoesOutPercentEncoded() throws Exception {
    try (WireAgent agent = WireAgent.answeringWell()) {
      Exchanges.with(agent.uri() + "/\u00fc?\u20ac", Tokens.TOKEN).exchange(new TestContext());

      assertThat(agent.requests().get(0)).contains("GET /v1/credentials/%C3%BC?%E2%82%AC HTTP/1.1");
    }
  }

  @Test
  void readsAllThatTheAgentSays() throws Exception {
    try (WireAgent agent =
        WireAgent.answering("200 OK", Tokens.GOOD_BODY, "Date: Tue, 01 Jan 2030 00:00:07 GMT")) {
      SessionCredentials credentials =
          Exchanges.with(agent.uri(), Tokens.TOKEN).exchange(new TestContext());

      assertThat(credentials.accessKeyId()).isEqualTo(Tokens.ACCESS_KEY_ID);
      assertThat(credentials.secretAccessKey()).isEqualTo(Tokens.SECRET_ACCESS_KEY);
      assertThat(credentials.sessionToken()).isEqualTo(Tokens.SESSION_TOKEN);
      assertThat(credentials.expiration()).isEqualTo(Instant.parse("2030-01-01T06:00:00Z"));
      assertThat(credentials.accountId()).contains("111122223333");
      assertThat(credentials.answeredAt()).contains(Instant.parse("2030-01-01T00:00:07Z"));
    }
  }

  @Test
  void aDateThatIsNoneIsNoReasonToFail() throws Exception {
    try (WireAgent agent = WireAgent.answering("200 OK", Tokens.GOOD_BODY, "Date: today")) {
      assertThat(Exchanges.with(agent.uri(), Tokens.TOKEN).exchange(new TestContext()).answeredAt())
          .isEmpty();
    }
  }

  @Test
  void keepsNoConnectionAndNoThread() throws Exception {
    CountDownLatch hungUp = new CountDownLatch(2);
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    try (WireAgent agent = WireAgent.answeringWell()) {
      AgentExchange exchange = Exchanges.with(agent.uri(), Tokens.TOKEN);
      // The peer keeps its side open: it is the exchange that hangs up.
      agent.behave(
          (socket, out) -> {
            WireAgent.text("200 OK", Tokens.GOOD_BODY).answer(socket, out);
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            hungUp.countDown();
          });

      exchange.exchange(new TestContext());
      exchange.exchange(new TestContext());

      assertThat(agent.connections()).isEqualTo(2);
      assertThat(hungUp.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(Thread.getAllStackTraces().keySet())
          .filteredOn(thread -> !before.contains(thread))
          .allSatisfy(thread -> assertThat(thread.getName()).startsWith("wire-agent"));
    }
  }

  @Test
  void readsTheTokenFileAnewAtEveryAttempt() throws Exception {
    Path file = Files.writeString(directory.resolve("token"), "first");
    try (WireAgent agent = WireAgent.answeringWell()) {
      AgentExchange exchange = fromFile(agent, file);
      assertThat(exchange.tokenFile()).contains(file);

      exchange.exchange(new TestContext());
      Files.writeString(file, "second");
      exchange.exchange(new TestContext());

      assertThat(agent.header(0, "Authorization")).isEqualTo("first");
      assertThat(agent.header(1, "Authorization")).isEqualTo("second");
    }
  }

  @Test
  void asksTheApplicationForTheTokenAtEveryAttempt() throws Exception {
    AtomicInteger times = new AtomicInteger();
    try (WireAgent agent = WireAgent.answeringWell()) {
      PodIdentitySource source =
          new PodIdentitySource(
              URI.create(agent.uri()), null, () -> "token-" + times.incrementAndGet());
      Detection.Present present =
          (Detection.Present)
              source.detect(Environment.of(Map.of("AWS_CONTAINER_AUTHORIZATION_TOKEN", "other")));
      assertThat(times).as("detection asks nobody").hasValue(0);
      assertThat(present.description()).endsWith(", the token given to the provider");
      assertThat(present.exchange().tokenFile()).isEmpty();

      present.exchange().exchange(new TestContext());
      present.exchange().exchange(new TestContext());

      assertThat(agent.header(0, "Authorization")).isEqualTo("token-1");
      assertThat(agent.header(1, "Authorization")).isEqualTo("token-2");
    }
  }

  @Test
  @SuppressWarnings("NullAway") // An application may return null all the same.
  void aTokenThatTheApplicationDoesNotGiveSendsNothing() throws Exception {
    Map<Supplier<String>, String> scenes =
        Map.of(
            () -> null,
            "is null",
            () -> " ",
            "is blank",
            () -> "SECRET\n",
            "holds a token with a line break",
            () -> "SECRET".repeat(20_000),
            "holds more than 64 KiB",
            () -> {
              throw new IllegalStateException("SECRET");
            },
            "could not be had (java.lang.IllegalStateException)");
    try (WireAgent agent = WireAgent.answeringWell()) {
      for (Map.Entry<Supplier<String>, String> scene : scenes.entrySet()) {
        AgentExchange exchange =
            new AgentExchange(
                Endpoint.full(agent.uri(), "the URI"),
                new AuthorizationToken.Given(scene.getKey()),
                Names.of(Map.of()));
        ExchangeException failure = Exchanges.failure(exchange, new TestContext());

        assertThat(failure.kind()).isEqualTo(Kind.MISCONFIGURED);
        assertThat(failure)
            .hasMessageStartingWith("the token given to the provider " + scene.getValue());
        assertThat(Exchanges.everythingIn(failure)).doesNotContain("SECRET");
      }
      assertThat(agent.connections()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'SECRET\n', line break, echo -n",
    "'SECRET\r\n', line break, echo -n",
    "'SEC\nRET', line break, echo -n",
    "'SECRET\u0000', a header cannot carry, as it was issued",
    "'SECRETé', a header cannot carry, as it was issued",
    "'\uFEFFSECRET', a header cannot carry, byte order mark",
    "' SECRET', a header cannot carry, blanks",
    "' ', a header cannot carry, blanks",
    "'', is empty, kubelet",
  })
  void aTokenFileThatHoldsNoTokenSendsNothing(String content, String reason, String remedy)
      throws Exception {
    Path file = Files.writeString(directory.resolve("token"), content);
    try (WireAgent agent = WireAgent.answeringWell()) {
      ExchangeException failure = Exchanges.failure(fromFile(agent, file), new TestContext());

      assertThat(failure.kind()).isEqualTo(Kind.MISCONFIGURED);
      assertThat(failure)
          .hasMessageStartingWith("token file /the/token ")
          .hasMessageContaining(reason);
      assertThat(failure.remedy()).hasValueSatisfying(r -> assertThat(r).contains(remedy));
      assertThat(Exchanges.everythingIn(failure)).doesNotContain("SECRET");
      assertThat(agent.connections()).isZero();
    }
  }

  @Test
  void aTokenFileThatCannotBeReadSendsNothing() throws Exception {
    Path large = Files.writeString(directory.resolve("large"), "x".repeat(64 * 1024 + 1));
    try (WireAgent agent = WireAgent.answeringWell()) {
      Map<Path, String> files =
          Map.of(
              directory.resolve("nothing"),
              "does not exist",
              directory,
              "is not a regular file",
              large,
              "holds more than 64 KiB",
              Path.of("/dev/zero"),
              "is not a regular file",
              large.resolve("below"),
              "cannot be read");
      for (Map.Entry<Path, String> file : files.entrySet()) {
        ExchangeException failure =
            Exchanges.failure(fromFile(agent, file.getKey()), new TestContext());

        assertThat(failure.kind()).isEqualTo(Kind.MISCONFIGURED);
        assertThat(failure).hasMessageContaining(file.getValue());
        assertThat(failure.remedy()).isPresent();
      }
      assertThat(agent.connections()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "AccessKeyId: is missing:"
            + " {\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"2030-01-01T06:00:00Z\"}",
        "AccessKeyId: is not text:"
            + " {\"AccessKeyId\":null,\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"2030-01-01T06:00:00Z\"}",
        "AccessKeyId: is not text:"
            + " {\"AccessKeyId\":{\"a\":\"b\"},\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"2030-01-01T06:00:00Z\"}",
        "SecretAccessKey: is missing:"
            + " {\"AccessKeyId\":\"a\",\"Token\":\"t\",\"Expiration\":\"2030-01-01T06:00:00Z\"}",
        "SecretAccessKey: is empty:"
            + " {\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"\",\"Token\":\"t\",\"Expiration\":\"2030-01-01T06:00:00Z\"}",
        "SecretAccessKey: is empty: {\"AccessKeyId\":\"a\",\"SecretAccessKey\":\""
            + " \",\"Token\":\"t\",\"Expiration\":\"2030-01-01T06:00:00Z\"}",
        "Token: is missing:"
            + " {\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"s\",\"Expiration\":\"2030-01-01T06:00:00Z\"}",
        "Token: is not text:"
            + " {\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"s\",\"Token\":17,\"Expiration\":\"2030-01-01T06:00:00Z\"}",
        "SessionToken: is not text:"
            + " {\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"s\",\"SessionToken\":[],\"Expiration\":\"2030-01-01T06:00:00Z\"}",
        "Expiration: is missing: {\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"s\",\"Token\":\"t\"}",
        "Expiration: is not text:"
            + " {\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":1893456000}",
        "Expiration: is not a time:"
            + " {\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"tomorrow\"}",
      })
  void anAnswerWithAFieldThatIsMissingOrOfAnotherKindIsAFailureThatNamesIt(String scene)
      throws Exception {
    String[] parts = scene.split(": ", 3);
    try (WireAgent agent = WireAgent.answering("200 OK", parts[2])) {
      ExchangeException failure = Exchanges.failure(agent.uri());

      assertThat(failure.kind()).isEqualTo(Kind.TRANSIENT);
      assertThat(failure.status()).hasValue(200);
      assertThat(failure)
          .hasMessage(
              "agent "
                  + agent.uri()
                  + " answered 200 without usable session credentials: field "
                  + parts[0]
                  + " "
                  + parts[1]
                  + (parts[1].endsWith("time") ? " as RFC 3339 has it" : ""));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "\"text\"",
        "not json",
        "<html>sign in</html>",
        "{",
        "{\"AccessKeyId\":\"a\"",
        "{'AccessKeyId':'a'}",
        "{\"AccessKeyId\":\"a\"} {\"AccessKeyId\":\"b\"}",
        "{\"AccessKeyId\":\"a\"} trailing",
        "{\"AccessKeyId\":\"a\",\"AccessKeyId\":\"b\"}",
      })
  void anAnswerThatIsNoJsonObjectIsAFailure(String body) throws Exception {
    try (WireAgent agent = WireAgent.answering("200 OK", body)) {
      ExchangeException failure = Exchanges.failure(agent.uri());

      assertThat(failure.kind()).isEqualTo(Kind.TRANSIENT);
      assertThat(failure).hasMessageContaining("without usable session credentials: the");
    }
  }

  @Test
  void aGoodAnswerIsStillGoodWithFieldsThatNobodyAskedFor() throws Exception {
    String body =
        "{\"Code\":\"Success\",\"RoleArn\":\"arn\",\"More\":{\"a\":[1,{\"b\":null}]},"
            + Tokens.GOOD_BODY.substring(1);
    try (WireAgent agent = WireAgent.answering("200 OK", body)) {
      assertThat(Exchanges.with(agent.uri(), Tokens.TOKEN).exchange(new TestContext())).isNotNull();
    }
  }

  @Test
  void aGoodAnswerIsSpoiltByATrailerADoubleOrAnAbyss() throws Exception {
    for (String body :
        new String[] {
          Tokens.GOOD_BODY + "x",
          Tokens.GOOD_BODY + Tokens.GOOD_BODY,
          Tokens.GOOD_BODY.replace("}", ",\"Token\":\"other\"}"),
          Tokens.GOOD_BODY.replace("}", ",\"More\":" + "[".repeat(5000) + "]".repeat(5000) + "}"),
        }) {
      try (WireAgent agent = WireAgent.answering("200 OK", body)) {
        ExchangeException failure = Exchanges.failure(agent.uri());
        assertThat(failure.kind()).isEqualTo(Kind.TRANSIENT);
        assertThat(Exchanges.everythingIn(failure)).doesNotContain(Tokens.PIECES);
      }
    }
  }

  @Test
  void anAccountThatIsNoneIsLeftOut() throws Exception {
    for (String account : new String[] {"111122223333", "\"12\"", "null", "{}", "\"\""}) {
      String body = Tokens.GOOD_BODY.replace("\"111122223333\"", account);
      try (WireAgent agent = WireAgent.answering("200 OK", body)) {
        assertThat(
                Exchanges.with(agent.uri(), Tokens.TOKEN).exchange(new TestContext()).accountId())
            .isEmpty();
      }
    }
  }

  @Test
  void findsFieldsWhateverTheCaseOfTheirNames() throws Exception {
    String lower =
        Tokens.GOOD_BODY
            .replace("AccessKeyId", "accessKeyId")
            .replace("\"Secret", "\"SECRET")
            .replace("\"Token", "\"token")
            .replace("AccountId", "accountID")
            .replace("{", "{\"code\":\"success\",")
            .replace("\"Expiration", "\"expiration");
    try (WireAgent agent = WireAgent.answering("200 OK", lower)) {
      SessionCredentials credentials =
          Exchanges.with(agent.uri(), Tokens.TOKEN).exchange(new TestContext());

      assertThat(credentials.accessKeyId()).isEqualTo(Tokens.ACCESS_KEY_ID);
      assertThat(credentials.secretAccessKey()).isEqualTo(Tokens.SECRET_ACCESS_KEY);
      assertThat(credentials.sessionToken()).isEqualTo(Tokens.SESSION_TOKEN);
      assertThat(credentials.accountId()).contains("111122223333");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'\"Token\":', '\"token\":\"other\",\"Token\":', field Token comes twice",
    "'\"Token\":', '\"Token\":null,\"TOKEN\":', field Token comes twice",
    "ASIAEXAMPLEEXAMPLE01, 'ASIA EXAMPLE', field AccessKeyId holds a character that no request can"
        + " carry",
    "ASIAEXAMPLEEXAMPLE01, ' ASIAEXAMPLE', field AccessKeyId holds a character that no request can"
        + " carry",
    "wJalrXUtnFEMI, 'wJal\\nXUtnFEMI', field SecretAccessKey holds a character that no request"
        + " can carry",
    "IQoJb3JpZ2lu, 'IQoJ\\r\\nX-Evil: yes', field Token holds a character that no request can"
        + " carry",
    "IQoJb3JpZ2lu, 'IQoJ\\ud800', field Token holds a character that no request can carry",
    "IQoJb3JpZ2lu, '\u00fcber', field Token holds a character that no request can carry",
    "'\"2030-01-01T06:00:00Z\"', NaN, the body is not valid JSON",
    "'\"2030-01-01T06:00:00Z\"', Infinity, the body is not valid JSON",
    "'\"2030-01-01T06:00:00Z\"', 1893477600, field Expiration is not text",
    "'\"2030-01-01T06:00:00Z\"', true, field Expiration is not text",
    "2030-01-01T06:00:00Z, '', field Expiration is empty",
    "2030-01-01T06:00:00Z, '2030-01-01T06:00:00', field Expiration is not a time",
  })
  void aFieldThatIsSpoiltIsNamed(String part, String spoilt, String reason) throws Exception {
    try (WireAgent agent = WireAgent.answering("200 OK", Tokens.GOOD_BODY.replace(part, spoilt))) {
      ExchangeException failure = Exchanges.failure(agent.uri());

      assertThat(failure.kind()).isEqualTo(Kind.TRANSIENT);
      assertThat(failure).hasMessageContaining("without usable session credentials: " + reason);
    }
  }

  @Test
  void aTokenThatIsNoneGivesWayToASessionToken() throws Exception {
    for (String none : new String[] {"null", "\"\"", "7"}) {
      String body =
          Tokens.GOOD_BODY
              .replace("\"Token\"", "\"SessionToken\"")
              .replace("{", "{\"Token\":" + none + ",");
      try (WireAgent agent = WireAgent.answering("200 OK", body)) {
        assertThat(
                Exchanges.with(agent.uri(), Tokens.TOKEN)
                    .exchange(new TestContext())
                    .sessionToken())
            .isEqualTo(Tokens.SESSION_TOKEN);
      }
    }
  }

  @Test
  void aByteOrderMarkIsPassedOver() throws Exception {
    try (WireAgent agent = WireAgent.answering("200 OK", "\uFEFF" + Tokens.GOOD_BODY)) {
      assertThat(Exchanges.with(agent.uri(), Tokens.TOKEN).exchange(new TestContext())).isNotNull();
    }
  }

  @Test
  void bytesThatAreNoUtf8MakeNoJson() throws Exception {
    for (byte[] body :
        new byte[][] {
          Tokens.GOOD_BODY.getBytes(StandardCharsets.UTF_16),
          Tokens.GOOD_BODY.getBytes(StandardCharsets.UTF_16LE),
          Tokens.GOOD_BODY.getBytes(Charset.forName("UTF-32")),
          Tokens.GOOD_BODY.replace("{", "{\"a\":\"\u00ff\",").getBytes(StandardCharsets.ISO_8859_1),
          // A quote and a surrogate, each in a form that is too long.
          Tokens.GOOD_BODY
              .replace("{", "{\"a\":\"\u00c0\u00a2\",")
              .getBytes(StandardCharsets.ISO_8859_1),
          Tokens.GOOD_BODY
              .replace("{", "{\"a\":\"\u00ed\u00a0\u0080\",")
              .getBytes(StandardCharsets.ISO_8859_1),
        }) {
      try (WireAgent agent =
          WireAgent.that(
              (socket, out) -> {
                WireAgent.raw("HTTP/1.1 200 OK\r\nContent-Length: " + body.length + "\r\n\r\n")
                    .answer(socket, out);
                out.write(body);
              })) {
        assertThat(Exchanges.failure(agent.uri()))
            .hasMessageEndingWith("without usable session credentials: the body is not valid JSON");
      }
    }
  }

  @Test
  void whatTheCodeSaysOtherThanSuccessIsAFailure() throws Exception {
    for (String code :
        new String[] {"\"Failed\"", "\"\"", "null", "7", "\"Success\",\"code\":\"Failed\""}) {
      String body = Tokens.GOOD_BODY.replace("{", "{\"Code\":" + code + ",");
      try (WireAgent agent = WireAgent.answering("200 OK", body)) {
        ExchangeException failure = Exchanges.failure(agent.uri());
        assertThat(failure.kind()).isEqualTo(Kind.TRANSIENT);
        assertThat(failure).hasMessageContaining("could not answer the exchange (200");
      }
    }
  }

  @Test
  void takesSessionTokenForToken() throws Exception {
    String body = Tokens.GOOD_BODY.replace("\"Token\"", "\"SessionToken\"");
    try (WireAgent agent = WireAgent.answering("200 OK", body)) {
      assertThat(
              Exchanges.with(agent.uri(), Tokens.TOKEN).exchange(new TestContext()).sessionToken())
          .isEqualTo(Tokens.SESSION_TOKEN);
    }
  }

  @Test
  void anInterruptedThreadSendsNothing() throws Exception {
    try (WireAgent agent = WireAgent.answeringWell()) {
      AgentExchange exchange = Exchanges.with(agent.uri(), Tokens.TOKEN);

      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> exchange.exchange(new TestContext()))
          .isInstanceOf(InterruptedException.class);

      assertThat(Thread.interrupted()).isFalse();
      assertThat(agent.connections()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "2030-01-01T06:00:00Z, 2030-01-01T06:00:00Z",
    "2030-01-01T06:00:00.5Z, 2030-01-01T06:00:00.5Z",
    "2030-01-01T06:00:00.123456789Z, 2030-01-01T06:00:00.123456789Z",
    "2030-01-01T06:00:00.1234567899999Z, 2030-01-01T06:00:00.123456789Z",
    "2030-01-01T06:00:00+00:00, 2030-01-01T06:00:00Z",
    "2030-01-01T06:00:00+0000, 2030-01-01T06:00:00Z",
    "2030-01-01T06:00:00-00:00, 2030-01-01T06:00:00Z",
    "2030-01-01T08:30:00+02:30, 2030-01-01T06:00:00Z",
    "2029-12-31T22:00:00-08:00, 2030-01-01T06:00:00Z",
    "2030-01-01t06:00:00z, 2030-01-01T06:00:00Z",
    "2030-01-01T00:00:00.000-06:00, 2030-01-01T06:00:00Z",
    "2030-01-02T05:59:00+23:59, 2030-01-01T06:00:00Z",
    "2029-12-31T06:01:00-23:59, 2030-01-01T06:00:00Z",
    "2029-12-31T23:59:60Z, 2030-01-01T00:00:00Z",
    "2030-01-01T05:59:60.25+00:00, 2030-01-01T06:00:00.25Z",
  })
  void readsTimesAsRfc3339HasThem(String text, Instant time) {
    assertThat(CredentialsAnswer.time(text)).contains(time);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "2030-01-01",
        "2030-01-01T06:00:00",
        "2030-01-01T06:00Z",
        "2030-13-01T06:00:00Z",
        "2030-02-30T06:00:00Z",
        "2030-01-01T25:00:00Z",
        "2030-01-01T06:00:00.Z",
        "2030-01-01T06:00:00+99:00",
        "2030-01-01T06:00:00+24:00",
        "2030-01-01T06:00:00+01:60",
        "2030-01-01T06:00:61Z",
        "2030-01-01T06:00:00+1",
        "2030-01-01 06:00:00Z",
        " 2030-01-01T06:00:00Z",
        "+12030-01-01T06:00:00Z",
        "1893456000",
        "Tue, 01 Jan 2030 06:00:00 GMT",
      })
  void readsNothingElseAsATime(String text) {
    assertThat(CredentialsAnswer.time(text)).isEmpty();
  }

  @Test
  void waitsForAColdAgentForFiveSecondsAtLeast() {
    assertThat(AgentExchange.readTimeout(Duration.ofSeconds(10))).isEqualTo(Duration.ofSeconds(10));
    assertThat(AgentExchange.readTimeout(Duration.ofSeconds(1))).isEqualTo(Duration.ofSeconds(5));
  }
}
