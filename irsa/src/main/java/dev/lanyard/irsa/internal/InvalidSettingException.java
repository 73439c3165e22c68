package dev.lanyard.irsa.internal;

import dev.lanyard.diagnosis.Problem;

/** Settings that cannot work, and what to do about it: what a detection reports as broken. */
final class InvalidSettingException extends Exception {
  private static final long serialVersionUID = 2L;

  // Nothing writes this exception: it ends in the detection.
  private final transient Problem problem;

  /** The problem is of the kind {@code MISCONFIGURED}, and holds no secret. */
  InvalidSettingException(Problem problem) {
    super(problem.summary());
    this.problem = problem;
  }

  /**
   * Makes one of a single setting.
   *
   * @param origin the setting, as {@code Environment.Setting.origin()} has it
   * @param rule which rule it breaks, as the end of a sentence that begins with the setting
   * @param remedy what to do, without the full stop at the end
   */
  static InvalidSettingException of(String id, String origin, String rule, String remedy) {
    return new InvalidSettingException(
        Problems.misconfigured(id, origin + " " + rule)
            .fact("setting", origin)
            .step(remedy)
            .build());
  }

  Problem problem() {
    return problem;
  }
}
