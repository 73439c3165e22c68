package dev.lanyard.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** An oracle that finds nothing would please every test. */
class SecretOracleTest {
  private static final String SECRET = "opaque.Xr7-Wm4kq_Zp9/Tv2bn+Hd6=Ls8wy~Jc3:Gf5RtQe1Ua0Mo";

  @Test
  void findsASecretInEveryEncodingOfAnEncoding() {
    SecretOracle oracle = SecretOracle.of(SECRET);
    SecretOracle.encodingsOfEncodings()
        .forEach(
            (name, encoding) ->
                assertThat(oracle.leakOfAKnown("Value '" + encoding.apply(SECRET) + "'"))
                    .as(name)
                    .isPresent());
  }

  @Test
  void findsAShortSecretInEveryEncoding() {
    SecretOracle.encodings()
        .forEach(
            (name, encoding) ->
                assertThat(
                        SecretOracle.of("pa55w/rd")
                            .leakOfAKnown("Value '" + encoding.apply("pa55w/rd") + "'"))
                    .as(name)
                    .isPresent());
  }

  @Test
  void ofManyFindsASecretInEveryEncoding() {
    SecretOracle oracle = SecretOracle.ofMany().add(SECRET);
    SecretOracle.encodings()
        .forEach(
            (name, encoding) ->
                assertThat(oracle.leakOfAKnown("Value '" + encoding.apply(SECRET) + "'"))
                    .as(name)
                    .isPresent());
  }

  @Test
  void findsPieces() {
    SecretOracle oracle = SecretOracle.of(SECRET);
    String piece = SECRET.substring(20, 32);
    String encoded =
        Base64.getEncoder().encodeToString(("a" + piece + "b").getBytes(StandardCharsets.UTF_8));

    assertThat(oracle.leakOfAKnown("it holds " + piece)).isPresent();
    assertThat(oracle.leakOfAKnown("it holds " + piece.toLowerCase(Locale.ROOT))).isPresent();
    assertThat(oracle.leakOfAKnown("it holds " + encoded)).isPresent();
    assertThat(oracle.leakOfAKnown("it holds " + SECRET.substring(20, 31))).isEmpty();
    assertThat(oracle.leakOfAKnown("it holds " + "nothing of the kind")).isEmpty();
  }

  @Test
  void findsWhatLooksLikeASecret() {
    SecretOracle oracle = SecretOracle.ofMany();

    assertThat(oracle.leak("key ASIAEXAMPLEEXAMPLEAA")).isPresent();
    assertThat(oracle.leak("key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")).isPresent();
    assertThat(oracle.leak("token IQoJb3JpZ2luX2VjEXAMPLE")).isPresent();
    assertThat(oracle.leak("token eyJhbGciOiJSUzI1NiJ9")).isPresent();
    assertThatThrownBy(() -> oracle.assertNoneIn("token eyJhbGciOiJSUzI1NiJ9"))
        .isInstanceOf(AssertionError.class);
    assertThat(oracle.leak("key ****AAAA of role arn:aws:iam::111122223333:role/orders")).isEmpty();
  }

  @Test
  void aBlankSecretWouldBeInEveryText() {
    assertThatThrownBy(() -> SecretOracle.of(" ")).isInstanceOf(IllegalArgumentException.class);
  }
}
