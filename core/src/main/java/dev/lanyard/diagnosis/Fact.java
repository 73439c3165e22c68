package dev.lanyard.diagnosis;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One named value, such as the role or the endpoint, and the setting that it came from.
 *
 * <p>A fact may be hidden, because its value is as good as a password: it then counts in equality,
 * but has no {@link #value}, and nothing shows it. Two facts are equal if name and value are; where
 * the values came from does not matter. Immutable and safe for use by many threads.
 *
 * @since 0.1
 */
public final class Fact {
  private final String name;

  /** The value, or a digest if it is hidden. */
  private final String compared;

  private final @Nullable String origin;
  private final boolean hidden;

  private Fact(String name, String compared, @Nullable String origin, boolean hidden) {
    this.name = name;
    this.compared = compared;
    this.origin = origin;
    this.hidden = hidden;
  }

  static Fact shown(String name, String value, @Nullable String origin) {
    return new Fact(
        Objects.requireNonNull(name, "name"),
        Objects.requireNonNull(value, "value"),
        origin,
        false);
  }

  static Fact hidden(String name, String digest, @Nullable String origin) {
    return new Fact(Objects.requireNonNull(name, "name"), digest, origin, true);
  }

  /**
   * Returns the name.
   *
   * @return a short name in lower case, such as {@code role} or {@code token file}
   */
  public String name() {
    return name;
  }

  /**
   * Returns the value.
   *
   * @return the value; empty if it is hidden
   */
  public Optional<String> value() {
    return hidden ? Optional.empty() : Optional.of(compared);
  }

  /**
   * Returns the setting that the value came from.
   *
   * @return for people and for comparison with the names of settings, such as {@code environment
   *     variable AWS_ROLE_ARN}; empty if it is a default, was derived, or was given in code
   */
  public Optional<String> origin() {
    return Optional.ofNullable(origin);
  }

  /**
   * Tells whether another fact has the same name and the same value.
   *
   * @param other what to compare with
   * @return whether the two say the same
   */
  @Override
  public boolean equals(Object other) {
    return other instanceof Fact that
        && hidden == that.hidden
        && name.equals(that.name)
        && compared.equals(that.compared);
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, compared);
  }

  /** Writes name and value, or the name alone if the value is hidden. */
  @Override
  public String toString() {
    return hidden ? name : name + " " + compared;
  }
}
