package dev.lanyard.jmh;

/** When the source of a fleet is down: from one second on, until before another. */
record Outage(int begin, int end) {
  static final Outage NEVER = new Outage(-1, Integer.MAX_VALUE);

  boolean at(long second) {
    return begin >= 0 && second >= begin && second < end;
  }
}
