package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsExchange;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/** The engine's races under each schedule of their threads, as far as {@link Schedules} goes. */
class SchedulesTest {
  /** A few seconds for each scene. */
  private static final int MANY = 250;

  private static String read(Engine engine) {
    AwsCredentials given = engine.readable();
    return given == null ? "nothing" : Stage.consistent(given);
  }

  /**
   * Who reads the first credentials finds no timer yet: only a switch inside the engine shows it.
   */
  public static class ReaderBeforeTheTimerIsSet {
    private final Stage stage = new Stage("A");
    private final Runnable exchange;
    private volatile String seen = "";

    /** The first exchange is in flight. */
    public ReaderBeforeTheTimerIsSet() {
      stage.engine.start();
      exchange = stage.take();
    }

    @Operation(runOnce = true)
    public void publish() {
      exchange.run();
    }

    @Operation(runOnce = true)
    public void read() {
      seen = SchedulesTest.read(stage.engine) + ", " + stage.armed();
    }

    @Validate
    public void end() {
      Schedules.cameOutAs(seen);
    }
  }

  @Test
  void aClaimThatOnlyASwitchInsideTheEngineRefutesIsRefuted() {
    assertThatThrownBy(
            () ->
                Schedules.play(
                    ReaderBeforeTheTimerIsSet.class, 2, MANY, "nothing, 0", "nothing, 1", "A, 1"))
        .isInstanceOf(LincheckAssertionError.class)
        .hasMessageContaining("came out as A, 0");
  }

  /** Two callers find an engine empty, and one of them also ends the exchange. */
  public static class TwoCallersOfAnEmptyEngine {
    private final Stage stage = new Stage("A");
    private volatile CompletableFuture<AwsCredentialsIdentity> first;
    private volatile CompletableFuture<AwsCredentialsIdentity> second;

    @Operation(runOnce = true)
    public void one() {
      first = stage.ask();
      stage.runTask();
    }

    @Operation(runOnce = true)
    public void other() {
      second = stage.ask();
    }

    @Validate
    public void end() {
      stage.runTasks();
      Schedules.cameOutAs(stage.exchanges() + ", " + Stage.fate(first) + ", " + Stage.fate(second));
    }
  }

  @Test
  void twoCallersShareOneExchangeAndNoneWaitsForEver() {
    Schedules.play(TwoCallersOfAnEmptyEngine.class, 2, MANY, "1, A, A");
  }

  /** A service refuses A while the refresh brings B. */
  public static class InvalidateAgainstPublish {
    private final Stage stage = new Stage("A");
    private final Runnable exchange;

    public InvalidateAgainstPublish() {
      stage.engine.start();
      stage.runTasks();
      stage.sourceAnswers("B");
      stage.sleep(Duration.ofMinutes(40));
      stage.runTimers();
      exchange = stage.take();
    }

    @Operation(runOnce = true)
    public void publish() {
      exchange.run();
    }

    @Operation(runOnce = true)
    public void invalidate() {
      stage.engine.invalidate("A");
    }

    /** B is held, has not been refused, and is replaced when it is. */
    @Validate
    public void end() {
      stage.runTasks();
      String outcome = SchedulesTest.read(stage.engine) + ", " + stage.exchanges();
      stage.engine.invalidate("B");
      stage.runTasks();
      Schedules.cameOutAs(outcome + ", " + stage.exchanges());
    }
  }

  @Test
  void invalidatingWhatIsBeingReplacedNeitherLosesTheNewOnesNorRefusesThem() {
    Schedules.play(InvalidateAgainstPublish.class, 2, MANY, "B, 2, 3");
  }

  /** The engine is collected in the moment in which its refresh is due. */
  public static class CollectionAgainstTimer {
    private final Stage stage = new Stage("A");
    private final Stage.Timer timer;
    private volatile boolean threw;

