package dev.lanyard;

import java.util.ArrayList;
import java.util.List;
import java.util.WeakHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The minimum validities that the views of an engine ask for, and when the engine refreshes for
 * their sake. Views are held weakly: one that nobody holds any more asks for nothing.
 */
final class Validities {
  /** What views of one minimum ask for. They hold it, and nobody else does. */
  static final class Asked {
    private final long millis;

    Asked(long millis) {
      this.millis = millis;
    }

    long millis() {
      return millis;
    }
  }

  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by the lock. */
  private final WeakHashMap<Asked, Boolean> asked = new WeakHashMap<>();

  /** Whether there was ever a view: most engines have none, and take no lock. */
  private volatile boolean any;

  /** Asks for a minimum, with the same object as other live views that ask for the same. */
  Asked ask(long millis) {
    lock.lock();
    try {
      for (Asked live : asked.keySet()) {
        if (live.millis() == millis) {
          return live;
        }
      }
      Asked view = new Asked(millis);
      asked.put(view, true);
      any = true;
      return view;
    } finally {
      lock.unlock();
    }
  }

  void add(Asked view) {
    lock.lock();
    try {
      asked.put(view, true);
      any = true;
    } finally {
      lock.unlock();
    }
  }

  List<Asked> live() {
    if (!any) {
      return List.of();
    }
    lock.lock();
    try {
      return new ArrayList<>(asked.keySet());
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns the largest minimum of a live view that the source can serve, in milliseconds: at G7's
   * pace, credentials have to live longer than that by the pace. Exchanges for a view that asks for
   * more would be made without an end, and serve it for moments.
   *
   * @param longest how long its credentials live when they are new
   * @return zero if no view asks for anything that the source gives
   */
  long largest(long longest) {
    long largest = 0;
    for (Asked view : live()) {
      if (view.millis() <= longest - Schedule.PACE.toMillis()) {
        largest = Math.max(largest, view.millis());
      }
    }
    return largest;
  }

  /**
   * Returns how long after their receipt new credentials are refreshed so that those handed out
   * always live for a minimum: as drawn without a view, or else sooner, with the policy's margin
   * before they live too short where there is room for it. The window keeps its proportions, so
   * that a fleet stays spread. At least 30 s pass between two exchanges.
   */
  static long untilRefresh(RefreshPolicy policy, long lifetime, long minimum, double draw) {
    long plain = Schedule.untilRefresh(policy, lifetime, draw);
    if (minimum == 0) {
      return plain;
    }
    double latest = latest(policy, lifetime, minimum);
    double earliest = latest * policy.windowStart() / policy.windowEnd();
    long forView = (long) (earliest + (latest - earliest) * draw);
    return Math.min(plain, Math.max(Schedule.PACE.toMillis(), forView));
  }

  /**
   * The same for credentials that a later answer did not better: the source serves its cache. Once
   * they live too short for the view, the source is asked every 30 to 60 s whether it has renewed
   * them.
   */
  static long untilPacedRefresh(RefreshPolicy policy, long left, long minimum, double draw) {
    long plain = Schedule.untilPacedRefresh(policy, left, draw);
    if (minimum == 0) {
      return plain;
    }
    long forView =
        left > minimum
            ? Math.max(Schedule.PACE.toMillis(), untilRefresh(policy, left, minimum, draw))
            : (long) (Schedule.PACE.toMillis() * (1 + draw));
    // Near its end a cache has a pace of its own, by which it is asked when it has been renewed.
    return left - forView < Schedule.LAST_STRETCH ? plain : Math.min(plain, forView);
  }

  /** The latest time for a refresh at which what is held serves a view with some time to spare. */
  static double latest(RefreshPolicy policy, long lifetime, long minimum) {
    long room = Math.max(0, lifetime - minimum);
    return room - Math.min((double) policy.margin().toMillis(), room / 2.0);
  }

  /**
   * Returns the lifetime over which the retries after a failure are spread: what is left until the
   * view has nothing, and after that what is left at all.
   */
  static long spreadOver(long left, long minimum) {
    return left > minimum ? left - minimum : left;
  }
}
