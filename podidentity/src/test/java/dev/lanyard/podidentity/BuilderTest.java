package dev.lanyard.podidentity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What can never be valid is refused by the builder, with the rule that it breaks. */
class BuilderTest {
  private final PodIdentityCredentialsProvider.Builder builder =
      PodIdentityCredentialsProvider.builder();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ftp://host/task-id-4711|begins neither with http:// nor with https://. Set it to an",
        "/v2/task-id-4711|begins neither with http:// nor with https://. Set it to an absolute URI",
        "https:///task-id-4711|names no host that can be checked. Set it to an absolute URI such",
        "https://user:task-id-4711@host/|has a user name before its host. Remove the part before",
        "https://host/task-id-4711#part|has a fragment, which is never sent. Remove the '#'",
        "https://host:0/task-id-4711|has the port 0. Give a port between 1 and 65535, or none",
        "https://host:65536/task-id-4711|has the port 65536. Give a port between 1 and 65535, or",
        "http://[fe80::1%eth0]/task-id-4711|names a host that cannot be checked: [fe80::1%eth0]. ",
        "http://10.0.0.1/task-id-4711|leads to 10.0.0.1 without TLS, where the token would leave",
      })
  void anEndpoint(URI endpoint, String rule) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.endpoint(endpoint))
        .withMessageStartingWith("the endpoint " + rule)
        .satisfies(thrown -> assertThat(thrown.getMessage()).doesNotContain("4711"))
        .withNoCause();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://169.254.170.23/v1/credentials",
        "http://[fd00:ec2::23]/v1/credentials",
        "http://169.254.170.2/v2/task-id-4711",
        "http://127.0.0.1:1/",
        "http://localhost/",
        "https://agent.example/task-id-4711?key=4711",
      })
  void anEndpointThatATokenMayGoTo(URI endpoint) {
    assertThat(builder.endpoint(endpoint)).isSameAs(builder);
  }

  @Test
  void aTokenFileHasAPath() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.tokenFile(Path.of("")))
        .withMessage("the token file is an empty path");
  }

  @Test
  @SuppressWarnings("NullAway") // What a caller without null checks may do.
  void nullIsRefusedAtOnceAndNamed() {
    assertThatNullPointerException()
        .isThrownBy(() -> builder.endpoint(null))
        .withMessage("endpoint");
    assertThatNullPointerException()
        .isThrownBy(() -> builder.tokenFile(null))
        .withMessage("tokenFile");
    assertThatNullPointerException()
        .isThrownBy(() -> builder.authorizationToken(null))
        .withMessage("authorizationToken");
    assertThatNullPointerException()
        .isThrownBy(() -> builder.longestLife(null))
        .withMessage("longestLife");
  }
}
