package dev.lanyard.podidentity.internal;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;

/** A problem of the environment, of the kind {@link FailureKind#MISCONFIGURED}. */
final class Misconfiguration extends Exception {
  private static final long serialVersionUID = 1L;

  /** Not written: nobody serialises it. */
  private final transient Problem problem;

  /**
   * @param problem what is wrong and what to do about it; its summary is the message
   */
  Misconfiguration(Problem problem) {
    super(problem.summary());
    this.problem = problem;
  }

  Problem problem() {
    return problem;
  }
}
