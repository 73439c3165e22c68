package dev.lanyard.irsa.internal;

import dev.lanyard.diagnosis.Problem;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.protocols.jsoncore.JsonNodeParser;

/**
 * What a web identity token says of itself, to explain why STS refused it. Nothing is verified and
 * nothing is trusted: no decision may depend on it, but the one not to send a token that has
 * expired for certain, which a token that lies can bring upon itself alone.
 *
 * @param issuer {@code iss}: the OIDC issuer of the cluster
 * @param subject {@code sub}: {@code system:serviceaccount:{namespace}:{name}}
 * @param audience {@code aud}: {@code sts.amazonaws.com} by default
 */
record TokenClaims(String issuer, String subject, List<String> audience) {

  /** Decodes the token's payload, empty if it is no JSON Web Token with these three claims. */
  static Optional<TokenClaims> of(WebIdentityToken token) {
    Optional<Map<String, JsonNode>> payload = payload(token);
    if (payload.isEmpty()) {
      return Optional.empty();
    }
    Map<String, JsonNode> members = payload.get();
    Optional<String> issuer = texts(members.get("iss")).stream().findFirst();
    Optional<String> subject = texts(members.get("sub")).stream().findFirst();
    List<String> audience = texts(members.get("aud"));
    return issuer.isPresent() && subject.isPresent() && !audience.isEmpty()
        ? Optional.of(new TokenClaims(issuer.get(), subject.get(), audience))
        : Optional.empty();
  }

  /** Decodes {@code exp}, empty if the token has none that is a time in whole seconds. */
  static Optional<Instant> expiration(WebIdentityToken token) {
    JsonNode exp = payload(token).map(members -> members.get("exp")).orElse(null);
    if (exp == null || !exp.isNumber() || !exp.asNumber().matches("\\d{1,11}")) {
      return Optional.empty();
    }
    return Optional.of(Instant.ofEpochSecond(Long.parseLong(exp.asNumber())));
  }

  private static Optional<Map<String, JsonNode>> payload(WebIdentityToken token) {
    String[] parts = token.value().split("\\.", -1);
    if (parts.length != 3) {
      return Optional.empty();
    }
    try {
      byte[] payload = Base64.getUrlDecoder().decode(parts[1]);
      JsonNode claims = JsonNodeParser.create().parse(new String(payload, StandardCharsets.UTF_8));
      return claims.isObject() ? Optional.of(claims.asObject()) : Optional.empty();
    } catch (RuntimeException | LinkageError e) {
      // Diagnosis only: a malformed token, or an SDK without this parser, must not hide the
      // failure that is being explained. See docs/adr/0006.
      return Optional.empty();
    }
  }

  /** The issuer as IAM names a provider: without the scheme. */
  String provider() {
    return issuer.startsWith("https://") ? issuer.substring("https://".length()) : issuer;
  }

  /** Adds these claims to what is known of a problem. */
  void addTo(Problem.Builder problem) {
    problem
        .fact("issuer", Texts.shown(issuer))
        .fact("subject", Texts.shown(subject))
        .fact("audience", Texts.shown(String.join(", ", audience)));
  }

  /** One sentence for people, without the final stop. */
  String description() {
    return "The web identity token was issued by "
        + Texts.shown(issuer)
        + " for subject "
        + Texts.shown(subject)
        + " and audience "
        + Texts.shown(String.join(", ", audience));
  }

  private static List<String> texts(@Nullable JsonNode node) {
    if (node == null) {
      return List.of();
    }
    if (node.isString()) {
      return List.of(node.asString());
    }
    if (node.isArray()) {
      return node.asArray().stream().filter(JsonNode::isString).map(JsonNode::asString).toList();
    }
    return List.of();
  }
}
