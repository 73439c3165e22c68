package dev.lanyard.irsa.internal;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.runtime.Environment;
import dev.lanyard.runtime.Environment.Setting;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP proxy that leads to STS, and the hosts that it does not lead to. Asked for a tunnel
 * (CONNECT), and for nothing else: it sees the name of the endpoint, and never the token.
 *
 * <p>System properties come before variables, each with their own list of exceptions: {@code
 * https.proxyHost}, {@code https.proxyPort} and {@code http.nonProxyHosts} as the JDK defines them
 * (networking properties), {@code https.proxyUser} and {@code https.proxyPassword} as the AWS SDK
 * reads them; then {@code https_proxy}, {@code HTTPS_PROXY} with {@code no_proxy}, {@code
 * NO_PROXY}, the small letters first as in the AWS SDK and in curl. Loopback is never asked for
 * through a proxy. No name is resolved to decide.
 *
 * <p>Immutable. {@link #toString} and all messages are without user and password.
 */
final class HttpProxy {
  private static final int HTTPS_PORT = 443;
  private static final int HTTP_PORT = 80;

  private final String host;
  private final int port;
  private final boolean tls;
  private final @Nullable String authorization;
  private final List<ProxyExemption> exemptions;
  private final Origins origins;

  /**
   * The settings that the values came from.
   *
   * @param exemptions null if none was set
   */
  private record Origins(
      String proxy, @Nullable String authorization, @Nullable String exemptions) {}

  private HttpProxy(
      String host,
      int port,
      boolean tls,
      @Nullable String authorization,
      List<ProxyExemption> exemptions,
      Origins origins) {
    this.host = host;
    this.port = port;
    this.tls = tls;
    this.authorization = authorization;
    this.exemptions = exemptions;
    this.origins = origins;
  }

  /**
   * Reads the settings.
   *
   * @return the proxy, empty if none is named
   * @throws InvalidSettingException if one is named in a form that cannot work
   */
  static Optional<HttpProxy> read(Environment environment) throws InvalidSettingException {
    Optional<Setting> property = environment.property("https.proxyHost");
    if (property.isPresent()) {
      return Optional.of(ofProperties(environment, property.get()));
    }
    Optional<Setting> variable = either(environment, "https_proxy", "HTTPS_PROXY");
    if (variable.isPresent()) {
      return Optional.of(ofVariable(environment, variable.get()));
    }
    return Optional.empty();
  }

  /** The proxy's host name or address, without brackets. */
  String host() {
    return host;
  }

  int port() {
    return port;
  }

  /** Whether the proxy itself is spoken to over TLS. */
  boolean tls() {
    return tls;
  }

  /** The value of {@code Proxy-Authorization}, a secret, null if the setting names no user. */
  @Nullable String authorization() {
    return authorization;
  }

  /** Where the proxy is, for messages. */
  String address() {
    return (tls ? "https://" : "http://")
        + (host.indexOf(':') < 0 ? host : "[" + host + "]")
        + ":"
        + port;
  }

  /** Says it to people, in messages. */
  String description() {
    return "proxy " + address() + " of " + origins.proxy();
  }

  /**
   * Adds the proxy and the hosts that it does not lead to, whether it leads to the endpoint or not.
   */
  void addTo(Evidence.Builder evidence) {
    evidence.fact(Facts.PROXY, address(), origins.proxy());
    if (authorization != null) {
      evidence.hidden("proxy authorization", authorization, origins.authorization());
    }
    for (ProxyExemption exemption : exemptions) {
      // One may be anything that somebody wrote into the wrong variable.
      evidence.hidden("no proxy", exemption.toString(), origins.exemptions());
    }
  }

  /** Says whether an endpoint is to be asked through this proxy: https only. */
  boolean leadsTo(URI endpoint) {
    String name = endpoint.getHost();
    if (name == null || !"https".equalsIgnoreCase(endpoint.getScheme())) {
      return false;
    }
    AskedHost asked = AskedHost.of(name, endpoint.getPort() < 0 ? HTTPS_PORT : endpoint.getPort());
    if (isLoopback(asked)) {
      return false;
    }
    for (ProxyExemption exemption : exemptions) {
      if (exemption.covers(asked)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return "HttpProxy[" + description() + "]";
  }

  private static HttpProxy ofProperties(Environment environment, Setting setting)
      throws InvalidSettingException {
    String host = AskedHost.bare(setting.value());
    if (!isHost(host)) {
      throw InvalidSettingException.of(
          Problems.PROXY_HOST_MALFORMED,
          setting.origin(),
          "is not the name of a host",
          "Set it to the host name of the proxy only; the port belongs in https.proxyPort");
    }
    int port = HTTPS_PORT;
    Optional<Setting> portSetting = environment.property("https.proxyPort");
    if (portSetting.isPresent()) {
      port = parsePort(portSetting.get().value());
      if (port < 0) {
        throw InvalidSettingException.of(
            Problems.PROXY_PORT_MALFORMED,
            portSetting.get().origin(),
            "is not a port from 1 to 65535",
            "Correct or remove it");
      }
    }
    Optional<Setting> user = environment.property("https.proxyUser");
    String authorization = null;
    if (user.isPresent()) {
      Optional<Setting> password = environment.property("https.proxyPassword");
      authorization = basic(user.get().value(), password.isPresent() ? password.get().value() : "");
    }
    List<ProxyExemption> exemptions = new ArrayList<>();
    Optional<Setting> direct = environment.property("http.nonProxyHosts");
    if (direct.isPresent()) {
      for (String pattern : direct.get().value().split("\\|", -1)) {
        exemptions.add(NonProxyHost.of(pattern));
      }
    }
    return new HttpProxy(
        host,
        port,
        false,
        authorization,
        exemptions,
        new Origins(setting.origin(), originOf(user), originOf(direct)));
  }

  private static HttpProxy ofVariable(Environment environment, Setting setting)
      throws InvalidSettingException {
    String value = setting.value();
    URI url;
    try {
      url = new URI(value.contains("://") ? value : "http://" + value);
    } catch (URISyntaxException | NumberFormatException e) {
      // The latter too: the JDK's parser throws it at a number too long for an IPv6 address.
      // Without the cause: its message repeats the value, and with it a password.
      throw invalid(setting, "is not a URL");
    }
    String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
    boolean tls = scheme.equals("https");
    if (!tls && !scheme.equals("http")) {
      throw invalid(setting, "names no HTTP proxy: its scheme is neither http nor https");
    }
    if (url.getHost() == null) {
      throw invalid(setting, "names no host");
    }
    String path = url.getRawPath();
    if (!(path == null || path.isEmpty() || path.equals("/"))
        || url.getRawQuery() != null
        || url.getRawFragment() != null) {
      throw invalid(setting, "holds more than a user, a host and a port");
    }
    int port = url.getPort();
    if (port < 0) {
      port = tls ? HTTPS_PORT : HTTP_PORT;
    } else if (port == 0 || port > 65_535) {
      throw invalid(setting, "names no port from 1 to 65535");
    }
    String authorization = null;
    String userInfo = url.getRawUserInfo();
    if (userInfo != null && !userInfo.isEmpty()) {
      int colon = userInfo.indexOf(':');
      authorization =
          colon < 0
              ? basic(decoded(userInfo), "")
              : basic(
                  decoded(userInfo.substring(0, colon)), decoded(userInfo.substring(colon + 1)));
    }
    List<ProxyExemption> exemptions = new ArrayList<>();
    Optional<Setting> direct = either(environment, "no_proxy", "NO_PROXY");
    if (direct.isPresent()) {
      for (String entry : direct.get().value().split("[,\\s]+", -1)) {
        if (!entry.isEmpty()) {
          exemptions.add(NoProxyEntry.of(entry));
        }
      }
    }
    return new HttpProxy(
        AskedHost.bare(url.getHost()),
        port,
        tls,
        authorization,
        exemptions,
        new Origins(setting.origin(), setting.origin(), originOf(direct)));
  }

  private static @Nullable String originOf(Optional<Setting> setting) {
    return setting.isPresent() ? setting.get().origin() : null;
  }

  private static InvalidSettingException invalid(Setting setting, String rule) {
    return InvalidSettingException.of(
        Problems.PROXY_URL_MALFORMED,
        setting.origin(),
        rule,
        "Set it to http://{host}:{port}, or to http://{user}:{password}@{host}:{port} with all"
            + " characters of user and password but letters and digits percent-encoded; or give"
            + " the builder an StsClient with a proxy of its own");
  }

  private static Optional<Setting> either(Environment environment, String one, String other) {
    Optional<Setting> setting = environment.variable(one);
    return setting.isPresent() ? setting : environment.variable(other);
  }

  private static String basic(String user, String password) {
    return "Basic "
        + Base64.getEncoder()
            .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
  }

  // A plus is a plus: this is no form.
  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /** Returns a port, negative if it is none. */
  static int parsePort(String text) {
    int port = text.length() > 5 ? -1 : Texts.number(text, 65_535);
    return port == 0 ? -1 : port;
  }

  private static boolean isHost(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || ".-_:".indexOf(c) >= 0)) {
        return false;
      }
    }
    // Several colons are an IPv6 address; a single one is a port, which has a property of its own.
    int colon = text.indexOf(':');
    return !text.isEmpty() && (colon < 0 || colon != text.lastIndexOf(':'));
  }

  private static boolean isLoopback(AskedHost asked) {
    String host = asked.name();
    return host.equals("localhost")
        || host.endsWith(".localhost")
        || (host.startsWith("127.") && isDigitsAndDots(host))
        || (asked.address().isPresent() && asked.address().get().isLoopbackAddress());
  }

  private static boolean isDigitsAndDots(String host) {
    for (int i = 0; i < host.length(); i++) {
      char c = host.charAt(i);
      if (c != '.' && (c < '0' || c > '9')) {
        return false;
      }
    }
    return true;
  }
}
