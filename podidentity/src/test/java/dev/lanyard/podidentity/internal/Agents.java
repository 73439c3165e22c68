package dev.lanyard.podidentity.internal;

import dev.lanyard.peer.Behaviour;
import dev.lanyard.peer.Peer;
import dev.lanyard.testing.FakeAgent;
import java.util.HashMap;
import java.util.Map;

/** Agents that say what a test tells them, and peers in an agent's place. */
final class Agents {
  private Agents() {}

  static Peer answering(String status, String body, String... headers) {
    return Peer.that(Behaviour.text(status, body, headers));
  }

  /** Lets a fake answer this from now on, whatever it is asked. */
  static void says(FakeAgent agent, String status, String body, String... headers) {
    Map<String, String> fields = new HashMap<>();
    for (String header : headers) {
      String[] field = header.split(": ", 2);
      fields.put(field[0], field[1]);
    }
    agent.answerWith(Integer.parseInt(status.substring(0, 3)), fields, body);
  }

  static Peer answeringWell() {
    return answering("200 OK", Tokens.GOOD_BODY, "Content-Type: application/json");
  }

  static String uri(Peer peer) {
    return peer.uri() + "/v1/credentials";
  }
}
