package dev.lanyard.irsa.internal;

import java.util.Locale;

/** How text from outside is put into messages and JSON. */
public final class Texts {
  private static final int MAX_SHOWN = 300;

  private Texts() {}

  /** Makes text fit for one line of a message: no control characters, and not without end. */
  public static String shown(String text) {
    String line = text.replaceAll("\\p{C}", "?");
    return line.length() <= MAX_SHOWN ? line : line.substring(0, MAX_SHOWN) + "...";
  }

  /** Reads a number of decimal digits from 0 to a most, negative if it is none. */
  static int number(String text, int most) {
    if (text.isEmpty() || text.length() > 9) {
      return -1;
    }
    int number = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      // No sign, and no digit of another script.
      if (c < '0' || c > '9') {
        return -1;
      }
      number = number * 10 + (c - '0');
    }
    return number <= most ? number : -1;
  }

  /** Quotes text as a JSON string. */
  static String json(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c < 0x20 || c > 0x7e) {
        quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }
}
