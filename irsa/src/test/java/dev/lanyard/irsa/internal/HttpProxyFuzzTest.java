package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.lanyard.runtime.Environment;
import dev.lanyard.runtime.Environment.Setting;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Whatever the settings of a proxy say: a proxy, none where none is named, or a refusal that breaks
 * a rule of a closed list; never a user or a password in a text, and never loopback through it.
 *
 * <p>An input is lines of {@code name=value}, where a name is one letter: see {@link #NAMES}, and
 * {@code e} is the endpoint that is asked for. The byte 1 stands for a password, the byte 2 for the
 * end of a line within a value.
 */
class HttpProxyFuzzTest {
  private static final String PASSWORD = "correct-horse-battery-staple";

  private static final Map<Character, String> NAMES =
      Map.of(
          's', "https_proxy",
          'l', "HTTPS_PROXY",
          'n', "no_proxy",
          'm', "NO_PROXY",
          'H', "https.proxyHost",
          'P', "https.proxyPort",
          'U', "https.proxyUser",
          'W', "https.proxyPassword",
          'N', "http.nonProxyHosts");

  private static final Set<String> RULES =
      Set.of(
          "is not the name of a host",
          "is not a port from 1 to 65535",
          "is not a URL",
          "names no HTTP proxy: its scheme is neither http nor https",
          "names no host",
          "holds more than a user, a host and a port",
          "names no port from 1 to 65535");

  @FuzzTest
  void settings(byte[] input) throws Exception {
    Map<String, String> variables = new HashMap<>();
    Map<String, String> properties = new HashMap<>();
    String endpoint = "https://sts.eu-west-1.amazonaws.com";
    for (String line : new String(input, StandardCharsets.UTF_8).split("\n", -1)) {
      if (line.length() < 2 || line.charAt(1) != '=') {
        continue;
      }
      String value = line.substring(2).replace("\u0001", PASSWORD).replace('\u0002', '\n');
      String name = NAMES.get(line.charAt(0));
      if (name != null) {
        (Character.isUpperCase(line.charAt(0)) ? properties : variables).put(name, value);
      } else if (line.charAt(0) == 'e') {
        endpoint = value;
      }
    }
    Environment environment = Environment.of(variables).withProperties(properties);
    Optional<Setting> host = environment.property("https.proxyHost");
    Optional<Setting> named =
        host.or(() -> environment.variable("https_proxy"))
            .or(() -> environment.variable("HTTPS_PROXY"));

    Optional<HttpProxy> read;
    try {
      read = HttpProxy.read(environment);
    } catch (InvalidSettingException e) {
      isHarmless(e, named.orElseThrow().origin());
      return;
    }
    assertThat(read.isPresent()).isEqualTo(named.isPresent());
    if (read.isPresent()) {
      HttpProxy proxy = read.get();
      isWhatWasNamed(proxy, named.orElseThrow());
      String expected =
          host.isPresent() ? ofProperties(environment) : ofUrl(named.orElseThrow().value());
      authorizes(proxy, expected);
      leads(proxy, environment, host.isPresent(), endpoint);
    }
  }

  private static void isHarmless(InvalidSettingException e, String origin) {
    String message = String.valueOf(e.getMessage());
    String at = message.startsWith(origin) ? origin : "system property https.proxyPort";
    assertThat(message).startsWith(at + " ");
    assertThat(message.substring(at.length() + 1)).isIn(RULES);
    assertThat(e.getCause()).isNull();
    assertThat(Secrets.said(e) + e.problem() + e.problem().facts()).doesNotContain(PASSWORD);
  }

  private static void isWhatWasNamed(HttpProxy proxy, Setting named) throws URISyntaxException {
    assertThat(proxy.port()).isBetween(1, 65_535);
    // What is before an @ is user and password, and no part of a host.
    String value = named.value().toLowerCase(Locale.ROOT);
    assertThat(value.substring(value.lastIndexOf('@') + 1)).contains(proxy.host());
    // The % begins the zone of an IPv6 address.
    assertThat(proxy.host()).matches("[a-z0-9._:%-]+");
    String address =
        (proxy.tls() ? "https://" : "http://")
            + (proxy.host().contains(":") ? "[" + proxy.host() + "]" : proxy.host())
            + ":"
            + proxy.port();
    assertThat(proxy.toString())
        .isEqualTo("HttpProxy[proxy " + address + " of " + named.origin() + "]");
    assertThat(proxy.address()).isEqualTo(address);
    assertThat(proxy.description()).isEqualTo("proxy " + address + " of " + named.origin());
  }

  private static void authorizes(HttpProxy proxy, String expected) {
    String authorization = proxy.authorization();
    if (authorization == null) {
      assertThat(expected).isEmpty();
      return;
    }
    assertThat(Pattern.matches("Basic [A-Za-z0-9+/]+={0,2}", authorization)).isTrue();
    byte[] pair = Base64.getDecoder().decode(authorization.substring("Basic ".length()));
    assertThat(new String(pair, StandardCharsets.UTF_8)).isEqualTo(expected);
    assertThat(proxy.toString()).doesNotContain(authorization.substring("Basic ".length()));
  }

  private static String ofProperties(Environment environment) {
    String password = environment.property("https.proxyPassword").map(Setting::value).orElse("");
    return environment
        .property("https.proxyUser")
        .map(user -> user.value() + ":" + password)
        .orElse("");
  }

  /** User and password of a URL, with a colon between, empty if there are none. */
  private static String ofUrl(String url) {
    int scheme = url.indexOf("://");
    int end = url.lastIndexOf('@');
    int start = scheme < 0 ? 0 : scheme + 3;
    if (end <= start) {
      return "";
    }
    String pair = url.substring(start, end);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < pair.length(); ) {
      if (pair.charAt(i) == '%') {
        bytes.write(Integer.parseInt(pair.substring(i + 1, i + 3), 16));
        i += 3;
      } else {
        int c = pair.codePointAt(i);
        bytes.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
        i += Character.charCount(c);
      }
    }
    return bytes.toString(StandardCharsets.UTF_8) + (pair.contains(":") ? "" : ":");
  }

  private static void leads(
      HttpProxy proxy, Environment environment, boolean ofProperties, String endpoint) {
    for (String loopback : new String[] {"localhost", "a.LocalHost", "127.0.0.1", "[::1]"}) {
      assertThat(proxy.leadsTo(URI.create("https://" + loopback))).as(loopback).isFalse();
    }
    URI uri;
    try {
      uri = new URI(endpoint);
    } catch (URISyntaxException e) {
      return;
    }
    boolean leads = proxy.leadsTo(uri);
    if (uri.getHost() == null || !"https".equalsIgnoreCase(uri.getScheme())) {
      assertThat(leads).isFalse();
      return;
    }
    String asked = uri.getHost().toLowerCase(Locale.ROOT);
    String host = asked.replaceFirst("\\.$", "");
    if (isLoopback(host)) {
      assertThat(leads).as("a proxy is asked for loopback").isFalse();
      return;
    }
    Optional<Setting> direct =
        ofProperties
            ? environment.property("http.nonProxyHosts")
            : environment.variable("no_proxy").or(() -> environment.variable("NO_PROXY"));
    if (direct.isEmpty()) {
      assertThat(leads).as("nothing is excepted").isTrue();
      return;
    }
    String list = direct.get().value().toLowerCase(Locale.ROOT);
    // Of addresses, ports and odd patterns nothing is said here.
    if (!host.startsWith("[")
        && !host.matches("[0-9.]+")
        && list.matches(ofProperties ? PROPERTY_LIST : VARIABLE_LIST)) {
      assertThat(leads)
          .as("excepted: %s", list)
          .isNotEqualTo(ofProperties ? isExceptedBy(list, asked) : excepts(list, host));
    }
  }

  private static final String PROPERTY_LIST = "[*]?[a-z0-9.-]*+[*]?[a-z0-9.-]*+";
  private static final String VARIABLE_LIST = "([*]?\\.)?[a-z0-9-][a-z0-9.-]*+([, ]+[a-z0-9-]++)*+";

  /** Says whether a property excepts a host, in the words of regular expressions. */
  private static boolean isExceptedBy(String pattern, String asked) {
    return asked.matches(
        Pattern.quote(pattern).replaceFirst("^.Q[*]", ".*\\\\Q").replaceFirst("[*].E$", "\\\\E.*"));
  }

  /** Says the same of a variable. */
  private static boolean excepts(String list, String host) {
    for (String entry : list.split("[, ]+", -1)) {
      String name = entry.replaceFirst("^[*]?\\.", "").replaceFirst("\\.$", "");
      if (host.matches("(.*\\.)?" + Pattern.quote(name))) {
        return true;
      }
    }
    return false;
  }

  /** By the JDK's own reader of addresses, which resolves none of these. */
  private static boolean isLoopback(String host) {
    if (host.equals("localhost") || host.endsWith(".localhost")) {
      return true;
    }
    if (!host.startsWith("[") && !host.matches("[0-9]+(\\.[0-9]+){3}")) {
      return false;
    }
    try {
      return InetAddress.getByName(host.replaceFirst("%.*]", "]")).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }
}
