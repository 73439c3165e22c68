package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An application that has excluded the SDK's sts module. */
class WithoutStsTest {
  @TempDir Path root;

  @Test
  void itIsDetectedAllTheSameAndTheExchangeSaysWhatIsMissing() throws Exception {
    Loader loader = new Loader();
    CredentialsSource source =
        (CredentialsSource)
            loader
                .loadClass("dev.lanyard.irsa.internal.IrsaSource")
                .getDeclaredConstructor()
                .newInstance();

    Detection detection = source.detect(new Pod(root).environment());

    assertThat(detection).isInstanceOf(Detection.Present.class);
    assertThat(loader.missed).isEmpty();
    assertThat(source.getClass()).isNotEqualTo(IrsaSource.class);
    assertThatExceptionOfType(NoClassDefFoundError.class)
        .isThrownBy(() -> ((Detection.Present) detection).exchange().exchange(new TestContext()));
    assertThat(loader.missed).allMatch(name -> name.startsWith(Loader.STS)).isNotEmpty();
  }

  @Test
  void theProvidersClassCanBeLookedUpByName() throws Exception {
    Loader loader = new Loader();

    // As Hadoop S3A and Iceberg do it.
    assertThat(loader.loadClass("dev.lanyard.irsa.IrsaCredentialsProvider").getMethod("create"))
        .isNotNull();
    assertThat(loader.missed).isEmpty();
  }

  /** Defines this module's classes anew, and knows none of sts. */
  private static final class Loader extends ClassLoader {
    static final String STS = "software.amazon.awssdk.services.sts.";
    final List<String> missed = new ArrayList<>();

    Loader() {
      super(WithoutStsTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (name.startsWith(STS)) {
        missed.add(name);
        throw new ClassNotFoundException(name);
      }
      if (!name.startsWith("dev.lanyard.irsa.")) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> known = findLoadedClass(name);
        return known != null ? known : define(name);
      }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
      try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
        byte[] bytes = in.readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }
}
