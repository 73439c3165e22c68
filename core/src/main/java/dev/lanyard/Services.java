package dev.lanyard;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
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
   * @param errors why others could not be loaded, one for each class, as a {@link
   *     ServiceConfigurationError} or a {@link LinkageError}; empty if there were none
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
            if (!isListed(name, type, loader)) {
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

  /**
   * Whether ServiceLoader has reported the class that cannot be loaded. Its errors do not tell:
   * they name the class in their text alone, and a LinkageError may not name it at all.
   */
  private static boolean isListed(String name, Class<?> type, ClassLoader loader) {
    try {
      for (URL file :
          Collections.list(loader.getResources("META-INF/services/" + type.getName()))) {
        URLConnection connection = file.openConnection();
        connection.setUseCaches(false);
        try (InputStream in = connection.getInputStream()) {
          String lines = new String(in.readAllBytes(), StandardCharsets.UTF_8);
          if (lines.lines().map(Services::withoutComment).anyMatch(name::equals)) {
            return true;
          }
        }
      }
    } catch (IOException e) {
      // Not known, then: better two errors than none.
    }
    return false;
  }

  private static String withoutComment(String line) {
    int comment = line.indexOf('#');
    return (comment < 0 ? line : line.substring(0, comment)).strip();
  }
}
