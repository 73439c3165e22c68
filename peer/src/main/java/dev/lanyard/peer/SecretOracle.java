package dev.lanyard.peer;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Says whether a text gives a secret away: as it is, in any usual encoding, in an encoding of an
 * encoding, or a piece of it. It encodes the secrets and looks for what comes of it, and it decodes
 * the text and looks for the secrets, so that either way has the other to check it. It has nothing
 * in common with the redaction that it judges.
 */
public final class SecretOracle {
  /** So many characters of a secret in a row, in whatever encoding, are no chance. */
  public static final int PIECE = 12;

  private static final Pattern ESCAPE =
      Pattern.compile(
          "%([0-9A-Fa-f]{2})|\\\\u([0-9A-Fa-f]{4})|\\\\x([0-9A-Fa-f]{2})"
              + "|&#[xX]0*([0-9A-Fa-f]{1,4});|&#0*([0-9]{1,5});|\\\\([/\"\\\\])|&([a-zA-Z]{2,9});");

  private static final Map<String, String> NAMES =
      Map.of(
          "amp", "&", "lt", "<", "gt", ">", "quot", "\"", "apos", "'", "sol", "/", "plus", "+",
          "equals", "=", "period", ".", "lowbar", "_");

  private static final Pattern BASE64 = Pattern.compile("[A-Za-z0-9+/_-]{16,}");
  private static final Pattern HEX = Pattern.compile("(?:[0-9A-Fa-f]{2}){12,}");

  /** Each byte, in each format. */
  private static final Map<String, String[]> WRITTEN = new ConcurrentHashMap<>();

  /** What has the shape of a secret is one, whether the test has seen it or not. */
  private static final List<Pattern> SHAPES =
      List.of(
          // A full access key id: four characters of it may be shown.
          Pattern.compile("A[SK]IA[A-Z2-7]{16}"),
          // The beginning of a session token, or of a web identity token.
          Pattern.compile("IQoJ[A-Za-z0-9+/]{12,}"),
          Pattern.compile("eyJ[\\w-]{12,}"),
          // A secret access key. No word of prose and no class name mixes these in forty letters.
          Pattern.compile(
              "(?<![A-Za-z0-9+/])(?=[A-Za-z+/]*\\d)(?=[a-z\\d+/]*[A-Z])[A-Za-z0-9+/]{40}"
                  + "(?![A-Za-z0-9+/])"));

  /** Longer forms are looked up by their beginning. */
  private static final int BEGINNING = 16;

  private static final Map<String, UnaryOperator<String>> ENCODINGS = encodings();
  private static final Map<String, UnaryOperator<String>> ENCODINGS_OF_ENCODINGS =
      encodingsOfEncodings();

  private final boolean nested;
  private final Set<String> secrets = new LinkedHashSet<>();

  /** The encoded secrets in lower case, by their first characters. */
  private final Map<String, List<Form>> encoded = new HashMap<>();

  private final Set<Form> shortForms = new LinkedHashSet<>();

  /** Pieces of the secrets in lower case, and of their base64. */
  private final Set<String> pieces = new HashSet<>();

  private record Form(String text, String encoding) {}

  private SecretOracle(boolean nested) {
    this.nested = nested;
  }

  /**
   * Returns an oracle that knows these secrets.
   *
   * @param secrets what must not be said
   */
  public static SecretOracle of(Collection<String> secrets) {
    SecretOracle oracle = new SecretOracle(true);
    secrets.forEach(oracle::add);
    return oracle;
  }

  /**
   * Returns an oracle for hundreds of secrets and thousands of texts: it looks for encodings, but
   * not for encodings of encodings. It knows no secret yet.
   */
  public static SecretOracle ofMany() {
    return new SecretOracle(false);
  }

  /**
   * Returns an oracle that knows these secrets.
   *
   * @param secrets what must not be said
   */
  public static SecretOracle of(String... secrets) {
    return of(List.of(secrets));
  }

  /** Tells the oracle one more secret; of a JSON Web Token give it the second and third part. */
  public synchronized SecretOracle add(String secret) {
    if (secret.isBlank()) {
      throw new IllegalArgumentException("a blank secret is in every text");
    }
    if (secrets.add(secret)) {
      (nested ? ENCODINGS_OF_ENCODINGS : ENCODINGS)
          .forEach((name, encoding) -> addForm(new Form(lower(encoding.apply(secret)), name)));
      addPieces(secret);
      for (int skipped = 0; skipped < 3 && secret.length() - skipped >= PIECE; skipped++) {
        byte[] bytes = secret.substring(skipped).getBytes(StandardCharsets.UTF_8);
        byte[] groups = Arrays.copyOf(bytes, bytes.length - bytes.length % 3);
        addPieces(Base64.getEncoder().encodeToString(groups));
        addPieces(Base64.getUrlEncoder().encodeToString(groups));
      }
    }
    return this;
  }

