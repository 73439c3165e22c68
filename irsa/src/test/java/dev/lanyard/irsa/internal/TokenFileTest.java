package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.spi.CredentialsExchange;
import dev.lanyard.spi.ExchangeException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The token's file as the kubelet keeps it, and tokens that have outlived themselves. */
class TokenFileTest {
  private static final String AT_TEN = "Tue, 01 Jan 2030 10:00:00 GMT";

  @TempDir Path root;
  private final ScriptedSts sts = new ScriptedSts();

  @AfterEach
  void stopSts() {
    sts.close();
  }

  private Path volume;
  private Path token;

  @BeforeEach
  void mountVolume() throws IOException {
    volume = Files.createDirectories(root.resolve("volume"));
    write("..2030_01_01_00_00_00.1", Tokens.token(1));
    Files.createSymbolicLink(volume.resolve("..data"), Path.of("..2030_01_01_00_00_00.1"));
    token = Files.createSymbolicLink(volume.resolve("token"), Path.of("..data", "token"));
  }

  @Test
  void aRotationIsSeenAtTheNextReading() throws Exception {
    assertThat(WebIdentityToken.read(token, "token").value()).isEqualTo(Tokens.token(1));

    rotate();

    assertThat(WebIdentityToken.read(token, "token").value()).isEqualTo(Tokens.token(2));
  }

  @Test
  void aRotationInTheMiddleOfAReadingGivesTheOldTokenWhole() throws Exception {
    WebIdentityToken read =
        WebIdentityToken.read(
            token,
            "token",
            file -> {
              InputStream in = Files.newInputStream(file);
              rotate();
              return in;
            });

    assertThat(read.value()).isEqualTo(Tokens.token(1));
  }

  @Test
  void aRotationWhileThePathIsFollowedGivesTheNewToken() throws Exception {
    int[] calls = {0};

    WebIdentityToken read =
        WebIdentityToken.read(
            token,
            "token",
            file -> {
              if (++calls[0] == 1) {
                rotate();
                throw new NoSuchFileException(file.toString());
              }
              return Files.newInputStream(file);
            });

    assertThat(read.value()).isEqualTo(Tokens.token(2));
  }

