package dev.lanyard;

import static org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt.forClasses;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionResult;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuarantee;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.verifier.Verifier;

/**
 * Plays a scene under one schedule of its threads after another. Lincheck chooses them: first those
 * with one switch of threads, then those with two, and so on, the same ones in each run. It
 * switches at each access to memory that threads share, but nowhere inside what is said here to be
 * one step or of no interest to others.
 */
final class Schedules {
  /**
   * A class is instrumented at its first use, within a schedule, which a busy machine does slowly.
   */
  private static final Duration LONGEST = Duration.ofMinutes(5);

  /** One step for other threads. */
  private static final List<ManagedStrategyGuarantee> ATOMIC =
      List.of(
          forClasses(
                  "java.util.concurrent.ConcurrentHashMap",
                  "java.util.concurrent.ConcurrentHashMap$KeyIterator",
                  "java.util.concurrent.ConcurrentHashMap$KeySetView",
                  "java.util.concurrent.ConcurrentLinkedQueue",
                  "java.util.concurrent.ConcurrentLinkedQueue$Itr")
              .allMethods()
              .treatAsAtomic(),
          forClasses("java.lang.ref.WeakReference").methods("clear", "get").treatAsAtomic(),
          forClasses("dev.lanyard.Events")
              .methods("answered", "awake", "failed", "identityChanged")
              .treatAsAtomic(),
          forClasses("dev.lanyard.Stage").methods("after", "execute", "take").treatAsAtomic());

  /** Values, what is computed of values alone, and clocks that stand still. */
  private static final List<ManagedStrategyGuarantee> OF_NO_INTEREST =
      List.of(
          forClasses(
                  "dev.lanyard.Due",
                  "dev.lanyard.Held",
                  "dev.lanyard.Lanyard",
                  "dev.lanyard.Receipt",
                  "dev.lanyard.RefreshPolicy",
                  "dev.lanyard.Schedule",
                  "dev.lanyard.Schedules",
                  "dev.lanyard.State",
                  "dev.lanyard.Text",
                  "dev.lanyard.Waiting",
                  "dev.lanyard.diagnosis.Evidence",
                  "dev.lanyard.spi.ExchangeException",
                  "dev.lanyard.spi.ExchangeException$Builder",
                  "dev.lanyard.spi.SessionCredentials",
                  "dev.lanyard.spi.SessionCredentials$Builder",
                  "java.time.Duration",
                  "java.time.Instant")
              .allMethods()
              .ignore(),
          forClasses("dev.lanyard.Stage").methods("millis", "nanos").ignore());

  private static Set<String> allowed = Set.of();
  private static Set<String> seen = Set.of();

  private Schedules() {}

  /**
   * Plays a scene: each operation of the class on a thread of its own, then its validation, which
   * tells {@link #cameOutAs}.
   *
   * @param scene the class, of which each schedule has an instance
   * @param threads how many operations it has
   * @param atMost how many schedules to play, if there are so many
   * @param outcomes those that are allowed: each has to be seen
   */
  static void play(Class<?> scene, int threads, int atMost, String... outcomes) {
    allowed = Set.of(outcomes);
    seen = new TreeSet<>();
    ModelCheckingOptions options =
        new ModelCheckingOptions()
            .iterations(1)
            .invocationsPerIteration(atMost)
            .threads(threads)
            .actorsPerThread(1)
            .actorsBefore(0)
            .actorsAfter(0)
            .minimizeFailedScenario(false)
            .verifier(ValidationOnly.class)
            // Lincheck's own name of an option that it has not published yet.
            .invocationTimeout$lincheck(LONGEST.toMillis());
    ATOMIC.forEach(options::addGuarantee);
    OF_NO_INTEREST.forEach(options::addGuarantee);
    options.check(scene);
    if (!seen.equals(allowed)) {
      throw new AssertionError("of " + allowed + " only these were seen: " + seen);
    }
  }

  /** Tells how a schedule came out. */
  static void cameOutAs(String outcome) {
    if (!allowed.contains(outcome)) {
      throw new AssertionError("came out as " + outcome);
    }
    seen.add(outcome);
  }

  /** Scenes tell what is wrong by their validation: what an operation returns is of no interest. */
  public static final class ValidationOnly implements Verifier {
    /** As Lincheck makes them. */
    public ValidationOnly(Class<?> unused) {}

    @Override
    public boolean verifyResults(ExecutionScenario scenario, ExecutionResult results) {
      return true;
    }
  }
}