    public CollectionAgainstTimer() {
      stage.engine.start();
      stage.runTasks();
      timer = stage.theTimer();
      stage.sleep(Duration.ofMinutes(40));
    }

    /** What the collector does. */
    @Operation(runOnce = true)
    public void collect() {
      ((Engine.Wake) timer.task()).engine().clear();
    }

    @Operation(runOnce = true)
    public void refresh() {
      timer.handle().complete(null);
      try {
        timer.task().run();
      } catch (RuntimeException e) {
        threw = true;
      }
    }

    @Validate
    public void end() {
      stage.runTasks();
      Schedules.cameOutAs(stage.exchanges() + ", " + stage.armed() + (threw ? ", threw" : ""));
    }
  }

  @Test
  void aTimerEitherFindsItsEngineAndGoesOnOrLeavesNoTimer() {
    Schedules.play(CollectionAgainstTimer.class, 2, MANY, "1, 0", "2, 1");
  }

  /** A caller insists on credentials, and its time ends while the exchange does. */
  public static class WaitLimitAgainstPublish {
    private final Stage stage = new Stage("A");
    private final Runnable exchange;
    private volatile String given = "";

    public WaitLimitAgainstPublish() {
      stage.engine.start();
      exchange = stage.take();
    }

    @Operation(runOnce = true)
    public void ask() {
      try {
        given = Stage.consistent(stage.engine.await(Duration.ZERO, Stage.MAX_WAIT, true));
      } catch (CredentialsUnavailableException e) {
        given = "refused";
      }
    }

    @Operation(runOnce = true)
    public void publish() {
      exchange.run();
    }

    @Operation(runOnce = true)
    public void endWait() {
      stage.endWaits();
    }

    /** In an outage that lasts, the engine does not hurry for a caller that has gone. */
    @Validate
    public void end() {
      stage.sourceAnswers("");
      for (Duration slept : List.of(Duration.ofHours(1), Stage.MAX_WAIT.plusSeconds(1))) {
        stage.sleep(slept);
        stage.runTimers();
        stage.runTasks();
      }
      Schedules.cameOutAs(given + ", next in " + stage.theTimer().delay());
    }
  }

  @Test
  void aWaitThatEndsWithTheExchangeHasOneEndAndLeavesNothingBehind() {
    Schedules.play(
        WaitLimitAgainstPublish.class, 3, MANY, "A, next in PT10S", "refused, next in PT10S");
  }

  /** An exchange fails in a long outage while a caller comes, who brings the next one forward. */
  public static class CallerAgainstTimer {
    private final Stage stage = new Stage("");
    private final Runnable exchange;
    private volatile CompletableFuture<AwsCredentialsIdentity> caller;

    public CallerAgainstTimer() {
      stage.engine.start();
      exchange = stage.take();
      stage.sleep(Stage.MAX_WAIT.plusSeconds(1));
    }

    @Operation(runOnce = true)
    public void fail() {
      exchange.run();
    }

    @Operation(runOnce = true)
    public void ask() {
      caller = stage.ask();
    }

    @Validate
    public void end() {
      stage.runTasks();
      Schedules.cameOutAs(
          Stage.fate(caller) + ", " + stage.armed() + " in " + stage.theTimer().delay());
    }
  }

  @Test
  void theTimerThatIsSetLastIsForTheStateThatCameLast() {
    Schedules.play(CallerAgainstTimer.class, 2, MANY, "refused, 1 in PT1S");
  }

  /** Two providers are created. */
  public abstract static class TwoProviders {
    private final Stage stageOfOne = new Stage("A");
    private final Stage stageOfOther = new Stage("B");
    private final SharedEngines.Identity one;
    private final SharedEngines.Identity other;
    private volatile Engine first;
    private volatile Engine second;

    TwoProviders(String roleOfOne, String roleOfOther) {
      SharedEngines.forgetAll();
      one = identity(roleOfOne);
      other = identity(roleOfOther);
    }

