package dev.lanyard;

import dev.lanyard.runtime.Environment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/** One engine on virtual time, with a source that answers as the test says. */
final class EngineFixture {
  final VirtualTime time = new VirtualTime();
  final ScriptedSource source = new ScriptedSource();
  final List<CredentialsEvent> events = new ArrayList<>();
  RefreshPolicy policy = RefreshPolicy.defaults();
  CredentialsEventListener listener = CredentialsEventListener.of(events::add);
  double draw = 0.5;
  private @Nullable Engine engine;

  /** Builds the engine, which begins its first exchange; {@link VirtualTime#settle} ends it. */
  EngineFixture built() {
    Chain chain = Chain.detect(List.of(source), Environment.of(Map.of()));
    engine =
        new Engine(
            chain.origin(),
            policy,
            time,
            () -> draw,
            new Events(listener, time),
            new Explainer(null, chain, false, time));
    engine.start();
    return this;
  }

  /** Builds the engine and lets the first exchange end. */
  EngineFixture settled() {
    built();
    time.settle();
    return this;
  }

  Engine engine() {
    if (engine == null) {
      throw new IllegalStateException("built() first");
    }
    return engine;
  }

  /** Lets go of the engine. */
  void forget() {
    engine = null;
  }

  /** The key id of what a caller gets without waiting, if it gets anything. */
  Optional<String> keyIdNow() {
    CompletableFuture<AwsCredentialsIdentity> future = ask();
    return future.isDone() && !future.isCompletedExceptionally()
        ? Optional.of(future.join().accessKeyId())
        : Optional.empty();
  }

  /** A caller, which may wait. */
  CompletableFuture<AwsCredentialsIdentity> ask() {
    CompletableFuture<AwsCredentialsIdentity> ready = engine().readableFuture();
    return ready != null ? ready : engine().resolve(Duration.ZERO, policy.maxWait());
  }

  /** A caller who needs credentials that live so long, and who may wait. */
  CompletableFuture<AwsCredentialsIdentity> askAtLeast(Duration minimumValidity) {
    return engine().resolve(minimumValidity, policy.maxWait());
  }

  /** What takes so long, unless its time is over before. */
  ScriptedSource.Answer slowly(Duration latency, ScriptedSource.Answer then) {
    return context -> {
      Duration left = context.timeLeft();
      time.advance(latency.compareTo(left) < 0 ? latency : left);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      return then.give(context);
    };
  }

  /** What never answers. */
  ScriptedSource.Answer hanging() {
    return slowly(
        Duration.ofDays(1),
        context -> {
          throw new AssertionError("its time never ended");
        });
  }

  /** A caller's moment in the future, before whatever else happens then. */
  void after(Duration delay, Runnable action) {
    Future<?> unused = time.after(delay, action);
  }

  AwsCredentials askFor(Duration minimumValidity) {
    return engine().await(minimumValidity, policy.maxWait(), false);
  }

  int exchanges() {
    return source.exchanges();
  }

  /** The key id of what a caller was given. Never waits: nobody else moves the time. */
  static String keyIdOf(CompletableFuture<AwsCredentialsIdentity> caller) {
    if (!caller.isDone()) {
      throw new AssertionError("still waiting");
    }
    return caller.join().accessKeyId();
  }

  static Throwable failureOf(CompletableFuture<?> future) {
    if (!future.isDone()) {
      throw new AssertionError("still waiting");
    }
    try {
      throw new AssertionError("succeeded: " + future.get());
    } catch (ExecutionException | CompletionException e) {
      return e.getCause() == null ? e : e.getCause();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
