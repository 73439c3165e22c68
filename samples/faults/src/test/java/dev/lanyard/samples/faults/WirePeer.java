package dev.lanyard.samples.faults;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server of bare sockets, for the three faults that the fakes do not have: a connection that is
 * never accepted, one that is reset in the midst of an answer, and one that falls silent there.
 *
 * <p>A connection hangs as it does behind a firewall that drops packets: the queue of the listening
 * socket is full, so that the system does not answer another client.
 */
final class WirePeer implements Peer, Closeable {
  private enum Mode {
    PROPER,
    RESETS,
    FALLS_SILENT
  }

  /**
   * How long a connection that fills the queue may take; on loopback the system answers at once.
   */
  private static final int FILLING_MILLIS = 200;

  /** More than the queue of any system is rounded up to. */
  private static final int MOST_FILLERS = 64;

  private static final Pattern LENGTH =
      Pattern.compile("(?im)^content-length:\\s*(\\d+)\\s*$", Pattern.MULTILINE);

  private static final DateTimeFormatter HTTP_DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
          .withZone(ZoneOffset.UTC);

  private final Source source;
  private final VirtualTime time;
  private final Heard heard;
  private final ServerSocket server;
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "wire-peer");
            thread.setDaemon(true);
            return thread;
          });
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicInteger serial = new AtomicInteger();
  private final Map<String, Instant> issued = new ConcurrentHashMap<>();

  // All guarded by this.
  private final List<Socket> fillers = new ArrayList<>();
  private final List<Socket> connections = new ArrayList<>();
  private boolean accepts = true;
  private Mode mode = Mode.PROPER;

  WirePeer(Source source, VirtualTime time, Heard heard) {
    this.source = source;
    this.time = time;
    this.heard = heard;
    try {
      this.server = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    threads.execute(this::accept);
  }

  @Override
  public URI endpoint() {
    String root = "http://127.0.0.1:" + server.getLocalPort();
    return URI.create(source == Source.IRSA ? root : root + "/v1/credentials");
  }

  @Override
  public int requests() {
    return requests.get();
  }

  @Override
  public Instant expirationOf(String accessKeyId) {
    Instant expiration = issued.get(accessKeyId);
    if (expiration == null) {
      throw new AssertionError("credentials that nobody has issued");
    }
    return expiration;
  }

  /** Sends half of an answer and resets the connection. */
  synchronized void resetsInTheMidstOfAnAnswer() {
    mode = Mode.RESETS;
  }

  /** Sends half of an answer and then nothing. */
  synchronized void fallsSilentInTheMidstOfAnAnswer() {
    mode = Mode.FALLS_SILENT;
  }

  /** Accepts no connection and refuses none. */
  void acceptsNoConnection() {
    synchronized (this) {
      accepts = false;
    }
    for (int i = 0; i < MOST_FILLERS; i++) {
      Socket filler = new Socket();
      synchronized (this) {
        fillers.add(filler);
      }
      try {
        filler.connect(
            new InetSocketAddress(server.getInetAddress(), server.getLocalPort()), FILLING_MILLIS);
      } catch (SocketTimeoutException e) {
        // Here is the fault: the queue is full.
        return;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    throw new AssertionError("the queue of connections never fills");
  }

  @Override
  public void recovers() {
    synchronized (this) {
      mode = Mode.PROPER;
      accepts = true;
      fillers.forEach(WirePeer::closeQuietly);
      fillers.clear();
      connections.forEach(WirePeer::closeQuietly);
      connections.clear();
      notifyAll();
    }
  }

  @Override
  public void close() {
    recovers();
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    threads.shutdownNow();
  }

  private void accept() {
    try {
      while (true) {
        synchronized (this) {
          while (!accepts) {
            wait();
          }
        }
        // One that was waited for while connections were still accepted may be a filler: it closes
        // without a request.
        @SuppressWarnings("resource") // Closed by the task.
        Socket socket = server.accept();
        threads.execute(() -> serve(socket));
      }
    } catch (IOException | InterruptedException e) {
      // Closed.
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      if (!read(socket.getInputStream())) {
        return;
      }
      Mode now;
      synchronized (this) {
        now = mode;
        connections.add(socket);
      }
      byte[] answer = answer();
      requests.incrementAndGet();
      OutputStream out = socket.getOutputStream();
      if (now == Mode.PROPER) {
        out.write(answer);
        out.flush();
        return;
      }
      out.write(answer, 0, answer.length - 200);
      out.flush();
      if (now == Mode.RESETS) {
        socket.setSoLinger(true, 0);
      } else {
        // Until the client hangs up, or this is told to recover.
        int unused = socket.getInputStream().read();
      }
    } catch (IOException e) {
      // The client has hung up.
    }
  }

  /** Reads one request; tells whether there was one. */
  private static boolean read(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    int matched = 0;
    while (matched < 4) {
      int b = in.read();
      if (b < 0) {
        return false;
      }
      head.write(b);
      matched = b == "\r\n\r\n".charAt(matched) ? matched + 1 : b == '\r' ? 1 : 0;
    }
    Matcher length = LENGTH.matcher(head.toString(StandardCharsets.ISO_8859_1));
    if (length.find()) {
      in.readNBytes(Integer.parseInt(length.group(1)));
    }
    return true;
  }

  private byte[] answer() {
    Instant now = time.rightNow();
    Duration life = source == Source.IRSA ? Duration.ofHours(1) : Duration.ofHours(6);
    Instant expiration = now.plus(life).truncatedTo(ChronoUnit.SECONDS);
    // Twenty characters of the alphabet of key ids, another one each time.
    String keyId = "ASIA" + "WIRE".repeat(3) + letters(serial.incrementAndGet());
    String secret = "wireSecretAccessKey" + keyId;
    String token = "IQoJwireSessionToken" + keyId + "x".repeat(400);
    issued.put(keyId, expiration);
    heard.secret(secret);
    heard.secret(token);
    String body =
        source == Source.IRSA
            ? xml(keyId, secret, token, expiration)
            : json(keyId, secret, token, expiration);
    String head =
        "HTTP/1.1 200 OK\r\nDate: "
            + HTTP_DATE.format(now)
            + "\r\nContent-Type: "
            + (source == Source.IRSA ? "text/xml" : "application/json")
            + "\r\nContent-Length: "
            + body.length()
            + "\r\nConnection: close\r\n\r\n";
    return (head + body).getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String letters(int number) {
    StringBuilder letters = new StringBuilder();
    for (int i = 0, rest = number; i < 4; i++, rest /= 26) {
      letters.append((char) ('A' + rest % 26));
    }
    return letters.toString();
  }

  private static String json(String keyId, String secret, String token, Instant expiration) {
    return "{\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"%s\",\"Token\":\"%s\",\"Expiration\":\"%s\"}"
        .formatted(keyId, secret, token, expiration);
  }

  private static String xml(String keyId, String secret, String token, Instant expiration) {
    return """
    <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
      <AssumeRoleWithWebIdentityResult>
        <Credentials>
          <AccessKeyId>%s</AccessKeyId>
          <SecretAccessKey>%s</SecretAccessKey>
          <SessionToken>%s</SessionToken>
          <Expiration>%s</Expiration>
        </Credentials>
      </AssumeRoleWithWebIdentityResult>
    </AssumeRoleWithWebIdentityResponse>
    """
        .formatted(keyId, secret, token, expiration);
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is closed all the same.
    }
  }
}
