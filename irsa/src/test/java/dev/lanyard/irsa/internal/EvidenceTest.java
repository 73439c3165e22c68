package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.irsa.IrsaCredentialsProvider;
import dev.lanyard.irsa.Sessions;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsExchange;
import dev.lanyard.spi.Detection;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.services.sts.StsClient;

/** Sources share credentials by equal evidence alone, so it holds all that an exchange goes by. */
class EvidenceTest {
  private static final String PASSWORD = "s3cret-of-the-proxy";

  @TempDir Path root;
  private Pod pod;

  @BeforeEach
  void startPod() {
    pod = new Pod(root);
  }

  @Test
  void theSameSettingsAreTheSameEvidence() {
    pod.set("HTTPS_PROXY", "http://user:" + PASSWORD + "@proxy.example:3128")
        .set("NO_PROXY", "10.0.0.0/8,.internal");

    assertThat(of(pod.detect())).isEqualTo(of(pod.detect())).hasSameHashCodeAs(of(pod.detect()));
  }

  @Test
  void whichOfTwoNamesGaveASettingIsNotEvidence() {
    Evidence before = of(pod.detect());

    assertThat(of(pod.property("aws.roleArn", Pod.ROLE).detect())).isEqualTo(before);
  }

  @ParameterizedTest(name = "{0} = {1}")
  @CsvSource(
      delimiter = '|',
      value = {
        "AWS_ROLE_ARN|arn:aws:iam::111122223333:role/orders",
        "AWS_ROLE_ARN|arn:aws-cn:iam::111122223333:role/shop/orders",
        "AWS_WEB_IDENTITY_TOKEN_FILE|/var/run/secrets/other/token",
        "AWS_ROLE_SESSION_NAME|other",
        "HOSTNAME|another-pod",
        "AWS_REGION|eu-central-1",
        "AWS_STS_REGIONAL_ENDPOINTS|legacy",
        "AWS_USE_FIPS_ENDPOINT|true",
        "AWS_USE_DUALSTACK_ENDPOINT|true",
        "AWS_ENDPOINT_URL_STS|https://sts.example",
        "AWS_ENDPOINT_URL|http://sts.example:8080/path",
        "HTTPS_PROXY|http://proxy.example:3128",
      })
  void eachSettingIsEvidence(String variable, String value) {
    Evidence before = of(pod.detect());

    assertThat(of(pod.set(variable, value).detect())).isNotEqualTo(before);
  }

  @Test
  void everyPartOfTheWayThroughAProxyIsEvidence() {
    List<Pod> pods = new ArrayList<>();
    for (String proxy :
        List.of(
            "http://proxy.example:3128",
            "http://proxy.example:3129",
            "http://other.example:3128",
            "https://proxy.example:3128",
            "http://user:one@proxy.example:3128",
            "http://user:two@proxy.example:3128")) {
      pods.add(new Pod(root).set("HTTPS_PROXY", proxy));
    }
    for (String direct : List.of("sts.eu-west-1.amazonaws.com", "a", "b", "a,b", "10.0.0.0/8")) {
      pods.add(
          new Pod(root).set("HTTPS_PROXY", "http://proxy.example:3128").set("NO_PROXY", direct));
    }

    assertThat(pods.stream().map(p -> of(p.detect())).distinct()).hasSameSizeAs(pods);
  }

  @Test
  void whatTheApplicationAsksForIsEvidence() {
    List<Consumer<IrsaCredentialsProvider.Builder>> options =
        List.of(
            b -> {},
            b -> b.duration(Duration.ofMinutes(15)),
            b -> b.policy("{\"a\":1}"),
            b -> b.policy("{\"a\":2}"),
            b -> b.policyArns("arn:aws:iam::aws:policy/One"),
            b -> b.policyArns("arn:aws:iam::aws:policy/Two"),
            b -> b.policyArns("arn:aws:iam::aws:policy/One", "arn:aws:iam::aws:policy/Two"),
            b -> b.policyArns("arn:aws:iam::aws:policy/One,arn:aws:iam::aws:policy/Two"),
            b -> b.region("eu-west-3"),
            b -> b.endpoint(URI.create("https://sts.example")),
            b -> b.sessionName("mine"));

    assertThat(new HashSet<>(options.stream().map(this::evidence).toList())).hasSameSizeAs(options);
  }

