package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import software.amazon.awssdk.identity.spi.Identity;
import software.amazon.awssdk.utils.builder.ToCopyableBuilder;

/**
 * The SDK as it will be: its {@code IdentityProvider} has a method {@code invalidate}, whose
 * default fails. Everything else of the SDK, and all of Lanyard, is as it was compiled, and is
 * loaded once more beside that interface. Any other class is the parent's.
 */
final class NextSdk extends ClassLoader {
  private static final String INTERFACE = "software.amazon.awssdk.identity.spi.IdentityProvider";
  static final String DEFAULT = "the default of the SDK's own interface";

  private static final String SOURCE =
      """
      package software.amazon.awssdk.identity.spi;

      import java.util.concurrent.CompletableFuture;
      import java.util.function.Consumer;

      public interface IdentityProvider<IdentityT extends Identity> {
        Class<IdentityT> identityType();

        CompletableFuture<? extends IdentityT> resolveIdentity(ResolveIdentityRequest request);

        default CompletableFuture<? extends IdentityT> resolveIdentity(
            Consumer<ResolveIdentityRequest.Builder> consumer) {
          return resolveIdentity(ResolveIdentityRequest.builder().applyMutation(consumer).build());
        }

        default CompletableFuture<? extends IdentityT> resolveIdentity() {
          return resolveIdentity(ResolveIdentityRequest.builder().build());
        }

        default CompletableFuture<Void> invalidate(IdentityT identity) {
          return CompletableFuture.failedFuture(new UnsupportedOperationException("%s"));
        }
      }
      """
          .formatted(DEFAULT);

  private final byte[] itsInterface;

  NextSdk() throws URISyntaxException {
    super(NextSdk.class.getClassLoader());
    this.itsInterface = compile();
  }

  /** The interface that an application of that SDK calls. */
  Class<?> identityProvider() throws ClassNotFoundException {
    return loadClass(INTERFACE);
  }

  /** Makes an object of this class, as it is beside that SDK. */
  Object create(Class<?> template) throws ReflectiveOperationException {
    Class<?> type = loadClass(template.getName());
    assertThat(type).isNotSameAs(template);
    var constructor = type.getDeclaredConstructor();
    constructor.setAccessible(true);
    return constructor.newInstance();
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith("dev.lanyard.") && !name.startsWith("software.amazon.awssdk.")) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      return loaded == null ? define(name) : loaded;
    }
  }

  private Class<?> define(String name) throws ClassNotFoundException {
    if (name.equals(INTERFACE)) {
      return defineClass(name, itsInterface, 0, itsInterface.length);
    }
    try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      byte[] bytes = in.readAllBytes();
      return defineClass(name, bytes, 0, bytes.length);
    } catch (IOException e) {
      throw new ClassNotFoundException(name, e);
    }
  }

  private static byte[] compile() throws URISyntaxException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    Output output = new Output(compiler.getStandardFileManager(null, Locale.ROOT, null));
    StringWriter messages = new StringWriter();
    String classPath =
        archive(Identity.class) + File.pathSeparator + archive(ToCopyableBuilder.class);
    boolean compiled =
        compiler
            .getTask(
                messages,
                output,
                null,
                List.of("-proc:none", "-classpath", classPath),
                null,
                List.of(new Source()))
            .call();
    assertThat(compiled).describedAs(messages.toString()).isTrue();
    return output.bytes.toByteArray();
  }

  private static String archive(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
  }

  private static final class Source extends SimpleJavaFileObject {
    Source() {
      super(URI.create("string:///" + INTERFACE.replace('.', '/') + ".java"), Kind.SOURCE);
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return SOURCE;
    }
  }

  /** Keeps the one class that is compiled. */
  private static final class Output extends ForwardingJavaFileManager<JavaFileManager> {
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Output(JavaFileManager files) {
      super(files);
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        Location location,
        String className,
        JavaFileObject.Kind kind,
        javax.tools.FileObject from) {
      return new SimpleJavaFileObject(URI.create("memory:///" + className), kind) {
        @Override
        public OutputStream openOutputStream() {
          return bytes;
        }
      };
    }
  }
}
