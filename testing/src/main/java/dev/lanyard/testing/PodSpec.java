package dev.lanyard.testing;

import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What the kubelet and the container runtime take from a pod: its containers with their variables
 * and mounts, and the volumes that hold tokens. Other volumes stay empty here.
 */
record PodSpec(List<Container> containers, List<TokenVolume> volumes) {
  /** Seconds. Source: kubernetes, pkg/apis/core/validation. */
  private static final long LEAST_EXPIRATION = 600;

  private static final long MOST_EXPIRATION = 1L << 32;

  /** As much as EKS grants, whatever is asked. Source: amazon-eks-pod-identity-webhook, pkg. */
  private static final Duration LONGEST_LIFE = Duration.ofDays(1);

  /** What the API server takes where the projection is silent. */
  private static final long DEFAULT_EXPIRATION = 3600;

  /**
   * @param variables in order; a later one of the same name counts
   */
  record Container(String name, List<Variable> variables, List<Mount> mounts) {}

  /**
   * @param value as written, with references to other variables
   * @param field the field of the pod that holds the value, if it comes from one. Where neither is
   *     there, the value is a secret's or a config map's, which are not known here
   */
  record Variable(String name, Optional<String> value, Optional<String> field) {
    /** Its value may be a secret. */
    @Override
    public String toString() {
      return "Variable[" + name + "]";
    }
  }

  /**
   * @param subPath the file of the volume that is mounted alone, empty for the whole volume
   */
  record Mount(String volume, String path, String subPath) {}

  /** A projected volume with service account tokens: the file of each by its path. */
  record TokenVolume(String name, List<Projection> projections) {}

  /**
   * @param audience empty for the API server itself
   */
  record Projection(Optional<String> audience, long expirationSeconds, String path) {
    /** How long its tokens last. */
    Duration life() {
      Duration asked = Duration.ofSeconds(expirationSeconds);
      return asked.compareTo(LONGEST_LIFE) > 0 ? LONGEST_LIFE : asked;
    }
  }

  /**
   * Reads a pod, and checks what the API server checks of these parts.
   *
   * @throws IllegalArgumentException if the API server would refuse it
   */
  static PodSpec of(YamlNode pod) {
    YamlNode spec = pod.get("spec");
    if (spec.get("containers").items().isEmpty()) {
      throw spec.get("containers").fault("is required: a pod has at least one container");
    }
    List<YamlNode> volumes = spec.get("volumes").items();
    Set<String> volumeNames = unique(volumes, "name");
    List<YamlNode> containers =
        Stream.of("containers", "initContainers")
            .flatMap(key -> spec.get(key).items().stream())
            .toList();
    unique(containers, "name");
    return new PodSpec(
        containers.stream().map(container -> container(container, volumeNames)).toList(),
        volumes.stream().map(PodSpec::volume).flatMap(Optional::stream).toList());
  }

  private static Container container(YamlNode container, Set<String> volumes) {
    List<YamlNode> mounts = container.get("volumeMounts").items();
    unique(mounts, "mountPath");
    return new Container(
        container.get("name").requiredText(),
        container.get("env").items().stream().map(PodSpec::variable).toList(),
        mounts.stream().map(mount -> mount(mount, volumes)).toList());
  }

  private static Variable variable(YamlNode variable) {
    YamlNode from = variable.get("valueFrom");
    Optional<String> value = variable.get("value").text();
    if (from.value() != null && value.filter(text -> !text.isEmpty()).isPresent()) {
      throw from.fault("may not stand beside a value");
    }
    return new Variable(
        variable.get("name").requiredText(),
        from.value() == null ? Optional.of(value.orElse("")) : Optional.empty(),
        from.get("fieldRef").get("fieldPath").text());
  }

  private static Mount mount(YamlNode mount, Set<String> volumes) {
    String volume = mount.get("name").requiredText();
    if (!volumes.contains(volume)) {
      throw mount.get("name").fault("names the volume " + volume + ", which the pod does not have");
    }
    return new Mount(
        volume, mount.get("mountPath").requiredText(), mount.get("subPath").text().orElse(""));
  }

  private static Optional<TokenVolume> volume(YamlNode volume) {
    List<Projection> projections =
        volume.get("projected").get("sources").items().stream()
            .map(source -> source.get("serviceAccountToken"))
            .filter(token -> token.value() != null)
            .map(PodSpec::projection)
            .toList();
    return projections.isEmpty()
        ? Optional.empty()
        : Optional.of(new TokenVolume(volume.get("name").requiredText(), projections));
  }

  private static Projection projection(YamlNode token) {
    long seconds = token.get("expirationSeconds").wholeNumber().orElse(DEFAULT_EXPIRATION);
    if (seconds < LEAST_EXPIRATION || seconds > MOST_EXPIRATION) {
      throw token
          .get("expirationSeconds")
          .fault("is " + seconds + ", and must be " + LEAST_EXPIRATION + " to " + MOST_EXPIRATION);
    }
    String path = token.get("path").requiredText();
    if (path.contains("/") || path.startsWith("..")) {
      throw token.get("path").fault("must be a file name here, without directories");
    }
    return new Projection(
        token.get("audience").text().filter(audience -> !audience.isEmpty()), seconds, path);
  }

  private static Set<String> unique(List<YamlNode> items, String key) {
    Set<String> seen = new HashSet<>();
    for (YamlNode item : items) {
      String name = item.get(key).requiredText();
      if (!seen.add(name)) {
        throw item.get(key).fault("is " + name + " a second time");
      }
    }
    return seen;
  }

  /**
   * The variables of a container as the kubelet hands them to it: fields of the pod in place, and
   * references {@code $(NAME)} to earlier variables replaced. What comes from a secret or a config
   * map is left out.
   *
   * @param fields the value of a field of the pod, empty where it is not known
   */
  static Map<String, String> values(
      Container container, Function<String, Optional<String>> fields) {
    Map<String, String> values = new LinkedHashMap<>();
    for (Variable variable : container.variables()) {
      Optional<String> value =
          variable
              .value()
              .map(text -> expand(text, values))
              .or(() -> variable.field().flatMap(fields));
      // A name that comes twice keeps the place of the last, whose value counts.
      values.remove(variable.name());
      value.ifPresent(text -> values.put(variable.name(), text));
    }
    return values;
  }

  /** Source: kubernetes, third_party/forked/golang/expansion: unknown names stay as they stand. */
  private static String expand(String text, Map<String, String> values) {
    StringBuilder expanded = new StringBuilder();
    int at = 0;
    while (at < text.length()) {
      char next = text.charAt(at);
      if (next == '$' && text.startsWith("$$", at)) {
        expanded.append('$');
        at += 2;
        continue;
      }
      int end = next == '$' && text.startsWith("$(", at) ? text.indexOf(')', at) : -1;
      if (end < 0) {
        expanded.append(next);
        at++;
        continue;
      }
      String reference = text.substring(at, end + 1);
      String name = text.substring(at + 2, end);
      expanded.append(values.getOrDefault(name, reference));
      at = end + 1;
    }
    return expanded.toString();
  }
}
