package dev.lanyard.spi;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Removes secrets from a peer's words before they are repeated in an error, a log line or a status.
 * Sources use it: a service repeats what it finds invalid, and something else that answers in its
 * place may repeat everything that was sent.
 *
 * <p>It removes three things:
 *
 * <ul>
 *   <li>the secrets of the exchange, and any 12 characters in a row of one: as they are, in another
 *       case, with characters that are neither letters nor digits in between, in escapes of URIs,
 *       JSON, XML, HTML and programming languages, in base64 and base64url at any alignment, in
 *       hexadecimal digits, and in one of these encodings inside another. A text that holds a
 *       secret of fewer than 12 characters is not repeated at all;
 *   <li>what has the shape of a secret, known or not: JSON Web Tokens, session tokens, and runs of
 *       40 or more characters of base64 that do not consist of words, numbers or short ids, as role
 *       names, paths and URLs do. A text that has the name of a secret followed by a value, such as
 *       {@code SecretAccessKey: ...}, is not repeated at all;
 *   <li>access key ids, except for their last four characters.
 * </ul>
 *
 * <p>The work is proportional to the length of text and secrets. Immutable, and safe for use by
 * many threads; {@link #toString} shows no secret.
 *
 * @since 0.1
 */
public final class Redaction {
  /** Nobody reads more; what is longer is not repeated. */
  private static final int MAX_TEXT = 64 * 1024;

  /** Escapes of escapes of escapes, and then no more. */
  private static final int MAX_LAYERS = 3;

  private static final String MASK = "***";

  private final List<String> secrets;

  // Derived at the first text, which most exchanges never see; by two threads at once, twice.
  private volatile @Nullable Known known;

  private Redaction(List<String> secrets) {
    this.secrets = secrets;
  }

  /**
   * Returns the redaction for one exchange.
   *
   * @param secrets the secrets that were sent, such as a web identity token, an authorization
   *     token, or the credential id in a path; blank ones are ignored
   * @return a redaction that knows these secrets, and recognises others by their shape
   */
  public static Redaction of(String... secrets) {
    List<String> given = new ArrayList<>();
    for (String secret : secrets) {
      if (!Objects.requireNonNull(secret, "secret").isBlank()) {
        given.add(secret);
      }
    }
    return new Redaction(List.copyOf(given));
  }

  /**
   * Removes the secrets from a text.
   *
   * @param peerText the peer's whole text: a piece of it may begin in the middle of a secret
   * @return the text, with {@code ***} in the place of each secret; empty if it holds something
   *     that cannot be cut out, or has more than 65,536 characters
   */
  public Optional<String> clean(String peerText) {
    if (peerText.length() > MAX_TEXT) {
      return Optional.empty();
    }
    Findings findings = new Findings(known());
    findings.judge(peerText);
    if (findings.isClean()) {
      return Optional.of(peerText);
    }
    if (findings.unsafe) {
      return Optional.empty();
    }
    String cut = findings.cut(peerText);
    // What was cut out may have kept two pieces of another secret apart.
    Findings again = new Findings(known());
    again.judge(cut);
    return again.isClean() ? Optional.of(cut) : Optional.empty();
  }

  /**
   * Tells whether a text may be repeated as it is.
   *
   * @param peerText the peer's whole text
   * @return whether {@link #clean} would remove nothing from it
   */
  public boolean isClean(String peerText) {
    if (peerText.length() > MAX_TEXT) {
      return false;
    }
    Findings findings = new Findings(known());
    findings.judge(peerText);
    return findings.isClean();
  }

  /** Shows how many secrets it knows, and none of them. */
  @Override
  public String toString() {
    return "Redaction[" + secrets.size() + (secrets.size() == 1 ? " secret]" : " secrets]");
  }

  private Known known() {
    Known before = known;
    if (before == null) {
      before = new Known(secrets);
      known = before;
    }
    return before;
  }

  /** Returns a text, and what is under its escapes, layer by layer. */
  private static List<PeerText> layers(PeerText text) {
    List<PeerText> all = new ArrayList<>(List.of(text));
    List<PeerText> layer = List.of(text);
    for (int depth = 1; depth <= MAX_LAYERS && !layer.isEmpty(); depth++) {
      List<PeerText> next = new ArrayList<>();
      for (PeerText outer : layer) {
        if (depth < MAX_LAYERS) {
          next.addAll(outer.unescaped());
        } else {
          PeerText last = outer.unescapedAtOnce();
          next.addAll(last == null ? List.of() : List.of(last));
        }
      }
      all.addAll(next);
      layer = next;
    }
    return all;
  }

  /** The secrets in the forms that are compared. */
  private static final class Known {
    /** Letters and digits alone. */
    private final Pieces essences = new Pieces();

    /** All that can be seen. */
    private final Pieces squeezed = new Pieces();

    private final Set<String> shortEssences = new HashSet<>();
    private final Set<String> shortSqueezed = new HashSet<>();
    private int shortest = Pieces.LENGTH;
    private final boolean empty;

    Known(List<String> secrets) {
      empty = secrets.isEmpty();
      for (String secret : secrets) {
        String bytes =
            new String(secret.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        boolean isShort = PeerText.of(secret).squeezed().length() < Pieces.LENGTH;
        addForms(secret, isShort);
        if (!bytes.equals(secret)) {
          addForms(bytes, isShort);
        }
        // Base64 in another case is base64 of something else: it is looked for as it is written.
        for (int skipped = 0; skipped < 3; skipped++) {
          String shape = PeerText.of(base64(bytes, skipped)).essence().toString();
          if (!isShort) {
            essences.addAll(shape);
          } else if (shape.length() >= 5) {
            shortEssences.add(shape);
          }
        }
      }
    }

    /** A secret that looks like escapes may have been read as such by the peer. */
    private void addForms(String secret, boolean isShort) {
      for (PeerText form : layers(PeerText.of(secret))) {
        String essence = form.essence().toString();
        String visible = form.squeezed().toString();
        if (!isShort) {
          essences.addAll(essence);
          squeezed.addAll(visible);
        } else if (!visible.isEmpty()) {
          shortest = Math.min(shortest, visible.length());
          shortSqueezed.add(visible);
          if (!essence.isEmpty()) {
            shortEssences.add(essence);
          }
        }
      }
    }

    /** The characters of base64 that the secret alone decides, so many bytes after a group's. */
    private static String base64(String bytes, int before) {
      StringBuilder encoded = new StringBuilder();
      int end = (before + bytes.length()) * 8;
      for (int bit = (before * 8 + 5) / 6 * 6; bit + 6 <= end; bit += 6) {
        int value = 0;
        for (int i = bit; i < bit + 6; i++) {
          value = value << 1 | (bytes.charAt(i / 8 - before) >> (7 - i % 8) & 1);
        }
        encoded.append(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".charAt(value));
      }
      return encoded.toString();
    }

    boolean holdsShort(String essence, String visible) {
      return shortEssences.stream().anyMatch(essence::contains)
          || shortSqueezed.stream().anyMatch(visible::contains);
    }
  }

  /** What is secret in one text. */
  private static final class Findings {
    private final Known known;

    /** The characters of the original to cut out. */
    private final BitSet secret = new BitSet();

    /** Where access key ids begin, where they end, and what is shown of them. */
    private final Map<Integer, KeyId> keyIds = new HashMap<>();

    private boolean unsafe;

    private record KeyId(int end, String shown) {}

    Findings(Known known) {
      this.known = known;
    }

    boolean isClean() {
      return !unsafe && secret.isEmpty() && keyIds.isEmpty();
    }

    void judge(String original) {
      PeerText text = PeerText.of(original);
      for (PeerText plain : layers(text)) {
        unsafe |= SecretShapes.announcesASecret(plain);
        SecretShapes.find(plain, secret);
        SecretShapes.findKeyIds(
            plain,
            (id, place) -> keyIds.putIfAbsent(place[0], new KeyId(place[1], Redacted.keyId(id))));
        look(plain);
      }
      if (!known.empty) {
        decode(text, true);
        text.unescaped().forEach(plain -> decode(plain, true));
      }
    }

    /** Looks into what base64 and hexadecimal digits mean, and into what is encoded there. */
    private void decode(PeerText text, boolean further) {
      for (int skipped = 0; skipped < 4; skipped++) {
        // Three bytes are four characters.
        lookInto(text.base64(skipped, known.shortest * 4 / 3), further);
      }
      for (int skipped = 0; skipped < 2; skipped++) {
        lookInto(text.hex(skipped, known.shortest * 2), further);
      }
    }

    private void lookInto(PeerText decoded, boolean further) {
      if (decoded.length() == 0) {
        return;
      }
      look(decoded);
      if (further) {
        decoded.unescaped().forEach(this::look);
        decode(decoded, false);
      }
    }

    private void look(PeerText text) {
      PeerText essence = text.essence();
      PeerText visible = text.squeezed();
      known.essences.find(essence, start -> cut(essence, start));
      known.squeezed.find(visible, start -> cut(visible, start));
      unsafe |= known.holdsShort(essence.toString(), visible.toString());
    }

    private void cut(PeerText text, int start) {
      secret.set(text.from(start), text.to(start + Pieces.LENGTH - 1));
    }

    String cut(String original) {
      StringBuilder cut = new StringBuilder(original.length());
      for (int i = 0; i < original.length(); ) {
        KeyId keyId = keyIds.get(i);
        if (secret.get(i)) {
          cut.append(MASK);
          i = secret.nextClearBit(i);
        } else if (keyId != null && secret.get(i, keyId.end()).isEmpty()) {
          cut.append(keyId.shown());
          i = keyId.end();
        } else {
          cut.append(original.charAt(i));
          i++;
        }
      }
      return cut.toString();
    }
  }
}
