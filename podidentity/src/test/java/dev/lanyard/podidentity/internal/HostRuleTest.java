package dev.lanyard.podidentity.internal;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.peer.Behaviour;
import dev.lanyard.peer.Peer;
import dev.lanyard.podidentity.internal.Exchanges.Names;
import dev.lanyard.spi.ExchangeException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No token leaves the host without TLS, however the way out is spelled. */
class HostRuleTest {

  /** Names as a hostile or careless DNS answers for them. */
  private static final Names NAMES =
      Names.of(
          Map.ofEntries(
              entry("evil.example", new String[] {"10.0.0.1"}),
              entry("mixed.example", new String[] {"127.0.0.1", "10.0.0.1"}),
              entry("mixed.example.", new String[] {"127.0.0.1", "10.0.0.1"}),
              entry("mixedlast.example", new String[] {"10.0.0.1", "127.0.0.1"}),
              entry("mixed6.example", new String[] {"::1", "2001:db8::1"}),
              entry("metadata.example", new String[] {"169.254.169.254"}),
              entry("mapped.example", new String[] {"::ffff:169.254.169.254"}),
              entry("compatible.example", new String[] {"::127.0.0.1"}),
              entry("any.example", new String[] {"0.0.0.0"}),
              entry("any6.example", new String[] {"::"}),
              entry("nearly.example", new String[] {"169.254.170.24"}),
              entry("evil.example.", new String[] {"10.0.0.1"}),
              entry("localhost", new String[] {"127.0.0.1", "10.0.0.1"})));

