package dev.lanyard.samples.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.EksCredentialsProvider;
import dev.lanyard.Lanyard;
import dev.lanyard.irsa.IrsaCredentialsProvider;
import dev.lanyard.podidentity.PodIdentityCredentialsProvider;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsSource;
import java.io.File;
import java.io.IOException;
import java.lang.module.Configuration;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The sources of Lanyard's modules are found however an application is packed. */
class PackagingTest {
  private static final String SERVICES = "META-INF/services/" + CredentialsSource.class.getName();
  private static final String IRSA = "dev.lanyard.irsa.internal.IrsaSource";
  private static final String POD_IDENTITY = "dev.lanyard.podidentity.internal.PodIdentitySource";

  /** What Lanyard's modules and those of the SDK need, as directories of a Maven repository. */
  private static final List<String> BESIDE_LANYARD =
      List.of("software/amazon", "org/reactivestreams", "org/slf4j", "ch/qos/logback");

  @TempDir Path directory;

  /** The class path of this test without entries of services, and without Lanyard if so asked. */
  private static final class Parent extends ClassLoader {
    private final boolean withLanyard;

    Parent(boolean withLanyard) {
      super(PackagingTest.class.getClassLoader());
      this.withLanyard = withLanyard;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (name.startsWith("dev.lanyard.") && !withLanyard) {
        throw new ClassNotFoundException(name);
      }
      return super.loadClass(name, resolve);
    }

    @Override
    public Enumeration<URL> getResources(String name) throws IOException {
      return name.startsWith("META-INF/services/")
          ? Collections.emptyEnumeration()
          : super.getResources(name);
    }
  }

  /** The classes of all modules, in one place, and at most one file of services. */
  private static final class FatJar extends ClassLoader {
    private final Map<String, byte[]> classes = new HashMap<>();
    private final Path services;

    FatJar(Path services) throws Exception {
      super(new Parent(false));
      this.services = services;
      add(location(EksCredentialsProvider.class));
      add(location(IrsaCredentialsProvider.class));
      add(location(PodIdentityCredentialsProvider.class));
    }

    private void add(Path module) throws IOException {
      if (Files.isDirectory(module)) {
        addAllBelow(module);
      } else {
        try (FileSystem jar = FileSystems.newFileSystem(module)) {
          addAllBelow(jar.getPath("/"));
        }
      }
    }

    private void addAllBelow(Path root) throws IOException {
      try (Stream<Path> files = Files.walk(root.resolve("dev"))) {
        for (Path file : files.filter(file -> file.toString().endsWith(".class")).toList()) {
          String name = root.relativize(file).toString().replaceAll("[/\\\\]", ".");
          classes.put(name.replaceAll("\\.class$", ""), Files.readAllBytes(file));
        }
      }
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      byte[] bytes = classes.get(name);
      if (bytes == null) {
        throw new ClassNotFoundException(name);
      }
      return defineClass(name, bytes, 0, bytes.length);
    }

    @Override
    protected Enumeration<URL> findResources(String name) throws IOException {
      return name.equals(SERVICES) && Files.exists(services)
          ? Collections.enumeration(List.of(services.toUri().toURL()))
          : Collections.emptyEnumeration();
    }
  }

  private FatJar fatJar(String... listed) throws Exception {
    Path services = directory.resolve("services");
    if (listed.length > 0) {
      Files.write(services, List.of(listed));
    }
    return new FatJar(services);
  }

  @Test
  void aFatJarWithoutEntriesOfServicesHasBothSources() throws Exception {
    assertThat(sourcesOf(fatJar())).isEqualTo(sourcesOfTheClassPath());
  }

  /** The file of one module has overwritten that of the other. */
  @ParameterizedTest
  @ValueSource(strings = {IRSA, POD_IDENTITY})
  void aFatJarWithTheEntryOfOneModuleHasBothSources(String listed) throws Exception {
    assertThat(sourcesOf(fatJar(listed))).isEqualTo(sourcesOfTheClassPath());
  }

