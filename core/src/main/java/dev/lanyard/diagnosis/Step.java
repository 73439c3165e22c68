package dev.lanyard.diagnosis;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One thing that a person can do about a {@link Problem}. Immutable.
 *
 * @since 0.1
 */
public final class Step {
  private final String text;
  private final @Nullable String command;

  Step(String text, @Nullable String command) {
    this.text = Objects.requireNonNull(text, "text");
    this.command = command;
  }

  /**
   * Returns what to do.
   *
   * @return one sentence or more, without the full stop at the end
   */
  public String text() {
    return text;
  }

  /**
   * Returns the command that does it, to be typed into a shell. Placeholders for values that
   * Lanyard does not know are in capitals, such as {@code CLUSTER}.
   *
   * @return the command on one line; empty if the step is not a command
   */
  public Optional<String> command() {
    return Optional.ofNullable(command);
  }

  /**
   * Tells whether another step has the same text and the same command.
   *
   * @param other what to compare with
   * @return whether the two are the same
   */
  @Override
  public boolean equals(Object other) {
    return other instanceof Step that
        && text.equals(that.text)
        && Objects.equals(command, that.command);
  }

  @Override
  public int hashCode() {
    return Objects.hash(text, command);
  }

  /** Writes the text and, after a colon, the command. */
  @Override
  public String toString() {
    return command == null ? text : text + ": " + command;
  }
}
