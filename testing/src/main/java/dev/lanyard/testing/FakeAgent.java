package dev.lanyard.testing;

import com.nimbusds.jose.util.JSONObjectUtils;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A Pod Identity agent on loopback, with EKS Auth behind it. Get it from {@link FakeEks#agent}.
 * Safe for use by many threads.
 *
 * <p>It checks what the real agent checks, in its order: path, host, token present, token well
 * formed, token's times; and then lets EKS Auth verify signature, issuer, audience, association and
 * trust policy. Errors are plain text as the agent writes them. It serves answers from a cache by
 * token: until three hours have passed, or the credentials have 15 s left. So a change of the
 * association or of the trust policy shows only with a new token, as on a cluster. Source:
 * eks-pod-identity-agent 0.1.37.
 *
 * <p>Unlike the real one it also answers to its own loopback address, it renews a cached answer
 * when it is asked for it and not in the background, and it does not limit the rate.
 */
public final class FakeAgent extends FakeService {
  private static final String PATH = "/v1/credentials";

  /** Source: eks-pod-identity-agent, configuration/config.go. */
  private static final List<String> ADDRESSES = List.of("169.254.170.23", "fd00:ec2::23");

  /** Source: eks-pod-identity-agent, configuration/config.go. */
  private static final Duration RENEWAL = Duration.ofHours(3);

  /** Source: eks-pod-identity-agent, internal/credsretriever. */
  private static final Duration FLOOR = Duration.ofSeconds(15);

  /** Source: eks-pod-identity-agent, configuration/config.go. */
  private static final int CACHE_SIZE = 2000;

  /** What golang-jwt knows, which is what the agent parses with. */
  private static final Set<String> ALGORITHMS =
      Set.of(
          "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "HS256",
          "HS384", "HS512", "EdDSA", "none");

  private record Cached(IssuedCredentials credentials, Instant renewal) {}

  private final EksAuth eksAuth;

  /** By token, in the order of insertion: the oldest goes first, read or not. */
  private final Map<String, Cached> cache =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Cached> eldest) {
          return size() > CACHE_SIZE;
        }
      };

  private volatile boolean cannotReachEksAuth;

  FakeAgent(FakeClock clock, Journal journal, EksAuth eksAuth) {
    super("agent", clock, journal);
    this.eksAuth = eksAuth;
  }

  /**
   * Returns where it serves credentials: the value of {@code AWS_CONTAINER_CREDENTIALS_FULL_URI}.
   *
   * @return an address on loopback that ends in {@code /v1/credentials}
   */
  @Override
  public URI endpoint() {
    return root().resolve(PATH);
  }

  /**
   * Lets the credentials issued from now on last this long, instead of 6 hours, and empties the
   * agent's cache. With 15 s or less, which the real agent would not serve at all, every request
   * gets new ones.
   *
   * @param lifetime such as a few seconds, to watch credentials roll over
   * @throws IllegalArgumentException if the lifetime is zero or negative
   */
  @Override
  public void credentialsLast(Duration lifetime) {
    super.credentialsLast(lifetime);
    forget();
  }

  /** Empties the agent's cache, as a restart of the agent does. */
  public void forget() {
    synchronized (cache) {
      cache.clear();
    }
  }

  /**
   * Gets no answer from EKS Auth from now on, as from a private cluster without the endpoint: 500
   * for every token that it does not have in its cache, until it {@link #recovers}.
   */
  public void cannotReachEksAuth() {
    cannotReachEksAuth = true;
  }

  @Override
  public void recovers() {
    cannotReachEksAuth = false;
    super.recovers();
  }

  @Override
  String operation(HttpRequest request) {
    return request.path().equals(PATH) && request.method().equals("GET")
        ? "GET " + PATH
        : "unknown";
  }

  @Override
  Outcome serve(HttpRequest request, String requestId, @Nullable Duration lifetime, Trace trace) {
    try {
      IssuedCredentials credentials = credentials(request, lifetime, trace);
      trace.issued(credentials);
      String body = json(credentials);
      return Outcome.of(new HttpAnswer(200, Map.of("Content-Type", "application/json"), body));
    } catch (AgentError e) {
      return Outcome.of(text(e.status, e.text));
    } catch (Refusal refusal) {
      return new Outcome(
          error(refusal.status(), refusal.code(), refusal.text(), requestId),
          Optional.of(refusal.code()));
    }
  }

  /** As the agent passes on what EKS Auth said. Source: eks-pod-identity-agent, pkg/errors. */
  @Override
  HttpAnswer error(int status, String code, String message, String requestId) {
    return text(
        status,
        "[%s]: (%s): %s, fault: %s"
            .formatted(requestId, code, message, status < 500 ? "client" : "server"));
  }

  @Override
  Outcome throttled(String requestId) {
    return Outcome.of(text(429, "Too Many Requests"));
  }

  /** What the agent itself refuses, without EKS Auth. */
  private static final class AgentError extends Exception {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String text;

    AgentError(int status, String text) {
      super(text, null, false, false);
      this.status = status;
      this.text = text;
    }
  }

  /** As Go's http.Error writes it. */
  private static HttpAnswer text(int status, String text) {
    return new HttpAnswer(
        status,
        Map.of("Content-Type", "text/plain; charset=utf-8", "X-Content-Type-Options", "nosniff"),
        text + "\n");
  }

  private IssuedCredentials credentials(
      HttpRequest request, @Nullable Duration lifetime, Trace trace) throws AgentError, Refusal {
    if (!request.path().equals(PATH)) {
      throw new AgentError(404, "404 page not found");
    }
    checkHost(request.header("Host").orElse(""));
    String token = request.header("Authorization").orElse("");
    if (token.isEmpty()) {
      throw new AgentError(400, "Service account token cannot be empty");
    }
    checkToken(token);
    return cached(token, lifetime, trace);
  }

  private void checkHost(String host) throws AgentError {
    if (host.equals(authority())) {
      return;
    }
    String bare = host.replaceFirst("(?<=^[^:]*|\\]):\\d+$", "").replaceAll("[\\[\\]]", "");
    if (!ADDRESSES.contains(bare)) {
      throw new AgentError(
          403,
          "Access Denied. Called agent through invalid address, please use either ["
              + String.join(" ", ADDRESSES)
              + "] address not "
              + bare);
    }
  }

  /** Reads the token without verifying it. Texts: golang-jwt v5, as far as they hold no token. */
  private void checkToken(String token) throws AgentError {
    String[] parts = token.split("\\.", -1);
    if (parts.length != 3) {
      throw malformed("token contains an invalid number of segments");
    }
    Map<String, Object> header = decode("header", parts[0]);
    Map<String, Object> claims = decode("claim", parts[1]);
    if (!(header.get("alg") instanceof String alg)) {
      throw unparsable("token is unverifiable: signing method (alg) is unspecified");
    }
    if (!ALGORITHMS.contains(alg)) {
      throw unparsable("token is unverifiable: signing method (alg) is unavailable");
    }
    Instant now = clock().instant();
    List<String> failures = new ArrayList<>();
    if (!now.isBefore(time(claims, "exp").orElse(Instant.MAX))) {
      failures.add("token is expired");
    }
    if (now.isBefore(time(claims, "nbf").orElse(Instant.MIN))) {
      failures.add("token is not valid yet");
    }
    if (!failures.isEmpty()) {
      throw new AgentError(
          400,
          "Service account token failed basic claim validations: " + String.join(", ", failures));
    }
  }

  private static Map<String, Object> decode(String part, String segment) throws AgentError {
    for (int i = 0; i < segment.length(); i++) {
      char c = segment.charAt(i);
      if (!(c < 128 && (Character.isLetterOrDigit(c) || c == '-' || c == '_'))) {
        throw malformed(
            "could not base64 decode " + part + ": illegal base64 data at input byte " + i);
      }
    }
    try {
      String json = new String(Base64.getUrlDecoder().decode(segment), StandardCharsets.UTF_8);
      return JSONObjectUtils.parse(json);
    } catch (IllegalArgumentException e) {
      throw malformed(
          "could not base64 decode "
              + part
              + ": illegal base64 data at input byte "
              + segment.length());
    } catch (ParseException e) {
      throw malformed("could not JSON decode " + part);
    }
  }

  private static Optional<Instant> time(Map<String, Object> claims, String name) throws AgentError {
    Object value = claims.get(name);
    if (value == null) {
      return Optional.empty();
    }
    if (!(value instanceof Number seconds)) {
      throw malformed("could not JSON decode claim");
    }
    return Optional.of(Instant.ofEpochSecond(seconds.longValue()));
  }

  private static AgentError malformed(String text) {
    return unparsable("token is malformed: " + text);
  }

  private static AgentError unparsable(String text) {
    return new AgentError(400, "Service account token cannot be parsed: " + text);
  }

  /**
   * One caller at a time: the real agent lets those with the same token wait for the first, and EKS
   * Auth is in this process and takes no time.
   */
  private IssuedCredentials cached(String token, @Nullable Duration lifetime, Trace trace)
      throws AgentError, Refusal {
    synchronized (cache) {
      Instant now = clock().instant();
      Cached held = cache.get(token);
      // A lifetime that has passed is a fault, which the cache must not hide.
      if (held != null
          && (lifetime == null || !lifetime.isNegative())
          && now.isBefore(held.renewal())
          && now.plus(FLOOR).isBefore(held.credentials().expiration())) {
        eksAuth.identify(token, trace);
        return held.credentials();
      }
      if (cannotReachEksAuth) {
        // A renewal that fails for such a reason keeps what there is.
        if (held != null && now.plus(FLOOR).isBefore(held.credentials().expiration())) {
          eksAuth.identify(token, trace);
          return held.credentials();
        }
        throw new AgentError(500, "[]");
      }
      // Removed first: the oldest goes by the order of insertion, and a refusal evicts.
      cache.remove(token);
      IssuedCredentials fresh = eksAuth.assume(token, lifetime, trace);
      Instant expiration = fresh.expiration();
      Instant renewal = expiration.isBefore(now.plus(RENEWAL)) ? expiration : now.plus(RENEWAL);
      cache.put(token, new Cached(fresh, renewal));
      return fresh;
    }
  }

  /** Five fields in this order. Source: eks-pod-identity-agent, pkg/credentials/model.go. */
  private static String json(IssuedCredentials credentials) {
    return "{\"AccessKeyId\":\""
        + credentials.accessKeyId()
        + "\",\"SecretAccessKey\":\""
        + credentials.secretAccessKey()
        + "\",\"Token\":\""
        + credentials.sessionToken()
        + "\",\"AccountId\":\""
        + credentials.accountId()
        + "\",\"Expiration\":\""
        + credentials.expiration()
        + "\"}";
  }

  @Override
  public String toString() {
    return "FakeAgent[" + endpoint() + "]";
  }
}
