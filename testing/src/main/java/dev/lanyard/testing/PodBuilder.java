package dev.lanyard.testing;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A pod written in code: the same object as from a manifest, with the parts that identity is about.
 * For anything else there is YAML. Not for use by more than one thread.
 *
 * <pre>{@code
 * PodBuilder.named("shop", "orders-1")
 *     .runsAs("orders")
 *     .annotation("eks.amazonaws.com/skip-containers", "proxy")
 *     .container("app", app -> app.env("AWS_REGION", "eu-north-1"))
 *     .container("proxy")
 * }</pre>
 */
final class PodBuilder {
  private final String namespace;
  private final String name;
  private final Map<String, @Nullable Object> metadata = new LinkedHashMap<>();
  private final Map<String, @Nullable Object> spec = new LinkedHashMap<>();
  private final YamlNode place = new YamlNode("pod", "spec", spec);

  private PodBuilder(String namespace, String name) {
    this.namespace = namespace;
    this.name = name;
    metadata.put("name", name);
    metadata.put("namespace", namespace);
  }

  static PodBuilder named(String namespace, String name) {
    return new PodBuilder(namespace, name);
  }

  PodBuilder runsAs(String serviceAccount) {
    spec.put("serviceAccountName", serviceAccount);
    return this;
  }

  PodBuilder annotation(String key, String value) {
    new YamlNode("pod", "metadata", metadata).growingMap("annotations").put(key, value);
    return this;
  }

  PodBuilder label(String key, String value) {
    new YamlNode("pod", "metadata", metadata).growingMap("labels").put(key, value);
    return this;
  }

  PodBuilder nodeSelector(String key, String value) {
    place.growingMap("nodeSelector").put(key, value);
    return this;
  }

  PodBuilder container(String called) {
    return container(called, container -> {});
  }

  PodBuilder container(String called, Consumer<Container> description) {
    return add("containers", called, description);
  }

  PodBuilder initContainer(String called, Consumer<Container> description) {
    return add("initContainers", called, description);
  }

  private PodBuilder add(String list, String called, Consumer<Container> description) {
    Container container = new Container(called);
    description.accept(container);
    place.growingList(list).add(container.object);
    return this;
  }

  /** A volume of any kind: {@code volume("cache", "emptyDir", Map.of())}. */
  PodBuilder volume(String called, String kind, Map<String, ?> content) {
    Map<String, @Nullable Object> volume = new LinkedHashMap<>();
    volume.put("name", called);
    volume.put(kind, new LinkedHashMap<>(content));
    place.growingList("volumes").add(volume);
    return this;
  }

  /** The object, as it would have been read. Changes of it are not changes of this builder. */
  YamlNode build() {
    Map<String, @Nullable Object> pod = new LinkedHashMap<>();
    pod.put("apiVersion", "v1");
    pod.put("kind", "Pod");
    pod.put("metadata", copy(metadata));
    pod.put("spec", copy(spec));
    return new YamlNode("pod " + namespace + "/" + name, "", pod);
  }

  private static @Nullable Object copy(@Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<String, @Nullable Object> copy = new LinkedHashMap<>();
      map.forEach((key, child) -> copy.put((String) key, copy(child)));
      return copy;
    }
    if (value instanceof List<?> list) {
      List<@Nullable Object> copy = new ArrayList<>();
      list.forEach(child -> copy.add(copy(child)));
      return copy;
    }
    return value;
  }

  /** A container of the pod. */
  static final class Container {
    private final Map<String, @Nullable Object> object = new LinkedHashMap<>();
    private final YamlNode place = new YamlNode("container", "", object);

    private Container(String name) {
      object.put("name", name);
    }

    Container image(String image) {
      object.put("image", image);
      return this;
    }

    Container env(String variable, String value) {
      return add("env", variable, "value", value);
    }

    Container mount(String volume, String path) {
      return add("volumeMounts", volume, "mountPath", path);
    }

    private Container add(String list, String name, String key, String value) {
      Map<String, @Nullable Object> item = new LinkedHashMap<>();
      item.put("name", name);
      item.put(key, value);
      place.growingList(list).add(item);
      return this;
    }
  }
}
