package dev.lanyard.irsa.internal;

import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.Redaction;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The projected service account token, as it was read from its file just now. {@link #toString}
 * does not show it, and {@link #clean} takes it out of what others say.
 */
final class WebIdentityToken {
  /** Source: the STS model, WebIdentityToken. */
  private static final int MIN_LENGTH = 4;

  private static final int MAX_LENGTH = 20_000;

  // Room for what is stripped: a file that is longer by more is too long in any case.
  private static final int MAX_READ = MAX_LENGTH + 1_000;

  // A token, or the beginning of one that was cut off: its header is a JSON object in base64url.
  private static final Pattern JSON_WEB_TOKEN = Pattern.compile("eyJ[\\w-]{12,}");

  private final String value;
  private final Redaction redaction;

  private WebIdentityToken(String value) {
    this.value = value;
    this.redaction = Redaction.of(value);
  }

  /**
   * Reads the file, by its path each time: the kubelet replaces what the path leads to.
   *
   * @param file the file
   * @param name the file's name for messages
   * @throws ExchangeException misconfigured, if there is no usable token in it
   */
  static WebIdentityToken read(Path file, String name) throws ExchangeException {
    return read(file, name, null);
  }

  /** As {@link #read(Path, String)}, with another way to open the file. */
  static WebIdentityToken read(Path file, String name, @Nullable Opener opener)
      throws ExchangeException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      // Opening a pipe would block for ever, interrupted or not.
      throw misconfigured(
          Problems.FILE_NOT_REGULAR,
          name,
          " is not a regular file",
          "Check that AWS_WEB_IDENTITY_TOKEN_FILE names the file of the token, not its directory",
          null);
    }
    byte[] bytes;
    try (InputStream in = open(file, opener)) {
      bytes = in.readNBytes(MAX_READ + 1);
    } catch (NoSuchFileException e) {
      throw misconfigured(
          Problems.FILE_MISSING,
          name,
          " does not exist",
          "Check that the pod mounts the projected volume aws-iam-token at the directory of that"
              + " file; a pod older than its service account's annotation has to be recreated",
          e);
    } catch (AccessDeniedException e) {
      throw misconfigured(
          Problems.FILE_NOT_READABLE,
          name,
          " is not readable by this process",
          "Set securityContext.fsGroup on the pod, so that a process that is not root can read"
              + " projected tokens",
          e);
    } catch (IOException e) {
      throw misconfigured(
          Problems.FILE_UNREADABLE,
          name,
          " cannot be read (" + e.getClass().getSimpleName() + ")",
          "Check that it is a regular file, and check the pod's projected volume",
          e);
    }
    if (bytes.length > MAX_READ) {
      throw tooLong(name);
    }
    // STS takes the token as it comes: a line break that an editor left would spoil it.
    String value = new String(bytes, StandardCharsets.ISO_8859_1).stripTrailing();
    if (value.isEmpty()) {
      throw misconfigured(
          Problems.FILE_EMPTY,
          name,
          " is empty",
          "Check what writes the file; the kubelet never leaves it empty",
          null);
    }
    if (value.length() > MAX_LENGTH) {
      throw tooLong(name);
    }
    if (value.length() < MIN_LENGTH || !isPrintable(value)) {
      throw misconfigured(
          Problems.FILE_WITHOUT_TOKEN,
          name,
          " holds no web identity token: "
              + (value.length() < MIN_LENGTH
                  ? "it has fewer than " + MIN_LENGTH + " characters"
                  : "it has blanks, line breaks or characters that are not printable within"),
          "Check that AWS_WEB_IDENTITY_TOKEN_FILE names a file that holds only the token",
          null);
    }
    return new WebIdentityToken(value);
  }

  private static boolean isPrintable(String value) {
    for (int i = 0; i < value.length(); i++) {
      if (value.charAt(i) <= 0x20 || value.charAt(i) >= 0x7f) {
        return false;
      }
    }
    return true;
  }

  /** How a file is opened. */
  interface Opener {
    InputStream open(Path file) throws IOException;
  }

  /** What was opened is read to its end even if the kubelet deletes it meanwhile. */
  private static InputStream open(Path file, @Nullable Opener opener) throws IOException {
    try {
      return opener == null ? Files.newInputStream(file) : opener.open(file);
    } catch (NoSuchFileException e) {
      // The kubelet may have deleted the old directory while the link to it was being followed.
      return opener == null ? Files.newInputStream(file) : opener.open(file);
    }
  }

  /** Says whether a text that ought to be something else holds what looks like a token. */
  static boolean looksLikeOne(String text) {
    return JSON_WEB_TOKEN.matcher(text).find();
  }

  /** Returns the token: for the request to STS, and for nothing else. */
  String value() {
    return value;
  }

  boolean sameAs(WebIdentityToken other) {
    return value.equals(other.value);
  }

  /**
   * Takes the token and each piece of it out of a text, in whatever encoding: STS repeats what it
   * finds invalid. Empty if that cannot be done.
   */
  Optional<String> clean(String text) {
    return redaction.clean(text);
  }

  @Override
  public String toString() {
    return "WebIdentityToken[" + value.length() + " characters]";
  }

  private static ExchangeException tooLong(String name) {
    return misconfigured(
        Problems.FILE_TOO_LONG,
        name,
        " has more than " + MAX_LENGTH + " characters, more than STS takes",
        "Check that AWS_WEB_IDENTITY_TOKEN_FILE names a file that holds only the token",
        null);
  }

  private static ExchangeException misconfigured(
      String id, String file, String problem, String remedy, @Nullable IOException cause) {
    return ExchangeException.builder(
            Problems.misconfigured(id, "web identity token file " + file + problem)
                .fact(Facts.TOKEN_FILE, file)
                .step(remedy)
                .build())
        .cause(cause)
        .build();
  }
}
