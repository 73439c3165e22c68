package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The sources on the class path, and those that the environment calls for and that are not there.
 */
final class Sources {

  /**
   * The sources of Lanyard's own modules. Each is found by the name of its class too; and this is
   * what a pod is given where an application has forgotten the module. Without it a pod with an
   * IRSA role and no lanyard-irsa would work as whatever identity comes next.
   */
  private static final List<Missing> KNOWN =
      List.of(
          new Missing(
              "irsa",
              100,
              "lanyard-irsa",
              "dev.lanyard.irsa.internal.IrsaSource",
              List.of("AWS_WEB_IDENTITY_TOKEN_FILE"),
              List.of("aws.webIdentityTokenFile")),
          new Missing(
              "pod-identity",
              200,
              "lanyard-podidentity",
              "dev.lanyard.podidentity.internal.PodIdentitySource",
              List.of(
                  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
              List.of("aws.containerCredentialsPath", "aws.containerCredentialsFullUri")));

  private Sources() {}

  /**
   * All sources, by precedence. Found by our own class loader, not the thread's: the modules lie
   * beside this one, and a common-pool thread may have a loader that sees neither.
   */
  static List<CredentialsSource> all() {
    return all(Sources.class.getClassLoader());
  }

  static List<CredentialsSource> all(ClassLoader loader) {
    Services.Found<CredentialsSource> found =
        Services.load(
            CredentialsSource.class, loader, KNOWN.stream().map(Missing::className).toList());
    List<CredentialsSource> sources = new ArrayList<>();
    found.errors().forEach(error -> sources.add(new Unloadable(error)));
    sources.addAll(found.instances());
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

  /** A source that is known, and whose module is not on the class path. */
  private record Missing(
      String name,
      int precedence,
      String module,
      String className,
      List<String> variables,
      List<String> properties)
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
