package dev.lanyard.testing;

import dev.lanyard.runtime.Environment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
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
 * <p>It is a pod of one container that has gone through the webhook, as those of {@link
 * FakeEks#admit(String)} have: what is said there of variables and tokens holds here. Both modes
 * together are a pod into whose specification its author wrote what the webhook injects for IRSA,
 * while its service account has an association; where only the annotation and the association are
 * there, the webhook injects Pod Identity alone. With neither, it injects nothing, region included.
 * Source: amazon-eks-pod-identity-webhook, pkg/handler/handler.go.
 *
 * @since 0.1
 */
public final class FakePod {
  private static final String CONTAINER = "app";

  private final FakeEks eks;
  private final ServiceAccount serviceAccount;
  private final String name;
  private final String uid = UUID.randomUUID().toString();
  private final Path root;

  // Guarded by this.
  private @Nullable String roleArn;
  private boolean podIdentity;
  private @Nullable String audience;
  private @Nullable Duration expiration;
  private PodSpec spec;
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
    this.webIdentityToken = token(eks.webhook().webIdentity());
    this.authorizationToken = token(eks.webhook().podIdentity());
    this.spec = admitted();
  }

  private ProjectedToken token(TokenMount mount) {
    Path path = root.resolve(mount.file().substring(1));
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
    admitAnew();
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
    admitAnew();
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
    admitAnew();
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
    this.expiration = Objects.requireNonNull(expiration, "expiration");
    admitAnew();
    return this;
  }

  /**
   * Replaces the pod's tokens by new ones, as the kubelet does. The old ones are good until they
   * expire.
   */
  public synchronized void rotateToken() {
    writeTokens();
    note("rotated");
  }

  private void note(String what) {
    eks.events().note("tokens of pod " + name + " of " + serviceAccount.shortName() + " " + what);
  }

  private synchronized void writeTokens() {
    Instant now = eks.clock().instant();
    for (PodSpec.TokenVolume volume : spec.volumes()) {
      ProjectedToken file =
          volume.name().equals(eks.webhook().webIdentity().volume())
              ? webIdentityToken
              : authorizationToken;
      for (PodSpec.Projection token : volume.projections()) {
        String audience = token.audience().orElseThrow();
        write(
            file,
            eks.issuer().sign(serviceAccount, name, uid, audience, now, now.plus(token.life())));
      }
    }
  }

  private void admitAnew() {
    spec = admitted();
    writeTokens();
  }

  /** What the webhook makes of the pod. */
  private PodSpec admitted() {
    ServiceAccountBuilder annotated =
        ServiceAccountBuilder.named(serviceAccount.namespace(), serviceAccount.name());
    if (roleArn != null) {
      annotated.role(roleArn);
    }
    if (audience != null) {
      annotated.audience(audience);
    }
    if (expiration != null) {
      annotated.tokenExpiration(expiration);
    }
    YamlNode pod =
        PodBuilder.named(serviceAccount.namespace(), name)
            .runAs(serviceAccount.name())
            .container(CONTAINER)
            .build();
    if (roleArn != null) {
      eks.webhook().admit(pod, annotated.annotations(), false);
    }
    if (podIdentity) {
      // What is there of IRSA now is the author's own.
      eks.webhook().admit(pod, annotated.annotations(), true);
    }
    return PodSpec.of(pod);
  }

  /**
   * Puts something else into the web identity token's file, until the next rotation: a token of
   * another cluster, one with a line break, or nothing.
   *
   * @param content the content of the file
   */
  public void replaceWebIdentityToken(String content) {
    write(webIdentityToken, content);
    note("replaced by something else");
  }

  /**
   * Puts something else into the file of the Pod Identity token, until the next rotation.
   *
   * @param content the content of the file
   */
  public void replaceAuthorizationToken(String content) {
    write(authorizationToken, content);
    note("replaced by something else");
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
    return container().environment();
  }

  /**
   * Returns the environment variables with the real paths of the token files, for programs that
   * know no {@link Environment}: the AWS SDK's own providers, or another process.
   *
   * @return values by name, of what was chosen so far, in the order of the container's
   *     specification
   */
  public Map<String, String> variables() {
    return container().variables();
  }

  /**
   * Returns the system properties by which the AWS SDK for Java and this library read what the
   * environment variables say, with the real paths of the token files: for a test that sets them,
   * as {@link InPod} does. The instance metadata service is turned off.
   *
   * @return values by name, of what was chosen so far
   */
  public Map<String, String> systemProperties() {
    return container().systemProperties();
  }

  /**
   * Returns the pod's name.
   *
   * @return the service account's name and a suffix
   */
  public String name() {
    return name;
  }

  private synchronized PodContainer container() {
    return PodContainer.started(
        CONTAINER,
        PodSpec.values(spec.containers().get(0), field -> Optional.empty()),
        root,
        name,
        eks.sts().endpoint());
  }

  private synchronized void write(ProjectedToken token, String content) {
    if (closed) {
      throw new IllegalStateException("The cluster of this pod is closed");
    }
    token.write(content, eks.clock().instant());
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
