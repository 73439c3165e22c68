package dev.lanyard.samples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import dev.lanyard.CredentialsEventListener;
import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.EksCredentialsProvider;
import dev.lanyard.RefreshPolicy;
import dev.lanyard.peer.SecretOracle;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.IssuedCredentials;
import dev.lanyard.testing.TrustPolicy;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.auth.credentials.AwsCredentials;

/**
 * All loggers of the process at their finest level, and all that a provider throws, tells and
 * shows, while pods of either kind get credentials or do not: no secret is in any of it.
 */
class SecretsTest {
  private static final String NAMESPACE = "shop";
  private static final String SERVICE_ACCOUNT = "orders";

  private static final Map<String, Function<FakeEks, Environment>> FAILURES = failures();

  private final Queue<String> said = new ConcurrentLinkedQueue<>();
  private final List<String> secrets = new ArrayList<>();

  private final Logger logback = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
  private final java.util.logging.Logger jdk = LogManager.getLogManager().getLogger("");
  private final Appender appender = new Appender();
  private final JdkHandler handler = new JdkHandler();
  private ch.qos.logback.core.@Nullable Appender<ILoggingEvent> console;
  private @Nullable Level logbackLevel;
  private java.util.logging.@Nullable Level jdkLevel;

  private final FakeEks eks = FakeEks.start();

  @BeforeEach
  void listenToEverything() {
    logbackLevel = logback.getLevel();
    logback.setLevel(Level.TRACE);
    appender.setContext(logback.getLoggerContext());
    appender.start();
    console = logback.getAppender("console");
    logback.detachAppender(console);
    logback.addAppender(appender);
    jdkLevel = jdk.getLevel();
    jdk.setLevel(java.util.logging.Level.ALL);
    jdk.addHandler(handler);
  }

  @AfterEach
  void listenNoMore() {
    jdk.removeHandler(handler);
    jdk.setLevel(jdkLevel);
    logback.detachAppender(appender);
    logback.addAppender(console);
    logback.setLevel(logbackLevel);
    eks.close();
  }

  @Test
  void everyLoggingFacadeIsListenedTo() {
    LoggerFactory.getLogger("one").trace("by SLF4J");
    java.util.logging.Logger.getLogger("two").finest("by java.util.logging");
    System.getLogger("three").log(System.Logger.Level.TRACE, "by System.Logger");
    System.getLogger("four").log(System.Logger.Level.TRACE, "thrown", new IOException("a cause"));

    assertThat(said)
        .anyMatch(line -> line.contains("by SLF4J"))
        .anyMatch(line -> line.contains("by java.util.logging"))
        .anyMatch(line -> line.contains("by System.Logger"))
        .anyMatch(line -> line.contains("a cause"));
  }

