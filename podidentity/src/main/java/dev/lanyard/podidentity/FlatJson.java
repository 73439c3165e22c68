package dev.lanyard.podidentity;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The top level of one JSON object. What is nested is skipped, within narrow bounds; a field that
 * comes twice, or anything after the object, makes the whole invalid.
 *
 * <p>Fields are found whatever the case of their names: Go's SDK and Rust's read them so. Two names
 * that differ in their case alone leave open which one is meant, and such a field has no text.
 */
final class FlatJson {

  /** The text is no such object. Says where, and repeats nothing of it. */
  static final class Invalid extends Exception {
    private static final long serialVersionUID = 1L;

    private Invalid(String message) {
      super(message);
    }
  }

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(16)
                  .maxNameLength(1024)
                  .maxNumberLength(100)
                  .maxStringLength(AgentAnswer.MAX_BODY_BYTES)
                  .maxDocumentLength(AgentAnswer.MAX_BODY_BYTES)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // An error then does not show a piece of the text.
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          // The buffers hold secrets: they go with the parser instead of staying with the thread.
          .recyclerPool(JsonRecyclerPools.nonRecyclingPool())
          // Names of fields come from outside and are few: nothing to keep for the next answer.
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .build();

  /** The text of each field, by its name in lower case; empty for what is something else. */
  private final Map<String, Optional<String>> fields;

  /** The fields, in lower case, that came in two spellings. */
  private final Set<String> ambiguous;

  private FlatJson(Map<String, Optional<String>> fields, Set<String> ambiguous) {
    this.fields = fields;
    this.ambiguous = ambiguous;
  }

  static FlatJson parse(byte[] text) throws Invalid {
    Map<String, Optional<String>> fields = new HashMap<>();
    Set<String> ambiguous = new HashSet<>();
    try (JsonParser parser = parser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new Invalid("the body is not a JSON object");
      }
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName().toLowerCase(Locale.ROOT);
        JsonToken value = parser.nextToken();
        Optional<String> content =
            value == JsonToken.VALUE_STRING ? Optional.of(parser.getText()) : Optional.empty();
        if (fields.put(name, content) != null) {
          ambiguous.add(name);
        }
        parser.skipChildren();
      }
      if (parser.nextToken() != null) {
        throw new Invalid("there is something after the JSON object");
      }
      return new FlatJson(fields, ambiguous);
    } catch (IOException e) {
      // Neither its message nor itself as a cause: it quotes what it did not understand.
      throw new Invalid("the body is not valid JSON");
    }
  }

  /**
   * The body as UTF-8 and as nothing else: left to itself the parser would guess UTF-16 and UTF-32
   * too, and read bytes that are no UTF-8.
   */
  private static JsonParser parser(byte[] text) throws IOException {
    CharBuffer chars = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text));
    // RFC 8259, section 8.1: a byte order mark may be passed over.
    int start = chars.length() > 0 && chars.charAt(0) == '\uFEFF' ? 1 : 0;
    return JSON.createParser(chars.array(), start, chars.length() - start);
  }

  boolean has(String name) {
    return fields.containsKey(name.toLowerCase(Locale.ROOT));
  }

  /** Returns a field that is there once, is text, and is not blank. */
  Optional<String> text(String name) {
    String key = name.toLowerCase(Locale.ROOT);
    if (ambiguous.contains(key)) {
      return Optional.empty();
    }
    Optional<String> text = fields.getOrDefault(key, Optional.empty());
    return text.isPresent() && text.get().isBlank() ? Optional.empty() : text;
  }

  /** Returns what is wrong with a field that {@link #text} does not return, its value untold. */
  String problem(String name) {
    if (!has(name)) {
      return "field " + name + " is missing";
    }
    String key = name.toLowerCase(Locale.ROOT);
    if (ambiguous.contains(key)) {
      return "field " + name + " comes twice";
    }
    boolean blank = fields.getOrDefault(key, Optional.empty()).isPresent();
    return "field " + name + (blank ? " is empty" : " is not text");
  }
}
