package dev.lanyard.samples.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.EksCredentialsProvider;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.TrustPolicy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.InstanceProfileCredentialsProvider;

/** A pod that was refused does not become its node, though the node's role is within reach. */
class InstanceRoleTest {
  private static final String ENDPOINT = "aws.ec2MetadataServiceEndpoint";

  private final Queue<String> requests = new ConcurrentLinkedQueue<>();
  private final FakeEks eks = FakeEks.start();
  private HttpServer metadata;

  @BeforeEach
  void serveInstanceMetadata() throws IOException {
    metadata = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    metadata.createContext("/", this::answer);
    metadata.start();
    System.setProperty(ENDPOINT, "http://127.0.0.1:" + metadata.getAddress().getPort());
  }

  @AfterEach
  void close() {
    System.clearProperty(ENDPOINT);
    metadata.stop(0);
    eks.close();
  }

  @Test
  void theSdkWouldBecomeTheNode() {
    // The proof that the other tests here can fail.
    try (var node = InstanceProfileCredentialsProvider.create()) {
      assertThat(node.resolveCredentials().accessKeyId()).isEqualTo("ASIANODE");
    }
    assertThat(requests).isNotEmpty();
  }

  @Test
  void aPodThatStsRefusesGetsAnExceptionAndNoRequestIsMadeToTheMetadataService() {
    String role = eks.role("payments", TrustPolicy.forServiceAccount(eks, "shop", "payments"));
    FakePod pod = eks.pod("shop", "orders").irsa(role);

    Throwable refused = catchThrowable(provider(pod)::resolveCredentials);

    assertThat(refused)
        .isInstanceOf(CredentialsUnavailableException.class)
        .hasMessageContaining("403 AccessDenied");
    assertThat(eks.sts().requests()).isEqualTo(1);
    assertThat(requests).isEmpty();
  }

  @Test
  void aPodThatTheAgentRefusesGetsAnExceptionAndNoRequestIsMadeToTheMetadataService() {
    FakePod pod = eks.pod("shop", "orders").podIdentity();

    Throwable refused = catchThrowable(provider(pod)::resolveCredentials);

    assertThat(refused)
        .isInstanceOf(CredentialsUnavailableException.class)
        .hasMessageContaining("404 ResourceNotFoundException");
    assertThat(requests).isEmpty();
  }

  private static EksCredentialsProvider provider(FakePod pod) {
    return EksCredentialsProvider.builder().environment(pod.environment()).build();
  }

  /** Both steps of IMDSv2 and what follows them. */
  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    requests.add(path);
    String body;
    if (path.endsWith("/api/token")) {
      exchange.getResponseHeaders().set("X-aws-ec2-metadata-token-ttl-seconds", "21600");
      body = "session";
    } else if (path.endsWith("/")) {
      body = "node-role";
    } else {
      body =
          "{\"Code\":\"Success\",\"AccessKeyId\":\"ASIANODE\",\"SecretAccessKey\":\"s\","
              + "\"Token\":\"t\",\"Expiration\":\"2099-01-01T00:00:00Z\"}";
    }
    byte[] bytes = body.getBytes(UTF_8);
    exchange.sendResponseHeaders(200, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }
}
