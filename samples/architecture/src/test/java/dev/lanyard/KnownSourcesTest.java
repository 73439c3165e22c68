package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.irsa.internal.IrsaSource;
import dev.lanyard.irsa.internal.StsRoleChaining;
import dev.lanyard.podidentity.internal.PodIdentitySource;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What core knows of the sources of the other modules is what they are. */
class KnownSourcesTest {
  private static final Path ROOT = Path.of("..", "..");

  private static final Environment BOTH =
      Environment.of(
          Map.of(
              "AWS_WEB_IDENTITY_TOKEN_FILE", "/token",
              "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"));

  /** The class path without entries for ServiceLoader and, if so asked, without the two modules. */
  private static final class Loader extends ClassLoader {
    private final boolean withModules;

    Loader(boolean withModules) {
      super(KnownSourcesTest.class.getClassLoader());
      this.withModules = withModules;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      boolean ofModule =
          name.startsWith("dev.lanyard.irsa.") || name.startsWith("dev.lanyard.podidentity.");
      if (ofModule && !withModules) {
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

  private final List<CredentialsSource> real = Sources.all(new Loader(true));
  private final List<CredentialsSource> standIns = Sources.all(new Loader(false));

  @Test
  void theSourcesOfTheModulesAreFoundByTheNamesOfTheirClasses() {
    assertThat(real)
        .extracting(Object::getClass)
        .containsExactly(IrsaSource.class, PodIdentitySource.class);
  }

  @Test
  void whatStandsInForASourceHasItsNameAndPlace() {
    assertThat(standIns)
        .extracting(CredentialsSource::name)
        .containsExactlyElementsOf(real.stream().map(CredentialsSource::name).toList());
    assertThat(standIns)
        .extracting(CredentialsSource::precedence)
        .containsExactlyElementsOf(real.stream().map(CredentialsSource::precedence).toList());
  }

  @Test
  void whatStandsInForASourceNamesTheArtifactThatHasIt() {
    List<String> modules = List.of("irsa", "podidentity");
    for (int i = 0; i < modules.size(); i++) {
      Path module = ROOT.resolve(modules.get(i));
      String source = real.get(i).getClass().getName().replace('.', '/') + ".java";

      assertThat(module.resolve("src/main/java").resolve(source)).exists();
      assertThat(standIns.get(i).detect(BOTH))
          .isInstanceOfSatisfying(
              Detection.Broken.class,
              broken ->
                  assertThat(module.resolve("pom.xml"))
                      .content()
                      .contains(
                          "\n  <artifactId>"
                              + broken.problem().fact("module").orElseThrow()
                              + "</artifactId>"));
    }
  }

  @Test
  void whatAssumesASecondRoleIsFoundByTheNameOfItsClass() {
    assertThat(Services.load(RoleChaining.class, new Loader(true), SecondRole.KNOWN).instances())
        .extracting(Object::getClass)
        .containsExactly(StsRoleChaining.class);
    assertThat(Services.load(RoleChaining.class, new Loader(false), SecondRole.KNOWN))
        .isEqualTo(new Services.Found<RoleChaining>(List.of(), List.of()));
  }
}
