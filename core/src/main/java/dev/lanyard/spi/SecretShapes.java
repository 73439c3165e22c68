package dev.lanyard.spi;

import java.util.BitSet;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What looks like a secret, whosever it is. A secret access key has 40 characters of base64, and
 * session tokens and web identity tokens have hundreds; so have role names, paths and ids, which a
 * person needs to read. They are told apart by their parts: those of a name are words, numbers or
 * short ids.
 */
final class SecretShapes {
  /** Source: the length of a secret access key. */
  private static final int LONG_RUN = 40;

  /** Fewer different characters than in any secret: a rule, or filling. */
  private static final int FEW = 8;

  /** An id in hexadecimal digits, such as that of an issuer. */
  private static final int MAX_HEX = 32;

  /** An id in digits and letters of one case, such as the end of a pod's name. */
  private static final int MAX_ID = 16;

  /** An account, or a time in nanoseconds. */
  private static final int MAX_NUMBER = 20;

  private static final int MAX_LOWER_CASE_WORD = 32;

  private static final int MAX_CAMEL_CASE_WORD = 64;

  /** No word that can be said has more in a row; some abbreviations have as many, as eksctl. */
  private static final int MAX_CONSONANTS = 5;

  /** CloudFormation ends the names that it makes with so much at random, in either case. */
  private static final int MAX_SUFFIX = 13;

  /** A web identity token or its beginning: its header is a JSON object in base64url. */
  private static final Pattern JSON_WEB_TOKEN = Pattern.compile("eyJ[\\w-]{12,}+[\\w.-]*+");

  /** What session tokens begin with, those of some years ago included. */
  private static final Pattern SESSION_TOKEN =
      Pattern.compile("(?:IQoJ|FwoGZXIv|FQoGZXIv|AQoDYXdz)[A-Za-z0-9+/]{8,}+={0,2}");

  /** Source: the IAM user guide, Unique identifiers; the STS model, accessKeyIdType. */
  private static final Pattern ACCESS_KEY_ID = Pattern.compile("A[KS]IA[A-Z0-9]{12,124}+");

  /** A name of a secret with a value after it, which may have any form. */
  private static final Pattern LABEL =
      Pattern.compile(
          "(?:secret[\\W_]{0,3}access[\\W_]{0,3}key|session[\\W_]{0,3}token)[\\W_]{0,6}?[:=>]",
          Pattern.CASE_INSENSITIVE);

  private SecretShapes() {}

  /** Tells whether a text says that a secret follows. */
  static boolean announcesASecret(PeerText text) {
    return LABEL.matcher(text).find();
  }

  /** Marks the characters of the original that look like a secret. */
  static void find(PeerText text, BitSet secret) {
    mark(JSON_WEB_TOKEN, text, secret);
    mark(SESSION_TOKEN, text, secret);
    for (int start = 0; start < text.length(); ) {
      int end = endOfRun(text, start);
      if (end - start >= LONG_RUN && !isAName(text, start, end)) {
        end = endOfLines(text, end);
        secret.set(text.from(start), text.to(end - 1));
      }
      start = end + 1;
    }
  }

  /** Finds the access key ids, each with the place of its first character and of what follows. */
  static void findKeyIds(PeerText text, BiConsumer<String, int[]> keyId) {
    Matcher matcher = ACCESS_KEY_ID.matcher(text);
    while (matcher.find()) {
      keyId.accept(
          matcher.group(), new int[] {text.from(matcher.start()), text.to(matcher.end() - 1)});
    }
  }

  private static void mark(Pattern pattern, PeerText text, BitSet secret) {
    Matcher matcher = pattern.matcher(text);
    while (matcher.find()) {
      secret.set(text.from(matcher.start()), text.to(matcher.end() - 1));
    }
  }

  private static int endOfRun(PeerText text, int start) {
    int end = start;
    while (end < text.length() && isOfARun(text.charAt(end))) {
      end++;
    }
    return end;
  }

  /** Base64 of mails and of PEM files goes on in the next line. */
  private static int endOfLines(PeerText text, int end) {
    int last = end;
    while (true) {
      int next = last;
      if (next < text.length() && text.charAt(next) == '\r') {
        next++;
      }
      if (next == text.length() || text.charAt(next) != '\n') {
        break;
      }
      int more = endOfRun(text, next + 1);
      if (more == next + 1) {
        break;
      }
      last = more;
    }
    while (last < text.length() && text.charAt(last) == '=') {
      last++;
    }
    return last;
  }

  private static boolean isOfARun(char c) {
    return isUpper(c) || isLower(c) || isDigit(c) || isSeparator(c);
  }

  private static boolean isSeparator(char c) {
    return c == '+' || c == '/' || c == '-' || c == '_';
  }

  private static boolean isAName(PeerText text, int start, int end) {
    BitSet different = new BitSet(128);
    for (int i = start; i < end; i++) {
      different.set(text.charAt(i));
    }
    if (different.cardinality() < FEW) {
      return true;
    }
    int hyphens = 0;
    for (int i = start; i < end; ) {
      int next = i;
      while (next < end && !isSeparator(text.charAt(next))) {
        next++;
      }
      boolean suffix =
          next == end && hyphens >= 2 && text.charAt(i - 1) == '-' && next - i <= MAX_SUFFIX;
      if (next > i && !suffix && !isAWord(text, i, next)) {
        return false;
      }
      if (next < end && text.charAt(next) == '-') {
        hyphens++;
      }
      i = next + 1;
    }
    return true;
  }

  private static boolean isAWord(PeerText text, int start, int end) {
    int upper = 0;
    int lower = 0;
    int digits = 0;
    int hex = 0;
    int consonants = 0;
    int mostConsonants = 0;
    int lastLetter = -1;
    for (int i = start; i < end; i++) {
      char c = text.charAt(i);
      if (isUpper(c)) {
        upper++;
      } else if (isLower(c)) {
        lower++;
      } else {
        digits++;
      }
      if (!isDigit(c)) {
        lastLetter = i;
      }
      if (Character.digit(c, 16) >= 0) {
        hex++;
      }
      consonants = isDigit(c) || "aeiouyAEIOUY".indexOf(c) >= 0 ? 0 : consonants + 1;
      mostConsonants = Math.max(mostConsonants, consonants);
    }
    int length = end - start;
    if (digits == length) {
      return length <= MAX_NUMBER;
    }
    boolean oneCase = upper == 0 || lower == 0;
    if (oneCase && (length <= MAX_ID || (hex == length && length <= MAX_HEX))) {
      return true;
    }
    // From here on digits are at the end of a word, if anywhere.
    if (lastLetter >= end - digits || mostConsonants > MAX_CONSONANTS) {
      return false;
    }
    return upper == 0
        ? length <= MAX_LOWER_CASE_WORD
        : upper <= 1 + (upper + lower) / 5 && length <= MAX_CAMEL_CASE_WORD;
  }

  private static boolean isUpper(char c) {
    return c >= 'A' && c <= 'Z';
  }

  private static boolean isLower(char c) {
    return c >= 'a' && c <= 'z';
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
