package dev.lanyard.runtime;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Function;

/**
 * Everything that a source of credentials may look at: environment variables, system properties,
 * files, and the settings that an application or a framework gives to Lanyard itself.
 *
 * <p>{@link #system()} is the process's own. A test builds its own from a map of variables, a map
 * of properties and a directory that stands for the root of the file system.
 *
 * <p>A blank value counts as missing, for variables and properties alike. Values are returned as
 * they are, untrimmed. {@link #toString} shows no value. Safe for use by many threads. {@link
 * #system()} reads the current variables and properties at each call; all others are immutable.
 *
 * @since 0.1
 */
public final class Environment {
  private static final Environment SYSTEM =
      new Environment(new ProcessVariables(), new ProcessProperties(), Optional.empty(), Map.of());

  private final Function<String, String> variables;
  private final Function<String, String> properties;
  private final Optional<Path> root;
  private final Map<String, String> settings;

  private Environment(
      Function<String, String> variables,
      Function<String, String> properties,
      Optional<Path> root,
      Map<String, String> settings) {
    this.variables = variables;
    this.properties = properties;
    this.root = root;
    this.settings = settings;
  }

  /**
   * Returns the process's own environment.
   *
   * @return the live environment variables, system properties and files of this process
   */
  public static Environment system() {
    return SYSTEM;
  }

  /**
   * Returns an environment with these variables, without system properties, and with the files of
   * this machine.
   *
   * @param variables environment variables by name; copied
   * @return an environment that does not change
   */
  public static Environment of(Map<String, String> variables) {
    Map<String, String> copy = Map.copyOf(Objects.requireNonNull(variables, "variables"));
    return new Environment(copy::get, name -> null, Optional.empty(), Map.of());
  }

  /**
   * Returns this environment with other system properties.
   *
   * @param properties system properties by name; copied
   * @return a new environment
   */
  public Environment withProperties(Map<String, String> properties) {
    Map<String, String> copy = Map.copyOf(Objects.requireNonNull(properties, "properties"));
    return new Environment(variables, copy::get, root, settings);
  }

  /**
   * Returns this environment with a directory in place of the root of the file system: the absolute
   * path {@code /var/run/token} then means {@code var/run/token} below the directory.
   *
   * @param directory the directory that stands for the root
   * @return a new environment
   */
  public Environment withRoot(Path directory) {
    return new Environment(
        variables,
        properties,
        Optional.of(Objects.requireNonNull(directory, "directory")),
        settings);
  }

  /**
   * Returns this environment with settings of Lanyard's own, such as the configuration of a
   * framework. They take precedence over system properties and environment variables.
   *
   * @param settings values by key, such as {@code lanyard.order}; copied. They replace those of an
   *     earlier call. A provider that is given a key it does not know cannot work, and names it
   * @return a new environment
   */
  public Environment withSettings(Map<String, String> settings) {
    return new Environment(
        variables, properties, root, Map.copyOf(Objects.requireNonNull(settings, "settings")));
  }

  /**
   * Returns the settings that {@link #withSettings} gave.
   *
   * @return values by key; empty if none were given
   */
  public Map<String, String> settings() {
    return settings;
  }

  /**
   * Returns this environment with the variables and system properties as they are now; files are
   * still read when they are needed. A provider takes such a snapshot when it is built, so that
   * later changes of the process's properties do not affect it.
   *
   * @return an environment whose settings do not change
   */
  public Environment snapshot() {
    if (!(properties instanceof ProcessProperties)) {
      return this;
    }
    Map<String, String> copy = new HashMap<>();
    Properties live = System.getProperties();
    for (String name : live.stringPropertyNames()) {
      String value = live.getProperty(name);
      if (value != null) {
        copy.put(name, value);
      }
    }
    return new Environment(variables, copy::get, root, settings);
  }

  /**
   * Returns the value of an environment variable.
   *
   * @param name the variable's name, such as {@code AWS_ROLE_ARN}
   * @return the setting, empty where the variable is not set or blank
   */
  public Optional<Setting> variable(String name) {
    return setting("environment variable " + name, name, variables);
  }

