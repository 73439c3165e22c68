package dev.lanyard.spi;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a peer said, or what that is when decoded. Each character knows which of the peer's own
 * characters it was made of, so that what is found in a decoded text can be cut out of the
 * original.
 *
 * <p>No decoding makes a text longer, and each takes one pass.
 */
final class PeerText implements CharSequence {
  /** The names that HTML has for the printable characters of ASCII, and XML for five of them. */
  private static final Map<String, Character> NAMED =
      Map.ofEntries(
          Map.entry("amp", '&'),
          Map.entry("apos", '\''),
          Map.entry("ast", '*'),
          Map.entry("bsol", '\\'),
          Map.entry("colon", ':'),
          Map.entry("comma", ','),
          Map.entry("commat", '@'),
          Map.entry("dollar", '$'),
          Map.entry("equals", '='),
          Map.entry("excl", '!'),
          Map.entry("grave", '`'),
          Map.entry("gt", '>'),
          Map.entry("hat", '^'),
          Map.entry("lbrace", '{'),
          Map.entry("lbrack", '['),
          Map.entry("lcub", '{'),
          Map.entry("lowbar", '_'),
          Map.entry("lpar", '('),
          Map.entry("lsqb", '['),
          Map.entry("lt", '<'),
          Map.entry("midast", '*'),
          Map.entry("nbsp", ' '),
          Map.entry("newline", '\n'),
          Map.entry("num", '#'),
          Map.entry("percnt", '%'),
          Map.entry("period", '.'),
          Map.entry("plus", '+'),
          Map.entry("quest", '?'),
          Map.entry("quot", '"'),
          Map.entry("rbrace", '}'),
          Map.entry("rbrack", ']'),
          Map.entry("rcub", '}'),
          Map.entry("rpar", ')'),
          Map.entry("rsqb", ']'),
          Map.entry("semi", ';'),
          Map.entry("sol", '/'),
          Map.entry("tab", '\t'),
          Map.entry("underbar", '_'),
          Map.entry("verbar", '|'),
          Map.entry("vert", '|'),
          Map.entry("verticalline", '|'));

  private static final int LONGEST_NAME = 12;

  private final char[] chars;
  private final int[] from;
  private final int[] to;
  private final int length;

  private PeerText(char[] chars, int[] from, int[] to, int length) {
    this.chars = chars;
    this.from = from;
    this.to = to;
    this.length = length;
  }

  static PeerText of(String text) {
    Builder builder = new Builder(text.length());
    for (int i = 0; i < text.length(); i++) {
      builder.add(text.charAt(i), i, i + 1);
    }
    return builder.build();
  }

  /** Returns where in the original this character begins. */
  int from(int index) {
    return from[index];
  }

  /** Returns where in the original what follows this character begins. */
  int to(int index) {
    return to[index];
  }

  @Override
  public int length() {
    return length;
  }

  @Override
  public char charAt(int index) {
    return chars[index];
  }

  @Override
  public CharSequence subSequence(int start, int end) {
    return String.valueOf(chars, start, end - start);
  }

  @Override
  public String toString() {
    return String.valueOf(chars, 0, length);
  }

