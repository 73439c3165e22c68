package dev.lanyard.testing;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A Pod Identity agent on loopback, with EKS Auth behind it. Get it from {@link FakeEks#agent}.
 * Safe for use by many threads.
 *
 * <p>It checks what the real agent checks, in its order: path, rate, host, token present, token
 * well formed, token's times; and then lets EKS Auth verify signature, issuer, audience,
 * association and trust policy. Errors are plain text as the agent writes them. Source:
 * eks-pod-identity-agent 0.1.37; {@link #upgradeTo02} makes it a later one.
 *
 * <p>It admits 500 requests at once and 1000 a second, by {@link FakeEks#clock}; the others get 429
 * {@code Too Many Requests}. While that clock stands still, nothing is admitted after the first
 * 500.
 *
 * <p>It serves answers from a cache by token, and renews each in the background with the token that
 * it was requested with: at the first of its sweeps, one a minute, after three hours, or after the
 * credentials have expired if they live less long. So a change of the association or of the trust
 * policy shows only then, or with a new token, as on a cluster. A renewal that EKS Auth refuses
 * drops the answer; one that cannot reach EKS Auth keeps it, and is tried again after two minutes.
 * Credentials with 15 s or less left are not served any more. The background work goes by the
 * clock, too: when a test moves the clock by hours, everything that would have happened meanwhile
 * has happened.
 *
 * <p>Unlike the real agent, it also accepts its own loopback address as {@code Host}, and renews as
 * many answers at a time as are due.
 *
 * @since 0.1
 */
public final class FakeAgent extends FakeService {
  private static final String PATH = "/v1/credentials";

  /** Source: eks-pod-identity-agent, configuration/config.go. */
  private static final List<String> ADDRESSES = List.of("169.254.170.23", "fd00:ec2::23");

  /** 1000 a second. Source: eks-pod-identity-agent, configuration/config.go. */
  private static final Duration INTERVAL = Duration.ofMillis(1);

  /** Source: eks-pod-identity-agent, internal/middleware/rate_limiter. */
  private static final int BURST = 500;

  /** What golang-jwt knows, which is what the agent parses with. */
  private static final Set<String> ALGORITHMS =
      Set.of(
          "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "HS256",
          "HS384", "HS512", "EdDSA", "none");

  /** How EKS Auth is, seen from the node. */
  private enum Upstream {
    WELL,
    OUT_OF_REACH,
    NOT_ASKED_WITHOUT_NODE_CREDENTIALS,
    DENIES_THE_NODE,
    THROTTLES_THE_NODE,
    DOES_NOT_KNOW_THE_CLUSTER
  }

  private final EksAuth eksAuth;
  private final RateLimit rateLimit = new RateLimit(INTERVAL, BURST);

  /** Its lock also lets one caller at a time ask EKS Auth. */
  private final AgentCache cache;

  private final Runnable catchUp = this::catchUp;

  private volatile boolean byThePodsClock;

  /** Whether its cache is by the pods' UIDs, and not by their tokens. Guarded by the cache. */
  private boolean cachesByPod;

  // Guarded by the cache.
  private Upstream upstream = Upstream.WELL;

  FakeAgent(FakeClock clock, Journal journal, EksAuth eksAuth) {
    super("agent", clock, journal);
    this.eksAuth = eksAuth;
    this.cache =
        new AgentCache(
            clock.instant(),
            this::inTheBackground,
            new JournalOfRenewals(journal, eksAuth, this::byAws));
    eksAuth.beforeRolesChange(catchUp);
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
  public void letCredentialsLast(Duration lifetime) {
    super.letCredentialsLast(lifetime);
    forget();
  }

  /** Empties the agent's cache, as a restart of the agent does. */
  public void forget() {
    // What the background has done by now is a part of the journal.
    catchUp();
    cache.clear();
  }

  /**
   * Behaves like release 0.2 from now on, with an empty cache, whose key is the UID of the pod and
   * not the token. The agent itself verifies a new token of the pod, with the keys of the API
   * server, then serves what it has in its cache, and renews that with the new token. So a rotation
   * needs no request to EKS Auth, and works while EKS Auth cannot be reached. A token that the
   * agent cannot verify goes to EKS Auth, as before. One that names no pod is refused with 400. A
   * change of an association shows only at the next renewal, also with a new token.
   *
   * <p>Source: the branch cache-enhancements of eks-pod-identity-agent, commit 6302d98, of May
   * 2026, before that release; the release itself could not be read.
   */
  public void upgradeTo02() {
    synchronized (cache) {
      forget();
      cachesByPod = true;
    }
  }

  /**
   * Goes by the clock of its node from now on, which is the pod's: the clock that was given to
   * {@link FakeEks.Builder#clock}, and not {@link FakeEks#clock}, which is the clock of AWS. The
   * two differ once the latter is set ahead or behind. By the pod's clock the agent dates its
   * answers, judges the times of a token before EKS Auth judges them by its own clock, and decides
   * whether credentials have expired or have 15 s or less left, when it no longer serves them. The
   * expiration itself is still by the clock of AWS. For new credentials that have 15 s or less left
   * by the pod's clock, it answers 500.
   *
   * <p>The real agent is on the same machine as the pod, so that its {@code Date} proves nothing
   * about the pod's clock. Until this method is called, the agent goes by {@link FakeEks#clock} in
   * everything, its {@code Date} included. The call empties the agent's cache, and {@link #recover}
   * does not end it.
   */
  public void goByThePodsClock() {
    synchronized (cache) {
      forget();
      byThePodsClock = true;
    }
  }

  @Override
  InstantSource ownClock() {
    return byThePodsClock ? clock().ofThePod() : clock();
  }

  /** What the clock of AWS shows when the agent's own shows a time. */
  private Instant byAws(Instant own) {
    return byThePodsClock ? clock().whenThePodsShows(own) : own;
  }

  /**
   * Loses the way to EKS Auth from now on, as from a private cluster without the endpoint: 500 for
   * every token that it does not have in its cache, until it {@link #recover recovers}.
   */
  public void disconnectFromEksAuth() {
    finds(Upstream.OUT_OF_REACH);
  }

  /**
   * Lets EKS Auth refuse it from now on, since the node's role lacks {@code
   * eks-auth:AssumeRoleForPodIdentity}: 400 {@code AccessDeniedException} with the name of that
   * role for every token that it does not have in its cache, until it {@link #recover recovers}.
   * Source: EKS user guide, pod-id-agent-setup; the text is not known.
   */
  public void beDeniedByEksAuth() {
    finds(Upstream.DENIES_THE_NODE);
  }

  /**
   * Lets EKS Auth throttle it from now on: 429 {@code ThrottlingException} for every token that it
   * does not have in its cache, until it {@link #recover recovers}. Its own limit is another, see
   * {@link #throttle}.
   */
  public void beThrottledByEksAuth() {
    finds(Upstream.THROTTLES_THE_NODE);
  }

  /**
   * Names a cluster that EKS Auth does not know from now on: the agent was started with a wrong
   * name, or the cluster was deleted. 404 {@code ResourceNotFoundException} {@code No cluster found
   * ...} for every token that it does not have in its cache, until it {@link #recover recovers}. No
   * association fixes that. The text is that of the EKS API; the one of EKS Auth is not documented.
   */
  public void nameAnUnknownCluster() {
    finds(Upstream.DOES_NOT_KNOW_THE_CLUSTER);
  }

  /**
   * Loses the credentials of its node from now on, without which it cannot ask EKS Auth: 500 and a
   * text without a code for every token that it does not have in its cache, until it {@link
   * #recover recovers}.
   */
  public void loseNodeCredentials() {
    finds(Upstream.NOT_ASKED_WITHOUT_NODE_CREDENTIALS);
  }

  @Override
  public void recover() {
    finds(Upstream.WELL);
    super.recover();
  }

  private void finds(Upstream from) {
    synchronized (cache) {
      catchUp();
      upstream = from;
    }
  }

  /** Lets the background do what it would have done by now. */
  void catchUp() {
    cache.renewUntil(ownClock().instant());
  }

  @Override
  void close() {
    eksAuth.forget(catchUp);
    super.close();
  }

  @Override
  boolean admits(HttpRequest request, Instant now) {
    // The limit stands before this path alone.
    return !request.path().equals(PATH) || rateLimit.admits(now);
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
      return refused(refusal, requestId);
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
    Instant now = ownClock().instant();
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
      return Json.object(json);
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
    // A number beyond what an Instant holds is as far as one goes.
    long inRange =
        Math.max(
            Instant.MIN.getEpochSecond(),
            Math.min(Instant.MAX.getEpochSecond(), seconds.longValue()));
    return Optional.of(Instant.ofEpochSecond(inRange));
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
      Instant now = ownClock().instant();
      String key = cachesByPod ? podUid(token) : token;
      Optional<IssuedCredentials> held = held(key, token, now);
      // A lifetime that has passed is a fault, which the cache must not hide.
      if (held.isPresent() && (lifetime == null || !lifetime.isNegative())) {
        eksAuth.identify(token, trace);
        return held.get();
      }
      if (upstream == Upstream.OUT_OF_REACH) {
        throw new AgentError(500, "[]");
      }
      if (upstream == Upstream.NOT_ASKED_WITHOUT_NODE_CREDENTIALS) {
        throw new AgentError(500, "error getting credentials to cache: no credentials of the node");
      }
      // What another token of the pod may have stays, if this one gets nothing.
      if (cache.get(key, now).isEmpty()) {
        cache.remove(key);
      }
      IssuedCredentials fresh = exchange(token, byAws(now), lifetime, trace);
      // A lifetime that was chosen may be of a few seconds, and the credentials are for the test.
      if (lifetime == null && !AgentCache.isGivenAt(now, fresh)) {
        throw new AgentError(
            500,
            // Source: eks-pod-identity-agent, internal/credsretriever/refreshing_cache.go.
            String.format(
                Locale.ROOT,
                "fetched credentials are expired or will expire within the next %.2f seconds",
                Duration.between(now, fresh.expiration()).toMillis() / 1000.0));
      }
      cache.put(key, token, fresh, now);
      return fresh;
    }
  }

  private Optional<IssuedCredentials> held(String key, String token, Instant now) {
    Optional<AgentCache.Held> held = cache.get(key, now);
    if (held.isPresent() && !held.get().token().equals(token)) {
      if (!eksAuth.isInOrder(token, now)) {
        return Optional.empty();
      }
      cache.renewsWith(key, token);
    }
    return held.map(AgentCache.Held::credentials);
  }

  /** Of a token that has three parts, since it was checked before. */
  private static String podUid(String token) throws AgentError {
    if (!(decode("claim", token.split("\\.", -1)[1]).get("kubernetes.io")
        instanceof Map<?, ?> kubernetes)) {
      throw withoutPod("kubernetes.io claims");
    }
    if (!(kubernetes.get("pod") instanceof Map<?, ?> pod)) {
      throw withoutPod("pod claims");
    }
    if (!(pod.get("uid") instanceof String uid)) {
      throw withoutPod("pod uid");
    }
    return uid;
  }

  private static AgentError withoutPod(String missing) {
    return new AgentError(
        400,
        "failed to get pod uid from service account token: Service account token missing "
            + missing);
  }

  private IssuedCredentials inTheBackground(String token, Instant at) throws Refusal {
    if (upstream == Upstream.OUT_OF_REACH
        || upstream == Upstream.NOT_ASKED_WITHOUT_NODE_CREDENTIALS) {
      throw new Refusal(500, "no answer", "EKS Auth cannot be reached");
    }
    return exchange(token, byAws(at), chosenLifetime(), new Trace());
  }

  private IssuedCredentials exchange(
      String token, Instant at, @Nullable Duration lifetime, Trace trace) throws Refusal {
    if (upstream == Upstream.DENIES_THE_NODE) {
      eksAuth.identify(token, trace);
      throw eksAuth.nodeIsDenied();
    }
    if (upstream == Upstream.THROTTLES_THE_NODE) {
      eksAuth.identify(token, trace);
      throw new Refusal(429, "ThrottlingException", "Rate exceeded");
    }
    if (upstream == Upstream.DOES_NOT_KNOW_THE_CLUSTER) {
      eksAuth.identify(token, trace);
      throw new Refusal(404, "ResourceNotFoundException", "No cluster found for name: unknown.");
    }
    return eksAuth.assume(token, at, lifetime, trace);
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
