package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import dev.lanyard.testing.FakeEks;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read of a body that came with 200, whole or not. */
class AgentAnswersTest {
  private static final FakeEks EKS = FakeEks.builder().clock(() -> TestContext.NOW).start();

  @AfterAll
  static void closeTheCluster() {
    EKS.close();
  }

  /** An agent that answers this, whatever it is asked. */
  private static String saying(String body, String... headers) {
    Agents.says(EKS.agent(), "200 OK", body, headers);
    return EKS.agent().endpoint().toString();
  }

  /** What an exchange with such an agent gives. */
  private static SessionCredentials given(String body, String... headers) throws Exception {
    return Exchanges.with(saying(body, headers), Tokens.TOKEN).exchange(new TestContext());
  }

  @Test
  void readsAllThatTheAgentSays() throws Exception {
    SessionCredentials credentials = given(Tokens.GOOD_BODY, "Date: Tue, 01 Jan 2030 00:00:07 GMT");

    assertThat(credentials.accessKeyId()).isEqualTo(Tokens.ACCESS_KEY_ID);
    assertThat(credentials.secretAccessKey()).isEqualTo(Tokens.SECRET_ACCESS_KEY);
    assertThat(credentials.sessionToken()).isEqualTo(Tokens.SESSION_TOKEN);
    assertThat(credentials.expiration()).isEqualTo(Instant.parse("2030-01-01T06:00:00Z"));
    assertThat(credentials.accountId()).contains("111122223333");
    // Loopback: it is dated by this machine's clock, which it would have to judge.
    assertThat(credentials.answeredAt()).isEmpty();
    assertThat(credentials.longestLife()).contains(Duration.ofHours(6));
  }

  @ParameterizedTest
  @CsvSource({
    "'Tue, 01 Jan 2030 00:00:07 GMT', , false, 2030-01-01T00:00:07Z",
    "'Tue, 01 Jan 2030 00:00:07 GMT', 1800, false, 2030-01-01T00:30:07Z",
    "'Tue, 01 Jan 2030 00:00:07 GMT', 0, false, 2030-01-01T00:00:07Z",
    "'Tue, 01 Jan 2030 00:00:07 GMT', old, false, 2030-01-01T00:00:07Z",
    "'Tue, 01 Jan 2030 00:00:07 GMT', -5, false, 2030-01-01T00:00:07Z",
    "'Tue, 01 Jan 2030 00:00:07 GMT', 129600, false, 2030-01-02T12:00:07Z",
    "'Tue, 01 Jan 2030 00:00:07 GMT', 129601, false,",
    "'Tue, 01 Jan 2030 00:00:07 GMT', 99999999999999999999, false,",
    "'Tue, 01 Jan 2030 00:00:07 GMT', , true,",
    "'Tue, 01 Jan 2030 00:00:07 GMT', 1800, true,",
    "today, , false,",
    "today, 1800, false,",
    ", 1800, false,",
  })
  void theTimeAtTheOtherEndIsTheDateAndTheAge(
      @Nullable String date, @Nullable String age, boolean onThisNode, @Nullable Instant time) {
    AgentAnswer answer =
        new AgentAnswer(200, date, age, onThisNode, null, null, new byte[0], TestContext.NOW);

    assertThat(answer.answeredAt()).isEqualTo(Optional.ofNullable(time));
  }

  @Test
  void whatRunsOnThisNodeHasItsClock() throws Exception {
    for (String here : List.of("127.0.0.1", "127.1.2.3", "::1", "169.254.170.2", "fd00:ec2::23")) {
      assertThat(HostRule.isOnThisNode(InetAddress.getByName(here))).as(here).isTrue();
    }
    for (String here : List.of("169.254.170.23", "169.254.1.1", "fe80::1")) {
      assertThat(HostRule.isOnThisNode(InetAddress.getByName(here))).as(here).isTrue();
    }
    for (String there : List.of("10.0.0.1", "192.0.2.1", "fd00:ec2::254", "2001:db8::1")) {
      assertThat(HostRule.isOnThisNode(InetAddress.getByName(there))).as(there).isFalse();
    }
  }

