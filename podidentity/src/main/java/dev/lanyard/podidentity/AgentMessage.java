package dev.lanyard.podidentity;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What may be repeated of the body of a failure: the agent's own words, the code and the request id
 * in it. Never the body as such.
 *
 * <p>The EKS Pod Identity Agent answers in plain text, {@code [request id]: (Code): message, fault:
 * client} where EKS Auth said no (source: aws/eks-pod-identity-agent, pkg/errors/errors.go); the
 * ECS agent in JSON, {@code {"code": ..., "message": ...}} (source: aws/amazon-ecs-agent, tmds
 * handlers). Words that hold a piece of the authorization token, in whatever case, escaped or as
 * base64, or that speak of a secret key, are left out, with the code and the request id; so are
 * HTML and JSON that cannot be read.
 *
 * @param text the agent's words, of at most 500 characters and without control characters
 * @param code the service's error code, such as {@code ResourceNotFoundException}
 * @param requestId the request id of EKS Auth
 */
record AgentMessage(Optional<String> text, Optional<String> code, Optional<String> requestId) {

  static final int MAX_TEXT = 500;

  static final AgentMessage NONE =
      new AgentMessage(Optional.empty(), Optional.empty(), Optional.empty());

  /** No failure has more to say than this; what is beyond may split a secret, so it counts too. */
  private static final int MAX_READ = 8 * 1024;

  /** As much of a token as nobody can do anything with, and no other text has by chance. */
  private static final int TELLTALE = 12;

  /** A character written as something else: in a URI, in a program's text, in HTML. */
  private static final Pattern ESCAPE =
      Pattern.compile(
          "%([0-9A-Fa-f]{2})|\\\\u([0-9A-Fa-f]{4})|\\\\x([0-9A-Fa-f]{2})"
              + "|&#[xX]([0-9A-Fa-f]{1,4});|&#([0-9]{1,4});");

  private static final Pattern EKS_AUTH =
      Pattern.compile(
          "\\[([0-9A-Za-z-]{0,128})](?:: \\(([0-9A-Za-z_.:-]{1,128})\\): (.*?)(?:, fault: \\w+)?)?",
          Pattern.DOTALL);

  private static final Pattern CODE = Pattern.compile("[0-9A-Za-z_.:-]{1,128}");

  /**
   * Reads the body of a failure.
   *
   * @param body the body
   * @param token the authorization token that was sent
   */
  static AgentMessage of(byte[] body, Optional<String> token) {
    Raw raw = raw(body);
    AgentMessage message = raw.parts;
    boolean unsafe =
        holdsSecret(raw.whole, token)
            || message.text.filter(text -> holdsSecret(text, token)).isPresent()
            || message.code.filter(code -> holdsSecret(code, token)).isPresent()
            || message.requestId.filter(id -> holdsSecret(id, token)).isPresent();
    return unsafe ? NONE : message.bounded();
  }

  /**
   * The body as it came, for {@link AgentVerdict} alone: nothing of it may be shown.
   *
   * @param whole the text, empty where there is none to read
   * @param json whether it is JSON, be it malformed
   * @param parts what it consists of
   */
  record Raw(String whole, boolean json, AgentMessage parts) {
    @Override
    public String toString() {
      return "Raw[" + whole.length() + " characters]";
    }
  }

  static Raw raw(byte[] body) {
    byte[] head = body.length > MAX_READ ? Arrays.copyOf(body, MAX_READ) : body;
    String text = new String(head, StandardCharsets.UTF_8).strip();
    text = text.startsWith("\uFEFF") ? text.substring(1).strip() : text;
    if (text.isEmpty() || text.startsWith("<")) {
      return new Raw("", false, NONE);
    }
    return text.startsWith("{")
        ? new Raw(text, true, json(head))
        : new Raw(text, false, plain(text));
  }

  private static AgentMessage json(byte[] body) {
    FlatJson json;
    try {
      json = FlatJson.parse(body);
    } catch (FlatJson.Invalid e) {
      return NONE;
    }
    return new AgentMessage(
        json.text("message"),
        json.text("code")
            .or(() -> json.text("__type"))
            .filter(code -> CODE.matcher(code).matches()),
        json.text("requestId").filter(id -> CODE.matcher(id).matches()));
  }

