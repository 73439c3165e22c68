package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Names what this module promises. It has no descriptor that would (docs/adr/0005), so the public
 * types are named one by one.
 */
class PublicTypesTest {
  @Test
  void publicTypesAreADecision() throws Exception {
    assertThat(types().stream().filter(type -> Modifier.isPublic(type.getModifiers())))
        .extracting(Class::getName)
        .containsExactlyInAnyOrder(
            "dev.lanyard.testing.AdmittedPod",
            "dev.lanyard.testing.Association",
            "dev.lanyard.testing.EksAssert",
            "dev.lanyard.testing.EksAssertions",
            "dev.lanyard.testing.EksExtension",
            "dev.lanyard.testing.FakeAgent",
            "dev.lanyard.testing.FakeClock",
            "dev.lanyard.testing.FakeEks",
            "dev.lanyard.testing.FakeEks$Builder",
            "dev.lanyard.testing.FakeIssuer",
            "dev.lanyard.testing.FakePod",
            "dev.lanyard.testing.FakeService",
            "dev.lanyard.testing.FakeSts",
            "dev.lanyard.testing.Faults",
            "dev.lanyard.testing.InPod",
            "dev.lanyard.testing.IssuedCredentials",
            "dev.lanyard.testing.LoggedRequest",
            "dev.lanyard.testing.PodBuilder",
            "dev.lanyard.testing.PodBuilder$Container",
            "dev.lanyard.testing.PodContainer",
            "dev.lanyard.testing.ServiceAccountBuilder",
            "dev.lanyard.testing.TestTime",
            "dev.lanyard.testing.TrustPolicy");
  }

  /** A record cannot gain a component without breaking code that constructs or matches it. */
  @Test
  void noPublicTypeIsARecord() throws Exception {
    assertThat(types().stream().filter(type -> Modifier.isPublic(type.getModifiers())))
        .noneMatch(Class::isRecord);
  }

  @Test
  void publicMethodsNameNoTypeOfTheLibrariesBehindThem() throws Exception {
    assertThat(
            types().stream()
                .filter(type -> Modifier.isPublic(type.getModifiers()))
                .flatMap(type -> Stream.of(type.getMethods()))
                .flatMap(
                    method ->
                        Stream.concat(
                            Stream.of(method.getReturnType()),
                            Stream.of(method.getParameterTypes())))
                .map(Class::getName))
        .noneMatch(
            name ->
                name.contains("wiremock")
                    || name.startsWith("com.nimbusds")
                    || name.startsWith("org.yaml")
                    || name.startsWith("org.eclipse"));
  }

  private static List<Class<?>> types() throws IOException, URISyntaxException {
    Path classes =
        Path.of(FakeEks.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    try (Stream<Path> files = Files.walk(classes)) {
      return files
          .filter(file -> file.toString().endsWith(".class"))
          .map(file -> classes.relativize(file).toString())
          .filter(name -> !name.endsWith("package-info.class"))
          .<Class<?>>map(PublicTypesTest::load)
          .toList();
    }
  }

  private static Class<?> load(String file) {
    try {
      return Class.forName(file.replace('/', '.').replaceFirst("\\.class$", ""));
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }
}
