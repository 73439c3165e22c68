package dev.lanyard.podidentity.internal;

/** What is wrong with the environment and what to do about it; neither text holds a secret. */
final class Misconfiguration extends Exception {
  private static final long serialVersionUID = 1L;

  private final String remedy;

  /**
   * @param reason what is wrong, one sentence without the final stop
   * @param remedy what to do about it, one sentence without the final stop
   */
  Misconfiguration(String reason, String remedy) {
    super(reason);
    this.remedy = remedy;
  }

  String reason() {
    return String.valueOf(getMessage());
  }

  String remedy() {
    return remedy;
  }
}
