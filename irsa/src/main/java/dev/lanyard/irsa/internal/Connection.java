package dev.lanyard.irsa.internal;

import dev.lanyard.spi.ExchangeContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.http.SystemPropertyTlsKeyManagersProvider;

/**
 * The connection of one attempt: straight to STS or through a proxy's tunnel, over TLS where the
 * endpoint is https.
 *
 * <p>{@link #abort} ends whatever it is blocked in, a silent peer included, since it closes the
 * socket below TLS. Nothing of the process has a say in where it leads: no {@code ProxySelector},
 * no SOCKS setting, no {@code Authenticator}. Certificates are checked by the JVM's trust store and
 * against the host's name.
 */
final class Connection implements AutoCloseable {
  /** A third of what is left goes to an address at most, and not more than the SDK's default. */
  private static final Duration MAX_CONNECT = Duration.ofSeconds(2);

  private static final int HTTPS_PORT = 443;
  private static final int HTTP_PORT = 80;

  /** How a host name becomes addresses. */
  interface Names {
    InetAddress[] resolve(String host) throws UnknownHostException;
  }

  private final ExchangeContext context;
  private final @Nullable Names names;
  private volatile @Nullable Socket raw;
  private volatile boolean aborted;

  Connection(ExchangeContext context) {
    this(context, null);
  }

  /** As {@link #Connection(ExchangeContext)}, with other names than those of the JDK. */
  Connection(ExchangeContext context, @Nullable Names names) {
    this.context = context;
    this.names = names;
  }

  /**
   * Connects, once.
   *
   * @return where to write the request
   */
  Socket open(URI endpoint, Optional<HttpProxy> through) throws IOException {
    boolean tls = "https".equalsIgnoreCase(endpoint.getScheme());
    String host = withoutBrackets(endpoint.getHost());
    int port = endpoint.getPort() >= 0 ? endpoint.getPort() : tls ? HTTPS_PORT : HTTP_PORT;
    Socket socket;
    if (through.isPresent()) {
      socket = tunnel(through.get(), endpoint.getHost() + ":" + port);
    } else {
      socket = connect(host, port);
    }
    return tls ? secure(socket, host, port) : socket;
  }

  /** Returns what comes in, each read within what is left of the budget. */
  InputStream input(Socket socket) throws IOException {
    return new BoundedInput(socket.getInputStream());
  }

  /** Ends what is in progress and forbids another. Does not block; for any thread. */
  void abort() {
    aborted = true;
    close();
  }

  /** Says whether the attempt has run out of time. */
  boolean isOutOfTime() {
    return aborted || context.timeLeft().isZero();
  }

  /**
   * Throws if the attempt has run out of time.
   *
   * @throws InterruptedIOException if so
   */
  void checkTime() throws InterruptedIOException {
    if (isOutOfTime()) {
      throw new InterruptedIOException("the time budget of the exchange has run out");
    }
  }

  /** Closes the socket below TLS: a farewell might block, and the answer says where it ends. */
  @Override
  public void close() {
    Socket socket = raw;
    if (socket != null) {
      try {
        socket.close();
      } catch (IOException e) {
        // It is of no use any more, closed or not.
      }
    }
  }

  private Socket connect(String host, int port) throws IOException {
    checkTime();
    InetAddress[] addresses = names == null ? InetAddress.getAllByName(host) : names.resolve(host);
    // A VPC interface endpoint has an address in each zone: that one of them is down is no outage.
    for (int i = 0; ; i++) {
      try {
        return connect(addresses[i], port);
      } catch (IOException e) {
        close();
        if (i == addresses.length - 1 || isOutOfTime()) {
          throw e;
        }
      }
    }
  }

  private Socket connect(InetAddress address, int port) throws IOException {
    Socket socket = new Socket(Proxy.NO_PROXY);
    // Publish first: an abort from here on finds the socket, an earlier one is seen below.
    raw = socket;
    checkTime();
    Duration limit = context.timeLeft().dividedBy(3);
    socket.connect(
        new InetSocketAddress(address, port),
        millis(limit.compareTo(MAX_CONNECT) < 0 ? limit : MAX_CONNECT));
    socket.setTcpNoDelay(true);
    return socket;
  }

