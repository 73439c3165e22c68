package dev.lanyard.testing;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A service account written in code: the same object as from a manifest, by the annotations that
 * the webhook reads. Not for use by more than one thread.
 *
 * @since 0.1
 */
public final class ServiceAccountBuilder {
  private final String namespace;
  private final String name;
  private final Map<String, String> annotations = new LinkedHashMap<>();

  private ServiceAccountBuilder(String namespace, String name) {
    this.namespace = namespace;
    this.name = name;
  }

  /**
   * Begins a service account without annotations.
   *
   * @param namespace its namespace
   * @param name its name
   * @return a builder
   */
  public static ServiceAccountBuilder named(String namespace, String name) {
    return new ServiceAccountBuilder(namespace, name);
  }

  /**
   * Annotates the role that its pods are to assume: IRSA.
   *
   * @param arn the ARN, which the webhook injects as it stands
   * @return this builder
   */
  public ServiceAccountBuilder role(String arn) {
    return annotation("eks.amazonaws.com/role-arn", arn);
  }

  /**
   * Annotates the audience of web identity tokens.
   *
   * @param audience {@code sts.amazonaws.com} unless it is set
   * @return this builder
   */
  public ServiceAccountBuilder audience(String audience) {
    return annotation("eks.amazonaws.com/audience", audience);
  }

  /**
   * Annotates whether pods are to use the STS endpoint of the region.
   *
   * @param regional true unless it is set
   * @return this builder
   */
  public ServiceAccountBuilder regionalSts(boolean regional) {
    return annotation("eks.amazonaws.com/sts-regional-endpoints", "" + regional);
  }

  /**
   * Annotates how long web identity tokens last.
   *
   * @param expiration of which whole seconds count; less than ten minutes becomes ten minutes
   * @return this builder
   */
  public ServiceAccountBuilder tokenExpiration(Duration expiration) {
    return annotation("eks.amazonaws.com/token-expiration", "" + expiration.toSeconds());
  }

  /**
   * Adds an annotation.
   *
   * @param key its key
   * @param value its value
   * @return this builder
   */
  public ServiceAccountBuilder annotation(String key, String value) {
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
