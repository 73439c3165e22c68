package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.peer.SecretOracle;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.SessionCredentials;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is printed of values that hold a secret. */
class SecretsTest {
  private static final SessionCredentials CREDENTIALS =
      SessionCredentials.builder()
          .accessKeyId("ASIAEXAMPLE0000A2NR")
          .secretAccessKey("the-secret-access-key")
          .sessionToken("the-session-token")
          .expiration(Instant.parse("2030-01-01T01:00:00Z"))
          .build();

  @Test
  void sessionCredentialsShowTheEndOfTheirKeyIdAndTheirExpirationOnly() {
    assertThat(CREDENTIALS)
        .hasToString("SessionCredentials[****A2NR, expires 2030-01-01T01:00:00Z]");
    assertThat(ScriptedSource.held(CREDENTIALS, 0, 0))
        .hasToString("Held[scripted ****A2NR, expires 2030-01-01T01:00:00Z]");
    SecretOracle.of(CREDENTIALS.secretAccessKey(), CREDENTIALS.sessionToken())
        .assertNoneIn(CREDENTIALS + " " + ScriptedSource.held(CREDENTIALS, 0, 0));
  }

  @Test
  void aSettingShowsWhereItStandsAndNotItsValue() {
    Environment environment =
        Environment.of(Map.of("AWS_CONTAINER_AUTHORIZATION_TOKEN", "the-token"))
            .withProperties(Map.of("aws.containerAuthorizationToken", "the-token"));

    assertThat(environment.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").orElseThrow())
        .hasToString("environment variable AWS_CONTAINER_AUTHORIZATION_TOKEN");
    assertThat(environment.property("aws.containerAuthorizationToken").orElseThrow())
        .hasToString("system property aws.containerAuthorizationToken");
    assertThat(environment.toString()).doesNotContain("the-token");
    SecretOracle.of("the-token").assertNoneIn(environment.toString());
  }

  @Test
  void aBlankValueIsAMissingValue() {
    Environment environment =
        Environment.of(Map.of("VARIABLE", " ", "SET", "set"))
            .withProperties(Map.of("property", "\t", "empty", ""));

    assertThat(environment.variable("VARIABLE")).isEmpty();
    assertThat(environment.property("empty")).isEmpty();
    assertThat(environment.setting("property", "SET").orElseThrow().value()).isEqualTo("set");
  }

  @Test
  void whatWasNotExpectedIsShownByItsClassesAndStacksAlone() {
    RuntimeException thrown =
        new IllegalStateException("Authorization: secret", new IOException("secret"));
    StringWriter trace = new StringWriter();

    Unexpected.of(thrown).printStackTrace(new PrintWriter(trace));

    assertThat(trace.toString())
        .contains("java.lang.IllegalStateException", "java.io.IOException", "SecretsTest")
        .doesNotContain("secret");
  }
}