  private static AgentMessage plain(String text) {
    Matcher matcher = EKS_AUTH.matcher(text);
    if (!matcher.matches()) {
      return new AgentMessage(Optional.of(text), Optional.empty(), Optional.empty());
    }
    return new AgentMessage(
        Optional.ofNullable(matcher.group(3)).filter(words -> !words.isBlank()),
        Optional.ofNullable(matcher.group(2)),
        Optional.of(matcher.group(1)).filter(id -> !id.isEmpty()));
  }

  private AgentMessage bounded() {
    return new AgentMessage(text.map(AgentMessage::bounded), code, requestId);
  }

  private static String bounded(String text) {
    StringBuilder shown = new StringBuilder(Math.min(text.length(), MAX_TEXT) + 1);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      // Line breaks forge log lines; formats and surrogates alone can turn a terminal's text round.
      boolean plain =
          !Character.isISOControl(c)
              && Character.getType(c) != Character.FORMAT
              && Character.getType(c) != Character.LINE_SEPARATOR
              && Character.getType(c) != Character.PARAGRAPH_SEPARATOR
              && !Character.isSurrogate(c);
      if (shown.length() == MAX_TEXT) {
        return shown.append('…').toString();
      }
      shown.append(plain ? c : ' ');
    }
    return shown.toString().strip();
  }

  private static boolean holdsSecret(String text, Optional<String> token) {
    String plain = unescaped(text);
    String words = essence(text);
    String decoded = essence(plain);
    if (speaksOfSecrets(words) || speaksOfSecrets(decoded)) {
      return true;
    }
    if (token.isEmpty()) {
      return false;
    }
    for (String shape : shapes(token.get())) {
      if (holdsPiece(words, shape) || holdsPiece(decoded, shape)) {
        return true;
      }
    }
    // A token of little but punctuation has no essence.
    String secret = squeezed(token.get());
    return holdsPiece(squeezed(text), secret) || holdsPiece(squeezed(plain), secret);
  }

  private static boolean speaksOfSecrets(String essence) {
    return essence.contains("secretaccesskey") || essence.contains("sessiontoken");
  }

  /** What a token looks like when it is sent back: as it is, escaped, or as base64 of its bytes. */
  private static List<String> shapes(String token) {
    List<String> shapes = new ArrayList<>();
    shapes.add(essence(token));
    shapes.add(essence(unescaped(token)));
    byte[] bytes = token.getBytes(StandardCharsets.UTF_8);
    // Three bytes become four characters, so where the token begins in what was encoded matters.
    for (int skipped = 0; skipped < 3 && bytes.length - skipped >= TELLTALE; skipped++) {
      byte[] rest = Arrays.copyOfRange(bytes, skipped, bytes.length - (bytes.length - skipped) % 3);
      shapes.add(essence(Base64.getEncoder().encodeToString(rest)));
    }
    return shapes;
  }

  private static boolean holdsPiece(String text, String secret) {
    if (secret.isEmpty()) {
      return false;
    }
    if (secret.length() < TELLTALE) {
      return text.contains(secret);
    }
    Set<String> pieces = new HashSet<>();
    for (int i = 0; i + TELLTALE <= secret.length(); i++) {
      pieces.add(secret.substring(i, i + TELLTALE));
    }
    for (int i = 0; i + TELLTALE <= text.length(); i++) {
      if (pieces.contains(text.substring(i, i + TELLTALE))) {
        return true;
      }
    }
    return false;
  }

  /**
   * The letters and digits alone, in lower case: whatever was put between the characters of a
   * secret is gone, and so is the difference that upper case makes.
   */
  private static String essence(String text) {
    StringBuilder kept = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')) {
        kept.append(c);
      } else if (c >= 'A' && c <= 'Z') {
        kept.append((char) (c - 'A' + 'a'));
      }
    }
    return kept.toString();
  }

  /** Undoes escapes, and escapes of escapes. */
  private static String unescaped(String text) {
    String result = text;
    for (int round = 0; round < 3; round++) {
      Matcher matcher = ESCAPE.matcher(result);
      String once = matcher.replaceAll(AgentMessage::character);
      if (once.equals(result)) {
        break;
      }
      result = once;
    }
    return result;
  }

  private static String character(MatchResult escape) {
    for (int group = 1; group <= 4; group++) {
      if (escape.group(group) != null) {
        return Matcher.quoteReplacement(
            String.valueOf((char) Integer.parseInt(escape.group(group), 16)));
      }
    }
    return Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(escape.group(5))));
  }

  /** Takes out whatever may have been put between the characters of a secret. */
  private static String squeezed(String text) {
    StringBuilder kept = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c > ' ' && c <= '~') {
        kept.append(c);
      }
    }
    return kept.toString();
  }
}
