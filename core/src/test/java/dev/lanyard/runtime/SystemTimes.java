package dev.lanyard.runtime;

import java.time.Duration;

/** Makes clocks and threads of their own for tests. */
public final class SystemTimes {
  private SystemTimes() {}

  /** Returns the machine's clock, with threads of its own that end after so long without a task. */
  public static Time withIdleThreadsFor(Duration idle) {
    return new SystemTime(idle);
  }
}
