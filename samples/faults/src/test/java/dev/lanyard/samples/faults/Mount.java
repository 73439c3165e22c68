package dev.lanyard.samples.faults;

import dev.lanyard.runtime.Time.Lane;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file system that can hang. It has one file, that of another file system. While it hangs, a
 * thread that looks at the file or reads it is held, interrupted or not, until the file system
 * comes back: as with a network file system whose server is gone.
 *
 * <p>It holds only threads that may be held. That of the timers, or of a caller, is noted instead:
 * it must not be here at all.
 */
final class Mount extends FileSystem {
  private enum Hangs {
    NOT,
    /** A look between two exchanges. */
    LOOKS,
    /** Opening the file to read it. */
    READING,
    EVERYTHING
  }

  private final Provider provider = new Provider();

  // All guarded by this.
  private Hangs hangs = Hangs.NOT;
  private int held;
  private final List<String> trespassers = new ArrayList<>();

  /** The same file, by way of this file system. */
  Path file(Path real) {
    return (Path)
        Proxy.newProxyInstance(
            Mount.class.getClassLoader(),
            new Class<?>[] {Path.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("getFileSystem")) {
                return this;
              }
              try {
                return method.invoke(real, arguments);
              } catch (InvocationTargetException e) {
                throw Objects.requireNonNull(e.getCause());
              }
            });
  }

  void looksHang() {
    hang(Hangs.LOOKS);
  }

  void readingHangs() {
    hang(Hangs.READING);
  }

  void hangs() {
    hang(Hangs.EVERYTHING);
  }

  private synchronized void hang(Hangs what) {
    hangs = what;
  }

  synchronized void comesBack() {
    hangs = Hangs.NOT;
    // At once, and not when they have woken: until then nobody may take them for held.
    held = 0;
    notifyAll();
  }

  /** How many threads are held. */
  synchronized int held() {
    return held;
  }

  /** The threads that were here and must never be. */
  synchronized List<String> trespassers() {
    return List.copyOf(trespassers);
  }

  private synchronized void pass(boolean reads) {
    Lane lane = Lanes.ofThisThread();
    if (lane == null) {
      trespassers.add(Thread.currentThread().getName());
      return;
    }
    if (!holds(lane, reads)) {
      return;
    }
    boolean interrupted = false;
    held++;
    while (holds(lane, reads)) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean holds(Lane lane, boolean reads) {
    return switch (hangs) {
      case NOT -> false;
      case LOOKS -> lane == Lane.FILE;
      case READING -> reads;
      case EVERYTHING -> true;
    };
  }

  // ---- What Files asks of the file

  private final class Provider extends FileSystemProvider {
    private Path real(Path path) {
      return Path.of(path.toString());
    }

    @Override
    public void checkAccess(Path path, AccessMode... modes) throws IOException {
      pass(false);
      real(path).getFileSystem().provider().checkAccess(real(path), modes);
    }

    @Override
    public <A extends BasicFileAttributes> A readAttributes(
        Path path, Class<A> type, LinkOption... options) throws IOException {
      pass(false);
      return Files.readAttributes(real(path), type, options);
    }

    @Override
    public InputStream newInputStream(Path path, OpenOption... options) throws IOException {
      pass(true);
      return Files.newInputStream(real(path), options);
    }

    @Override
    public SeekableByteChannel newByteChannel(
        Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
        throws IOException {
      pass(true);
      return Files.newByteChannel(real(path), options, attributes);
    }

    // Nobody asks for the rest.

    @Override
    public String getScheme() {
      return "mount";
    }

    @Override
    public FileSystem newFileSystem(URI uri, Map<String, ?> env) {
      throw new UnsupportedOperationException();
    }

    @Override
    public FileSystem getFileSystem(URI uri) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Path getPath(URI uri) {
      throw new UnsupportedOperationException();
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(
        Path directory, DirectoryStream.Filter<? super Path> filter) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void createDirectory(Path directory, FileAttribute<?>... attributes) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void delete(Path path) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void copy(Path source, Path target, CopyOption... options) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void move(Path source, Path target, CopyOption... options) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean isSameFile(Path one, Path other) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean isHidden(Path path) {
      throw new UnsupportedOperationException();
    }

    @Override
    public FileStore getFileStore(Path path) {
      throw new UnsupportedOperationException();
    }

    @Override
    public <V extends FileAttributeView> @Nullable V getFileAttributeView(
        Path path, Class<V> type, LinkOption... options) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void setAttribute(Path path, String name, Object value, LinkOption... options) {
      throw new UnsupportedOperationException();
    }
  }

  @Override
  public FileSystemProvider provider() {
    return provider;
  }

  @Override
  public void close() {
    comesBack();
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public boolean isReadOnly() {
    return true;
  }

  @Override
  public String getSeparator() {
    return "/";
  }

  @Override
  public Iterable<Path> getRootDirectories() {
    return List.of();
  }

  @Override
  public Iterable<FileStore> getFileStores() {
    return List.of();
  }

  @Override
  public Set<String> supportedFileAttributeViews() {
    return Set.of("basic");
  }

  @Override
  public Path getPath(String first, String... more) {
    throw new UnsupportedOperationException();
  }

  @Override
  public PathMatcher getPathMatcher(String pattern) {
    throw new UnsupportedOperationException();
  }

  @Override
  public UserPrincipalLookupService getUserPrincipalLookupService() {
    throw new UnsupportedOperationException();
  }

  @Override
  public WatchService newWatchService() {
    throw new UnsupportedOperationException();
  }
}
