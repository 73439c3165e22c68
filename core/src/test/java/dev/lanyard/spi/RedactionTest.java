package dev.lanyard.spi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.peer.SecretOracle;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is taken out of a peer's text, and what has to stay readable. */
class RedactionTest {
  private static final String TOKEN = "opaque.Xr7-Wm4kq_Zp9/Tv2bn+Hd6=Ls8wy~Jc3:Gf5RtQe1Ua0Mo";

  private static final SecretOracle ORACLE = SecretOracle.of(TOKEN);

  private static final String SECRET_ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

  static Stream<String> encodings() {
    return SecretOracle.encodingsOfEncodings().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("encodings")
  void noEncodingOfASecretIsRepeated(String name) {
    String encoded = encoding(name).apply(TOKEN);

    assertGivesNothingAway(TOKEN, "Value '" + encoded + "' at 'webIdentityToken' is invalid");
    assertGivesNothingAway(TOKEN, encoded);
  }

  @ParameterizedTest
  @MethodSource("encodings")
  void noEncodingOfAPieceIsRepeated(String name) {
    for (int start = 0; start + 13 <= TOKEN.length(); start += 21) {
      String piece = TOKEN.substring(start, start + 13);

      assertGivesNothingAway(TOKEN, "it begins with " + encoding(name).apply(piece) + " ...");
    }
  }

  @Property(tries = 400, edgeCases = EdgeCasesMode.NONE)
  void noEncodingOfAnySecretIsRepeated(
      @ForAll("secrets") String secret,
      @ForAll("encodingNames") String name,
      @ForAll("prose") String before,
      @ForAll("prose") String after) {
    assertGivesNothingAway(secret, before + encoding(name).apply(secret) + after);
  }

  @Property(tries = 400, edgeCases = EdgeCasesMode.NONE)
  void noEncodingOfAnyTwelveCharactersIsRepeated(
      @ForAll("secrets") String secret,
      @ForAll("encodingNames") String name,
      @ForAll Random random) {
    int start = random.nextInt(secret.length() - 11);
    String piece = secret.substring(start, start + 12);

    String said = "Value '" + encoding(name).apply(piece) + "'";

    assertThat(Redaction.of(secret).isClean(said)).as(said).isFalse();
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void noAlignmentOfBase64IsOverlooked(@ForAll("secrets") String secret, @ForAll Random random) {
    String before = letters(random, random.nextInt(9));
    String after = letters(random, random.nextInt(9));
    String encoded =
        Base64.getEncoder()
            .encodeToString((before + secret + after).getBytes(StandardCharsets.UTF_8));
    String run = "/" + letters(random, random.nextInt(5)) + encoded;

    assertGivesNothingAway(secret, "Value '" + run + "'");
    assertGivesNothingAway(secret, "Value '" + run.toLowerCase(Locale.ROOT) + "'");
  }

  @Provide
  Arbitrary<String> secrets() {
    return Arbitraries.strings().withCharRange('!', '~').ofMinLength(12).ofMaxLength(120);
  }

  @Provide
  Arbitrary<String> encodingNames() {
    return Arbitraries.of(encodings().toList());
  }

  @Provide
  Arbitrary<String> prose() {
    return Arbitraries.of(
        "", "Value '", "token=", "\"", " is invalid", "&x=", "<a>", "\\", "%", "k");
  }

  @ParameterizedTest
  @ValueSource(strings = {"upper", "lower", "spaced", "split", "hidden", "hyphened"})
  void aSecretThatWasChangedALittleIsNotRepeated(String how) {
    String changed =
        switch (how) {
          case "upper" -> TOKEN.toUpperCase(Locale.ROOT);
          case "lower" -> TOKEN.toLowerCase(Locale.ROOT);
          case "spaced" -> String.join(" ", TOKEN.split("", -1));
          case "split" -> TOKEN.substring(0, 20) + "\r\n\t" + TOKEN.substring(20);
          case "hidden" -> String.join("\u200b", TOKEN.split("", -1));
          default -> String.join("-", TOKEN.split("", -1));
        };

    assertThat(Redaction.of(TOKEN).clean("Value '" + changed + "' is invalid"))
        .hasValueSatisfying(
            said -> assertThat(said).startsWith("Value '***").endsWith("' is invalid"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"&#%012d;", "&#%010d;", "&#X%012x;", "\\u{%010x}"})
  void zerosBeforeANumberHideNothing(String format) {
    assertGivesNothingAway(TOKEN, "Value '" + written(TOKEN, format) + "' is invalid");
  }

  @ParameterizedTest
  @ValueSource(strings = {"%02x.", "%02X_", "%02x/", "#%02x", "=%02X", "\\%x ", "0x%02x|"})
  void whatStandsBetweenHexadecimalDigitsHidesNothing(String format) {
    assertGivesNothingAway(TOKEN, "Value '" + written(TOKEN, format) + "' is invalid");
  }

  private static String written(String secret, String format) {
    return secret
        .chars()
        .mapToObj(c -> String.format(Locale.ROOT, format, c))
        .collect(Collectors.joining());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "xy"})
  void base64urlIsReadAlsoWhereLittleOfItIsLettersAndDigits(String before) {
    String secret = "?".repeat(12);
    String encoded =
        Base64.getUrlEncoder()
            .encodeToString((before + secret).getBytes(StandardCharsets.US_ASCII));
    assertThat(encoded).contains("_");

    assertThat(Redaction.of(secret).isClean("Value '" + encoded + "' is invalid")).isFalse();
  }

  static Stream<String> rareForms() {
    String hex = HexFormat.of().formatHex(TOKEN.getBytes(StandardCharsets.UTF_8));
    HexFormat single = HexFormat.of().withDelimiter(":");
    return Stream.of(
        // Not so long that its shape alone gives it away.
        "a" + hex.substring(0, 26),
        "0x" + hex,
        single.formatHex(TOKEN.getBytes(StandardCharsets.UTF_8)),
        single.withDelimiter(" ").formatHex(TOKEN.getBytes(StandardCharsets.UTF_8)),
        single.withDelimiter("-").formatHex(TOKEN.getBytes(StandardCharsets.UTF_8)),
        single
            .withDelimiter(", ")
            .withPrefix("0x")
            .formatHex(TOKEN.getBytes(StandardCharsets.UTF_8)),
        TOKEN.chars().mapToObj(c -> "%%u%04x".formatted(c)).collect(Collectors.joining()));
  }

  @ParameterizedTest
  @MethodSource("rareForms")
  void noRareFormIsRepeated(String form) {
    assertThat(Redaction.of(TOKEN).isClean("Value '" + form + "' is invalid")).isFalse();
  }

  @Test
  void aSecretOfOtherCharactersThanAsciiIsFoundByItsBytes() {
    String secret = "\u00e4\u00f6\u00fc\u00df".repeat(4);

    assertThat(
            Redaction.of(secret).isClean("k=" + URLEncoder.encode(secret, StandardCharsets.UTF_8)))
        .isFalse();
    assertThat(Redaction.of(secret).isClean("k=" + secret)).isFalse();
  }

  @Test
  void whatStandsAroundASecretStays() {
    assertThat(Redaction.of(TOKEN).clean("Value '" + TOKEN + "' at 'webIdentityToken' failed"))
        .hasValue("Value '***' at 'webIdentityToken' failed");
    assertThat(Redaction.of(TOKEN, SECRET_ACCESS_KEY).clean(TOKEN + " and " + SECRET_ACCESS_KEY))
        .hasValue("*** and ***");
    String percent = encoding("percent-encoded").apply(TOKEN);
    assertThat(Redaction.of(TOKEN).clean("no token=" + percent + "&x=1 here"))
        .hasValue("no token=***&x=1 here");
  }

  @Test
  void lessThanTwelveCharactersInARowStay() {
    assertThat(Redaction.of(TOKEN).clean("it begins with opaque.Xr7"))
        .hasValue("it begins with opaque.Xr7");
  }

  @ParameterizedTest
  @MethodSource("encodings")
  void aTextWithAShortSecretIsNotRepeatedAtAll(String name) {
    for (String secret : List.of("pa55w/rd", "s3cr", "tenant-1234")) {
      String encoded = encoding(name).apply(secret);

      assertThat(Redaction.of(secret).clean("Value '" + encoded + "' is invalid")).isEmpty();
    }
  }

  @Test
  void aTextWithoutTheShortSecretStays() {
    assertThat(Redaction.of("pa55w/rd").clean("Incorrect token audience"))
        .hasValue("Incorrect token audience");
    assertThat(Redaction.of("", " ").clean("Incorrect token audience"))
        .hasValue("Incorrect token audience");
  }

  @Test
  void aSecretThatLooksLikeAnEscapeIsFoundAsWellWhenItIsDecoded() {
    String secret = "%41%42%43-%44%45%46%47&#72;%49%4a%4b";

    assertGivesNothingAway(secret, "Value '" + secret + "'");
    assertThat(Redaction.of(secret).clean("Value 'ABC-DEFGHIJK'")).hasValue("Value '***'");
  }

  @Test
  void aSecretThatLooksLikeOneEscapeIsFoundInAnother() {
    assertGivesNothingAway("!!!!!!!!!\"\\f", "Value '!!!!!!!!!&quot;\\f'");
    assertGivesNothingAway("p\\n('t0NV1Qx", "Value 'p\\n(&apos;t0NV1Qx'");
    assertGivesNothingAway("%41%42%43%44", "Value '&#37;41%42&#37;43%44'");
  }

  @Test
  void whatThereWasBetweenTwoPiecesDoesNotHideThem() {
    String other = "another-secret-that-is-sent";

    assertGivesNothingAway(
        List.of(TOKEN, other), other.substring(0, 8) + TOKEN + other.substring(8));
    // Neither piece is enough by itself, and only the gap is between them.
    assertThat(Redaction.of(TOKEN, "another-secret-1").clean("another-" + TOKEN + "secret-1"))
        .isEmpty();
  }

  @Property(tries = 2_000, edgeCases = EdgeCasesMode.NONE)
  void aSecretAccessKeyIsKnownByItsShape(@ForAll Random random) {
    String key = random(random, 40);

    assertThat(Redaction.of().clean("it was " + key + ", was it")).hasValue("it was ***, was it");
    assertThat(Redaction.of().clean("it was " + key.replace("/", "\\/") + ", was it"))
        .hasValueSatisfying(said -> assertThat(said).startsWith("it was ***"));
  }

  @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
  void aSessionTokenIsKnownByItsShapeInAnyEncoding(
      @ForAll Random random, @ForAll("simpleEncodingNames") String name) {
    String token = "IQoJb3JpZ2luX2Vj" + random(random, 120) + "==";

    Optional<String> said = Redaction.of().clean("it was " + encoding(name).apply(token) + "!");

    said.ifPresent(
        shown -> {
          assertThat(SecretOracle.of(token).leakOfAKnown(shown)).isEmpty();
          assertThat(shown).startsWith("it was ***").hasSizeLessThan(40);
        });
  }

  @Provide
  Arbitrary<String> simpleEncodingNames() {
    return Arbitraries.of(SecretOracle.encodings().keySet());
  }

  @Test
  void aTokenIsKnownByItsShape() {
    String header = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0";
    assertThat(Redaction.of().clean("got " + header + ".eyJzdWIi.c2ln, which is none"))
        .hasValue("got ***, which is none");
    assertThat(Redaction.of().clean("got IQoJb3JpZ2luX2VjEJr//////wEaCWV1... which is cut"))
        .hasValue("got ***... which is cut");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"SecretAccessKey\":\"short\"}",
        "{\\\"SecretAccessKey\\\":\\\"short\\\"}",
        "<SecretAccessKey>short</SecretAccessKey>",
        "<SessionToken>short</SessionToken>",
        "secret access key: short",
        "aws_session_token=short",
        "aws%5Fsecret%5Faccess%5Fkey%3Dshort"
      })
  void aTextThatAnnouncesASecretIsNotRepeatedAtAll(String said) {
    assertThat(Redaction.of().clean(said)).isEmpty();
    assertThat(Redaction.of().isClean(said)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "key ASIAEXAMPLEEXAMPLE01 is not known",
        "key AKIAEXAMPLEEXAMPLE01 is not known",
        "key A%53IAEXAMPLEEXAMPLE01 is not known"
      })
  void anAccessKeyIdIsShownByItsLastFour(String said) {
    assertThat(Redaction.of().clean(said)).hasValue("key ****LE01 is not known");
  }

  /** Source: the STS model, AWS's issues, and the Pod Identity Agent: what the services say. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        "No OpenIDConnect provider found in your account for"
            + " https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF",
        "No OpenIDConnect provider found in your account for"
            + " https://oidc.eks.cn-north-1.amazonaws.com.cn/id/0123456789ABCDEF0123456789ABCDEF",
        "Incorrect token audience",
        "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
        "Couldn't retrieve verification key from your identity provider,  please reference"
            + " AssumeRoleWithWebIdentity documentation for requirements",
        "Token expired: current date/time 1735689600 must be before the expiration date/time"
            + " 1735686000",
        "Token too old: 86400",
        "Request ARN is invalid",
        "1 validation error detected: Value '***' at 'roleSessionName' failed to satisfy"
            + " constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        "The request signature we calculated does not match the signature you provided. Check your"
            + " AWS Secret Access Key and signing method. Consult the service documentation for"
            + " details.",
        "The security token included in the request is expired",
        "User: arn:aws:sts::111122223333:assumed-role/orders-role/orders-7d9f8b6c5d-x2k4q is not"
            + " authorized to perform: sts:AssumeRole on resource:"
            + " arn:aws:iam::444455556666:role/eksctl-prod-cluster-addon-iamserviceaccount-Role1-1K4XJ2FQZ8VNC",
        "arn:aws:iam::111122223333:role/my-company-production-payments-service-role-eu-west-1",
        "arn:aws:iam::111122223333:role/my-stack-with-orders/OrdersServiceRole-3hJk2LmN9pQr",
        "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF",
        "arn:aws:iam::111122223333:role/rotates-the-session-token",
        "Service account token cannot be empty",
        "Service account token cannot be parsed: token is malformed: token contains an invalid"
            + " number of segments",
        "Service account token cannot be parsed: token is malformed: could not base64 decode"
            + " header: illegal base64 data at input byte 6",
        "Service account token cannot be parsed: token is unverifiable: signing method (alg) is"
            + " unavailable",
        "Service account token failed basic claim validations: token is expired, token is not valid"
            + " yet",
        "Access Denied. Called agent through invalid address, please use either [169.254.170.23"
            + " fd00:ec2::23] address not 10.0.0.1",
        "404 page not found",
        "Too Many Requests",
        "[11111111-2222-3333-4444-555555555555]: (AccessDeniedException): Unauthorized Exception!"
            + " EKS does not have permissions to assume the associated role., fault: client",
        "[3f1a9c7e-8b2d-4e6f-a0c1-5d7e9b3f2a4c]: (ResourceNotFoundException): No association found",
        "[]",
        "error getting credentials to cache: fetched credentials are expired or will expire within"
            + " the next 15 seconds",
        "Unable to serialize credentials",
        "java.nio.file.NoSuchFileException:"
            + " /var/run/secrets/eks.amazonaws.com/serviceaccount/token",
        "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token",
        "software.amazon.awssdk.core.exception.SdkClientException: Unable to execute HTTP request:"
            + " Connect to sts.eu-west-1.amazonaws.com:443 failed: connect timed out",
        "Root=1-5759e988-bd862e3fe1be46a994272793",
        "aws-sdk-java-1700000000000,"
            + " eks-prod-orders-7d9f8b6c5d-3f1a9c7e-8b2d-4e6f-a0c1-5d7e9b3f2a4c",
        "----------------------------------------------------------------",
        "Größe über 100 % des Möglichen: straße \u65e5\u672c\u8a9e"
      })
  void whatServicesSayStays(String said) {
    String token =
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6c2hvcDpvcmRlcnMifQ.c2ln";

    assertThat(Redaction.of(token, TOKEN).clean(said)).hasValue(said);
    assertThat(Redaction.of(token, TOKEN).isClean(said)).isTrue();
  }

  @Test
  void whatIsTooLongIsNotRepeated() {
    assertThat(Redaction.of().clean("word ".repeat(13_107))).isPresent();
    assertThat(Redaction.of().clean("word ".repeat(13_108))).isEmpty();
    assertThat(Redaction.of().isClean("word ".repeat(13_108))).isFalse();
  }

  @Test
  void theWorkIsBoundedByTheLengths() {
    Random random = new Random(7);
    String secret = random(random, 20_000);
    List<String> texts = new ArrayList<>();
    texts.add(random(random, 65_536));
    texts.add("a".repeat(65_536));
    texts.add("%25".repeat(21_845));
    texts.add("&#".repeat(32_768));
    texts.add("&amp;".repeat(13_107));
    texts.add("\\".repeat(65_536));
    texts.add("%25&amp;\\\\\\u005c".repeat(3_600));
    texts.add("41".repeat(32_768));
    texts.add("secret".repeat(10_922));
    texts.add("eyJ".repeat(21_845));
    texts.add(secret.repeat(3));
    String nested = random(random, 24_000);
    for (int i = 0; i < 3; i++) {
      nested = Base64.getEncoder().encodeToString(nested.getBytes(StandardCharsets.UTF_8));
    }
    texts.add(nested);

    Redaction redaction = Redaction.of(secret);
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(30), () -> texts.forEach(redaction::clean));
  }

  @Test
  void itShowsNoSecretItself() {
    assertThat(Redaction.of(TOKEN)).hasToString("Redaction[1 secret]");
    assertThat(Redaction.of()).hasToString("Redaction[0 secrets]");
  }

  private static UnaryOperator<String> encoding(String name) {
    return Objects.requireNonNull(ENCODINGS.get(name));
  }

  private static final Map<String, UnaryOperator<String>> ENCODINGS =
      SecretOracle.encodingsOfEncodings();

  private static void assertGivesNothingAway(String secret, String said) {
    assertGivesNothingAway(List.of(secret), said);
  }

  private static void assertGivesNothingAway(List<String> secrets, String said) {
    Redaction redaction = Redaction.of(secrets.toArray(String[]::new));

    Optional<String> cleaned = redaction.clean(said);

    assertThat(redaction.isClean(said)).as("found in: %s", said).isFalse();
    if (cleaned.isPresent()) {
      SecretOracle oracle = secrets.equals(List.of(TOKEN)) ? ORACLE : SecretOracle.of(secrets);
      assertThat(oracle.leakOfAKnown(cleaned.get())).as("left of: %s", said).isEmpty();
      assertThat(cleaned.get()).contains("***");
    }
  }

  private static String letters(Random random, int length) {
    StringBuilder letters = new StringBuilder();
    for (int i = 0; i < length; i++) {
      letters.append((char) ('a' + random.nextInt(26)));
    }
    return letters.toString();
  }

  private static String random(Random random, int length) {
    StringBuilder digits = new StringBuilder();
    for (int i = 0; i < length; i++) {
      digits.append(
          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
              .charAt(random.nextInt(64)));
    }
    return digits.toString();
  }
}
