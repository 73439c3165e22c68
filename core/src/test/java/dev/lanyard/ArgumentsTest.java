package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What can never be valid is refused where it is given, by its name. */
class ArgumentsTest {
  private static final List<
          Map.Entry<
              String, BiFunction<SessionCredentials.Builder, String, SessionCredentials.Builder>>>
      PARTS =
          List.of(
              Map.entry("accessKeyId", SessionCredentials.Builder::accessKeyId),
              Map.entry("secretAccessKey", SessionCredentials.Builder::secretAccessKey),
              Map.entry("sessionToken", SessionCredentials.Builder::sessionToken));

  @Test
  @SuppressWarnings({"NullAway", "CheckReturnValue"}) // What a caller without its checks may do.
  void nullIsRefusedAtOnceAndNamed() {
    Map<String, List<ThrowingCallable>> calls = new LinkedHashMap<>();
    EksCredentialsProvider.Builder eks = EksCredentialsProvider.builder();
    calls.put("environment", List.of(() -> eks.environment(null)));
    calls.put("refreshPolicy", List.of(() -> eks.refreshPolicy(null)));
    calls.put("listener", List.of(() -> eks.listener(null)));
    calls.put("time", List.of(() -> eks.time(null)));
    calls.put("provider", List.of(() -> eks.whenNotOnEks(null)));
    calls.put("names", List.of(() -> eks.order((String[]) null), () -> eks.order("irsa", null)));
    RefreshPolicy policy = RefreshPolicy.defaults();
    calls.put("margin", List.of(() -> policy.withRefreshMargin(null)));
    calls.put("maxWait", List.of(() -> policy.withMaxWait(null)));
    calls.put("exchangeTimeout", List.of(() -> policy.withExchangeTimeout(null)));
    calls.put("source", List.of(() -> new TestProvider(null)));
    calls.put("options", List.of(() -> new TestProvider(new ScriptedSource(), null)));
    RefreshingCredentialsProvider provider =
        new TestProvider(
            new ScriptedSource(), EksCredentialsProvider.builder().time(new VirtualTime()));
    calls.put("atMost", List.of(() -> provider.awaitReady(null)));
    calls.put(
        "minimumValidity",
        List.of(
            () -> provider.resolveCredentials(null),
            () -> provider.resolveIdentity((java.time.Duration) null)));
    SessionCredentials.Builder credentials = SessionCredentials.builder();
    PARTS.forEach(
        part -> calls.put(part.getKey(), List.of(() -> part.getValue().apply(credentials, null))));
    calls.put("expiration", List.of(() -> credentials.expiration(null)));
    calls.put("kind", List.of(() -> ExchangeException.builder(null, "message")));
    calls.put("message", List.of(() -> ExchangeException.builder(FailureKind.TRANSIENT, null)));
    Evidence.Builder evidence = Evidence.builder();
    calls.put(
        "name", List.of(() -> evidence.fact(null, "value"), () -> evidence.hidden(null, "value")));
    calls.put(
        "value", List.of(() -> evidence.fact("name", null), () -> evidence.hidden("name", null)));
    calls.put("evidence", List.of(() -> Detection.present(new ScriptedSource(), null)));
    calls.put("variables", List.of(() -> Environment.of(null)));
    Environment environment = Environment.of(Map.of());
    calls.put("properties", List.of(() -> environment.withProperties(null)));
    calls.put("directory", List.of(() -> environment.withRoot(null)));

    calls.forEach(
        (name, all) ->
            all.forEach(
                call -> assertThatNullPointerException().isThrownBy(call).withMessage(name)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\t\n"})
  void anOrderNamesEachSource(String blank) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EksCredentialsProvider.builder().order("irsa", blank))
        .withMessage("the order holds a blank name");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\t\n"})
  void noPartOfCredentialsIsBlank(String blank) {
    PARTS.forEach(
        part ->
            assertThatIllegalArgumentException()
                .isThrownBy(() -> part.getValue().apply(SessionCredentials.builder(), blank))
                .withMessage(part.getKey() + " is blank"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"\u0000", "\n", "\r\nX-Evil: yes", "\u001f", " ", "\u007f", "\u00fc", "\ud800"})
  void noPartOfCredentialsHoldsWhatNoRequestCanCarry(String unfit) {
    for (String value : List.of("IQoJb3Jp" + unfit, unfit + "IQoJb3Jp", "IQoJ" + unfit + "b3Jp")) {
      PARTS.forEach(
          part ->
              assertThatIllegalArgumentException()
                  .isThrownBy(() -> part.getValue().apply(SessionCredentials.builder(), value))
                  .withMessage(part.getKey() + " holds a character that no request can carry"));
    }
  }

  @Test
  void partsOfCredentialsHoldAnythingElse() {
    StringBuilder text = new StringBuilder();
    for (char c = '!'; c <= '~'; c++) {
      text.append(c);
    }
    PARTS.forEach(
        part -> {
          SessionCredentials.Builder builder = SessionCredentials.builder();
          assertThat(part.getValue().apply(builder, text.toString())).isSameAs(builder);
        });
  }

  @Test
  void aPartOfCredentialsThatWasNeverSetIsMissedAtTheEnd() {
    SessionCredentials.Builder builder = SessionCredentials.builder();
    for (var part : PARTS) {
      assertThatIllegalArgumentException()
          .isThrownBy(builder::build)
          .withMessage(part.getKey() + " is missing");
      var unused = part.getValue().apply(builder, "value");
    }
    assertThatNullPointerException().isThrownBy(builder::build).withMessage("expiration");
  }

  private static final class TestProvider extends RefreshingCredentialsProvider {
    TestProvider(CredentialsSource source) {
      super(source);
    }

    TestProvider(CredentialsSource source, RefreshingCredentialsProvider.Builder<?> options) {
      super(source, options);
    }
  }
}
