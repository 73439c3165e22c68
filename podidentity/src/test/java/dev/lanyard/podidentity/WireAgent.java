package dev.lanyard.podidentity;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A peer that does to the wire what it is told, on a free loopback port. */
final class WireAgent implements Closeable {

  /** What to do with a connection once the head of a request has been read. */
  @FunctionalInterface
  interface Behaviour {
    void answer(Socket socket, OutputStream out) throws IOException, InterruptedException;
  }

  private final ServerSocket server;
  private final CountDownLatch connected = new CountDownLatch(1);
  private final Semaphore asked = new Semaphore(0);
  private final CountDownLatch closed = new CountDownLatch(1);
  private final AtomicInteger connections = new AtomicInteger();
  private final List<List<String>> requests = new CopyOnWriteArrayList<>();
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private volatile Behaviour behaviour;

  private WireAgent(ServerSocket server, Behaviour behaviour) {
    this.server = server;
    this.behaviour = behaviour;
    Thread thread = new Thread(this::accept, "wire-agent");
    thread.setDaemon(true);
    thread.start();
  }

  static WireAgent that(Behaviour behaviour) throws IOException {
    return at("127.0.0.1", behaviour);
  }

  static WireAgent at(String address, Behaviour behaviour) throws IOException {
    return new WireAgent(new ServerSocket(0, 50, InetAddress.getByName(address)), behaviour);
  }

  static WireAgent on(ServerSocket server, Behaviour behaviour) {
    return new WireAgent(server, behaviour);
  }

  static WireAgent answering(String status, String body, String... headers) throws IOException {
    return that(text(status, body, headers));
  }

  static WireAgent answeringWell() throws IOException {
    return answering("200 OK", Tokens.GOOD_BODY, "Content-Type: application/json");
  }

  static Behaviour text(String status, String body, String... headers) {
    return (socket, out) -> {
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      StringBuilder head = new StringBuilder("HTTP/1.1 " + status + "\r\n");
      for (String header : headers) {
        head.append(header).append("\r\n");
      }
      head.append("Content-Length: ").append(bytes.length).append("\r\n\r\n");
      out.write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
      out.write(bytes);
      out.flush();
    };
  }

  /** Bytes as they are, then the end. */
  static Behaviour raw(String bytes) {
    return (socket, out) -> {
      out.write(bytes.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
    };
  }

  void behave(Behaviour next) {
    behaviour = next;
  }

  int port() {
    return server.getLocalPort();
  }

  String uri() {
    return "http://127.0.0.1:" + port() + "/v1/credentials";
  }

  int connections() {
    return connections.get();
  }

  /** Waits for the first connection; tells whether there was one. */
  boolean awaitConnection() throws InterruptedException {
    return connected.await(30, TimeUnit.SECONDS);
  }

  /** Waits for the next request that nobody has waited for; tells whether there was one. */
  boolean awaitRequest() throws InterruptedException {
    return asked.tryAcquire(30, TimeUnit.SECONDS);
  }

  /** Says nothing until the client hangs up. */
  static Behaviour silence() {
    return (socket, out) -> {
      if (socket.getInputStream().read() >= 0) {
        throw new IOException("more than one request on a connection");
      }
    };
  }

  /** Breaks the connection off with a reset, after some bytes of an answer. */
  static Behaviour reset(String bytes) {
    return (socket, out) -> {
      raw(bytes).answer(socket, out);
      socket.setSoLinger(true, 0);
      socket.close();
    };
  }

  List<List<String>> requests() {
    return requests;
  }

  @Nullable String header(int request, String name) {
    return requests.get(request).stream()
        .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
        .map(line -> line.substring(name.length() + 1).strip())
        .findFirst()
        .orElse(null);
  }

  /** Waits a moment between two bytes; tells whether the test is still on. */
  boolean dribble() throws InterruptedException {
    return !closed.await(20, TimeUnit.MILLISECONDS);
  }

  private void accept() {
    while (closed.getCount() > 0) {
      try {
        Socket socket = server.accept();
        connections.incrementAndGet();
        connected.countDown();
        open.add(socket);
        Thread thread = new Thread(() -> serve(socket), "wire-agent-connection");
        thread.setDaemon(true);
        thread.start();
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
      List<String> head = new ArrayList<>();
      for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
        head.add(line);
      }
      if (!head.isEmpty()) {
        requests.add(head);
        asked.release();
        behaviour.answer(socket, socket.getOutputStream());
      }
    } catch (IOException e) {
      // The client has gone, as many of these tests want it to.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws IOException {
    closed.countDown();
    server.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
