package dev.lanyard;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Why a provider gives the credentials it gives: every source, what it looked for, what it found,
 * which was chosen, what that shadows, and the state of the credentials. Immutable, and without
 * secrets: {@link #toString} may be logged and pasted into a ticket.
 *
 * @param sources the sources, in the order in which they are looked for
 * @param status the state of the credentials
 * @param accessKeyId the last four characters of the access key id held; empty if there is none
 * @param at when the explanation was given
 */
public record Explanation(
    List<Source> sources, CredentialsStatus status, Optional<String> accessKeyId, Instant at) {

  /**
   * Copies the list.
   *
   * @param sources the sources, in the order in which they are looked for
   * @param status the state of the credentials
   * @param accessKeyId the last four characters of the access key id held
   * @param at when the explanation was given
   */
  public Explanation {
    sources = List.copyOf(sources);
  }

  /** The part that a source plays for the provider. */
  public enum Use {
    /**
     * It is the first that is configured. It gives the credentials, unless a fallback has taken
     * over: {@link CredentialsStatus#source} names the source in use.
     */
    CHOSEN,
    /** It is meant to be used and cannot work: callers get an exception, and no other is tried. */
    BROKEN,
    /** It is configured too, but not used because one before it is. */
    SHADOWED,
    /** It is configured too, and is tried when the service refuses the one before it. */
    FALLBACK,
    /** It is not configured. */
    ABSENT
  }

  /**
   * One source.
   *
   * @param name its name, such as {@code irsa}
   * @param use the part that it plays for the provider
   * @param finding what was found, or looked for, in words
   * @param remedy what a person can do about it, if it is broken
   */
  public record Source(String name, Use use, String finding, Optional<String> remedy) {}

  /**
   * Returns the first source that is configured: it gives the credentials, or should.
   *
   * @return the chosen or broken source; empty if none is configured
   */
  public Optional<Source> chosen() {
    return sources.stream()
        .filter(source -> source.use() == Use.CHOSEN || source.use() == Use.BROKEN)
        .findFirst();
  }

  /**
   * Writes the whole explanation, for a person to read.
   *
   * @return several lines, without a line break at the end
   */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("Lanyard: AWS credentials of this process\n");
    text.append("  sources\n");
    if (sources.isEmpty()) {
      text.append("    none on the class path\n");
    }
    int place = 1;
    for (Source source : sources) {
      text.append(
          String.format(
                  Locale.ROOT,
                  "    %d. %-13s %-9s %s%n",
                  place++,
                  source.name(),
                  source.use(),
                  source.finding())
              .replace(System.lineSeparator(), "\n"));
      source
          .remedy()
          .ifPresent(remedy -> text.append("       what to do: ").append(remedy).append('\n'));
    }
    text.append("  now\n    from ").append(status.source()).append(", ").append(status.health());
    accessKeyId.ifPresent(key -> text.append(", access key id ").append(key));
    text.append('\n');
    status
        .expiration()
        .ifPresent(when -> text.append("    expiration    ").append(relative(when)).append('\n'));
    status
        .nextRefresh()
        .ifPresent(when -> text.append("    next exchange ").append(relative(when)).append('\n'));
    text.append("    exchanges     ")
        .append(status.exchanges())
        .append(" ended, ")
        .append(status.consecutiveFailures())
        .append(" failed since the last good one");
    status
        .clockSkew()
        .ifPresent(
            skew ->
                text.append("\n    clock         this machine is ")
                    .append(Text.of(skew.abs()))
                    .append(skew.isNegative() ? " ahead of the source" : " behind the source"));
    status
        .disbelievedDate()
        .ifPresent(
            date ->
                text.append("\n    date          the source dated its answer ")
                    .append(date)
                    .append(", which cannot be true: this machine's clock was used"));
    status
        .lastFailure()
        .ifPresent(
            failure -> {
              text.append("\n    last failure  ")
                  .append(relative(failure.at()))
                  .append(", ")
                  .append(failure.source())
                  .append(", ")
                  .append(failure.kind())
                  .append(": ")
                  .append(failure.message());
              failure
                  .remedy()
                  .ifPresent(remedy -> text.append("\n    what to do    ").append(remedy));
            });
    return text.toString();
  }

  private String relative(Instant when) {
    Duration distance = Duration.between(at, when);
    return distance.isNegative()
        ? when + " (" + Text.of(distance.abs()) + " ago)"
        : when + " (in " + Text.of(distance) + ")";
  }
}
