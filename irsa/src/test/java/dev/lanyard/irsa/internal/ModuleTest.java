package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.irsa.AssumeRoleCredentialsProvider;
import dev.lanyard.irsa.IrsaCredentialsProvider;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
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
  void theServicesAreProvidedOnTheModulePathAndOnTheClassPath() throws Exception {
    Map<String, String> services =
        Map.of(
            "dev.lanyard.spi.CredentialsSource", "dev.lanyard.irsa.internal.IrsaSource",
            "dev.lanyard.RoleChaining", "dev.lanyard.irsa.internal.StsRoleChaining");
    assertThat(
            module.provides().stream()
                .collect(
                    Collectors.toMap(
                        ModuleDescriptor.Provides::service,
                        provides -> String.join(",", provides.providers()))))
        .isEqualTo(services);
    for (Map.Entry<String, String> service : services.entrySet()) {
      assertThat(Files.readAllLines(CLASSES.resolve("META-INF/services").resolve(service.getKey())))
          .containsExactly(service.getValue());
    }
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
    assertThat(publicClasses())
        .extracting(Class::getName)
        .containsExactly(
            "dev.lanyard.irsa.AssumeRoleCredentialsProvider",
            "dev.lanyard.irsa.AssumeRoleCredentialsProvider$Builder",
            "dev.lanyard.irsa.IrsaCredentialsProvider",
            "dev.lanyard.irsa.IrsaCredentialsProvider$Builder");
  }

  @Test
  void theBuildersHaveTheseOptions() {
    Set<String> any =
        Set.of(
            "sessionName", "duration", "policy", "policyArns", "region", "endpoint", "stsClient");
    Set<String> irsa = new TreeSet<>(any);
    irsa.addAll(Set.of("roleArn", "tokenFile", "build"));
    Set<String> chained = new TreeSet<>(any);
    chained.addAll(
        Set.of("externalId", "sessionTag", "transitiveTagKeys", "sourceIdentity", "build"));

    assertThat(options(IrsaCredentialsProvider.Builder.class)).isEqualTo(irsa);
    assertThat(options(AssumeRoleCredentialsProvider.Builder.class)).isEqualTo(chained);
  }

  @Test
  void whatIsPublicCanBeCalledByReflectionAndReferredToFromAnyPackage() throws Exception {
    for (Class<?> open : publicClasses()) {
      for (Method method : open.getMethods()) {
        assertThat(method.getDeclaringClass()).as(method.toString()).matches(ModuleTest::isPublic);
        assertThat(method.getReturnType()).as(method.toString()).matches(ModuleTest::isPublic);
        assertThat(method.getParameterTypes()).as(method.toString()).allMatch(ModuleTest::isPublic);
      }
    }
  }

  private static boolean isPublic(Class<?> type) {
    return Modifier.isPublic(type.getModifiers());
  }

  private static Set<String> options(Class<?> builder) {
    return Stream.of(builder.getDeclaredMethods())
        .filter(method -> Modifier.isPublic(method.getModifiers()))
        .map(Method::getName)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static List<Class<?>> publicClasses() throws Exception {
    List<String> names;
    try (Stream<Path> files = Files.list(CLASSES.resolve("dev/lanyard/irsa"))) {
      names =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(".class") && !name.startsWith("package-info"))
              .map(name -> "dev.lanyard.irsa." + name.replace(".class", ""))
              .sorted()
              .toList();
    }
    List<Class<?>> open = new ArrayList<>();
    for (String name : names) {
      Class<?> type = Class.forName(name);
      if (isPublic(type)) {
        open.add(type);
      }
    }
    return open;
  }
}
