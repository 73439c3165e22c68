package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.spi.ExchangeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * Random histories of time, answers, failures, callers and invalidations, shown to the engine and
 * to a plain {@link Model}: after every step both say the same. Time moves by itself, or to within
 * a tick of the next edge of a window. The run fails unless it has visited every phase and
 * transition. What fails is shrunk and reported with its seed.
 */
class ModelTest {
  private static final Set<String> VISITED = new TreeSet<>();

  /** One step of a history. */
  interface Step {
    void take(Run run);
  }

  /** An engine and the model of it. */
  static final class Run {
    private final EngineFixture f = new EngineFixture();
    private final Model model;
    private final Map<Integer, CompletableFuture<AwsCredentialsIdentity>> callers = new TreeMap<>();
    private final List<Long> exchanges = new ArrayList<>();
    private int keys;
    private int ids;

    Run(double draw, Model.Behaviour first) {
      f.draw = draw;
      f.time.letsWorkBlock();
      model = new Model(draw, first);
      sourceDoes(first);
      f.built();
      f.time.settle();
      model.advanceTo(0);
    }

    private void sourceDoes(Model.Behaviour behaviour) {
      model.source = behaviour;
      f.source.does(
          context -> {
            exchanges.add(millis(context.now()));
            if (behaviour.latency() > 0) {
              f.time.block(Duration.ofMillis(behaviour.latency()));
            }
            if (behaviour.fails()) {
              throw ExchangeException.builder(behaviour.kind(), "the source says no")
                  .retryAfter(
                      behaviour.retryAfter() == 0
                          ? null
                          : Duration.ofMillis(behaviour.retryAfter()))
                  .build();
            }
            CredentialsStatus status = f.engine().status();
            if (behaviour.same() && status.expiration().isPresent()) {
              // All of it: no history is so long that an id would have more than four characters.
              String held = f.engine().keyId().orElseThrow().substring("****".length());
              return ScriptedSource.credentials(held, status.expiration().get());
            }
            keys++;
            return ScriptedSource.credentials(
                Integer.toString(keys, 36), context.now().plusMillis(behaviour.lifetime()));
          });
    }

    private static long millis(Instant time) {
      return Duration.between(VirtualTime.START, time).toMillis();
    }

    void advanceBy(long millis) {
      f.time.advance(Duration.ofMillis(millis));
      model.advanceTo(model.now + millis);
    }

    void advanceToEdge(int which, int offset) {
      List<Long> ahead =
          model.edges().stream().filter(edge -> edge + offset > model.now).sorted().toList();
      if (!ahead.isEmpty()) {
        advanceBy(ahead.get(which % ahead.size()) + offset - model.now);
      }
    }

    void ask(long minimum) {
      int id = ids++;
      callers.put(id, minimum == 0 ? f.ask() : f.askAtLeast(Duration.ofMillis(minimum)));
      model.ask(id, minimum);
    }

    void invalidate(int which) {
      String key =
          switch (which) {
            case 0, 1 -> model.heldKey().orElse("none");
            case 2 -> model.olderKey().orElse("none");
            default -> "unknown";
          };
      f.engine().invalidate(key);
      model.invalidate(key);
    }

    void agree() {
      f.time.settle();
      model.advanceTo(model.now);
      CredentialsStatus status = f.engine().status();
      assertThat(millis(f.time.now())).as("time").isEqualTo(model.now);
      assertThat(exchanges).as("exchanges").isEqualTo(model.exchanges);
      assertThat(status.exchanges()).as("exchanges ended").isEqualTo(model.ended);
      assertThat(status.consecutiveFailures()).as("failures in a row").isEqualTo(model.failures);
      assertThat(status.usable()).as("usable").isEqualTo(model.valid());
      assertThat(status.lastFailure().isPresent()).as("failing").isEqualTo(model.isFailing());
      assertThat(status.expiration().map(Run::millis).orElse(-1L))
          .as("expiration")
          .isEqualTo(model.expiration().orElse(-1));
      assertThat(status.nextRefresh().map(Run::millis).orElse(-1L))
          .as("next exchange")
          .isEqualTo(model.nextAttempt().orElse(-1));
      // Last: it is a caller.
      assertThat(f.engine().readable() != null).as("readable").isEqualTo(model.valid());
      callers.forEach(
          (id, caller) -> {
            Model.Fate fate =
                !caller.isDone()
                    ? Model.Fate.WAITS
                    : caller.isCompletedExceptionally() ? Model.Fate.REFUSED : Model.Fate.GIVEN;
            assertThat(fate).as("caller %s", id).isEqualTo(model.fates.get(id));
            if (fate == Model.Fate.GIVEN) {
              assertThat(caller.join().accessKeyId()).isEqualTo(model.given.get(id));
            }
          });
    }
  }

  private static final Set<Long> LIFETIMES =
      Set.of(0L, 1L, 90L, 5_000L, 25_000L, 50_000L, 600_000L, 600_001L, 900_000L, 3_600_000L);

