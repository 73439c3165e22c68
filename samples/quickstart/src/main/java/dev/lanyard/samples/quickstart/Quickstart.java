package dev.lanyard.samples.quickstart;

import java.io.PrintStream;
import java.util.List;

/**
 * Shows Lanyard at work. Without arguments it plays five scenes in this JVM, with no AWS account,
 * no network and no Docker; with {@code --bucket NAME} it uses the identity of the pod that it runs
 * in.
 *
 * <p>The process exits with 0 if all went well, with 1 if something failed, which it names, and
 * with 2 if it did not understand its arguments.
 */
public final class Quickstart {
  static final int OK = 0;
  static final int FAILED = 1;
  static final int USAGE = 2;

  private static final String HELP =
      """
      usage: java -jar quickstart.jar [--bucket NAME | --help]

        (no argument)    five scenes in this JVM: an EKS cluster's identity plane, an STS, a Pod
                         Identity agent and an S3 server that verifies signatures. Needs no AWS
                         account, no network and no Docker
        --bucket NAME    inside an EKS pod: who the pod is, and what the bucket NAME holds, with
                         the pod's real identity. The region is taken from AWS_REGION
        --help           this text

      LOG_LEVEL=DEBUG in the environment shows the log as well.
      """;

  private Quickstart() {}

  /**
   * Runs the quickstart and ends the process.
   *
   * @param arguments see {@code --help}
   */
  public static void main(String[] arguments) {
    System.exit(run(List.of(arguments), System.out));
  }

  /**
   * Runs the quickstart.
   *
   * @param arguments see {@code --help}
   * @param out takes all that is said
   * @return the exit code of the process
   */
  static int run(List<String> arguments, PrintStream out) {
    Narrator narrator = new Narrator(out);
    if (arguments.isEmpty()) {
      return play(Scene.all(), narrator);
    }
    if (arguments.equals(List.of("--help"))) {
      out.print(HELP);
      return OK;
    }
    if (arguments.size() == 2
        && arguments.get(0).equals("--bucket")
        && !arguments.get(1).isBlank()
        && !arguments.get(1).startsWith("-")) {
      return new RealPod(System.getenv(), narrator).list(arguments.get(1)) ? OK : FAILED;
    }
    out.println("not understood: " + String.join(" ", arguments));
    out.print(HELP);
    return USAGE;
  }

  /**
   * Plays scenes until one fails.
   *
   * @param scenes what to play
   * @param narrator takes all that is said
   * @return the exit code of the process
   */
  static int play(List<Scene> scenes, Narrator narrator) {
    narrator.say(
        "Lanyard quickstart: an EKS cluster's identity plane, its STS, its Pod Identity agent and"
            + " an S3 server, all in this JVM and on loopback. The S3 server serves nobody but the"
            + " holders of credentials that the cluster issued: it verifies every signature,"
            + " session token and expiration.");
    Stage built;
    try {
      built = Stage.build(narrator);
    } catch (RuntimeException e) {
      narrator.failed("the fakes and the S3 server could not be started", e);
      return FAILED;
    }
    try (Stage stage = built) {
      int number = 0;
      for (Scene scene : scenes) {
        number++;
        narrator.scene(number, scenes.size(), scene.title());
        try {
          scene.play(stage);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          narrator.failed(number, scene.title(), e);
          return FAILED;
        } catch (Exception e) {
          narrator.failed(number, scene.title(), e);
          return FAILED;
        }
      }
      narrator.blank();
      narrator.say("All " + number + " scenes played without a failure.");
      return OK;
    }
  }
}
