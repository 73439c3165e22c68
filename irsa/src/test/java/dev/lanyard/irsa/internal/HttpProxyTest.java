package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.Detection;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpProxyTest {
  private static final String STS = "https://sts.eu-west-1.amazonaws.com";

  @Test
  void withoutASettingThereIsNone() throws Exception {
    assertThat(proxy(Map.of(), Map.of())).isEmpty();
    assertThat(proxy(Map.of("HTTPS_PROXY", " ", "https_proxy", ""), Map.of())).isEmpty();
    assertThat(proxy(Map.of(), Map.of("https.proxyHost", " "))).isEmpty();
    assertThat(proxy(Map.of("HTTP_PROXY", "http://p:1"), Map.of("http.proxyHost", "p"))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "http://proxy.corp:3128, http://proxy.corp:3128",
    "HTTP://Proxy.Corp:3128/, http://proxy.corp:3128",
    "http://proxy.corp, http://proxy.corp:80",
    "https://proxy.corp, https://proxy.corp:443",
    "proxy.corp:3128, http://proxy.corp:3128",
    "10.0.0.1, http://10.0.0.1:80",
    "user:secret@proxy.corp:3128, http://proxy.corp:3128",
    "'http://[fd00::1]:3128', 'http://[fd00::1]:3128'",
  })
  void aVariableIsAUrlWithASchemeOrWithout(String value, String address) throws Exception {
    HttpProxy proxy = proxy(Map.of("HTTPS_PROXY", value), Map.of()).orElseThrow();

    assertThat(proxy.address()).isEqualTo(address);
    assertThat(proxy.toString())
        .isEqualTo("HttpProxy[proxy " + address + " of environment variable HTTPS_PROXY]");
  }

  @Test
  void smallLettersComeFirstAndPropertiesBeforeBoth() throws Exception {
    Map<String, String> variables =
        Map.of("HTTPS_PROXY", "http://large:1", "https_proxy", "http://small:1");

    assertThat(proxy(variables, Map.of()).orElseThrow().address()).isEqualTo("http://small:1");
    assertThat(
            proxy(variables, Map.of("https.proxyHost", "Property.", "https.proxyPort", "8080"))
                .orElseThrow()
                .address())
        .isEqualTo("http://property:8080");
    assertThat(proxy(variables, Map.of("https.proxyHost", "[fd00::1]")).orElseThrow().address())
        .as("the JDK's default port")
        .isEqualTo("http://[fd00::1]:443");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "socks5://user:secret@proxy:1080|names no HTTP proxy: its scheme is neither http nor https",
        "http://user:se cret@proxy:3128|is not a URL",
        "http://user:se%zzcret@proxy:3128|is not a URL",
        "http://user:secret@[fe80::66666666666666666666627.0.0.1]:3128|is not a URL",
        "http://user:secret@:3128|names no host",
        "http://user:se@cret@proxy:3128|names no host",
        "http://user:secret@proxy:0|names no port from 1 to 65535",
        "http://user:secret@proxy:65536|names no port from 1 to 65535",
        "http://user:secret@proxy:port|names no host",
        "http://user:secret@proxy:3128/path|holds more than a user, a host and a port",
        "http://proxy:3128?secret|holds more than a user, a host and a port",
        "http://proxy:3128#secret|holds more than a user, a host and a port",
        "' http://user:secret@proxy:3128'|is not a URL",
      })
  void aMalformedUrlBreaksARuleThatIsNamedAndIsNotRepeated(String value, String rule) {
    InvalidSettingException e = invalid(Map.of("HTTPS_PROXY", value), Map.of());

    assertThat(e).hasMessage("environment variable HTTPS_PROXY " + rule);
    assertThat(e.problem().remedy())
        .hasValueSatisfying(r -> assertThat(r).contains("http://{host}:{port}"));
    assertThat(e.problem().id()).isEqualTo("PROXY-022");
    assertThat(e.problem().fact("setting")).contains("environment variable HTTPS_PROXY");
    assertThat(e.problem().facts().toString()).doesNotContain("secret", "cret@", "user:se");
    assertThat(Secrets.said(e)).doesNotContain("secret", "cret@", "user:se");
  }

  @ParameterizedTest
  @ValueSource(strings = {"proxy:3128", "http://proxy", "user@proxy", "pro xy"})
  void aProxyHostThatIsNoneIsInvalid(String host) {
    assertThat(invalid(Map.of(), Map.of("https.proxyHost", host)))
        .hasMessage("system property https.proxyHost is not the name of a host");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "65536", "http", "-1", "123456", "80 "})
  void aProxyPortThatIsNoneIsInvalid(String port) {
    assertThat(invalid(Map.of(), Map.of("https.proxyHost", "proxy", "https.proxyPort", port)))
        .hasMessage("system property https.proxyPort is not a port from 1 to 65535");
  }

  @Test
  void aMalformedProxyBreaksTheSource(@TempDir Path root) {
    Detection detection = new Pod(root).set("HTTPS_PROXY", "ftp://user:secret@proxy").detect();

    assertThat(detection).isInstanceOf(Detection.Broken.class);
    assertThat(detection.toString()).contains("HTTPS_PROXY").doesNotContain("secret");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "sts.eu-west-1.amazonaws.com",
        "STS.eu-west-1.AmazonAWS.com",
        "eu-west-1.amazonaws.com",
        ".amazonaws.com",
        "*.amazonaws.com",
        "amazonaws.com",
        "amazonaws.com.",
        "*",
        "x, .svc,10.0.0.0/8 ,,.amazonaws.com",
        "x .amazonaws.com",
        "amazonaws.com:443",
        "sts.eu-west-1.amazonaws.com:443",
      })
  void noProxyExceptsHostsAndWhatIsBelowThem(String noProxy) throws Exception {
    assertThat(leads(noProxy, STS)).isFalse();
    assertThat(leads(noProxy, STS + ":443")).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "x",
        "ts.eu-west-1.amazonaws.com",
        "naws.com",
        "amazonaws.co",
        "sts.eu-west-2.amazonaws.com",
        "amazonaws.com:8443",
        "amazonaws.com.evil.example",
        ".",
        ",",
        "10.0.0.0/8",
      })
  void noProxyExceptsNothingElse(String noProxy) throws Exception {
    assertThat(leads(noProxy, STS)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "10.1.2.3, https://10.1.2.3, false",
    "10.1.2.3:8443, https://10.1.2.3:8443, false",
    "10.1.2.3:8443, https://10.1.2.3, true",
    "fd00::1, 'https://[fd00::1]', false",
    "[fd00::1], 'https://[FD00::1]', false",
    "[fd00::1]:8443, 'https://[fd00::1]:8443', false",
    "[fd00::1]:8443, 'https://[fd00::1]', true",
    "fd00::2, 'https://[fd00::1]', true",
    "fd00:0:0::0:1, 'https://[fd00::1]', false",
    "[FD00:0000::0001]:443, 'https://[fd00::1]', false",
    "fd00::1, 'https://[fd00:0:0:0:0:0:0:1]', false",
    "::ffff:10.1.2.3, https://10.1.2.3, false",
    "10.1.2.3, 'https://[::ffff:a01:203]', false",
    "fe80::1, 'https://[fe80::1%25eth0]', false",
    "fe80::1%eth0, 'https://[fe80::1]', false",
    "10.0.0.0/8, https://10.1.2.3, false",
    "10.0.0.0/8, https://11.1.2.3, true",
    "10.1.2.2/31, https://10.1.2.3, false",
    "10.1.2.2/32, https://10.1.2.3, true",
    "10.1.2.3/0, https://192.0.2.1, false",
    "10.1.2.3/33, https://10.1.2.3, true",
    "10.1.2.3/, https://10.1.2.3, true",
    "10.1.2.3/x, https://10.1.2.3, true",
    "fd00::/8, 'https://[fd12:3456::1]', false",
    "fd00::/8, 'https://[fe00::1]', true",
    "fd00::/129, 'https://[fd00::]', true",
    "0.0.0.0/0, 'https://[fd00::1]', true",
    "10.1.2.300, https://10.1.2.3, true",
    "10.1.2, https://10.1.2.3, true",
    "gggg::1, 'https://[fd00::1]', true",
    "2.3, https://10.1.2.3, true",
  })
  void noProxyExceptsAddresses(String noProxy, String endpoint, boolean leads) throws Exception {
    assertThat(leads(noProxy, endpoint)).isEqualTo(leads);
  }

  @Test
  void eitherSpellingOfNoProxyCounts() throws Exception {
    HttpProxy proxy =
        proxy(Map.of("HTTPS_PROXY", "http://p:1", "no_proxy", "*"), Map.of()).orElseThrow();

    assertThat(proxy.leadsTo(URI.create(STS))).isFalse();
  }

  static List<Arguments> nonProxyHosts() {
    List<Arguments> cases = new ArrayList<>();
    for (String hosts :
        List.of(
            "sts.eu-west-1.amazonaws.com",
            "STS.eu-west-1.AmazonAWS.com",
            "localhost|*.amazonaws.com",
            "sts.*",
            "*",
            "**",
            "*west-1*",
            "s*.com",
            "sts.*.amazonaws.com",
            "sts.*.amazonaws.*",
            "*.eu-west-1.*.com",
            "amazonaws.com",
            ".amazonaws.com",
            "*.amazonaws.co",
            "ts.*",
            "*west-2*",
            "*.amazonaws.com,x",
            "|",
            "||*.com",
            " *.com",
            "s?s.*",
            "fd00::1",
            "[fd00::1]",
            "[fd00*",
            "*::1]",
            "10.*",
            "10.1.2.3",
            "10.0.0.0/8")) {
      for (String endpoint :
          List.of(STS, STS + ":8443", STS + ".", "https://[FD00::1]", "https://10.1.2.3")) {
        cases.add(Arguments.of(hosts, endpoint));
      }
    }
    return cases;
  }

  @ParameterizedTest
  @MethodSource("nonProxyHosts")
  void nonProxyHostsExceptWhatTheyExceptForTheJdk(String nonProxyHosts, String endpoint)
      throws Exception {
    Map<String, String> properties =
        Map.of("https.proxyHost", "proxy", "http.nonProxyHosts", nonProxyHosts);
    HttpProxy proxy = proxy(Map.of("NO_PROXY", "*"), properties).orElseThrow();

    assertThat(proxy.leadsTo(URI.create(endpoint)))
        .isEqualTo(jdkLeadsTo(properties, URI.create(endpoint)));
  }

  private static boolean jdkLeadsTo(Map<String, String> properties, URI endpoint) {
    properties.forEach(System::setProperty);
    try {
      return !ProxySelector.getDefault().select(endpoint).equals(List.of(Proxy.NO_PROXY));
    } finally {
      properties.keySet().forEach(System::clearProperty);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://localhost:8443",
        "https://sts.localhost",
        "https://127.0.0.1",
        "https://127.1.2.3:8443",
        "https://127.0.0.01",
        "https://[::1]:8443",
        "http://sts.eu-west-1.amazonaws.com",
      })
  void loopbackAndPlainHttpAreNeverAskedForThroughAProxy(String endpoint) throws Exception {
    assertThat(leads("x", endpoint)).isFalse();
  }

  @Test
  void aNameThatOnlyLooksLikeLoopbackIsNone() throws Exception {
    assertThat(leads("x", "https://127.evil.example")).isTrue();
  }

  private static boolean leads(String noProxy, String endpoint) throws Exception {
    return proxy(Map.of("HTTPS_PROXY", "http://proxy:3128", "NO_PROXY", noProxy), Map.of())
        .orElseThrow()
        .leadsTo(URI.create(endpoint));
  }

  private static InvalidSettingException invalid(
      Map<String, String> variables, Map<String, String> properties) {
    return catchThrowableOfType(InvalidSettingException.class, () -> proxy(variables, properties));
  }

  private static Optional<HttpProxy> proxy(
      Map<String, String> variables, Map<String, String> properties)
      throws InvalidSettingException {
    return HttpProxy.read(Environment.of(variables).withProperties(properties));
  }
}
