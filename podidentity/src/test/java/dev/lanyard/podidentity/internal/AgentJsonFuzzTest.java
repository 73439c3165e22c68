package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lanyard.spi.SessionCredentials;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Whatever an agent sends as the body of a success: credentials that are those of the body, or a
 * reason that shows nothing of it. Jackson's tree model reads the same body beside it.
 */
class AgentJsonFuzzTest {
  private static final JsonMapper TREES =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private static final Pattern LONG_NUMBER = Pattern.compile("[-+.0-9Ee]{50}");

  private static final Pattern BROKEN_ESCAPE =
      Pattern.compile("\\\\u[0-9a-fA-F]{0,3}[^\\x00-\\x7f]");

  private static final Pattern HALF_OF_A_PAIR = Pattern.compile("\\\\u[dD][89a-fA-F]");

  /** What is ever said of an answer, but for the name of a field. */
  private static final List<String> FIELDS =
      List.of("AccessKeyId", "SecretAccessKey", "Token", "SessionToken", "Expiration");

  @FuzzTest
  void answer(byte[] body) {
    Optional<JsonNode> tree = tree(body);
    FlatJson json;
    try {
      json = FlatJson.parse(body);
    } catch (FlatJson.Invalid e) {
      assertThat(e.getCause()).isNull();
      assertThat(e.getMessage())
          .isIn(
              "the body is not a JSON object",
              "the body is not valid JSON",
              "there is text after the JSON object");
      // Bounds of our own are no reason to call the two different.
      assertThat(tree.filter(whole -> isWithinBounds(whole, body) && !readsTooMuch(body)))
          .as("read by another")
          .isEmpty();
      return;
    }
    if (tree.isEmpty() && HALF_OF_A_PAIR.matcher(new String(body, StandardCharsets.UTF_8)).find()) {
      // Jackson takes no name with half of a surrogate pair, which the grammar of RFC 8259 allows.
      return;
    }
    assertThat(tree).as("not read by another").isPresent();
    tree.ifPresent(whole -> compare(json, whole));
    credentials(json, tree.orElseThrow());
  }

  private static void compare(FlatJson json, JsonNode tree) {
    for (Map.Entry<String, JsonNode> field : tree.properties()) {
      String name = field.getKey();
      assertThat(json.has(name)).isTrue();
      List<JsonNode> all = named(tree, name);
      boolean text = all.size() == 1 && all.get(0).isTextual() && !all.get(0).asText().isBlank();
      assertThat(json.text(name))
          .isEqualTo(text ? Optional.of(all.get(0).asText()) : Optional.empty());
    }
  }

  private static void credentials(FlatJson json, JsonNode tree) {
    SessionCredentials read;
    try {
      read = CredentialsAnswer.read(json, Optional.empty(), Duration.ofHours(6));
    } catch (CredentialsAnswer.Unusable e) {
      assertThat(e.getCause()).isNull();
      assertThat(e.reason())
          .matches(
              "field ("
                  + String.join("|", FIELDS)
                  + ") (is missing|is empty|is not text|occurs twice|holds a character that no"
                  + " request can carry|is not a time in RFC 3339 form)");
      return;
    }
    assertThat(read.accessKeyId()).isEqualTo(only(tree, "AccessKeyId"));
    assertThat(read.secretAccessKey()).isEqualTo(only(tree, "SecretAccessKey"));
    assertThat(read.sessionToken()).isIn(only(tree, "Token"), only(tree, "SessionToken"));
    for (String value : List.of(read.accessKeyId(), read.secretAccessKey(), read.sessionToken())) {
      assertThat(value).matches("[!-~]+");
    }
    assertThat(read.accountId().orElse("000000000000")).matches("[0-9]{12}");
    String expiration = String.valueOf(only(tree, "Expiration"));
    assertThat(CredentialsAnswer.time(expiration)).contains(read.expiration());
    javaTime(expiration).ifPresent(time -> assertThat(read.expiration()).isEqualTo(time));
    String shown = read.toString();
    assertThat(shown).hasSizeLessThan(120);
    if (read.secretAccessKey().length() > 8) {
      assertThat(shown).doesNotContain(read.secretAccessKey());
    }
    if (read.sessionToken().length() > 8) {
      assertThat(shown).doesNotContain(read.sessionToken());
    }
    if (read.accessKeyId().length() > 8) {
      assertThat(shown).doesNotContain(read.accessKeyId());
    }
  }

  private static List<JsonNode> named(JsonNode tree, String name) {
    List<JsonNode> all = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : tree.properties()) {
      if (field.getKey().toLowerCase(Locale.ROOT).equals(name.toLowerCase(Locale.ROOT))) {
        all.add(field.getValue());
      }
    }
    return all;
  }

  private static @Nullable String only(JsonNode tree, String name) {
    List<JsonNode> all = named(tree, name);
    return all.size() == 1 && all.get(0).isTextual() ? all.get(0).asText() : null;
  }

  private static Optional<Instant> javaTime(String text) {
    try {
      return Optional.of(OffsetDateTime.parse(text).toInstant());
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  private static Optional<JsonNode> tree(byte[] body) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
      String json = text.startsWith("\uFEFF") ? text.substring(1) : text;
      JsonNode tree = TREES.readTree(json);
      return tree != null && tree.isObject() && namesFieldsOnce(json)
          ? Optional.of(tree)
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** A tree keeps the last of two fields of one name. What is nested is not looked at. */
  private static boolean namesFieldsOnce(String object) throws IOException {
    Set<String> names = new HashSet<>();
    try (JsonParser parser = TREES.createParser(object)) {
      parser.nextToken();
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        if (!names.add(parser.currentName())) {
          return false;
        }
        parser.nextToken();
        parser.skipChildren();
      }
    }
    return true;
  }

  /** Jackson takes a letter for a hexadecimal digit if the lower byte of its number is one. */
  private static boolean readsTooMuch(byte[] body) {
    return BROKEN_ESCAPE.matcher(new String(body, StandardCharsets.UTF_8)).find();
  }

  /** Half of what we read at most: near the bounds the two count a little differently. */
  private static boolean isWithinBounds(JsonNode tree, byte[] body) {
    return depth(tree) < 16
        && longestName(tree) < 500
        && !LONG_NUMBER.matcher(new String(body, StandardCharsets.UTF_8)).find();
  }

  private static int depth(JsonNode tree) {
    int deepest = 0;
    for (JsonNode child : tree) {
      deepest = Math.max(deepest, depth(child));
    }
    return deepest + 1;
  }

  private static int longestName(JsonNode tree) {
    int longest = 0;
    for (Map.Entry<String, JsonNode> field : tree.properties()) {
      longest = Math.max(longest, field.getKey().length());
    }
    for (JsonNode child : tree) {
      longest = Math.max(longest, longestName(child));
    }
    return longest;
  }
}
