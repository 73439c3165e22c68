package dev.lanyard.irsa;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** Listens on a free port of loopback, and serves one connection after another until closed. */
final class LoopbackServer implements AutoCloseable {
  private final ServerSocket server;

  private LoopbackServer(ServerSocket server) {
    this.server = server;
  }

  /** Serves a connection; an exception means that the test is over, or the client gone. */
  interface Connections {
    void serve(Socket client) throws IOException;
  }

  static LoopbackServer start(String name, Connections connections) {
    LoopbackServer server;
    try {
      server = new LoopbackServer(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread thread = new Thread(() -> server.run(connections), name);
    thread.setDaemon(true);
    thread.start();
    return server;
  }

  int port() {
    return server.getLocalPort();
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void run(Connections connections) {
    while (!server.isClosed()) {
      try (Socket client = server.accept()) {
        connections.serve(client);
      } catch (IOException e) {
        // The test is over, or the client has seen enough.
      }
    }
  }
}
