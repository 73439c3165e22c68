package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Collectors;

/** Nothing is configured. The environment of a process does not change: nothing will be. */
final class NoSource implements Origin {
  private static final Source NONE = new Source("none", 0);

  private final Chain chain;

  NoSource(Chain chain) {
    this.chain = chain;
  }

  @Override
  public Source first() {
    return NONE;
  }

  @Override
  public Answer exchange(ExchangeContext context, Holding holding) throws Failed {
    String lookedFor =
        chain.links().stream()
            .map(link -> link.source().name() + " " + link.finding())
            .collect(Collectors.joining("; "));
    throw new Failed(
        NONE,
        ExchangeException.builder(
                (chain.links().isEmpty()
                        ? Problems.of(
                                Problems.NO_SOURCES,
                                FailureKind.MISCONFIGURED,
                                "there is no source of credentials on the class path")
                            .step(
                                "Add dev.lanyard:lanyard-irsa, dev.lanyard:lanyard-podidentity or"
                                    + " both")
                        : Problems.of(
                                Problems.NOTHING_CONFIGURED,
                                FailureKind.MISCONFIGURED,
                                "no source of credentials is configured in this environment: "
                                    + lookedFor)
                            .step(
                                "On EKS: annotate the service account with"
                                    + " eks.amazonaws.com/role-arn (IRSA) or create a Pod Identity"
                                    + " association for it, then recreate the pod; running pods"
                                    + " never change")
                            .step(
                                "Elsewhere: tell the builder which provider to use, with"
                                    + " whenNotOnEks(...)"))
                    .build())
            .build());
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
