package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Every fault, met by a client that hides nothing, at STS and at the agent. */
@Timeout(60)
class FaultsTest {
  private final TestClock clock = new TestClock();
  private final FakeEks eks = FakeEks.builder().clock(clock).start();
  private final String role =
      eks.role(
          "orders-role",
          TrustPolicy.forServiceAccount(eks, "shop", "orders"),
          TrustPolicy.forPodIdentity());
  private final FakePod pod = eks.pod("shop", "orders").irsa(role).podIdentity();

  FaultsTest() {
    eks.associate("shop", "orders", role);
  }

  @AfterEach
  void stop() {
    eks.close();
  }

  /** The two services, and how each is asked. */
  enum Kind {
    STS {
      @Override
      FakeService of(FakeEks eks) {
        return eks.sts();
      }

      @Override
      Http.Answer ask(FaultsTest test) {
        return Http.post(test.eks.sts().endpoint(), test.form());
      }
    },
    AGENT {
      @Override
      FakeService of(FakeEks eks) {
        return eks.agent();
      }

      @Override
      Http.Answer ask(FaultsTest test) {
        return Http.get(
            test.eks.agent().endpoint(),
            "Authorization: " + read(test.pod.authorizationTokenFile()));
      }
    };

    abstract FakeService of(FakeEks eks);

    abstract Http.Answer ask(FaultsTest test);
  }

