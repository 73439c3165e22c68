package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;

/**
 * Whatever stands in the variables that say where the token goes. What is taken is asked where it
 * leads by readers of other makes: a reader of URIs that knows less and is told less by it, and a
 * reader of addresses that takes all that the C library's takes.
 *
 * <p>An input is a whole URI, and where it has a second line, a base and a path. The byte 1 stands
 * for a password.
 */
class HostRuleFuzzTest {
  private static final String PASSWORD = "correct-horse-battery-staple";

  @FuzzTest
  void uri(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8).replace("\u0001", PASSWORD);
    int line = text.indexOf('\n');
    Endpoint endpoint;
    String uri;
    try {
      if (line < 0) {
        uri = text;
        endpoint = Endpoint.full(uri, "the URI");
      } else {
        String base = text.substring(0, line);
        String path = text.substring(line + 1);
        uri = (base.endsWith("/") ? base.substring(0, base.length() - 1) : base) + path;
        endpoint = Endpoint.relative(base, "the base", path, "the path");
        assertThat(endpoint.host()).isEqualTo(endpointOf(base).host());
        if (!base.contains(PASSWORD)) {
          // Of a path that is an id in itself nothing is shown.
          assertThat(endpoint.toString()).doesNotContain(PASSWORD);
        }
      }
    } catch (Misconfiguration e) {
      isHarmless(e, text);
      return;
    }
    isWhereTheUriLeads(endpoint, uri);
    if (!endpoint.tls()) {
      staysOnThisHost(endpoint);
    }
    canBeAsked(endpoint);
    showsNoSecret(endpoint, uri);
  }

  private static Endpoint endpointOf(String base) throws Misconfiguration {
    return Endpoint.full(base, "the base");
  }

  /** By hand, as the loosest of readers would: scheme, slashes, all up to the next separator. */
  private static void isWhereTheUriLeads(Endpoint endpoint, String uri) {
    String lower = uri.toLowerCase(Locale.ROOT);
    String start = endpoint.tls() ? "https://" : "http://";
    assertThat(lower).startsWith(start).doesNotContain("\\", "\t", "\r", "\n", " ");
    int from = start.length();
    int to = from;
    while (to < uri.length() && "/?#".indexOf(uri.charAt(to)) < 0) {
      to++;
    }
    String authority = uri.substring(from, to);
    assertThat(authority).doesNotContain("@");
    if (endpoint.tls() && authority.indexOf('%') >= 0) {
      // A zone. Over TLS the certificate tells whether it is the right host.
      return;
    }
    assertThat(authority).doesNotContain("%");
    String port = endpoint.port() < 0 ? "" : ":" + endpoint.port();
    String host = authority;
    int colon = authority.lastIndexOf(':');
    if (colon > authority.lastIndexOf(']')) {
      host = authority.substring(0, colon);
      String digits = authority.substring(colon + 1);
      assertThat(digits.isEmpty() ? "" : ":" + Integer.parseInt(digits)).isEqualTo(port);
    } else {
      assertThat(port).isEmpty();
    }
    assertThat(endpoint.effectivePort()).isBetween(1, 65_535);
    if (host.startsWith("[")) {
      assertThat(address(endpoint.host())).isEqualTo(address(host));
      assertThat(endpoint.host()).doesNotContain("[", "]", "%");
    } else {
      assertThat(endpoint.host()).isEqualTo(host);
    }
  }

  private static void staysOnThisHost(Endpoint endpoint) {
    String host = endpoint.host();
    if (host.indexOf(':') >= 0) {
      InetAddress address = address(host);
      assertThat(address).isInstanceOf(Inet6Address.class);
      assertThat(address.getHostAddress()).isIn("0:0:0:0:0:0:0:1", "fd00:ec2:0:0:0:0:0:23");
      return;
    }
    OptionalLong number = likeTheCLibrary(host);
    if (number.isEmpty()) {
      // A name: it is resolved later, and each address of it is checked then.
      assertThat(host).matches("[0-9A-Za-z.-]+").matches(".*[A-Za-z-].*");
      return;
    }
    long v4 = number.getAsLong();
    assertThat(v4 >>> 24 == 127 || v4 == 0xa9feaa02L || v4 == 0xa9feaa17L)
        .as("%s is %s", host, Long.toHexString(v4))
        .isTrue();
    InetAddress address = address(host);
    assertThat(address).isInstanceOf(Inet4Address.class);
    assertThat(address.getHostAddress()).isEqualTo(host);
  }

  private static void canBeAsked(Endpoint endpoint) {
    assertThat(endpoint.path()).matches("/[!-~]*|\\?[!-~]*").doesNotContain("#");
    HttpHost target =
        new HttpHost(endpoint.tls() ? "https" : "http", endpoint.host(), endpoint.port());
    assertThat(target.getHostName()).isEqualTo(endpoint.host());
    BasicClassicHttpRequest request = new BasicClassicHttpRequest("GET", target, endpoint.path());
    assertThat(request.getRequestUri()).isEqualTo(endpoint.path());
    assertThat(request.getAuthority().getHostName()).isEqualTo(endpoint.host());
  }

  private static void showsNoSecret(Endpoint endpoint, String uri) {
    int query = uri.indexOf('?');
    boolean inTheOpen =
        endpoint.host().contains(PASSWORD)
            || (query < 0 ? uri : uri.substring(0, query)).contains(PASSWORD);
    if (!inTheOpen) {
      assertThat(endpoint.toString()).doesNotContain(PASSWORD);
    }
    assertThat(endpoint.toString()).doesNotContain("?", "\n", "\r");
  }

  private static void isHarmless(Misconfiguration e, String text) {
    assertThat(e.getCause()).isNull();
    String said = e.problem().summary() + "\n" + e.problem().remedy().orElse("");
    Optional<String> host = Optional.empty();
    try {
      host = Optional.ofNullable(URI.create(text.lines().findFirst().orElse("")).getHost());
    } catch (IllegalArgumentException notAUri) {
      // Then no part of it may be shown.
    }
    if (host.filter(h -> h.contains(PASSWORD)).isEmpty()) {
      assertThat(said + e.problem().facts()).doesNotContain(PASSWORD);
    }
    String shown = host.map(h -> said.replace(h, "HOST")).orElse(said);
    assertThat(shown).hasSizeLessThan(600).matches("[ -~\n]*");
  }

  private static InetAddress address(String literal) {
    try {
      assertThat(literal).matches("[0-9A-Fa-f.:\\[\\]]+");
      return InetAddress.getByName(literal);
    } catch (UnknownHostException e) {
      throw new AssertionError("no address: " + literal, e);
    }
  }

  /** What {@code inet_aton} makes of it: one to four numbers, decimal, octal or hexadecimal. */
  private static OptionalLong likeTheCLibrary(String host) {
    String bare = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    List<String> parts = List.of(bare.split("\\.", -1));
    if (parts.size() > 4) {
      return OptionalLong.empty();
    }
    long value = 0;
    for (int i = 0; i < parts.size(); i++) {
      String part = parts.get(i).toLowerCase(Locale.ROOT);
      if (!part.matches("0x[0-9a-f]*|[0-9]+")) {
        // A sign, say, which Java's own reader of numbers would take.
        return OptionalLong.empty();
      }
      long number;
      try {
        if (part.startsWith("0x")) {
          number = part.length() == 2 ? 0 : Long.parseLong(part.substring(2), 16);
        } else if (part.startsWith("0") && part.length() > 1) {
          number = Long.parseLong(part, 8);
        } else {
          number = Long.parseLong(part);
        }
      } catch (NumberFormatException e) {
        return OptionalLong.empty();
      }
      boolean last = i == parts.size() - 1;
      long most = last ? (1L << (8 * (5 - parts.size()))) - 1 : 255;
      if (number < 0 || number > most) {
        return OptionalLong.empty();
      }
      value += last ? number : number << (24 - 8 * i);
    }
    return OptionalLong.of(value);
  }
}
