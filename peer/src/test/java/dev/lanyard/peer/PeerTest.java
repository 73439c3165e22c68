package dev.lanyard.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PeerTest {
  private static HttpResponse<String> post(URI uri, String body) throws Exception {
    // The default context is made once: before a test trusts what this one may have to.
    SSLContext trust = SSLContext.getInstance("TLS");
    trust.init(null, null, null);
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .sslContext(trust)
        .build()
        .send(
            HttpRequest.newBuilder(uri)
                .header("X-One", "1")
                .POST(BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.ofString());
  }

  private static Socket connected(Peer peer) throws IOException {
    return new Socket(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), peer.port());
  }

  private static byte[] ask(Peer peer, String bytes) throws IOException {
    try (Socket socket = connected(peer)) {
      socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
      return socket.getInputStream().readAllBytes();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1"})
  void recordsWhatCameInAndAnswersWhatItIsTold(String address) throws Exception {
    assumeTrue(Peer.canListenAt(address), "this machine has IPv6");
    try (Peer peer = Peer.at(address, Behaviour.text("418 X", "caf\u00e9", "X-Two: 2"))) {
      HttpResponse<String> response = post(peer.uri().resolve("/a?b=c"), "d=e%20f&g=");

      assertThat(response.statusCode()).isEqualTo(418);
      assertThat(response.body()).isEqualTo("caf\u00e9");
      assertThat(response.headers().firstValue("X-Two")).contains("2");
      Request request = peer.requests().get(0);
      assertThat(request.method()).isEqualTo("POST");
      assertThat(request.target()).isEqualTo("/a?b=c");
      assertThat(request.header("x-ONE")).isEqualTo("1");
      assertThat(request.header("X")).isNull();
      assertThat(request.headers()).containsEntry("x-one", "1").containsKey("host");
      assertThat(request.body()).isEqualTo("d=e%20f&g=");
      assertThat(request.form()).containsEntry("d", "e f").containsEntry("g", "").hasSize(2);
      assertThat(peer.awaitRequest()).isTrue();
      assertThat(peer.connections()).isEqualTo(1);
    }
  }

  @Test
  void sendsBytesAsTheyAre() throws Exception {
    try (Peer peer = Peer.that(Behaviour.raw("\u00ffno HTTP"))) {
      assertThat(ask(peer, "GET / HTTP/1.1\r\n\r\n"))
          .isEqualTo("\u00ffno HTTP".getBytes(StandardCharsets.ISO_8859_1));
      peer.behave(Behaviour.raw(""));
      assertThat(ask(peer, "GET / HTTP/1.1\r\n\r\n")).isEmpty();
    }
  }

  @Test
  void resets() throws Exception {
    try (Peer peer = Peer.that(Behaviour.reset(""))) {
      assertThatThrownBy(() -> ask(peer, "GET / HTTP/1.1\r\n\r\n"))
          .isInstanceOf(SocketException.class);
    }
  }

  @Test
  void silenceLastsUntilTheClientHangsUpOrThePeerIsClosed() throws Exception {
    Peer peer = Peer.that(Behaviour.silence());
    try (Socket socket = connected(peer)) {
      socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      assertThat(peer.awaitRequest()).isTrue();
      assertThat(socket.getInputStream().available()).isZero();
      peer.close();
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void whoConnectsAfterItsCloseIsRefused() {
    for (int i = 0; i < 20; i++) {
      Peer peer = Peer.that(Behaviour.text("200 OK", ""));
      peer.close();
      assertThatThrownBy(() -> connected(peer)).isInstanceOf(ConnectException.class);
    }
  }

  @Test
  void aHeadWithoutItsEndIsNoRequest() throws Exception {
    try (Peer peer = Peer.that(Behaviour.text("200 OK", ""))) {
      try (Socket socket = connected(peer)) {
        socket.getOutputStream().write("GET / HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII));
        socket.shutdownOutput();
        assertThat(socket.getInputStream().read()).isEqualTo(-1);
      }
      assertThat(peer.awaitConnection()).isTrue();
      assertThat(peer.requests()).isEmpty();
    }
  }

  @Test
  void answersBeforeAnythingIsAskedIfToldSo() throws Exception {
    try (Peer peer = Peer.atOnce(Behaviour.raw("220 mail.example"));
        Socket socket = connected(peer)) {
      assertThat(socket.getInputStream().readAllBytes())
          .isEqualTo("220 mail.example".getBytes(StandardCharsets.US_ASCII));
      assertThat(peer.requests()).isEmpty();
    }
  }

  @Test
  void findsAHeaderByItsNameInAnyCaseAndKeepsItsValueToTheByte() {
    Request request = new Request(List.of("GET / HTTP/1.1", "X-One:  1 ", "x-Two:2"), "");
    assertThat(request.headers()).containsEntry("X-ONE", " 1 ").containsEntry("x-two", "2");
    assertThat(request.headers().keySet()).containsExactly("x-one", "x-two");
    assertThat(request.header("x-one")).isEqualTo(" 1 ");
    Request twice = new Request(List.of("GET / HTTP/1.1", "A: 1", "a: 2"), "b=1&b=2");
    assertThatThrownBy(twice::headers).hasMessageContaining("twice");
    assertThatThrownBy(twice::form).hasMessageContaining("twice");
  }

  @Test
  void listensOnLoopbackAlone() {
    assertThatThrownBy(() -> Peer.at("0.0.0.0", Behaviour.silence()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void showsACertificateThatIsTrustedOnceItIsSaid(@TempDir Path directory) throws Exception {
    Certificate certificate = Certificate.make(directory, "dns:peer.example,ip:127.0.0.1");
    try (Peer peer = Peer.overTls(certificate, Behaviour.text("200 OK", "secured"))) {
      assertThat(peer.uri().getScheme()).isEqualTo("https");
      certificate.trusted();
      assertThat(post(peer.uri(), "").body()).isEqualTo("secured");
    } finally {
      Certificate.trustAsBefore();
    }
  }
}
