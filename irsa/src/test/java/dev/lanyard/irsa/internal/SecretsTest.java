package dev.lanyard.irsa.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Level;
import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.irsa.IrsaCredentialsProvider;
import dev.lanyard.peer.SecretOracle;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import dev.lanyard.testing.FakeEks;
import java.net.URLEncoder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.UnaryOperator;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** No failure, and no logger at its finest level, says a secret. */
class SecretsTest {
  private static final String TOKEN = Tokens.token(1);

  private static final SecretOracle ORACLE =
      SecretOracle.of(ScriptedSts.SECRET_ACCESS_KEY, ScriptedSts.SESSION_TOKEN)
          .add(TOKEN.split("\\.", -1)[1])
          .add(TOKEN.split("\\.", -1)[2]);

  @TempDir Path root;
  private final ScriptedSts sts = new ScriptedSts();
  private final java.util.logging.Logger jdk = LogManager.getLogManager().getLogger("");
  private final LogRecorder recorder = LogRecorder.start(Level.TRACE, "");
  private final JdkRecorder jdkRecorder = new JdkRecorder();
  private Pod pod;

  @BeforeEach
  void recordAllThatIsLogged() {
    jdk.setLevel(java.util.logging.Level.ALL);
    jdk.addHandler(jdkRecorder);
    pod = new Pod(root).sts(sts.endpoint());
  }

  @AfterEach
  void stopRecording() {
    jdk.removeHandler(jdkRecorder);
    jdk.setLevel(java.util.logging.Level.INFO);
    recorder.close();
    sts.close();
  }