  private void addForm(Form form) {
    if (form.text().length() < BEGINNING) {
      shortForms.add(form);
    } else {
      encoded
          .computeIfAbsent(form.text().substring(0, BEGINNING), b -> new ArrayList<>())
          .add(form);
    }
  }

  private void addPieces(String secret) {
    String lower = lower(secret);
    for (int i = 0; i + PIECE <= lower.length(); i++) {
      pieces.add(lower.substring(i, i + PIECE));
    }
  }

  /** Returns whether it knows a secret. */
  public synchronized boolean knowsAny() {
    return !secrets.isEmpty();
  }

  /**
   * Looks for the secrets, and for what looks like one.
   *
   * @param text what was said
   * @return what gives a secret away, in which encoding, and where; empty if nothing does
   */
  public Optional<String> leak(String text) {
    for (Pattern shape : SHAPES) {
      Matcher matcher = shape.matcher(text);
      if (matcher.find()) {
        return Optional.of("what looks like a secret: " + matcher.group() + around(text, matcher));
      }
    }
    return leakOfAKnown(text);
  }

  /**
   * Looks for the secrets alone.
   *
   * @param text what was said
   * @return what gives a secret away, in which encoding, and where; empty if nothing does
   */
  public synchronized Optional<String> leakOfAKnown(String text) {
    String lower = lower(text);
    for (Form form : shortForms) {
      if (lower.contains(form.text())) {
        return Optional.of("a secret " + form.encoding() + " in: " + text);
      }
    }
    for (int i = 0; i + BEGINNING <= lower.length(); i++) {
      for (Form form : encoded.getOrDefault(lower.substring(i, i + BEGINNING), List.of())) {
        if (lower.startsWith(form.text(), i)) {
          return Optional.of("a secret " + form.encoding() + " at " + i + " of: " + text);
        }
      }
    }
    Optional<String> found = piece(text, "as it is");
    for (Map.Entry<String, String> once : decoded(text).entrySet()) {
      if (found.isEmpty()) {
        found = piece(once.getValue(), once.getKey());
      }
      Map<String, String> further = nested ? decoded(once.getValue()) : Map.of();
      for (Map.Entry<String, String> twice : further.entrySet()) {
        if (found.isEmpty()) {
          found = piece(twice.getValue(), twice.getKey() + " of " + once.getKey());
        }
      }
    }
    return found.map(piece -> piece + " of: " + text);
  }

  /** Fails if a text gives a secret away. */
  public void assertNoneIn(String text) {
    leak(text)
        .ifPresent(
            leak -> {
              throw new AssertionError("a secret was said: " + leak);
            });
  }

  private Optional<String> piece(String text, String how) {
    String lower = lower(text);
    for (int i = 0; i + PIECE <= lower.length(); i++) {
      if (pieces.contains(lower.substring(i, i + PIECE))) {
        return Optional.of(
            "a piece of a secret, " + lower.substring(i, i + PIECE) + ", " + how + " at " + i);
      }
    }
    return Optional.empty();
  }

  /** Decodes a text in each way that finds something to decode. */
  private static Map<String, String> decoded(String text) {
    Map<String, String> decoded = new LinkedHashMap<>();
    String plain = ESCAPE.matcher(text).replaceAll(SecretOracle::character);
    if (!plain.equals(text)) {
      decoded.put("in escapes", plain);
    }
    for (int skipped = 0; skipped < 4; skipped++) {
      StringBuilder base64 = new StringBuilder();
      for (MatchResult run : BASE64.matcher(text).results().toList()) {
        String digits = run.group().substring(skipped).replace('-', '+').replace('_', '/');
        String groups = digits.substring(0, digits.length() - (digits.length() % 4 == 1 ? 1 : 0));
        base64
            .append(new String(Base64.getDecoder().decode(groups), StandardCharsets.ISO_8859_1))
            .append('\n');
      }
      if (base64.length() > 0) {
        decoded.put("in base64 from the " + skipped + "th character", base64.toString());
      }
    }
    for (int skipped = 0; skipped < 2; skipped++) {
      StringBuilder hex = new StringBuilder();
      for (MatchResult run :
          HEX.matcher(text.substring(Math.min(skipped, text.length()))).results().toList()) {
        hex.append(new String(HexFormat.of().parseHex(run.group()), StandardCharsets.ISO_8859_1))
            .append('\n');
      }
      if (hex.length() > 0) {
        decoded.put("in hexadecimal digits from the " + skipped + "th", hex.toString());
      }
    }
    return decoded;
  }

