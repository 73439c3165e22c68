package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whatever the environment says: present, absent or broken as the table of settings has it, and
 * never with the token in a text.
 *
 * <p>An input is lines of {@code name=value}, where a name is one letter: see {@link #NAMES}. The
 * byte 1 stands for a token.
 */
class PodIdentityDetectionFuzzTest {
  private static final Map<Character, String> NAMES =
      Map.of(
          'r', "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
          'f', "AWS_CONTAINER_CREDENTIALS_FULL_URI",
          't', "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
          'a', "AWS_CONTAINER_AUTHORIZATION_TOKEN",
          's', "AWS_CONTAINER_SERVICE_ENDPOINT",
          'R', "aws.containerCredentialsPath",
          'F', "aws.containerCredentialsFullUri",
          'T', "aws.containerAuthorizationTokenFile",
          'A', "aws.containerAuthorizationToken",
          'S', "aws.containerServiceEndpoint");

  private final CredentialsSource source = new PodIdentitySource();

  @FuzzTest
  void environment(byte[] input) {
    Map<String, String> variables = new HashMap<>();
    Map<String, String> properties = new HashMap<>();
    boolean pathHoldsToken = false;
    for (String line : new String(input, StandardCharsets.UTF_8).split("\n", -1)) {
      if (line.length() < 2 || line.charAt(1) != '=' || !NAMES.containsKey(line.charAt(0))) {
        continue;
      }
      char name = line.charAt(0);
      String value = line.substring(2).replace("\u0001", Tokens.TOKEN);
      (Character.isUpperCase(name) ? properties : variables).put(NAMES.get(name), value);
      // A path in the open, and the name of a file, are shown: that is what they are for.
      boolean shown =
          Character.toLowerCase(name) == 't'
              ? value.startsWith("/")
              : "fFsS".indexOf(name) >= 0 && value.indexOf(':') > 0;
      pathHoldsToken |= shown && Tokens.PIECES.stream().anyMatch(value::contains);
    }
    Environment environment = Environment.of(variables).withProperties(properties);
    Optional<String> relative = setting(environment, 'R', 'r');
    Optional<String> full = setting(environment, 'F', 'f');
    Optional<String> file = setting(environment, 'T', 't');
    Optional<String> token = setting(environment, 'A', 'a');

    Detection detection = source.detect(environment);

    String said;
    if (detection instanceof Detection.Present present) {
      said = present.evidence().toString();
      assertThat(relative.isPresent() || full.isPresent()).isTrue();
      assertThat(said).startsWith("endpoint http");
      assertThat(present.exchange().tokenFile().isPresent()).isEqualTo(file.isPresent());
      leadsWhereItMay(said);
    } else if (detection instanceof Detection.Broken broken) {
      String remedy = broken.problem().remedy().orElse("");
      said = broken.problem().summary() + "\n" + remedy + "\n" + broken.problem().facts();
      assertThat(broken.problem().summary()).isNotBlank();
      assertThat(remedy).isNotBlank();
    } else {
      said = ((Detection.Absent) detection).lookedFor();
      assertThat(List.of(relative, full, file, token)).containsOnly(Optional.empty());
    }
    if (List.of(relative, full, file, token).stream().allMatch(Optional::isEmpty)) {
      assertThat(detection).isInstanceOf(Detection.Absent.class);
    }
    if (!pathHoldsToken) {
      for (String piece : Tokens.PIECES) {
        assertThat(said).doesNotContain(piece);
      }
    }
    assertThat(said.replace("\n", "").chars()).noneMatch(Character::isISOControl);
    assertThat(source.detect(environment).getClass()).isEqualTo(detection.getClass());
  }

  /** The evidence names scheme and host first: in the clear it is an address or a name. */
  private static void leadsWhereItMay(String evidence) {
    String uri = evidence.substring("endpoint ".length()).split("[ ,]", 2)[0];
    if (uri.startsWith("http://") && uri.substring(7).matches("[0-9].*")) {
      assertThat(uri.substring(7))
          .matches(
              "(127\\.[0-9.]+|169\\.254\\.170\\.(2|23)|[0-9A-Za-z.-]*[A-Za-z-][0-9A-Za-z.-]*)([:/].*)?");
    }
  }

  private static Optional<String> setting(Environment environment, char property, char variable) {
    return environment
        .setting(NAMES.getOrDefault(property, ""), NAMES.getOrDefault(variable, ""))
        .map(Environment.Setting::value);
  }
}
