package dev.lanyard.podidentity.internal;

import dev.lanyard.diagnosis.Problem;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where the agent listens: a URI whose every part has been looked at, so far as that can be done
 * without the network. A name is resolved, and its addresses checked, at each connection.
 */
public final class Endpoint {

  /** The path of the EKS Pod Identity Agent. Source: aws/eks-pod-identity-agent, pkg/server. */
  private static final String POD_IDENTITY_PATH = "/v1/credentials";

  /** The shortest part of a URI that is taken for a secret: a number of four digits. */
  private static final int SHORTEST_SECRET = 4;

  private static final String PLAIN_EXAMPLE =
      "Set it to an absolute URI such as http://169.254.170.23/v1/credentials";

  private final boolean tls;
  private final String host;
  private final int port;
  private final String path;
  private final @Nullable InetAddress literal;

  private Endpoint(URI uri, boolean tls, @Nullable InetAddress literal) {
    String uriHost = uri.getHost();
    this.tls = tls;
    String bare = uriHost.startsWith("[") ? uriHost.substring(1, uriHost.length() - 1) : uriHost;
    // The agent compares the Host header letter by letter and refuses every other spelling of its
    // address. Source: aws/eks-pod-identity-agent, internal/validation/request.go.
    this.host = HostRule.POD_IDENTITY_IPV6.equals(literal) ? HostRule.POD_IDENTITY_IPV6_HOST : bare;
    this.port = uri.getPort();
    // A request line is ASCII: what is not goes out as its UTF-8 bytes, percent-encoded.
    URI ascii = URI.create(uri.toASCIIString());
    String rawPath = ascii.getRawPath().isEmpty() ? "/" : ascii.getRawPath();
    this.path = ascii.getRawQuery() == null ? rawPath : rawPath + "?" + ascii.getRawQuery();
    this.literal = literal;
  }

  /**
   * Reads the whole URI of an endpoint that the application gave.
   *
   * @param uri the URI
   * @throws Misconfiguration if a token must not be sent there; the text does not repeat the value
   */
  static Endpoint given(URI uri) throws Misconfiguration {
    return parse(uri.toString(), "the endpoint given to the provider");
  }

  /**
   * Reads the whole URI of an endpoint.
   *
   * @param value the URI
   * @param origin the setting in which it stands
   * @throws Misconfiguration if a token must not be sent there; the text does not repeat the value
   */
  static Endpoint full(String value, String origin) throws Misconfiguration {
    try {
      return parse(value, origin);
    } catch (Misconfiguration e) {
      throw new Misconfiguration(e.problem().toBuilder().fact("setting", origin).build());
    }
  }

  /**
   * Returns why no token may be sent to an endpoint, and what to do about it, as sentences that
   * begin with "the endpoint" and repeat neither path nor query; empty if one may.
   */
  public static Optional<String> problem(URI endpoint) {
    try {
      parse(endpoint.toString(), "the endpoint");
      return Optional.empty();
    } catch (Misconfiguration e) {
      Problem problem = e.problem();
      return Optional.of(
          problem.summary() + problem.remedy().map(remedy -> ". " + remedy).orElse(""));
    }
  }

  /**
   * Reads a path on a host that is fixed.
   *
   * @param base scheme and host, such as {@code http://169.254.170.2}
   * @param baseOrigin the setting in which the base stands
   * @param path the path and query
   * @param pathOrigin the setting in which the path stands
   * @throws Misconfiguration if the path is none or would lead to another host
   */
  static Endpoint relative(String base, String baseOrigin, String path, String pathOrigin)
      throws Misconfiguration {
    if (!path.startsWith("/") || path.startsWith("//")) {
      throw noPath(pathOrigin + " is not a path on a host", pathOrigin);
    }
    Endpoint parent = full(base, baseOrigin);
    if (parent.path.indexOf('?') >= 0) {
      throw new Misconfiguration(
          Problems.misconfigured(
                  Problems.QUERY_IN_BASE, baseOrigin + " has a query", "Remove the query")
              .fact("setting", baseOrigin)
              .build());
    }
    String trimmed = base.endsWith("/") ? base.substring(0, base.length() - 1) : base;
    Endpoint endpoint;
    try {
      endpoint = parse(trimmed + path, pathOrigin);
    } catch (Misconfiguration e) {
      throw asPath(e.problem(), pathOrigin);
    }
    // The base ends with its host or a path and the other part begins with '/': nothing can move
    // the host. A change of the lines above must not change that.
    if (!endpoint.host.equals(parent.host) || endpoint.port != parent.port) {
      throw noPath(pathOrigin + " leads to another host", pathOrigin);
    }
    return endpoint;
  }

  /** A problem of the whole URI, with what to do about its path. */
  private static Misconfiguration asPath(Problem problem, String pathOrigin) {
    return noPath(problem.summary(), pathOrigin);
  }

  private static Misconfiguration noPath(String summary, String origin) {
    return new Misconfiguration(
        Problems.misconfigured(
                Problems.RELATIVE_URI,
                summary,
                "Set it to a path that begins with one '/', such as /v2/credentials/ID, or set"
                    + " AWS_CONTAINER_CREDENTIALS_FULL_URI instead")
            .fact("setting", origin)
            .build());
  }

  private static Misconfiguration wrong(String id, String summary, String step) {
    return new Misconfiguration(Problems.misconfigured(id, summary, step).build());
  }

