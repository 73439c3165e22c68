package dev.lanyard.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A pod that a manifest describes, as it is after the EKS webhook and the kubelet have done their
 * part: what each container sees. Get it from {@link FakeEks#admit(String)}. It does not change
 * when its service account does, as running pods do not. Safe for use by many threads. {@link
 * #toString} shows no token.
 *
 * <p>Every volume with a projected service account token is there, whether the webhook or the
 * manifest put it: in a temporary directory, laid out and replaced as the kubelet does it, until
 * the {@link FakeEks} is closed. Nobody rotates the tokens but {@link #rotateToken}. Other volumes
 * are not there.
 *
 * @since 0.1
 */
public final class AdmittedPod {
  /** Source: the Kubernetes reference of well-known labels, annotations and taints. */
  private static final String DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container";

  private final InstantSource clock;
  private final Journal journal;
  private final FakeIssuer issuer;
  private final ServiceAccount serviceAccount;
  private final String name;
  private final String uid = UUID.randomUUID().toString();
  private final Map<String, String> labels;
  private final String yaml;
  private final List<PodSpec.TokenVolume> volumes;
  private final Map<String, PodContainer> containers = new LinkedHashMap<>();
  private final String defaultContainer;
  private final Path root;

  // Guarded by this.
  private boolean closed;

  AdmittedPod(
      InstantSource clock,
      Journal journal,
      FakeIssuer issuer,
      URI sts,
      ServiceAccount serviceAccount,
      YamlNode pod,
      PodSpec spec) {
    this.clock = clock;
    this.journal = journal;
    this.issuer = issuer;
    this.serviceAccount = serviceAccount;
    YamlNode metadata = pod.get("metadata");
    this.name = metadata.get("name").requiredText();
    this.labels = Map.copyOf(metadata.get("labels").texts());
    this.yaml = KubernetesYaml.write(pod.map());
    this.volumes = spec.volumes();
    Map<String, String> annotations = metadata.get("annotations").texts();
    this.defaultContainer =
        annotations.getOrDefault(DEFAULT_CONTAINER, spec.containers().get(0).name());
    try {
      // Readable by its owner alone, so that the files below need no mode of their own.
      this.root = Files.createTempDirectory("lanyard-pod-").toRealPath();
    } catch (IOException e) {
      throw noRoom(e);
    }
    try {
      writeTokens();
      for (PodSpec.Container container : spec.containers()) {
        Map<String, String> values = PodSpec.values(container, field -> field(field, annotations));
        containers.put(container.name(), container(container, values, sts));
      }
    } catch (IOException e) {
      close();
      throw noRoom(e);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static UncheckedIOException noRoom(IOException cause) {
    return new UncheckedIOException("There is no room for the pod's files", cause);
  }

  private PodContainer container(PodSpec.Container container, Map<String, String> values, URI sts)
      throws IOException {
    Path containerRoot =
        Files.createDirectories(root.resolve("containers").resolve(container.name()));
    for (PodSpec.Mount mount : container.mounts()) {
      mount(containerRoot, mount);
    }
    return PodContainer.started(container.name(), values, containerRoot, name, sts);
  }

  /** What the downward API knows here. Source: the Kubernetes documentation of that API. */
  private Optional<String> field(String path, Map<String, String> annotations) {
    return switch (path) {
      case "metadata.name" -> Optional.of(name);
      case "metadata.namespace" -> Optional.of(serviceAccount.namespace());
      case "metadata.uid" -> Optional.of(uid);
      case "spec.serviceAccountName" -> Optional.of(serviceAccount.name());
      default ->
          keyed(path, "metadata.labels", labels)
              .or(() -> keyed(path, "metadata.annotations", annotations));
    };
  }

  private static Optional<String> keyed(String path, String field, Map<String, String> values) {
    String start = field + "['";
    return path.startsWith(start) && path.endsWith("']")
        ? Optional.of(values.getOrDefault(path.substring(start.length(), path.length() - 2), ""))
        : Optional.empty();
  }

  private void mount(Path containerRoot, PodSpec.Mount mount) throws IOException {
    if (volumes.stream().noneMatch(volume -> volume.name().equals(mount.volume()))) {
      return;
    }
    Path place = containerRoot.resolve(mount.path().replaceFirst("^/+", "")).normalize();
    if (!place.startsWith(containerRoot) || place.equals(containerRoot)) {
      throw new IllegalArgumentException("A volume cannot be mounted at " + mount.path());
    }
    Files.createDirectories(place.getParent());
    Path volume = directory(mount.volume());
    if (mount.subPath().isEmpty()) {
      Files.createSymbolicLink(place, volume);
    } else if (Files.isRegularFile(volume.resolve(mount.subPath()))) {
      // A file that is mounted alone stays what it was when the container started.
      Files.copy(volume.resolve(mount.subPath()), place);
    }
  }

  /**
   * Replaces the pod's tokens by new ones, as the kubelet does. The old ones are good until they
   * expire.
   *
   * @throws IllegalStateException if the cluster of this pod is closed
   */
  public synchronized void rotateToken() {
    writeTokens();
    journal.note("tokens of pod " + name + " of " + owner() + " rotated");
  }

  private synchronized void writeTokens() {
    Instant now = clock.instant();
    for (PodSpec.TokenVolume volume : volumes) {
      Map<String, String> files = new LinkedHashMap<>();
      for (PodSpec.Projection token : volume.projections()) {
        // Without an audience, a token is for the API server, whose name is the issuer's.
        String audience = token.audience().orElseGet(issuer::url);
        files.put(
            token.path(),
            issuer.sign(serviceAccount, name, uid, audience, now, now.plus(token.life())));
      }
      write(volume.name(), files, now);
    }
  }

  /**
   * Puts something else into the files of a volume, until the next rotation: a token of another
   * cluster, one with a line break, or nothing.
   *
   * @param volume the volume's name: {@code aws-iam-token}, {@code eks-pod-identity-token}, or one
   *     of the manifest with a projected token
   * @param content the content of each of its files
   * @throws IllegalArgumentException if the pod has no such volume with a token
   * @throws IllegalStateException if the cluster of this pod is closed
   */
  public synchronized void replaceToken(String volume, String content) {
    PodSpec.TokenVolume found =
        volumes.stream()
            .filter(candidate -> candidate.name().equals(volume))
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        this
                            + " has no volume "
                            + volume
                            + " with a token, but "
                            + volumes.stream().map(PodSpec.TokenVolume::name).toList()));
    write(
        volume,
        found.projections().stream()
            .collect(Collectors.toMap(PodSpec.Projection::path, token -> content)),
        clock.instant());
    journal.note("tokens of pod " + name + " of " + owner() + " replaced by something else");
  }

  private void write(String volume, Map<String, String> files, Instant now) {
    if (closed) {
      throw new IllegalStateException("The cluster of this pod is closed");
    }
    new ProjectedVolume(directory(volume)).write(files, now);
  }

  private Path directory(String volume) {
    return root.resolve("volumes").resolve(volume);
  }

  /**
   * Returns a container by its name.
   *
   * @param name the name of a container or an init container
   * @return what it sees
   * @throws IllegalArgumentException if the pod has no such container
   */
  public PodContainer container(String name) {
    PodContainer container = containers.get(name);
    if (container == null) {
      throw new IllegalArgumentException(
          this + " has no container " + name + ", but " + containers.keySet());
    }
    return container;
  }

  /**
   * Returns the container that {@code kubectl exec} would choose: the one that the annotation
   * {@code kubectl.kubernetes.io/default-container} names, else the first that is no init
   * container.
   *
   * @return what it sees
   * @throws IllegalArgumentException if the annotation names a container that the pod has not
   */
  public PodContainer container() {
    return container(defaultContainer);
  }

  /**
   * Returns all containers.
   *
   * @return the containers in the order of the manifest, then the init containers
   */
  public List<PodContainer> containers() {
    return List.copyOf(containers.values());
  }

  /**
   * Returns the pod's labels.
   *
   * @return values by key, with what the webhook added
   */
  public Map<String, String> labels() {
    return labels;
  }

  /**
   * Returns the pod's name.
   *
   * @return the manifest's, or what its controller would name it
   */
  public String name() {
    return name;
  }

  /**
   * Returns the pod's namespace.
   *
   * @return the manifest's, or {@code default}
   */
  public String namespace() {
    return serviceAccount.namespace();
  }

  /**
   * Returns the pod as {@code kubectl get pod -o yaml} would show it, without status: the manifest
   * and what the webhook added. For people, and for assertions of your own.
   *
   * @return YAML; it shows every value that the manifest holds
   */
  public String yaml() {
    return yaml;
  }

  /** Namespace, slash and name of its service account. */
  String owner() {
    return serviceAccount.shortName();
  }

  synchronized void close() {
    closed = true;
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("The pod's files cannot be deleted", e);
    }
  }

  @Override
  public String toString() {
    return "AdmittedPod[" + serviceAccount.namespace() + "/" + name + "]";
  }
}