  @ParameterizedTest
  @ValueSource(
      strings = {
        // Not this host, plainly.
        "http://10.0.0.1:PORT/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://169.254.170.1/",
        "http://169.254.170.3/",
        "http://169.254.170.22/",
        "http://169.254.170.24/",
        "http://169.254.171.23/",
        "http://168.254.170.23/",
        "http://128.0.0.1:PORT/",
        "http://126.255.255.255/",
        "http://255.255.255.255/",
        "http://224.0.0.1/",
        "http://[fd00:ec2::24]/",
        "http://[fd00:ec2::254]/",
        "http://[fd00:ec2:1::23]/",
        "http://[2001:db8::1]/",
        "http://[fe80::1]/",
        // Leads to loopback all the same on most systems, and is not loopback.
        "http://0.0.0.0:PORT/",
        "http://[::]:PORT/",
        // Other notations of an IPv4 address.
        "http://2130706433:PORT/",
        "http://2852039166/",
        "http://0x7f000001:PORT/",
        "http://0x7f.0.0.1:PORT/",
        "http://0177.0.0.1:PORT/",
        "http://017700000001:PORT/",
        "http://127.1:PORT/",
        "http://127.0.1:PORT/",
        "http://127.0.0.01:PORT/",
        "http://127.0.0.1.:PORT/",
        "http://0:PORT/",
        "http://256.0.0.1/",
        "http://1.2.3.4.5/",
        "http://\u2460\u2461\u2466.0.0.1:PORT/",
        // Digits, dots and letters of other scripts; a resolver may take them for the plain ones.
        "http://\uff11\uff12\uff17.0.0.1:PORT/",
        "http://127\u30020\u30020\u30021:PORT/",
        "http://127\uff0e0\uff0e0\uff0e1:PORT/",
        "http://127\u06f0.0.0.1:PORT/",
        "http://l\u043ecalhost:PORT/",
        "http://local\u00adhost:PORT/",
        // Percent-encoded.
        "http://%31%32%37.0.0.1:PORT/",
        "http://127%2e0%2e0%2e1:PORT/",
        "http://127.0.0.1%2e:PORT/",
        "http://127.0.0.1%0d%0a:PORT/",
        "http://localhost%2eevil.example:PORT/",
        "http://%6c%6f%63%61%6c%68%6f%73%74:PORT/",
        "http://[%3a%3a1]:PORT/",
        // Other numbers of many notations.
        "http://0x7F000001:PORT/",
        "http://0X7f.0X0.0x0.0x1:PORT/",
        "http://00000177.1:PORT/",
        "http://127.0.0.0x1:PORT/",
        "http://2130706433.:PORT/",
        "http://127.65793:PORT/",
        "http://-1:PORT/",
        "http://127.0.0.1..:PORT/",
        "http://.127.0.0.1:PORT/",
        "http://127..0.1:PORT/",
        // IPv4 in IPv6.
        "http://[::FFFF:127.0.0.1]:PORT/",
        "http://[0:0:0:0:0:ffff:7f00:1]:PORT/",
        "http://[::7f00:1]:PORT/",
        "http://[2002:7f00:1::]:PORT/",
        "http://[::ffff:0:127.0.0.1]:PORT/",
        "http://[::2]:PORT/",
        "http://[v1.fd00]:PORT/",
        "http://[::1]evil.example:PORT/",
        "http://[::1:PORT/",
        "http://::1:PORT/",
        "http://[::ffff:127.0.0.1]:PORT/",
        "http://[::ffff:169.254.169.254]/",
        "http://[::ffff:a9fe:aa17]/",
        "http://[::127.0.0.1]:PORT/",
        "http://[64:ff9b::a9fe:a9fe]/",
        // Zones.
        "http://[::1%25lo]:PORT/",
        "http://[::1%lo]:PORT/",
        "http://[fd00:ec2::23%25eth0]/",
        "http://[fe80::1%25eth0]/",
        // The host is elsewhere than it seems.
        "http://127.0.0.1:PORT@10.0.0.1/",
        "http://127.0.0.1@10.0.0.1:PORT/",
        "http://user@127.0.0.1:PORT/",
        "http://@127.0.0.1:PORT/",
        "http://127.0.0.1:PORT\\@10.0.0.1/",
        "http://127.0.0.1:PORT#@10.0.0.1/",
        "http://127.0.0.1:PORT%2f@10.0.0.1/",
        "http://127.0.0.1%00.evil.example/",
        "http://127.0.0.1.evil.example%2f/",
        "http://127.0.0.1 :PORT/",
        "http://127.0.0.1:PORT /",
        " http://127.0.0.1:PORT/",
        "http://127.0.0.1:PORT/\r\nX: y",
        // Not http at all.
        "//127.0.0.1:PORT/",
        "127.0.0.1:PORT",
        "/v1/credentials",
        "http:127.0.0.1:PORT",
        "http:///v1/credentials",
        "http://:PORT/",
        "http://",
        "ftp://127.0.0.1:PORT/",
        "file:///var/run/secrets/token",
        "jar:http://127.0.0.1:PORT/!/",
        "unix:///var/run/agent.sock",
        "http+unix://127.0.0.1:PORT/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:65536/",
        "http://127.0.0.1:99999999999/",
        // Names that lead out, at least partly.
        "http://evil.example:PORT/",
        "http://EVIL.example.:PORT/",
        "http://evil.example.:PORT/",
        "http://mixed.example:PORT/",
        "http://mixed6.example:PORT/",
        "http://metadata.example:PORT/",
        "http://mapped.example:PORT/",
        "http://any.example:PORT/",
        "http://any6.example:PORT/",
        "http://mixedlast.example:PORT/",
        "http://compatible.example:PORT/",
        "http://Mixed.Example:PORT/",
        "http://mixed.example.:PORT/",
        "http://nearly.example:PORT/",
        "http://localhost:PORT/",
        "HTTP://evil.example:PORT/",
      })
  void noTokenGoesThere(String uri) throws Exception {
    // Without IPv6 there is one to see, not two.
    String loopback6 = Peer.canListenAt("::1") ? "::1" : "127.0.0.1";
    try (Peer four = Agents.answeringWell();
        Peer six = Peer.at(loopback6, Behaviour.text("200 OK", Tokens.GOOD_BODY))) {
      for (Peer agent : List.of(four, six)) {
        String target = uri.replace("PORT", String.valueOf(agent.port()));
        Endpoint endpoint;
        try {
          endpoint = Endpoint.full(target, "the URI");
        } catch (Misconfiguration e) {
          assertThat(e.problem().summary()).startsWith("the URI ");
          continue;
        }
        AgentExchange exchange =
            new AgentExchange(
                endpoint,
                Exchanges.token(Tokens.TOKEN),
                Exchanges.tls(),
                Exchanges.LONGEST,
                lowerCase(NAMES));
        ExchangeException failure = Exchanges.failure(exchange, new TestContext());
        assertThat(failure.kind()).isEqualTo(FailureKind.MISCONFIGURED);
        assertThat(failure).hasMessageContaining("was not asked: the host resolves to");
        assertThat(failure.remedy()).hasValueSatisfying(r -> assertThat(r).contains("https"));
      }
      assertThat(four.connections()).isZero();
      assertThat(six.connections()).isZero();
      // They do listen, and would have seen it.
      for (URI there : List.of(four.uri(), six.uri())) {
        Exchanges.with(there.toString(), Tokens.TOKEN).exchange(new TestContext());
      }
      assertThat(four.requests()).hasSize(1);
      assertThat(six.requests()).hasSize(1);
    }
  }

