package dev.lanyard.podidentity.internal;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.CharArrayReader;
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
 *
 * <p>Nothing of Gson is used that its version 2.2.4 does not have: see {@link JsonCharacters}.
 */
final class FlatJson {

  /** The text is no such object. Says where, and repeats nothing of it. */
  static final class Invalid extends Exception {
    private static final long serialVersionUID = 1L;

    private Invalid(String message) {
      super(message);
    }
  }

  private static final String INVALID = "the body is not valid JSON";

  /** Deeper than any answer or message is. */
  private static final int NESTING = 16;

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
    Set<String> names = new HashSet<>();
    try (JsonReader reader = reader(text)) {
      reader.beginObject();
      while (reader.hasNext()) {
        String spelling = reader.nextName();
        if (!names.add(spelling)) {
          throw new Invalid(INVALID);
        }
        String name = spelling.toLowerCase(Locale.ROOT);
        Optional<String> content = Optional.empty();
        if (reader.peek() == JsonToken.STRING) {
          content = Optional.of(reader.nextString());
        } else {
          passOver(reader);
        }
        if (fields.put(name, content) != null) {
          ambiguous.add(name);
        }
      }
      reader.endObject();
      return new FlatJson(fields, ambiguous);
    } catch (IOException e) {
      // Neither its message nor itself as a cause: it quotes what it did not understand.
      throw new Invalid(INVALID);
    }
  }

  /** Reads a value that nobody wants: the reader's own way of skipping looks less closely. */
  private static void passOver(JsonReader reader) throws IOException {
    switch (reader.peek()) {
      case BEGIN_OBJECT -> {
        reader.beginObject();
        while (reader.hasNext()) {
          String unused = reader.nextName();
          passOver(reader);
        }
        reader.endObject();
      }
      case BEGIN_ARRAY -> {
        reader.beginArray();
        while (reader.hasNext()) {
          passOver(reader);
        }
        reader.endArray();
      }
      case BOOLEAN -> {
        boolean unused = reader.nextBoolean();
      }
      case NULL -> reader.nextNull();
      default -> {
        String unused = reader.nextString();
      }
    }
  }

  /**
   * Reads the body as UTF-8 and as nothing else. The reader passes over a byte order mark, as RFC
   * 8259, section 8.1, allows.
   */
  private static JsonReader reader(byte[] text) throws IOException, Invalid {
    CharBuffer chars = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text));
    switch (JsonCharacters.of(chars, NESTING)) {
      case NO_OBJECT -> throw new Invalid("the body is not a JSON object");
      case INVALID -> throw new Invalid(INVALID);
      case TRAILING -> throw new Invalid("there is text after the JSON object");
      case OBJECT -> {}
    }
    // Strict as it comes from the constructor, in every version.
    return new JsonReader(new CharArrayReader(chars.array(), 0, chars.length()));
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
      return "field " + name + " occurs twice";
    }
    boolean blank = fields.getOrDefault(key, Optional.empty()).isPresent();
    return "field " + name + (blank ? " is empty" : " is not text");
  }
}
