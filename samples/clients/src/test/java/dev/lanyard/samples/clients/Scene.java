package dev.lanyard.samples.clients;

import dev.lanyard.testing.FakeEks;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Function;

/**
 * A pod of a cluster, and what a client in it has to get.
 *
 * @param title what is the matter, for a person
 * @param pod sets the cluster up, with a pod
 */
record Scene(String title, Function<FakeEks, Pod> pod, Expected expected) {
  /**
   * A pod.
   *
   * @param variables its environment, with the real paths of its files
   * @param later what happens to it when the client has been answered once
   */
  record Pod(Map<String, String> variables, Runnable later) {
    static Pod of(Map<String, String> variables) {
      return new Pod(variables, () -> {});
    }
  }

  /** Who gives the credentials, or refuses them. */
  enum Source {
    STS,
    AGENT;

    Source other() {
      return this == STS ? AGENT : STS;
    }
  }

  /** What a client has to get. */
  sealed interface Expected {
    Source source();

    /** Credentials that STS accepts. */
    record Accepted(Source source) implements Expected {}

    /** A refusal, and credentials once {@link Pod#later} has happened to the running client. */
    record AcceptedLater(Source source) implements Expected {}

    /**
     * A refusal.
     *
     * @param status the HTTP status of the fake's answer
     * @param code the error code of the fake's answer; empty where the agent answers with text
     * @param words what the client's error says
     */
    record Refused(Source source, int status, String code, Map<Client, String> words)
        implements Expected {}
  }

  /** The same, where the error of one client does not say what those of the others do. */
  Scene but(Client client, String says) {
    if (!(expected instanceof Expected.Refused refused)) {
      throw new IllegalStateException(title + " is no refusal");
    }
    Map<Client, String> words = new EnumMap<>(refused.words());
    words.put(client, says);
    return new Scene(
        title,
        pod,
        new Expected.Refused(refused.source(), refused.status(), refused.code(), words));
  }
}