    @Operation(runOnce = true)
    public void createOne() {
      first = SharedEngines.get(one, stageOfOne, stageOfOne.explainer());
    }

    @Operation(runOnce = true)
    public void createOther() {
      second = SharedEngines.get(other, stageOfOther, stageOfOther.explainer());
    }

    @Validate
    public void end() {
      stageOfOne.runTasks();
      stageOfOther.runTasks();
      Schedules.cameOutAs(
          (stageOfOne.exchanges() + stageOfOther.exchanges())
              + ", "
              + read(first)
              + ", "
              + read(second)
              + ", "
              + SharedEngines.ENGINES.size());
    }
  }

  private static SharedEngines.Identity identity(String role) {
    return new SharedEngines.Identity("shared", Evidence.builder().fact("role", role).build());
  }

  /** Of one role. */
  public static class TwoProvidersOfOneRole extends TwoProviders {
    public TwoProvidersOfOneRole() {
      super("one", "one");
    }
  }

  /** Of two roles. */
  public static class TwoProvidersOfTwoRoles extends TwoProviders {
    public TwoProvidersOfTwoRoles() {
      super("one", "other");
    }
  }

  @Test
  void providersOfEqualEvidenceShareOneEngine() {
    Schedules.play(TwoProvidersOfOneRole.class, 2, MANY, "1, A, A, 1", "1, B, B, 1");
  }

  @Test
  void providersOfDifferentEvidenceNeverShare() {
    Schedules.play(TwoProvidersOfTwoRoles.class, 2, MANY, "2, A, B, 2");
  }

  /** A scripted source: broken until it is repaired, and refusing while it has no answer. */
  private static final class ByHand implements CredentialsSource, CredentialsExchange {
    private final String name;
    private final Stage stage;
    private volatile Evidence evidence;
    private volatile String answers;

    ByHand(String name, Stage stage, String answers) {
      this.name = name;
      this.stage = stage;
      this.answers = answers;
    }

    SingleSource ranked(int rank) {
      Environment environment = Environment.of(Map.of());
      return new SingleSource(new Chain.Link(this, detect(environment)), rank, environment);
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public int precedence() {
      return 1;
    }

    @Override
    public Detection detect(Environment environment) {
      Evidence found = evidence;
      return found == null
          ? Detection.broken(
              Problem.builder("TEST-001", FailureKind.MISCONFIGURED, "not repaired yet").build())
          : Detection.present(this, found);
    }

    @Override
    public SessionCredentials exchange(ExchangeContext context) throws ExchangeException {
      String keyId = answers;
      if (keyId.isEmpty()) {
        throw ExchangeException.builder(FailureKind.REJECTED, "no").build();
      }
      return stage.credentials(keyId);
    }
  }

  /** A broken configuration is repaired, and a provider of the same evidence is created. */
  public static class HealedAgainstCreated {
    private final Stage stage = new Stage("A");
    private final ByHand source = new ByHand("shared", stage, "A");
    private final HealingSource healing =
        new HealingSource(
            source.ranked(0),
            stage.explainer(),
            new SharedEngines.OfOptions(SharedEngines.Options.NONE));
    private final SharedEngines.Identity identity = identity("one");
    private volatile Engine created;
    private volatile String obtained = "";

    public HealedAgainstCreated() {
      SharedEngines.forgetAll();
    }

    private String attempt() {
      try {
        return healing
            .exchange(new Flight(stage, Duration.ofSeconds(20)), Origin.Holding.NOTHING)
            .credentials()
            .accessKeyId();
      } catch (Origin.Failed e) {
        return "broken";
      } catch (InterruptedException e) {
        return "interrupted";
      }
    }

    @Operation(runOnce = true)
    public void heal() {
      obtained = attempt();
    }

    @Operation(runOnce = true)
    public void create() {
      source.evidence = identity.asked().get(0).evidence();
      created = SharedEngines.get(identity, stage, stage.explainer());
      stage.runTask();
    }

