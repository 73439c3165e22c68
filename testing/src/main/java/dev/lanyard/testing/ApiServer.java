package dev.lanyard.testing;

import java.net.URI;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The part of the cluster's API server that identity needs: the annotations of service accounts,
 * and the admission of pods through the webhook. Safe for use by many threads.
 */
final class ApiServer {
  private final InstantSource clock;
  private final Journal journal;
  private final FakeIssuer issuer;
  private final URI sts;
  private final Webhook webhook;
  private final Predicate<ServiceAccount> associated;

  // All guarded by this.
  private final Map<ServiceAccount, Map<String, String>> annotations = new HashMap<>();
  private final List<AdmittedPod> pods = new ArrayList<>();
  private boolean closed;

  ApiServer(
      InstantSource clock,
      Journal journal,
      FakeIssuer issuer,
      URI sts,
      Webhook webhook,
      Predicate<ServiceAccount> associated) {
    this.clock = clock;
    this.journal = journal;
    this.issuer = issuer;
    this.sts = sts;
    this.webhook = webhook;
    this.associated = associated;
  }

  /** Creates or replaces the service accounts of a manifest. It must have one at least. */
  void apply(String manifest) {
    apply(KubernetesYaml.read(manifest));
  }

  /** Creates or replaces the service accounts among some objects, one at least. */
  void apply(List<YamlNode> objects) {
    if (applyServiceAccounts(objects) == 0) {
      throw new IllegalArgumentException(
          "The manifest has no ServiceAccount, but " + seen(objects) + "; a pod goes to admit");
    }
  }

  /** Creates or replaces the service accounts of a manifest, then the pod that is chosen in it. */
  AdmittedPod admit(String manifest, Predicate<String> chosen) {
    return admit(KubernetesYaml.read(manifest), chosen);
  }

  /** Creates or replaces the service accounts among some objects, then the pod that is chosen. */
  AdmittedPod admit(List<YamlNode> objects, Predicate<String> chosen) {
    List<Workload> workloads =
        objects.stream()
            .flatMap(object -> Workload.of(object).stream())
            .filter(workload -> chosen.test(workload.name()))
            .toList();
    if (workloads.size() != 1) {
      throw new IllegalArgumentException(
          "One object that makes pods is needed, and "
              + workloads.size()
              + " are there; the manifest has "
              + seen(objects)
              + (workloads.isEmpty() ? "" : "; choose one by its name"));
    }
    applyServiceAccounts(objects);
    return admit(workloads.get(0));
  }

  private AdmittedPod admit(Workload workload) {
    ServiceAccount serviceAccount = workload.serviceAccount();
    YamlNode pod = workload.pod();
    Map<String, String> known;
    synchronized (this) {
      known = annotations.getOrDefault(serviceAccount, Map.of());
    }
    webhook.admit(pod, known, associated.test(serviceAccount));
    PodSpec spec = PodSpec.of(pod);
    synchronized (this) {
      if (closed) {
        throw new IllegalStateException("This cluster is closed");
      }
      AdmittedPod admitted =
          new AdmittedPod(clock, journal, issuer, sts, serviceAccount, pod, spec);
      pods.add(admitted);
      return admitted;
    }
  }

  private int applyServiceAccounts(List<YamlNode> objects) {
    Map<ServiceAccount, Map<String, String>> applied = new HashMap<>();
    for (YamlNode object : objects) {
      if (object.get("kind").requiredText().equals("ServiceAccount")) {
        YamlNode metadata = object.get("metadata");
        String name = metadata.get("name").requiredText();
        applied.put(
            Workload.serviceAccount(object, Workload.namespace(object), name),
            Map.copyOf(metadata.get("annotations").texts()));
      }
    }
    synchronized (this) {
      annotations.putAll(applied);
    }
    return applied.size();
  }

  private static String seen(List<YamlNode> objects) {
    return objects.isEmpty()
        ? "no object"
        : objects.stream()
            .map(
                object ->
                    object.get("kind").requiredText()
                        + " "
                        + Workload.namespace(object)
                        + "/"
                        + object.get("metadata").get("name").text().orElse("(unnamed)"))
            .collect(Collectors.joining(", "));
  }

  synchronized void close() {
    closed = true;
    pods.forEach(AdmittedPod::close);
    pods.clear();
  }
}
