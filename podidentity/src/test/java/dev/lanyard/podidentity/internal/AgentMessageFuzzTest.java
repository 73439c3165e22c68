package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.spi.Redaction;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Whatever an agent sends with a failure, the token that it got in any shape among it: short words
 * in one line that hold no piece of the token, or none.
 *
 * <p>An input is the status in one byte, {@code Retry-After} up to a line break, and the body. In
 * the body the bytes 1 to 9 stand for the token in a shape each.
 */
class AgentMessageFuzzTest {
  private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");

  /** More of them make an input slower, and no more of it is looked at. */
  private static final int MOST_PLANTED = 8;

  /** So many characters of a token in a row are no chance. */
  private static final int RUN = 16;

  private static final List<String> SHAPES = shapes(Tokens.TOKEN);

  private static final Set<String> PIECES = pieces();

  @FuzzTest
  void failure(byte[] input) {
    int status = input.length == 0 ? 500 : 100 + (input[0] & 0xff) * 2;
    int line = 1;
    while (line < input.length && input[line] != '\n') {
      line++;
    }
    String retryAfter =
        input.length <= 1 ? "" : new String(input, 1, line - 1, StandardCharsets.ISO_8859_1);
    byte[] body = planted(input, line + 1);

    AgentAnswer answer =
        new AgentAnswer(status, null, retryAfter, false, retryAfter, retryAfter, body, NOW);
    answer.retryAfter().ifPresent(AgentMessageFuzzTest::isAWait);
    assertThat(answer.toString()).hasSizeLessThan(60);
    assertThat(answer.compression().orElse("")).matches("[a-z -]{0,24}");

    AgentMessage message = AgentMessage.of(body, Redaction.of(Tokens.TOKEN));
    String said =
        message.text().orElse("")
            + "\n"
            + message.code().orElse("")
            + "\n"
            + message.requestId().orElse("");
    assertThat(pieceOfTheToken(said)).as("a piece of the token in what is said").isEmpty();
    assertThat(said.toLowerCase(Locale.ROOT)).doesNotContain("secretaccesskey", "sessiontoken");
    assertThat(message.text().orElse("")).hasSizeLessThanOrEqualTo(AgentMessage.MAX_TEXT + 1);
    assertThat(message.text().orElse("").chars())
        .noneMatch(Character::isISOControl)
        .noneMatch(c -> Character.getType(c) == Character.FORMAT)
        .noneMatch(c -> c == '\u2028' || c == '\u2029')
        .noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
    assertThat(message.code().orElse("a")).matches("[0-9A-Za-z_.:-]{1,128}");
    assertThat(message.requestId().orElse("a")).matches("[0-9A-Za-z_.:-]{1,128}");

    verdict(status, body);
  }

  private static void verdict(int status, byte[] body) {
    try {
      for (String uri :
          List.of("http://169.254.170.23/v1/credentials", "http://169.254.170.2/v2/c/1")) {
        AgentVerdict verdict =
            AgentVerdict.of(Endpoint.full(uri, "the URI"), status, body, Optional.of(Tokens.TOKEN));
        boolean mayRefuse = status >= 400 && status < 500;
        assertThat(verdict.kind() == FailureKind.REJECTED && !mayRefuse).isFalse();
        assertThat(verdict.kind() == FailureKind.REJECTED && !verdict.byTheAgent()).isFalse();
        Problem problem = verdict.problem("no", ServiceAccount.of(Tokens.TOKEN)).build();
        assertThat(problem.kind()).isEqualTo(verdict.kind());
        String remedy = problem.remedy().orElse("");
        assertThat(pieceOfTheToken(remedy)).isEmpty();
        assertThat(remedy).hasSizeLessThan(2_000);
      }
    } catch (Misconfiguration e) {
      throw new AssertionError(e);
    }
  }

  private static void isAWait(Duration wait) {
    assertThat(wait).isGreaterThanOrEqualTo(Duration.ZERO);
  }

  private static byte[] planted(byte[] input, int from) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    int planted = 0;
    for (int i = from; i < input.length; i++) {
      if (input[i] >= 1 && input[i] <= SHAPES.size() && planted < MOST_PLANTED) {
        body.writeBytes(SHAPES.get(input[i] - 1).getBytes(StandardCharsets.UTF_8));
        planted++;
      } else {
        body.write(input[i]);
      }
    }
    return body.toByteArray();
  }

  private static List<String> shapes(String token) {
    byte[] bytes = token.getBytes(StandardCharsets.UTF_8);
    StringBuilder percent = new StringBuilder();
    StringBuilder unicode = new StringBuilder();
    StringBuilder entities = new StringBuilder();
    StringBuilder spaced = new StringBuilder();
    for (byte b : bytes) {
      percent.append(String.format(Locale.ROOT, "%%%02X", b));
      unicode.append(String.format(Locale.ROOT, "\\u%04x", b));
      entities.append("&#").append(b).append(';');
      spaced.append((char) b).append(b % 2 == 0 ? " " : "\u200b");
    }
    return List.of(
        token,
        token.toUpperCase(Locale.ROOT),
        Base64.getEncoder().encodeToString(bytes),
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(("x" + token).getBytes(StandardCharsets.UTF_8)),
        percent.toString(),
        unicode.toString(),
        entities.toString(),
        spaced.toString(),
        token.substring(40, 56));
  }

  /** Looks for a run of the token's letters and digits, or of its base64's. */
  private static Optional<String> pieceOfTheToken(String text) {
    String plain = lettersAndDigits(text);
    for (int i = 0; i + RUN <= plain.length(); i++) {
      if (PIECES.contains(plain.substring(i, i + RUN))) {
        return Optional.of("at " + i);
      }
    }
    return Optional.empty();
  }

  private static Set<String> pieces() {
    Set<String> pieces = new HashSet<>();
    for (String shape : List.of(SHAPES.get(0), SHAPES.get(2), SHAPES.get(3))) {
      String secret = lettersAndDigits(shape);
      for (int i = 0; i + RUN <= secret.length(); i++) {
        pieces.add(secret.substring(i, i + RUN));
      }
    }
    return pieces;
  }

  private static String lettersAndDigits(String text) {
    StringBuilder kept = new StringBuilder();
    text.chars()
        .filter(c -> c < 0x80 && Character.isLetterOrDigit(c))
        .map(Character::toLowerCase)
        .forEach(c -> kept.append((char) c));
    return kept.toString();
  }
}
