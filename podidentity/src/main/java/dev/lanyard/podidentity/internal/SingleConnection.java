package dev.lanyard.podidentity.internal;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpStatus;
import org.apache.hc.core5.http.ProtocolException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.io.DefaultBHttpClientConnection;
import org.jspecify.annotations.Nullable;

/**
 * The one connection of one exchange, in the place of an HTTP client and its connection pool.
 *
 * <p>The pool is for connections that are used again. An exchange wants the contrary, and four
 * things that the pool does not give:
 *
 * <ul>
 *   <li>the addresses that the resolver has checked are the ones connected to, without another
 *       look-up and without any proxy: a plain {@code new Socket()} goes through the SOCKS proxy of
 *       {@code socksProxyHost} or of the default {@link java.net.ProxySelector};
 *   <li>{@link #abort} ends it at any moment from another thread without waiting for a lock that
 *       the connecting thread holds;
 *   <li>nothing that it sends or receives is logged: the client's own connections write every
 *       header and every byte to {@code org.apache.hc.client5.http.headers} and {@code .wire};
 *   <li>nothing is drained when it is closed, so that a peer which promises an endless body is not
 *       listened to.
 * </ul>
 *
 * <p>HTTP is httpcore5's, of which nothing is used that its version 5.2 does not have; TLS is the
 * JDK's. There are no proxies, redirects, retries, cookies, authentication or compression to switch
 * off, and a process that has just started has half a hundred classes fewer to load.
 *
 * <p>Used by the thread of the exchange; {@link #abort} and {@link #stage} by any thread.
 */
final class SingleConnection implements AutoCloseable {

  /** How far the exchange has come. */
  enum Stage {
    RESOLVING,
    CONNECTING,
    SECURING,
    ASKING
  }

  /** Bounds on what may come back, the body apart. The agent sends well under a dozen headers. */
  private static final Http1Config LIMITS =
      Http1Config.custom().setMaxLineLength(16 * 1024).setMaxHeaderCount(100).build();

  /** Interim answers (1xx) before the answer. No agent sends one, and somebody may send no end. */
  private static final int MAX_INTERIM = 5;

  private final Endpoint endpoint;
  private final HostResolver resolver;
  private final Tls tls;
  private final int connectMillis;
  private final int readMillis;
  private final Link link = new Link();

  /** The plain one, below TLS too: closing it ends every wait, and waits for nobody itself. */
  private volatile @Nullable Socket socket;

  private @Nullable InetAddress peer;
  private volatile Stage stage = Stage.RESOLVING;
  private volatile boolean aborted;

  /**
   * @param endpoint where to connect to
   * @param resolver resolves the host and refuses addresses that the token must not go to
   * @param tls secures the connection where the endpoint asks for it
   * @param connect how long to wait for one address to accept the connection
   * @param read how long to wait for the next bytes of the answer
   */
  SingleConnection(
      Endpoint endpoint, HostResolver resolver, Tls tls, Duration connect, Duration read) {
    this.endpoint = endpoint;
    this.resolver = resolver;
    this.tls = tls;
    this.connectMillis = millis(connect);
    this.readMillis = millis(read);
  }

  private static int millis(Duration duration) {
    return (int) Math.min(Integer.MAX_VALUE, Math.max(1, duration.toMillis()));
  }

  /** Ends the exchange as soon as possible and lets no other connection come into being. */
  void abort() {
    // First the mark, then the socket: whoever makes a socket after the second sees the first.
    aborted = true;
    reset(socket);
  }

  boolean isAborted() {
    return aborted;
  }

  Stage stage() {
    return stage;
  }

  /** Tells whether who answers does so with this machine's clock. Once {@link #send} is over. */
  boolean isToThisNode() {
    InetAddress connected = peer;
    return connected != null && HostRule.isOnThisNode(connected);
  }

  /**
   * Connects and sends a request without a body.
   *
   * @return the answer, its body still to be read; no informational one
   * @throws NoHttpException if what came back is no answer that HTTP allows
   */
  ClassicHttpResponse send(ClassicHttpRequest request) throws IOException {
    connect();
    try {
      link.sendRequestHeader(request);
      link.flush();
      ClassicHttpResponse response = link.receiveResponseHeader();
      while (response.getCode() < HttpStatus.SC_SUCCESS) {
        response = link.receiveResponseHeader();
      }
      int status = response.getCode();
      if (status != HttpStatus.SC_NO_CONTENT && status != HttpStatus.SC_NOT_MODIFIED) {
        link.receiveResponseEntity(response);
      }
      return response;
    } catch (HttpException e) {
      throw new NoHttpException(e);
    }
  }

  private void connect() throws IOException {
    InetAddress[] addresses = resolver.resolve(endpoint.host());
    if (addresses == null || addresses.length == 0) {
      throw new UnknownHostException(endpoint.host());
    }
    for (int i = 0; ; i++) {
      // Also for the address after one that got as far as TLS: the last failure is the one told.
      stage = Stage.CONNECTING;
      try {
        connect(addresses[i]);
        peer = addresses[i];
        break;
      } catch (IOException e) {
        if (aborted || i == addresses.length - 1) {
          throw e;
        }
      }
    }
    stage = Stage.ASKING;
  }

  private void connect(InetAddress address) throws IOException {
    Socket plain = new Socket(Proxy.NO_PROXY);
    socket = plain;
    try {
      if (aborted) {
        throw new SocketException("the exchange was aborted");
      }
      plain.setTcpNoDelay(true);
      plain.setSoTimeout(readMillis);
      plain.connect(new InetSocketAddress(address, endpoint.effectivePort()), connectMillis);
      if (endpoint.tls()) {
        stage = Stage.SECURING;
        link.bind(tls.over(plain, endpoint.host(), endpoint.effectivePort()));
      } else {
        link.bind(plain);
      }
    } catch (IOException | RuntimeException e) {
      reset(plain);
      throw e;
    }
  }

  @Override
  public void close() {
    Socket plain = socket;
    if (plain == null) {
      return;
    }
    if (endpoint.tls() || aborted) {
      // A TLS socket that is closed in good order waits for the peer to say good-bye too.
      reset(plain);
    } else {
      close(plain);
    }
  }

  /** Ends a connection at once, whatever a thread is doing with it. */
  private static void reset(@Nullable Socket socket) {
    if (socket == null) {
      return;
    }
    try {
      socket.setSoLinger(true, 0);
    } catch (IOException e) {
      // Closed already, or never connected: there is nothing to send.
    }
    close(socket);
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is gone all the same.
    }
  }

  /** What came back is no answer that HTTP allows. */
  private static final class NoHttpException extends IOException {
    private static final long serialVersionUID = 1L;

    NoHttpException(HttpException cause) {
      super(cause);
    }
  }

  /** The HTTP core's own, which logs nothing. */
  private static final class Link extends DefaultBHttpClientConnection {
    private int heads;

    Link() {
      super(LIMITS);
    }

    @Override
    public ClassicHttpResponse receiveResponseHeader() throws HttpException, IOException {
      if (heads++ > MAX_INTERIM) {
        throw new ProtocolException("too many interim answers");
      }
      return super.receiveResponseHeader();
    }
  }
}
