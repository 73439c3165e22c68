package dev.lanyard.irsa.internal;

import dev.lanyard.runtime.Environment.Setting;
import org.jspecify.annotations.Nullable;

/**
 * A value, and the setting that it came from.
 *
 * @param origin the setting, null for a default, for what was derived, and for what the application
 *     said
 */
record Given<T>(T value, @Nullable String origin) {

  /** A default, what was derived, or what the application said. */
  static <T> Given<T> inCode(T value) {
    return new Given<>(value, null);
  }

  static Given<String> by(Setting setting) {
    return new Given<>(setting.value(), setting.origin());
  }

  /** Does not show the value, which may be a secret. */
  @Override
  public String toString() {
    return origin == null ? "Given" : "Given[" + origin + "]";
  }
}