  @Test
  void aFatJarWithoutAModuleSaysSo() throws Exception {
    FatJar jar = fatJar();
    jar.classes.keySet().removeIf(name -> name.startsWith("dev.lanyard.irsa."));

    assertThat(sourcesOf(jar))
        .contains("lanyard-irsa is not on the class path")
        .doesNotContain("lanyard-podidentity is not on the class path");
  }

  /** As of a tool that removes what it takes for unused. */
  @Test
  void aSourceThatLacksAnotherClassOfItsModuleStopsTheChain() throws Exception {
    FatJar jar = fatJar();
    jar.classes.remove("dev.lanyard.irsa.internal.IrsaOptions");

    assertThat(sourcesOf(jar)).startsWith("[Source[unloadable, BROKEN, ").contains(IRSA);
  }

  @Test
  void onTheModulePathASourceIsFoundByWhatItsModuleProvides() throws Exception {
    assertThat(sourcesOf(layer("dev.lanyard", "dev.lanyard.irsa")))
        .contains("[irsa, ")
        .doesNotContain("lanyard-irsa is not on the class path")
        .contains("lanyard-podidentity is not on the class path");
  }

  /** The loader would find a class of the name, which is of the class path, and of its SPI. */
  @Test
  void onTheModulePathNoSourceIsLookedForByTheNameOfItsClass() throws Exception {
    assertThat(sourcesOf(layer("dev.lanyard")))
        .contains("lanyard-irsa is not on the class path")
        .contains("lanyard-podidentity is not on the class path")
        .doesNotContain("BROKEN");
  }

  private static String sourcesOfTheClassPath() throws Exception {
    String sources = sourcesOf(PackagingTest.class.getClassLoader());
    assertThat(sources)
        .contains("[irsa, ", "[pod-identity, ")
        .doesNotContain("is not on the class path");
    return sources;
  }

  /** What {@code explain()} says of the sources in an environment that configures none. */
  private static String sourcesOf(ClassLoader loader) throws Exception {
    Class<?> environments = loader.loadClass(Environment.class.getName());
    Class<?> providers = loader.loadClass(EksCredentialsProvider.class.getName());
    Object environment = environments.getMethod("of", Map.class).invoke(null, Map.of());
    Object builder = providers.getMethod("builder").invoke(null);
    builder.getClass().getMethod("environment", environments).invoke(builder, environment);
    Object provider = builder.getClass().getMethod("build").invoke(builder);
    Object explanation = providers.getMethod("explain").invoke(provider);
    if (providers != EksCredentialsProvider.class) {
      loader.loadClass(Lanyard.class.getName()).getMethod("shutdown").invoke(null);
    }
    return explanation.getClass().getMethod("sources").invoke(explanation).toString();
  }

  /** These modules of Lanyard, with the SDK's and those of logging, above the class path. */
  private static ClassLoader layer(String... lanyard) throws Exception {
    List<Path> path = new ArrayList<>();
    path.add(location(EksCredentialsProvider.class));
    path.add(location(IrsaCredentialsProvider.class));
    Pattern.compile(File.pathSeparator, Pattern.LITERAL)
        .splitAsStream(System.getProperty("java.class.path", ""))
        .filter(
            entry ->
                BESIDE_LANYARD.stream()
                    .anyMatch(group -> entry.contains(Path.of(group).toString())))
        .forEach(entry -> path.add(Path.of(entry)));
    List<String> roots = new ArrayList<>(List.of(lanyard));
    roots.add("ch.qos.logback.classic");
    ModuleLayer boot = ModuleLayer.boot();
    Configuration modules =
        boot.configuration()
            .resolve(ModuleFinder.of(path.toArray(new Path[0])), ModuleFinder.of(), roots);
    return boot.defineModulesWithOneLoader(modules, new Parent(true)).findLoader("dev.lanyard");
  }

  private static Path location(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }
}
