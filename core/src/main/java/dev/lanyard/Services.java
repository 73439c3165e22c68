package dev.lanyard;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/**
 * Finds the implementations of an SPI: with {@link ServiceLoader}, and then those of Lanyard's own
 * modules by the names of their classes. A fat jar often has the classes and has lost their entries
 * below {@code META-INF/services}, where one module's file has overwritten another's.
 */
final class Services {

  /** One stops the chain; a class path that cannot be read at all must not hold it up for ever. */
  private static final int MOST_UNLOADABLE = 8;

  private Services() {}

  /**
   * What was found.
   *
   * @param instances those of ServiceLoader, in its order, and then those found by name, in the
   *     order of the names; none is of a known class twice
   * @param errors why others could not be loaded, as a {@link ServiceConfigurationError} or a
   *     {@link LinkageError}; one of a known class is left out after others, which may be of that
   *     class too. Empty if all could be loaded
   */
  record Found<S>(List<S> instances, List<Throwable> errors) {}

  /**
   * Loads all implementations.
   *
   * <p>By name only on the class path: on the module path {@code provides} says all, and the
   * packages of the implementations are not exported. A known class that the loader does not have
   * is no error.
   *
   * @param known names of classes with a public constructor without parameters
   */
  static <S> Found<S> load(Class<S> type, ClassLoader loader, List<String> known) {
    List<S> instances = new ArrayList<>();
    List<Throwable> errors = new ArrayList<>();
    Iterator<S> services = ServiceLoader.load(type, loader).iterator();
    while (errors.size() < MOST_UNLOADABLE) {
      try {
        if (!services.hasNext()) {
          break;
        }
        instances.add(services.next());
      } catch (ServiceConfigurationError | LinkageError e) {
        errors.add(e);
      }
    }
    if (!Services.class.getModule().isNamed()) {
      for (String name : known) {
        if (!isAmong(instances, name)) {
          try {
            byName(name, type, loader).ifPresent(instances::add);
          } catch (ServiceConfigurationError e) {
            // What ServiceLoader has told of may be this class: its errors say which in text alone.
            if (errors.isEmpty()) {
              errors.add(e);
            }
          }
        }
      }
    }
    return new Found<>(List.copyOf(instances), List.copyOf(errors));
  }

  private static boolean isAmong(List<?> instances, String className) {
    for (Object instance : instances) {
      if (instance.getClass().getName().equals(className)) {
        return true;
      }
    }
    return false;
  }

  private static <S> Optional<S> byName(String name, Class<S> type, ClassLoader loader) {
    try {
      return Optional.of(
          Class.forName(name, true, loader).asSubclass(type).getConstructor().newInstance());
    } catch (ClassNotFoundException e) {
      // Not there: a class that is there and lacks another one causes a NoClassDefFoundError.
      return Optional.empty();
    } catch (ReflectiveOperationException | LinkageError | ClassCastException e) {
      throw new ServiceConfigurationError(
          type.getName() + ": " + name + " cannot be instantiated", e);
    }
  }
}
