package dev.lanyard.irsa.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lanyard.diagnosis.Fact;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.irsa.IrsaCredentialsProvider;
import dev.lanyard.irsa.Sessions;
import dev.lanyard.peer.Certificate;
import dev.lanyard.spi.ExchangeException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;

/** STS through a proxy, on real sockets. No name of STS is looked up on the way. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProxyTest {
  private static final String PASSWORD = "pass:word+of@proxy";

  @TempDir private static Path keys;
  private static Certificate peer;

  @TempDir Path root;
  private TunnelProxy proxy;
  private Pod pod;

  @BeforeAll
  static void makeACertificate() throws Exception {
    peer =
        Certificate.make(
            keys,
            "dns:sts.eu-west-1.amazonaws.com,dns:sts.amazonaws.com,dns:localhost,ip:127.0.0.1");
  }

  @BeforeEach
  void startProxy() {
    peer.trusted();
    proxy = TunnelProxy.to(peer);
    pod = new Pod(root).set("HTTPS_PROXY", "http://127.0.0.1:" + proxy.port());
  }

  @AfterEach
  void stopProxy() {
    proxy.close();
    Certificate.trustAsBefore();
  }

  @Test
  void theRequestGoesThroughTheTunnelAndTheProxySeesTheNameOfTheEndpointAlone() throws Exception {
    pod.exchange().exchange(new TestContext());

    assertThat(proxy.heads())
        .singleElement()
        .satisfies(
            head ->
                assertThat(head.split("\r\n", -1))
                    .containsExactly(
                        "CONNECT sts.eu-west-1.amazonaws.com:443 HTTP/1.1",
                        "Host: sts.eu-west-1.amazonaws.com:443",
                        "",
                        ""));
    assertThat(proxy.requests())
        .singleElement()
        .satisfies(
            head ->
                assertThat(head)
                    .startsWith("POST / HTTP/1.1\r\nHost: sts.eu-west-1.amazonaws.com\r\n")
                    .doesNotContainIgnoringCase("Authorization"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7})
  void anInterimAnswerOfTheProxyIsPassedOver(int count) throws Exception {
    proxy.answers(
        "HTTP/1.1 100 Continue\r\n\r\n".repeat(count) + "HTTP/1.1 200 Connection established");

    pod.exchange().exchange(new TestContext());

    assertThat(proxy.requests()).hasSize(1);
  }

  @Test
  void interimAnswersWithoutEndAreNoTunnel() {
    proxy.answers("HTTP/1.1 100 Continue\r\n\r\n".repeat(100) + "HTTP/1.1 200 OK");

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(FailureKind.TRANSIENT);
    assertThat(proxy.requests()).isEmpty();
  }

  @Test
  void withoutARegionTheGlobalEndpointIsAskedAndNoInstanceMetadata() throws Exception {
    pod.unset("AWS_REGION");
    try (ScriptedSts metadata = new ScriptedSts().answers(200, Map.of(), "us-west-2")) {
      System.setProperty("aws.ec2MetadataServiceEndpoint", metadata.endpoint().toString());
      try {
        pod.exchange().exchange(new TestContext());
      } finally {
        System.clearProperty("aws.ec2MetadataServiceEndpoint");
      }

      assertThat(metadata.requests()).isEmpty();
    }
    assertThat(proxy.heads().get(0)).startsWith("CONNECT sts.amazonaws.com:443 ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTPS_PROXY", "https_proxy"})
  void eitherSpellingOfTheVariableNamesTheProxyWithASchemeOrWithout(String variable)
      throws Exception {
    pod.unset("HTTPS_PROXY").set(variable, "127.0.0.1:" + proxy.port());

    pod.exchange().exchange(new TestContext());

    assertThat(proxy.requests()).hasSize(1);
  }

  @Test
  void systemPropertiesComeBeforeVariablesWithTheirOwnExceptions() throws Exception {
    pod.set("HTTPS_PROXY", "http://127.0.0.1:1")
        .set("NO_PROXY", "*")
        .property("https.proxyHost", "127.0.0.1")
        .property("https.proxyPort", String.valueOf(proxy.port()))
        .property("http.nonProxyHosts", "other.example|*.svc");

    pod.exchange().exchange(new TestContext());

    assertThat(proxy.requests()).hasSize(1);
  }

  @Test
  void whatTheProcessSaysItselfIsNotLookedAt() throws Exception {
    System.setProperty("https.proxyHost", "127.0.0.1");
    System.setProperty("https.proxyPort", "1");
    System.setProperty("socksProxyHost", "127.0.0.1");
    System.setProperty("socksProxyPort", "1");
    try {
      pod.exchange().exchange(new TestContext());
    } finally {
      System.clearProperty("https.proxyHost");
      System.clearProperty("https.proxyPort");
      System.clearProperty("socksProxyHost");
      System.clearProperty("socksProxyPort");
    }

    assertThat(proxy.requests()).hasSize(1);
  }

  @Test
  void userAndPasswordOfTheUrlAreBasicAuthenticationWhateverTheJdkDisables() throws Exception {
    String basic = basic("pod user:" + PASSWORD);
    proxy.requires(basic);
    pod.set(
        "HTTPS_PROXY", "http://pod%20user:pass:word+of%40proxy@127.0.0.1:" + proxy.port() + "/");

    pod.exchange().exchange(new TestContext());

    assertThat(proxy.heads()).singleElement().satisfies(h -> assertThat(h).contains(basic));
    assertThat(proxy.requests().get(0)).doesNotContain(basic).doesNotContain("Proxy-Authorization");
  }

  @Test
  void userAndPasswordOfThePropertiesAreBasicAuthenticationToo() throws Exception {
    proxy.requires(basic("user:" + PASSWORD));
    pod.unset("HTTPS_PROXY")
        .property("https.proxyHost", "127.0.0.1")
        .property("https.proxyPort", String.valueOf(proxy.port()))
        .property("https.proxyUser", "user")
        .property("https.proxyPassword", PASSWORD);

    pod.exchange().exchange(new TestContext());

    assertThat(proxy.requests()).hasSize(1);
  }

  @Test
  void aProxyThatAsksForAnotherPasswordIsAMisconfigurationThatDoesNotRepeatThisOne() {
    proxy.requires(basic("user:other"));
    pod.set("HTTPS_PROXY", "http://user:pass:word+of%40proxy@127.0.0.1:" + proxy.port());

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(e.status()).hasValue(407);
    assertThat(e)
        .hasMessage(
            "the proxy refused a connection to STS (407) (https://sts.eu-west-1.amazonaws.com"
                + " through proxy http://127.0.0.1:"
                + proxy.port()
                + " of environment variable HTTPS_PROXY)");
    assertThat(e.remedy()).hasValueSatisfying(r -> assertThat(r).contains("Basic"));
    assertThat(e.problem().id()).isEqualTo("PROXY-006");
    assertThat(e.problem().facts())
        .extracting(Fact::toString)
        .containsExactly(
            "role " + Pod.ROLE,
            "endpoint https://sts.eu-west-1.amazonaws.com",
            "proxy http://127.0.0.1:" + proxy.port(),
            "status 407");
    assertThat(proxy.requests()).isEmpty();
    assertSaysNoPassword(Secrets.said(e));
    assertSaysNoPassword(pod.exchange() + " " + pod.detect());
  }

  @ParameterizedTest(name = "CONNECT answered {0} is {1}")
  @CsvSource({
    "403, MISCONFIGURED",
    "405, MISCONFIGURED",
    "302, MISCONFIGURED",
    "408, TRANSIENT",
    "429, TRANSIENT",
    "502, TRANSIENT",
    "503, TRANSIENT",
    "504, TRANSIENT"
  })
  void aProxyThatRefusesTheTunnelIsNamedAndTheTokenStaysHere(int status, FailureKind kind) {
    proxy.answers("HTTP/1.1 " + status + " secret of the proxy\r\nLocation: http://127.0.0.1:1");

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(kind);
    assertThat(e.status()).hasValue(status);
    assertThat(e.remedy()).hasValueSatisfying(r -> assertThat(r).containsIgnoringCase("proxy"));
    assertThat(e.problem().id())
        .isEqualTo(kind == FailureKind.MISCONFIGURED ? "PROXY-007" : "PROXY-008");
    assertThat(Secrets.said(e)).doesNotContain("secret");
    assertThat(proxy.heads()).hasSize(1);
    assertThat(proxy.requests()).isEmpty();
  }

  @Test
  void aProxyThatSpeaksNoHttpIsTransient() {
    proxy.answers("SSH-2.0-secret");

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(FailureKind.TRANSIENT);
    assertThat(e).hasMessageStartingWith("no connection through the proxy: ProtocolException");
  }

  @Test
  void aProxyThatIsNotThereIsTransientAndNamed() {
    proxy.close();
    int port = proxy.port();

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(FailureKind.TRANSIENT);
    assertThat(e)
        .hasMessageStartingWith("no connection through the proxy: ConnectException")
        .hasMessageContaining("through proxy http://127.0.0.1:" + port);
  }

  @Test
  void aProxyWhoseNameDoesNotResolveIsTransientAndNamed() {
    pod.set("HTTPS_PROXY", "http://" + Pod.NO_HOST + ":3128");

    ExchangeException e = failure();

    assertThat(e.kind()).isEqualTo(FailureKind.TRANSIENT);
    assertThat(e).hasMessageStartingWith("the host name of the proxy does not resolve");
  }

  @Test
  void aProxyMayItselfBeSpokenToOverTls() throws Exception {
    try (TunnelProxy secure = TunnelProxy.overTls(peer, peer)) {
      pod.set("HTTPS_PROXY", "https://localhost:" + secure.port());

      pod.exchange().exchange(new TestContext());

      assertThat(secure.requests()).hasSize(1);
    }
  }

  @Test
  void anStsThatHasNoCertificateOfItsNameGetsNothingThroughATunnelEither() {
    pod.set("AWS_REGION", "eu-west-2");

    ExchangeException e = failure();

    assertCertificateIsRefused(
        e, "no secure connection to STS: this JVM does not accept the", "NET-004");
    assertThat(proxy.heads()).hasSize(1);
    assertThat(proxy.requests()).isEmpty();
  }

  @Test
  void anStsWhoseCertificateNobodyTrustsIsAMisconfiguration() {
    Certificate.trustAsBefore();

    assertCertificateIsRefused(
        failure(),
        "no secure connection to STS: this JVM does not accept the certificate (https:",
        "NET-004");
    assertThat(proxy.requests()).isEmpty();
  }

  @Test
  void aTrustStoreThatIsNotThereIsAMisconfiguration() {
    System.setProperty("javax.net.ssl.trustStore", root.resolve("nowhere.p12").toString());

    assertCertificateIsRefused(
        failure(), "no secure connection to STS: this JVM does not accept", "NET-004");
    assertThat(proxy.requests()).isEmpty();
  }

  @Test
  void aClientOfTheApplicationThatTrustsNobodyIsAMisconfiguration() {
    Certificate.trustAsBefore();
    try (TunnelProxy sts = TunnelProxy.overTls(peer, peer);
        StsClient client =
            StsClient.builder()
                .region(Region.EU_WEST_1)
                .endpointOverride(URI.create("https://localhost:" + sts.port()))
                .credentialsProvider(AnonymousCredentialsProvider.create())
                .overrideConfiguration(o -> o.retryStrategy(AwsRetryStrategy.doNotRetry()))
                .build()) {
      IrsaSource source =
          new IrsaSource(
              new IrsaOptions(
                  Optional.empty(),
                  Optional.empty(),
                  Sessions.of(IrsaCredentialsProvider.builder().stsClient(client))));

      assertCertificateIsRefused(
          catchThrowableOfType(
              ExchangeException.class, () -> pod.exchange(source).exchange(new TestContext())),
          "no secure connection to STS: this JVM does not accept",
          "NET-004");
    }
  }

  @Test
  void aProxyWhoseCertificateNobodyTrustsIsAMisconfigurationOfTheProxy() {
    try (TunnelProxy secure = TunnelProxy.overTls(peer, peer)) {
      pod.set("HTTPS_PROXY", "https://localhost:" + secure.port());
      Certificate.trustAsBefore();

      assertCertificateIsRefused(
          failure(),
          "no secure connection to the proxy: this JVM does not accept its certificate (https:",
          "PROXY-005");
      assertThat(secure.requests()).isEmpty();
    }
  }

  private static void assertCertificateIsRefused(ExchangeException e, String message, String id) {
    assertThat(e.problem().id()).isEqualTo(id);
    assertThat(e.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(e).hasMessageStartingWith(message);
    assertThat(e.remedy())
        .hasValueSatisfying(r -> assertThat(r).contains("trust store", "intercepts"));
  }

  @Test
  void anEndpointThatNoProxyExceptsIsAskedDirectly() {
    pod.set("AWS_ENDPOINT_URL_STS", "https://" + Pod.NO_HOST).set("NO_PROXY", ".invalid");

    assertThat(failure())
        .hasMessage(
            "the host name of the STS endpoint does not resolve (https://" + Pod.NO_HOST + ")");

    assertThat(proxy.heads()).isEmpty();
  }

  @Test
  void anEndpointOnLoopbackIsAskedDirectlyOverTls() {
    try (TunnelProxy sts = TunnelProxy.overTls(peer, peer)) {
      sts.answers("HTTP/1.1 503 No\r\nContent-Length: 0");
      pod.set("AWS_ENDPOINT_URL_STS", "https://localhost:" + sts.port());

      assertThat(failure().status()).hasValue(503);

      assertThat(sts.heads())
          .singleElement()
          .satisfies(
              h ->
                  assertThat(h)
                      .startsWith("POST / HTTP/1.1\r\nHost: localhost:" + sts.port() + "\r\n"));
    }

    assertThat(proxy.heads()).isEmpty();
  }

  @Test
  void aPlainEndpointIsAskedDirectly() throws Exception {
    try (ScriptedSts sts = new ScriptedSts().issues("ASIAEXAMPLEEXAMPLE01")) {
      pod.sts(sts.endpoint());
      pod.exchange().exchange(new TestContext());

      assertThat(sts.requests()).hasSize(1);
    }

    assertThat(proxy.heads()).isEmpty();
  }

  private ExchangeException failure() {
    return catchThrowableOfType(
        ExchangeException.class, () -> pod.exchange().exchange(new TestContext()));
  }

  private static void assertSaysNoPassword(String said) {
    assertThat(said).doesNotContain(PASSWORD, "pass:word", "of%40proxy", basic("user:" + PASSWORD));
  }

  private static String basic(String userAndPassword) {
    return "Basic " + Base64.getEncoder().encodeToString(userAndPassword.getBytes(UTF_8));
  }
}
