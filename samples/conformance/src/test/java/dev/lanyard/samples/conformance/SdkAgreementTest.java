package dev.lanyard.samples.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.peer.Request;
import dev.lanyard.samples.conformance.Replay.Stage;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.WebIdentityTokenFileCredentialsProvider;
import software.amazon.awssdk.core.SdkSystemSetting;
import software.amazon.awssdk.utils.SdkAutoCloseable;

/**
 * The AWS SDK for Java's own providers, in the same environment and with the same answers, agree
 * with Lanyard in each case that does not say otherwise, and differ just as it says where it does.
 *
 * <p>They are given the environment as system properties, which the SDK reads before the variables
 * of the same settings. The SDK asks again by itself, so the last answer is given again and again;
 * of its requests the first is compared.
 */
class SdkAgreementTest {

  /** Settings of clients and profiles, which the SDK's list of settings does not name. */
  private static final Map<String, String> OF_CLIENTS =
      Map.of(
          "AWS_ENDPOINT_URL_STS",
          "aws.endpointUrlSts",
          "AWS_ENDPOINT_URL",
          "aws.endpointUrl",
          "AWS_PROFILE",
          "aws.profile");

  /** Variables that the SDK for Java does not read: one has no need of them as properties. */
  private static final Set<String> NOT_READ =
      Set.of("HOSTNAME", "AWS_DEFAULT_REGION", "AWS_STS_REGIONAL_ENDPOINTS", "HOME");

  private final Map<String, @Nullable String> before = new HashMap<>();

  @TempDir private Path root;

  static Stream<Replay> cases() {
    return Family.replays().filter(replay -> replay.one().notCompared().isEmpty());
  }

