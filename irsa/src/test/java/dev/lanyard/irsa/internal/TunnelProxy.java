package dev.lanyard.irsa.internal;

import dev.lanyard.peer.Behaviour;
import dev.lanyard.peer.Certificate;
import dev.lanyard.peer.Peer;
import dev.lanyard.peer.Request;
import java.io.IOException;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP proxy on loopback that takes CONNECT. Wherever the tunnel is to lead, an STS that issues
 * credentials is at its other end, behind TLS.
 */
final class TunnelProxy implements AutoCloseable {
  private final Peer peer;
  private final Certificate sts;
  private final List<String> heads = new CopyOnWriteArrayList<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private volatile String answer = "HTTP/1.1 200 Connection established\r\n\r\n";
  private volatile String authorization = "";

  private TunnelProxy(Certificate sts, @Nullable Certificate self) {
    this.sts = sts;
    peer = self == null ? Peer.that(this::meet) : Peer.overTls(self, this::meet);
  }

  static TunnelProxy to(Certificate sts) {
    return new TunnelProxy(sts, null);
  }

  /** A proxy that is itself spoken to over TLS. */
  static TunnelProxy overTls(Certificate sts, Certificate self) {
    return new TunnelProxy(sts, self);
  }

  /** Lets in who sends this value of Proxy-Authorization only. */
  TunnelProxy requires(String authorization) {
    this.authorization = authorization;
    return this;
  }

  TunnelProxy answers(String head) {
    this.answer = head + "\r\n\r\n";
    return this;
  }

  int port() {
    return peer.port();
  }

  /** What was asked of the proxy: each head whole. */
  List<String> heads() {
    return heads;
  }

  /** What came through the tunnels: each head whole. */
  List<String> requests() {
    return requests;
  }

  @Override
  public void close() {
    peer.close();
  }

  private void meet(Request request, Socket client) throws IOException, InterruptedException {
    String head = text(request);
    heads.add(head);
    boolean known =
        authorization.isEmpty()
            || head.contains("\r\nProxy-Authorization: " + authorization + "\r\n");
    String said = known ? answer : "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n";
    Behaviour.raw(said).meet(request, client);
    if (said.contains("HTTP/1.1 200 ")) {
      answerAsSts(client);
    }
  }

  private void answerAsSts(Socket tunnel) throws IOException, InterruptedException {
    try (Socket client = sts.over(tunnel)) {
      Request request = Request.read(client.getInputStream());
      if (request != null) {
        requests.add(text(request));
        Behaviour.text(
                "200 OK", ScriptedSts.success("ASIAEXAMPLEEXAMPLE01"), "Content-Type: text/xml")
            .meet(request, client);
      }
    }
  }

  private static String text(Request request) {
    return String.join("\r\n", request.head()) + "\r\n\r\n";
  }
}
