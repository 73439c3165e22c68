package dev.lanyard.podidentity.internal;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.runtime.Environment.Setting;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Where the value of the {@code Authorization} header comes from. A file is read, and a supplier
 * asked, at every attempt; a setting is what it was when the provider was built. The value is shown
 * nowhere.
 *
 * <p>The value goes out as it stands: no scheme is put before it and nothing is cut off. A value
 * with a line break, or any other character that a header cannot carry as it is, is a
 * misconfiguration, a single line break at the end of the file included: the kubelet writes none,
 * the agent takes the raw content of the file, and who wrote the file by hand had better know.
 * Source: aws/eks-pod-identity-agent, internal/validation; botocore refuses line breaks too.
 */
sealed interface AuthorizationToken {

  /** Far above the one or two kilobytes of a service account token. */
  int MAX_BYTES = 64 * 1024;

  /**
   * Reads the token.
   *
   * @return the value of the header, empty if none is to be sent
   * @throws Misconfiguration if there is one to be sent and it cannot be; the text does not show it
   */
  Optional<String> read() throws Misconfiguration;

  /** Returns the file that the token is read from, if it is. */
  default Optional<Path> file() {
    return Optional.empty();
  }

  /** Returns the setting that names the token or its file; empty if the application does. */
  default Optional<String> origin() {
    return Optional.empty();
  }

  /** Adds to the evidence what decides which token is sent. */
  void addTo(Evidence.Builder evidence);

  /** Adds to a problem which file the token is read from, if it is read from one. */
  default void addTo(Problem.Builder problem) {}

  /** No token: the ECS agent knows its tasks by the path alone. */
  record None() implements AuthorizationToken {
    @Override
    public Optional<String> read() {
      return Optional.empty();
    }

    @Override
    public void addTo(Evidence.Builder evidence) {
      evidence.fact("authorization", "none");
    }
  }

  /**
   * A token in a setting, as it was when the provider was built.
   *
   * @param setting the setting, whose text form shows where it stands and not its value
   */
  record Value(Setting setting) implements AuthorizationToken {
    @Override
    public Optional<String> read() throws Misconfiguration {
      if (setting.value().length() > MAX_BYTES) {
        throw oversized(this, setting.origin());
      }
      return Optional.of(checked(this, setting.value(), setting.origin()));
    }

    @Override
    public Optional<String> origin() {
      return Optional.of(setting.origin());
    }

    @Override
    public void addTo(Evidence.Builder evidence) {
      evidence
          .fact("authorization", "token in a setting", setting.origin())
          .hidden("authorization token", setting.value(), setting.origin());
    }
  }

  /**
   * A token that the application gives.
   *
   * @param supplier gives it at each attempt
   */
  record Given(Supplier<String> supplier) implements AuthorizationToken {
    private static final String WHAT = "the token given to the provider";

    @Override
    public Optional<String> read() throws Misconfiguration {
      String token;
      try {
        token = supplier.get();
      } catch (RuntimeException e) {
        // Its message may hold the token, and it is no cause to show either.
        throw wrong(
            this,
            Problems.TOKEN_SUPPLIER_THREW,
            WHAT + " could not be obtained (" + e.getClass().getName() + ")",
            "Correct the supplier that was passed to authorizationToken(...)");
      }
      if (token == null || token.isBlank()) {
        throw wrong(
            this,
            Problems.TOKEN_SUPPLIER_RETURNED_NOTHING,
            WHAT + " is " + (token == null ? "null" : "blank"),
            "The supplier that was passed to authorizationToken(...) has to return the whole"
                + " value of the Authorization header");
      }
      if (token.length() > MAX_BYTES) {
        throw oversized(this, WHAT);
      }
      return Optional.of(checked(this, token, WHAT));
    }

    /** Nobody can know which token the application's code will give. */
    @Override
    public void addTo(Evidence.Builder evidence) {
      evidence.fact("authorization", "token given to the provider").incomparable();
    }
  }

