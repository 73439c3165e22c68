package dev.lanyard.podidentity;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The top level of one JSON object. What is nested is skipped, within narrow bounds; a field that
 * comes twice, or anything after the object, makes the whole invalid.
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

  /** The text of each field, empty for a field that is something else than text. */
  private final Map<String, Optional<String>> fields;

  private FlatJson(Map<String, Optional<String>> fields) {
    this.fields = fields;
  }

  static FlatJson parse(byte[] text) throws Invalid {
    Map<String, Optional<String>> fields = new HashMap<>();
    try (JsonParser parser = JSON.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new Invalid("the body is not a JSON object");
      }
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        fields.put(
            name,
            value == JsonToken.VALUE_STRING ? Optional.of(parser.getText()) : Optional.empty());
        parser.skipChildren();
      }
      if (parser.nextToken() != null) {
        throw new Invalid("there is something after the JSON object");
      }
      return new FlatJson(fields);
    } catch (IOException e) {
      // Neither its message nor itself as a cause: it quotes what it did not understand.
      throw new Invalid("the body is not valid JSON");
    }
  }

  boolean has(String name) {
    return fields.containsKey(name);
  }

  /** Returns a field that is there, is text, and is not blank. */
  Optional<String> text(String name) {
    Optional<String> text = fields.getOrDefault(name, Optional.empty());
    return text.isPresent() && text.get().isBlank() ? Optional.empty() : text;
  }

  /** Returns what is wrong with a field that {@link #text} does not return, its value untold. */
  String problem(String name) {
    if (!has(name)) {
      return "field " + name + " is missing";
    }
    boolean blank = fields.getOrDefault(name, Optional.empty()).isPresent();
    return "field " + name + (blank ? " is empty" : " is not text");
  }
}