  static Stream<String> failingScenes() {
    return FAILURES.keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("failingScenes")
  void aFailureSaysNoSecret(String scene) {
    Environment environment = Objects.requireNonNull(FAILURES.get(scene)).apply(eks);
    remember(environment);
    EksCredentialsProvider provider = provider(environment);

    hear(catchThrowable(provider::resolveCredentials));
    hear(
        Objects.requireNonNull(catchThrowable(() -> provider.resolveIdentity().join()).getCause()));
    hear(catchThrowable(() -> provider.resolveCredentials(Duration.ofMinutes(20))));
    hear(catchThrowable(() -> provider.awaitReady(Duration.ofMillis(50))));
    hear(provider);

    assertThat(secrets).isNotEmpty();
    assertNoSecretWasSaid();
  }

  @ParameterizedTest
  @MethodSource("bothModes")
  void aSuccessAndTheFailureAfterItSayNoSecret(String mode) {
    FakePod pod = mode.equals("irsa") ? irsa(eks) : podIdentity(eks);
    remember(pod.environment());
    EksCredentialsProvider provider = provider(pod.environment());

    AwsCredentials credentials = provider.resolveCredentials();
    IssuedCredentials issued = eks.issued(credentials.accessKeyId()).orElseThrow();
    secrets.addAll(List.of(issued.secretAccessKey(), issued.sessionToken(), issued.accessKeyId()));
    hear(provider);
    eks.sts().goDown();
    eks.agent().goDown();
    var unused = provider.invalidate(credentials);
    hear(catchThrowable(() -> provider.resolveCredentials(Duration.ofHours(100))));
    hear(provider);

    assertThat(provider.resolveCredentials()).isSameAs(credentials);
    assertThat(said)
        .as("that the exchange of Lanyard was heard")
        .anyMatch(line -> line.startsWith("dev.lanyard "));
    if (mode.equals("irsa")) {
      // The agent is asked without the SDK, over a connection that logs nothing.
      assertThat(said)
          .as("that the SDK's request was heard")
          .anyMatch(line -> line.contains("software.amazon.awssdk.request"));
    }
    assertNoSecretWasSaid();
  }

  static Stream<String> bothModes() {
    return Stream.of("irsa", "pod-identity");
  }

  private static Map<String, Function<FakeEks, Environment>> failures() {
    Map<String, Function<FakeEks, Environment>> scenes = new LinkedHashMap<>();
    scenes.put(
        "IRSA, the role trusts another service account",
        eks ->
            eks.pod(NAMESPACE, SERVICE_ACCOUNT)
                .irsa(eks.role("other", TrustPolicy.forServiceAccount(eks, NAMESPACE, "payments")))
                .environment());
    scenes.put(
        "IRSA, the issuer is not registered",
        eks -> {
          FakePod pod = irsa(eks);
          eks.issuer().unregister();
          return pod.environment();
        });
    scenes.put(
        "IRSA, another audience", eks -> irsa(eks).audience("vault.example.com").environment());
    scenes.put(
        "IRSA, the token has been tampered with",
        eks -> {
          FakePod pod = irsa(eks);
          String token = read(pod.webIdentityTokenFile());
          pod.replaceWebIdentityToken(token.substring(0, token.length() - 8) + "AAAAAAAA");
          return pod.environment();
        });
    scenes.put(
        "IRSA, two tokens in the file",
        eks -> {
          FakePod pod = irsa(eks);
          String token = read(pod.webIdentityTokenFile());
          pod.replaceWebIdentityToken(token + "\n" + token);
          return pod.environment();
        });
    scenes.put(
        "IRSA, throttled",
        eks -> {
          FakePod pod = irsa(eks);
          eks.sts().throttle(1_000);
          return pod.environment();
        });
    scenes.put(
        "IRSA, STS is down",
        eks -> {
          FakePod pod = irsa(eks);
          eks.sts().goDown();
          return pod.environment();
        });
    scenes.put(
        "IRSA, the token in the place of the role",
        eks -> {
          FakePod pod = irsa(eks);
          Map<String, String> variables = new HashMap<>(pod.variables());
          variables.put("AWS_ROLE_ARN", read(pod.webIdentityTokenFile()));
          return Environment.of(variables);
        });
    scenes.put(
        "IRSA, the token in the place of its file",
        eks -> {
          FakePod pod = irsa(eks);
          Map<String, String> variables = new HashMap<>(pod.variables());
          variables.put("AWS_WEB_IDENTITY_TOKEN_FILE", read(pod.webIdentityTokenFile()));
          return Environment.of(variables);
        });
    scenes.put(
        "Pod Identity, no association",
        eks -> eks.pod(NAMESPACE, SERVICE_ACCOUNT).podIdentity().environment());
    scenes.put(
        "Pod Identity, the role does not trust it",
        eks -> {
          String role =
              eks.role("irsa-only", TrustPolicy.forServiceAccount(eks, NAMESPACE, "orders"));
          eks.associate(NAMESPACE, SERVICE_ACCOUNT, role);
          return eks.pod(NAMESPACE, SERVICE_ACCOUNT).podIdentity().environment();
        });
    scenes.put(
        "Pod Identity, the token has been tampered with",
        eks -> {
          FakePod pod = podIdentity(eks);
          String token = read(pod.authorizationTokenFile());
          pod.replaceAuthorizationToken(token.substring(0, token.length() - 8) + "AAAAAAAA");
          return pod.environment();
        });
    scenes.put(
        "Pod Identity, a line break after the token",
        eks -> {
          FakePod pod = podIdentity(eks);
          pod.replaceAuthorizationToken(read(pod.authorizationTokenFile()) + "\n");
          return pod.environment();
        });
    scenes.put(
        "Pod Identity, throttled",
        eks -> {
          FakePod pod = podIdentity(eks);
          eks.agent().throttle(1_000);
          return pod.environment();
        });
    scenes.put(
        "Pod Identity, the agent is down",
        eks -> {
          FakePod pod = podIdentity(eks);
          eks.agent().goDown();
          return pod.environment();
        });
    scenes.put(
        "Pod Identity, the token in the place of the URI",
        eks -> {
          FakePod pod = podIdentity(eks);
          Map<String, String> variables = new HashMap<>(pod.variables());
          variables.put("AWS_CONTAINER_CREDENTIALS_FULL_URI", read(pod.authorizationTokenFile()));
          return Environment.of(variables);
        });
    scenes.put(
        "Pod Identity, the token itself in a variable, and a host that it must not go to",
        eks -> {
          FakePod pod = podIdentity(eks);
          return Environment.of(
              Map.of(
                  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                  "http://192.0.2.1/v1/credentials",
                  "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                  read(pod.authorizationTokenFile())));
        });
    return scenes;
  }

  private static FakePod irsa(FakeEks eks) {
    return eks.pod(NAMESPACE, SERVICE_ACCOUNT)
        .irsa(eks.role("orders", TrustPolicy.forServiceAccount(eks, NAMESPACE, SERVICE_ACCOUNT)));
  }

  private static FakePod podIdentity(FakeEks eks) {
    eks.associate(NAMESPACE, SERVICE_ACCOUNT, eks.role("orders", TrustPolicy.forPodIdentity()));
    return eks.pod(NAMESPACE, SERVICE_ACCOUNT).podIdentity();
  }

  private EksCredentialsProvider provider(Environment environment) {
    return EksCredentialsProvider.builder()
        .environment(environment)
        .refreshPolicy(RefreshPolicy.defaults().withMaxWait(Duration.ofMillis(500)))
        .listener(CredentialsEventListener.of(event -> said.add(event.toString())))
        .build();
  }

  /** The tokens that a pod has been given; a JSON Web Token's header alone is no secret. */
  private void remember(Environment environment) {
    Stream.of("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
        .flatMap(name -> environment.variable(name).stream())
        .map(Environment.Setting::value)
        // A token in the place of its file is as secret as in it.
        .forEach(file -> rememberToken(file.startsWith("/") ? read(environment.path(file)) : file));
    environment
        .variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        .ifPresent(token -> rememberToken(token.value()));
  }

  private void rememberToken(String content) {
    for (String token : content.split("\n", -1)) {
      String[] parts = token.split("\\.", -1);
      if (parts.length == 3) {
        secrets.add(parts[1]);
        secrets.add(parts[2]);
      }
    }
  }

  private void hear(Throwable failure) {
    assertThat(failure).isInstanceOf(CredentialsUnavailableException.class);
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace));
    said.add(trace.toString());
    said.add(((CredentialsUnavailableException) failure).status().toString());
    for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof ExchangeException exchange) {
        said.add(exchange.code() + " " + exchange.requestId() + " " + exchange.remedy());
      }
    }
  }

  private void hear(EksCredentialsProvider provider) {
    said.add(provider + " " + provider.status() + " " + provider.explain());
  }

  private void assertNoSecretWasSaid() {
    String all = String.join("\n", said);
    assertThat(all).doesNotContain(secrets);
    assertThat(SecretOracle.of(secrets).leakOfAKnown(all)).isEmpty();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private final class Appender extends AppenderBase<ILoggingEvent> {
    @Override
    protected void append(ILoggingEvent event) {
      said.add(event.getLoggerName() + " " + event.getFormattedMessage());
      if (event.getThrowableProxy() != null) {
        said.add(ThrowableProxyUtil.asString(event.getThrowableProxy()));
      }
    }
  }

  private final class JdkHandler extends Handler {
    JdkHandler() {
      setLevel(java.util.logging.Level.ALL);
    }

    @Override
    public void publish(LogRecord entry) {
      said.add(entry.getLoggerName() + " " + new SimpleFormatter().format(entry));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
