package dev.lanyard.samples.quickstart;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** Writes for a person to follow, in ASCII and no wider than a terminal. */
final class Narrator {
  private static final int WIDTH = 100;
  private static final int LABEL = 17;
  private static final String INDENT = "     ";
  private static final int QUOTE = WIDTH - INDENT.length() - 2;

  private final PrintStream out;

  Narrator(PrintStream out) {
    this.out = out;
  }

  void blank() {
    out.println();
  }

  void say(String text) {
    wrap(text, WIDTH).forEach(out::println);
  }

  void scene(int number, int of, String title) {
    out.println();
    out.println(number + "/" + of + "  " + title);
  }

  /** One step of a scene: what it is, and what came of it. */
  void step(String label, String text) {
    List<String> lines = wrap(text, WIDTH - INDENT.length() - LABEL);
    out.printf("%s%-" + LABEL + "s%s%n", INDENT, label, lines.get(0));
    for (String line : lines.subList(1, lines.size())) {
      out.println(INDENT + " ".repeat(LABEL) + line);
    }
  }

  /** Text that a user of Lanyard sees, as it stands; only what is too wide is broken. */
  void quote(String text) {
    for (String line : text.split("\n", -1)) {
      String rest = line;
      String hanging = line.substring(0, line.length() - line.stripLeading().length()) + "    ";
      while (rest.length() > QUOTE) {
        int space = rest.lastIndexOf(' ', QUOTE);
        if (space <= hanging.length()) {
          break;
        }
        out.println(INDENT + "| " + rest.substring(0, space));
        rest = hanging + rest.substring(space + 1);
      }
      out.println(INDENT + "| " + rest);
    }
  }

  void failed(int number, String title, Exception failure) {
    failed("scene " + number + ", " + title, failure);
  }

  void failed(String what, Exception failure) {
    out.println();
    out.println("FAILED: " + what);
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String said =
          cause instanceof SceneFailedException
              ? String.valueOf(cause.getMessage())
              : cause.toString();
      step(cause == failure ? "error" : "caused by", said);
    }
  }

  /** A word that is too long for the line, such as an ARN or a path, stays in one piece. */
  private static List<String> wrap(String text, int width) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split("\\s+", -1)) {
      if (line.length() > 0 && line.length() + 1 + word.length() > width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      if (line.length() > 0) {
        line.append(' ');
      }
      line.append(word);
    }
    lines.add(line.toString());
    return lines;
  }
}
