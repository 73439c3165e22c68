package dev.lanyard.samples.clients;

import java.util.List;
import java.util.Map;

/** The table of the guide. */
final class Guide {
  private static final String START = "<!-- Written by ClientsTest. -->\n";
  private static final String END = "<!-- End of what ClientsTest writes. -->\n";

  private Guide() {}

  /** The document, with the table in its place. */
  static String with(
      String document, List<Scene> scenes, Map<Client, String> versions, Map<String, String> seen) {
    int start = document.indexOf(START);
    int end = document.indexOf(END);
    if (start < 0 || end < start) {
      throw new AssertionError("the document lacks the lines " + START + END);
    }
    return document.substring(0, start + START.length())
        + table(scenes, versions, seen)
        + document.substring(end);
  }

  private static String table(
      List<Scene> scenes, Map<Client, String> versions, Map<String, String> seen) {
    StringBuilder text = new StringBuilder("\n| A pod with |");
    for (Client client : Client.values()) {
      text.append(' ').append(client.title()).append(' ').append(versions.get(client)).append(" |");
    }
    text.append("\n| --- |").append(" --- |".repeat(Client.values().length)).append('\n');
    for (Scene scene : scenes) {
      text.append("| ").append(scene.title()).append(" |");
      for (Client client : Client.values()) {
        text.append(' ').append(seen.get(key(scene, client))).append(" |");
      }
      text.append('\n');
    }
    return text.append('\n').toString();
  }

  static String key(Scene scene, Client client) {
    return client + " | " + scene.title();
  }
}