  @AfterEach
  void restore() {
    before.forEach(
        (name, value) -> {
          if (value == null) {
            System.clearProperty(name);
          } else {
            System.setProperty(name, value);
          }
        });
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void theSdkAgreesUnlessTheCaseSaysOtherwise(Replay replay) {
    Set<String> declared = new TreeSet<>(replay.one().differs().keySet());
    try (Stage stage = replay.patientStage(root)) {
      Outcome outcome = play(replay, stage);

      Set<String> differences = differences(replay, stage, outcome);
      Set<String> byJava = byJava(replay);
      declared.removeAll(byJava);
      differences.removeAll(byJava);
      assertThat(differences)
          .as("what differs; the SDK: %s, asked %s", outcome, stage.server().requests())
          .isEqualTo(declared);
    }
  }

  /** Where the SDK differs on some releases of Java only. */
  private static Set<String> byJava(Replay replay) {
    Set<String> byJava = new TreeSet<>();
    for (Difference difference : Difference.all()) {
      replay
          .one()
          .differs()
          .forEach(
              (what, id) -> {
                if (difference.byJava() && difference.id().equals(id)) {
                  byJava.add(what);
                }
              });
    }
    return byJava;
  }

  /**
   * What the SDK's provider gave.
   *
   * @param credentials null if it failed
   * @param failure null if it did not
   */
  private record Outcome(
      Case.@Nullable Credentials credentials, @Nullable RuntimeException failure) {}

  private Outcome play(Replay replay, Stage stage) {
    Map<String, String> properties = asProperties(stage.variables());
    properties.putAll(stage.properties());
    // Nothing but the case: neither the files of whoever runs this, nor the machine's metadata.
    properties.put("aws.disableEc2Metadata", "true");
    properties.put("aws.configFile", root.resolve("no-config").toString());
    properties.put("aws.sharedCredentialsFile", root.resolve("no-credentials").toString());
    properties.forEach(this::set);
    List<Case.Attempt> attempts = replay.one().attempts();
    if (!attempts.isEmpty()) {
      stage.write(attempts.get(0).files());
    }
    AwsCredentialsProvider provider = provider(replay.family());
    try {
      return new Outcome(credentials(provider.resolveCredentials()), null);
    } catch (RuntimeException e) {
      return new Outcome(null, e);
    } finally {
      ((SdkAutoCloseable) provider).close();
    }
  }

  private static Set<String> differences(Replay replay, Stage stage, Outcome sdk) {
    Set<String> differences = new TreeSet<>();
    Case.Credentials ours = ours(replay);
    Case.Credentials theirs = sdk.credentials();
    if ((ours == null) != (theirs == null)) {
      differences.add("outcome");
    } else if (ours != null && theirs != null) {
      if (!(ours.accessKeyId() + ours.secretAccessKey() + ours.sessionToken())
          .equals(theirs.accessKeyId() + theirs.secretAccessKey() + theirs.sessionToken())) {
        differences.add("credentials");
      }
      if (!String.valueOf(ours.accountId()).equals(String.valueOf(theirs.accountId()))) {
        differences.add("account id");
      }
      if (!ours.given().toString().equals(theirs.expiration())) {
        differences.add("expiration");
      }
    }
    Case.Request asked =
        replay.requests().stream()
            .filter(request -> !request.equals(Replay.NOTHING))
            .findFirst()
            .orElse(Replay.NOTHING);
    List<Request> arrived = stage.server().requests();
    boolean same;
    if (arrived.isEmpty() || asked.equals(Replay.NOTHING)) {
      same = arrived.isEmpty() && asked.equals(Replay.NOTHING);
    } else {
      same = isLike(arrived.get(0), asked, stage);
    }
    if (!same) {
      differences.add("request");
    }
    return differences;
  }

  /** What Lanyard gives a caller in the end, as LanyardReplayTest sees to. */
  private static Case.@Nullable Credentials ours(Replay replay) {
    List<Case.Attempt> attempts = replay.one().attempts();
    if (attempts.isEmpty()) {
      return null;
    }
    Case.Attempt last = attempts.get(attempts.size() - 1);
    return last.expired() ? null : last.credentials();
  }

  /** Whether what decides of the answer is the same. */
  private static boolean isLike(Request arrived, Case.Request asked, Stage stage) {
    String token = asked.headers().get("Authorization");
    return arrived.method().equals(asked.method())
        && arrived.target().equals(stage.fill(asked.target()))
        && String.valueOf(arrived.header("Authorization")).equals(String.valueOf(token))
        && arrived.form().keySet().equals(asked.form().keySet())
        && asked.form().entrySet().stream()
            .allMatch(
                entry -> Replay.matches(arrived.form().get(entry.getKey()), entry.getValue()));
  }

  private static AwsCredentialsProvider provider(String family) {
    return switch (family) {
      case "web-identity" -> WebIdentityTokenFileCredentialsProvider.create();
      case "container", "pod-identity" -> ContainerCredentialsProvider.create();
      default -> DefaultCredentialsProvider.builder().build();
    };
  }

  private static Case.Credentials credentials(AwsCredentials credentials) {
    return new Case.Credentials(
        credentials.accessKeyId(),
        credentials.secretAccessKey(),
        credentials instanceof AwsSessionCredentials session ? session.sessionToken() : "none",
        credentials.accountId().orElse(null),
        credentials.expirationTime().map(Object::toString).orElse(null));
  }

  /** The names by which the SDK itself reads the same settings. */
  private static Map<String, String> asProperties(Map<String, String> variables) {
    Map<String, String> names = new HashMap<>(OF_CLIENTS);
    for (SdkSystemSetting setting : SdkSystemSetting.values()) {
      names.put(setting.environmentVariable(), setting.property());
    }
    Map<String, String> properties = new HashMap<>();
    variables.forEach(
        (name, value) -> {
          if (names.containsKey(name)) {
            properties.put(names.get(name), value);
          } else if (!NOT_READ.contains(name)) {
            throw new IllegalArgumentException("the SDK does not know " + name);
          }
        });
    return properties;
  }

  private void set(String name, String value) {
    before.put(name, System.getProperty(name));
    System.setProperty(name, value);
  }
}
