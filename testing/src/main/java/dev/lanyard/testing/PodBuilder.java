package dev.lanyard.testing;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A pod written in code: the same object as from a manifest, with the parts that identity is about.
 * For anything else there is YAML, and {@link FakeEks#admit(String)}. What the API server would
 * refuse is refused when the pod is admitted. Not for use by more than one thread.
 *
 * <pre>{@code
 * PodBuilder.named("shop", "orders-1")
 *     .runAs("orders")
 *     .annotation("eks.amazonaws.com/skip-containers", "proxy")
 *     .container("app", app -> app.env("AWS_REGION", "eu-north-1"))
 *     .container("proxy")
 * }</pre>
 *
 * @since 0.1
 */
public final class PodBuilder {
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

  /**
   * Begins a pod, without containers and of the service account {@code default}.
   *
   * @param namespace the pod's namespace
   * @param name the pod's name
   * @return a builder
   */
  public static PodBuilder named(String namespace, String name) {
    return new PodBuilder(namespace, name);
  }

  /**
   * Sets the service account.
   *
   * @param serviceAccount its name, in the pod's namespace
   * @return this builder
   */
  public PodBuilder runAs(String serviceAccount) {
    spec.put("serviceAccountName", serviceAccount);
    return this;
  }

  /**
   * Adds an annotation.
   *
   * @param key such as {@code eks.amazonaws.com/skip-containers}
   * @param value its value
   * @return this builder
   */
  public PodBuilder annotation(String key, String value) {
    new YamlNode("pod", "metadata", metadata).growingMap("annotations").put(key, value);
    return this;
  }

  /**
   * Adds a label.
   *
   * @param key such as {@code eks.amazonaws.com/skip-pod-identity-webhook}
   * @param value its value
   * @return this builder
   */
  public PodBuilder label(String key, String value) {
    new YamlNode("pod", "metadata", metadata).growingMap("labels").put(key, value);
    return this;
  }

  /**
   * Says on which nodes the pod may run.
   *
   * @param key such as {@code kubernetes.io/os}
   * @param value such as {@code windows}
   * @return this builder
   */
  public PodBuilder nodeSelector(String key, String value) {
    place.growingMap("nodeSelector").put(key, value);
    return this;
  }

  /**
   * Adds a container with nothing of its own.
   *
   * @param called its name
   * @return this builder
   */
  public PodBuilder container(String called) {
    return container(called, container -> {});
  }

  /**
   * Adds a container.
   *
   * @param called its name
   * @param description says what it has
   * @return this builder
   */
  public PodBuilder container(String called, Consumer<Container> description) {
    return add("containers", called, description);
  }

  /**
   * Adds an init container.
   *
   * @param called its name
   * @param description says what it has
   * @return this builder
   */
  public PodBuilder initContainer(String called, Consumer<Container> description) {
    return add("initContainers", called, description);
  }

  private PodBuilder add(String list, String called, Consumer<Container> description) {
    Container container = new Container(called);
    description.accept(container);
    place.growingList(list).add(container.object);
    return this;
  }

  /**
   * Adds a volume of any kind: {@code volume("cache", "emptyDir", Map.of())}.
   *
   * @param called its name
   * @param kind the field that says its kind
   * @param content what is below that field, as YAML would be read
   * @return this builder
   */
  public PodBuilder volume(String called, String kind, Map<String, ?> content) {
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

  /**
   * A container of the pod. Not for use by more than one thread.
   *
   * @since 0.1
   */
  public static final class Container {
    private final Map<String, @Nullable Object> object = new LinkedHashMap<>();
    private final YamlNode place = new YamlNode("container", "", object);

    private Container(String name) {
      object.put("name", name);
    }

    /**
     * Sets the image, which is not run.
     *
     * @param image its name
     * @return this container
     */
    public Container image(String image) {
      object.put("image", image);
      return this;
    }

    /**
     * Adds an environment variable.
     *
     * @param variable its name
     * @param value its value, in which {@code $(NAME)} stands for another variable
     * @return this container
     */
    public Container env(String variable, String value) {
      return add("env", variable, "value", value);
    }

    /**
     * Mounts a volume.
     *
     * @param volume the volume's name
     * @param path where the container sees it
     * @return this container
     */
    public Container mount(String volume, String path) {
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
