package dev.lanyard.testing;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * The clock of the cluster and of AWS: it decides when tokens and credentials are issued and
 * expire, and what the {@code Date} of every answer says, unless the agent {@link
 * FakeAgent#goByThePodsClock goes by the pod's clock}. Get it from {@link FakeEks#clock}. Safe for
 * use by many threads.
 *
 * <p>At first it shows the same time as the clock that was given to {@link FakeEks.Builder#clock},
 * which the program under test uses too. {@link #setAheadBy} and {@link #setBehindBy} set the two
 * apart, as they are on a node whose clock is wrong.
 *
 * @since 0.1
 */
public final class FakeClock implements InstantSource {
  private final InstantSource base;
  private volatile Duration ahead = Duration.ZERO;

  FakeClock(InstantSource base) {
    this.base = base;
  }

  /**
   * Returns the time of the cluster and of AWS.
   *
   * @return the base clock's time, moved by as much as was asked for
   */
  @Override
  public Instant instant() {
    return base.instant().plus(ahead);
  }

  /** The base clock: that of the pod, and of the node on which it runs. */
  InstantSource ofThePod() {
    return base;
  }

  /** What this clock shows when that of the pod shows a time. */
  Instant whenThePodsShows(Instant time) {
    return time.plus(ahead);
  }

  /**
   * Sets the cluster and AWS ahead of the base clock from now on: the pod's clock is slow.
   *
   * @param difference by how much; it replaces an earlier one, and zero makes the two equal again
   */
  public void setAheadBy(Duration difference) {
    ahead = difference;
  }

  /**
   * Sets the cluster and AWS behind the base clock from now on: the pod's clock is fast.
   *
   * @param difference by how much; it replaces an earlier one, and zero makes the two equal again
   */
  public void setBehindBy(Duration difference) {
    ahead = difference.negated();
  }

  @Override
  public String toString() {
    return "FakeClock[" + instant() + "]";
  }
}
