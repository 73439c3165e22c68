package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.diagnosis.FailureKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Each event comes once: to the method of its kind, or else to the one for all. */
class ListenerTest {
  private final EngineFixture f = new EngineFixture();
  private final List<String> told = new ArrayList<>();

  /** A refresh, then a failure. */
  private void run(CredentialsEventListener listener) {
    f.listener = listener;
    f.source.answers("A", Duration.ofHours(1));
    f.settled();
    f.source.fails(FailureKind.TRANSIENT, "HTTP 503");
    f.time.advance(Duration.ofMinutes(39));
  }

  @Test
  void theMethodForAllReceivesWhatNoOtherMethodTakes() {
    run(
        new CredentialsEventListener() {
          @Override
          public void onRefreshed(CredentialsEvent.Refreshed event) {
            told.add("refreshed " + event.accessKeyIdSuffix());
          }

          @Override
          public void onEvent(CredentialsEvent event) {
            told.add("other " + event.getClass().getSimpleName());
          }
        });

    assertThat(told).containsExactly("refreshed A", "other RefreshFailed");
  }

  @Test
  void aFailureHasItsOwnMethod() {
    run(
        new CredentialsEventListener() {
          @Override
          public void onRefreshFailed(CredentialsEvent.RefreshFailed event) {
            told.add(event.failure().message() + " " + event.consecutiveFailures());
          }
        });

    assertThat(told).containsExactly("HTTP 503 1");
  }

  @Test
  void aChangeOfIdentityHasItsOwnMethod() {
    CredentialsEventListener listener =
        new CredentialsEventListener() {
          @Override
          public void onIdentityChanged(CredentialsEvent.IdentityChanged event) {
            told.add(event.previous() + " to " + event.source());
          }
        };

    new Events(listener, f.time).tell(new CredentialsEvent.IdentityChanged("b", "a", null));
    f.time.settle();

    assertThat(told).containsExactly("a to b");
  }

  @Test
  void aConsumerReceivesAll() {
    run(CredentialsEventListener.of(event -> told.add(event.getClass().getSimpleName())));

    assertThat(told).containsExactly("Refreshed", "RefreshFailed");
  }

  @Test
  void anEventOfAKindToComeGoesToTheMethodForAll() {
    CredentialsEvent unknown = () -> "irsa";
    f.listener = CredentialsEventListener.of(event -> told.add(event.source()));

    new Events(f.listener, f.time).tell(unknown);
    f.time.settle();

    assertThat(told).containsExactly("irsa");
  }
}