  private static String character(MatchResult escape) {
    for (int group = 1; group <= 4; group++) {
      if (escape.group(group) != null) {
        return Matcher.quoteReplacement(
            String.valueOf((char) Integer.parseInt(escape.group(group), 16)));
      }
    }
    if (escape.group(5) != null) {
      return Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(escape.group(5))));
    }
    if (escape.group(6) != null) {
      return Matcher.quoteReplacement(escape.group(6));
    }
    return Matcher.quoteReplacement(NAMES.getOrDefault(escape.group(7), escape.group()));
  }

  private static String around(String text, MatchResult found) {
    int from = Math.max(0, found.start() - 80);
    return " in: " + text.substring(from, Math.min(text.length(), found.end() + 80));
  }

  /**
   * Returns the usual encodings, by name: each writes a secret as a peer may.
   *
   * @return the encodings, the one that changes nothing among them
   */
  public static Map<String, UnaryOperator<String>> encodings() {
    Map<String, UnaryOperator<String>> encodings = new LinkedHashMap<>();
    encodings.put("as it is", s -> s);
    encodings.put("percent-encoded", s -> each(s, "%%%02X"));
    encodings.put("percent-encoded in lower case", s -> each(s, "%%%02x"));
    encodings.put("percent-encoded in part", s -> some(s, "%%%02X"));
    encodings.put(
        "percent-encoded as in a form", s -> URLEncoder.encode(s, StandardCharsets.UTF_8));
    encodings.put("in JSON's escapes", s -> each(s, "\\u%04x"));
    encodings.put("in JSON's escapes, in part", s -> some(s, "\\u%04X"));
    encodings.put(
        "as a string of JSON",
        s -> s.replace("\\", "\\\\").replace("\"", "\\\"").replace("/", "\\/"));
    encodings.put("in escapes of a program", s -> each(s, "\\x%02x"));
    encodings.put("in octal escapes", s -> each(s, "\\%03o"));
    encodings.put("in XML's references", s -> each(s, "&#%d;"));
    encodings.put("in XML's hexadecimal references", s -> each(s, "&#x%X;"));
    encodings.put("in padded references, in part", s -> some(s, "&#x00%x;"));
    encodings.put("in XML's names", SecretOracle::named);
    encodings.put("in HTML's names", SecretOracle::namedInHtml);
    for (int before = 0; before < 3; before++) {
      String prefix = "xyz".substring(0, before);
      encodings.put(
          "in base64 after " + before, s -> Base64.getEncoder().encodeToString(bytes(prefix + s)));
      encodings.put(
          "in base64url after " + before,
          s -> Base64.getUrlEncoder().withoutPadding().encodeToString(bytes(prefix + s)));
    }
    encodings.put("in base64 of mail", s -> Base64.getMimeEncoder().encodeToString(bytes(s)));
    encodings.put("in hexadecimal digits", s -> HexFormat.of().formatHex(bytes(s)));
    encodings.put(
        "in upper-case hexadecimal digits",
        s -> HexFormat.of().withUpperCase().formatHex(bytes(s)));
    return encodings;
  }

  /** Returns {@link #encodings} of {@link #encodings}, by name. */
  public static Map<String, UnaryOperator<String>> encodingsOfEncodings() {
    Map<String, UnaryOperator<String>> all = new LinkedHashMap<>(encodings());
    List<Map.Entry<String, UnaryOperator<String>>> each = new ArrayList<>(all.entrySet());
    for (Map.Entry<String, UnaryOperator<String>> inner : each) {
      for (Map.Entry<String, UnaryOperator<String>> outer : each) {
        all.put(
            inner.getKey() + ", " + outer.getKey(),
            s -> outer.getValue().apply(inner.getValue().apply(s)));
      }
    }
    return all;
  }

  private static String each(String secret, String format) {
    String[] written = WRITTEN.computeIfAbsent(format, SecretOracle::written);
    StringBuilder encoded = new StringBuilder();
    for (byte b : bytes(secret)) {
      encoded.append(written[b & 0xff]);
    }
    return encoded.toString();
  }

  private static String[] written(String format) {
    String[] written = new String[256];
    for (int i = 0; i < written.length; i++) {
      written[i] = String.format(Locale.ROOT, format, i);
    }
    return written;
  }

  /** Encodes two characters of three. */
  private static String some(String secret, String format) {
    StringBuilder encoded = new StringBuilder();
    for (int i = 0; i < secret.length(); i++) {
      String one = secret.substring(i, i + 1);
      encoded.append(i % 3 == 2 ? one : each(one, format));
    }
    return encoded.toString();
  }

  private static String named(String secret) {
    return secret
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&apos;");
  }

  private static String namedInHtml(String secret) {
    return named(secret)
        .replace("/", "&sol;")
        .replace("+", "&plus;")
        .replace("=", "&equals;")
        .replace(".", "&period;")
        .replace("_", "&lowbar;");
  }

  private static byte[] bytes(String secret) {
    return secret.getBytes(StandardCharsets.UTF_8);
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}