  private static HostResolver lowerCase(HostResolver names) {
    return new HostResolver() {
      @Override
      public InetAddress[] resolve(String host) throws UnknownHostException {
        return names.resolve(host.toLowerCase(java.util.Locale.ROOT));
      }
    };
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://127.0.0.1/",
        "http://127.255.255.254:8080/",
        "http://[::1]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://169.254.170.2/",
        "http://169.254.170.23/v1/credentials",
        "http://[fd00:ec2::23]/v1/credentials",
        "HTTP://localhost/",
        "https://10.0.0.1/",
        "https://evil.example:8443/creds?a=b",
        "https://2130706433/",
      })
  void aTokenMayGoThere(String uri) throws Exception {
    assertThat(Endpoint.full(uri, "the URI")).isNotNull();
  }

  @Test
  void admitsExactlyTheAddressesOfTheRule() throws Exception {
    assertThat(List.of("127.0.0.1", "127.9.9.9", "::1", "169.254.170.2", "169.254.170.23"))
        .allSatisfy(a -> assertThat(HostRule.admits(InetAddress.getByName(a))).isTrue());
    assertThat(HostRule.admits(InetAddress.getByName("fd00:ec2::23"))).isTrue();
    assertThat(List.of("0.0.0.0", "::", "169.254.169.254", "10.0.0.1", "fd00:ec2::254"))
        .allSatisfy(a -> assertThat(HostRule.admits(InetAddress.getByName(a))).isFalse());
    byte[] agent = InetAddress.getByName("fd00:ec2::23").getAddress();
    assertThat(HostRule.admits(java.net.Inet6Address.getByAddress("", agent, 3))).isFalse();
  }

  @Test
  void connectsToTheAddressThatWasCheckedWithoutAnotherLookUp() throws Exception {
    Deque<String> answers = new ArrayDeque<>(List.of("127.0.0.1", "10.0.0.1", "127.0.0.1"));
    HostResolver rebinding =
        new HostResolver() {
          @Override
          public InetAddress[] resolve(String host) throws UnknownHostException {
            return new InetAddress[] {InetAddress.getByName(answers.remove())};
          }
        };
    try (Peer agent = Agents.answeringWell()) {
      AgentExchange exchange =
          Exchanges.with("http://rebinding.example:" + agent.port() + "/", Tokens.TOKEN, rebinding);

      assertThat(exchange.exchange(new TestContext()).accessKeyId())
          .isEqualTo(Tokens.ACCESS_KEY_ID);
      assertThat(answers).hasSize(2);

      ExchangeException failure = Exchanges.failure(exchange, new TestContext());
      assertThat(failure.kind()).isEqualTo(FailureKind.MISCONFIGURED);
      assertThat(failure).hasMessageContaining("10.0.0.1");
      assertThat(agent.connections()).isEqualTo(1);

      assertThat(exchange.exchange(new TestContext()).accessKeyId())
          .isEqualTo(Tokens.ACCESS_KEY_ID);
      assertThat(agent.connections()).isEqualTo(2);
    }
  }

  @Test
  void triesTheNextAddressWhenNobodyListensAtTheFirst() throws Exception {
    try (Peer agent = Agents.answeringWell()) {
      Names names = Names.of(Map.of("two.example", new String[] {"127.0.0.2", "127.0.0.1"}));

      assertThat(
              Exchanges.with("http://two.example:" + agent.port() + "/", Tokens.TOKEN, names)
                  .exchange(new TestContext()))
          .isNotNull();
      assertThat(names.lookUps()).isEqualTo(1);
    }
  }
}