  /**
   * The letters and digits of ASCII alone, in lower case: whatever was put between the characters
   * of a secret is gone, and so is the difference that upper case makes.
   */
  PeerText essence() {
    Builder kept = new Builder(length);
    for (int i = 0; i < length; i++) {
      char c = chars[i];
      if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')) {
        kept.add(c, from[i], to[i]);
      } else if (c >= 'A' && c <= 'Z') {
        kept.add((char) (c - 'A' + 'a'), from[i], to[i]);
      }
    }
    return kept.build();
  }

  /** All that can be seen, in lower case: for secrets that are little but punctuation. */
  PeerText squeezed() {
    Builder kept = new Builder(length);
    for (int i = 0; i < length; i++) {
      char c = chars[i];
      if (c > ' ' && c <= '~') {
        kept.add(Character.toLowerCase(c), from[i], to[i]);
      } else if (c > '\u00a0' && Character.getType(c) != Character.FORMAT) {
        kept.add(Character.toLowerCase(c), from[i], to[i]);
      }
    }
    return kept.build();
  }

  /**
   * Undoes one layer of escapes: of URIs, of JSON and other program texts, of XML and HTML. Where a
   * text can be read in more than one way, in each: what looks like an escape of one kind may be a
   * part of a secret that is escaped in another.
   *
   * @return the texts without; none if there is no escape
   */
  List<PeerText> unescaped() {
    List<PeerText> plain = new ArrayList<>();
    for (String kinds : List.of("%&\\/", "%&\\", "%", "&", "\\/", "\\")) {
      PeerText one = unescaped(kinds);
      if (one == null && plain.isEmpty()) {
        return List.of();
      }
      if (one != null && plain.stream().noneMatch(one::saysTheSameAs)) {
        plain.add(one);
      }
    }
    return plain;
  }

  /** Undoes one layer of all kinds of escapes at once, null if there is none. */
  @Nullable PeerText unescapedAtOnce() {
    return unescaped("%&\\/");
  }

  /** The kinds by their first characters; a slash for backslashes before characters themselves. */
  private @Nullable PeerText unescaped(String kinds) {
    Builder plain = new Builder(length);
    Escape escape = new Escape(kinds);
    boolean found = false;
    for (int i = 0; i < length; ) {
      if (escape.isAt(i)) {
        plain.add(escape.character, from[i], to[escape.end - 1]);
        i = escape.end;
        found = true;
      } else {
        plain.add(chars[i], from[i], to[i]);
        i++;
      }
    }
    return found ? plain.build() : null;
  }

  private boolean saysTheSameAs(PeerText other) {
    return Arrays.equals(chars, 0, length, other.chars, 0, other.length);
  }

  /**
   * Decodes each run of base64 or base64url, be it broken into lines.
   *
   * @param skipped how many characters of each run to leave out: what is looked for may begin at
   *     any of four
   * @param shortest shorter runs are left out
   */
  PeerText base64(int skipped, int shortest) {
    Builder decoded = new Builder(0);
    for (int start = 0; start < length; ) {
      int end = start;
      while (end < length && (sixBits(chars[end]) >= 0 || isLineBreak(chars[end]))) {
        end++;
      }
      if (end - start >= shortest) {
        base64(start, end, skipped, decoded);
      }
      start = end + 1;
    }
    return decoded.build();
  }

  private void base64(int start, int end, int skipped, Builder decoded) {
    int skip = skipped;
    int bits = 0;
    int held = 0;
    int first = start;
    for (int i = start; i < end; i++) {
      if (isLineBreak(chars[i])) {
        continue;
      }
      if (skip > 0) {
        skip--;
        continue;
      }
      if (held == 0) {
        first = i;
      }
      bits = (bits << 6 | sixBits(chars[i])) & 0xffff;
      held += 6;
      if (held >= 8) {
        held -= 8;
        decoded.add((char) (bits >> held & 0xff), from[first], to[i]);
        // The next byte has begun in this character, unless that is used up.
        first = i;
      }
    }
  }

  private static boolean isLineBreak(char c) {
    return c == '\n' || c == '\r';
  }

  /**
   * Decodes each run of hexadecimal digits, with or without something between them that is neither
   * a letter nor a digit.
   *
   * @param skipped how many digits of each run to leave out: 0 or 1
   * @param shortest shorter runs are left out
   */
  PeerText hex(int skipped, int shortest) {
    PeerText dense = withoutHexSeparators();
    Builder decoded = new Builder(0);
    for (int start = 0; start < dense.length; ) {
      int end = start;
      while (end < dense.length && fourBits(dense.chars[end]) >= 0) {
        end++;
      }
      if (end - start >= shortest) {
        for (int i = start + skipped; i + 1 < end; i += 2) {
          decoded.add(
              (char) (fourBits(dense.chars[i]) << 4 | fourBits(dense.chars[i + 1])),
              dense.from[i],
              dense.to[i + 1]);
        }
      }
      start = end + 1;
    }
    return decoded.build();
  }

  private PeerText withoutHexSeparators() {
    Builder dense = new Builder(length);
    for (int i = 0; i < length; i++) {
      char c = chars[i];
      boolean prefix = c == '0' && i + 1 < length && (chars[i + 1] == 'x' || chars[i + 1] == 'X');
      if (prefix) {
        i++;
      } else if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) {
        dense.add(c, from[i], to[i]);
      }
    }
    return dense.build();
  }

  private static int sixBits(char c) {
    if (c >= 'A' && c <= 'Z') {
      return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
      return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
      return c - '0' + 52;
    }
    return switch (c) {
      case '+', '-' -> 62;
      case '/', '_' -> 63;
      default -> -1;
    };
  }

  private static int fourBits(char c) {
    return c < 0x80 ? Character.digit(c, 16) : -1;
  }

  /** One character that is written as several. */
  private final class Escape {
    private final String kinds;
    private char character;
    private int end;

    Escape(String kinds) {
      this.kinds = kinds;
    }

    /** Reads the escape that begins here, if one does. */
    boolean isAt(int start) {
      char c = chars[start];
      if (c == '/' || kinds.indexOf(c) < 0) {
        return false;
      }
      return switch (c) {
        case '%' -> is(start + 1, 'u') ? number(start + 2, 16, 4, 4) : number(start + 1, 16, 2, 2);
        case '\\' -> backslash(start + 1);
        case '&' -> is(start + 1, '#') ? reference(start + 2) : name(start + 1);
        default -> false;
      };
    }

    private boolean backslash(int at) {
      if (at >= length) {
        return false;
      }
      char c = chars[at];
      if (c == 'u' || c == 'U' || c == 'x' || c == 'X') {
        return code(at);
      }
      if (c >= '0' && c <= '7') {
        return number(at, 8, 3, 3);
      }
      if ("nrtbfv".indexOf(c) >= 0) {
        return found('\n', at + 1);
      }
      return kinds.indexOf('/') >= 0 && "\\/\"'`".indexOf(c) >= 0 && found(c, at + 1);
    }

    private boolean code(int at) {
      int digits = at + 1;
      if (is(digits, '{')) {
        return anyNumber(digits + 1, 16) && is(end, '}') && found(character, end + 1);
      }
      if (is(at, 'x')) {
        return number(digits, 16, 2, 2);
      }
      while (is(digits, 'u')) {
        digits++;
      }
      boolean eight = is(digits, '0') && is(digits + 1, '0') && is(digits + 2, '0');
      return (eight && number(digits, 16, 8, 8)) || number(digits, 16, 4, 4);
    }

    private boolean reference(int at) {
      boolean number = is(at, 'x') ? anyNumber(at + 1, 16) : anyNumber(at, 10);
      return number && found(character, is(end, ';') ? end + 1 : end);
    }

    private boolean name(int at) {
      int semicolon = at;
      while (semicolon < length && semicolon - at <= LONGEST_NAME && chars[semicolon] != ';') {
        semicolon++;
      }
      if (!is(semicolon, ';')) {
        return false;
      }
      Character named =
          NAMED.get(String.valueOf(chars, at, semicolon - at).toLowerCase(Locale.ROOT));
      return named != null && found(named, semicolon + 1);
    }

    /** A number with as many zeros before it as somebody likes. */
    private boolean anyNumber(int at, int radix) {
      int zeros = 0;
      while (is(at + zeros, '0')) {
        zeros++;
      }
      return number(at + zeros, radix, zeros == 0 ? 1 : 0, 9);
    }

    private boolean number(int at, int radix, int fewest, int most) {
      int value = 0;
      int i = at;
      while (i < length && i - at < most && chars[i] < 0x80) {
        int digit = Character.digit(chars[i], radix);
        if (digit < 0) {
          break;
        }
        value = value * radix + digit;
        i++;
      }
      return i - at >= fewest && found((char) value, i);
    }

    private boolean found(char character, int end) {
      this.character = character;
      this.end = end;
      return true;
    }

    private boolean is(int at, char lowerCase) {
      return at < length && Character.toLowerCase(chars[at]) == lowerCase;
    }
  }

  /** Grows as it must. */
  private static final class Builder {
    private char[] chars;
    private int[] from;
    private int[] to;
    private int length;

    Builder(int capacity) {
      chars = new char[capacity];
      from = new int[capacity];
      to = new int[capacity];
    }

    void add(char c, int begin, int end) {
      if (length == chars.length) {
        int capacity = Math.max(64, length * 2);
        chars = Arrays.copyOf(chars, capacity);
        from = Arrays.copyOf(from, capacity);
        to = Arrays.copyOf(to, capacity);
      }
      chars[length] = c;
      from[length] = begin;
      to[length] = end;
      length++;
    }

    PeerText build() {
      return new PeerText(chars, from, to, length);
    }
  }
}