  /**
   * Returns the value of a system property.
   *
   * @param name the property's name, such as {@code aws.roleArn}
   * @return the setting, empty where the property is not set or blank
   */
  public Optional<Setting> property(String name) {
    return setting("system property " + name, name, properties);
  }

  /**
   * Returns a setting as the AWS SDK for Java reads it: the system property first, then the
   * environment variable.
   *
   * @param property the system property's name, such as {@code aws.roleArn}
   * @param variable the environment variable's name, such as {@code AWS_ROLE_ARN}
   * @return the first of the two that is set and not blank
   */
  public Optional<Setting> setting(String property, String variable) {
    Optional<Setting> first = property(property);
    return first.isPresent() ? first : variable(variable);
  }

  /**
   * Returns the value of a setting of Lanyard's own: what {@link #withSettings} gave, else the
   * system property of the same name, else the environment variable whose name is the key in upper
   * case, with underscores for dots: {@code LANYARD_ASSUME_ROLE} for {@code lanyard.assume.role}.
   *
   * @param key the key, such as {@code lanyard.assume.role}
   * @return the first of the three that is there and not blank
   */
  public Optional<Setting> setting(String key) {
    Optional<Setting> given = setting("setting " + key, key, settings::get);
    return given.isPresent() ? given : setting(key, key.toUpperCase(Locale.ROOT).replace('.', '_'));
  }

  /**
   * Returns where to read a file that a setting names.
   *
   * @param name a path as a setting gives it
   * @return that path, below the root of this environment if {@link #withRoot} set one
   * @throws java.nio.file.InvalidPathException if the name is no path on this system
   */
  public Path path(String name) {
    Path path = Path.of(name);
    if (root.isEmpty()) {
      return path;
    }
    Path directory = root.get();
    return path.isAbsolute()
        ? directory.resolve(path.getRoot().relativize(path))
        : directory.resolve(path);
  }

  @Override
  public String toString() {
    return this == SYSTEM
        ? "Environment[this process]"
        : root.map(directory -> "Environment[root " + directory + "]").orElse("Environment[given]");
  }

  private static Optional<Setting> setting(
      String origin, String name, Function<String, String> values) {
    String value = values.apply(name);
    return value == null || value.isBlank()
        ? Optional.empty()
        : Optional.of(new Setting(name, origin, value));
  }

  // Classes and not method references, which cost several times as much in a process that has
  // just started.

  private static final class ProcessVariables implements Function<String, String> {
    @Override
    public String apply(String name) {
      return System.getenv(name);
    }
  }

  private static final class ProcessProperties implements Function<String, String> {
    @Override
    public String apply(String name) {
      return System.getProperty(name);
    }
  }

  /**
   * One value that was found, and where. {@link #toString} does not show the value, which may be a
   * secret. Immutable.
   *
   * @since 0.1
   */
  public static final class Setting {
    private final String name;
    private final String origin;
    private final String value;

    private Setting(String name, String origin, String value) {
      this.name = name;
      this.origin = origin;
      this.value = value;
    }

    /**
     * Returns the name of the variable or property, or the key of the setting.
     *
     * @return such as {@code AWS_ROLE_ARN}, {@code aws.roleArn} or {@code lanyard.order}
     */
    public String name() {
      return name;
    }

    /**
     * Returns where the value comes from, for people.
     *
     * @return such as {@code environment variable AWS_ROLE_ARN}
     */
    public String origin() {
      return origin;
    }

    /**
     * Returns the value.
     *
     * @return the value, untrimmed and never blank
     */
    public String value() {
      return value;
    }

    /**
     * Tells whether another setting has the same name, origin and value.
     *
     * @param other what to compare with
     * @return whether the two are the same
     */
    @Override
    public boolean equals(Object other) {
      return other instanceof Setting that
          && name.equals(that.name)
          && origin.equals(that.origin)
          && value.equals(that.value);
    }

    @Override
    public int hashCode() {
      return Objects.hash(name, origin, value);
    }

    @Override
    public String toString() {
      return origin;
    }
  }
}
