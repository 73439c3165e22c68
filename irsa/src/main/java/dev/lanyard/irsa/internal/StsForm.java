package dev.lanyard.irsa.internal;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tells a document of STS from what somebody else answers in its place: a proxy, a mesh, a load
 * balancer, another service of AWS. It goes by the first element, which is as far as a document
 * that was cut off in the middle can be known.
 *
 * <p>Source of the forms: the STS API reference, common errors and sample responses.
 */
final class StsForm {
  /** What is before the first element, and that element's beginning. More is not looked at. */
  private static final int HEAD = 4096;

  /**
   * The namespaces of an error: that of STS, and that of what stands before the older services of
   * AWS and answers for them. Source of the second: solo-io/envoy-gloo, sts_fetcher_test.cc, an
   * {@code ExpiredTokenException} of STS.
   */
  private static final Set<String> ERROR_NAMESPACES =
      Set.of(
          "https://sts.amazonaws.com/doc/2011-06-15/",
          "http://webservices.amazon.com/AWSFault/2005-15-09");

  /** A byte order mark, as it looks in ISO 8859-1, blanks, the XML declaration. */
  private static final Pattern PROLOG =
      Pattern.compile("\\A(?:\u00ef\u00bb\u00bf)?\\s*(?:<\\?xml[^>]*>\\s*)?");

  private static final Pattern RESPONSE =
      Pattern.compile("<AssumeRole(?:WithWebIdentity)?Response[\\s/>]");

  private static final Pattern ERROR = Pattern.compile("<ErrorResponse(\\s[^>]*)?>");

  private static final Pattern NAMESPACE =
      Pattern.compile("\\sxmlns\\s*=\\s*(?:\"([^\"]*)\"|'([^']*)')");

  private static final String LONGEST_RESPONSE = "<AssumeRoleWithWebIdentityResponse";
  private static final String SHORTEST_RESPONSE = "<AssumeRoleResponse";

  /** Without a way back: the time is proportional to the length of the error, whatever is in it. */
  private static final Pattern CODE = Pattern.compile("<Code>([^<]{1,8192}+)</Code>");

  private static final Pattern PLAIN = Pattern.compile("[A-Za-z.]{1,100}");

  /** What stands in the place of a message that cannot be repeated. */
  static final String NOT_REPEATED = "its message is left out because it may hold a secret";

  private StsForm() {}

  /** Says whether an answer of this status begins as STS would begin it. */
  static boolean isOf(int status, byte[] body) {
    return status / 100 == 2 ? isResponse(body) : isError(body);
  }

  /** Says whether a document begins as an error of STS. */
  static boolean isError(byte[] body) {
    Matcher error = ERROR.matcher(root(body));
    if (!error.lookingAt()) {
      return false;
    }
    Matcher namespace = NAMESPACE.matcher(error.group(1) == null ? "" : error.group(1));
    // Without a namespace it is nobody else's, and may be that of a service made after STS.
    return !namespace.find()
        || ERROR_NAMESPACES.contains(
            namespace.group(1) == null ? namespace.group(2) : namespace.group(1));
  }

  /**
   * Returns an error with the code of another one, if that has any, and without its message, out of
   * which a secret could not be taken.
   */
  static String errorWithoutWords(String error, Function<String, Optional<String>> clean) {
    Matcher code = CODE.matcher(error);
    String shown = code.find() ? code.group(1).strip() : "";
    if (shown.isEmpty()) {
      return "<ErrorResponse/>";
    }
    return "<ErrorResponse><Error><Code>"
        + (PLAIN.matcher(shown).matches() ? clean.apply(shown).orElse("***") : "***")
        + "</Code><Message>"
        + NOT_REPEATED
        + "</Message></Error></ErrorResponse>";
  }

  private static boolean isResponse(byte[] body) {
    String root = root(body);
    return RESPONSE.matcher(root).lookingAt()
        // Cut off within the name.
        || (!root.isEmpty()
            && (LONGEST_RESPONSE.startsWith(root) || SHORTEST_RESPONSE.startsWith(root)));
  }

  private static String root(byte[] body) {
    String text = new String(body, 0, Math.min(HEAD, body.length), StandardCharsets.ISO_8859_1);
    Matcher prolog = PROLOG.matcher(text);
    return prolog.lookingAt() ? text.substring(prolog.end()) : text;
  }
}
