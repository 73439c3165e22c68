package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.lanyard.Explanation.Use;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.runtime.Environment;
import dev.lanyard.runtime.Time;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/**
 * Whatever the environment says, with both sources on the class path: the first that is not absent
 * is chosen, in either order, and no fallback passes a broken one by; the explanation says so, and
 * shows no token.
 *
 * <p>An input is lines of {@code name=value}, where a name is one letter: see {@link #NAMES}; a
 * line {@code !} turns the order round, a line {@code ?} allows to fall back. The byte 1 stands for
 * a token in the settings that may hold one.
 */
class ChainFuzzTest {
  private static final String TOKEN =
      "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6YTpiIn0.bm9ib2R5LXNlZXMtdGhpcw";

  private static final Map<Character, String> NAMES =
      Map.of(
          'r', "AWS_ROLE_ARN",
          't', "AWS_WEB_IDENTITY_TOKEN_FILE",
          'T', "aws.webIdentityTokenFile",
          'g', "AWS_REGION",
          'n', "AWS_ROLE_SESSION_NAME",
          'f', "AWS_CONTAINER_CREDENTIALS_FULL_URI",
          'F', "aws.containerCredentialsFullUri",
          'p', "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
          'a', "AWS_CONTAINER_AUTHORIZATION_TOKEN",
          'k', "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");

  @FuzzTest
  void explanation(byte[] input) {
    Map<String, String> variables = new HashMap<>();
    Map<String, String> properties = new HashMap<>();
    boolean spelledOut = false;
    boolean reversed = false;
    boolean fallback = false;
    for (String line : new String(input, StandardCharsets.UTF_8).split("\n", -1)) {
      reversed ^= line.equals("!");
      fallback ^= line.equals("?");
      String name = line.isEmpty() ? null : NAMES.get(line.charAt(0));
      if (name == null || line.length() < 2 || line.charAt(1) != '=') {
        continue;
      }
      // Whoever writes a token where a role or a path belongs sees it there.
      spelledOut |= Arrays.stream(TOKEN.split("\\.", -1)).anyMatch(line::contains);
      String token = "ta".indexOf(line.charAt(0)) >= 0 ? TOKEN : "";
      String value = line.substring(2).replace("\u0001", token);
      (Character.isUpperCase(line.charAt(0)) ? properties : variables).put(name, value);
    }
    Environment environment = Environment.of(variables).withProperties(properties);
    List<String> order =
        reversed ? List.of("pod-identity", "irsa") : List.of("irsa", "pod-identity");

    Explanation explanation =
        EksCredentialsProvider.builder()
            .environment(environment)
            .time(new NoTime())
            .order(order.toArray(String[]::new))
            .fallBackOnRefusal(fallback)
            .build()
            .explain();

    assertThat(explanation.sources().stream().map(Explanation.Source::name)).isEqualTo(order);
    boolean decided = false;
    boolean mayFollow = fallback;
    for (Explanation.Source source : explanation.sources()) {
      Detection detection = detect(source.name(), environment);
      assertThat(source.use()).isEqualTo(role(detection, decided, mayFollow));
      assertThat(source.problem().flatMap(Problem::remedy).isPresent())
          .isEqualTo(detection instanceof Detection.Broken);
      decided |= !(detection instanceof Detection.Absent);
      mayFollow &= !(detection instanceof Detection.Broken);
    }
    assertThat(explanation.chosen().isPresent()).isEqualTo(decided);
    if (!variables.keySet().stream().anyMatch(name -> name.startsWith("AWS_"))
        && properties.isEmpty()) {
      assertThat(explanation.chosen()).isEmpty();
    }
    String said = explanation.toString();
    if (!spelledOut) {
      assertThat(said).doesNotContain(TOKEN).doesNotContain(TOKEN.split("\\.", -1));
    }
    assertThat(said.replace("\n", "").chars()).noneMatch(Character::isISOControl);
    assertThat(said.lines().count()).isLessThan(20L);
  }

  private static Use role(Detection detection, boolean decided, boolean mayFollow) {
    if (detection instanceof Detection.Absent) {
      return Use.ABSENT;
    }
    boolean present = detection instanceof Detection.Present;
    if (!decided) {
      return present ? Use.CHOSEN : Use.BROKEN;
    }
    return present && mayFollow ? Use.FALLBACK : Use.SHADOWED;
  }

  private static Detection detect(String name, Environment environment) {
    Optional<CredentialsSource> source =
        Sources.all().stream().filter(one -> one.name().equals(name)).findFirst();
    return source.orElseThrow().detect(environment);
  }

  /** It stands still, and nothing is ever run: no exchange begins. */
  private static final class NoTime implements Time {
    @Override
    public long millis() {
      return 1_893_456_000_000L;
    }

    @Override
    public long nanos() {
      return 0;
    }

    @Override
    public Future<?> after(Duration delay, Runnable task) {
      return new CompletableFuture<>();
    }

    @Override
    public void execute(Runnable task) {}
  }
}
