package dev.lanyard.podidentity.internal;

/**
 * One pass over the characters of a JSON object, before Gson reads its grammar.
 *
 * <p>Which Gson is on the class path is the application's choice, and the strict readers of its
 * versions differ. Those before 2.11 take {@code TRUE} for {@code true}, control characters within
 * strings and escapes that RFC 8259 does not have; those before 2.12 take any depth; the oldest
 * throw other exceptions at half an escape. Here all of that is refused, so that what remains for
 * Gson, the order of names, values, commas and colons and the form of numbers, is what all its
 * versions judge alike.
 */
final class JsonCharacters {

  /** What the pass came to. */
  enum Verdict {
    /** The characters are those of one object and of nothing else. */
    OBJECT,
    /** Nothing, or something that begins as another value does. */
    NO_OBJECT,
    /** A character that cannot stand where it stands, too deep, or no end. */
    INVALID,
    /** The object is followed by something else than white space. */
    TRAILING
  }

  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private final CharSequence text;
  private final int maxDepth;
  private int next;

  private JsonCharacters(CharSequence text, int maxDepth) {
    this.text = text;
    this.maxDepth = maxDepth;
  }

  /**
   * Looks at a text.
   *
   * @param text the text; one byte order mark at its beginning is passed over, as RFC 8259, section
   *     8.1, allows and Gson does
   * @param maxDepth how many objects and arrays may be open at once, the outermost counted
   */
  static Verdict of(CharSequence text, int maxDepth) {
    return new JsonCharacters(text, maxDepth).verdict();
  }

  private Verdict verdict() {
    if (text.length() > 0 && text.charAt(0) == BYTE_ORDER_MARK) {
      next = 1;
    }
    skipWhiteSpace();
    if (next == text.length() || "[\"-0123456789tfn".indexOf(text.charAt(next)) >= 0) {
      return Verdict.NO_OBJECT;
    }
    if (text.charAt(next) != '{') {
      return Verdict.INVALID;
    }
    if (!passObject()) {
      return Verdict.INVALID;
    }
    skipWhiteSpace();
    return next == text.length() ? Verdict.OBJECT : Verdict.TRAILING;
  }

  /** Goes to the bracket that closes the first one. Gson tells whether brackets match. */
  private boolean passObject() {
    int depth = 0;
    while (next < text.length()) {
      char c = text.charAt(next++);
      boolean fits = true;
      switch (c) {
        case '{', '[' -> fits = ++depth <= maxDepth;
        case '}', ']' -> {
          if (--depth == 0) {
            return true;
          }
        }
        case ',', ':', ' ', '\t', '\n', '\r' -> {}
        case '"' -> fits = passString();
        default -> fits = passLiteral(next - 1);
      }
      if (!fits) {
        return false;
      }
    }
    return false;
  }

  private boolean passString() {
    while (next < text.length()) {
      char c = text.charAt(next++);
      if (c == '"') {
        return true;
      }
      if (c < ' ' || (c == '\\' && !passEscape())) {
        return false;
      }
    }
    return false;
  }

  private boolean passEscape() {
    if (next == text.length()) {
      return false;
    }
    char c = text.charAt(next++);
    if (c != 'u') {
      return "\"\\/bfnrt".indexOf(c) >= 0;
    }
    for (int end = next + 4; next < end; next++) {
      if (next == text.length() || !isHexadecimal(text.charAt(next))) {
        return false;
      }
    }
    return true;
  }

  private static boolean isHexadecimal(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  }

  /** Goes to the end of a number, or of one of the three words. */
  private boolean passLiteral(int begin) {
    while (next < text.length() && isPartOfALiteral(text.charAt(next))) {
      next++;
    }
    char first = text.charAt(begin);
    if (first == '-' || (first >= '0' && first <= '9')) {
      return true;
    }
    String word = text.subSequence(begin, next).toString();
    return word.equals("true") || word.equals("false") || word.equals("null");
  }

  private static boolean isPartOfALiteral(char c) {
    return (c >= '0' && c <= '9')
        || (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || c == '+'
        || c == '-'
        || c == '.';
  }

  private void skipWhiteSpace() {
    while (next < text.length() && " \t\n\r".indexOf(text.charAt(next)) >= 0) {
      next++;
    }
  }
}
