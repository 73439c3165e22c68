package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.peer.Behaviour;
import dev.lanyard.peer.Peer;
import dev.lanyard.podidentity.internal.Exchanges.Names;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.Detection;
import dev.lanyard.spi.ExchangeException;
import java.net.URI;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class AgentExchangeTest {
  @TempDir private Path directory;

  private AgentExchange fromFile(Peer agent, Path file) throws Misconfiguration {
    return new AgentExchange(
        Endpoint.full(Agents.uri(agent), "the URI"),
        new AuthorizationToken.File(file, "/the/token", Optional.empty()),
        Exchanges.tls(),
        Exchanges.LONGEST,
        Names.of(Map.of()));
  }

  @Test
  void sendsTheBareTokenAndNothingThatIsNotAskedFor() throws Exception {
    try (Peer agent = Agents.answeringWell()) {
      Exchanges.with(Agents.uri(agent) + "?a=b%2Fc", Tokens.TOKEN).exchange(new TestContext());

      assertThat(agent.requests())
          .singleElement()
          .satisfies(
              request ->
                  assertThat(request.head())
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
    try (Peer agent = Agents.answeringWell()) {
      Environment ecs =
          Environment.of(
              Map.of(
                  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                  "/v2/credentials/id",
                  "AWS_CONTAINER_SERVICE_ENDPOINT",
                  "http://127.0.0.1:" + agent.port()));
      Detection.Present present = (Detection.Present) new PodIdentitySource().detect(ecs);

      present.exchange().exchange(new TestContext());

      assertThat(agent.requests().get(0).head()).contains("GET /v2/credentials/id HTTP/1.1");
      assertThat(agent.requests().get(0).header("Authorization")).isNull();
    }
  }

  @Test
  void writesTheHostOfAnIpv6EndpointInBrackets() throws Exception {
    assumeTrue(Peer.canListenAt("::1"), "this machine has IPv6");
    try (Peer agent = Peer.at("::1", Behaviour.text("200 OK", Tokens.GOOD_BODY))) {
      Exchanges.with("http://[::1]:" + agent.port() + "/", Tokens.TOKEN)
          .exchange(new TestContext());

      assertThat(agent.requests().get(0).header("Host")).isEqualTo("[::1]:" + agent.port());
    }
  }

  @Test
  void aPathWithTwoSlashesDoesNotBecomeAHost() throws Exception {
    try (Peer agent = Agents.answeringWell()) {
      Exchanges.with("http://127.0.0.1:" + agent.port() + "//evil.example/x", Tokens.TOKEN)
          .exchange(new TestContext());

      assertThat(agent.requests().get(0).head()).contains("GET //evil.example/x HTTP/1.1");
      assertThat(agent.requests().get(0).header("Host")).isEqualTo("127.0.0.1:" + agent.port());
    }
  }

  @Test
  void aPathBeyondAsciiGoesOutPercentEncoded() throws Exception {
    try (Peer agent = Agents.answeringWell()) {
      Exchanges.with(Agents.uri(agent) + "/\u00fc?\u20ac", Tokens.TOKEN)
          .exchange(new TestContext());

      assertThat(agent.requests().get(0).head())
          .contains("GET /v1/credentials/%C3%BC?%E2%82%AC HTTP/1.1");
    }
  }

  @Test
  void keepsNoConnectionAndNoThread() throws Exception {
    CountDownLatch hungUp = new CountDownLatch(2);
    // Its own, since the engines of other tests come and go with their threads meanwhile.
    ThreadGroup group = new ThreadGroup("exchanges");
    try (Peer agent = Agents.answeringWell()) {
      AgentExchange exchange = Exchanges.with(Agents.uri(agent), Tokens.TOKEN);
      // The peer keeps its side open: it is the exchange that hangs up.
      agent.behave(
          (request, socket) -> {
            Behaviour.text("200 OK", Tokens.GOOD_BODY).meet(request, socket);
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            hungUp.countDown();
          });

      CompletableFuture<List<String>> left = new CompletableFuture<>();
      new Thread(
              group,
              () -> {
                try {
                  exchange.exchange(new TestContext());
                  exchange.exchange(new TestContext());
                  left.complete(threadsOf(group));
                } catch (Exception e) {
                  left.completeExceptionally(e);
                }
              },
              "caller")
          .start();

      assertThat(left.get()).containsExactly("caller");
      assertThat(agent.connections()).isEqualTo(2);
      assertThat(hungUp.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static List<String> threadsOf(ThreadGroup group) {
    Thread[] threads = new Thread[100];
    int count = group.enumerate(threads);
    return Stream.of(threads).limit(count).map(Thread::getName).toList();
  }

  @Test
  void readsTheTokenFileAnewAtEveryAttempt() throws Exception {
    Path file = Files.writeString(directory.resolve("token"), "first");
    try (Peer agent = Agents.answeringWell()) {
      AgentExchange exchange = fromFile(agent, file);
      assertThat(exchange.tokenFile()).contains(file);

      exchange.exchange(new TestContext());
      Files.writeString(file, "second");
      exchange.exchange(new TestContext());

      assertThat(agent.requests().get(0).header("Authorization")).isEqualTo("first");
      assertThat(agent.requests().get(1).header("Authorization")).isEqualTo("second");
    }
  }

  @Test
  void asksTheApplicationForTheTokenAtEveryAttempt() throws Exception {
    AtomicInteger times = new AtomicInteger();
    try (Peer agent = Agents.answeringWell()) {
      PodIdentitySource source =
          new PodIdentitySource(
              URI.create(Agents.uri(agent)), null, () -> "token-" + times.incrementAndGet(), null);
      Detection.Present present =
          (Detection.Present)
              source.detect(Environment.of(Map.of("AWS_CONTAINER_AUTHORIZATION_TOKEN", "other")));
      assertThat(times).as("detection asks nobody").hasValue(0);
      assertThat(present.evidence().fact("authorization")).contains("token given to the provider");
      assertThat(present.exchange().tokenFile()).isEmpty();

      present.exchange().exchange(new TestContext());
      present.exchange().exchange(new TestContext());

      assertThat(agent.requests().get(0).header("Authorization")).isEqualTo("token-1");
      assertThat(agent.requests().get(1).header("Authorization")).isEqualTo("token-2");
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
            "could not be obtained (java.lang.IllegalStateException)");
    Map<String, String> ids =
        Map.of(
            "is null",
            "TOK-022",
            "is blank",
            "TOK-022",
            "holds a token with a line break",
            "TOK-007",
            "holds more than 64 KiB",
            "TOK-006",
            "could not be obtained (java.lang.IllegalStateException)",
            "TOK-021");
    try (Peer agent = Agents.answeringWell()) {
      for (Map.Entry<Supplier<String>, String> scene : scenes.entrySet()) {
        AgentExchange exchange =
            new AgentExchange(
                Endpoint.full(Agents.uri(agent), "the URI"),
                new AuthorizationToken.Given(scene.getKey()),
                Exchanges.tls(),
                Exchanges.LONGEST,
                Names.of(Map.of()));
        ExchangeException failure = Exchanges.failure(exchange, new TestContext());

        assertThat(failure.kind()).isEqualTo(FailureKind.MISCONFIGURED);
        assertThat(failure)
            .hasMessageStartingWith("the token given to the provider " + scene.getValue());
        assertThat(failure.problem().id()).isEqualTo(ids.get(scene.getValue()));
        assertThat(failure.problem().fact("endpoint")).contains(Agents.uri(agent));
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
    try (Peer agent = Agents.answeringWell()) {
      ExchangeException failure = Exchanges.failure(fromFile(agent, file), new TestContext());

      assertThat(failure.kind()).isEqualTo(FailureKind.MISCONFIGURED);
      assertThat(failure)
          .hasMessageStartingWith("token file /the/token ")
          .hasMessageContaining(reason);
      assertThat(failure.remedy()).hasValueSatisfying(r -> assertThat(r).contains(remedy));
      assertThat(failure.problem().id()).isEqualTo(content.isEmpty() ? "TOK-005" : "TOK-007");
      assertThat(failure.problem().fact("token file")).contains("/the/token");
      assertThat(failure.problem().fact("endpoint")).contains(Agents.uri(agent));
      assertThat(Exchanges.everythingIn(failure)).doesNotContain("SECRET");
      assertThat(agent.connections()).isZero();
    }
  }

  @Test
  void aTokenFileThatCannotBeReadSendsNothing() throws Exception {
    Path large = Files.writeString(directory.resolve("large"), "x".repeat(64 * 1024 + 1));
    try (Peer agent = Agents.answeringWell()) {
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
      Map<String, String> ids =
          Map.of(
              "does not exist",
              "TOK-001",
              "is not a regular file",
              "TOK-003",
              "cannot be read",
              "TOK-004",
              "holds more than 64 KiB",
              "TOK-006");
      for (Map.Entry<Path, String> file : files.entrySet()) {
        ExchangeException failure =
            Exchanges.failure(fromFile(agent, file.getKey()), new TestContext());

        assertThat(failure.kind()).isEqualTo(FailureKind.MISCONFIGURED);
        assertThat(failure).hasMessageContaining(file.getValue());
        assertThat(failure.problem().id()).isEqualTo(ids.get(file.getValue()));
        assertThat(failure.remedy()).isPresent();
      }
      assertThat(agent.connections()).isZero();
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
      try (Peer agent =
          Peer.that(
              (request, socket) -> {
                Behaviour.raw("HTTP/1.1 200 OK\r\nContent-Length: " + body.length + "\r\n\r\n")
                    .meet(request, socket);
                socket.getOutputStream().write(body);
              })) {
        assertThat(Exchanges.failure(Agents.uri(agent)))
            .hasMessageEndingWith("without usable session credentials: the body is not valid JSON");
      }
    }
  }

  @Test
  void anInterruptedThreadSendsNothing() throws Exception {
    try (Peer agent = Agents.answeringWell()) {
      AgentExchange exchange = Exchanges.with(Agents.uri(agent), Tokens.TOKEN);

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
    assertThat(AgentExchange.readTimeout(Duration.ofSeconds(6)))
        .as("an agent that needs 5 s to say 500 is heard")
        .isEqualTo(Duration.ofSeconds(6));
    assertThat(AgentExchange.readTimeout(Duration.ofSeconds(1))).isEqualTo(Duration.ofSeconds(5));
  }
}
