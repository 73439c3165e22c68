package dev.lanyard.irsa.internal;

import dev.lanyard.CredentialsStatus;
import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.Explanation;
import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * The credentials that another role is assumed with, and what became of them where there are none.
 *
 * <p>While the first provider holds unexpired credentials, this never waits: STS has to know them
 * for the length of one request only. Where it holds none, the attempt waits for them, within its
 * own time budget, on a thread that the first provider's exchange may need: so few may wait at the
 * same time that there are always threads left, and the others try again.
 *
 * <p>It cannot wait for itself: a provider is complete before another can be built on it, so that
 * there is no circle.
 */
final class FirstHop {
  /** What ends sooner is asked for anew. As the refresh margin of the engine. */
  private static final Duration ENOUGH = Duration.ofMinutes(5);

  /** A quarter of the engine's threads, for all second roles of the process. */
  private static final int MOST_WAITING = 16;

  private static final Semaphore WAITING = new Semaphore(MOST_WAITING);

  /** The source whose sessions have tags. Source: EKS user guide, pod-id-abac. */
  private static final String POD_IDENTITY = "pod-identity";

  private final RefreshingCredentialsProvider first;
  private final RoleArn second;

  /**
   * Makes the first hop to a role.
   *
   * @param second the role that is to be assumed, for messages
   */
  FirstHop(RefreshingCredentialsProvider first, RoleArn second) {
    this.first = first;
    this.second = second;
  }

  /**
   * Returns credentials that are valid now, those with the longest life that there are.
   *
   * @throws ExchangeException of the kind of the first provider's own failure, and in its words
   */
  AwsCredentials credentials(ExchangeContext context)
      throws ExchangeException, InterruptedException {
    CredentialsStatus status = first.status();
    if (status.usable()) {
      if (status.expiration().filter(end -> end.isBefore(context.now().plus(ENOUGH))).isPresent()) {
        // Begins a refresh, unless one is on its way or has just failed. It is not waited for: what
        // is held will do, and a source that hangs must not keep it from being used.
        var unused = first.resolveIdentity(ENOUGH);
      }
      return resolve(context);
    }
    if (!WAITING.tryAcquire()) {
      throw transientFailure(
              Problems.TOO_MANY_WAIT,
              "an exchange for them is in flight, and "
                  + MOST_WAITING
                  + " callers of role chains wait for it or for others")
          .build();
    }
    try {
      return resolve(context);
    } finally {
      WAITING.release();
    }
  }

  /** STS refused these: the first provider is to obtain others. */
  void invalidate(AwsCredentials refused) {
    // What comes of it, the next attempt sees: it asks the first provider again.
    var unused = first.invalidate(refused);
  }

  /** The source's name, such as {@code irsa}. */
  String name() {
    return first.status().source();
  }

  /** Adds who the first one is, with the evidence that its source has now. */
  void addTo(Evidence.Builder evidence) {
    Optional<Explanation.Source> chosen = chosen();
    evidence.basedOn(
        chosen.isPresent() ? chosen.get().name() : name(),
        chosen.flatMap(Explanation.Source::evidence).orElseGet(() -> Evidence.builder().build()));
  }

  /** Returns the first role, where the first provider knows it: Pod Identity does not. */
  Optional<RoleArn> roleArn() {
    return chosen()
        .flatMap(Explanation.Source::evidence)
        .flatMap(evidence -> evidence.fact(Facts.ROLE))
        .flatMap(RoleArn::parse);
  }

  /** Whether sessions of this source, or of one that it is chained to, have tags that go along. */
  boolean mayPassTagsAlong() {
    Optional<Explanation.Source> chosen = chosen();
    if (chosen.isEmpty()) {
      return false;
    }
    if (chosen.get().name().equals(POD_IDENTITY)) {
      return true;
    }
    Optional<Evidence> hop = chosen.get().evidence().flatMap(Evidence::basis);
    while (hop.isPresent()) {
      if (hop.get().fact(Evidence.SOURCE).filter(POD_IDENTITY::equals).isPresent()) {
        return true;
      }
      hop = hop.get().basis();
    }
    return false;
  }

  private Optional<Explanation.Source> chosen() {
    return first.explain().chosen();
  }

  private AwsCredentials resolve(ExchangeContext context)
      throws ExchangeException, InterruptedException {
    try {
      return first.resolveCredentials();
    } catch (CredentialsUnavailableException e) {
      throw unavailable(e);
    } catch (AbortedException e) {
      if (context.timeLeft().isZero()) {
        throw late();
      }
      InterruptedException interrupted =
          new InterruptedException("interrupted while waiting for the first credentials");
      interrupted.initCause(e);
      throw interrupted;
    } catch (SdkException e) {
      // A provider that the application named as whenNotOnEks(...): what it says may be anything.
      throw transientFailure(
              Problems.FIRST_FAILED, "the provider failed with " + e.getClass().getName())
          .remedy("Check the provider that was given to whenNotOnEks(...)")
          .build();
    }
  }

  /** The first one's own problem, of which only the summary says that it is of the first hop. */
  private ExchangeException unavailable(CredentialsUnavailableException e) {
    Optional<CredentialsStatus.Failure> last = e.status().lastFailure();
    if (last.isEmpty()) {
      return transientFailure(Problems.FIRST_NOT_IN_TIME, "none came in time").cause(e).build();
    }
    CredentialsStatus.Failure failure = last.get();
    ExchangeException.Builder told =
        ExchangeException.builder(
                failure.problem().toBuilder().summary(prefix() + failure.message()).build())
            .code(failure.code().orElse(null))
            .requestId(failure.requestId().orElse(null))
            .retryAfter(failure.retryAfter().orElse(null))
            .cause(e);
    failure.status().ifPresent(told::status);
    return told.build();
  }

  private ExchangeException late() {
    Optional<CredentialsStatus.Failure> last = first.status().lastFailure();
    if (last.isEmpty()) {
      return transientFailure(Problems.FIRST_NOT_IN_TIME, NOT_IN_BUDGET).build();
    }
    Problem before = last.get().problem();
    return ExchangeException.builder(
            problem(
                    Problems.FIRST_NOT_IN_TIME,
                    NOT_IN_BUDGET + ", and before that: " + before.summary())
                .fact("problem before", before.id())
                .steps(before.steps())
                .build())
        .build();
  }

  private static final String NOT_IN_BUDGET = "none came within the time budget of the exchange";

  private ExchangeException.Builder transientFailure(String id, String why) {
    return ExchangeException.builder(problem(id, why).build());
  }

  private Problem.Builder problem(String id, String why) {
    return Problems.of(id, FailureKind.TRANSIENT, prefix() + why)
        .fact(Facts.ROLE, second.value())
        .fact("first hop", name());
  }

  private String prefix() {
    return "the first hop, "
        + name()
        + ", gives no credentials to assume role "
        + second
        + " with: ";
  }
}
