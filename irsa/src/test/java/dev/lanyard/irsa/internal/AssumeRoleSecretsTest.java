package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ch.qos.logback.classic.Level;
import dev.lanyard.irsa.AssumeRoleCredentialsProvider;
import dev.lanyard.peer.SecretOracle;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.ExchangeException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** No failure of the second hop, and no logger but the SDK's signer, says a secret of either. */
class AssumeRoleSecretsTest {
  /**
   * At DEBUG the SDK's signer logs the headers that it signs, the session token among them, for
   * each request of each client. Said in docs/role-chaining.md.
   */
  private static final String SIGNER =
      "software.amazon.awssdk.http.auth.aws.internal.signer.DefaultV4RequestSigner";

  private static final String FIRST_KEY = "ASIAFIRST00000000001";

  private static final SecretOracle ORACLE =
      SecretOracle.of(
          ScriptedFirst.SECRET_ACCESS_KEY,
          ScriptedFirst.SESSION_TOKEN,
          ScriptedSts.SECRET_ACCESS_KEY,
          ScriptedSts.SESSION_TOKEN);

  private final ScriptedSts sts = new ScriptedSts();
  private final LogRecorder recorder = LogRecorder.start(Level.DEBUG, SIGNER);

  @AfterEach
  void stopRecording() {
    recorder.close();
    sts.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SignatureDoesNotMatch",
        "AccessDenied",
        "ExpiredToken",
        "InvalidClientTokenId",
        "ValidationError",
        "ServiceUnavailable"
      })
  void whatStsRepeatsIsTakenOut(String code) {
    // As the real one does where a signature is wrong.
    sts.refuses(
        code.equals("ServiceUnavailable") ? 503 : 403,
        code,
        "The Canonical String should have been 'x-amz-security-token:"
            + ScriptedFirst.SESSION_TOKEN
            + " key "
            + FIRST_KEY
            + " "
            + ScriptedFirst.SECRET_ACCESS_KEY
            + "'");

    Throwable failure = failure();

    assertThat(failure).hasMessageContaining("x-amz-security-token:***");
    assertSaysNoSecret(Secrets.said(failure));
    assertSaysNoSecret(String.join("\n", recorder.said()));
  }

  private Throwable failure() {
    return catchThrowable(
        () -> AssumeRoleExchangeTest.exchange(first(), environment()).exchange(new TestContext()));
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 403, 503, 302, 200})
  void whatAPeerEchoesInTheHeadOfItsAnswerIsNotLogged(int status) {
    sts.reason(ScriptedFirst.SESSION_TOKEN)
        .answers(status, SecretsTest.echoing(ScriptedFirst.SESSION_TOKEN), "<html/>");

    Throwable failure = failure();

    assertThat(failure).isInstanceOf(ExchangeException.class);
    assertSaysNoSecret(Secrets.said(failure));
    assertSaysNoSecret(String.join("\n", recorder.said()));
  }

  static Set<String> encodings() {
    return SecretOracle.encodings().keySet();
  }

  @ParameterizedTest
  @MethodSource("encodings")
  void noEncodingOfTheFirstCredentialsIsRepeated(String encoding) {
    UnaryOperator<String> encoded = Objects.requireNonNull(SecretOracle.encodings().get(encoding));
    for (String secret :
        List.of(ScriptedFirst.SECRET_ACCESS_KEY, ScriptedFirst.SESSION_TOKEN, FIRST_KEY)) {
      sts.refuses(403, "SignatureDoesNotMatch", "It should have been " + encoded.apply(secret));
      ORACLE.assertNoneIn(Secrets.said(failure()));
    }
    ORACLE.assertNoneIn(
        recorder.said().stream()
            .filter(line -> line.contains("should have been"))
            .collect(Collectors.joining("\n")));
  }

  @Test
  void aKeyIdInThePlaceOfARequestIdIsNotLoggedAndNotTold() {
    ScriptedSts.Answer refusal = ScriptedSts.refusal(403, "AccessDenied", "no", Map.of());
    sts.answers(
        403,
        Map.of("x-amzn-RequestId", FIRST_KEY),
        refusal.body().replaceFirst("<RequestId>[^<]*", "<RequestId>" + FIRST_KEY));

    Throwable failure = failure();

    assertThat(failure).isInstanceOf(ExchangeException.class);
    assertThat(Secrets.said(failure)).doesNotContain(FIRST_KEY);
    assertThat(String.join("\n", recorder.said())).doesNotContain(FIRST_KEY);
  }

  @Test
  void nothingIsSecretInWhatTheProviderPrintsAndLogs() {
    sts.answers(200, Map.of(), AssumeRoleExchangeTest.success("ASIASECOND0000000001"));
    AssumeRoleCredentialsProvider provider =
        AssumeRoleCredentialsProvider.builder(first(), "arn:aws:iam::444455556666:role/partner")
            .environment(environment())
            .build();
    provider.resolveCredentials();

    assertThat(recorder.said()).as("the SDK's request logger").anyMatch(l -> l.contains("POST"));
    assertSaysNoSecret(String.join("\n", recorder.said()));
    assertSaysNoSecret(provider + " " + provider.status() + " " + provider.explain());
  }

  private static ScriptedFirst first() {
    return ScriptedFirst.giving(FIRST_KEY);
  }

  private Environment environment() {
    return Environment.of(
        Map.of("AWS_REGION", "eu-west-1", "AWS_ENDPOINT_URL_STS", sts.endpoint().toString()));
  }

  private static void assertSaysNoSecret(String said) {
    assertThat(said)
        .doesNotContain(
            ScriptedFirst.SECRET_ACCESS_KEY,
            ScriptedFirst.SESSION_TOKEN,
            ScriptedSts.SECRET_ACCESS_KEY,
            ScriptedSts.SESSION_TOKEN);
    assertThat(ORACLE.leakOfAKnown(said)).isEmpty();
  }
}
