package dev.lanyard.irsa;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP proxy on loopback that takes CONNECT. Wherever the tunnel is to lead, an STS that issues
 * credentials is at its other end, behind TLS.
 */
final class TunnelProxy implements AutoCloseable {
  private final LoopbackServer server;
  private final TlsPeer sts;
  private final @Nullable TlsPeer self;
  private final List<String> heads = new CopyOnWriteArrayList<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private volatile String answer = "HTTP/1.1 200 Connection established\r\n\r\n";
  private volatile String authorization = "";

  private TunnelProxy(TlsPeer sts, @Nullable TlsPeer self) {
    this.sts = sts;
    this.self = self;
    server = LoopbackServer.start("tunnel-proxy", this::serve);
  }

  static TunnelProxy to(TlsPeer sts) {
    return new TunnelProxy(sts, null);
  }

  /** A proxy that is itself spoken to over TLS. */
  static TunnelProxy overTls(TlsPeer sts, TlsPeer self) {
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
    return server.port();
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
    server.close();
  }

  private void serve(Socket accepted) throws IOException {
    try (Socket client = self == null ? accepted : self.over(accepted)) {
      String head = head(client.getInputStream());
      heads.add(head);
      boolean known =
          authorization.isEmpty()
              || head.contains("\r\nProxy-Authorization: " + authorization + "\r\n");
      String said = known ? answer : "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n";
      client.getOutputStream().write(said.getBytes(ISO_8859_1));
      client.getOutputStream().flush();
      if (said.contains("HTTP/1.1 200 ")) {
        answerAsSts(client);
      }
    }
  }

  private void answerAsSts(Socket tunnel) throws IOException {
    try (Socket client = sts.over(tunnel)) {
      String head = head(client.getInputStream());
      requests.add(head);
      String length = head.replaceFirst("(?s).*\r\nContent-Length: (\\d+)\r\n.*", "$1");
      client.getInputStream().readNBytes(Integer.parseInt(length));
      byte[] body = ScriptedSts.success("ASIAEXAMPLEEXAMPLE01").getBytes(ISO_8859_1);
      client
          .getOutputStream()
          .write(
              ("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: "
                      + body.length
                      + "\r\n\r\n")
                  .getBytes(ISO_8859_1));
      client.getOutputStream().write(body);
      client.getOutputStream().flush();
    }
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int c = in.read();
      if (c < 0) {
        throw new IOException("no HTTP");
      }
      head.append((char) c);
    }
    return head.toString();
  }
}