  @Provide
  Arbitrary<Model.Behaviour> behaviours() {
    Arbitrary<Long> latency =
        Arbitraries.frequencyOf(
            Tuple.of(4, Arbitraries.just(0L)),
            Tuple.of(2, Arbitraries.longs().between(1, 9_999)),
            Tuple.of(1, Arbitraries.of(9_999L, 10_000L, 60_000L)));
    Arbitrary<Long> retryAfter =
        Arbitraries.frequencyOf(
            Tuple.of(3, Arbitraries.just(0L)),
            Tuple.of(1, Arbitraries.of(1_000L, 20_000L, 30_000L, 30_001L, 600_000L)));
    Arbitrary<Long> lifetime =
        Arbitraries.frequencyOf(
            Tuple.of(1, Arbitraries.of(LIFETIMES)),
            Tuple.of(1, Arbitraries.longs().between(1, 4_000_000)));
    return Combinators.combine(
            latency,
            Arbitraries.of(true, false),
            Arbitraries.of(FailureKind.class),
            retryAfter,
            Arbitraries.frequency(Tuple.of(3, false), Tuple.of(1, true)),
            lifetime)
        .as(Model.Behaviour::new);
  }

  @Provide
  Arbitrary<List<Step>> histories() {
    Arbitrary<Step> time =
        Arbitraries.frequencyOf(
                Tuple.of(3, Arbitraries.longs().between(1, 20_000)),
                Tuple.of(1, Arbitraries.longs().between(1, 1_000_000)))
            .map(millis -> named("advance by " + millis, run -> run.advanceBy(millis)));
    Arbitrary<Step> edge =
        Combinators.combine(Arbitraries.integers().between(0, 4), Arbitraries.of(-1, 0, 1))
            .as(
                (which, offset) ->
                    named(
                        "advance to edge " + which + " " + offset,
                        run -> run.advanceToEdge(which, offset)));
    Arbitrary<Step> source =
        behaviours()
            .map(behaviour -> named(behaviour.toString(), run -> run.sourceDoes(behaviour)));
    Arbitrary<Step> ask = Arbitraries.just(named("ask", run -> run.ask(0)));
    Arbitrary<Step> askAtLeast =
        Arbitraries.of(1L, 4_999L, 600_000L, 3_600_000L, 3_600_001L)
            .map(minimum -> named("ask for " + minimum, run -> run.ask(minimum)));
    Arbitrary<Step> invalidate =
        Arbitraries.integers()
            .between(0, 3)
            .map(which -> named("invalidate " + which, run -> run.invalidate(which)));
    return Arbitraries.frequencyOf(
            Tuple.of(3, time),
            Tuple.of(6, edge),
            Tuple.of(4, source),
            Tuple.of(4, ask),
            Tuple.of(2, askAtLeast),
            Tuple.of(2, invalidate))
        .list()
        .ofMinSize(1)
        .ofMaxSize(40);
  }

  private static Step named(String name, Step step) {
    return new Step() {
      @Override
      public void take(Run run) {
        step.take(run);
      }

      @Override
      public String toString() {
        return name;
      }
    };
  }

  @Property(tries = 2_000, edgeCases = EdgeCasesMode.NONE)
  void theEngineAgreesWithTheModelWhateverHappens(
      @ForAll("behaviours") Model.Behaviour first,
      @ForAll("draws") double draw,
      @ForAll("histories") List<Step> history) {
    Run run = new Run(draw, first);
    run.agree();
    for (Step step : history) {
      step.take(run);
      run.agree();
    }
    VISITED.addAll(run.model.visited());
  }

  @Provide
  Arbitrary<Double> draws() {
    return Arbitraries.of(0.0, 0.25, 0.5, 0.9, Math.nextDown(1.0));
  }

  @AfterContainer
  static void everyPhaseAndTransitionWasVisited() {
    assertThat(VISITED)
        .contains(
            "EMPTY -> EMPTY",
            "EMPTY -> FRESH",
            "FRESH -> FRESH",
            "FRESH -> DUE",
            "FRESH -> EXPIRED",
            "DUE -> DUE",
            "DUE -> FRESH",
            "DUE -> EXPIRED",
            "EXPIRED -> EXPIRED",
            "EXPIRED -> FRESH",
            "answer: newer",
            "answer: nearly over",
            "answer: identical",
            "answer: expired",
            "answer: instead of refused ones",
            "answer: hung",
            "answer: TRANSIENT",
            "answer: REJECTED",
            "answer: MISCONFIGURED",
            "retry: prompt",
            "retry: spread",
            "retry: one of the last",
            "retry: quick",
            "retry: calm",
            "caller: GIVEN at once",
            "caller: GIVEN after an exchange",
            "caller: REFUSED at once",
            "caller: REFUSED after an exchange",
            "caller: REFUSED waited out",
            "a caller begins an exchange",
            "a caller brings the next exchange forward",
            "invalidate: held",
            "invalidate: during back-off",
            "invalidate: told before",
            "invalidate: told before, long ago",
            "invalidate: not held");
  }
}
