package dev.lanyard.diagnosis;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Why there are no credentials, as data: it holds what code and dashboards need, and messages, log
 * lines and reports are rendered from it. Nothing reads a message back.
 *
 * <p>The {@link #id} is stable: it means the same in each later version, while the wording may
 * change. Later versions may add ids, facts and steps. No part holds a secret. Immutable and safe
 * for use by many threads.
 *
 * @since 0.1
 */
public final class Problem {
  /** The id of a failure that its source did not give an id of its own. */
  public static final String UNSPECIFIED = "SOURCE-001";

  /** How many digits an id ends in. */
  private static final int DIGITS = 3;

  private final String id;
  private final FailureKind kind;
  private final String summary;
  private final List<Fact> facts;
  private final List<Step> steps;
  private final @Nullable String page;

  private Problem(Builder builder) {
    this.id = builder.id;
    this.kind = builder.kind;
    this.summary = builder.summary;
    this.facts = List.copyOf(builder.facts);
    this.steps = List.copyOf(builder.steps);
    this.page = builder.page;
  }

  /**
   * Starts a problem.
   *
   * @param id a stable id: capital letters and digits, and a number of three digits after a hyphen,
   *     such as {@code IRSA-003}. A source that is not one of Lanyard's begins it with a name of
   *     its own
   * @param kind what the failure means for the next attempt
   * @param summary what went wrong and where, in one sentence or more, without a secret and without
   *     the full stop at the end
   * @return a builder with nothing else set
   * @throws IllegalArgumentException if the id does not have that form
   */
  public static Builder builder(String id, FailureKind kind, String summary) {
    return new Builder(id, kind, summary);
  }

  /**
   * Starts a problem that differs from this one.
   *
   * @return a builder with all that this problem has
   */
  public Builder toBuilder() {
    Builder copy = new Builder(id, kind, summary);
    copy.facts.addAll(facts);
    copy.steps.addAll(steps);
    copy.page = page;
    return copy;
  }

  /**
   * Returns what identifies this kind of problem in every version.
   *
   * @return such as {@code IRSA-003}; {@link #UNSPECIFIED} if the source gave none
   */
  public String id() {
    return id;
  }

  /**
   * Returns what the failure means for the next attempt.
   *
   * @return the kind
   */
  public FailureKind kind() {
    return kind;
  }

  /**
   * Returns what went wrong and where, for people.
   *
   * @return one sentence or more, without the full stop at the end
   */
  public String summary() {
    return summary;
  }

  /**
   * Returns what is known about the problem.
   *
   * @return facts in display order; none is hidden
   */
  public List<Fact> facts() {
    return facts;
  }

  /**
   * Returns the value of a fact.
   *
   * @param name the fact's name, such as {@code role}
   * @return the value of the first fact of that name; empty if there is none
   */
  public Optional<String> fact(String name) {
    return value(facts, name);
  }

  /**
   * Returns what a person can do about it.
   *
   * @return the steps, in the order in which to try them; empty if nothing is known
   */
  public List<Step> steps() {
    return steps;
  }

  /**
   * Returns the steps as text, with their commands.
   *
   * @return sentences for people; empty if there are no steps
   */
  public Optional<String> remedy() {
    if (steps.isEmpty()) {
      return Optional.empty();
    }
    StringBuilder text = new StringBuilder();
    for (Step step : steps) {
      text.append(text.length() == 0 ? "" : ". ").append(step);
    }
    return Optional.of(text.toString());
  }

  /**
   * Returns the page that describes the problem.
   *
   * @return for a problem of Lanyard's, a path in its repository, which may become another one in a
   *     later version; empty if the source names no page
   */
  public Optional<String> page() {
    return Optional.ofNullable(page);
  }

  /**
   * Tells whether another problem has the same parts.
   *
   * @param other what to compare with
   * @return whether all parts are equal
   */
  @Override
  public boolean equals(Object other) {
    return other instanceof Problem that
        && id.equals(that.id)
        && kind == that.kind
        && summary.equals(that.summary)
        && facts.equals(that.facts)
        && steps.equals(that.steps)
        && Objects.equals(page, that.page);
  }

  @Override
  public int hashCode() {
    return Objects.hash(id, kind, summary, facts, steps, page);
  }

  /** Writes id, summary and steps on one line, for a person to read. */
  @Override
  public String toString() {
    return id + ": " + summary + remedy().map(text -> ". " + text).orElse("");
  }

  /** Words of capital letters and digits with hyphens between them, and a number after the last. */
  private static boolean isId(String id) {
    int number = id.length() - DIGITS;
    if (number < 2 || !isLetter(id.charAt(0)) || id.charAt(number - 1) != '-') {
      return false;
    }
    for (int i = 1; i < id.length(); i++) {
      char c = id.charAt(i);
      boolean fits =
          isDigit(c)
              || (i < number && isLetter(c))
              || (i < number && c == '-' && id.charAt(i - 1) != '-');
      if (!fits) {
        return false;
      }
    }
    return true;
  }

  private static boolean isLetter(char c) {
    return c >= 'A' && c <= 'Z';
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  static Optional<String> value(List<Fact> facts, String name) {
    for (Fact fact : facts) {
      if (fact.name().equals(name)) {
        return fact.value();
      }
    }
    return Optional.empty();
  }

  /**
   * Builds a {@link Problem}. Not for use by more than one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final String id;
    private final FailureKind kind;
    private String summary;
    private final List<Fact> facts = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private @Nullable String page;

    private Builder(String id, FailureKind kind, String summary) {
      if (!isId(Objects.requireNonNull(id, "id"))) {
        throw new IllegalArgumentException(
            "the id of a problem must be capital letters, digits and hyphens, and end in three"
                + " digits: "
                + id);
      }
      this.id = id;
      this.kind = Objects.requireNonNull(kind, "kind");
      this.summary = Objects.requireNonNull(summary, "summary");
    }

    /**
     * Sets what went wrong, replacing any earlier summary.
     *
     * @param summary one sentence or more, without a secret and without the full stop at the end
     * @return this builder
     */
    public Builder summary(String summary) {
      this.summary = Objects.requireNonNull(summary, "summary");
      return this;
    }

    /**
     * Adds a fact.
     *
     * @param name what it is, such as {@code role}
     * @param value its value, which holds no secret
     * @return this builder
     */
    public Builder fact(String name, String value) {
      facts.add(Fact.shown(name, value, null));
      return this;
    }

    /**
     * Adds a step that a person can take.
     *
     * @param text one sentence or more, without the full stop at the end
     * @return this builder
     */
    public Builder step(String text) {
      steps.add(new Step(text, null));
      return this;
    }

    /**
     * Adds a step that a person can take by typing a command.
     *
     * @param text what the command does, without the full stop at the end
     * @param command the command on one line; what is not known stands in it in capital letters
     * @return this builder
     */
    public Builder step(String text, String command) {
      steps.add(new Step(text, Objects.requireNonNull(command, "command")));
      return this;
    }

    /**
     * Adds steps of another problem.
     *
     * @param more the steps
     * @return this builder
     */
    public Builder steps(List<Step> more) {
      steps.addAll(more);
      return this;
    }

    /**
     * Sets the page that describes the problem. Default: none.
     *
     * @param page a URL, or a path that the source's documentation explains
     * @return this builder
     */
    public Builder page(String page) {
      this.page = Objects.requireNonNull(page, "page");
      return this;
    }

    /**
     * Builds the problem.
     *
     * @return a problem of what was set so far
     */
    public Problem build() {
      return new Problem(this);
    }
  }
}
