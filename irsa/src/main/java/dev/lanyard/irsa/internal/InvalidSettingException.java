package dev.lanyard.irsa.internal;

/** Settings that cannot work, and what to do about it: what a detection reports as broken. */
final class InvalidSettingException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String remedy;

  /** Both are one sentence without the final stop, and hold no secret. */
  InvalidSettingException(String reason, String remedy) {
    super(reason);
    this.remedy = remedy;
  }

  String remedy() {
    return remedy;
  }
}