  @ParameterizedTest
  @EnumSource
  void refusesConnectionsWhileItIsDownAndServesAtTheSameAddressAfterwards(Kind kind) {
    FakeService service = kind.of(eks);
    URI endpoint = service.endpoint();

    service.goDown();
    service.goDown();
    assertThatThrownBy(() -> kind.ask(this)).hasRootCauseInstanceOf(ConnectException.class);

    service.recover();
    assertThat(service.endpoint()).isEqualTo(endpoint);
    assertThat(kind.ask(this).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @EnumSource
  void keepsItsPortWhileItIsDown(Kind kind) {
    FakeService service = kind.of(eks);
    service.goDown();

    assertThatThrownBy(
            () -> {
              try (ServerSocket other =
                  new ServerSocket(
                      service.endpoint().getPort(), 1, InetAddress.getLoopbackAddress())) {
                assertThat(other.isBound()).isFalse();
              }
            })
        .isInstanceOf(IOException.class);
  }

  @ParameterizedTest
  @EnumSource
  void staysDownWhenItIsClosed(Kind kind) {
    URI endpoint = kind.of(eks).endpoint();
    eks.close();
    kind.of(eks).recover();

    assertThatThrownBy(() -> Http.get(endpoint)).hasRootCauseInstanceOf(ConnectException.class);
  }

  @ParameterizedTest
  @EnumSource
  void hangsUntilItRecovers(Kind kind) throws Exception {
    kind.of(eks).hang();

    CompletableFuture<Http.Answer> asked = CompletableFuture.supplyAsync(() -> kind.ask(this));
    awaitRequests(kind.of(eks), 1);
    assertThat(asked).isNotDone();
    kind.of(eks).recover();

    assertThatThrownBy(() -> asked.get(30, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class);
    assertThat(kind.ask(this).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @EnumSource
  void letsGoOfThoseWhoHangWhenItIsClosed(Kind kind) throws Exception {
    kind.of(eks).hang();
    CompletableFuture<Http.Answer> asked = CompletableFuture.supplyAsync(() -> kind.ask(this));
    awaitRequests(kind.of(eks), 1);

    eks.close();

    assertThatThrownBy(() -> asked.get(30, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class);
  }

  @ParameterizedTest
  @EnumSource
  void resetsConnections(Kind kind) {
    kind.of(eks).resetConnections();

    assertThatThrownBy(() -> kind.ask(this))
        .hasRootCauseInstanceOf(SocketException.class)
        .rootCause()
        .hasMessageContaining("reset");
    assertThat(kind.of(eks).exchanges()).isZero();
    assertThat(kind.of(eks).log())
        .singleElement()
        .satisfies(
            entry -> {
              assertThat(entry.status()).isZero();
              assertThat(entry.fault()).contains("reset");
            });
  }

  @ParameterizedTest
  @EnumSource
  void closesWithoutAnswering(Kind kind) {
    kind.of(eks).closeWithoutAnswering();

    assertThat(raw(kind)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void truncates(Kind kind) {
    kind.of(eks).truncate();

    assertHalfOfAnAnswer(raw(kind));
  }

  private static void assertHalfOfAnAnswer(String answer) {
    String body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
    assertThat(answer).startsWith("HTTP/1.1 200 ");
    assertThat(body).hasSize(promised(answer) / 2);
    assertThat(body).containsPattern("AccessKeyId");
  }

  private static int promised(String head) {
    return Integer.parseInt(head.replaceAll("(?s).*Content-Length: (\\d+).*", "$1"));
  }

  /** Reads the head, and then as much as half of what it promises. */
  private static String readHalf(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) in.read());
    }
    return head + new String(in.readNBytes(promised(head.toString()) / 2), StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @EnumSource
  void resetsHalfway(Kind kind) throws IOException {
    kind.of(eks).resetHalfway();

    ByteArrayOutputStream received = new ByteArrayOutputStream();
    try (Socket socket = send(kind)) {
      assertThatThrownBy(() -> socket.getInputStream().transferTo(received))
          .isInstanceOf(SocketException.class)
          .hasMessageContaining("reset");
    }
    assertHalfOfAnAnswer(received.toString(StandardCharsets.UTF_8));
    assertThat(kind.of(eks).log().get(0).fault()).contains("reset halfway");
  }

  @ParameterizedTest
  @EnumSource
  void stallsHalfwayUntilItRecovers(Kind kind) throws IOException {
    kind.of(eks).stallHalfway();

    try (Socket socket = send(kind)) {
      String half = readHalf(socket.getInputStream());
      assertHalfOfAnAnswer(half);
      socket.setSoTimeout(100);
      assertThatThrownBy(() -> socket.getInputStream().read())
          .isInstanceOf(SocketTimeoutException.class);

      kind.of(eks).recover();
      socket.setSoTimeout(30_000);
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
    assertThat(kind.ask(this).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @EnumSource
  void letsGoOfThoseWhoAreStalledWhenItIsClosed(Kind kind) throws IOException {
    kind.of(eks).stallHalfway();

    try (Socket socket = send(kind)) {
      assertHalfOfAnAnswer(readHalf(socket.getInputStream()));
      eks.close();
      socket.setSoTimeout(30_000);
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void letsAttemptsToConnectHangWhileItIsUnreachable(Kind kind) throws IOException {
    URI endpoint = kind.of(eks).endpoint();
    kind.of(eks).becomeUnreachable();

    for (int i = 0; i < 3; i++) {
      try (Socket socket = new Socket()) {
        assertThatThrownBy(
                () ->
                    socket.connect(
                        new InetSocketAddress(endpoint.getHost(), endpoint.getPort()), 200))
            .isInstanceOf(SocketTimeoutException.class);
      }
    }
    kind.of(eks).recover();

    assertThat(kind.of(eks).endpoint()).isEqualTo(endpoint);
    assertThat(kind.ask(this).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @EnumSource
  void isDownOrUnreachableWhicheverWasSaidLast(Kind kind) throws IOException {
    FakeService service = kind.of(eks);
    service.goDown();
    service.becomeUnreachable();
    try (Socket socket = new Socket()) {
      assertThatThrownBy(
              () ->
                  socket.connect(
                      new InetSocketAddress(
                          service.endpoint().getHost(), service.endpoint().getPort()),
                      200))
          .isInstanceOf(SocketTimeoutException.class);
    }
    service.goDown();
    assertThatThrownBy(() -> kind.ask(this)).hasRootCauseInstanceOf(ConnectException.class);

    eks.close();
    service.becomeUnreachable();
    assertThatThrownBy(() -> Http.get(service.endpoint()))
        .hasRootCauseInstanceOf(ConnectException.class);
  }

  @ParameterizedTest
  @EnumSource
  void dribbles(Kind kind) {
    kind.of(eks).dribble(Duration.ofMillis(1));

    assertThat(kind.ask(this).body()).contains("AccessKeyId");
    assertThat(kind.of(eks).log().get(0).fault()).contains("dribbled");
  }

  @ParameterizedTest
  @EnumSource
  void answersFromTheFirstByteOnWhileItDribbles(Kind kind) throws Exception {
    kind.of(eks).dribble(Duration.ofMillis(200));

    try (Socket socket = send(kind)) {
      InputStream in = socket.getInputStream();
      assertThat(in.readNBytes(12)).asString(StandardCharsets.US_ASCII).isEqualTo("HTTP/1.1 200");
    }
  }

  @ParameterizedTest
  @EnumSource
  void answersWithWhatItIsTold(Kind kind) {
    kind.of(eks).answerWith(502, "text/html", "<html>proxy</html>");
    Http.Answer proxy = kind.ask(this);
    assertThat(proxy.status()).isEqualTo(502);
    assertThat(proxy.body()).isEqualTo("<html>proxy</html>");
    assertThat(proxy.headers()).containsEntry("content-type", "text/html").containsKey("date");

    kind.of(eks)
        .answerWith(503, Map.of("Retry-After", "7", "Date", "Tue, 01 Jan 2030 05:00:00 GMT"), "");
    Http.Answer busy = kind.ask(this);
    assertThat(busy.status()).isEqualTo(503);
    assertThat(busy.headers())
        .containsEntry("retry-after", "7")
        .containsEntry("date", "Tue, 01 Jan 2030 05:00:00 GMT")
        .containsEntry("content-length", "0");

    kind.of(eks).answerWith(200, "text/plain", "x".repeat(3_000_000));
    assertThat(kind.ask(this).body()).hasSize(3_000_000);
  }

  @Test
  void answersWithErrorsInItsOwnForm() {
    eks.sts().answerWithError(503, "ServiceUnavailable", "Come again");
    Http.Answer sts = Kind.STS.ask(this);
    assertThat(sts.status()).isEqualTo(503);
    assertThat(sts.element("Type")).isEqualTo("Receiver");
    assertThat(sts.element("Code")).isEqualTo("ServiceUnavailable");
    assertThat(sts.element("Message")).isEqualTo("Come again");
    assertThat(eks.sts().log().get(0).error()).contains("ServiceUnavailable");

    eks.agent().answerWithError(503, "ServiceUnavailableException", "Come again");
    Http.Answer agent = Kind.AGENT.ask(this);
    assertThat(agent.status()).isEqualTo(503);
    assertThat(agent.body())
        .matches(
            "\\[[0-9a-f-]{36}]: \\(ServiceUnavailableException\\): Come again, fault: server\n");
  }

  @ParameterizedTest
  @EnumSource
  void changesAnswers(Kind kind) {
    kind.of(eks).changeAnswers(body -> body.replaceAll("Expiration", "Exspiration"));

    assertThat(kind.ask(this).body()).contains("Exspiration").contains("AccessKeyId");
  }

  @ParameterizedTest
  @EnumSource
  void issuesExpiredCredentials(Kind kind) {
    kind.ask(this);
    kind.of(eks).issueExpiredCredentials();

    assertThat(expiration(kind, kind.ask(this))).isEqualTo(clock.instant().minusSeconds(60));

    kind.of(eks).recover();
    assertThat(expiration(kind, kind.ask(this))).isAfter(clock.instant());
  }

  @ParameterizedTest
  @EnumSource
  void redirects(Kind kind) {
    kind.of(eks).redirectTo(URI.create("http://elsewhere.example.com/"));

    Http.Answer answer = kind.ask(this);

    assertThat(answer.status()).isEqualTo(302);
    assertThat(answer.headers()).containsEntry("location", "http://elsewhere.example.com/");
  }

  @Test
  void throttlesUntilItRecovers() {
    eks.sts().throttle();
    eks.agent().throttle();
    for (int i = 0; i < 3; i++) {
      assertThat(Kind.STS.ask(this).element("Code")).isEqualTo("Throttling");
      assertThat(Kind.AGENT.ask(this).body()).isEqualTo("Too Many Requests\n");
    }

    eks.sts().recover();
    eks.agent().recover();
    assertThat(Kind.STS.ask(this).status()).isEqualTo(200);
    assertThat(Kind.AGENT.ask(this).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @EnumSource
  void meetsCountedFaultsInTheirOrderThenTheOneThatLasts(Kind kind) {
    FakeService service = kind.of(eks);
    service.answerWith(500, "text/plain", "lasting");
    service.next(2).answerWith(501, "text/plain", "first");
    service.next(1).answerWith(502, "text/plain", "second");

    assertThat(kind.ask(this).status()).isEqualTo(501);
    assertThat(kind.ask(this).status()).isEqualTo(501);
    assertThat(kind.ask(this).status()).isEqualTo(502);
    assertThat(kind.ask(this).status()).isEqualTo(500);
    assertThat(kind.ask(this).status()).isEqualTo(500);

    service.next(5).throttle();
    service.recover();
    assertThat(kind.ask(this).status()).isEqualTo(200);
    assertThat(service.requests()).isEqualTo(6);
    assertThat(service.exchanges()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void startsAfterSoManyRequests(Kind kind) {
    kind.of(eks).startAfter(2);

    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> kind.ask(this)).hasRootCauseInstanceOf(SocketException.class);
    }
    assertThat(kind.ask(this).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @EnumSource
  void startsAfterSoMuchTime(Kind kind) {
    kind.of(eks).startAfter(Duration.ofSeconds(5));

    clock.advance(Duration.ofMillis(4999));
    assertThatThrownBy(() -> kind.ask(this)).hasRootCauseInstanceOf(SocketException.class);
    clock.advance(Duration.ofMillis(1));
    assertThat(kind.ask(this).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @EnumSource
  void holdsAnswersBackAsLongAsTheyTake(Kind kind) throws Exception {
    kind.of(eks).delayAnswers(Duration.ofDays(1));

    CompletableFuture<Http.Answer> asked = CompletableFuture.supplyAsync(() -> kind.ask(this));
    awaitRequests(kind.of(eks), 1);
    assertThat(asked).isNotDone();
    kind.of(eks).recover();
    assertThat(asked.get(30, TimeUnit.SECONDS).status()).isEqualTo(200);

    kind.of(eks).delayAnswers(Duration.ofMillis(1));
    assertThat(kind.ask(this).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({
    "STS, 200",
    "STS, 204",
    "STS, 307",
    "STS, 403",
    "STS, 404",
    "STS, 407",
    "STS, 503",
    "AGENT, 200",
    "AGENT, 302",
    "AGENT, 304",
    "AGENT, 401",
    "AGENT, 404",
    "AGENT, 502",
  })
  void somebodyElseAnswersWithAPageWithoutACodeOfTheService(Kind kind, int status) {
    kind.of(eks).answerAsSomebodyElse(status);

    Http.Answer answer = kind.ask(this);

    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.headers())
        .containsEntry("content-type", "text/html")
        .doesNotContainKeys("x-amzn-requestid", "x-content-type-options");
    assertThat(answer.headers().containsKey("location")).isEqualTo(status / 100 == 3);
    assertThat(answer.headers().containsKey("www-authenticate")).isEqualTo(status == 401);
    assertThat(answer.headers().containsKey("proxy-authenticate")).isEqualTo(status == 407);
    if (status == 204 || status == 304) {
      assertThat(answer.body()).isEmpty();
    } else {
      assertThat(answer.body()).contains("<title>" + status + "</title>").doesNotContain("Code");
    }
    assertThat(kind.of(eks).exchanges()).isZero();
    assertThat(kind.of(eks).log())
        .singleElement()
        .satisfies(
            entry -> {
              assertThat(entry.fault()).contains("somebody else");
              assertThat(entry.error()).isEmpty();
            });

    kind.of(eks).recover();
    assertThat(kind.ask(this).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @EnumSource
  void somebodyElseAnswersWithPlainText(Kind kind) {
    kind.of(eks).next(1).answerAsSomebodyElse(503, "no healthy upstream");

    Http.Answer answer = kind.ask(this);

    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.headers()).containsEntry("content-type", "text/plain");
    assertThat(answer.body()).isEqualTo("no healthy upstream");
    assertThat(kind.ask(this).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({
    "STS, 1970-01-01T00:00:00Z, 'Thu, 01 Jan 1970 00:00:00 GMT'",
    "AGENT, 1970-01-01T00:00:00Z, 'Thu, 01 Jan 1970 00:00:00 GMT'",
    "STS, 9999-12-31T23:59:59Z, 'Fri, 31 Dec 9999 23:59:59 GMT'",
    "AGENT, 0001-01-01T00:00:00Z, 'Mon, 01 Jan 0001 00:00:00 GMT'",
  })
  void datesProperAnswersAsItIsTold(Kind kind, Instant date, String header) {
    kind.of(eks).next(1).withDate(date).answerProperly();

    Http.Answer answer = kind.ask(this);

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.headers()).containsEntry("date", header);
    assertThat(expiration(kind, answer)).isAfter(clock.instant());
    assertThat(kind.of(eks).log().get(0).fault()).contains("proper answer, Date " + header);
    assertThat(kind.ask(this).headers()).containsEntry("date", "Tue, 01 Jan 2030 00:00:00 GMT");
  }

  @ParameterizedTest
  @EnumSource
  void aDateAnAgeAndADelayGoWithAnyFault(Kind kind) throws Exception {
    kind.of(eks)
        .withDate(clock.instant().minus(Duration.ofMinutes(30)))
        .withAge(Duration.ofMinutes(30))
        .after(Duration.ofSeconds(1))
        .answerWithError(503, "SlowDown", "Later");
    for (int i = 0; i < 2; i++) {
      CompletableFuture<Http.Answer> asked = CompletableFuture.supplyAsync(() -> kind.ask(this));
      awaitRequests(kind.of(eks), i + 1);
      clock.advance(Duration.ofSeconds(1));
      Http.Answer answer = asked.get(30, TimeUnit.SECONDS);

      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.body()).contains("SlowDown");
      assertThat(answer.headers())
          .containsEntry("date", "Mon, 31 Dec 2029 23:30:00 GMT")
          .containsEntry("age", "1800");
    }
    kind.of(eks).recover();
    assertThat(kind.ask(this).headers()).doesNotContainKey("age");
  }

  @ParameterizedTest
  @EnumSource
  void failsSlowlyByTheClockThatTheTestMoves(Kind kind) throws Exception {
    kind.of(eks).next(1).after(Duration.ofSeconds(5)).answerWith(500, "text/plain", "[]\n");

    CompletableFuture<Http.Answer> asked = CompletableFuture.supplyAsync(() -> kind.ask(this));
    awaitRequests(kind.of(eks), 1);
    clock.advance(Duration.ofMillis(4999));
    // The clock of AWS says nothing about the time that has passed.
    eks.clock().setAheadBy(Duration.ofHours(1));
    eks.clock().setAheadBy(Duration.ZERO);
    assertThat(asked).isNotDone();
    clock.advance(Duration.ofMillis(1));

    Http.Answer answer = asked.get(30, TimeUnit.SECONDS);
    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.body()).isEqualTo("[]\n");
    // An answer that had not waited would be dated before.
    assertThat(answer.headers()).containsEntry("date", "Tue, 01 Jan 2030 00:00:05 GMT");
    assertThat(kind.ask(this).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @EnumSource
  void waitsNoLongerWithAFaultWhenItRecovers(Kind kind) throws Exception {
    kind.of(eks).after(Duration.ofDays(1)).answerWith(500, "text/plain", "[]\n");

    CompletableFuture<Http.Answer> asked = CompletableFuture.supplyAsync(() -> kind.ask(this));
    awaitRequests(kind.of(eks), 1);
    kind.of(eks).recover();

    assertThat(asked.get(30, TimeUnit.SECONDS).status()).isEqualTo(500);
    assertThat(kind.ask(this).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @EnumSource
  void answersProperlyBeforeAFaultThatLasts(Kind kind) {
    kind.of(eks).next(2).answerProperly();
    kind.of(eks).resetConnections();

    assertThat(kind.ask(this).status()).isEqualTo(200);
    assertThat(kind.ask(this).status()).isEqualTo(200);
    assertThatThrownBy(() -> kind.ask(this)).hasRootCauseInstanceOf(SocketException.class);
  }

  @Test
  void stsRefusesWhatIsInOrderWhileItCannotReachTheIssuer() {
    eks.sts().disconnectFromTheIssuer();

    Http.Answer answer = Kind.STS.ask(this);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.element("Code")).isEqualTo("IDPCommunicationError");
    eks.issuer().unregister();
    assertThat(Kind.STS.ask(this).element("Code")).isEqualTo("InvalidIdentityToken");
    eks.issuer().register();

    eks.sts().recover();
    assertThat(Kind.STS.ask(this).status()).isEqualTo(200);
  }

  @Test
  void stsIsDisabledInTheRegion() {
    eks.sts().disableInTheRegion();

    Http.Answer answer = Kind.STS.ask(this);
    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.element("Code")).isEqualTo("RegionDisabledException");

    eks.sts().recover();
    assertThat(Kind.STS.ask(this).status()).isEqualTo(200);
  }

  @Test
  void agentServesItsCacheAloneWhileItCannotReachEksAuth() {
    String held = Kind.AGENT.ask(this).field("AccessKeyId");
    eks.agent().disconnectFromEksAuth();

    assertThat(Kind.AGENT.ask(this).field("AccessKeyId")).isEqualTo(held);
    pod.rotateToken();
    Http.Answer answer = Kind.AGENT.ask(this);
    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.body()).isEqualTo("[]\n");

    eks.agent().recover();
    assertThat(Kind.AGENT.ask(this).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @EnumSource
  void datesAnswersAndCredentialsByItsOwnClock(Kind kind) {
    eks.clock().setAheadBy(Duration.ofMinutes(10));
    pod.rotateToken();
    Http.Answer ahead = kind.ask(this);
    assertThat(ahead.headers()).containsEntry("date", "Tue, 01 Jan 2030 00:10:00 GMT");
    assertThat(expiration(kind, ahead)).isAfter(clock.instant().plus(Duration.ofMinutes(69)));
    assertThat(eks.clock().instant()).isEqualTo(clock.instant().plus(Duration.ofMinutes(10)));

    eks.clock().setBehindBy(Duration.ofMinutes(10));
    pod.rotateToken();
    assertThat(kind.ask(this).headers()).containsEntry("date", "Mon, 31 Dec 2029 23:50:00 GMT");
  }

  @Test
  void refusesFaultsThatCannotBe() {
    FakeService sts = eks.sts();
    assertThatIllegalArgumentException().isThrownBy(() -> sts.throttle(0));
    assertThatIllegalArgumentException().isThrownBy(() -> sts.next(-1).hang());
    assertThatIllegalArgumentException().isThrownBy(() -> sts.delayAnswers(Duration.ofNanos(-1)));
    assertThatIllegalArgumentException().isThrownBy(() -> sts.dribble(Duration.ZERO));
    assertThatIllegalArgumentException().isThrownBy(() -> sts.dribble(Duration.ofMinutes(1)));
    assertThatIllegalArgumentException().isThrownBy(() -> sts.answerWith(100, "a/b", ""));
    assertThatIllegalArgumentException().isThrownBy(() -> sts.answerWithError(200, "A", "b"));
    assertThatIllegalArgumentException().isThrownBy(() -> sts.answerAsSomebodyElse(100));
    assertThatIllegalArgumentException().isThrownBy(() -> sts.after(Duration.ofNanos(-1)));
    assertThatIllegalArgumentException().isThrownBy(() -> sts.withAge(Duration.ofNanos(-1)));
    assertThatIllegalArgumentException().isThrownBy(() -> sts.withDate(Instant.MAX));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> sts.withDate(Instant.parse("0000-12-31T23:59:59Z")));
  }

  private static void awaitRequests(FakeService service, int requests) {
    while (service.requests() < requests) {
      Thread.onSpinWait();
    }
  }

  private static Instant expiration(Kind kind, Http.Answer answer) {
    return Instant.parse(
        kind == Kind.STS ? answer.element("Expiration") : answer.field("Expiration"));
  }

  private Socket send(Kind kind) throws IOException {
    URI uri = kind.of(eks).endpoint();
    String body = kind == Kind.STS ? Http.form(form()) : "";
    Socket socket = new Socket(uri.getHost(), uri.getPort());
    String path = uri.getPath().isEmpty() ? "/" : uri.getPath();
    String request =
        (kind == Kind.STS ? "POST " : "GET ")
            + path
            + " HTTP/1.1\r\nHost: "
            + uri.getAuthority()
            + "\r\nConnection: close\r\nAuthorization: "
            + read(pod.authorizationTokenFile())
            + "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body;
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private String raw(Kind kind) {
    try (Socket socket = send(kind)) {
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Map<String, String> form() {
    return Map.of(
        "Action", "AssumeRoleWithWebIdentity",
        "Version", "2011-06-15",
        "RoleArn", role,
        "RoleSessionName", "orders-7d9f",
        "WebIdentityToken", read(pod.webIdentityTokenFile()));
  }

  private static String read(java.nio.file.Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
