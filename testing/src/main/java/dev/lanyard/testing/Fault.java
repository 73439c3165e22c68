package dev.lanyard.testing;

/**
 * What one request meets instead of its proper answer, or what happens to that answer.
 *
 * @param name says it in the log
 */
record Fault(String name, Effect effect) {
  /** The connection is reset. */
  static final Fault RESET =
      new Fault(
          "reset", call -> FakeService.Outcome.of(HttpAnswer.none(HttpAnswer.Delivery.RESET)));

  /** Answers a request. */
  @FunctionalInterface
  interface Effect {
    /** Answers, waiting if that is what is wrong. */
    FakeService.Outcome on(FakeService.Call call) throws InterruptedException;
  }
}