    /** Whoever was first, there is one engine in the end. */
    @Validate
    public void end() {
      stage.runTasks();
      String later = attempt();
      boolean isOne = healing.joined() == created;
      Schedules.cameOutAs(obtained + ", " + later + (isOne ? ", one" : ", two"));
    }
  }

  @Test
  void aConfigurationThatHealsJoinsTheEngineOfItsEvidence() {
    Schedules.play(HealedAgainstCreated.class, 2, MANY, "A, A, one", "broken, A, one");
  }

  /** An engine with two sources, whose listener looks at what is handed out when it is told. */
  public abstract static class TwoSources {
    final Stage stage = new Stage("");
    final ByHand first = new ByHand("first", stage, "A");
    final ByHand second = new ByHand("second", stage, "");
    final Engine engine;
    private volatile String told = "";
    private Runnable exchange = () -> {};

    TwoSources() {
      first.evidence = second.evidence = identity("one").asked().get(0).evidence();
      engine =
          new Engine(
              new FallbackSource(List.of(first.ranked(0), second.ranked(1))),
              RefreshPolicy.defaults(),
              stage,
              () -> 0.5,
              new Events(CredentialsEventListener.of(this::note), stage),
              stage.explainer());
      engine.start();
      stage.runTasks();
    }

    private void note(CredentialsEvent event) {
      if (event instanceof CredentialsEvent.IdentityChanged) {
        told += event.source() + " with " + read(engine) + "; ";
      }
    }

    /** An exchange is in flight for what is held, which was refused. */
    void refuse(String keyId) {
      engine.invalidate(keyId);
      exchange = stage.take();
      told = "";
    }

    @Operation(runOnce = true)
    public void exchange() {
      exchange.run();
    }

    @Operation(runOnce = true)
    public void tell() {
      stage.runTasks();
    }

    @Validate
    public void end() {
      stage.runTasks();
      Schedules.cameOutAs(told + engine.status().source() + " in the end");
    }
  }

  /** The first refuses what it gave, and the second answers. */
  public static class ToTheSecond extends TwoSources {
    public ToTheSecond() {
      first.answers = "";
      second.answers = "B";
      refuse("A");
    }
  }

  /** The second's are in hand when the first answers again. */
  public static class BackToTheFirst extends TwoSources {
    public BackToTheFirst() {
      first.answers = "";
      second.answers = "B";
      engine.invalidate("A");
      stage.runTasks();
      first.answers = "C";
      refuse("B");
    }
  }

  @Test
  void whoIsToldOfTheSecondSourceIsHandedItsCredentials() {
    Schedules.play(ToTheSecond.class, 2, MANY, "second with B; second in the end");
  }

  @Test
  void whoIsToldOfTheFirstSourceAgainIsHandedItsCredentials() {
    Schedules.play(BackToTheFirst.class, 2, MANY, "first with C; first in the end");
  }

  /** The second's credentials stand by, and the first's end while two look. */
  public static class TakeOver {
    private final TwoSources sources = new TwoSources() {};
    private volatile String seen = "";

    public TakeOver() {
      sources.stage.sleep(Duration.ofMinutes(56));
      sources.first.answers = "";
      sources.second.answers = "B";
      sources.stage.runTimers();
      sources.stage.runTasks();
      sources.stage.sleep(Duration.ofMinutes(4));
    }

    @Operation(runOnce = true)
    public void look() {
      seen = sources.engine.status().source();
    }

    @Operation(runOnce = true)
    public void wake() {
      sources.stage.runTimers();
    }

    @Validate
    public void end() {
      sources.stage.runTasks();
      Schedules.cameOutAs(seen + "; " + sources.told);
    }
  }

  @Test
  void whatStoodByTakesOverOnceWhoeverSeesTheEnd() {
    Schedules.play(TakeOver.class, 2, MANY, "second; second with B; ");
  }
}
