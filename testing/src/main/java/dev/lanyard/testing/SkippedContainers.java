package dev.lanyard.testing;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * The annotation {@code eks.amazonaws.com/skip-containers}: the first record of a text of
 * comma-separated values, as Go's encoding/csv reads it. Names are not trimmed. A text with a quote
 * where none may be skips no container at all. Source: amazon-eks-pod-identity-webhook,
 * pkg/handler/handler.go.
 */
final class SkippedContainers {
  private final String text;
  private int at;

  private SkippedContainers(String text) {
    this.text = text;
  }

  /** The names, none if the text does not parse. */
  static Set<String> parse(String annotation) {
    // As Go does it: line ends are one character, and blank lines are no records.
    String text = annotation.replace("\r\n", "\n").replaceFirst("\r\\z", "");
    return new SkippedContainers(text.replaceFirst("\\A\n+", "")).record().orElse(Set.of());
  }

  private Optional<Set<String>> record() {
    if (text.isEmpty()) {
      return Optional.empty();
    }
    Set<String> names = new HashSet<>();
    while (true) {
      Optional<String> name = atEnd() || text.charAt(at) != '"' ? plain() : quoted();
      if (name.isEmpty()) {
        return Optional.empty();
      }
      names.add(name.get());
      if (atEnd() || text.charAt(at) == '\n') {
        return Optional.of(Set.copyOf(names));
      }
      // Past the comma, the only character that may follow a name in its line.
      at++;
    }
  }

  private Optional<String> plain() {
    int start = at;
    while (!atEnd() && text.charAt(at) != ',' && text.charAt(at) != '\n') {
      if (text.charAt(at) == '"') {
        return Optional.empty();
      }
      at++;
    }
    return Optional.of(text.substring(start, at));
  }

  private Optional<String> quoted() {
    StringBuilder name = new StringBuilder();
    at++;
    while (!atEnd()) {
      char next = text.charAt(at++);
      if (next != '"') {
        name.append(next);
      } else if (!atEnd() && text.charAt(at) == '"') {
        name.append('"');
        at++;
      } else {
        return atEnd() || text.charAt(at) == ',' || text.charAt(at) == '\n'
            ? Optional.of(name.toString())
            : Optional.empty();
      }
    }
    return Optional.empty();
  }

  private boolean atEnd() {
    return at >= text.length();
  }
}
