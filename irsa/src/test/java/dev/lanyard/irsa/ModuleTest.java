package dev.lanyard.irsa;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What others may use. A new name here is a promise: a decision, not an accident. */
class ModuleTest {
  private static final Path CLASSES = Path.of("target", "classes");

  private final ModuleDescriptor module =
      ModuleFinder.of(CLASSES).find("dev.lanyard.irsa").orElseThrow().descriptor();

  @Test
  void onePackageIsExportedToAll() {
    assertThat(module.exports())
        .extracting(ModuleDescriptor.Exports::source)
        .containsExactly("dev.lanyard.irsa");
    assertThat(module.exports()).noneMatch(ModuleDescriptor.Exports::isQualified);
    assertThat(module.opens()).isEmpty();
  }

  @Test
  void theSourceIsProvidedOnTheModulePathAndOnTheClassPath() throws Exception {
    assertThat(module.provides())
        .singleElement()
        .satisfies(
            provides -> {
              assertThat(provides.service()).isEqualTo("dev.lanyard.spi.CredentialsSource");
              assertThat(provides.providers()).containsExactly("dev.lanyard.irsa.IrsaSource");
            });
    assertThat(
            Files.readAllLines(
                CLASSES.resolve("META-INF/services/dev.lanyard.spi.CredentialsSource")))
        .containsExactly("dev.lanyard.irsa.IrsaSource");
  }

  @Test
  void itReadsTheseModules() {
    assertThat(module.requires())
        .filteredOn(r -> !r.modifiers().contains(ModuleDescriptor.Requires.Modifier.MANDATED))
        .extracting(ModuleDescriptor.Requires::name)
        .containsExactlyInAnyOrder(
            "dev.lanyard",
            "org.jspecify",
            "software.amazon.awssdk.auth",
            "software.amazon.awssdk.awscore",
            "software.amazon.awssdk.core",
            "software.amazon.awssdk.endpoints",
            "software.amazon.awssdk.http",
            "software.amazon.awssdk.profiles",
            "software.amazon.awssdk.protocols.jsoncore",
            "software.amazon.awssdk.regions",
            "software.amazon.awssdk.services.sts");
    assertThat(module.requires())
        .filteredOn(r -> r.modifiers().contains(ModuleDescriptor.Requires.Modifier.TRANSITIVE))
        .extracting(ModuleDescriptor.Requires::name)
        .containsExactlyInAnyOrder("dev.lanyard", "software.amazon.awssdk.services.sts");
  }

  @Test
  void theseClassesArePublic() throws Exception {
    List<String> names;
    try (Stream<Path> files = Files.list(CLASSES.resolve("dev/lanyard/irsa"))) {
      names =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(".class") && !name.startsWith("package-info"))
              .map(name -> "dev.lanyard.irsa." + name.replace(".class", ""))
              .toList();
    }
    Set<String> open = new TreeSet<>();
    for (String name : names) {
      if (Modifier.isPublic(Class.forName(name).getModifiers())) {
        open.add(name);
      }
    }

    assertThat(open)
        .containsExactly(
            "dev.lanyard.irsa.AssumeRoleCredentialsProvider",
            "dev.lanyard.irsa.AssumeRoleCredentialsProvider$Builder",
            "dev.lanyard.irsa.IrsaCredentialsProvider",
            "dev.lanyard.irsa.IrsaCredentialsProvider$Builder",
            "dev.lanyard.irsa.IrsaSource");
  }
}
