package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanyard.peer.Behaviour;
import dev.lanyard.peer.Peer;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConnectionTest {
  private Peer server;

  @BeforeEach
  void listen() {
    server = Peer.that(Behaviour.silence());
  }

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void theNextAddressOfANameIsTriedWhereOneRefuses() throws Exception {
    try (Connection connection =
        new Connection(new TestContext(), host -> addresses("127.0.0.2", "127.0.0.1"))) {
      Socket socket = connection.open(endpoint(), Optional.empty());

      assertThat(socket.getInetAddress()).isEqualTo(addresses("127.0.0.1")[0]);
      assertThat(socket.isConnected()).isTrue();
    }
  }

  @Test
  void theLastRefusalIsToldWhereNoAddressAccepts() {
    try (Connection connection =
        new Connection(new TestContext(), host -> addresses("127.0.0.2", "127.0.0.3"))) {
      assertThatThrownBy(() -> connection.open(endpoint(), Optional.empty()))
          .isInstanceOf(ConnectException.class);
    }
  }

  @Test
  void noAddressIsTriedOnceTheBudgetIsGone() throws Exception {
    TestContext context = new TestContext();
    Connection.Names slow =
        host -> {
          context.runOut();
          return addresses("127.0.0.1", "127.0.0.1");
        };
    try (Connection connection = new Connection(context, slow)) {
      assertThatThrownBy(() -> connection.open(endpoint(), Optional.empty()))
          .isInstanceOf(InterruptedIOException.class);
    }
  }

  private URI endpoint() {
    return URI.create("http://sts.example:" + server.port());
  }

  private static InetAddress[] addresses(String... literals) throws java.net.UnknownHostException {
    InetAddress[] addresses = new InetAddress[literals.length];
    for (int i = 0; i < literals.length; i++) {
      addresses[i] = InetAddress.getByName(literals[i]);
    }
    return addresses;
  }
}
