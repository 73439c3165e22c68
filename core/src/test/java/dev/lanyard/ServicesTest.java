package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServicesTest {
  @TempDir Path directory;

  /** An SPI of its own: the class knows none by name. */
  public interface Spi {}

  public static final class First implements Spi {}

  public static final class Second implements Spi {}

  public static final class Third implements Spi {}

  public static final class Throwing implements Spi {
    public Throwing() {
      throw new IllegalStateException("from the constructor");
    }
  }

  public static final class ThrowingWhenInitialised implements Spi {
    @SuppressWarnings("unused") // It is there to fail.
    private static final int NUMBER = Integer.parseInt("no number");
  }

  public static final class WithoutSuchAConstructor implements Spi {
    private WithoutSuchAConstructor() {}
  }

  public static final class OfAnotherType {}

  public static class Base {}

  /** The loader has it, and does not have what it extends. */
  public static final class Unlinkable extends Base implements Spi {}

  /** Has these classes from the test's class path, but for those that it hides. */
  private static final class Loader extends URLClassLoader {
    private final Set<String> hidden;

    Loader(Path directory, Set<String> hidden) throws IOException {
      super(new URL[] {directory.toUri().toURL()}, ServicesTest.class.getClassLoader());
      this.hidden = hidden;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (hidden.contains(name)) {
        throw new ClassNotFoundException(name);
      }
      return name.equals(Unlinkable.class.getName())
          ? defined(name)
          : super.loadClass(name, resolve);
    }

    /** Of this loader, so that this loader is asked for what the class extends. */
    private Class<?> defined(String name) throws ClassNotFoundException {
      Class<?> loaded = findLoadedClass(name);
      if (loaded != null) {
        return loaded;
      }
      try (InputStream file = getResourceAsStream(name.replace('.', '/') + ".class")) {
        byte[] bytes = file.readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }

  private Services.Found<Spi> load(List<String> listed, List<String> known) throws IOException {
    return load(listed, known, Set.of(Base.class.getName()));
  }

  private Services.Found<Spi> load(List<String> listed, List<String> known, Set<String> hidden)
      throws IOException {
    Path services = Files.createDirectories(directory.resolve("META-INF/services"));
    Files.write(services.resolve(Spi.class.getName()), listed);
    try (Loader loader = new Loader(directory, hidden)) {
      return Services.load(Spi.class, loader, known);
    }
  }

  private static String named(String nested) {
    return ServicesTest.class.getName() + "$" + nested;
  }

  @Test
  void whatIsListedComesFirstAndThenWhatIsKnown() throws IOException {
    Services.Found<Spi> found =
        load(List.of(named("Third")), List.of(named("Second"), named("First")));

    assertThat(found.instances())
        .extracting(Object::getClass)
        .containsExactly(Third.class, Second.class, First.class);
    assertThat(found.errors()).isEmpty();
  }

  @Test
  void whatIsListedAndKnownComesOnce() throws IOException {
    Services.Found<Spi> found =
        load(List.of(named("First")), List.of(named("First"), named("Second")));

    assertThat(found.instances())
        .extracting(Object::getClass)
        .containsExactly(First.class, Second.class);
    assertThat(found.errors()).isEmpty();
  }

  @Test
  void aKnownClassThatTheLoaderDoesNotHaveIsNoError() throws IOException {
    Services.Found<Spi> found =
        load(List.of(), List.of(named("First"), named("Second")), Set.of(named("First")));

    assertThat(found.instances()).extracting(Object::getClass).containsExactly(Second.class);
    assertThat(found.errors()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Throwing",
        "ThrowingWhenInitialised",
        "WithoutSuchAConstructor",
        "OfAnotherType",
        "Unlinkable"
      })
  void aKnownClassThatCannotBeInstantiatedIsOneErrorWhetherListedOrNot(String broken)
      throws IOException {
    Services.Found<Spi> byName =
        load(List.of("#" + named(broken)), List.of(named(broken), named("First")));
    Services.Found<Spi> listed =
        load(
            List.of("# a comment", " " + named(broken) + " # another"),
            List.of(named(broken), named("First")));

    assertThat(byName.instances()).extracting(Object::getClass).containsExactly(First.class);
    assertThat(byName.errors())
        .singleElement()
        .isInstanceOf(ServiceConfigurationError.class)
        .satisfies(
            error -> assertThat(error).hasMessageContaining(named(broken)).cause().isNotNull());
    assertThat(listed.instances()).extracting(Object::getClass).containsExactly(First.class);
    assertThat(listed.errors()).hasSize(1);
  }

  @Test
  void aListedClassThatTheLoaderDoesNotHaveIsAnErrorAlsoWhereItIsKnown() throws IOException {
    Services.Found<Spi> found =
        load(List.of(named("First")), List.of(named("First")), Set.of(named("First")));

    assertThat(found.instances()).isEmpty();
    assertThat(found.errors()).singleElement().isInstanceOf(ServiceConfigurationError.class);
  }

  @Test
  void oneErrorIsToldWhereAKnownClassMayBeTheOneThatServiceLoaderTellsOf() throws IOException {
    Services.Found<Spi> found =
        load(List.of(named("NotThere")), List.of(named("Throwing"), named("First")));

    assertThat(found.instances()).extracting(Object::getClass).containsExactly(First.class);
    assertThat(found.errors())
        .satisfiesExactly(error -> assertThat(error).hasMessageContaining(named("NotThere")));
  }

  @Test
  void aListThatCannotBeReadToItsEndIsGivenUpAndWhatIsKnownIsFound() throws IOException {
    List<String> listed = IntStream.range(0, 20).mapToObj(i -> named("NotThere" + i)).toList();

    Services.Found<Spi> found = load(listed, List.of(named("First")));

    assertThat(found.errors()).hasSize(8);
    assertThat(found.instances()).extracting(Object::getClass).containsExactly(First.class);
  }

  @Test
  void classesAreThoseOfTheLoaderThatWasGiven() throws IOException {
    Services.Found<Spi> found = load(List.of(), List.of(named("Unlinkable")), Set.of());

    assertThat(found.instances())
        .singleElement()
        .satisfies(one -> assertThat(one.getClass().getClassLoader()).isInstanceOf(Loader.class));
  }
}
