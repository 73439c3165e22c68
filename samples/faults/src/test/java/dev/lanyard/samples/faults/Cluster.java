package dev.lanyard.samples.faults;

import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.TrustPolicy;

/** A cluster for one cell after the other, with a role that its pods may have either way. */
final class Cluster implements AutoCloseable {
  private volatile VirtualTime now = new VirtualTime();
  private final FakeEks eks = FakeEks.builder().clock(() -> now.rightNow()).start();
  private final String role =
      eks.role(
          "orders",
          TrustPolicy.forServiceAccount(eks, "shop", "orders"),
          TrustPolicy.forPodIdentity());

  Cluster() {
    eks.associate("shop", "orders", role);
  }

  /** Lets its clock be that of the next cell. */
  VirtualTime at(VirtualTime time) {
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