  /**
   * A token in a file, which the kubelet rotates.
   *
   * @param path where to read it
   * @param name the path as the environment gives it
   * @param origin the setting that gives it, empty if the application does
   */
  record File(Path path, String name, Optional<String> origin) implements AuthorizationToken {
    @Override
    public Optional<String> read() throws Misconfiguration {
      String what = "token file " + name;
      byte[] bytes;
      try {
        // Opening a pipe would block for ever.
        if (Files.exists(path) && !Files.isRegularFile(path)) {
          throw wrong(
              this,
              Problems.TOKEN_FILE_NOT_REGULAR,
              what + " is not a regular file",
              "Mount the projected token at this path");
        }
        try (InputStream in = Files.newInputStream(path)) {
          bytes = in.readNBytes(MAX_BYTES + 1);
        }
      } catch (NoSuchFileException e) {
        throw wrong(
            this,
            Problems.TOKEN_FILE_MISSING,
            what + " does not exist",
            "Check that the projected volume is mounted in this container; if the association is"
                + " newer than the pod, recreate the pod");
      } catch (AccessDeniedException e) {
        throw wrong(
            this,
            Problems.TOKEN_FILE_DENIED,
            what + " is not readable by this user",
            "Set securityContext.fsGroup on the pod so that its user can read the token");
      } catch (IOException e) {
        throw wrong(
            this,
            Problems.TOKEN_FILE_UNREADABLE,
            what + " cannot be read (" + e.getClass().getSimpleName() + ")",
            "Check the volume that the token is mounted from");
      }
      if (bytes.length > MAX_BYTES) {
        throw oversized(this, what);
      }
      if (bytes.length == 0) {
        throw wrong(
            this,
            Problems.TOKEN_EMPTY,
            what + " is empty",
            "Check what writes it: the kubelet never leaves a token file empty");
      }
      // Latin-1 keeps every byte visible to the check; what passes it is ASCII.
      return Optional.of(checked(this, new String(bytes, StandardCharsets.ISO_8859_1), what));
    }

    @Override
    public Optional<Path> file() {
      return Optional.of(path);
    }

    @Override
    public void addTo(Evidence.Builder evidence) {
      String shown = Path.of(name).toString();
      evidence.fact("token file", shown, origin.orElse(null));
      if (!shown.equals(path.toString())) {
        // Where it is read counts: below the root that a test has set.
        evidence.hidden("token file", path.toString(), origin.orElse(null));
      }
      if (!path.getFileSystem().equals(FileSystems.getDefault())) {
        evidence.incomparable();
      }
    }

    @Override
    public void addTo(Problem.Builder problem) {
      problem.fact("token file", name);
    }
  }

  private static Misconfiguration wrong(
      AuthorizationToken token, String id, String summary, String step) {
    Problem.Builder problem = Problems.misconfigured(id, summary, step);
    token.addTo(problem);
    token.origin().ifPresent(setting -> problem.fact("setting", setting));
    return new Misconfiguration(problem.build());
  }

  private static Misconfiguration oversized(AuthorizationToken token, String what) {
    return wrong(
        token,
        Problems.TOKEN_TOO_LONG,
        what + " holds more than " + MAX_BYTES / 1024 + " KiB, more than any token has",
        "Write only the token into it");
  }

  private static String checked(AuthorizationToken from, String token, String what)
      throws Misconfiguration {
    for (int i = 0; i < token.length(); i++) {
      char c = token.charAt(i);
      if (c == '\n' || c == '\r') {
        throw wrong(
            from,
            Problems.TOKEN_UNUSABLE,
            what + " holds a token with a line break",
            "Write the token without a line break, also at its end: use 'echo -n', not 'echo'");
      }
      boolean blankAtAnEnd = c == ' ' && (i == 0 || i == token.length() - 1);
      if (c < ' ' || c > '~' || blankAtAnEnd) {
        throw wrong(
            from,
            Problems.TOKEN_UNUSABLE,
            what + " holds a token with a character that a header cannot carry",
            "Write the token as it was issued, without blanks around it or a byte order mark");
      }
    }
    return token;
  }
}
