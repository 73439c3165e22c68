package dev.lanyard.irsa.internal;

import dev.lanyard.CredentialsStatus;
import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.Explanation;
import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

  private static final Pattern ROLE =
      // A comma may be a part of the name, or come after it.
      Pattern.compile("arn:aws[a-z0-9-]*:iam::\\d{12}:role/\\S*[^\\s,]");

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
      throw ExchangeException.builder(
              FailureKind.TRANSIENT,
              prefix()
                  + "an exchange for them is in flight, and "
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

  /** Says to people who the first one is. */
  String description() {
    return chosen()
        .map(source -> source.name() + " (" + source.finding() + ")")
        .orElseGet(this::name);
  }

  /** Returns the first role, where the first provider knows it: Pod Identity does not. */
  Optional<String> roleArn() {
    return chosen()
        .map(source -> ROLE.matcher(source.finding()))
        .filter(Matcher::find)
        .map(Matcher::group);
  }

  /**
   * Whether sessions of this source have tags that go along. Source: EKS user guide, pod-id-abac.
   */
  boolean mayPassTagsAlong() {
    return description().contains("pod-identity (");
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
      throw ExchangeException.builder(
              FailureKind.TRANSIENT,
              prefix() + "the provider failed with " + e.getClass().getName())
          .remedy("Check the provider that was given to whenNotOnEks(...)")
          .build();
    }
  }

  private ExchangeException unavailable(CredentialsUnavailableException e) {
    Optional<CredentialsStatus.Failure> failure = e.status().lastFailure();
    ExchangeException.Builder told =
        ExchangeException.builder(
                e.kind().orElse(FailureKind.TRANSIENT),
                prefix()
                    + failure.map(CredentialsStatus.Failure::message).orElse("none came in time"))
            .cause(e);
    failure.flatMap(CredentialsStatus.Failure::code).ifPresent(told::code);
    failure.flatMap(CredentialsStatus.Failure::requestId).ifPresent(told::requestId);
    failure.flatMap(CredentialsStatus.Failure::remedy).ifPresent(told::remedy);
    if (e.getCause() instanceof ExchangeException cause) {
      cause.status().ifPresent(told::status);
      cause.retryAfter().ifPresent(told::retryAfter);
    }
    return told.build();
  }

  private ExchangeException late() {
    Optional<CredentialsStatus.Failure> failure = first.status().lastFailure();
    ExchangeException.Builder told =
        ExchangeException.builder(
            FailureKind.TRANSIENT,
            prefix()
                + "none came within the time budget of the exchange"
                + failure.map(last -> ", and before that: " + last.message()).orElse(""));
    failure.flatMap(CredentialsStatus.Failure::remedy).ifPresent(told::remedy);
    return told.build();
  }

  private String prefix() {
    return "the first hop, "
        + name()
        + ", gives no credentials to assume role "
        + second
        + " with: ";
  }
}
