package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a request meets, one step at a time: the interleavings that threads hit by chance. */
@Timeout(60)
class FaultPlanTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private final FaultPlan plan = new FaultPlan();
  private final Fault fault = new Fault("hang", FakeService.Call::properly);

  @Test
  void aRecoveryRightAfterARequestHasItsFaultEndsItsWait() throws Exception {
    plan.lasting(fault);
    FaultPlan.Turn turn = plan.take(NOW);

    plan.recover();

    assertThat(turn.fault()).isSameAs(fault);
    turn.awaitRecovery();
  }

  @Test
  void aRecoveryRightAfterARequestHasItsLatencyEndsItsWait() throws Exception {
    plan.latency(Duration.ofDays(1));
    FaultPlan.Turn turn = plan.take(NOW);

    plan.recover();

    turn.awaitLatency();
    assertThat(plan.take(NOW).latency()).isZero();
  }

  @Test
  void countedFaultsComeFirstAndInTheirOrder() {
    Fault first = new Fault("first", FakeService.Call::properly);
    Fault second = new Fault("second", FakeService.Call::properly);
    plan.lasting(fault);
    plan.next(2, first);
    plan.next(1, second);

    assertThat(plan.take(NOW).fault()).isSameAs(first);
    assertThat(plan.take(NOW).fault()).isSameAs(first);
    assertThat(plan.take(NOW).fault()).isSameAs(second);
    assertThat(plan.take(NOW).fault()).isSameAs(fault);
    assertThat(plan.take(NOW).fault()).isSameAs(fault);
  }
}
