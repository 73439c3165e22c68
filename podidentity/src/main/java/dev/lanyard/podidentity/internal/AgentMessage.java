package dev.lanyard.podidentity.internal;

import dev.lanyard.spi.Redaction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What may be repeated of the body of a failure: the agent's own words, the code and the request id
 * in it. Never the body as such.
 *
 * <p>The EKS Pod Identity Agent answers in plain text, {@code [request id]: (Code): message, fault:
 * client} where EKS Auth said no (source: aws/eks-pod-identity-agent, pkg/errors/errors.go); the
 * ECS agent in JSON, {@code {"code": ..., "message": ...}} (source: aws/amazon-ecs-agent, tmds
 * handlers). Words in which {@link Redaction} finds anything secret, be it a piece of the
 * authorization token or of a hidden path or a key that nobody announces, and words that speak of a
 * secret key, are left out, with the code and the request id; so are HTML and JSON that cannot be
 * read.
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

  private static final Pattern EKS_AUTH =
      Pattern.compile(
          "\\[([0-9A-Za-z-]{0,128})](?:: \\(([0-9A-Za-z_.:-]{1,128})\\): (.*?)(?:, fault: \\w+)?)?",
          Pattern.DOTALL);

  private static final Pattern CODE = Pattern.compile("[0-9A-Za-z_.:-]{1,128}");

  /**
   * Reads the body of a failure.
   *
   * @param body the body
   * @param redaction knows the secrets of the exchange
   */
  static AgentMessage of(byte[] body, Redaction redaction) {
    Raw raw = raw(body);
    AgentMessage message = raw.parts;
    boolean safe =
        isSafe(raw.whole, redaction)
            && message.text.map(text -> isSafe(text, redaction)).orElse(true)
            && message.code.map(code -> isSafe(code, redaction)).orElse(true)
            && message.requestId.map(id -> isSafe(id, redaction)).orElse(true);
    return safe ? message.bounded() : NONE;
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

  /**
   * Words with anything secret in them are left out whole, not with a gap: what is beside a secret
   * in an answer that should hold none is not worth the risk.
   */
  private static boolean isSafe(String text, Redaction redaction) {
    String letters = text.replaceAll("[^0-9A-Za-z]", "").toLowerCase(Locale.ROOT);
    return !letters.contains("secretaccesskey")
        && !letters.contains("sessiontoken")
        && redaction.isClean(text);
  }
}
