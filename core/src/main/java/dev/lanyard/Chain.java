package dev.lanyard;

import dev.lanyard.spi.CredentialsExchange;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import dev.lanyard.spi.Environment;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.ExchangeException.Kind;
import dev.lanyard.spi.SessionCredentials;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

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

    /** What a person can do about it. */
    Optional<String> remedy() {
      return detection instanceof Detection.Broken broken
          ? Optional.of(broken.remedy())
          : Optional.empty();
    }

    /** What was found, in words. Two links with the same words have the same exchange. */
    String finding() {
      if (detection instanceof Detection.Present present) {
        return present.description();
      }
      if (detection instanceof Detection.Broken broken) {
        return broken.reason();
      }
      return "looked for " + ((Detection.Absent) detection).lookedFor();
    }
  }

  static Chain detect(List<? extends CredentialsSource> sources, Environment environment) {
    List<Link> links = new ArrayList<>(sources.size());
    for (CredentialsSource source : sources) {
      links.add(new Link(source, detect(source, environment)));
    }
    return new Chain(environment, List.copyOf(links));
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

  /** The chosen source alone. */
  Origin origin() {
    Optional<Link> chosen = chosen();
    return chosen.isPresent() ? new Single(chosen.get(), environment) : new Nowhere(this);
  }

  /** The chosen source, and those present after it in case it is refused. */
  Origin originWithFallback(Events events) {
    Optional<Link> chosen = chosen();
    if (chosen.isEmpty() || !chosen.get().isPresent()) {
      return origin();
    }
    List<Single> present =
        links.stream().filter(Link::isPresent).map(link -> new Single(link, environment)).toList();
    return present.size() == 1 ? present.get(0) : new Fallback(present, events);
  }

  private static Detection detect(CredentialsSource source, Environment environment) {
    try {
      return source.detect(environment);
    } catch (RuntimeException | LinkageError e) {
      // The message is not shown: it may repeat a value that is a secret.
      return new Detection.Broken(
          "looking for it failed with " + e.getClass().getName(),
          "Check that all Lanyard modules are of one version (import lanyard-bom)");
    }
  }

  /** One source. If it was broken, it is looked for again at each attempt: a file may have come. */
  private static final class Single implements Origin {
    private final Link link;
    private final Environment environment;
    private volatile @Nullable CredentialsExchange exchange;

    Single(Link link, Environment environment) {
      this.link = link;
      this.environment = environment;
      this.exchange =
          link.detection() instanceof Detection.Present present ? present.exchange() : null;
    }

    @Override
    public String name() {
      return link.source().name();
    }

    @Override
    public SessionCredentials exchange(ExchangeContext context)
        throws ExchangeException, InterruptedException {
      CredentialsExchange known = exchange;
      if (known == null) {
        known = detectAgain();
        exchange = known;
      }
      return known.exchange(context);
    }

    private CredentialsExchange detectAgain() throws ExchangeException {
      Detection detection = detect(link.source(), environment);
      if (detection instanceof Detection.Present present) {
        return present.exchange();
      }
      if (detection instanceof Detection.Broken broken) {
        throw ExchangeException.builder(
                Kind.MISCONFIGURED, name() + " is configured and cannot work: " + broken.reason())
            .remedy(broken.remedy())
            .build();
      }
      throw ExchangeException.builder(
              Kind.MISCONFIGURED,
              name()
                  + " is not configured: looked for "
                  + ((Detection.Absent) detection).lookedFor())
          .build();
    }

    @Override
    public Optional<Path> tokenFile() {
      CredentialsExchange known = exchange;
      return known == null ? Optional.empty() : known.tokenFile();
    }
  }

  /** Several sources. The next is used when one before it is refused, and never silently. */
  private static final class Fallback implements Origin {
    private final List<Single> origins;
    private final Events events;
    private volatile Single inUse;

    Fallback(List<Single> origins, Events events) {
      this.origins = origins;
      this.events = events;
      this.inUse = origins.get(0);
    }

    @Override
    public String name() {
      return inUse.name();
    }

    @Override
    public SessionCredentials exchange(ExchangeContext context)
        throws ExchangeException, InterruptedException {
      ExchangeException refusal = null;
      for (Single origin : origins) {
        try {
          SessionCredentials credentials = origin.exchange(context);
          Single before = inUse;
          inUse = origin;
          if (refusal != null && before != origin) {
            events.fellBack(origin.name(), origins.get(0).name(), refusal);
          }
          return credentials;
        } catch (ExchangeException e) {
          if (refusal == null) {
            refusal = e;
          } else {
            refusal.addSuppressed(e);
          }
          if (e.kind() != Kind.REJECTED) {
            break;
          }
        }
      }
      if (refusal == null) {
        throw new IllegalStateException("no source to fall back to");
      }
      throw refusal;
    }

    @Override
    public Optional<Path> tokenFile() {
      return origins.get(0).tokenFile();
    }
  }

  /** Nothing is configured. The environment of a process does not change: nothing will be. */
  private static final class Nowhere implements Origin {
    private final Chain chain;

    Nowhere(Chain chain) {
      this.chain = chain;
    }

    @Override
    public String name() {
      return "none";
    }

    @Override
    public SessionCredentials exchange(ExchangeContext context) throws ExchangeException {
      String lookedFor =
          chain.links().stream()
              .map(link -> link.source().name() + " " + link.finding())
              .collect(Collectors.joining("; "));
      throw ExchangeException.builder(
              Kind.MISCONFIGURED,
              chain.links().isEmpty()
                  ? "there is no source of credentials on the class path"
                  : "no source of credentials is configured in this environment: " + lookedFor)
          .remedy(
              chain.links().isEmpty()
                  ? "Add dev.lanyard:lanyard-irsa, dev.lanyard:lanyard-podidentity or both"
                  : "On EKS: annotate the service account with eks.amazonaws.com/role-arn (IRSA) or"
                      + " create a Pod Identity association for it, then recreate the pod; running"
                      + " pods never change. Elsewhere: give the builder a provider to use"
                      + " otherwise(...)")
          .build();
    }

    @Override
    public Optional<Path> tokenFile() {
      return Optional.empty();
    }

    @Override
    public boolean mayHeal() {
      return false;
    }
  }
}