  private Socket tunnel(HttpProxy proxy, String authority) throws IOException {
    try {
      Socket socket = connect(proxy.host(), proxy.port());
      if (proxy.tls()) {
        socket = secure(socket, proxy.host(), proxy.port());
      }
      StringBuilder request = new StringBuilder();
      request.append("CONNECT ").append(authority).append(" HTTP/1.1\r\nHost: ").append(authority);
      if (proxy.authorization() != null) {
        request.append("\r\nProxy-Authorization: ").append(proxy.authorization());
      }
      OutputStream out = socket.getOutputStream();
      out.write(request.append("\r\n\r\n").toString().getBytes(StandardCharsets.US_ASCII));
      out.flush();
      int status = HttpAnswer.readHead(input(socket)).status();
      if (status / 100 != 2) {
        throw new ProxyException(refusal(status), "the proxy refused a connection to STS", status);
      }
      return socket;
    } catch (ProxyException e) {
      throw e;
    } catch (IOException e) {
      checkTime();
      if (Certificates.areRefused(e)) {
        throw new ProxyException(
            Problems.PROXY_CERTIFICATE_REFUSED,
            "no secure connection to the proxy: this JVM does not accept its certificate",
            0);
      }
      throw failed(e);
    }
  }

  private static String refusal(int status) {
    if (status == 407) {
      return Problems.PROXY_AUTHENTICATION;
    }
    return StsFailures.isTransient(status) ? Problems.PROXY_IN_TROUBLE : Problems.PROXY_DENIED;
  }

  private static ProxyException failed(IOException e) {
    if (e instanceof UnknownHostException) {
      return new ProxyException(
          Problems.PROXY_UNKNOWN_HOST, "the host name of the proxy does not resolve", 0);
    }
    if (e instanceof SocketTimeoutException) {
      return new ProxyException(
          Problems.PROXY_NO_ANSWER_IN_TIME, "the proxy did not answer in time", 0);
    }
    if (e instanceof SSLException) {
      return new ProxyException(Problems.PROXY_NO_TLS, "no secure connection to the proxy", 0);
    }
    return new ProxyException(
        Problems.PROXY_NO_CONNECTION,
        "no connection through the proxy: " + e.getClass().getSimpleName(),
        0);
  }

  private Socket secure(Socket socket, String host, int port) throws IOException {
    SSLSocket secured = (SSLSocket) factory().createSocket(socket, host, port, true);
    SSLParameters parameters = secured.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    secured.setSSLParameters(parameters);
    limitReads();
    secured.startHandshake();
    return secured;
  }

  /**
   * As the JVM's system properties say it, at each attempt; what the process replaces is not it.
   */
  private static SSLSocketFactory factory() throws SSLException {
    try {
      SSLContext tls = SSLContext.getInstance("TLS");
      tls.init(SystemPropertyTlsKeyManagersProvider.create().keyManagers(), null, null);
      return tls.getSocketFactory();
    } catch (GeneralSecurityException e) {
      throw new SSLException("this JVM has no usable TLS", e);
    }
  }

  private void limitReads() throws IOException {
    checkTime();
    Socket socket = raw;
    if (socket != null) {
      socket.setSoTimeout(millis(context.timeLeft()));
    }
  }

  // Zero would mean no limit at all.
  private static int millis(Duration limit) {
    return (int) Math.max(1, Math.min(Integer.MAX_VALUE, limit.toMillis()));
  }

  private static String withoutBrackets(String host) {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  /** Gives up at the first read past the budget: a peer that sends a byte a second ends there. */
  private final class BoundedInput extends InputStream {
    private final InputStream in;

    BoundedInput(InputStream in) {
      this.in = in;
    }

    @Override
    public int read() throws IOException {
      limitReads();
      return in.read();
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      limitReads();
      return in.read(buffer, offset, length);
    }
  }
}