  @Test
  void aDateThatIsNoneIsNoReasonToFail() throws Exception {
    assertThat(given(Tokens.GOOD_BODY, "Date: today").answeredAt()).isEmpty();
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
        "Expiration: is not a time in RFC 3339 form:"
            + " {\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"tomorrow\"}",
      })
  void anAnswerWithAFieldThatIsMissingOrOfAnotherKindIsAFailureThatNamesIt(String scene) {
    String[] parts = scene.split(": ", 3);
    String agent = saying(parts[2]);
    ExchangeException failure = Exchanges.failure(agent);

    assertThat(failure.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(failure.status()).hasValue(200);
    assertThat(failure)
        .hasMessage(
            "something other than the agent answered 200 at "
                + agent
                + ", without usable session credentials: field "
                + parts[0]
                + " "
                + parts[1]);
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
        "\uFEFF\uFEFF{}",
      })
  void anAnswerThatIsNoJsonObjectIsAFailure(String body) {
    ExchangeException failure = Exchanges.failure(saying(body));

    assertThat(failure.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(failure).hasMessageContaining("without usable session credentials: the");
  }

  @Test
  void aGoodAnswerIsStillGoodWithFieldsThatNobodyAskedFor() throws Exception {
    String body =
        "{\"Code\":\"Success\",\"RoleArn\":\"arn\",\"More\":{\"a\":[1,{\"b\":null}]},"
            + Tokens.GOOD_BODY.substring(1);
    assertThat(given(body)).isNotNull();
  }

  @Test
  void aGoodAnswerIsSpoiltByATrailerADoubleOrAnAbyss() {
    for (String body :
        new String[] {
          Tokens.GOOD_BODY + "x",
          Tokens.GOOD_BODY + Tokens.GOOD_BODY,
          Tokens.GOOD_BODY.replace("}", ",\"Token\":\"other\"}"),
          Tokens.GOOD_BODY.replace("}", ",\"More\":" + "[".repeat(5000) + "]".repeat(5000) + "}"),
        }) {
      ExchangeException failure = Exchanges.failure(saying(body));
      assertThat(failure.kind()).isEqualTo(FailureKind.MISCONFIGURED);
      assertThat(Exchanges.everythingIn(failure)).doesNotContain(Tokens.PIECES);
    }
  }

  @Test
  void sixteenLevelsOfNestingAreReadAndNoMore() throws Exception {
    // The object itself is the first.
    String good =
        Tokens.GOOD_BODY.replace("}", ",\"More\":" + "[".repeat(15) + "]".repeat(15) + "}");
    assertThat(given(good)).isNotNull();

    assertThat(Exchanges.failure(saying(good.replace("[]", "[[]]"))))
        .hasMessageContaining("not valid JSON");
  }

  @Test
  void anAccountThatIsNoneIsLeftOut() throws Exception {
    for (String account : new String[] {"111122223333", "\"12\"", "null", "{}", "\"\""}) {
      String body = Tokens.GOOD_BODY.replace("\"111122223333\"", account);
      assertThat(given(body).accountId()).isEmpty();
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
    SessionCredentials credentials = given(lower);

    assertThat(credentials.accessKeyId()).isEqualTo(Tokens.ACCESS_KEY_ID);
    assertThat(credentials.secretAccessKey()).isEqualTo(Tokens.SECRET_ACCESS_KEY);
    assertThat(credentials.sessionToken()).isEqualTo(Tokens.SESSION_TOKEN);
    assertThat(credentials.accountId()).contains("111122223333");
  }

  @ParameterizedTest
  @CsvSource({
    "'\"Token\":', '\"token\":\"other\",\"Token\":', field Token occurs twice",
    "'\"Token\":', '\"Token\":null,\"TOKEN\":', field Token occurs twice",
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
  void aFieldThatIsSpoiltIsNamed(String part, String spoilt, String reason) {
    ExchangeException failure = Exchanges.failure(saying(Tokens.GOOD_BODY.replace(part, spoilt)));

    assertThat(failure.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(failure).hasMessageContaining("without usable session credentials: " + reason);
  }

  @Test
  void aTokenThatIsNoneGivesWayToASessionToken() throws Exception {
    for (String none : new String[] {"null", "\"\"", "7"}) {
      String body =
          Tokens.GOOD_BODY
              .replace("\"Token\"", "\"SessionToken\"")
              .replace("{", "{\"Token\":" + none + ",");
      assertThat(given(body).sessionToken()).isEqualTo(Tokens.SESSION_TOKEN);
    }
  }

  @Test
  void aByteOrderMarkIsPassedOver() throws Exception {
    assertThat(given("\uFEFF" + Tokens.GOOD_BODY)).isNotNull();
  }

  @Test
  void whatTheCodeSaysOtherThanSuccessIsAFailure() {
    for (String code :
        new String[] {"\"Failed\"", "\"\"", "null", "7", "\"Success\",\"code\":\"Failed\""}) {
      String body = Tokens.GOOD_BODY.replace("{", "{\"Code\":" + code + ",");
      ExchangeException failure = Exchanges.failure(saying(body));
      assertThat(failure.kind()).isEqualTo(FailureKind.MISCONFIGURED);
      assertThat(failure).hasMessageStartingWith("something other than the agent answered at ");
    }
  }

  @Test
  void takesSessionTokenForToken() throws Exception {
    String body = Tokens.GOOD_BODY.replace("\"Token\"", "\"SessionToken\"");
    assertThat(given(body).sessionToken()).isEqualTo(Tokens.SESSION_TOKEN);
  }
}
