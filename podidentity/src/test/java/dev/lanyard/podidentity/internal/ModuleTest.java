package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Provides;
import java.lang.module.ModuleDescriptor.Requires;
import java.lang.module.ModuleFinder;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the module promises. A change here is a decision. */
class ModuleTest {
  private static final Path CLASSES = Path.of("target", "classes");

  private final ModuleDescriptor module =
      ModuleFinder.of(CLASSES).find("dev.lanyard.podidentity").orElseThrow().descriptor();

  @Test
  void exportsOnePackageToAll() {
    assertThat(module.exports())
        .singleElement()
        .satisfies(
            exports -> {
              assertThat(exports.source()).isEqualTo("dev.lanyard.podidentity");
              assertThat(exports.isQualified()).isFalse();
            });
    assertThat(module.opens()).isEmpty();
    assertThat(module.isOpen()).isFalse();
  }

  @Test
  void promisesTheProviderAlone() throws Exception {
    try (Stream<Path> files = Files.list(CLASSES.resolve("dev/lanyard/podidentity"))) {
      assertThat(
              files
                  .map(file -> file.getFileName().toString())
                  .filter(name -> name.endsWith(".class"))
                  .map(name -> name.replace(".class", ""))
                  .filter(name -> !name.equals("package-info"))
                  .filter(ModuleTest::isPublic))
          .containsExactlyInAnyOrder(
              "PodIdentityCredentialsProvider", "PodIdentityCredentialsProvider$Builder");
    }
  }

  private static boolean isPublic(String name) {
    try {
      Class<?> type = Class.forName("dev.lanyard.podidentity." + name);
      boolean reachable = true;
      for (Class<?> outer = type; outer != null; outer = outer.getEnclosingClass()) {
        reachable &= Modifier.isPublic(outer.getModifiers());
      }
      return reachable;
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void requiresWhatItUses() {
    assertThat(module.requires())
        .extracting(Requires::name)
        .containsExactlyInAnyOrder(
            "java.base",
            "dev.lanyard",
            "com.google.gson",
            "org.apache.httpcomponents.core5.httpcore5",
            "org.jspecify");
  }

  @Test
  void registersItsSourceOnBothPaths() throws Exception {
    assertThat(module.provides()).containsExactly(provides("dev.lanyard.spi.CredentialsSource"));
    assertThat(
            Files.readString(CLASSES.resolve("META-INF/services/dev.lanyard.spi.CredentialsSource"))
                .strip())
        .isEqualTo(PodIdentitySource.class.getName());
  }

  private static Provides provides(String service) {
    return ModuleDescriptor.newModule("m")
        .provides(service, List.of(PodIdentitySource.class.getName()))
        .build()
        .provides()
        .iterator()
        .next();
  }
}
