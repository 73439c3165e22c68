package dev.lanyard.samples.orders;

import static dev.lanyard.samples.orders.AwsInMemory.SETTINGS;
import static dev.lanyard.testing.EksAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.lanyard.CredentialsStatus.Health;
import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.EksCredentialsProvider;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.InPod;
import dev.lanyard.testing.TrustPolicy;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The application in a pod of a cluster, as it runs in production: no line of it knows of a test.
 */
@Timeout(120)
@InPod(serviceAccount = "shop/orders", podIdentity = "orders-role")
class OrdersApplicationTest {
  private final HttpClient client = HttpClient.newHttpClient();
  private AwsInMemory aws;
  private EksCredentialsProvider credentials;
  private OrdersApplication orders;

  @BeforeAll
  static void waitLongerThanABusyMachineTakes() {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(60));
  }

  @BeforeEach
  void start(FakeEks eks) throws IOException {
    aws = new AwsInMemory(eks);
    // What EksCredentialsProvider.create() gives to the application, but not shared with the next
    // test.
    credentials = EksCredentialsProvider.builder().build();
    orders = new OrdersApplication(credentials, SETTINGS);
  }

  @AfterEach
  void stop() {
    orders.close();
    aws.close();
  }

  @Test
  void keepsAnOrderWithOneExchangeForBothServices(FakeEks eks) throws Exception {
    assertThat(put("17", "ada", "one lanyard").statusCode()).isEqualTo(204);

    HttpResponse<String> found = get("/orders/17");
    assertThat(found.statusCode()).isEqualTo(200);
    assertThat(found.body()).isEqualTo("one lanyard");
    assertThat(found.headers().firstValue("Customer")).contains("ada");
    assertThat(get("/orders/18").statusCode()).isEqualTo(404);
    assertThat(put("18", "a%0d%0ab", "a header of its own").statusCode()).isEqualTo(400);
    assertThat(aws.served()).singleElement().matches(AwsInMemory.of(eks, "orders-role"));
    assertThat(eks).exchangedOnce();
  }

  @Test
  void noRequestFailsWhileCredentialsRotate(FakeEks eks) throws Exception {
    // The first key is seen by AWS before anything replaces it: each rotation adds one to it.
    assertThat(put("17", "ada", "one lanyard").statusCode()).isEqualTo(204);
    AtomicBoolean enough = new AtomicBoolean();
    ExecutorService load = Executors.newFixedThreadPool(4);
    try {
      List<Future<Set<Integer>>> streams = new ArrayList<>();
      for (int stream = 0; stream < 4; stream++) {
        String id = "stream-" + stream;
        streams.add(load.submit(() -> statusesOf(id, enough)));
      }
      for (int rotation = 0; rotation < 5; rotation++) {
        refresh(eks);
        int keys = rotation + 2;
        await().until(() -> aws.served().size() >= keys);
      }
      enough.set(true);
      for (Future<Set<Integer>> stream : streams) {
        assertThat(stream.get()).containsExactly(204);
      }
    } finally {
      enough.set(true);
      load.shutdown();
    }
  }

  @Test
  void goesOnThroughAnOutageOfTheAgent(FakeEks eks) throws Exception {
    assertThat(put("17", "ada", "one lanyard").statusCode()).isEqualTo(204);

    eks.agent().goDown();
    refresh(eks);
    await().until(() -> credentials.status().health() == Health.DEGRADED);
    assertThat(get("/orders/17").body()).isEqualTo("one lanyard");
    assertThat(get("/ready").statusCode()).isEqualTo(200);

    eks.agent().recover();
    await().until(() -> credentials.status().health() == Health.HEALTHY);
    assertThat(get("/orders/17").body()).isEqualTo("one lanyard");
  }

  @Test
  void saysThatItIsNotReadyUntilTheAgentIs(FakeEks eks) throws Exception {
    eks.agent().goDown();
    try (OrdersApplication early =
        new OrdersApplication(EksCredentialsProvider.builder().build(), SETTINGS)) {
      URI ready = early.address().resolve("/ready");
      assertThat(send(HttpRequest.newBuilder(ready)).statusCode()).isEqualTo(503);

      eks.agent().recover();
      await().until(() -> send(HttpRequest.newBuilder(ready)).statusCode() == 200);
    }
  }

  @Test
  void aRoleThatMayNotUseTheTableFailsByItself(FakeEks eks) throws Exception {
    aws.table().denies(AwsInMemory.of(eks, "orders-role"));

    HttpResponse<String> refused = put("17", "ada", "one lanyard");

    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(refused.body()).isEqualTo("Orders are out of reach");
    // Nothing is wrong with the credentials, and nobody asked for others.
    assertThat(credentials.status().health()).isEqualTo(Health.HEALTHY);
    assertThat(eks).exchangedOnce();
  }

  @Test
  void aRoleThatDoesNotTrustThePodIsNamedWithTheStatementThatIsMissing(
      FakeEks eks, @InPod(serviceAccount = "shop/billing") FakePod pod) {
    String role = eks.role("billing-role", TrustPolicy.forServiceAccount(eks, "shop", "orders"));
    EksCredentialsProvider billing =
        EksCredentialsProvider.builder().environment(pod.irsa(role).environment()).build();

    assertThatThrownBy(() -> billing.awaitReady(Duration.ofSeconds(30)))
        .isInstanceOf(CredentialsUnavailableException.class)
        .hasMessageContaining("AccessDenied")
        .hasMessageContaining(role)
        .hasMessageContaining("system:serviceaccount:shop:billing");
  }

  /** What happens once in a while: the hour is over, and the agent has others to give. */
  private void refresh(FakeEks eks) {
    eks.agent().forget();
    var unused = credentials.invalidate(credentials.resolveCredentials());
  }

  private Set<Integer> statusesOf(String id, AtomicBoolean enough) throws Exception {
    Set<Integer> statuses = new HashSet<>();
    do {
      statuses.add(put(id, "ada", "one lanyard").statusCode());
    } while (!enough.get());
    return statuses;
  }

  private HttpResponse<String> put(String id, String customer, String text) throws Exception {
    return send(
        HttpRequest.newBuilder(orders.address().resolve("/orders/" + id + "?" + customer))
            .PUT(BodyPublishers.ofString(text)));
  }

  private HttpResponse<String> get(String path) throws Exception {
    return send(HttpRequest.newBuilder(orders.address().resolve(path)));
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofString());
  }
}
