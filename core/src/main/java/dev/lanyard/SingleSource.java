package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsExchange;
import dev.lanyard.spi.Detection;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One source. If it was broken, it is looked for again at each attempt: a file may have come. The
 * settings are those that were read when the provider was built.
 */
final class SingleSource implements Origin {
  private final Source source;
  private final Environment environment;
  private volatile Chain.Link link;

  SingleSource(Chain.Link link, int rank, Environment environment) {
    this.source = new Source(link.source().name(), rank);
    this.environment = environment;
    this.link = link;
  }

  @Override
  public Source first() {
    return source;
  }

  @Override
  public Answer exchange(ExchangeContext context, Holding holding)
      throws Failed, InterruptedException {
    try {
      return new Answer(source, found().exchange(context), null);
    } catch (ExchangeException e) {
      throw new Failed(source, e);
    }
  }

  @Override
  public Optional<Path> tokenFile() {
    return link.detection() instanceof Detection.Present present
        ? present.exchange().tokenFile()
        : Optional.empty();
  }

  @Override
  public Chain.Link current(Chain.Link known) {
    Chain.Link now = link;
    return known.source() == now.source() ? now : known;
  }

  /** Returns what was found, after looking again if it was nothing that works. */
  CredentialsExchange found() throws ExchangeException {
    Chain.Link now = link;
    if (!now.isPresent()) {
      now = now.detectedAgain(environment);
      link = now;
    }
    Detection detection = now.detection();
    if (detection instanceof Detection.Present present) {
      return present.exchange();
    }
    if (detection instanceof Detection.Broken broken) {
      Problem problem = broken.problem();
      throw ExchangeException.builder(
              problem.toBuilder()
                  .summary(source.name() + " is configured but cannot work: " + problem.summary())
                  .build())
          .build();
    }
    throw ExchangeException.builder(
            Problems.of(
                    Problems.SOURCE_NOT_CONFIGURED,
                    FailureKind.MISCONFIGURED,
                    source.name()
                        + " is not configured: looked for "
                        + ((Detection.Absent) detection).lookedFor())
                .fact("source", source.name())
                .build())
        .build();
  }

  /** What was found last. */
  Chain.Link link() {
    return link;
  }
}
