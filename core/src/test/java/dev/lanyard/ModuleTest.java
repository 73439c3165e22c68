package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A new export is a decision: it has to be written here too. */
class ModuleTest {
  private final ModuleDescriptor module =
      ModuleFinder.of(Path.of("target/classes")).find("dev.lanyard").orElseThrow().descriptor();

  @Test
  void exportsTheApiAndTheSpiAndNothingElse() {
    assertThat(module.exports())
        .extracting(ModuleDescriptor.Exports::source)
        .containsExactlyInAnyOrder(
            "dev.lanyard", "dev.lanyard.diagnosis", "dev.lanyard.runtime", "dev.lanyard.spi");
    assertThat(module.exports()).noneMatch(ModuleDescriptor.Exports::isQualified);
    assertThat(module.isOpen()).isFalse();
    assertThat(module.opens()).isEmpty();
  }

  @Test
  void requiresTheSdksCredentialsAndALoggingFacadeOnly() {
    assertThat(module.requires())
        .extracting(ModuleDescriptor.Requires::name)
        .containsExactlyInAnyOrder(
            "java.base",
            "org.jspecify",
            "org.slf4j",
            "software.amazon.awssdk.auth",
            "software.amazon.awssdk.core",
            "software.amazon.awssdk.identity.spi");
    assertThat(module.uses())
        .isEqualTo(Set.of("dev.lanyard.RoleChaining", "dev.lanyard.spi.CredentialsSource"));
  }
}
