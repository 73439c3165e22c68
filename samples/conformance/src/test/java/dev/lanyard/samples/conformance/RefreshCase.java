package dev.lanyard.samples.conformance;

import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One case of the suite that the AWS SDKs share about refreshing credentials: see
 * docs/refresh-cases.md.
 *
 * @param number its place in the suite
 * @param name what happens
 * @param given what is held at first: {@code valid} (1000 of its 3600 seconds are over), {@code
 *     advisory} (600 are left), {@code mandatory} (50 are left), {@code expired} (100 seconds ago),
 *     or {@code none}
 * @param asleep whether no timer ran until then: the process was stopped
 * @param through which of Lanyard's sources it is played to; IRSA unless the lifetime is longer
 *     than it can be there
 * @param backoff how long the SDKs pause after a failure, in seconds, where the suite says so
 * @param advisoryWindow what the application chooses there, in seconds before the end
 * @param refreshWindow what it chooses here, in parts of the lifetime
 * @param steps one after the other
 * @param why why Lanyard does otherwise, empty if it does not
 */
record RefreshCase(
    int number,
    String name,
    String given,
    boolean asleep,
    String through,
    @Nullable Integer backoff,
    @Nullable Integer advisoryWindow,
    List<Double> refreshWindow,
    List<Step> steps,
    String why) {

  RefreshCase {
    through = through == null ? "irsa" : through;
    refreshWindow = refreshWindow == null ? List.of() : refreshWindow;
    why = why == null ? "" : why;
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(given, "given");
    Objects.requireNonNull(steps, "steps");
  }

  /**
   * A caller asks.
   *
   * @param source what the source does from now on, in the first step from when it gave what is
   *     held: {@code gives}, {@code gives expired}, {@code fails} or {@code refuses}; as before if
   *     it is null
   * @param lifetime of what it gives, in seconds; 3600 if it is null
   * @param after how many seconds have passed
   * @param meanwhile whether the source does so already while they pass
   * @param invalidate which key a service refuses before: that of what is {@code held}, or {@code
   *     another}
   * @param sdks what comes of it in the SDKs, null if the suite has no such step
   * @param lanyard what comes of it here
   */
  record Step(
      @Nullable String source,
      @Nullable Integer lifetime,
      int after,
      boolean meanwhile,
      @Nullable String invalidate,
      @Nullable Outcome sdks,
      Outcome lanyard) {
    Step {
      Objects.requireNonNull(lanyard, "lanyard");
    }
  }

  /**
   * @param gives {@code held}: what was held before; {@code new}; {@code nothing}: an error; {@code
   *     refusal}: the source's own; {@code waits}: neither yet, and the next step is about the same
   *     caller
   * @param asks whether the caller's asking leads to an exchange; null where nobody promises either
   * @param health what the status says, null if that does not matter
   * @param window how many seconds before the end the next refresh is planned: from, to
   * @param within so many seconds later at the latest
   * @param attempts how many exchanges were made since the step before: from, to
   */
  record Outcome(
      String gives,
      @Nullable Boolean asks,
      @Nullable String health,
      List<Integer> window,
      int within,
      List<Integer> attempts) {
    Outcome {
      Objects.requireNonNull(gives, "gives");
      window = window == null ? List.of() : window;
      attempts = attempts == null ? List.of() : attempts;
    }

    private String words() {
      String given =
          switch (gives) {
            case "held" -> "what is held";
            case "new" -> "new ones";
            case "nothing" -> "an error";
            case "refusal" -> "the source's refusal";
            case "waits" -> "the caller waits";
            default -> throw new IllegalArgumentException(gives);
          };
      StringBuilder text = new StringBuilder(given);
      if (within > 0) {
        text.append(" within ").append(within).append(" s");
      }
      if (Boolean.TRUE.equals(asks)) {
        text.append(", after an exchange");
      }
      if (health != null && !health.equals("HEALTHY")) {
        text.append(", status ").append(health);
      }
      if (!attempts.isEmpty()) {
        text.append(", ").append(between(attempts)).append(" attempts meanwhile");
      }
      if (!window.isEmpty()) {
        text.append(", next refresh ").append(between(window)).append(" s before the end");
      }
      return text.toString();
    }

    private static String between(List<Integer> bounds) {
      return bounds.get(0).equals(bounds.get(1))
          ? bounds.get(0).toString()
          : bounds.get(0) + " to " + bounds.get(1);
    }
  }

  static List<RefreshCase> all() {
    return List.of(Family.read("/refresh-cases.json", RefreshCase[].class));
  }

  /** Whether a caller fares otherwise than with the SDKs. */
  boolean differs() {
    return steps.stream().anyMatch(RefreshCase::differs);
  }

  private static boolean differs(Step step) {
    Outcome there = step.sdks();
    Outcome here = step.lanyard();
    if (there == null || here.within() > 0) {
      return true;
    }
    boolean asksAlike = here.asks() == null || here.asks().equals(there.asks());
    return !asksAlike
        || !there.gives().equals(here.gives())
        || !there.window().equals(here.window());
  }

  /** The row of the table in docs/refresh-cases.md. */
  String row() {
    return Stream.of(
            Integer.toString(number),
            name,
            steps.stream().map(RefreshCase::happens).collect(Collectors.joining("; ")),
            steps.stream()
                .map(step -> step.sdks() == null ? "-" : step.sdks().words())
                .collect(Collectors.joining("; ")),
            steps.stream().map(step -> step.lanyard().words()).collect(Collectors.joining("; ")),
            why)
        .map(cell -> cell.replace("|", "\\|"))
        .collect(Collectors.joining(" | ", "| ", " |"));
  }

  private static String happens(Step step) {
    StringBuilder text = new StringBuilder();
    if (step.after() > 0) {
      text.append(step.after()).append(step.meanwhile() ? " s pass in which " : " s later ");
    }
    if (step.source() != null) {
      text.append("the source ").append(step.source());
    }
    if (step.lifetime() != null) {
      text.append(' ').append(step.lifetime()).append(" s");
    }
    if (step.invalidate() != null) {
      text.append(step.source() == null ? "" : ", ")
          .append(step.invalidate())
          .append(" is invalidated");
    }
    String words = text.toString().strip();
    return words.isEmpty() ? "at once" : words;
  }

  @Override
  public String toString() {
    return number + ", " + name;
  }
}
