package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/**
 * The sources on the class path, and those that the environment calls for and that are not there.
 */
final class Sources {

  /**
   * What a pod is given for a source whose module an application may have forgotten. Without this a
   * pod with an IRSA role and no lanyard-irsa would work as whatever identity comes next.
   */
  private static final List<Missing> KNOWN =
      List.of(
          new Missing(
              "irsa",
              100,
              "lanyard-irsa",
              List.of("AWS_WEB_IDENTITY_TOKEN_FILE"),
              List.of("aws.webIdentityTokenFile")),
          new Missing(
              "pod-identity",
              200,
              "lanyard-podidentity",
              List.of(
                  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
              List.of("aws.containerCredentialsPath", "aws.containerCredentialsFullUri")));

  /** One stops the chain; a class path that cannot be read at all must not hold it up for ever. */
  private static final int MOST_UNLOADABLE = 8;

  private Sources() {}

  /**
   * All sources, by precedence. Found by our own class loader, not the thread's: the modules lie
   * beside this one, and a common-pool thread may have a loader that sees neither.
   */
  static List<CredentialsSource> all() {
    return all(Sources.class.getClassLoader());
  }

  static List<CredentialsSource> all(ClassLoader loader) {
    List<CredentialsSource> sources = new ArrayList<>(load(loader));
    for (Missing known : KNOWN) {
      if (!isAmong(sources, known.name())) {
        sources.add(known);
      }
    }
    sources.sort(new ByPrecedence());
    return sources;
  }

  private static boolean isAmong(List<CredentialsSource> sources, String name) {
    for (CredentialsSource source : sources) {
      if (source.name().equals(name)) {
        return true;
      }
    }
    return false;
  }

  private record ByPrecedence() implements Comparator<CredentialsSource> {
    @Override
    public int compare(CredentialsSource one, CredentialsSource other) {
      return Integer.compare(one.precedence(), other.precedence());
    }
  }

  /** Those of these names, in this order. */
  static List<CredentialsSource> ordered(List<String> names, List<CredentialsSource> sources) {
    return names.stream()
        .map(
            name ->
                sources.stream()
                    .filter(source -> source.name().equals(name))
                    .findFirst()
                    .orElseGet(() -> new Unknown(name, sources)))
        .toList();
  }

  private static List<CredentialsSource> load(ClassLoader loader) {
    List<CredentialsSource> sources = new ArrayList<>();
    Iterator<CredentialsSource> services =
        ServiceLoader.load(CredentialsSource.class, loader).iterator();
    int unloadable = 0;
    while (unloadable < MOST_UNLOADABLE) {
      try {
        if (!services.hasNext()) {
          break;
        }
        sources.add(services.next());
      } catch (ServiceConfigurationError | LinkageError e) {
        sources.add(new Unloadable(e));
        unloadable++;
      }
    }
    return sources;
  }

  /** A source that is known, and whose module is not on the class path. */
  private record Missing(
      String name, int precedence, String module, List<String> variables, List<String> properties)
      implements CredentialsSource {
    @Override
    public Detection detect(Environment environment) {
      Optional<Environment.Setting> configured = configured(environment);
      if (configured.isEmpty()) {
        return Detection.absent(
            "environment variable "
                + String.join(" or ", variables)
                + " ("
                + module
                + " is not on the class path)");
      }
      return Detection.broken(
          Problems.of(
                  Problems.MODULE_MISSING,
                  FailureKind.MISCONFIGURED,
                  configured.get().origin()
                      + " is set, but "
                      + module
                      + " is not on the class path")
              .fact("setting", configured.get().origin())
              .fact("module", module)
              .step("Add the dependency dev.lanyard:" + module)
              .build());
    }

    private Optional<Environment.Setting> configured(Environment environment) {
      for (String property : properties) {
        Optional<Environment.Setting> setting = environment.property(property);
        if (setting.isPresent()) {
          return setting;
        }
      }
      for (String variable : variables) {
        Optional<Environment.Setting> setting = environment.variable(variable);
        if (setting.isPresent()) {
          return setting;
        }
      }
      return Optional.empty();
    }
  }

  /** A name that the application gave and that no source has. */
  private record Unknown(String name, List<CredentialsSource> sources)
      implements CredentialsSource {
    @Override
    public int precedence() {
      return 0;
    }

    @Override
    public Detection detect(Environment environment) {
      return Detection.broken(
          Problems.of(
                  Problems.UNKNOWN_SOURCE,
                  FailureKind.MISCONFIGURED,
                  "the order names a source that does not exist")
              .step(
                  "Use only these names: "
                      + sources.stream()
                          .map(CredentialsSource::name)
                          .collect(Collectors.joining(", ")))
              .build());
    }
  }

  /** A source that is on the class path and cannot be loaded: it stops the chain. */
  private record Unloadable(Throwable thrown) implements CredentialsSource {
    @Override
    public String name() {
      return "unloadable";
    }

    @Override
    public int precedence() {
      return Integer.MIN_VALUE;
    }

    @Override
    public Detection detect(Environment environment) {
      return Detection.broken(
          Problems.of(
                  Problems.SOURCE_NOT_LOADABLE,
                  FailureKind.MISCONFIGURED,
                  "a source on the class path cannot be loaded: " + thrown.getMessage())
              .step("Check that all Lanyard modules have the same version (import lanyard-bom)")
              .build());
    }
  }
}
