package dev.lanyard.samples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanyard.CredentialsEvent;
import dev.lanyard.CredentialsEventListener;
import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.EksCredentialsProvider;
import dev.lanyard.runtime.Environment;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.TrustPolicy;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/**
 * Which identity a process gets where its sources disagree, with both sources on the class path.
 */
class FallbackTest {
  private static final AwsCredentialsProvider LAPTOP =
      StaticCredentialsProvider.create(AwsBasicCredentials.create("AKIALAPTOP", "a secret"));

  private final FakeEks eks = FakeEks.start();

  /** Events come from a thread of their own, after the credentials. */
  private final BlockingQueue<CredentialsEvent> events = new LinkedBlockingQueue<>();

  @AfterEach
  void close() {
    eks.close();
  }

  @Test
  void aRefusedFirstSourceIsNotPassedOver() {
    EksCredentialsProvider provider =
        EksCredentialsProvider.builder().environment(refusedByStsOnly().environment()).build();

    assertThatThrownBy(provider::resolveCredentials)
        .isInstanceOf(CredentialsUnavailableException.class)
        .hasMessageContaining("403 AccessDenied");
    assertThat(eks.agent().requests()).isZero();
  }

  @Test
  void withFallbackTheNextSourceIsTriedAndAnEventSaysSo() throws Exception {
    EksCredentialsProvider provider =
        EksCredentialsProvider.builder()
            .environment(refusedByStsOnly().environment())
            .fallBackOnRefusal(true)
            .listener(CredentialsEventListener.of(events::add))
            .build();

    String keyId = provider.resolveCredentials().accessKeyId();

    assertThat(eks.issued(keyId))
        .hasValueSatisfying(c -> assertThat(c.assumedRoleArn()).contains("assumed-role/shop/"));
    assertThat(provider.status().source()).contains("pod-identity");
    CredentialsEvent event;
    do {
      event = events.poll(30, TimeUnit.SECONDS);
      assertThat(event).as("no event has come that says so").isNotNull();
    } while (!(event instanceof CredentialsEvent.IdentityChanged));
  }

  @Test
  void whatIsThereForLaptopsIsUsedWhereNoSourceIsConfigured() {
    EksCredentialsProvider provider =
        EksCredentialsProvider.builder()
            .environment(Environment.of(Map.of()))
            .whenNotOnEks(LAPTOP)
            .build();

    assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("AKIALAPTOP");
  }

  @Test
  void whatIsThereForLaptopsIsNotUsedWhereASourceIsConfiguredAndRefused() {
    EksCredentialsProvider provider =
        EksCredentialsProvider.builder()
            .environment(refusedByStsOnly().environment())
            .whenNotOnEks(LAPTOP)
            .build();

    assertThatThrownBy(provider::resolveCredentials)
        .isInstanceOf(CredentialsUnavailableException.class)
        .hasMessageContaining("403 AccessDenied");
  }

  /** A pod with both sources, of which STS refuses the one and the agent serves the other. */
  private FakePod refusedByStsOnly() {
    String notForThisPod =
        eks.role("payments", TrustPolicy.forServiceAccount(eks, "shop", "payments"));
    eks.associate("shop", "orders", eks.role("shop", TrustPolicy.forPodIdentity()));
    return eks.pod("shop", "orders").irsa(notForThisPod).podIdentity();
  }
}
