package dev.lanyard.samples.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.lanyard.samples.clients.Scene.Expected.AcceptedLater;
import dev.lanyard.samples.clients.Scene.Expected.Refused;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.IssuedCredentials;
import dev.lanyard.testing.LoggedRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Clients that are not ours accept the fakes, unmodified, through the variables that a pod has, and
 * their errors say what the fakes said. A client whose tools are not here is skipped. {@code
 * docs/testing.md} says which clients these are: written by {@code -Dclients.write=true}, and
 * otherwise compared.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ClientsTest {
  private static final Path MODULE = Path.of("").toAbsolutePath();
  private static final Path DOCUMENT =
      Objects.requireNonNull(MODULE.getParent()).resolveSibling("docs/testing.md");
  private static final String COMMAND =
      "mvn -B -Pclients -pl samples/clients -am verify -Dclients.write=true";

  private static final List<Scene> SCENES = Scenes.all();

  /** Mostly they wait: for a process to start, and for the pause before their next try. */
  private static final int SIDE_BY_SIDE = 4;

  /** What became of each scene, for the guide. */
  private static final Map<String, String> SEEN = new ConcurrentHashMap<>();

  private static final ExecutorService THREADS = Executors.newFixedThreadPool(SIDE_BY_SIDE);

  @AfterAll
  static void stop() {
    // The cells have ended: their tests have waited for them.
    THREADS.shutdownNow();
  }

  /** The cells run side by side, and each test waits for its own. */
  @TestFactory
  @Order(1)
  List<DynamicNode> cells() {
    List<Client> here = new ArrayList<>();
    List<DynamicNode> tests = new ArrayList<>();
    for (Client client : Client.values()) {
      client
          .toolchain()
          .missing()
          .ifPresentOrElse(
              reason -> {
                String line = "clients: " + client.title() + ": skipped, since " + reason;
                System.out.println(line);
                tests.add(dynamicTest(client.title(), () -> Assumptions.abort(line)));
              },
              () -> here.add(client));
    }
    // All at once, so that no client waits for the tools of another.
    for (Client client : here) {
      // A test of its own says how it ended.
      var unused = THREADS.submit(client.toolchain()::installed);
    }
    Map<Client, List<DynamicTest>> cells = new EnumMap<>(Client.class);
    for (Client client : here) {
      cells
          .computeIfAbsent(client, key -> new ArrayList<>())
          .add(dynamicTest("is installed", client.toolchain()::installed));
    }
    for (Scene scene : SCENES) {
      for (Client client : here) {
        cells.computeIfAbsent(client, key -> new ArrayList<>()).add(cell(client, scene));
      }
    }
    cells.forEach((client, its) -> tests.add(dynamicContainer(client.title(), its)));
    return tests;
  }

  private static DynamicTest cell(Client client, Scene scene) {
    Future<?> cell =
        THREADS.submit(
            () -> {
              run(client, scene);
              return null;
            });
    return dynamicTest(
        scene.title(),
        () -> {
          Assumptions.assumeTrue(client.toolchain().isInstalled(), "it cannot be installed");
          try {
            cell.get();
          } catch (ExecutionException e) {
            throw Objects.requireNonNull(e.getCause());
          }
        });
  }

  @Test
  @Order(2)
  void theGuideNamesTheClientsThatRan() throws IOException {
    Map<Client, String> versions = new EnumMap<>(Client.class);
    for (Client client : Client.values()) {
      if (client.toolchain().missing().isEmpty() && client.toolchain().isInstalled()) {
        String version = version(client);
        System.out.printf(
            "clients: %s %s: ran %d scenes%n", client.title(), version, SCENES.size());
        versions.put(client, version);
      }
    }
    Assumptions.assumeTrue(
        SEEN.size() == SCENES.size() * Client.values().length, "there is no table without all");
    String document = Guide.with(Files.readString(DOCUMENT), SCENES, versions, SEEN);
    if (Boolean.getBoolean("clients.write")) {
      Files.writeString(DOCUMENT, document);
    }
    assertThat(Files.readString(DOCUMENT))
        .as("docs/testing.md; if the change is meant, write it anew: %s", COMMAND)
        .isEqualTo(document);
  }

  private static String version(Client client) throws IOException {
    Path home = Files.createTempDirectory("lanyard-home-");
    try (Caller caller = client.in(environment(Scene.Pod.of(Map.of()), home))) {
      return caller.version();
    } finally {
      delete(home);
    }
  }

  private static void run(Client client, Scene scene) throws IOException {
    Path home = Files.createTempDirectory("lanyard-home-");
    try (FakeEks eks = FakeEks.start()) {
      Scene.Pod pod = scene.pod().apply(eks);
      try (Caller caller = client.in(environment(pod, home))) {
        if (scene.expected() instanceof Refused refused) {
          isRefused(eks, refused, caller.whoAmI(), client);
          int requests = eks.requests().size();
          SEEN.put(
              Guide.key(scene, client),
              "`" + refused.words().get(client) + "`" + (requests > 1 ? " × " + requests : ""));
        } else {
          if (scene.expected() instanceof AcceptedLater) {
            assertThat(caller.whoAmI().error()).isNotEmpty();
            pod.later().run();
          }
          isAccepted(eks, scene.expected().source(), caller.whoAmI());
          SEEN.put(Guide.key(scene, client), "served");
        }
      } catch (AssertionError e) {
        throw new AssertionError(
            String.join(
                System.lineSeparator(),
                client.title() + ", " + scene.title(),
                e.getMessage(),
                eks.journal()),
            e);
      }
    } finally {
      delete(home);
    }
  }

  /** The pod's own, and what every process has. Nobody is to ask for the node's role. */
  private static Map<String, String> environment(Scene.Pod pod, Path home) {
    Map<String, String> environment = new HashMap<>(pod.variables());
    environment.put("PATH", System.getenv("PATH"));
    environment.put("HOME", home.toString());
    environment.put("AWS_EC2_METADATA_DISABLED", "true");
    return environment;
  }

  private static void isAccepted(FakeEks eks, Scene.Source source, Answer answer) {
    assertThat(answer.error()).isEmpty();
    assertThat(answer.arn()).startsWith("arn:aws:sts::111122223333:assumed-role/orders-role/");
    answer.accountId().ifPresent(account -> assertThat(account).isEqualTo("111122223333"));
    answer
        .accessKeyId()
        .ifPresent(
            id -> {
              IssuedCredentials issued = eks.issued(id).orElseThrow();
              assertThat(issued.assumedRoleArn()).isEqualTo(answer.arn());
              answer.expiration().ifPresent(at -> isExpirationOf(issued, at));
            });
    assertThat(exchanges(eks, source)).isPositive();
    assertThat(exchanges(eks, source.other())).isZero();
  }

  /** To the second; Go takes its refresh window of five minutes off what the agent says. */
  private static void isExpirationOf(IssuedCredentials issued, Instant at) {
    assertThat(at)
        .isBetween(
            issued.expiration().minusSeconds(1).minus(Duration.ofMinutes(5)),
            issued.expiration().plusSeconds(1));
  }

  private static int exchanges(FakeEks eks, Scene.Source source) {
    return source == Scene.Source.STS ? eks.sts().exchanges() : eks.agent().exchanges();
  }

  private static void isRefused(FakeEks eks, Refused refused, Answer answer, Client client) {
    assertThat(answer.error()).contains(refused.words().get(client));
    assertThat(answer.accessKeyId()).isEmpty();
    // The start of every token.
    assertThat(answer.error()).doesNotContain("eyJ");
    // A client may ask again, and in another way.
    LoggedRequest first = eks.requests().get(0);
    assertThat(first.service()).isEqualTo(refused.source() == Scene.Source.STS ? "STS" : "agent");
    assertThat(first.status()).isEqualTo(refused.status());
    assertThat(first.error().orElse("")).isEqualTo(refused.code());
    assertThat(eks.sts().exchanges() + eks.agent().exchanges()).isZero();
  }

  /** The AWS CLI keeps what it got from STS in its home. */
  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
