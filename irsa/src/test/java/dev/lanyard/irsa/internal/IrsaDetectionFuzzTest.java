package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Whatever the environment says: present with a role that is one, absent where nothing speaks of
 * it, else broken, and never with a token or a password in a text.
 *
 * <p>An input is lines of {@code name=value}, where a name is one letter: see {@link #NAMES}. The
 * byte 1 stands for a token in the variable of the token file, and for a password in a URL.
 */
class IrsaDetectionFuzzTest {
  private static final String TOKEN = Tokens.token(7);
  private static final String PASSWORD = "correct-horse-battery-staple";

  private static final Map<Character, String> NAMES =
      Map.ofEntries(
          Map.entry('r', "AWS_ROLE_ARN"),
          Map.entry('R', "aws.roleArn"),
          Map.entry('t', "AWS_WEB_IDENTITY_TOKEN_FILE"),
          Map.entry('T', "aws.webIdentityTokenFile"),
          Map.entry('n', "AWS_ROLE_SESSION_NAME"),
          Map.entry('N', "aws.roleSessionName"),
          Map.entry('h', "HOSTNAME"),
          Map.entry('g', "AWS_REGION"),
          Map.entry('G', "aws.region"),
          Map.entry('d', "AWS_DEFAULT_REGION"),
          Map.entry('l', "AWS_STS_REGIONAL_ENDPOINTS"),
          Map.entry('f', "AWS_USE_FIPS_ENDPOINT"),
          Map.entry('D', "aws.useDualstackEndpoint"),
          Map.entry('e', "AWS_ENDPOINT_URL_STS"),
          Map.entry('E', "aws.endpointUrl"),
          Map.entry('i', "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"));

  private final CredentialsSource source = new IrsaSource();

  @FuzzTest
  void environment(byte[] input) {
    Map<String, String> variables = new HashMap<>();
    Map<String, String> properties = new HashMap<>();
    boolean spelledOut = false;
    for (String line : new String(input, StandardCharsets.UTF_8).split("\n", -1)) {
      String name = line.isEmpty() ? null : NAMES.get(line.charAt(0));
      if (name == null || line.length() < 2 || line.charAt(1) != '=') {
        continue;
      }
      // Whoever writes a secret where a role or a name belongs sees it there.
      spelledOut |= isSpelledOut(line);
      boolean url = "eE".indexOf(line.charAt(0)) >= 0;
      String secret = url ? PASSWORD : "tT".indexOf(line.charAt(0)) >= 0 ? TOKEN : "";
      String value = line.substring(2).replace("\u0001", secret);
      (Character.isUpperCase(line.charAt(0)) ? properties : variables).put(name, value);
    }
    Environment environment = Environment.of(variables).withProperties(properties);
    Optional<String> role = setting(environment, "aws.roleArn", "AWS_ROLE_ARN");
    Optional<String> file =
        setting(environment, "aws.webIdentityTokenFile", "AWS_WEB_IDENTITY_TOKEN_FILE");

    Detection detection = source.detect(environment);

    String said;
    if (detection instanceof Detection.Present present) {
      said = present.evidence().toString();
      assertThat(role.orElse("")).matches("arn:aws[a-z0-9-]*:iam::[0-9]{12}:role/[!-~]+");
      assertThat(said).startsWith("role " + role.orElse("") + ", token file ");
      assertThat(file).isPresent();
      assertThat(present.exchange().tokenFile()).isPresent();
      assertThat(present.exchange().toString()).doesNotContain(TOKEN);
    } else if (detection instanceof Detection.Broken broken) {
      said =
          broken.problem().summary()
              + "\n"
              + broken.problem().remedy().orElse("")
              + "\n"
              + broken.problem().facts();
      assertThat(role.isPresent() || file.isPresent()).isTrue();
      assertThat(broken.problem().summary()).isNotBlank();
      assertThat(broken.problem().remedy())
          .hasValueSatisfying(remedy -> assertThat(remedy).isNotBlank());
    } else {
      said = ((Detection.Absent) detection).lookedFor();
      assertThat(role.isPresent() || file.isPresent()).isFalse();
    }
    if (role.isPresent() != file.isPresent()) {
      assertThat(detection).isInstanceOf(Detection.Broken.class);
    }
    if (!spelledOut) {
      assertThat(said).doesNotContain(TOKEN).doesNotContain(TOKEN.split("\\.", -1));
      if (!isInTheOpen(environment)) {
        assertThat(said).doesNotContain(PASSWORD);
      }
    }
    assertThat(said.replace("\n", "").chars()).noneMatch(Character::isISOControl);
    assertThat(source.detect(environment).getClass()).isEqualTo(detection.getClass());
  }

  private static boolean isSpelledOut(String line) {
    return line.contains(PASSWORD)
        || Arrays.stream(TOKEN.split("\\.", -1)).anyMatch(line::contains);
  }

  /** A host and a path are shown; no part of a URL that may hold a password is. */
  private static boolean isInTheOpen(Environment environment) {
    return setting(environment, "aws.endpointUrlSts", "AWS_ENDPOINT_URL_STS")
        .or(() -> setting(environment, "aws.endpointUrl", "AWS_ENDPOINT_URL"))
        .filter(
            url -> {
              try {
                URI uri = new URI(url);
                return uri.getHost() != null
                    && uri.getRawUserInfo() == null
                    && (uri.getHost() + uri.getRawPath()).contains(PASSWORD);
              } catch (java.net.URISyntaxException e) {
                return false;
              }
            })
        .isPresent();
  }

  private static Optional<String> setting(
      Environment environment, String property, String variable) {
    return environment.setting(property, variable).map(Environment.Setting::value);
  }
}
