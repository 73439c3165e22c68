package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Measures how long a test waits for its cluster: from the start to the first answer of STS, and
 * the close. It asserts no time, and runs when it is asked for: {@code -Dtest=StartTimes}.
 */
class StartTimes {
  private static final int FURTHER = 50;

  @Test
  void fromTheStartToTheFirstAnswer() {
    List<Duration> starts = new ArrayList<>();
    List<Duration> closes = new ArrayList<>();
    for (int i = 0; i <= FURTHER; i++) {
      long begun = System.nanoTime();
      FakeEks eks = FakeEks.start();
      String role = eks.role("orders-role", TrustPolicy.forServiceAccount(eks, "shop", "orders"));
      FakePod pod = eks.pod("shop", "orders").irsa(role);
      assertThat(Pods.exchange(eks, pod, role).status()).isEqualTo(200);
      long answered = System.nanoTime();
      eks.close();
      starts.add(Duration.ofNanos(answered - begun));
      closes.add(Duration.ofNanos(System.nanoTime() - answered));
    }
    System.out.printf(
        "first cluster: %d ms; %d further ones: %s; closing one: %s%n",
        starts.get(0).toMillis(), FURTHER, summary(starts), summary(closes));
  }

  private static String summary(List<Duration> all) {
    List<Long> sorted = all.stream().skip(1).map(Duration::toMillis).sorted().toList();
    return "median %d ms, longest %d ms"
        .formatted(sorted.get(sorted.size() / 2), sorted.get(sorted.size() - 1));
  }
}
