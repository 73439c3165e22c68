package dev.lanyard.jmh;

import java.util.Arrays;

/** What the source of a fleet saw, by the second, and what the callers got. */
final class Load {
  final int[] attempts;
  final int[] answers;
  long requests;
  long failed;
  long failedWhileValid;

  Load(int seconds) {
    attempts = new int[seconds];
    answers = new int[seconds];
  }

  /** Answers in a second, on average from one second to another. */
  double mean(int from, int to) {
    return Arrays.stream(answers, from, to).sum() / (double) (to - from);
  }

  /**
   * The highest rate of answers over any so many seconds of the time from one second to another.
   */
  double peak(int over, int from, int to) {
    return peak(answers, over, from, to);
  }

  /** The same of all attempts, answered or not. */
  double peakOfAttempts(int over, int from, int to) {
    return peak(attempts, over, from, to);
  }

  private static double peak(int[] counts, int over, int from, int to) {
    long sum = 0;
    long highest = 0;
    for (int second = from; second < Math.min(to, counts.length); second++) {
      sum += counts[second];
      if (second >= from + over) {
        sum -= counts[second - over];
      }
      highest = Math.max(highest, sum);
    }
    return highest / (double) over;
  }
}