  @Test
  void aFileThatStaysAwayIsLookedForTwiceAndNotForEver() {
    int[] calls = {0};

    ExchangeException e =
        unread(
            file -> {
              calls[0]++;
              throw new NoSuchFileException(file.toString());
            });

    assertThat(e.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(e).hasMessage("web identity token file name does not exist");
    assertIs("TOK-001", e);
    assertThat(calls[0]).isEqualTo(2);
  }

  @Test
  void permissionDeniedNamesFsGroup() {
    // Root may read all files: the answer of the file system is scripted.
    ExchangeException e =
        unread(
            file -> {
              throw new AccessDeniedException(file.toString());
            });

    assertThat(e.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(e).hasMessage("web identity token file name is not readable by this process");
    assertIs("TOK-002", e);
    assertThat(e.remedy()).hasValueSatisfying(r -> assertThat(r).contains("fsGroup"));
  }

  @Test
  void anyOtherFailureOfTheFileSystemIsNamed() {
    ExchangeException e =
        unread(
            file -> {
              throw new IOException("Input/output error");
            });

    assertThat(e.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(e).hasMessage("web identity token file name cannot be read (IOException)");
    assertIs("TOK-004", e);
  }

  private static void assertIs(String id, ExchangeException e) {
    assertThat(e.problem().id()).isEqualTo(id);
    assertThat(e.problem().fact("token file")).contains("name");
    assertThat(e.problem().page()).contains("docs/errors/README.md#" + id.toLowerCase(Locale.ROOT));
  }

  @Test
  void aTokenThatHasExpiredByTheClockOfStsIsNotSentAgain() throws Exception {
    sts.refuses(400, "ExpiredTokenException", "Token expired", Map.of("Date", AT_TEN))
        .issues("ASIAEXAMPLEEXAMPLE01");
    Pod pod = pod().token(expiring("2030-01-01T10:00:00Z"));
    CredentialsExchange exchange = pod.exchange();

    ExchangeException refused = failure(exchange);
    assertThat(refused.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(refused).hasMessageContaining("says that it expires at 2030-01-01T10:00:00Z");
    assertThat(refused.problem().fact("token expiration")).contains("2030-01-01T10:00:00Z");

    ExchangeException known = failure(exchange);
    assertIsTheRefusalAgain(known, refused);
    assertThat(known.remedy()).hasValueSatisfying(r -> assertThat(r).contains("kubelet"));
    assertThat(sts.requests()).hasSize(1);

    pod.token(expiring("2030-01-01T10:00:01Z"));
    exchange.exchange(new TestContext());
    assertThat(sts.requests()).as("the kubelet's new token").hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 403})
  void oneWrongDateKeepsNoTokenBack(int status) throws Exception {
    Map<String, String> wrong = Map.of("Date", "Fri, 31 Dec 9999 23:59:59 GMT");
    if (status == 200) {
      sts.answers(200, wrong, expiringAtNoon());
    } else {
      sts.refuses(status, "AccessDenied", "no", wrong);
    }
    sts.issues("ASIAEXAMPLEEXAMPLE01");
    Pod pod = pod().token(expiring("2030-01-01T10:00:00Z"));
    CredentialsExchange exchange = pod.exchange();
    if (status == 200) {
      exchange.exchange(new TestContext());
    } else {
      failure(exchange);
    }

    exchange.exchange(new TestContext());
    for (String replaced : List.of("2030-01-02T10:00:00Z", "2030-01-03T10:00:00Z")) {
      pod.token(expiring(replaced));
      exchange.exchange(new TestContext());
    }

    assertThat(sts.requests()).hasSize(4);
  }

  @Test
  void aTokenThatStsCallsExpiredIsSentAgainAfterAMinuteAtMost() throws Exception {
    callsExpired("Fri, 31 Dec 9999 23:59:59 GMT");
    CredentialsExchange exchange = pod().token(expiring("2030-01-02T10:00:00Z")).exchange();
    assertThat(failure(exchange).kind()).isEqualTo(FailureKind.REJECTED);

    assertIsWithheld(exchange, 59);
    exchange.exchange(new TestContext().at(TestContext.NOW.plusSeconds(60)));

    assertThat(sts.requests()).as("it was wrong, or its clock was").hasSize(2);
  }

  @Test
  void aTokenIsWithheldThreeTimesHoweverTheWallClockStands() throws Exception {
    callsExpired(AT_TEN);
    CredentialsExchange exchange = pod().token(expiring("2030-01-01T10:00:00Z")).exchange();
    failure(exchange);

    assertIsWithheld(exchange, 30);
    assertIsWithheld(exchange, 10);
    assertIsWithheld(exchange, 40);
    exchange.exchange(new TestContext().at(TestContext.NOW.plusSeconds(20)));

    assertThat(sts.requests()).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(longs = {-60, -3_600, 3_600})
  void aWallClockThatWasSetKeepsNoTokenBack(long seconds) throws Exception {
    callsExpired(AT_TEN);
    CredentialsExchange exchange = pod().token(expiring("2030-01-01T10:00:00Z")).exchange();
    failure(exchange);

    exchange.exchange(new TestContext().at(TestContext.NOW.plusSeconds(seconds)));

    assertThat(sts.requests()).hasSize(2);
  }

  @Test
  void whatWasSaidOfOneTokenIsForgottenWhenTheFileChanges() throws Exception {
    callsExpired(AT_TEN);
    String old = expiring("2030-01-01T10:00:00Z");
    Pod pod = pod().token(old);
    CredentialsExchange exchange = pod.exchange();
    failure(exchange);

    pod.token(expiring("2030-01-01T09:00:00Z"));
    exchange.exchange(new TestContext());
    pod.token(old);
    exchange.exchange(new TestContext());

    assertThat(sts.requests()).as("the file decides, not a date").hasSize(3);
  }

  @Test
  void aTokenThatSaysNothingOfItsEndIsNotSentAgainEither() {
    callsExpired(AT_TEN);
    CredentialsExchange exchange = pod().token("not-a-json-web-token").exchange();
    ExchangeException refused = failure(exchange);

    assertIsTheRefusalAgain(failure(exchange), refused);
    assertThat(sts.requests()).hasSize(1);
  }

  /** It is STS that refused this token, so that a fallback may go on to the next source. */
  private static void assertIsTheRefusalAgain(ExchangeException known, ExchangeException refused) {
    assertThat(known.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(known.code()).contains("ExpiredTokenException");
    assertThat(known.status()).hasValue(400);
    assertThat(known.requestId()).isPresent().isEqualTo(refused.requestId());
    assertThat(known.remedy()).isPresent().isEqualTo(refused.remedy());
    assertThat(known.problem().id()).isEqualTo("IRSA-015");
    assertThat(known.problem())
        .isEqualTo(
            refused.problem().toBuilder().summary(String.valueOf(known.getMessage())).build());
    assertThat(known)
        .hasMessage(
            refused.getMessage()
                + ". The file still holds the token that STS refused; it was not sent again");
    assertThat(known.answeredAt()).as("no answer of now").isEmpty();
    assertThat(known.retryAfter()).isEmpty();
  }

  private void callsExpired(String date) {
    sts.refuses(400, "ExpiredTokenException", "Token expired", Map.of("Date", date))
        .answers(200, Map.of(), expiringAtNoon());
  }

  private void assertIsWithheld(CredentialsExchange exchange, int secondsLater) {
    int before = sts.requests().size();
    ExchangeException e =
        catchThrowableOfType(
            ExchangeException.class,
            () ->
                exchange.exchange(new TestContext().at(TestContext.NOW.plusSeconds(secondsLater))));
    assertThat(e.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(e).hasMessageEndingWith("it was not sent again");
    assertThat(sts.requests()).hasSize(before);
  }

  @Test
  void aLocalClockThatIsAheadDoesNotKillAGoodToken() throws Exception {
    // Expired long ago by the local clock, which says 2030: STS knows better.
    sts.answers(200, Map.of("Date", "Wed, 01 Jan 2020 10:00:00 GMT"), expiringAtNoon());
    Pod pod = pod().token(expiring("2020-01-01T10:00:01Z"));
    CredentialsExchange exchange = pod.exchange();

    exchange.exchange(new TestContext());
    exchange.exchange(new TestContext());

    assertThat(sts.requests()).hasSize(2);
  }

  @Test
  void theClockOfAProxyThatAnswersInThePlaceOfStsSaysNothing() throws Exception {
    sts.answers(503, Map.of("Date", "Sat, 01 Jan 2050 00:00:00 GMT"), "<html>no</html>")
        .issues("ASIAEXAMPLEEXAMPLE01");
    CredentialsExchange exchange = pod().token(expiring("2030-01-01T10:00:00Z")).exchange();

    assertThat(failure(exchange).kind()).isEqualTo(FailureKind.TRANSIENT);
    exchange.exchange(new TestContext());

    assertThat(sts.requests()).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"exp\":\"1\"}",
        "{\"exp\":1.5}",
        "{\"exp\":-1}",
        "{\"exp\":null}",
        "{\"exp\":999999999999999999999}",
        "[]",
        "no json"
      })
  void aTokenWithoutAnExpirationThatCanBeReadIsSent(String payload) throws Exception {
    sts.answers(200, Map.of("Date", AT_TEN), expiringAtNoon());
    CredentialsExchange exchange = pod().token(Tokens.of(payload)).exchange();

    exchange.exchange(new TestContext());
    exchange.exchange(new TestContext());

    assertThat(sts.requests()).hasSize(2);
  }

  @Test
  void whatIsNoJsonWebTokenIsSentAndStsJudgesIt() throws Exception {
    sts.answers(200, Map.of("Date", AT_TEN), expiringAtNoon());
    CredentialsExchange exchange = pod().token("not-a-json-web-token").exchange();

    exchange.exchange(new TestContext());
    exchange.exchange(new TestContext());

    assertThat(sts.requests()).hasSize(2);
  }

  private Pod pod() {
    return new Pod(root).sts(sts.endpoint());
  }

  private static String expiring(String at) {
    return Tokens.of(
        "{\"iss\":\""
            + Tokens.ISSUER
            + "\",\"sub\":\"s\",\"aud\":\"a\",\"exp\":"
            + Instant.parse(at).getEpochSecond()
            + "}");
  }

  private static String expiringAtNoon() {
    return ScriptedSts.success("ASIAEXAMPLEEXAMPLE01").replace("T01:00:00Z", "T12:00:00Z");
  }

  private static ExchangeException failure(CredentialsExchange exchange) {
    return catchThrowableOfType(
        ExchangeException.class, () -> exchange.exchange(new TestContext()));
  }

  private ExchangeException unread(WebIdentityToken.Opener opener) {
    return catchThrowableOfType(
        ExchangeException.class, () -> WebIdentityToken.read(token, "name", opener));
  }

  /**
   * As the kubelet does it: a new directory, the link renamed over the old one, the old one gone.
   */
  private void rotate() throws IOException {
    write("..2030_01_01_19_12_00.2", Tokens.token(2));
    Path link = volume.resolve("..data_tmp");
    Files.createSymbolicLink(link, Path.of("..2030_01_01_19_12_00.2"));
    Files.move(link, volume.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
    Files.delete(volume.resolve("..2030_01_01_00_00_00.1").resolve("token"));
    Files.delete(volume.resolve("..2030_01_01_00_00_00.1"));
  }

  private void write(String directory, String content) throws IOException {
    Files.writeString(Files.createDirectories(volume.resolve(directory)).resolve("token"), content);
  }
}
