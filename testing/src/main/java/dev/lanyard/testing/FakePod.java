package dev.lanyard.testing;

import dev.lanyard.spi.Environment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A pod of the {@link FakeEks}: what the EKS webhook and the kubelet would give its containers, the
 * environment variables and the token files, for IRSA, for Pod Identity, or for both. Get it from
 * {@link FakeEks#pod} and choose with {@link #irsa} and {@link #podIdentity}. Safe for use by many
 * threads. {@link #toString} shows no token.
 *
 * <p>The files lie in a temporary directory of their own, laid out and replaced as the kubelet does
 * it, and go when the {@link FakeEks} is closed. Nobody rotates the tokens but {@link
 * #rotateToken}.
 *
 * <p>Both modes together are a pod whose author wrote the IRSA variables into its specification
 * while its service account has an association; where only the annotation and the association are
 * there, the webhook injects Pod Identity alone. Source: amazon-eks-pod-identity-webhook,
 * pkg/handler/handler.go.
 */
public final class FakePod {
  // Source: amazon-eks-pod-identity-webhook, pkg/handler/handler.go and main.go.
  private static final String WEB_IDENTITY_FILE =
      "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
  private static final String AUTHORIZATION_FILE =
      "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token";

  /** Source: amazon-eks-pod-identity-webhook, pkg/constants.go. */
  private static final Duration DEFAULT_EXPIRATION = Duration.ofDays(1);

  private static final Duration LEAST_EXPIRATION = Duration.ofMinutes(10);

  /** Pod Identity tokens last a random time of at least this, and at most the default. */
  private static final Duration LEAST_DEFAULT_EXPIRATION = Duration.ofHours(22);

  private final FakeEks eks;
  private final ServiceAccount serviceAccount;
  private final String name;
  private final String uid = UUID.randomUUID().toString();
  private final Path root;

  // Guarded by this.
  private @Nullable String roleArn;
  private boolean podIdentity;
  private String audience = FakeIssuer.STS_AUDIENCE;
  private @Nullable Duration expiration;
  private boolean closed;
  private final ProjectedToken webIdentityToken;
  private final ProjectedToken authorizationToken;

  FakePod(FakeEks eks, ServiceAccount serviceAccount) {
    this.eks = eks;
    this.serviceAccount = serviceAccount;
    this.name = serviceAccount.name() + "-" + Ids.podSuffix();
    try {
      // Readable by its owner alone, so that the files below need no mode of their own.
      this.root = Files.createTempDirectory("lanyard-pod-").toRealPath();
    } catch (IOException e) {
      throw new UncheckedIOException("There is no room for the pod's files", e);
    }
    this.webIdentityToken = token(WEB_IDENTITY_FILE);
    this.authorizationToken = token(AUTHORIZATION_FILE);
  }

  private ProjectedToken token(String file) {
    Path path = below(file);
    return new ProjectedToken(
        Objects.requireNonNull(path.getParent()), path.getFileName().toString());
  }

  /**
   * Gives the pod IRSA: its service account carries the annotation {@code
   * eks.amazonaws.com/role-arn}. Called again, it changes the role.
   *
   * @param roleArn the annotation's value. It is injected as it stands, valid or not, as the
   *     webhook does
   * @return this pod
   */
  public synchronized FakePod irsa(String roleArn) {
    this.roleArn = Objects.requireNonNull(roleArn, "roleArn");
    rotateToken();
    return this;
  }

  /**
   * Gives the pod Pod Identity: at its creation its service account had an association. Whether it
   * has one now is between {@link FakeEks#associate} and the agent.
   *
   * @return this pod
   */
  public synchronized FakePod podIdentity() {
    this.podIdentity = true;
    rotateToken();
    return this;
  }

  /**
   * Sets the audience of the web identity token: the annotation {@code eks.amazonaws.com/audience}.
   * It is {@code sts.amazonaws.com} at first, and does not concern Pod Identity.
   *
   * @param audience the annotation's value
   * @return this pod, with new tokens
   */
  public synchronized FakePod audience(String audience) {
    this.audience = Objects.requireNonNull(audience, "audience");
    rotateToken();
    return this;
  }

  /**
   * Sets how long the tokens last: the annotation {@code eks.amazonaws.com/token-expiration}. At
   * first it is 24 hours for IRSA, and a random time between 22 and 24 hours for Pod Identity. As
   * with the webhook, less than 10 minutes means 10 minutes.
   *
   * @param expiration whole seconds count
   * @return this pod, with new tokens
   */
  public synchronized FakePod tokenExpiration(Duration expiration) {
    this.expiration = expiration.compareTo(LEAST_EXPIRATION) < 0 ? LEAST_EXPIRATION : expiration;
    rotateToken();
    return this;
  }

  /**
   * Replaces the pod's tokens by new ones, as the kubelet does. The old ones are good until they
   * expire.
   */
  public synchronized void rotateToken() {
    Instant now = eks.clock().instant();
    if (roleArn != null) {
      Duration life = expiration == null ? DEFAULT_EXPIRATION : expiration;
      write(webIdentityToken, sign(audience, now, life));
    }
    if (podIdentity) {
      Duration life = expiration == null ? podIdentityExpiration() : expiration;
      write(authorizationToken, sign(EksAuth.AUDIENCE, now, life));
    }
  }

  /**
   * Puts something else into the web identity token's file, until the next rotation: a token of
   * another cluster, one with a line break, or nothing.
   *
   * @param content the content of the file
   */
  public void replaceWebIdentityToken(String content) {
    write(webIdentityToken, content);
  }

  /**
   * Puts something else into the file of the Pod Identity token, until the next rotation.
   *
   * @param content the content of the file
   */
  public void replaceAuthorizationToken(String content) {
    write(authorizationToken, content);
  }

  /**
   * Returns the file of the web identity token. It is there once {@link #irsa} was called.
   *
   * @return its real path on this machine
   */
  public Path webIdentityTokenFile() {
    return webIdentityToken.file();
  }

  /**
   * Returns the file of the Pod Identity token. It is there once {@link #podIdentity} was called.
   *
   * @return its real path on this machine
   */
  public Path authorizationTokenFile() {
    return authorizationToken.file();
  }

  /**
   * Returns the environment that a program in the pod sees: the variables with the paths that the
   * webhook writes, and the files below a directory that stands for the pod's root.
   *
   * @return an environment that holds what was chosen so far; the files are live
   */
  public Environment environment() {
    return Environment.of(variables("")).withRoot(root);
  }

  /**
   * Returns the environment variables with the real paths of the token files, for programs that
   * know no {@link Environment}: the AWS SDK's own providers, or another process.
   *
   * @return values by name, of what was chosen so far, in the order in which they are injected
   */
  public Map<String, String> variables() {
    return variables(root.toString());
  }

  /**
   * Returns the system properties by which the AWS SDK for Java and this library read what the
   * environment variables say, with the real paths of the token files: for a test that sets them,
   * as {@link InPod} does. The instance metadata service is turned off.
   *
   * @return values by name, of what was chosen so far
   */
  public Map<String, String> systemProperties() {
    return PodProperties.of(variables());
  }

  /**
   * Returns the pod's name.
   *
   * @return the service account's name and a suffix
   */
  public String name() {
    return name;
  }

  private synchronized Map<String, String> variables(String prefix) {
    Map<String, String> variables = new LinkedHashMap<>();
    // Not the webhook's: the container runtime sets it to the pod's name.
    variables.put("HOSTNAME", name);
    variables.put("AWS_STS_REGIONAL_ENDPOINTS", "regional");
    variables.put("AWS_DEFAULT_REGION", eks.region());
    variables.put("AWS_REGION", eks.region());
    if (roleArn != null) {
      variables.put("AWS_ROLE_ARN", roleArn);
      variables.put("AWS_WEB_IDENTITY_TOKEN_FILE", prefix + WEB_IDENTITY_FILE);
    }
    if (podIdentity) {
      variables.put("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", prefix + AUTHORIZATION_FILE);
      variables.put("AWS_CONTAINER_CREDENTIALS_FULL_URI", eks.agent().endpoint().toString());
    }
    variables.put("AWS_ENDPOINT_URL_STS", eks.sts().endpoint().toString());
    return variables;
  }

  private synchronized void write(ProjectedToken token, String content) {
    if (closed) {
      throw new IllegalStateException("The cluster of this pod is closed");
    }
    token.write(content, eks.clock().instant());
  }

  private String sign(String audience, Instant now, Duration life) {
    return eks.issuer().sign(serviceAccount, name, uid, audience, now, now.plus(life));
  }

  private static Duration podIdentityExpiration() {
    return Duration.ofSeconds(
        ThreadLocalRandom.current()
            .nextLong(LEAST_DEFAULT_EXPIRATION.toSeconds(), DEFAULT_EXPIRATION.toSeconds() + 1));
  }

  private Path below(String file) {
    return root.resolve(file.substring(1));
  }

  synchronized void close() {
    closed = true;
    try (Stream<Path> files = Files.walk(root)) {
      List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
      for (Path file : deepestFirst) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("The pod's files cannot be deleted", e);
    }
  }

  @Override
  public String toString() {
    return "FakePod[" + serviceAccount.namespace() + "/" + name + "]";
  }
}
