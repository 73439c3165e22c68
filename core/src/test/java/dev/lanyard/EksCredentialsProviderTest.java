package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanyard.runtime.Environment;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** On core's own class path, which holds no source at all. */
class EksCredentialsProviderTest {
  private final VirtualTime time = new VirtualTime();

  private EksCredentialsProvider provider(Map<String, String> variables) {
    EksCredentialsProvider provider =
        EksCredentialsProvider.builder().environment(Environment.of(variables)).time(time).build();
    time.settle();
    return provider;
  }

  @ParameterizedTest
  @CsvSource({
    "AWS_WEB_IDENTITY_TOKEN_FILE, lanyard-irsa",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI, lanyard-podidentity",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, lanyard-podidentity",
  })
  void namesTheModuleThatThePodNeedsAndTheApplicationForgot(String variable, String module) {
    EksCredentialsProvider provider = provider(Map.of(variable, "/some/value"));

    assertThatThrownBy(provider::resolveCredentials)
        .hasMessageContaining(variable)
        .hasMessageContaining("Add the dependency dev.lanyard:" + module);
  }

  @Test
  void isBuiltWithoutAnErrorWhereNothingIsConfigured() {
    EksCredentialsProvider provider = provider(Map.of());

    assertThat(provider.explain().toString()).contains("irsa", "pod-identity", "ABSENT");
    assertThatThrownBy(provider::resolveCredentials)
        .isInstanceOf(CredentialsUnavailableException.class);
    assertThat(provider.resolveIdentity()).isCompletedExceptionally();
    assertThatThrownBy(() -> provider.awaitReady(Duration.ofSeconds(1)))
        .isInstanceOf(CredentialsUnavailableException.class);
  }

  @Test
  void createsProvidersThatShareNothingWhereNoSourceIsConfigured() {
    // What providers share is in SharedEnginesTest, and in the tests of irsa and podidentity.
    for (EksCredentialsProvider provider :
        List.of(EksCredentialsProvider.create(), EksCredentialsProvider.create())) {
      assertThatThrownBy(provider::resolveCredentials)
          .isInstanceOf(CredentialsUnavailableException.class);
      assertThat(provider.status().exchanges()).isPositive();
    }
  }

  @Test
  void explainsAnOrderThatNamesNoSource() {
    EksCredentialsProvider provider =
        EksCredentialsProvider.builder()
            .environment(Environment.of(Map.of()))
            .time(time)
            .order("irsaa", "pod-identity")
            .build();
    time.settle();

    assertThatThrownBy(provider::resolveCredentials)
        .hasMessageContaining("irsaa")
        .hasMessageContaining("irsa, pod-identity");
  }

  @Test
  void rejectsAnOrderThatIsNone() {
    assertThatThrownBy(() -> EksCredentialsProvider.builder().order())
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> EksCredentialsProvider.builder().order("irsa", "irsa"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
