package dev.lanyard.testing;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * A port on which nobody answers an attempt to connect: it listens, its backlog is full, and nobody
 * accepts. The kernels of Linux and macOS then drop what a new client sends, as a firewall does.
 */
final class FullBacklog implements AutoCloseable {
  /** How long a connection takes that finds room, at most; one that does not is kept waiting. */
  private static final int ROOM_MILLIS = 100;

  /** They take the room that a slow machine made one think was not there. */
  private static final int SPARE = 4;

  private final List<Closeable> open = new ArrayList<>();

  FullBacklog(InetSocketAddress address) {
    try {
      ServerSocketChannel listener = ServerSocketChannel.open();
      open.add(listener);
      listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      listener.bind(address, 1);
      while (takesRoom(address)) {
        // The kernel decides how many more than the backlog it holds.
      }
      for (int i = 0; i < SPARE; i++) {
        SocketChannel waiting = SocketChannel.open();
        open.add(waiting);
        waiting.configureBlocking(false);
        waiting.connect(address);
      }
    } catch (IOException e) {
      close();
      throw new UncheckedIOException("The backlog of " + address + " cannot be filled", e);
    }
  }

  private boolean takesRoom(InetSocketAddress address) throws IOException {
    SocketChannel client = SocketChannel.open();
    open.add(client);
    try {
      client.socket().connect(address, ROOM_MILLIS);
      return true;
    } catch (SocketTimeoutException e) {
      return false;
    }
  }

  @Override
  public void close() {
    // The listener first, so that nobody who waits finds room.
    for (Closeable each : open) {
      try {
        each.close();
      } catch (IOException e) {
        throw new UncheckedIOException("The port cannot be let go", e);
      }
    }
  }
}
