package dev.lanyard.peer;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** What a {@link Peer} does with a connection once it has read a request. */
@FunctionalInterface
public interface Behaviour {
  /**
   * Answers, or does something else. The connection is closed afterwards.
   *
   * @param request what came in
   * @param connection where it came from
   * @throws IOException if the client has gone, which is no failure of a test
   * @throws InterruptedException if the thread is interrupted
   */
  void meet(Request request, Socket connection) throws IOException, InterruptedException;

  /**
   * Answers with a status line, headers as they are, and a body whose length is said.
   *
   * @param status status and reason, such as {@code 200 OK}
   * @param body sent in UTF-8
   * @param headers lines such as {@code Retry-After: 1}
   * @return the behaviour
   */
  static Behaviour text(String status, String body, String... headers) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    StringBuilder head = new StringBuilder("HTTP/1.1 " + status + "\r\n");
    for (String header : headers) {
      head.append(header).append("\r\n");
    }
    head.append("Content-Length: ").append(bytes.length).append("\r\n\r\n");
    return (request, connection) -> {
      raw(head.toString()).meet(request, connection);
      connection.getOutputStream().write(bytes);
      connection.getOutputStream().flush();
    };
  }

  /**
   * Sends bytes as they are.
   *
   * @param bytes a character for each
   * @return the behaviour
   */
  static Behaviour raw(String bytes) {
    return (request, connection) -> {
      connection.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
      connection.getOutputStream().flush();
    };
  }

  /**
   * Breaks the connection off with a reset, after some bytes of an answer.
   *
   * @param bytes a character for each; may be none
   * @return the behaviour
   */
  static Behaviour reset(String bytes) {
    return (request, connection) -> {
      raw(bytes).meet(request, connection);
      connection.setSoLinger(true, 0);
      connection.close();
    };
  }

  /**
   * Says nothing until the client hangs up.
   *
   * @return the behaviour
   */
  static Behaviour silence() {
    return (request, connection) -> {
      if (connection.getInputStream().read() >= 0) {
        throw new IOException("more than one request on a connection");
      }
    };
  }
}
