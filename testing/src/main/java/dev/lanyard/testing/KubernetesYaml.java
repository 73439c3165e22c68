package dev.lanyard.testing;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

/** Reads and writes Kubernetes manifests. The only class that knows SnakeYAML. */
final class KubernetesYaml {
  /** Deeper than any manifest; an anchor that contains itself has no end. */
  private static final int DEEPEST = 100;

  private KubernetesYaml() {}

  /**
   * Reads a manifest of any number of documents; empty ones are left out, and a {@code List} is
   * taken apart. Every document is a map with {@code apiVersion} and {@code kind}.
   *
   * @throws IllegalArgumentException if it is no YAML, or a document is no Kubernetes object
   */
  static List<YamlNode> read(String manifest) {
    List<YamlNode> objects = new ArrayList<>();
    int number = 0;
    for (Object document : documents(manifest)) {
      number++;
      if (document != null) {
        add(new YamlNode("document " + number, "", copy(document, number, 0)), objects);
      }
    }
    return objects;
  }

  /** Writes one object, with its keys in the order in which they stand. */
  static String write(Map<String, @Nullable Object> object) {
    DumperOptions options = new DumperOptions();
    options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
    return new Yaml(new SafeConstructor(new LoaderOptions()), new Representer(options), options)
        .dump(object);
  }

  private static List<@Nullable Object> documents(String manifest) {
    LoaderOptions options = new LoaderOptions();
    // Which of two values would count is no question to leave open.
    options.setAllowDuplicateKeys(false);
    DumperOptions unused = new DumperOptions();
    Yaml yaml =
        new Yaml(
            new SafeConstructor(options),
            new Representer(unused),
            unused,
            options,
            new WithoutTimestamps());
    List<@Nullable Object> documents = new ArrayList<>();
    try {
      yaml.loadAll(manifest).forEach(documents::add);
    } catch (MarkedYAMLException e) {
      // Its own message quotes the text, which may hold a secret.
      throw new IllegalArgumentException(
          "The manifest is not YAML: "
              + place(e.getProblemMark())
              + Optional.ofNullable(e.getProblem()).orElse("no reason given"));
    } catch (YAMLException e) {
      throw new IllegalArgumentException("The manifest is not YAML that can be read here");
    }
    return documents;
  }

  private static String place(@Nullable Mark mark) {
    return mark == null
        ? ""
        : "line " + (mark.getLine() + 1) + ", column " + (mark.getColumn() + 1) + ": ";
  }

  private static void add(YamlNode object, List<YamlNode> objects) {
    String kind = object.get("kind").requiredText();
    object.get("apiVersion").requiredText();
    if (!kind.equals("List")) {
      objects.add(object);
      return;
    }
    for (YamlNode item : object.get("items").items()) {
      add(new YamlNode(object.document() + ", " + item.path(), "", item.map()), objects);
    }
  }

  /** Anchors give several places one object; a change of one place must not change the others. */
  private static @Nullable Object copy(@Nullable Object value, int document, int depth) {
    if (depth > DEEPEST) {
      throw new IllegalArgumentException("document " + document + ": the nesting has no end");
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, @Nullable Object> copy = new LinkedHashMap<>();
      map.forEach(
          (key, child) -> {
            if (!(key instanceof String name)) {
              throw new IllegalArgumentException(
                  "document " + document + ": a key is not a string; put it in quotes");
            }
            copy.put(name, copy(child, document, depth + 1));
          });
      return copy;
    }
    if (value instanceof List<?> list) {
      List<@Nullable Object> copy = new ArrayList<>();
      list.forEach(child -> copy.add(copy(child, document, depth + 1)));
      return copy;
    }
    return value;
  }

  /** YAML 1.1 as Kubernetes reads it: yes and no are booleans, but a date is a string. */
  private static final class WithoutTimestamps extends Resolver {
    @Override
    protected void addImplicitResolvers() {
      addImplicitResolver(Tag.BOOL, BOOL, "yYnNtTfFoO", 10);
      addImplicitResolver(Tag.INT, INT, "-+0123456789");
      addImplicitResolver(Tag.FLOAT, FLOAT, "-+0123456789.");
      addImplicitResolver(Tag.MERGE, MERGE, "<", 10);
      addImplicitResolver(Tag.NULL, NULL, "~nN\0", 10);
      addImplicitResolver(Tag.NULL, EMPTY, null, 10);
    }
  }
}