  private static Endpoint parse(String value, String origin) throws Misconfiguration {
    URI uri;
    try {
      uri = new URI(value);
      if (!StandardCharsets.UTF_8.newEncoder().canEncode(value)) {
        throw new URISyntaxException("", "half of a surrogate pair");
      }
    } catch (URISyntaxException | NumberFormatException e) {
      // The latter too: the JDK's parser throws it at a number too long for an IPv6 address.
      // The exception repeats the value, which may be a token in the wrong variable.
      throw wrong(Problems.NO_ABSOLUTE_URI, origin + " is not a URI", PLAIN_EXAMPLE);
    }
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    boolean tls = scheme.equals("https");
    if (!tls && !scheme.equals("http")) {
      throw wrong(
          Problems.NO_ABSOLUTE_URI,
          origin + " begins neither with http:// nor with https://",
          PLAIN_EXAMPLE);
    }
    if (uri.getRawUserInfo() != null) {
      throw wrong(
          Problems.USER_NAME_IN_URI,
          origin + " has a user name before its host",
          "Remove the part before the '@': the token is all that the agent asks for");
    }
    if (uri.getHost() == null) {
      throw wrong(
          Problems.NO_ABSOLUTE_URI, origin + " names no host that can be checked", PLAIN_EXAMPLE);
    }
    if (uri.getRawFragment() != null) {
      throw wrong(
          Problems.FRAGMENT_IN_URI,
          origin + " has a fragment, which is never sent",
          "Remove the '#' and what follows it");
    }
    if (uri.getPort() == 0 || uri.getPort() > 65_535) {
      throw wrong(
          Problems.PORT_IN_URI,
          origin + " has the port " + uri.getPort(),
          "Give a port between 1 and 65535, or none");
    }
    return new Endpoint(uri, tls, literal(uri.getHost(), tls, origin));
  }

  private static @Nullable InetAddress literal(String host, boolean tls, String origin)
      throws Misconfiguration {
    InetAddress literal;
    try {
      literal = HostRule.literal(host);
    } catch (UnknownHostException e) {
      if (tls) {
        // Any host will do: the certificate tells whether it is the right one.
        return null;
      }
      throw wrong(
          Problems.HOST_NOTATION,
          origin + " names a host that cannot be checked: " + host,
          "Write an IPv4 address as four decimal numbers, an IPv6 address in brackets and without"
              + " a zone");
    }
    if (literal != null && !tls && !HostRule.admits(literal)) {
      throw new Misconfiguration(
          Problems.misconfigured(
                  Problems.ADDRESS_NOT_ALLOWED,
                  origin
                      + " leads to "
                      + host
                      + " without TLS, where the token would leave this host in the clear",
                  "Use https, or one of the addresses that plain http may go to: "
                      + HostRule.ALLOWED)
              .fact("address", literal.getHostAddress())
              .build());
    }
    return literal;
  }

  boolean tls() {
    return tls;
  }

  /** Returns a name or an address, the latter without brackets. */
  String host() {
    return host;
  }

  /** Returns the port as it stands in the URI, -1 if there is none. */
  int port() {
    return port;
  }

  /** Returns the port to connect to. */
  int effectivePort() {
    if (port >= 0) {
      return port;
    }
    return tls ? 443 : 80;
  }

  /** Returns what the {@code Host} header says: the port is left out where the URI has none. */
  String authority() {
    String bracketed = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    return port < 0 ? bracketed : bracketed + ":" + port;
  }

  /** Returns scheme, host and port, which hide nothing. */
  String origin() {
    return (tls ? "https://" : "http://") + authority();
  }

  /** Returns what the request asks for: the path and the query, neither decoded nor normalized. */
  String path() {
    return path;
  }

  /**
   * Returns the parts of path and query by which an endpoint may know whose credentials to give, so
   * that an answer that repeats one is not repeated in turn. What is too short to keep anybody out
   * is none of them, nor is a short word in the path.
   */
  List<String> secrets() {
    List<String> secrets = new ArrayList<>();
    int query = path.indexOf('?');
    for (String segment : (query < 0 ? path : path.substring(0, query)).split("/", -1)) {
      boolean word = segment.length() < 8 && !segment.matches(".*\\d.*");
      if (segment.length() >= SHORTEST_SECRET && !word && !segment.equals("credentials")) {
        secrets.add(segment);
      }
    }
    if (query >= 0) {
      for (String parameter : path.substring(query + 1).split("&", -1)) {
        String value = parameter.substring(parameter.indexOf('=') + 1);
        if (value.length() >= SHORTEST_SECRET) {
          secrets.add(value);
        }
      }
    }
    return secrets;
  }

  /** Tells whether the EKS Pod Identity Agent is meant, which never answers without a token. */
  boolean isPodIdentityAgent() {
    return literal != null && HostRule.POD_IDENTITY.contains(literal);
  }

  /** Tells whether advice about EKS Pod Identity fits: its address, or its path somewhere else. */
  boolean isLikePodIdentity() {
    return isPodIdentityAgent() || path.equals(POD_IDENTITY_PATH);
  }

  /** Tells whether the ECS agent is meant. */
  boolean isEcsAgent() {
    return HostRule.ECS.equals(literal);
  }

  /** Tells whether path and query are not shown, or not all of them. */
  boolean hidesPath() {
    return !path.equals(POD_IDENTITY_PATH) && !path.equals("/");
  }

  /**
   * Shows scheme, host and port, and the path where it is the one of the EKS Pod Identity Agent.
   * Any other path may hold the id by which the ECS agent knows the task, which is as good as a
   * password, and a query a key of any kind: three dots stand for them, the same for all.
   */
  @Override
  public String toString() {
    int query = path.indexOf('?');
    String bare = query < 0 ? path : path.substring(0, query);
    boolean shown = bare.equals(POD_IDENTITY_PATH) || bare.equals("/");
    String start = shown ? (bare.equals("/") ? "" : bare) : "/";
    return origin() + start + (shown && query < 0 ? "" : "...");
  }
}
