package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanyard.peer.Peer;
import dev.lanyard.podidentity.internal.Exchanges.Names;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.TrustPolicy;
import java.nio.file.Files;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What of a URI reaches the agent, and how. */
class EndpointTest {

  @ParameterizedTest
  @CsvSource({
    "'', /",
    "/, /",
    "?a=b, /?a=b",
    "/v1/credentials, /v1/credentials",
    "/v1/credentials?, /v1/credentials?",
    "/v1/credentials?id=a%2Fb&c=d+e, /v1/credentials?id=a%2Fb&c=d+e",
    "/v1%2Fcredentials, /v1%2Fcredentials",
    "/v1%2fcredentials, /v1%2fcredentials",
    "/a/../b/./c, /a/../b/./c",
    "/a%2e%2e/b, /a%2e%2e/b",
    "//evil.example/x, //evil.example/x",
    "/@evil.example/x, /@evil.example/x",
    "/a;b=c;d/e, /a;b=c;d/e",
    "/a?b?c=http://evil.example/, /a?b?c=http://evil.example/",
    "/%00%0d%0aX:y, /%00%0d%0aX:y",
    "/%C3%BC, /%C3%BC",
  })
  void pathAndQueryGoOutAsTheyStand(String written, String sent) throws Exception {
    try (Peer agent = Agents.answeringWell()) {
      Exchanges.with("http://127.0.0.1:" + agent.port() + written, Tokens.TOKEN)
          .exchange(new TestContext());

      assertThat(agent.requests().get(0).head()).startsWith("GET " + sent + " HTTP/1.1");
      assertThat(agent.requests().get(0).header("Host")).isEqualTo("127.0.0.1:" + agent.port());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[fd00:ec2::23]",
        "[FD00:EC2::23]",
        "[fd00:0ec2::0023]",
        "[fd00:ec2:0:0:0:0:0:23]",
        "[fd00:0ec2:0000:0000:0000:0000:0000:0023]",
        "[fd00:ec2::0:23]",
        "[fd00:ec2:0::23]",
        "[fd00:ec2::0.0.0.35]",
      })
  void theAgentIsCalledByTheOneSpellingOfItsIpv6AddressThatItTakes(String written)
      throws Exception {
    Endpoint endpoint = Endpoint.full("http://" + written + "/v1/credentials", "the URI");
    assertThat(endpoint.isPodIdentityAgent()).isTrue();
    assertThat(endpoint.effectivePort()).isEqualTo(80);
    assertThat(endpoint).hasToString("http://[fd00:ec2::23]/v1/credentials");

    try (Peer agent = Agents.answeringWell()) {
      Names agents = Names.of(Map.of("fd00:ec2::23", new String[] {"127.0.0.1"}));
      Exchanges.with("http://" + written + ":" + agent.port() + "/", Tokens.TOKEN, agents)
          .exchange(new TestContext());

      assertThat(agent.requests().get(0).header("Host"))
          .isEqualTo("[fd00:ec2::23]:" + agent.port());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"169.254.170.23", "[fd00:ec2::23]", "[FD00:0EC2::23]"})
  void anAgentThatChecksItsHostAnswersByEitherOfItsAddresses(String host) throws Exception {
    try (FakeEks eks = FakeEks.start()) {
      eks.associate("shop", "orders", eks.role("orders", TrustPolicy.forPodIdentity()));
      FakePod pod = eks.pod("shop", "orders").podIdentity();
      Names agents =
          Names.of(
              Map.of(
                  "fd00:ec2::23", new String[] {"127.0.0.1"},
                  "169.254.170.23", new String[] {"127.0.0.1"}));
      String port = String.valueOf(eks.agent().endpoint().getPort());

      assertThat(
              Exchanges.with(
                      "http://" + host + ":" + port + "/v1/credentials",
                      Files.readString(pod.authorizationTokenFile()),
                      agents)
                  .exchange(new TestContext()))
          .isNotNull();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/\uD800", "/a\uDC00b", "/?x=\uD83D"})
  void halfOfASurrogatePairMakesNoUri(String path) {
    assertThatThrownBy(() -> Endpoint.full("http://127.0.0.1" + path, "the URI"))
        .isInstanceOf(Misconfiguration.class)
        .hasMessage("the URI is not a URI");
    assertThatThrownBy(() -> Endpoint.relative("http://127.0.0.1", "the base", path, "the path"))
        .isInstanceOf(Misconfiguration.class)
        .hasMessage("the path is not a URI");
  }

  @Test
  void otherIpv6AddressesKeepTheirSpelling() throws Exception {
    assertThat(Endpoint.full("http://[0:0:0:0:0:0:0:1]:8080/x", "the URI").host())
        .isEqualTo("0:0:0:0:0:0:0:1");
  }

  @Test
  void portsAreKeptAndDefaultToThoseOfTheScheme() throws Exception {
    assertThat(Endpoint.full("http://localhost/", "the URI").effectivePort()).isEqualTo(80);
    assertThat(Endpoint.full("https://localhost/", "the URI").effectivePort()).isEqualTo(443);
    assertThat(Endpoint.full("http://localhost:/", "the URI").effectivePort()).isEqualTo(80);
    assertThat(Endpoint.full("http://localhost:65535/", "the URI").effectivePort())
        .isEqualTo(65535);
    assertThat(Endpoint.full("https://localhost:80/", "the URI").effectivePort()).isEqualTo(80);
  }

  @ParameterizedTest
  @CsvSource({
    "/v2/credentials/id, /v2/credentials/id",
    "/v1/credentials?id=a%2Fb&c=d, /v1/credentials?id=a%2Fb&c=d",
    "/?id=1, /?id=1",
    "/, /",
    "/@evil.example/x, /@evil.example/x",
    "/a//evil.example, /a//evil.example",
    "/:80@evil.example, /:80@evil.example",
  })
  void aRelativeUriGoesToTheHostOfItsBaseAndNowhereElse(String written, String sent)
      throws Exception {
    Endpoint ecs = Endpoint.relative("http://169.254.170.2", "the base", written, "the path");
    assertThat(ecs.isEcsAgent()).isTrue();
    assertThat(ecs.path()).isEqualTo(sent);

    for (String base : new String[] {"http://localhost:51679", "http://localhost:51679/"}) {
      Endpoint given = Endpoint.relative(base, "the base", written, "the path");
      assertThat(given.host()).isEqualTo("localhost");
      assertThat(given.effectivePort()).isEqualTo(51679);
      assertThat(given.path()).isEqualTo(sent);
    }
    assertThat(Endpoint.relative("http://localhost/base/", "it", written, "the path").path())
        .isEqualTo("/base" + sent);
  }
}
