package dev.lanyard.testing;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One place in a manifest, and the way to it. Reading it as what it is not fails as the API server
 * does, with a message that says where and what was seen, but not the value, which may be a secret.
 *
 * @param path the way from the document's root: {@code spec.containers[0].name}
 * @param value a {@code Map} with keys that are strings, a {@code List}, a string, a number, a
 *     boolean; null where nothing is
 */
record YamlNode(String document, String path, @Nullable Object value) {

  /** The place below this key; nothing is there if nothing is here. */
  YamlNode get(String key) {
    Object child = value == null ? null : map().get(key);
    return new YamlNode(document, path.isEmpty() ? key : path + "." + key, child);
  }

  /** The places in a list, none if nothing is here. */
  List<YamlNode> items() {
    List<YamlNode> items = new ArrayList<>();
    if (value != null) {
      int index = 0;
      for (Object item : list()) {
        items.add(new YamlNode(document, path + "[" + index++ + "]", item));
      }
    }
    return items;
  }

  /** A text, empty if nothing is here. */
  Optional<String> text() {
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof String text) {
      return Optional.of(text);
    }
    throw wrong("a string", value instanceof Number || value instanceof Boolean);
  }

  /** A text that must be here and not be empty. */
  String requiredText() {
    return text().filter(text -> !text.isEmpty()).orElseThrow(() -> fault("is required"));
  }

  /** A whole number, empty if nothing is here. */
  Optional<Long> wholeNumber() {
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof Integer || value instanceof Long) {
      return Optional.of(((Number) value).longValue());
    }
    throw wrong("a whole number", false);
  }

  /** Texts by key, in order, none if nothing is here. */
  Map<String, String> texts() {
    Map<String, String> texts = new LinkedHashMap<>();
    if (value != null) {
      for (String key : map().keySet()) {
        texts.put(key, get(key).text().orElse(""));
      }
    }
    return texts;
  }

  /** The map itself, for changes. */
  Map<String, @Nullable Object> map() {
    if (value instanceof Map<?, ?>) {
      // The reader copies every map into one whose keys are strings.
      @SuppressWarnings("unchecked")
      Map<String, @Nullable Object> map = (Map<String, @Nullable Object>) value;
      return map;
    }
    throw wrong("a map", false);
  }

  /** The list below this key for changes, put there if nothing is. */
  List<@Nullable Object> growingList(String key) {
    YamlNode child = get(key);
    if (child.value != null) {
      return child.list();
    }
    List<@Nullable Object> list = new ArrayList<>();
    map().put(key, list);
    return list;
  }

  /** The map below this key for changes, put there if nothing is. */
  Map<String, @Nullable Object> growingMap(String key) {
    YamlNode child = get(key);
    if (child.value != null) {
      return child.map();
    }
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map().put(key, map);
    return map;
  }

  private List<@Nullable Object> list() {
    if (value instanceof List<?>) {
      @SuppressWarnings("unchecked")
      List<@Nullable Object> list = (List<@Nullable Object>) value;
      return list;
    }
    throw wrong("a list", false);
  }

  /** What is wrong here, for the caller to throw. */
  IllegalArgumentException fault(String problem) {
    return new IllegalArgumentException(
        document + ": " + (path.isEmpty() ? "the document" : path) + " " + problem);
  }

  private IllegalArgumentException wrong(String needed, boolean quotes) {
    return fault(
        "must be " + needed + ", and is " + kind(value) + (quotes ? "; put it in quotes" : ""));
  }

  private static String kind(@Nullable Object value) {
    if (value instanceof Map) {
      return "a map";
    }
    if (value instanceof List) {
      return "a list";
    }
    if (value instanceof Boolean) {
      return "a boolean";
    }
    if (value instanceof Number) {
      return "a number";
    }
    return value == null ? "missing" : "a string";
  }

  /** The document alone: values may be secrets. */
  @Override
  public String toString() {
    return "YamlNode[" + document + ", " + path + "]";
  }
}
