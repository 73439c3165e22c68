package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.irsa.IrsaCredentialsProvider;
import dev.lanyard.irsa.Sessions;
import dev.lanyard.peer.Request;
import dev.lanyard.spi.CredentialsExchange;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IrsaExchangeTest {
  @TempDir Path root;
  private final ScriptedSts sts = new ScriptedSts();
  private Pod pod;

  @BeforeEach
  void startPod() {
    pod = new Pod(root).sts(sts.endpoint()).set("AWS_ROLE_SESSION_NAME", "orders-7d9f");
  }

  @AfterEach
  void stopSts() {
    sts.close();
  }

  @Test
  void anAnswerThatIsFarTooLongIsNotReadToItsEnd() {
    // All that a good answer holds, and then some.
    sts.answers(
        200,
        Map.of(),
        ScriptedSts.success("ASIA1")
            .replaceFirst("<SessionToken>", " ".repeat(2 << 20) + "<SessionToken>"));

    ExchangeException e =
        catchThrowableOfType(
            ExchangeException.class, () -> pod.exchange().exchange(new TestContext()));

    assertThat(e).isNotNull();
    assertThat(e.kind()).isEqualTo(FailureKind.MISCONFIGURED);
  }

  @Test
  void theAnswerBecomesSessionCredentials() throws Exception {
    sts.answers(
        200,
        Map.of("Date", "Tue, 01 Jan 2030 00:00:07 GMT"),
        ScriptedSts.success("ASIAEXAMPLEEXAMPLE01"));

    SessionCredentials credentials = exchange();

    assertThat(credentials.accessKeyId()).isEqualTo("ASIAEXAMPLEEXAMPLE01");
    assertThat(credentials.secretAccessKey()).isEqualTo(ScriptedSts.SECRET_ACCESS_KEY);
    assertThat(credentials.sessionToken()).isEqualTo(ScriptedSts.SESSION_TOKEN);
    assertThat(credentials.expiration()).isEqualTo("2030-01-01T01:00:00Z");
    assertThat(credentials.accountId()).contains("111122223333");
    assertThat(credentials.answeredAt()).contains(Instant.parse("2030-01-01T00:00:07Z"));
  }

  @Test
  void theRequestIsUnsignedAndHasTheseParametersOnly() throws Exception {
    sts.issues("ASIAEXAMPLEEXAMPLE01");

    exchange();

    Request request = sts.requests().get(0);
    assertThat(request.method()).isEqualTo("POST");
    assertThat(request.target()).isEqualTo("/");
    assertThat(request.form())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "Action", "AssumeRoleWithWebIdentity",
                "Version", "2011-06-15",
                "RoleArn", Pod.ROLE,
                "RoleSessionName", "orders-7d9f",
                "WebIdentityToken", Tokens.token(1)));
    assertThat(request.headers().get("Content-Type"))
        .startsWith("application/x-www-form-urlencoded");
    assertThat(request.headers())
        .doesNotContainKeys("Authorization", "X-Amz-Security-Token", "X-Amz-Date");
    assertThat(request.headers()).containsEntry("Connection", "close");
  }

  @Test
  void theRequestIsThisToTheByteThatMatters() throws Exception {
    sts.issues("ASIAEXAMPLEEXAMPLE01");

    exchange();

    Request request = sts.requests().get(0);
    assertThat(request.body())
        .isEqualTo(
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
                + "&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fshop%2Forders"
                + "&RoleSessionName=orders-7d9f&WebIdentityToken="
                + Tokens.token(1));
    assertThat(request.headers())
        .containsEntry("Host", sts.endpoint().getAuthority())
        .containsEntry("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
        .containsEntry("Content-Length", String.valueOf(request.body().length()))
        .containsEntry("Accept", "*/*");
    assertThat(request.headers().keySet())
        .as("all there are, by name")
        .usingElementComparator(String.CASE_INSENSITIVE_ORDER)
        .containsExactlyInAnyOrder(
            "Host",
            "Connection",
            "Content-Length",
            "Content-Type",
            "Accept",
            "User-Agent",
            "amz-sdk-invocation-id",
            "amz-sdk-request");
  }

  @Test
  void staticKeysInTheEnvironmentDoNotMakeItSigned() throws Exception {
    sts.issues("ASIAEXAMPLEEXAMPLE01");
    ProcessBuilder child =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Child.class.getName(),
            root.toString(),
            sts.endpoint().toString());
    child.environment().put("AWS_ACCESS_KEY_ID", "AKIAEXAMPLEEXAMPLE01");
    child.environment().put("AWS_SECRET_ACCESS_KEY", "static");
    child.environment().put("AWS_SESSION_TOKEN", "static");
    Process process = child.inheritIO().start();

    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
    assertThat(sts.requests().get(0).headers())
        .doesNotContainKeys("Authorization", "X-Amz-Security-Token", "X-Amz-Date");
  }

  /** One exchange in a process of its own. */
  static final class Child {
    private Child() {}

    public static void main(String[] arguments) throws Exception {
      assertThat(System.getenv("AWS_ACCESS_KEY_ID")).isNotNull();
      new Pod(Path.of(arguments[0]))
          .sts(URI.create(arguments[1]))
          .exchange()
          .exchange(new TestContext());
    }
  }

  @Test
  void staticKeysInTheProcessDoNotMakeItSigned() throws Exception {
    sts.issues("ASIAEXAMPLEEXAMPLE01");
    System.setProperty("aws.accessKeyId", "AKIAEXAMPLEEXAMPLE01");
    System.setProperty("aws.secretAccessKey", "static");
    try {
      exchange();
    } finally {
      System.clearProperty("aws.accessKeyId");
      System.clearProperty("aws.secretAccessKey");
    }

    assertThat(sts.requests().get(0).headers()).doesNotContainKey("Authorization");
  }

  @Test
  void theTokenIsReadAnewAtEveryAttempt() throws Exception {
    sts.issues("ASIAEXAMPLEEXAMPLE01");
    CredentialsExchange exchange = pod.exchange();

    exchange.exchange(new TestContext());
    pod.token(Tokens.token(2));
    exchange.exchange(new TestContext());

    assertThat(sts.requests())
        .extracting(request -> request.form().get("WebIdentityToken"))
        .containsExactly(Tokens.token(1), Tokens.token(2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n", " \n\n"})
  void aLineBreakAfterTheTokenIsNotSent(String end) throws Exception {
    sts.issues("ASIAEXAMPLEEXAMPLE01");
    pod.token(Tokens.token(1) + end);

    exchange();

    assertThat(sts.requests().get(0).form()).containsEntry("WebIdentityToken", Tokens.token(1));
  }

  @Test
  void theLongestTokenIsSent() throws Exception {
    sts.issues("ASIAEXAMPLEEXAMPLE01");
    pod.token("t".repeat(20_000) + "\n");

    exchange();

    assertThat(sts.requests().get(0).form().get("WebIdentityToken")).hasSize(20_000);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "~~|is empty",
        "  |is empty",
        "abc|holds no web identity token: it has fewer than 4 characters",
        "abc def|holds no web identity token: it has blanks",
        " abcdef|holds no web identity token: it has blanks",
        "abcdé|holds no web identity token: it has blanks",
      })
  void aFileWithoutATokenIsAMisconfigurationAndNothingIsSent(String content, String reason) {
    pod.token(content);

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(e)
        .hasMessageStartingWith("web identity token file " + Pod.TOKEN_FILE + " " + reason);
    assertThat(e.problem().id()).isEqualTo(content.isBlank() ? "TOK-005" : "TOK-007");
    assertThat(e.problem().fact("token file")).contains(Pod.TOKEN_FILE);
    assertThat(e.remedy()).isPresent();
    assertThat(sts.requests()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {20_001, 21_001, 5_000_000})
  void aTokenThatStsWouldNotTakeIsAMisconfigurationAndNothingIsSent(int length) {
    pod.token("t".repeat(length));

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(e).hasMessageEndingWith("has more than 20000 characters, more than STS takes");
    assertThat(e.problem().id()).isEqualTo("TOK-006");
    assertThat(sts.requests()).isEmpty();
  }

  @Test
  void aTokenOfSeveralLinesIsAMisconfiguration() {
    pod.token(Tokens.token(1) + "\n" + Tokens.token(2));

    assertThat(failure().kind()).isEqualTo(FailureKind.MISCONFIGURED);
  }

  @Test
  void aMissingFileIsAMisconfigurationAndWorksOnceItIsThere() throws Exception {
    sts.issues("ASIAEXAMPLEEXAMPLE01");
    Files.delete(pod.tokenFile());

    ExchangeException e = failure();
    assertThat(e.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(e).hasMessageContaining(Pod.TOKEN_FILE + " does not exist");
    assertThat(e.remedy()).hasValueSatisfying(r -> assertThat(r).contains("aws-iam-token"));

    pod.token(Tokens.token(1));
    exchange();
  }

  @Test
  void aDirectoryIsAMisconfiguration() throws Exception {
    Files.delete(pod.tokenFile());
    Files.createDirectory(pod.tokenFile());

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(e).hasMessageContaining("is not a regular file");
    assertThat(e.problem().id()).isEqualTo("TOK-003");
  }

  @Test
  void anExpiredTokenThatTheKubeletHasJustReplacedIsReplacedWithinTheAttempt() throws Exception {
    sts.refuses(400, "ExpiredTokenException", "Token expired: current date/time 2 must be before 1")
        .issues("ASIAEXAMPLEEXAMPLE01");
    sts.onRequest(() -> pod.token(Tokens.token(2)));

    assertThat(exchange().accessKeyId()).isEqualTo("ASIAEXAMPLEEXAMPLE01");

    assertThat(sts.requests())
        .extracting(request -> request.form().get("WebIdentityToken"))
        .containsExactly(Tokens.token(1), Tokens.token(2));
  }

  @Test
  void anExpiredTokenThatNobodyReplacedIsRejectedAfterOneRequest() {
    sts.refuses(
        400, "ExpiredTokenException", "Token expired: current date/time 2 must be before 1");

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(e.code()).contains("ExpiredTokenException");
    assertThat(e.remedy()).hasValueSatisfying(r -> assertThat(r).contains("kubelet", "subPath"));
    assertThat(sts.requests()).hasSize(1);
  }

  @Test
  void aReplacementThatIsExpiredTooIsNotTriedForEver() {
    int[] serial = {1};
    sts.refuses(
        400, "ExpiredTokenException", "Token expired: current date/time 2 must be before 1");
    sts.onRequest(() -> pod.token(Tokens.token(++serial[0])));

    assertThat(failure().kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(sts.requests()).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"})
  void anAnswerThatLacksAFieldIsAFailureThatNamesIt(String field) {
    String success = ScriptedSts.success("ASIAEXAMPLEEXAMPLE01");
    sts.answers(200, Map.of(), success.replaceFirst("<" + field + ">.*</" + field + ">", ""));

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(FailureKind.TRANSIENT);
    assertThat(e).hasMessageStartingWith("the answer of STS lacks " + field + " (");
    assertThat(e.status()).hasValue(200);
    assertThat(e.requestId()).contains("11111111-2222-3333-4444-555555555555");
  }

  @Test
  void anAnswerWithABlankFieldIsAFailureThatNamesIt() {
    String success = ScriptedSts.success("ASIAEXAMPLEEXAMPLE01");
    sts.answers(
        200,
        Map.of(),
        success.replaceFirst("<SessionToken>.*</SessionToken>", "<SessionToken> </SessionToken>"));

    assertThat(failure()).hasMessageStartingWith("the answer of STS lacks SessionToken (");
  }

  @ParameterizedTest
  @CsvSource({
    "AccessKeyId, ASIA EXAMPLE",
    "SecretAccessKey, se\u00e9cret",
    "SessionToken, 'to\r\nX-Other: ken'",
  })
  void anAnswerWithAFieldThatNoRequestCanCarryIsAFailureThatNamesItAlone(
      String field, String value) {
    String success = ScriptedSts.success("ASIAEXAMPLEEXAMPLE01");
    sts.answers(
        200,
        Map.of(),
        success.replaceFirst(
            "<" + field + ">.*</" + field + ">", "<" + field + ">" + value + "</" + field + ">"));

    assertThat(failure())
        .hasMessageStartingWith(
            "the answer of STS has a character in " + field + " that no request can carry (")
        .hasMessageNotContaining(value);
  }

  @Test
  void blanksAroundAFieldAreNoPartOfIt() throws Exception {
    String success = ScriptedSts.success("ASIAEXAMPLEEXAMPLE01");
    sts.answers(
        200, Map.of(), success.replaceAll(">(ASIA[^<]*|Fwo[^<]*|wJal[^<]*)<", ">\n  $1\n<"));

    SessionCredentials credentials = exchange();

    assertThat(credentials.accessKeyId()).isEqualTo("ASIAEXAMPLEEXAMPLE01");
    assertThat(credentials.secretAccessKey()).isEqualTo(ScriptedSts.SECRET_ACCESS_KEY);
    assertThat(credentials.sessionToken()).isEqualTo(ScriptedSts.SESSION_TOKEN);
  }

  @Test
  void aSuccessThatIsNestedWithoutEndIsAFailureLikeAnyOther() {
    sts.answers(200, Map.of(), "<AssumeRoleWithWebIdentityResponse>" + "<a>".repeat(300_000));

    assertThat(failure().kind()).isEqualTo(FailureKind.TRANSIENT);
  }

  @Test
  void anErrorThatIsNestedWithoutEndIsAFailureLikeAnyOther() {
    sts.answers(400, Map.of(), "<ErrorResponse>" + "<a>".repeat(300_000));

    // Where the stack of the Java that runs this is deep enough, it is an error without a code.
    assertThat(failure().kind()).isIn(FailureKind.TRANSIENT, FailureKind.MISCONFIGURED);
  }

  @Test
  void anAnswerWithoutCredentialsIsAFailureThatSaysSo() {
    String success = ScriptedSts.success("ASIAEXAMPLEEXAMPLE01");
    sts.answers(200, Map.of(), success.replaceFirst("<Credentials>.*</Credentials>", ""));

    assertThat(failure()).hasMessageStartingWith("the answer of STS lacks Credentials (");
  }

  @Test
  void anAnswerWithoutAnAssumedRoleHasNoAccount() throws Exception {
    String success = ScriptedSts.success("ASIAEXAMPLEEXAMPLE01");
    sts.answers(200, Map.of(), success.replaceFirst("<AssumedRoleUser>.*</AssumedRoleUser>", ""));

    assertThat(exchange().accountId()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "'Tue, 01 Jan 2030 01:00:00 GMT', 2030-01-01T01:00:00Z",
    "'Fri, 31 Dec 9999 23:59:59 GMT', 9999-12-31T23:59:59Z",
    "'Thu, 01 Jan 1970 00:00:00 GMT', 1970-01-01T00:00:00Z",
  })
  void whetherADateCanBeTrueIsForTheEngineToJudge(String date, Instant answeredAt)
      throws Exception {
    sts.answers(200, Map.of("Date", date), ScriptedSts.success("ASIAEXAMPLEEXAMPLE01"));

    SessionCredentials credentials = exchange();

    assertThat(credentials.expiration()).isEqualTo("2030-01-01T01:00:00Z");
    assertThat(credentials.answeredAt()).contains(answeredAt);
  }

  @ParameterizedTest(name = "Age {0} makes it {1}")
  @CsvSource({
    "0, 2030-01-01T00:00:00Z",
    "1800, 2030-01-01T00:30:00Z",
    "43200, 2030-01-01T12:00:00Z",
    "43201,",
    "999999999,",
    "9999999999, 2030-01-01T00:00:00Z",
    "-1, 2030-01-01T00:00:00Z",
    "1.5, 2030-01-01T00:00:00Z",
    "old, 2030-01-01T00:00:00Z",
    "'', 2030-01-01T00:00:00Z",
  })
  void anAnswerThatACacheKeptIsOlderThanItsDate(String age, @Nullable Instant answeredAt)
      throws Exception {
    Map<String, String> headers = Map.of("Date", "Tue, 01 Jan 2030 00:00:00 GMT", "Age", age);
    sts.answers(200, headers, ScriptedSts.success("ASIAEXAMPLEEXAMPLE01"));
    assertThat(exchange().answeredAt()).isEqualTo(Optional.ofNullable(answeredAt));

    sts.refuses(403, "AccessDenied", "no", headers);
    exchange();
    assertThat(failure().answeredAt()).isEqualTo(Optional.ofNullable(answeredAt));
  }

  @Test
  void anAnswerThatLacksAFieldSaysWhenItWasSent() {
    sts.answers(
        200,
        Map.of("Date", "Tue, 01 Jan 2030 00:00:00 GMT"),
        ScriptedSts.success("ASIAEXAMPLEEXAMPLE01")
            .replaceFirst("<Expiration>.*</Expiration>", ""));

    assertThat(failure().answeredAt()).contains(Instant.parse("2030-01-01T00:00:00Z"));
  }

  @Test
  void aSessionLastsNoLongerThanItWasAskedFor() throws Exception {
    sts.issues("ASIAEXAMPLEEXAMPLE01");

    assertThat(exchange().longestLife()).contains(Duration.ofMinutes(61));

    IrsaSource source =
        new IrsaSource(
            new IrsaOptions(
                Optional.empty(),
                Optional.empty(),
                Sessions.of(IrsaCredentialsProvider.builder().duration(Duration.ofHours(12)))));
    assertThat(pod.exchange(source).exchange(new TestContext()).longestLife())
        .contains(Duration.ofMinutes(721));
  }

  @Test
  void aWrongLocalClockDoesNotSpoilGoodCredentials() throws Exception {
    // The context says 2030-01-01T00:00:00Z.
    sts.answers(
        200,
        Map.of("Date", "Mon, 31 Dec 2029 22:00:00 GMT"),
        ScriptedSts.success("ASIAEXAMPLEEXAMPLE01").replace("2030-01-01T01", "2029-12-31T23"));

    assertThat(exchange().answeredAt()).contains(Instant.parse("2029-12-31T22:00:00Z"));
  }

  @Test
  void aPodsEnvironmentOfTheProcessDoesNotMoveTheEndpoint() throws Exception {
    sts.issues("ASIAEXAMPLEEXAMPLE01");
    System.setProperty("aws.endpointUrlSts", "http://127.0.0.1:1");
    System.setProperty("aws.region", "not a region");
    System.setProperty("aws.useFipsEndpoint", "true");
    try {
      exchange();
    } finally {
      System.clearProperty("aws.endpointUrlSts");
      System.clearProperty("aws.region");
      System.clearProperty("aws.useFipsEndpoint");
    }

    assertThat(sts.requests()).hasSize(1);
  }

  @Test
  void nothingInAProfileFileCounts() throws Exception {
    sts.issues("ASIAEXAMPLEEXAMPLE01");
    withProfiles(
        """
        [default]
        region = us-west-2
        endpoint_url = http://127.0.0.1:1
        use_fips_endpoint = true
        retry_mode = never-heard-of
        defaults_mode = never-heard-of
        sdk_ua_app_id = said-the-profile
        """,
        this::exchange);

    assertThat(sts.requests())
        .singleElement()
        .satisfies(
            request ->
                assertThat(request.headers().get("User-Agent")).doesNotContain("said-the-profile"));
  }

  @Test
  void aProfileFileThatNoClientOfTheSdkCanReadIsAMisconfiguration() throws Exception {
    sts.issues("ASIAEXAMPLEEXAMPLE01");

    ExchangeException e = withProfiles("[profile broken", this::failure);

    assertThat(e.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(e).hasMessageStartingWith("the AWS SDK cannot make an STS client");
    assertThat(e.remedy()).hasValueSatisfying(r -> assertThat(r).contains("AWS_CONFIG_FILE"));
    assertThat(sts.requests()).isEmpty();
  }

  @Test
  void noInstanceMetadataIsAsked() throws Exception {
    sts.issues("ASIAEXAMPLEEXAMPLE01");
    try (ScriptedSts metadata = new ScriptedSts().answers(200, Map.of(), "node-role")) {
      System.setProperty("aws.ec2MetadataServiceEndpoint", metadata.endpoint().toString());
      System.setProperty("aws.defaultsMode", "auto");
      try {
        exchange();
        sts.refuses(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
        exchange();
        assertThat(failure().kind()).isEqualTo(FailureKind.REJECTED);
      } finally {
        System.clearProperty("aws.ec2MetadataServiceEndpoint");
        System.clearProperty("aws.defaultsMode");
      }

      assertThat(metadata.requests()).isEmpty();
    }
  }

  @Test
  void noThreadIsStartedAndNoneIsLeft() throws Exception {
    sts.issues("ASIAEXAMPLEEXAMPLE01");
    CredentialsExchange exchange = pod.exchange();
    exchange.exchange(new TestContext());
    Set<Thread> before = Thread.getAllStackTraces().keySet();

    Set<Thread> during = new HashSet<>();
    sts.onRequest(() -> during.addAll(Thread.getAllStackTraces().keySet()));
    exchange.exchange(new TestContext());

    during.removeAll(before);
    // By name, since the engines of other tests have threads of their own.
    assertThat(during)
        .extracting(Thread::getName)
        .noneMatch(name -> name.matches("(?i).*(sdk|aws|keep-?alive|idle).*"));
  }

  @Test
  void anInterruptedThreadGivesUpAsInterrupted() {
    sts.issues("ASIAEXAMPLEEXAMPLE01");
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(this::exchange).isInstanceOf(InterruptedException.class);
    } finally {
      Thread.interrupted();
    }
  }

  @Test
  void theDescriptionIsWhatItPrints() {
    assertThat(pod.exchange().toString())
        .startsWith("IrsaExchange[role " + Pod.ROLE)
        .doesNotContain(Tokens.token(1));
    assertThat(List.of(new IrsaSource()).toString()).isEqualTo("[IrsaSource]");
  }

  private <T> T withProfiles(String content, Callable<T> action) throws Exception {
    Path config = Files.writeString(root.resolve("config"), content);
    System.setProperty("aws.configFile", config.toString());
    try {
      return action.call();
    } finally {
      System.clearProperty("aws.configFile");
    }
  }

  private SessionCredentials exchange() throws ExchangeException, InterruptedException {
    return pod.exchange().exchange(new TestContext());
  }

  private ExchangeException failure() {
    return catchThrowableOfType(ExchangeException.class, this::exchange);
  }
}