  @Test
  void noSecretIsShown() {
    pod.set("HTTPS_PROXY", "http://user:" + PASSWORD + "@proxy.example:3128");

    assertThat(of(pod.detect()).toString())
        .contains(Pod.ROLE, "proxy http://proxy.example:3128")
        .doesNotContain(PASSWORD, "user", "Basic");
    assertThat(evidence(b -> b.policy("{\"Resource\":\"hidden\"}")).toString())
        .doesNotContain("hidden");
  }

  @Test
  void aClientOfTheApplicationIsNoFactSoThatNothingIsShared() {
    StsClient client =
        new StsClient() {
          @Override
          public String serviceName() {
            return SERVICE_NAME;
          }

          @Override
          public void close() {}
        };

    IrsaSource source = source(b -> b.stsClient(client));
    Evidence evidence = of(source.detect(pod.environment()));

    assertIsOfNobodyElse(evidence, of(source.detect(pod.environment())));
    assertThat(evidence.fact("STS client")).contains("the application's own");
    assertThat(evidence.fact("role")).contains(Pod.ROLE);
  }

  @Test
  void aTokenFileOfAnotherFileSystemIsNoFactSoThatNothingIsShared() throws Exception {
    URI archive = URI.create("jar:" + root.resolve("root.zip").toUri());
    try (FileSystem other = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
      // Its text is that of a path of this machine.
      Path file = other.getPath(pod.tokenFile().toString());
      IrsaSource source =
          new IrsaSource(new IrsaOptions(Optional.empty(), Optional.of(file), SessionOptions.NONE));

      Evidence evidence = of(source.detect(pod.environment()));

      assertIsOfNobodyElse(evidence, of(source.detect(pod.environment())));
      assertThat(evidence.fact("token file")).contains(file.toString());
    }
  }

  @Test
  void aFirstHopIsNoFactSoThatNothingIsShared() {
    AssumeRoleSource chained =
        new AssumeRoleSource(
            ScriptedFirst.giving("ASIAFIRST00000000001"), AssumeRoleExchangeTest.options());

    assertIsOfNobodyElse(
        of(chained.detect(pod.environment())), of(chained.detect(pod.environment())));
  }

  private static void assertIsOfNobodyElse(Evidence one, Evidence same) {
    assertThat(one.isComparable()).isFalse();
    assertThat(one).isNotEqualTo(same).hasToString(same.toString());
  }

  @Test
  void whatWasDetectedIsWhatIsAskedWhateverTheProcessSaysLater() throws Exception {
    Map<String, String> before =
        Map.of(
            "aws.roleArn",
            Pod.ROLE,
            "aws.webIdentityTokenFile",
            pod.tokenFile().toString(),
            "aws.region",
            "eu-west-1");
    Map<String, String> after =
        Map.of(
            "aws.roleArn", "arn:aws:iam::999988887777:role/admin",
            "aws.webIdentityTokenFile", "/nowhere",
            "aws.region", "us-east-2",
            "aws.endpointUrlSts", "http://127.0.0.1:1",
            "aws.useFipsEndpoint", "true",
            "https.proxyHost", "127.0.0.1",
            "https.proxyPort", "1");
    try (ScriptedSts sts = new ScriptedSts().issues("ASIAEXAMPLEEXAMPLE01")) {
      CredentialsExchange exchange;
      before.forEach(System::setProperty);
      System.setProperty("aws.endpointUrlSts", sts.endpoint().toString());
      try {
        exchange = present(new IrsaSource().detect(Environment.system().snapshot())).exchange();
        after.forEach(System::setProperty);
        exchange.exchange(new TestContext());
      } finally {
        after.keySet().forEach(System::clearProperty);
      }

      assertThat(sts.requests())
          .singleElement()
          .satisfies(request -> assertThat(request.form()).containsEntry("RoleArn", Pod.ROLE));
    }
  }

  private Evidence evidence(Consumer<IrsaCredentialsProvider.Builder> options) {
    return of(source(options).detect(pod.environment()));
  }

  private static IrsaSource source(Consumer<IrsaCredentialsProvider.Builder> options) {
    IrsaCredentialsProvider.Builder builder = IrsaCredentialsProvider.builder();
    options.accept(builder);
    return new IrsaSource(
        new IrsaOptions(Optional.empty(), Optional.empty(), Sessions.of(builder)));
  }

  private static Evidence of(Detection detection) {
    return present(detection).evidence();
  }

  private static Detection.Present present(Detection detection) {
    return assertThat(detection).asInstanceOf(type(Detection.Present.class)).actual();
  }
}
