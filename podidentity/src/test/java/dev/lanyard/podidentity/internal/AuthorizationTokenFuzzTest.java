package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.runtime.Environment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever is in the token file, in the variable, or given by the application: what goes out is
 * what came in, fits into a header, and is not in what is said of it. The service account is read
 * from the input as a token, and as a token's claims.
 */
class AuthorizationTokenFuzzTest {
  private static final JsonMapper TREES = JsonMapper.builder().build();

  @TempDir static Path directory;

  @FuzzTest
  void token(byte[] input) {
    String text = new String(input, StandardCharsets.ISO_8859_1);
    Optional<String> given = read(new AuthorizationToken.Given(() -> text), text);
    Optional<String> read =
        read(new AuthorizationToken.File(file(input), "/token", Optional.empty()), text);
    assertThat(read).isEqualTo(given);
    if (!text.isBlank()) {
      AuthorizationToken value =
          new AuthorizationToken.Value(
              Environment.of(Map.of("TOKEN", text)).variable("TOKEN").orElseThrow());
      assertThat(read(value, text)).isEqualTo(given);
    }
    boolean fits = !text.isEmpty() && text.equals(text.strip()) && text.matches("[ -~]+");
    assertThat(given).isEqualTo(fits ? Optional.of(text) : Optional.empty());

    isOneOfKubernetes(ServiceAccount.of(text));
    serviceAccount(input);
  }

  private static void serviceAccount(byte[] claims) {
    String payload = Base64.getUrlEncoder().withoutPadding().encodeToString(claims);
    Optional<ServiceAccount> account = ServiceAccount.of("h." + payload + ".s");
    isOneOfKubernetes(account);
    account.ifPresent(found -> isTheSubject(found, claims));
  }

  private static void isTheSubject(ServiceAccount account, byte[] claims) {
    try {
      JsonNode tree =
          TREES.readTree(new String(claims, StandardCharsets.UTF_8).replaceFirst("^\uFEFF", ""));
      String subject = "system:serviceaccount:" + account.namespace() + ":" + account.name();
      assertThat(
              tree.properties().stream()
                  .filter(claim -> claim.getKey().equalsIgnoreCase("sub"))
                  .map(claim -> claim.getValue().asText()))
          .containsExactly(subject);
    } catch (JacksonException e) {
      throw new AssertionError("no JSON to another", e);
    }
  }

  private static void isOneOfKubernetes(Optional<ServiceAccount> account) {
    account.ifPresent(
        found ->
            assertThat(found.namespace() + "/" + found.name())
                .matches("[a-z0-9.-]{1,253}/[a-z0-9.-]{1,253}"));
  }

  private static Optional<String> read(AuthorizationToken token, String text) {
    try {
      return token.read();
    } catch (Misconfiguration e) {
      assertThat(e.getCause()).isNull();
      String said =
          (e.problem().summary()
                  + "\n"
                  + e.problem().remedy().orElse("")
                  + "\n"
                  + e.problem().facts()
                  + "\n"
                  + evidence(token)
                  + "\n"
                  + token.file())
              .replace(directory.toString(), "");
      assertThat(said).hasSizeLessThan(400);
      for (int i = 0; i + 24 <= text.length(); i++) {
        // No text of ours has as much as that of any token.
        assertThat(said.contains(text.substring(i, i + 24)) && !isOurs(text.substring(i, i + 24)))
            .isFalse();
      }
      return Optional.empty();
    }
  }

  private static Evidence evidence(AuthorizationToken token) {
    Evidence.Builder evidence = Evidence.builder();
    token.addTo(evidence);
    return evidence.build();
  }

  private static boolean isOurs(String words) {
    return words.matches("[a-zA-Z ,.'/-]+");
  }

  private static Path file(byte[] content) {
    try {
      return Files.write(directory.resolve("token"), content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
