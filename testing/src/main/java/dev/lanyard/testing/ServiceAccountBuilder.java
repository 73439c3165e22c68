package dev.lanyard.testing;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A service account written in code: the same object as from a manifest, by the annotations that
 * the webhook reads. Not for use by more than one thread.
 */
final class ServiceAccountBuilder {
  private final String namespace;
  private final String name;
  private final Map<String, String> annotations = new LinkedHashMap<>();

  private ServiceAccountBuilder(String namespace, String name) {
    this.namespace = namespace;
    this.name = name;
  }

  static ServiceAccountBuilder named(String namespace, String name) {
    return new ServiceAccountBuilder(namespace, name);
  }

  ServiceAccountBuilder role(String arn) {
    return annotation("eks.amazonaws.com/role-arn", arn);
  }

  ServiceAccountBuilder audience(String audience) {
    return annotation("eks.amazonaws.com/audience", audience);
  }

  ServiceAccountBuilder regionalSts(boolean regional) {
    return annotation("eks.amazonaws.com/sts-regional-endpoints", "" + regional);
  }

  /** Whole seconds count. */
  ServiceAccountBuilder tokenExpiration(Duration expiration) {
    return annotation("eks.amazonaws.com/token-expiration", "" + expiration.toSeconds());
  }

  ServiceAccountBuilder annotation(String key, String value) {
    annotations.put(key, value);
    return this;
  }

  /** What the webhook reads. */
  Map<String, String> annotations() {
    return Map.copyOf(annotations);
  }

  /** The object, as it would have been read. */
  YamlNode build() {
    Map<String, @Nullable Object> metadata = new LinkedHashMap<>();
    metadata.put("name", name);
    metadata.put("namespace", namespace);
    if (!annotations.isEmpty()) {
      metadata.put("annotations", new LinkedHashMap<String, @Nullable Object>(annotations));
    }
    Map<String, @Nullable Object> object = new LinkedHashMap<>();
    object.put("apiVersion", "v1");
    object.put("kind", "ServiceAccount");
    object.put("metadata", metadata);
    return new YamlNode("service account " + namespace + "/" + name, "", object);
  }
}
