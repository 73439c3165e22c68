package dev.lanyard.testing;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A Kubernetes object that makes pods: a pod itself, or one that holds a template.
 *
 * @param template the part that describes the pod: {@code metadata} and {@code spec}
 */
record Workload(String kind, String namespace, String name, YamlNode template) {
  private static final List<String> TEMPLATE = List.of("spec", "template");

  /** Where each kind keeps its template. Source: the Kubernetes API reference. */
  private static final Map<String, List<String>> TEMPLATES =
      Map.of(
          "Pod", List.of(),
          "Deployment", TEMPLATE,
          "ReplicaSet", TEMPLATE,
          "ReplicationController", TEMPLATE,
          "StatefulSet", TEMPLATE,
          "DaemonSet", TEMPLATE,
          "Job", TEMPLATE,
          "CronJob", List.of("spec", "jobTemplate", "spec", "template"));

  /** Reads an object, empty if it is of a kind that makes no pods. */
  static Optional<Workload> of(YamlNode object) {
    String kind = object.get("kind").requiredText();
    List<String> way = TEMPLATES.get(kind);
    if (way == null) {
      return Optional.empty();
    }
    YamlNode template = object;
    for (String key : way) {
      template = template.get(key);
    }
    if (template.value() == null) {
      throw template.fault("is required in a " + kind);
    }
    YamlNode metadata = object.get("metadata");
    String name =
        given(metadata.get("name"))
            .or(() -> given(metadata.get("generateName")))
            .orElseThrow(() -> metadata.get("name").fault("is required"));
    return Optional.of(new Workload(kind, namespace(object), name, template));
  }

  /** The namespace of an object, which is {@code default} where it does not say. */
  static String namespace(YamlNode object) {
    return given(object.get("metadata").get("namespace")).orElse("default");
  }

  /**
   * The service account of its pods. Source: kubernetes, plugin/pkg/admission/serviceaccount, and
   * the API reference for the older spelling.
   */
  ServiceAccount serviceAccount() {
    YamlNode spec = template.get("spec");
    String name =
        given(spec.get("serviceAccountName"))
            .or(() -> given(spec.get("serviceAccount")))
            .orElse("default");
    return serviceAccount(template, namespace, name);
  }

  /** A service account that an object names, if Kubernetes accepts it. */
  static ServiceAccount serviceAccount(YamlNode object, String namespace, String name) {
    try {
      return new ServiceAccount(namespace, name);
    } catch (IllegalArgumentException e) {
      throw object.fault("is refused: " + e.getMessage());
    }
  }

  /** Makes one pod, complete and named, which shares nothing that changes with the template. */
  YamlNode pod() {
    Map<String, @Nullable Object> metadata = new LinkedHashMap<>(template.growingMap("metadata"));
    metadata.remove("generateName");
    metadata.put("name", podName());
    metadata.put("namespace", namespace);
    Map<String, @Nullable Object> spec = new LinkedHashMap<>(template.get("spec").map());
    spec.put("serviceAccountName", serviceAccount().name());
    Map<String, @Nullable Object> pod = new LinkedHashMap<>();
    pod.put("apiVersion", "v1");
    pod.put("kind", "Pod");
    pod.put("metadata", metadata);
    pod.put("spec", spec);
    return new YamlNode(template.document(), template.path(), pod);
  }

  private String podName() {
    String suffix = Ids.podSuffix();
    String last = suffix.substring(suffix.lastIndexOf('-') + 1);
    return switch (kind) {
      // Without a name of its own, it has what stands before a generated one.
      case "Pod" -> given(template.get("metadata").get("name")).orElse(name + last);
      case "Deployment" -> name + "-" + suffix;
      case "StatefulSet" -> name + "-0";
      default -> name + "-" + last;
    };
  }

  private static Optional<String> given(YamlNode text) {
    return text.text().filter(value -> !value.isEmpty());
  }

  @Override
  public String toString() {
    return kind + " " + namespace + "/" + name;
  }
}
