package dev.lanyard;

import static dev.lanyard.diagnosis.FailureKind.MISCONFIGURED;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What each source found in the environment, in the order in which they count. The first that is
 * not absent is chosen, broken or not: a broken source stops the chain, so that the process never
 * works as an identity that nobody chose.
 */
record Chain(Environment environment, List<Link> links) {

  /** One source and what it found. */
  record Link(CredentialsSource source, Detection detection) {
    boolean isAbsent() {
      return detection instanceof Detection.Absent;
    }

    boolean isPresent() {
      return detection instanceof Detection.Present;
    }

    /** What was found, for people. */
    String finding() {
      return Chain.finding(detection);
    }

    /** Whose credentials the source obtains; empty if it is broken or absent. */
    Optional<Evidence> evidence() {
      return detection instanceof Detection.Present present
          ? Optional.of(present.evidence())
          : Optional.empty();
    }

    Link detectedAgain(Environment environment) {
      return new Link(source, detect(source, environment));
    }
  }

  /** Looks for each source in the settings as they are now; what changes later does not count. */
  static Chain detect(List<? extends CredentialsSource> sources, Environment live) {
    Environment environment = live.snapshot();
    List<Link> links = new ArrayList<>(sources.size());
    for (CredentialsSource source : sources) {
      links.add(new Link(source, detect(source, environment)));
    }
    return new Chain(environment, List.copyOf(links));
  }

  /** Returns this chain, which cannot work because of the settings of the provider. */
  Chain stoppedBy(Problem problem) {
    List<Link> stopped = new ArrayList<>();
    stopped.add(new Link(new Refused(problem), Detection.broken(problem)));
    stopped.addAll(links);
    return new Chain(environment, List.copyOf(stopped));
  }

  /** Settings that cannot work, in the place of a source. */
  private record Refused(Problem problem) implements CredentialsSource {
    @Override
    public String name() {
      return "settings";
    }

    @Override
    public int precedence() {
      return Integer.MIN_VALUE;
    }

    @Override
    public Detection detect(Environment environment) {
      return Detection.broken(problem);
    }
  }

  /** The source to use, if any is configured. */
  Optional<Link> chosen() {
    for (Link link : links) {
      if (!link.isAbsent()) {
        return Optional.of(link);
      }
    }
    return Optional.empty();
  }

  /** What gives the credentials: the chosen source, and those that may follow it. */
  Origin origin(boolean fallback) {
    return fallback ? originWithFallback() : origin();
  }

  /** The chosen source alone. */
  Origin origin() {
    Optional<Link> chosen = chosen();
    return chosen.isPresent() ? single(chosen.get(), 0) : new NoSource(this);
  }

  private SingleSource single(Link link, int rank) {
    return new SingleSource(link, rank, environment);
  }

  /** The chosen source, and those present after it, up to one that is broken, if it is refused. */
  Origin originWithFallback() {
    Optional<Link> chosen = chosen();
    if (chosen.isEmpty() || !chosen.get().isPresent()) {
      return origin();
    }
    List<SingleSource> present = new ArrayList<>();
    for (Link link : asked(true)) {
      present.add(single(link, present.size()));
    }
    return present.size() == 1 ? present.get(0) : new FallbackSource(present);
  }

  /** The sources that may be asked; empty if none is configured, or the first one is broken. */
  List<Link> asked(boolean fallback) {
    List<Link> present = new ArrayList<>();
    for (Link link : links) {
      if (link.isPresent() && (present.isEmpty() || fallback)) {
        present.add(link);
      } else if (!link.isAbsent() && !link.isPresent()) {
        break;
      }
    }
    return present;
  }

  /** What was found, for people. */
  static String finding(Detection detection) {
    if (detection instanceof Detection.Present present) {
      return present.evidence().toString();
    }
    if (detection instanceof Detection.Broken broken) {
      return broken.problem().summary();
    }
    return "looked for " + ((Detection.Absent) detection).lookedFor();
  }

  private static Detection detect(CredentialsSource source, Environment environment) {
    try {
      return Objects.requireNonNull(source.detect(environment));
    } catch (RuntimeException | LinkageError e) {
      // The message is not shown: it may repeat a value that is a secret.
      return Detection.broken(
          Problems.of(
                  Problems.DETECTION_FAILED,
                  MISCONFIGURED,
                  "detecting it failed with " + e.getClass().getName())
              .fact("exception", e.getClass().getName())
              .step("Check that all Lanyard modules have the same version (import lanyard-bom)")
              .build());
    }
  }
}
