package dev.lanyard.jmh;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.Histogram;

/** A caller that asks at a steady pace and records how long it was made to wait. */
final class Pacer {
  private static final long BUCKET = TimeUnit.MILLISECONDS.toNanos(250);

  private final Runnable call;
  private final long interval;
  private final long origin;
  private final double[] worst;
  private final Histogram histogram = new Histogram(3);
  private long failed;
  private Thread thread = new Thread();

  /**
   * Makes it.
   *
   * @param origin when the time line begins, by {@link System#nanoTime}
   * @param length how long the time line is, in nanoseconds
   */
  Pacer(Runnable call, int perSecond, long origin, long length) {
    this.call = call;
    this.interval = TimeUnit.SECONDS.toNanos(1) / perSecond;
    this.origin = origin;
    this.worst = new double[(int) (length / BUCKET) + 1];
  }

  Pacer start(BooleanSupplier goesOn) {
    thread = new Thread(() -> run(goesOn), "caller");
    thread.setDaemon(true);
    thread.start();
    return this;
  }

  void join() throws InterruptedException {
    thread.join();
  }

  private void run(BooleanSupplier goesOn) {
    long next = System.nanoTime();
    while (goesOn.getAsBoolean()) {
      long begin = System.nanoTime();
      try {
        call.run();
      } catch (RuntimeException e) {
        failed++;
      }
      long end = System.nanoTime();
      // The calls that fell out while this one waited would have waited too.
      histogram.recordValueWithExpectedInterval(end - begin, interval);
      int bucket = (int) ((begin - origin) / BUCKET);
      if (bucket >= 0 && bucket < worst.length) {
        worst[bucket] = Math.max(worst[bucket], (end - begin) / 1e6);
      }
      next = Math.max(next + interval, end);
      long pause;
      while ((pause = next - System.nanoTime()) > 0) {
        LockSupport.parkNanos(pause);
      }
    }
  }

  /** After {@link #join}. */
  Histogram histogram() {
    return histogram;
  }

  /** After {@link #join}. */
  long failed() {
    return failed;
  }

  /** The longest wait in each quarter of a second, in milliseconds. After {@link #join}. */
  List<Double> worst() {
    return Arrays.stream(worst).boxed().toList();
  }

  static double bucketSeconds() {
    return BUCKET / 1e9;
  }
}
