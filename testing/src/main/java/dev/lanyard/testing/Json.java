package dev.lanyard.testing;

import com.nimbusds.jose.util.JSONObjectUtils;
import java.text.ParseException;
import java.util.Map;

/** Reads JSON that clients and tests hand in. */
final class Json {
  private Json() {}

  /**
   * Reads a JSON object.
   *
   * @throws ParseException if the text is anything else
   */
  static Map<String, Object> object(String text) throws ParseException {
    // Left to itself, the parser takes an array for an object too, and reads null as null.
    if (!text.stripLeading().startsWith("{")) {
      throw new ParseException("This is no JSON object", 0);
    }
    return JSONObjectUtils.parse(text);
  }
}
