package dev.lanyard.irsa.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.spi.ExchangeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever is in the token file: the token as it stands there, which is then in no text, or what is
 * wrong with it. The claims are read from the input as a token and as a token's payload, beside
 * another JSON parser, and come back out of the trust policy that is made of them.
 */
class WebIdentityTokenFuzzTest {
  private static final JsonMapper TREES = JsonMapper.builder().build();
  private static final RoleArn ROLE = RoleArn.parse(Pod.ROLE).orElseThrow();

  @TempDir static Path directory;

  @FuzzTest
  void token(byte[] input) {
    String text = new String(input, StandardCharsets.ISO_8859_1);
    Optional<WebIdentityToken> token = read(input);
    String bare = text.stripTrailing();
    assertThat(token.isPresent())
        .isEqualTo(bare.matches("[!-~]{4,20000}") && input.length <= 21_000);
    token.ifPresent(read -> isHidden(read, bare));
    token.flatMap(TokenClaims::of).ifPresent(WebIdentityTokenFuzzTest::canBeShown);
    payload(input);
  }

  private static void isHidden(WebIdentityToken token, String value) {
    assertThat(token.value()).isEqualTo(value);
    assertThat(token.toString()).hasSizeLessThan(60);
    if (value.indexOf('*') >= 0) {
      return;
    }
    assertThat(token.clean("[" + value + "] is invalid").orElse("")).doesNotContain(value);
    for (String part : value.split("\\.", -1)) {
      if (part.length() >= 12) {
        assertThat(token.clean("[" + part + "] is invalid").orElse("")).doesNotContain(part);
      }
    }
  }

  private static void payload(byte[] payload) {
    String value =
        "eyJhbGciOiJSUzI1NiJ9."
            + Base64.getUrlEncoder().withoutPadding().encodeToString(payload)
            + ".c2lnbmF0dXJl";
    Optional<TokenClaims> claims =
        read(value.getBytes(StandardCharsets.US_ASCII)).flatMap(TokenClaims::of);
    claims.ifPresent(WebIdentityTokenFuzzTest::canBeShown);
    tree(payload)
        .ifPresent(
            tree -> {
              boolean plain =
                  tree.path("iss").isTextual()
                      && tree.path("sub").isTextual()
                      && tree.path("aud").isTextual();
              if (plain) {
                assertThat(claims).isPresent();
              }
              claims.ifPresent(read -> areOf(read, tree));
            });
  }

  private static void areOf(TokenClaims claims, JsonNode tree) {
    assertThat(claims.issuer()).isEqualTo(first(tree.path("iss")));
    assertThat(claims.subject()).isEqualTo(first(tree.path("sub")));
    assertThat(claims.audience().get(0)).isEqualTo(first(tree.path("aud")));
  }

  private static String first(JsonNode claim) {
    if (claim.isArray()) {
      for (JsonNode element : claim) {
        if (element.isTextual()) {
          return element.asText();
        }
      }
    }
    return claim.asText();
  }

  private static void canBeShown(TokenClaims claims) {
    assertThat(claims.description()).hasSizeLessThan(1_100);
    assertThat(claims.description().chars()).noneMatch(Character::isISOControl);
    String statement = TrustPolicy.statement(ROLE, claims);
    assertThat(statement).matches("(?s)[\n -~]*");
    if (!claims.issuer().equals(new String(claims.issuer().getBytes(UTF_8), UTF_8))) {
      // Half a surrogate pair: Jackson takes none in a name, which the issuer becomes here.
      return;
    }
    JsonNode tree = tree(statement.getBytes(StandardCharsets.US_ASCII)).orElseThrow();
    assertThat(tree.at("/Principal/Federated").asText())
        .isEqualTo(TrustPolicy.providerArn(ROLE, claims))
        .startsWith("arn:aws:iam::111122223333:oidc-provider/");
    JsonNode conditions = tree.at("/Condition/StringEquals");
    assertThat(conditions.size()).isEqualTo(2);
    assertThat(conditions.path(claims.provider() + ":sub").asText()).isEqualTo(claims.subject());
    JsonNode audience = conditions.path(claims.provider() + ":aud");
    assertThat(audience.isArray() ? audience.size() : 1).isEqualTo(claims.audience().size());
    assertThat(first(audience)).isEqualTo(claims.audience().get(0));
  }

  private static Optional<JsonNode> tree(byte[] json) {
    try {
      JsonNode tree = TREES.readTree(new String(json, UTF_8));
      return tree.isObject() ? Optional.of(tree) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Optional<WebIdentityToken> read(byte[] content) {
    String text = new String(content, StandardCharsets.ISO_8859_1);
    try {
      Path file = Files.write(directory.resolve("token"), content);
      return Optional.of(WebIdentityToken.read(file, "/token"));
    } catch (ExchangeException e) {
      assertThat(e.kind()).isEqualTo(FailureKind.MISCONFIGURED);
      String said = Secrets.said(e);
      for (int i = 0; i + 24 <= text.length(); i++) {
        String run = text.substring(i, i + 24);
        // None of our own texts has so much of a token's alphabet in a row.
        assertThat(run.matches("[\\w-]+[0-9][\\w-]*") && said.contains(run)).isFalse();
      }
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
