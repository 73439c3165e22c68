package dev.lanyard.peer;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Listens on a free port of loopback, reads one request from each connection, records it, and then
 * does to the connection what it was told. Safe for use by many threads.
 */
public final class Peer implements Closeable {
  /** Far longer than anything takes that comes at all. */
  private static final int PATIENCE_SECONDS = 30;

  private final ServerSocket server;
  private final URI uri;
  private final boolean reads;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final CountDownLatch connected = new CountDownLatch(1);
  private final Semaphore asked = new Semaphore(0);
  private final AtomicInteger connections = new AtomicInteger();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private final Thread acceptor;
  private volatile Behaviour behaviour;

  private Peer(String scheme, ServerSocket server, boolean reads, Behaviour behaviour) {
    this.server = server;
    this.reads = reads;
    String host = server.getInetAddress().getHostAddress();
    this.uri =
        URI.create(
            scheme + "://" + (host.contains(":") ? "[::1]" : host) + ":" + server.getLocalPort());
    this.behaviour = behaviour;
    this.acceptor = daemon(this::accept, "peer");
  }

  /**
   * Listens on 127.0.0.1.
   *
   * @param behaviour what it does with each connection
   * @return a peer that listens until it is closed
   */
  public static Peer that(Behaviour behaviour) {
    return at("127.0.0.1", behaviour);
  }

  /**
   * Listens on 127.0.0.1, and reads nothing by itself: for what comes in is no HTTP, as the first
   * bytes of a handshake.
   *
   * @param behaviour what it does as soon as there is a connection; the request has no line
   * @return a peer that listens until it is closed
   */
  public static Peer atOnce(Behaviour behaviour) {
    return on("127.0.0.1", false, behaviour);
  }

  /**
   * Listens on an address of loopback.
   *
   * @param address {@code ::1}, or one that begins with 127
   * @param behaviour what it does with each connection
   * @return a peer that listens until it is closed
   */
  public static Peer at(String address, Behaviour behaviour) {
    return on(address, true, behaviour);
  }

  /**
   * Tells whether a peer can listen at an address: not every machine has IPv6.
   *
   * @param address {@code ::1}, or one that begins with 127
   * @return whether {@link #at} would listen
   */
  public static boolean canListenAt(String address) {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(address))) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  private static Peer on(String address, boolean reads, Behaviour behaviour) {
    try {
      InetAddress loopback = InetAddress.getByName(address);
      if (!loopback.isLoopbackAddress()) {
        throw new IllegalArgumentException("Not on loopback: " + address);
      }
      return new Peer("http", new ServerSocket(0, 50, loopback), reads, behaviour);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Listens on 127.0.0.1, over TLS.
   *
   * @param certificate what it shows
   * @param behaviour what it does with each connection once the handshake is over
   * @return a peer that listens until it is closed
   */
  public static Peer overTls(Certificate certificate, Behaviour behaviour) {
    try {
      return new Peer("https", certificate.listen(), true, behaviour);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Changes what it does, from the next request on.
   *
   * @param next what it does with each connection
   */
  public void behave(Behaviour next) {
    behaviour = next;
  }

  /**
   * Returns where it listens.
   *
   * @return scheme, address and port
   */
  public URI uri() {
    return uri;
  }

  /**
   * Returns where it listens.
   *
   * @return the port
   */
  public int port() {
    return server.getLocalPort();
  }

  /**
   * Returns how many connections have been opened.
   *
   * @return the count, whether a request came or not
   */
  public int connections() {
    return connections.get();
  }

  /**
   * Returns what has come in.
   *
   * @return complete requests, oldest first
   */
  public List<Request> requests() {
    return List.copyOf(requests);
  }

  /**
   * Waits for the first connection.
   *
   * @return whether there is one
   * @throws InterruptedException if the thread is interrupted
   */
  public boolean awaitConnection() throws InterruptedException {
    return connected.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /**
   * Waits for the next request that nobody has waited for.
   *
   * @return whether there is one
   * @throws InterruptedException if the thread is interrupted
   */
  public boolean awaitRequest() throws InterruptedException {
    return asked.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  /**
   * Waits a moment, as between two bytes of an answer that drips.
   *
   * @return whether the peer is still open
   * @throws InterruptedException if the thread is interrupted
   */
  public boolean pause() throws InterruptedException {
    return !closed.await(20, TimeUnit.MILLISECONDS);
  }

  /** Frees the port and closes every connection. Who connects from now on is refused. */
  @Override
  public void close() {
    closed.countDown();
    try {
      server.close();
      // The kernel listens until the thread has left it, which may be after the socket's close.
      acceptor.join();
      for (Socket socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void accept() {
    while (closed.getCount() > 0) {
      try {
        @SuppressWarnings("resource") // Closed by its thread.
        Socket socket = server.accept();
        connections.incrementAndGet();
        connected.countDown();
        open.add(socket);
        Thread unused = daemon(() -> serve(socket), "peer-connection");
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      Request request = reads ? Request.read(socket.getInputStream()) : Request.NONE;
      if (request != null) {
        if (reads) {
          requests.add(request);
        }
        asked.release();
        behaviour.meet(request, socket);
      }
    } catch (IOException e) {
      // The client has gone, as many tests want it to.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      open.remove(socket);
    }
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }
}
