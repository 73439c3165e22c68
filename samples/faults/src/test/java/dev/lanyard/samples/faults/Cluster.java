package dev.lanyard.samples.faults;

import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.TestTime;
import dev.lanyard.testing.TrustPolicy;
import java.time.Instant;

/** A cluster for one cell after the other, with a role that its pods may have either way. */
final class Cluster implements AutoCloseable {
  /** Set up the day before: what is set up is there for a cell whose clock is behind, too. */
  private volatile TestTime now = TestTime.startingAt(Instant.parse("2029-12-31T00:00:00Z"));

  private final FakeEks eks = FakeEks.builder().clock(() -> now.instant()).start();
  private final String role =
      eks.role(
          "orders",
          TrustPolicy.forServiceAccount(eks, "shop", "orders"),
          TrustPolicy.forPodIdentity());

  Cluster() {
    eks.associate("shop", "orders", role);
    // As a real one, which is on the node of the pod.
    eks.agent().goByThePodsClock();
  }

  /** Lets its clock be that of the next cell. */
  TestTime at(TestTime time) {
    now = time;
    return time;
  }

  FakeEks eks() {
    return eks;
  }

  String role() {
    return role;
  }

  @Override
  public void close() {
    eks.close();
  }
}