  /** What a peer answers; all of it that is secret is in the text. */
  static List<ScriptedSts.Answer> answers() {
    String echo = "1 validation error detected: Value '" + TOKEN + "' at 'webIdentityToken' failed";
    String success = ScriptedSts.success("ASIAEXAMPLEEXAMPLE01");
    return List.of(
        error(403, "AccessDenied", "Not authorized"),
        error(400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account"),
        error(400, "InvalidIdentityToken", "Incorrect token audience"),
        error(400, "InvalidIdentityToken", "Couldn't retrieve verification key"),
        error(400, "ExpiredTokenException", "Token expired"),
        error(400, "IDPCommunicationError", "no"),
        error(400, "Throttling", "Rate exceeded"),
        error(503, "ServiceUnavailable", "no"),
        error(400, "ValidationError", echo),
        error(400, "ValidationError", "Value '" + TOKEN.substring(0, 60) + "...' is invalid"),
        error(400, TOKEN, "no"),
        error(500, "InternalFailure", TOKEN.split("\\.", -1)[1]),
        error(500, "InternalFailure", TOKEN.split("\\.", -1)[2]),
        new ScriptedSts.Answer(403, Map.of(), "<html>" + TOKEN + "</html>"),
        new ScriptedSts.Answer(502, Map.of("x-amzn-RequestId", TOKEN), TOKEN),
        new ScriptedSts.Answer(302, Map.of("Location", "http://127.0.0.1/" + TOKEN), ""),
        new ScriptedSts.Answer(200, Map.of(), success.replace("2030-01-01T01:00:00Z", TOKEN)),
        new ScriptedSts.Answer(200, Map.of(), success.replace("</SessionToken>", "")),
        new ScriptedSts.Answer(200, Map.of(), success.replaceFirst("<AccessKeyId>.*?<S", "<S")),
        new ScriptedSts.Answer(
            200,
            Map.of(),
            success
                .replaceFirst("<AccessKeyId>.*?<S", "<S")
                .replaceFirst("<RequestId>.*?<", "<RequestId>" + TOKEN + "<")),
        new ScriptedSts.Answer(200, Map.of(), TOKEN),
        new ScriptedSts.Answer(200, Map.of("Date", TOKEN), "<a>&" + TOKEN + ";</a>"));
  }

  @ParameterizedTest
  @MethodSource("answers")
  void noFailureRepeatsASecret(ScriptedSts.Answer answer) {
    sts.answers(answer.status(), answer.headers(), answer.body());

    Throwable failure = catchThrowable(() -> pod.exchange().exchange(new TestContext()));

    assertThat(failure).isNotNull();
    assertSaysNoSecret(Secrets.said(failure));
  }

  @ParameterizedTest
  @MethodSource("echoes")
  void noLoggerRepeatsATokenThatStsRepeats(String message) {
    ScriptedSts.Answer echo = error(400, "ValidationError", message);
    sts.answers(echo.status(), echo.headers(), echo.body());

    Throwable failure = catchThrowable(() -> pod.exchange().exchange(new TestContext()));

    assertThat(failure).hasMessageContaining("Value '***");
    assertThat(recorder.said()).as("the SDK's log of it").anyMatch(l -> l.contains("Value '***"));
    assertSaysNoSecret(String.join("\n", recorder.said()));
  }

  /** The SDK's reader of XML makes the token of it again. */
  private static String references(String format) {
    StringBuilder written = new StringBuilder();
    for (int i = 0; i < TOKEN.length(); i++) {
      written.append(String.format(Locale.ROOT, format, (int) TOKEN.charAt(i)));
    }
    return written.toString();
  }

  static List<String> echoes() {
    return List.of(
        "1 validation error detected: Value '" + TOKEN + "' at 'webIdentityToken' failed",
        "1 validation error detected: Value '" + TOKEN.substring(0, 60) + "...' failed",
        "1 validation error detected: Value '" + references("&#%d;") + "' failed",
        "1 validation error detected: Value '" + references("&#x00%x;") + "' failed");
  }

  @ParameterizedTest
  @CsvSource({"400, true", "403, false", "503, true", "503, false", "302, false", "200, false"})
  void noLoggerRepeatsWhatAPeerEchoesInTheHeadOfItsAnswer(int status, boolean said) {
    sts.reason(TOKEN)
        .answers(
            status, echoing(TOKEN), said ? error(status, "Throttling", "no").body() : "<html/>");

    Throwable failure = catchThrowable(() -> pod.exchange().exchange(new TestContext()));

    assertThat(failure).isInstanceOf(ExchangeException.class);
    assertThat(recorder.said().stream().anyMatch(l -> l.contains(" response: " + status)))
        .as("the SDK logs what STS says, and sees nothing of what others say")
        .isEqualTo(said);
    assertSaysNoSecret(Secrets.said(failure));
    assertSaysNoSecret(String.join("\n", recorder.said()));
  }

  /** All that a peer might put something into. */
  static Map<String, String> echoing(String secret) {
    return Map.of(
        "x-amzn-RequestId",
        secret,
        "x-amz-id-2",
        secret,
        "Date",
        secret,
        "Retry-After",
        secret,
        "Content-Type",
        "text/" + secret,
        "Location",
        "http://127.0.0.1/" + secret,
        "Set-Cookie",
        secret,
        "X-" + secret,
        "1",
        "Server",
        "you said " + secret.substring(0, secret.length() / 2));
  }

  /** No JSON Web Token, and nothing that a text of our own says. */
  private static final String OPAQUE = "Zq8+x/T0kEn=that-is_no.J5W~4vB2mR7pL9c";

  private static final SecretOracle OPAQUE_ORACLE = SecretOracle.of(OPAQUE);

  private static final Map<String, UnaryOperator<String>> ENCODINGS =
      SecretOracle.encodingsOfEncodings();

  /** Each encoding, and of encodings of encodings every tenth: core's own tests look at all. */
  static Set<String> encodings() {
    Set<String> names = new LinkedHashSet<>(SecretOracle.encodings().keySet());
    int i = 0;
    for (String name : ENCODINGS.keySet()) {
      if (i++ % 10 == 0) {
        names.add(name);
      }
    }
    return names;
  }

  @ParameterizedTest
  @MethodSource("encodings")
  void noEncodingOfATokenIsRepeatedWhateverTheTokenIs(String encoding) {
    String encoded = encoded(encoding);
    ScriptedSts.Answer echo =
        error(
            400, "ValidationError", "1 validation error detected: Value '" + encoded + "' failed");
    sts.answers(echo.status(), echo.headers(), echo.body());
    pod.token(OPAQUE);

    ExchangeException failure =
        catchThrowableOfType(
            ExchangeException.class, () -> pod.exchange().exchange(new TestContext()));

    OPAQUE_ORACLE.assertNoneIn(Secrets.said(failure));
    OPAQUE_ORACLE.assertNoneIn(
        recorder.said().stream()
            .filter(line -> line.contains("failed"))
            .collect(Collectors.joining("\n")));
  }

  private static String encoded(String encoding) {
    UnaryOperator<String> one = SecretOracle.encodings().get(encoding);
    return Objects.requireNonNull(one == null ? ENCODINGS.get(encoding) : one).apply(OPAQUE);
  }

  @Test
  void aTokenThatStsRepeatsInPercentSignsIsTakenOutAndTheRestIsSaid() {
    pod.token(OPAQUE);
    sts.refuses(
        400,
        "ValidationError",
        "1 validation error detected: Value '" + URLEncoder.encode(OPAQUE, UTF_8) + "' failed");

    ExchangeException failure =
        catchThrowableOfType(
            ExchangeException.class, () -> pod.exchange().exchange(new TestContext()));

    assertThat(failure)
        .hasMessageContaining("1 validation error detected: Value '***' failed (400");
    assertThat(failure.kind()).isEqualTo(FailureKind.REJECTED);
  }

  @Test
  void aMessageOutOfWhichAShortTokenCannotBeTakenIsDroppedAndTheCodeIsKept() {
    pod.token("pa55w/rd");
    sts.refuses(403, "AccessDenied", "The token pa55w/rd is not known");

    ExchangeException failure =
        catchThrowableOfType(
            ExchangeException.class, () -> pod.exchange().exchange(new TestContext()));

    assertThat(failure.code()).contains("AccessDenied");
    assertThat(failure.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(failure)
        .hasMessageContaining("its message is left out because it may hold a secret")
        .hasMessageNotContaining("pa55w");
  }

  @Test
  void anErrorThatIsTooLongToBeLookedThroughIsARefusalOnlyIfItHasACode() {
    String filling = "<a>no</a>".repeat(10_000);
    sts.answers(403, Map.of(), "<ErrorResponse><Error>" + filling + "</Error></ErrorResponse>")
        .answers(403, Map.of(), error(403, "AccessDenied", filling).body())
        .answers(403, Map.of(), error(403, TOKEN, filling).body());

    for (String code : new String[] {"", "AccessDenied", "***"}) {
      ExchangeException failure =
          catchThrowableOfType(
              ExchangeException.class, () -> pod.exchange().exchange(new TestContext()));

      assertThat(failure.code().orElse("")).isEqualTo(code);
      assertThat(failure.kind())
          .isEqualTo(code.isEmpty() ? FailureKind.MISCONFIGURED : FailureKind.REJECTED);
    }
  }

  @Test
  @Timeout(20)
  void anErrorWhoseCodeHasNoEndCostsNoMoreThanAnyOther() {
    sts.answers(403, Map.of(), "<ErrorResponse><Error><Code>" + "x".repeat(1_000_000));

    ExchangeException failure =
        catchThrowableOfType(
            ExchangeException.class, () -> pod.exchange().exchange(new TestContext()));

    assertThat(failure.kind()).isEqualTo(FailureKind.MISCONFIGURED);
  }

  @Test
  void noConnectionFailureRepeatsASecret() throws Exception {
    Throwable failure;
    try (FakeEks eks = FakeEks.start()) {
      eks.sts().goDown();
      pod.sts(eks.sts().endpoint());
      failure = catchThrowable(() -> pod.exchange().exchange(new TestContext()));
    }

    assertThat(failure).isNotNull();
    assertSaysNoSecret(Secrets.said(failure));
  }

  @ParameterizedTest
  @MethodSource("contents")
  void noUnusableTokenFileIsRepeated(String content) {
    pod.token(content);

    Throwable failure = catchThrowable(() -> pod.exchange().exchange(new TestContext()));

    assertThat(failure).isNotNull();
    assertSaysNoSecret(Secrets.said(failure));
  }

  static List<String> contents() {
    return List.of(TOKEN + "\n" + TOKEN, TOKEN + "\u00e9", " " + TOKEN, TOKEN + "t".repeat(30_000));
  }

  @Test
  void nothingIsSecretInWhatTheExchangePrints() throws Exception {
    sts.issues("ASIAEXAMPLEEXAMPLE01");

    SessionCredentials credentials = pod.exchange().exchange(new TestContext());

    assertSaysNoSecret(credentials + " " + pod.exchange() + " " + pod.detect());
    assertSaysNoSecret(WebIdentityToken.read(pod.tokenFile(), "x").toString());
  }

  @Test
  void noLoggerSaysASecretAtItsFinestLevel() {
    sts.issues("ASIAEXAMPLEEXAMPLE01");
    IrsaCredentialsProvider provider =
        IrsaCredentialsProvider.builder().environment(pod.environment()).build();
    provider.resolveCredentials();
    try (ScriptedSts refusing = new ScriptedSts().refuses(403, "AccessDenied", "Not authorized")) {
      Throwable failure =
          catchThrowable(
              IrsaCredentialsProvider.builder()
                      .environment(pod.sts(refusing.endpoint()).environment())
                      .build()
                  ::resolveCredentials);

      assertThat(failure).isInstanceOf(CredentialsUnavailableException.class);
      assertSaysNoSecret(Secrets.said(failure));
    }

    assertThat(recorder.said()).as("the SDK's request logger").anyMatch(l -> l.contains("POST"));
    java.util.logging.Logger.getLogger("sun.net.www").finest("heard");
    assertThat(jdkRecorder.said).as("the JDK's").anyMatch(l -> l.contains("heard"));
    assertThat(jdkRecorder.said).as("of the request").noneMatch(l -> l.contains("POST"));
    assertSaysNoSecret(String.join("\n", recorder.said()));
    assertSaysNoSecret(String.join("\n", jdkRecorder.said));
    assertSaysNoSecret(provider + " " + provider.status() + " " + provider.explain());
  }

  private static void assertSaysNoSecret(String said) {
    assertThat(said).doesNotContain(ScriptedSts.SECRET_ACCESS_KEY, ScriptedSts.SESSION_TOKEN);
    // The header is the same for all tokens of an issuer, and no secret by itself.
    assertThat(said).doesNotContain(Arrays.asList(TOKEN.split("\\.", -1)));
    assertThat(ORACLE.leakOfAKnown(said)).isEmpty();
  }

  private static ScriptedSts.Answer error(int status, String code, String message) {
    return new ScriptedSts.Answer(
        status,
        Map.of(),
        "<ErrorResponse><Error><Code>"
            + code
            + "</Code><Message>"
            + message
            + "</Message></Error></ErrorResponse>");
  }

  private static final class JdkRecorder extends Handler {
    final Queue<String> said = new ConcurrentLinkedQueue<>();

    JdkRecorder() {
      setLevel(java.util.logging.Level.ALL);
    }

    @Override
    public void publish(LogRecord entry) {
      said.add(new SimpleFormatter().format(entry));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
