package dev.lanyard.testing;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.JSONObjectUtils;
import java.net.URI;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * The cluster's OIDC issuer, which signs the tokens of its service accounts with RS256, and the IAM
 * OIDC provider by which the account trusts it. Get it from {@link FakeEks#issuer}. Safe for use by
 * many threads.
 *
 * <p>The issuer's URL is that of a real one and leads nowhere; the fake STS knows the keys without
 * it. Discovery document and keys are served on loopback at {@link #endpoint}.
 *
 * @since 0.1
 */
public final class FakeIssuer {
  /** What IRSA tokens are for. Source: amazon-eks-pod-identity-webhook, main.go. */
  static final String STS_AUDIENCE = "sts.amazonaws.com";

  private static final String NODE = "ip-10-0-0-1.ec2.internal";
  private static final String NODE_UID = UUID.randomUUID().toString();

  private final String hostAndPath;
  private final FakeAccount account;
  private final Journal journal;
  private final HttpEndpoint server;

  /** The current key first. Old ones stay: the tokens that they signed are still good. */
  private final CopyOnWriteArrayList<RSAKey> keys = new CopyOnWriteArrayList<>();

  private final AtomicInteger certificate = new AtomicInteger();

  /** Of the provider in the cluster's own account, registered or not. */
  private volatile Set<String> clientIds = Set.of(STS_AUDIENCE);

  FakeIssuer(InstantSource clock, String region, FakeAccount account, Journal journal) {
    this.journal = journal;
    this.hostAndPath = "oidc.eks." + region + ".amazonaws.com/id/" + Ids.issuerId();
    this.account = account;
    keys.add(newKey());
    this.server = HttpEndpoint.start(clock, this::answer);
    register();
  }

  /**
   * Returns the {@code iss} claim of the tokens.
   *
   * @return {@code https://oidc.eks.REGION.amazonaws.com/id/} and 32 upper-case hexadecimal digits
   */
  public String url() {
    return "https://" + hostAndPath;
  }

  /**
   * Returns where the discovery document and the keys are really served: {@code
   * /.well-known/openid-configuration} and {@code /keys} below it. The discovery document names the
   * keys at this address, so that a verifier can follow it.
   *
   * @return an address on loopback that ends in the path of {@link #url}
   */
  public URI endpoint() {
    return server.uri().resolve(path());
  }

  /**
   * Returns the ARN of the IAM OIDC provider, the Federated principal of an IRSA trust policy.
   *
   * @return {@code arn:aws:iam::ACCOUNT:oidc-provider/} and the issuer without its scheme
   */
  public String providerArn() {
    return providerArn(account.id());
  }

  /**
   * Returns the ARN of the IAM OIDC provider of an account, which a role of that account trusts.
   *
   * @param accountId the account, twelve digits
   * @return {@code arn:aws:iam::ACCOUNT:oidc-provider/} and the issuer without its scheme
   */
  public String providerArn(String accountId) {
    return "arn:aws:iam::" + accountId + ":oidc-provider/" + hostAndPath;
  }

  /**
   * Replaces the client ids of the IAM OIDC provider: the audiences that STS accepts. At first it
   * is {@code sts.amazonaws.com} alone.
   *
   * @param audiences 1 to 100 audiences
   * @return this issuer
   * @throws IllegalArgumentException if there are none, or more than 100
   */
  public FakeIssuer clientIds(String... audiences) {
    Set<String> chosen = checked(audiences);
    this.clientIds = chosen;
    account.provider(account.id(), url()).ifPresent(there -> register());
    return this;
  }

  private static Set<String> checked(String... audiences) {
    if (audiences.length < 1 || audiences.length > 100) {
      throw new IllegalArgumentException("An OIDC provider has 1 to 100 client ids");
    }
    return Set.of(audiences);
  }

  /**
   * Deletes the IAM OIDC provider from the cluster's account. STS then refuses every token of this
   * issuer with {@code InvalidIdentityToken} when it is for a role of that account.
   */
  public void unregister() {
    unregisterFrom(account.id());
  }

  /** Creates the IAM OIDC provider in the cluster's account, as it is at first. */
  public void register() {
    register(account.id(), clientIds);
  }

  /**
   * Creates the IAM OIDC provider in another account, for roles of that account, or changes its
   * client ids.
   *
   * @param accountId the account, twelve digits
   * @param audiences the client ids, 1 to 100; such as {@code sts.amazonaws.com}
   * @return the provider's ARN
   * @throws IllegalArgumentException if there are none, or more than 100
   */
  public String registerIn(String accountId, String... audiences) {
    register(accountId, checked(audiences));
    return providerArn(accountId);
  }

  private void register(String accountId, Set<String> audiences) {
    account.register(accountId, this, audiences);
    journal.note("OIDC provider " + providerArn(accountId) + " for " + new TreeSet<>(audiences));
  }

  /**
   * Deletes the IAM OIDC provider from an account.
   *
   * @param accountId the account, twelve digits
   */
  public void unregisterFrom(String accountId) {
    if (account.unregister(accountId, this)) {
      journal.note("OIDC provider " + providerArn(accountId) + " deleted");
    }
  }

  /**
   * Signs with a new key from now on, as EKS does every 7 days. The old key stays published, and
   * tokens signed with it stay good. Source: EKS user guide, irsa-fetch-keys.
   */
  public void rotateKey() {
    keys.add(0, newKey());
    journal.note("issuer signs with a new key");
  }

  /**
   * Serves its keys with a certificate that no provider has the thumbprint of from now on: STS
   * refuses every token with {@code InvalidIdentityToken}, until {@link #register} or {@link
   * #registerIn} configures the new one. This happens to issuers of one's own; STS goes by the
   * certificate authority where that of EKS is well known. Source: IAM user guide,
   * id_roles_providers_create_oidc.
   */
  public void changeCertificate() {
    certificate.incrementAndGet();
    journal.note("issuer has a new certificate");
  }

  int certificate() {
    return certificate.get();
  }

  /** The URL without its scheme: how condition keys and the provider's ARN name the issuer. */
  String hostAndPath() {
    return hostAndPath;
  }

  /** Signs a token with the claims that Kubernetes gives the projected tokens of a pod. */
  String sign(
      ServiceAccount account,
      String podName,
      String podUid,
      String audience,
      Instant issuedAt,
      Instant expiration) {
    RSAKey key = keys.get(0);
    // Not by JWTClaimsSet, which writes an audience that is alone as a string; Kubernetes writes an
    // array. Source: kubernetes, pkg/serviceaccount/claims.go.
    Map<String, Object> claims = new LinkedHashMap<>();
    claims.put("aud", List.of(audience));
    claims.put("exp", expiration.getEpochSecond());
    claims.put("iat", issuedAt.getEpochSecond());
    claims.put("iss", url());
    claims.put("jti", UUID.randomUUID().toString());
    claims.put(
        "kubernetes.io",
        Map.of(
            "namespace",
            account.namespace(),
            "node",
            Map.of("name", NODE, "uid", NODE_UID),
            "pod",
            Map.of("name", podName, "uid", podUid),
            "serviceaccount",
            Map.of("name", account.name(), "uid", account.uid())));
    claims.put("nbf", issuedAt.getEpochSecond());
    claims.put("sub", account.subject());
    JWSObject jwt =
        new JWSObject(
            new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(key.getKeyID()).build(),
            new Payload(claims));
    try {
      jwt.sign(new RSASSASigner(key));
    } catch (JOSEException e) {
      throw new IllegalStateException("This JDK cannot sign with RS256", e);
    }
    return jwt.serialize();
  }

  /** What the keys of this issuer say about a token. */
  enum Signature {
    VALID,
    /** No published key has the token's key id. */
    UNKNOWN_KEY,
    /** The key that the token names did not sign it. */
    FORGED
  }

  Signature verify(ServiceAccountToken token) {
    JWSHeader header = token.jwt().getHeader();
    Optional<RSAKey> key =
        keys.stream().filter(each -> each.getKeyID().equals(header.getKeyID())).findFirst();
    if (key.isEmpty()) {
      return Signature.UNKNOWN_KEY;
    }
    try {
      // The algorithm is the issuer's, whatever the token says.
      return JWSAlgorithm.RS256.equals(header.getAlgorithm())
              && token.jwt().verify(new RSASSAVerifier(key.get().toRSAPublicKey()))
          ? Signature.VALID
          : Signature.FORGED;
    } catch (JOSEException | IllegalStateException e) {
      return Signature.FORGED;
    }
  }

  void close() {
    server.close();
  }

  private String path() {
    return hostAndPath.substring(hostAndPath.indexOf('/'));
  }

  private HttpAnswer answer(HttpRequest request) {
    String path = request.path();
    if (path.equals(path() + "/.well-known/openid-configuration")) {
      return json(JSONObjectUtils.toJSONString(discovery()));
    }
    if (path.equals(path() + "/keys")) {
      Stream<RSAKey> published = keys.stream().map(RSAKey::toPublicJWK);
      return json(new JWKSet(List.copyOf(published.toList())).toString());
    }
    return new HttpAnswer(404, Map.of("Content-Type", "text/plain; charset=utf-8"), "Not Found\n");
  }

  private Map<String, Object> discovery() {
    return Map.of(
        "issuer",
        url(),
        "jwks_uri",
        endpoint() + "/keys",
        "authorization_endpoint",
        "urn:kubernetes:programmatic_authorization",
        "response_types_supported",
        List.of("id_token"),
        "subject_types_supported",
        List.of("public"),
        "claims_supported",
        List.of("sub", "iss"),
        "id_token_signing_alg_values_supported",
        List.of("RS256"));
  }

  private static HttpAnswer json(String body) {
    return new HttpAnswer(200, Map.of("Content-Type", "application/json"), body);
  }

  private static RSAKey newKey() {
    try {
      return new RSAKeyGenerator(2048)
          .keyID(Ids.keyId())
          .keyUse(KeyUse.SIGNATURE)
          .algorithm(JWSAlgorithm.RS256)
          .generate();
    } catch (JOSEException e) {
      throw new IllegalStateException("This JDK cannot generate an RSA key", e);
    }
  }

  @Override
  public String toString() {
    return "FakeIssuer[" + url() + "]";
  }
}
