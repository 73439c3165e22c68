package dev.lanyard;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLL_Result;
import org.openjdk.jcstress.infra.results.LL_Result;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/** The engine's races. Every outcome that is not said to be acceptable is forbidden. */
public final class Races {
  private Races() {}

  private static Stage holding(String keyId) {
    Stage stage = new Stage(keyId);
    stage.engine.start();
    stage.runTasks();
    return stage;
  }

  private static String read(Stage stage) {
    AwsCredentialsIdentity given = stage.engine.readable();
    return given == null ? "nothing" : Stage.consistent(given);
  }

  /** A publication goes on while somebody reads twice. */
  @JCStressTest
  @Description("A reader sees whole credentials, and never older ones after newer ones.")
  @Outcome(id = "A, A", expect = ACCEPTABLE, desc = "read before it")
  @Outcome(id = "A, B", expect = ACCEPTABLE, desc = "read around it")
  @Outcome(id = "B, B", expect = ACCEPTABLE, desc = "read after it")
  @State
  public static class ReaderAgainstPublish {
    private final Stage stage = holding("A");

    /** The exchange that brings B is in flight. */
    public ReaderAgainstPublish() {
      stage.sourceAnswers("B");
      stage.engine.invalidate("A");
    }

    /** Publishes. */
    @Actor
    public void publish() {
      stage.runTask();
    }

    /** Reads in both ways. */
    @Actor
    public void read(LL_Result seen) {
      seen.r1 = Races.read(stage);
      CompletableFuture<AwsCredentialsIdentity> future = stage.engine.readableFuture();
      seen.r2 = future == null ? "nothing" : Stage.fate(future);
    }
  }

  /** Two callers find an engine empty. */
  @JCStressTest
  @Description("Two callers share one exchange, and neither waits for ever.")
  @Outcome(id = "1, A, A", expect = ACCEPTABLE, desc = "one exchange for both")
  @State
  public static class TwoCallersOfAnEmptyEngine {
    private final Stage stage = new Stage("A");
    private volatile CompletableFuture<AwsCredentialsIdentity> first;
    private volatile CompletableFuture<AwsCredentialsIdentity> second;

    /** One, who also brings the exchange to its end. */
    @Actor
    public void one() {
      first = stage.ask();
      stage.runTask();
    }

    /** Another. */
    @Actor
    public void other() {
      second = stage.ask();
    }

    /** Ends what is left. */
    @Arbiter
    public void end(LLL_Result result) {
      stage.runTasks();
      result.r1 = stage.exchanges();
      result.r2 = Stage.fate(first);
      result.r3 = Stage.fate(second);
    }
  }

  /** A service refuses the old credentials while the new ones arrive. */
  @JCStressTest
  @Description("Invalidating what is being replaced neither loses the new ones nor refuses them.")
  @Outcome(id = "B, 2, 3", expect = ACCEPTABLE, desc = "no exchange too many")
  @State
  public static class InvalidateAgainstPublish {
    private final Stage stage = holding("A");

    /** The exchange that brings B is in flight, begun by the refresh. */
    public InvalidateAgainstPublish() {
      stage.sourceAnswers("B");
      stage.sleep(Duration.ofMinutes(40));
      stage.runTimers();
    }

    /** Publishes. */
    @Actor
    public void publish() {
      stage.runTask();
    }

    /** Refuses the old ones. */
    @Actor
    public void invalidate() {
      stage.engine.invalidate("A");
    }

    /** Invalidating B now is heeded at once: it has not been refused before. */
    @Arbiter
    public void end(LLL_Result result) {
      stage.runTasks();
      result.r1 = Races.read(stage);
      result.r2 = stage.exchanges();
      stage.engine.invalidate("B");
      stage.runTasks();
      result.r3 = stage.exchanges();
    }
  }

  /** An exchange fails in the moment in which the credentials expire and a caller comes. */
  @JCStressTest
  @Description("A caller after the expiration is given nothing expired and is not forgotten.")
  @Outcome(id = "refused, 1", expect = ACCEPTABLE, desc = "it shared the failure")
  @Outcome(id = "B, 1", expect = ACCEPTABLE, desc = "it waited for the next exchange")
  @State
  public static class FailureAgainstExpiry {
    private final Stage stage = holding("A");
    private volatile CompletableFuture<AwsCredentialsIdentity> caller;

    /** The exchange that is to fail is in flight, a tick before the expiration. */
    public FailureAgainstExpiry() {
      stage.sourceAnswers("");
      stage.sleep(Duration.ofMinutes(40));
      stage.runTimers();
      stage.sleep(Duration.ofMinutes(20).minusMillis(1));
    }

    /** Fails. */
    @Actor
    public void fail() {
      stage.runTask();
    }

    /** Expires, and asks. */
    @Actor
    public void ask() {
      stage.sleep(Duration.ofMillis(1));
      caller = stage.ask();
    }

    /** The source is back, and the next exchange comes: by one timer. */
    @Arbiter
    public void end(LL_Result result) {
      stage.sourceAnswers("B");
      stage.runTasks();
      result.r2 = stage.armed();
      stage.sleep(Duration.ofSeconds(20));
      stage.runTimers();
      stage.runTasks();
      result.r1 = Stage.fate(caller);
    }
  }

  /** The engine is collected in the moment in which its refresh is due. */
  @JCStressTest
  @Description("A refresh either finds the engine and goes on, or does not and leaves no timer.")
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "it was gone")
  @Outcome(id = "2, 1", expect = ACCEPTABLE, desc = "it was still there")
  @State
  public static class CollectionAgainstRefresh {
    private final Stage stage = holding("A");
    private final Stage.Timer timer;

    /** The refresh is due. */
    public CollectionAgainstRefresh() {
      timer = stage.theTimer();
      stage.sleep(Duration.ofMinutes(40));
    }

    /** What the collector does. */
    @Actor
    public void collect() {
      ((Engine.Wake) timer.task()).engine().clear();
    }

    /** What the timer does. */
    @Actor
    public void refresh() {
      timer.handle().complete(null);
      timer.task().run();
    }

    /** Ends the exchange, if there is one. */
    @Arbiter
    public void end(LL_Result result) {
      stage.runTasks();
      result.r1 = stage.exchanges();
      result.r2 = stage.armed();
    }
  }
}
