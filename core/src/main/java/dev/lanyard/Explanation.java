package dev.lanyard;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.diagnosis.Fact;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.spi.Detection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Why a provider gives the credentials it gives: every source, what it looked for, what it found,
 * which was chosen, what that shadows, and the state of the credentials. Immutable, and without
 * secrets: {@link #toString} may be logged and pasted into a ticket.
 *
 * @since 0.1
 */
public final class Explanation {
  private final @Nullable String name;
  private final List<Fact> settings;
  private final List<Source> sources;
  private final CredentialsStatus status;
  private final @Nullable String maskedAccessKeyId;
  private final @Nullable Explanation firstHop;
  private final Instant at;

  Explanation(
      @Nullable String name,
      List<Fact> settings,
      List<Source> sources,
      CredentialsStatus status,
      @Nullable String maskedAccessKeyId,
      @Nullable Explanation firstHop,
      Instant at) {
    this.name = name;
    this.settings = List.copyOf(settings);
    this.firstHop = firstHop;
    this.sources = List.copyOf(sources);
    this.status = status;
    this.maskedAccessKeyId = maskedAccessKeyId;
    this.at = at;
  }

  /**
   * Returns the name that the application gave to the provider.
   *
   * @return the name; empty if it gave none
   */
  public Optional<String> name() {
    return Optional.ofNullable(name);
  }

  /**
   * Returns the settings that the provider was given by a framework's configuration, by system
   * properties or by environment variables. Those of a second role are in the evidence of its
   * source.
   *
   * @return facts with the key, the value, and where it was found; empty if there are none
   */
  public List<Fact> settings() {
    return settings;
  }

  /**
   * Returns the explanation of the credentials that a second role is assumed with, where a setting
   * names one.
   *
   * @return what the provider would explain without a second role; empty if no setting names one
   */
  public Optional<Explanation> firstHop() {
    return Optional.ofNullable(firstHop);
  }

  /**
   * Returns the sources.
   *
   * @return all sources, in the order in which they are looked for
   */
  public List<Source> sources() {
    return sources;
  }

  /**
   * Returns the state of the credentials.
   *
   * @return the status
   */
  public CredentialsStatus status() {
    return status;
  }

  /**
   * Returns the access key id of the credentials held, masked.
   *
   * @return four asterisks and the last four characters; empty if none are held
   */
  public Optional<String> maskedAccessKeyId() {
    return Optional.ofNullable(maskedAccessKeyId);
  }

  /**
   * Returns when the explanation was given.
   *
   * @return the time, by this machine's wall clock
   */
  public Instant at() {
    return at;
  }

  /**
   * How the provider uses a source. Later versions may add values: ignore one that you do not know.
   *
   * @since 0.1
   */
  public enum Use {
    /**
     * The first configured source. It gives the credentials, unless a fallback has taken over:
     * {@link CredentialsStatus#source} names the source in use.
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
   * One source. Immutable.
   *
   * @since 0.1
   */
  public static final class Source {
    private final String name;
    private final Use use;
    private final Detection detection;

    Source(String name, Use use, Detection detection) {
      this.name = name;
      this.use = use;
      this.detection = detection;
    }

    /**
     * Returns the source's name.
     *
     * @return such as {@code irsa}
     */
    public String name() {
      return name;
    }

    /**
     * Returns the part that it plays for the provider.
     *
     * @return the use
     */
    public Use use() {
      return use;
    }

    /**
     * Returns what was found.
     *
     * @return the evidence of whose credentials the source obtains; empty if it is broken or absent
     */
    public Optional<Evidence> evidence() {
      return detection instanceof Detection.Present present
          ? Optional.of(present.evidence())
          : Optional.empty();
    }

    /**
     * Returns why the source cannot work.
     *
     * @return the problem; empty if the source is not broken
     */
    public Optional<Problem> problem() {
      return detection instanceof Detection.Broken broken
          ? Optional.of(broken.problem())
          : Optional.empty();
    }

    /**
     * Returns what would have configured the source.
     *
     * @return names of settings, for people; empty if the source is not absent
     */
    public Optional<String> lookedFor() {
      return detection instanceof Detection.Absent absent
          ? Optional.of(absent.lookedFor())
          : Optional.empty();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Source that
          && name.equals(that.name)
          && use == that.use
          && detection.equals(that.detection);
    }

    @Override
    public int hashCode() {
      return Objects.hash(name, use, detection);
    }

    @Override
    public String toString() {
      return "Source[" + name + ", " + use + ", " + Chain.finding(detection) + "]";
    }
  }

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

  @Override
  public boolean equals(Object other) {
    return other instanceof Explanation that
        && Objects.equals(name, that.name)
        && settings.equals(that.settings)
        && Objects.equals(firstHop, that.firstHop)
        && sources.equals(that.sources)
        && status.equals(that.status)
        && Objects.equals(maskedAccessKeyId, that.maskedAccessKeyId)
        && at.equals(that.at);
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, settings, sources, status, maskedAccessKeyId, firstHop, at);
  }

  /**
   * Writes the whole explanation, for a person to read.
   *
   * @return several lines, without a line break at the end
   */
  @Override
  public String toString() {
    return "Lanyard: AWS credentials of " + (name == null ? "this process" : name) + "\n" + body();
  }

  private String body() {
    StringBuilder text = new StringBuilder();
    if (!settings.isEmpty()) {
      text.append("  settings\n");
      for (Fact setting : settings) {
        text.append("    ").append(setting.name());
        setting.value().ifPresent(value -> text.append(" = ").append(value));
        setting.origin().ifPresent(origin -> text.append(" (").append(origin).append(')'));
        text.append('\n');
      }
    }
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
                  found(source))
              .replace(System.lineSeparator(), "\n"));
      source
          .problem()
          .flatMap(Problem::remedy)
          .ifPresent(remedy -> text.append("       what to do: ").append(remedy).append('\n'));
    }
    text.append("  now\n    from ").append(status.source()).append(", ").append(status.health());
    maskedAccessKeyId().ifPresent(key -> text.append(", access key id ").append(key));
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
    if (firstHop != null) {
      text.append("\n  the first hop, whose credentials the role is assumed with\n  ")
          .append(firstHop.body().replace("\n", "\n  "));
    }
    return text.toString();
  }

  /** What was found, with the setting that each value came from. */
  private static String found(Source source) {
    return source.evidence().isPresent()
        ? described(source.evidence().get())
        : Chain.finding(source.detection);
  }

  private static String described(Evidence evidence) {
    StringBuilder text = new StringBuilder();
    for (Fact fact : evidence.facts()) {
      if (fact.value().isPresent() && !fact.name().equals(Evidence.SOURCE)) {
        text.append(text.length() == 0 ? "" : ", ").append(fact);
        fact.origin().ifPresent(origin -> text.append(" (").append(origin).append(')'));
      }
    }
    evidence
        .basis()
        .ifPresent(
            first ->
                text.append(text.length() == 0 ? "" : ", ")
                    .append("with the credentials of ")
                    .append(first.fact(Evidence.SOURCE).orElse("another source"))
                    .append(": ")
                    .append(described(first)));
    return text.toString();
  }

  private String relative(Instant when) {
    Duration distance = Duration.between(at, when);
    return distance.isNegative()
        ? when + " (" + Text.of(distance.abs()) + " ago)"
        : when + " (in " + Text.of(distance) + ")";
  }
}
