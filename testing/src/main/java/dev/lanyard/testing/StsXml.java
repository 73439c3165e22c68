package dev.lanyard.testing;

import java.util.Optional;

/** The documents of the STS query protocol, version 2011-06-15. */
final class StsXml {
  private static final String NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/";

  private StsXml() {}

  static String assumedRole(
      IssuedCredentials credentials,
      String subject,
      String audience,
      String provider,
      Optional<Integer> packedPolicySize,
      String requestId) {
    return response(
        "AssumeRoleWithWebIdentity",
        element("SubjectFromWebIdentityToken", subject)
            + element("Audience", audience)
            + element("Provider", provider)
            + session(credentials, packedPolicySize),
        requestId);
  }

  static String assumedRole(
      IssuedCredentials credentials, Optional<Integer> packedPolicySize, String requestId) {
    return response(
        "AssumeRole",
        session(credentials, packedPolicySize)
            + credentials.sourceIdentity().map(who -> element("SourceIdentity", who)).orElse(""),
        requestId);
  }

  private static String session(IssuedCredentials credentials, Optional<Integer> packedPolicySize) {
    return "<AssumedRoleUser>"
        + element("AssumedRoleId", credentials.assumedRoleId())
        + element("Arn", credentials.assumedRoleArn())
        + "</AssumedRoleUser><Credentials>"
        + element("AccessKeyId", credentials.accessKeyId())
        + element("SecretAccessKey", credentials.secretAccessKey())
        + element("SessionToken", credentials.sessionToken())
        + element("Expiration", credentials.expiration().toString())
        + "</Credentials>"
        + packedPolicySize.map(size -> element("PackedPolicySize", "" + size)).orElse("");
  }

  static String callerIdentity(IssuedCredentials credentials, String requestId) {
    return response(
        "GetCallerIdentity",
        element("Arn", credentials.assumedRoleArn())
            + element("UserId", credentials.assumedRoleId())
            + element("Account", credentials.accountId()),
        requestId);
  }

  /** The request id is at the root here, unlike in a success. */
  static String error(boolean sender, String code, String message, String requestId) {
    return "<ErrorResponse xmlns=\""
        + NAMESPACE
        + "\"><Error>"
        + element("Type", sender ? "Sender" : "Receiver")
        + element("Code", code)
        + element("Message", message)
        + "</Error>"
        + element("RequestId", requestId)
        + "</ErrorResponse>";
  }

  private static String response(String operation, String result, String requestId) {
    return "<"
        + operation
        + "Response xmlns=\""
        + NAMESPACE
        + "\"><"
        + operation
        + "Result>"
        + result
        + "</"
        + operation
        + "Result><ResponseMetadata>"
        + element("RequestId", requestId)
        + "</ResponseMetadata></"
        + operation
        + "Response>";
  }

  private static String element(String name, String text) {
    StringBuilder xml = new StringBuilder("<").append(name).append('>');
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> xml.append("&amp;");
                case '<' -> xml.append("&lt;");
                case '>' -> xml.append("&gt;");
                // XML 1.0 has no other control characters, not even escaped ones.
                default ->
                    xml.appendCodePoint(c < ' ' && c != '\t' && c != '\n' && c != '\r' ? '?' : c);
              }
            });
    return xml.append("</").append(name).append('>').toString();
  }
}
