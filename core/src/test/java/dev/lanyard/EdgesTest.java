package dev.lanyard;

import static dev.lanyard.EngineFixture.failureOf;
import static dev.lanyard.ScriptedSource.sessionCredentials;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.spi.CredentialsSource;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Faults that no test noticed when they were put into the code, each alone. */
class EdgesTest {
  private final EngineFixture f = new EngineFixture();

  @Test
  void aTokenVolumeThatTheKubeletSwapsIsNoticedWhileFailing(@TempDir Path volume) throws Exception {
    Path before = Files.createDirectory(volume.resolve("..2029"));
    Files.writeString(before.resolve("token"), "old");
    Files.createSymbolicLink(volume.resolve("..data"), Path.of("..2029"));
    Path token = volume.resolve("token");
    Files.createSymbolicLink(token, Path.of("..data", "token"));
    f.draw = 0.999;
    f.source.readsTokenFrom(token).fails(FailureKind.REJECTED, "expired token");
    f.settled();

    Path after = Files.createDirectory(volume.resolve("..2030"));
    Files.writeString(after.resolve("token"), "the next one");
    Files.createSymbolicLink(volume.resolve("..data_tmp"), Path.of("..2030"));
    Files.move(
        volume.resolve("..data_tmp"), volume.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
    f.source.answers("A", ofHours(1));
    f.time.advance(ofSeconds(1));

    assertThat(f.keyIdNow()).contains("A");
  }

  @Test
  void aRefusalIsRememberedByTheMonotonicClock() {
    f.source.fails(FailureKind.REJECTED, "not authorized");
    f.draw = 0.999;
    f.settled();

    f.time.jumpWallClock(ofSeconds(6));
    assertThat(failureOf(f.ask())).hasMessageContaining("Not authorized");
    assertThat(f.exchanges()).isEqualTo(1);
  }

  @Test
  void aRefusedKeyThatIsServedAgainStaysRefused() {
    Instant end = VirtualTime.START.plus(ofHours(1));
    f.time.jumpWallClock(ofMinutes(2));
    f.source.does(
        context ->
            sessionCredentials("A", end)
                .answeredAt(VirtualTime.START.plusNanos(f.time.nanos()))
                .build());
    f.settled();
    f.engine().invalidate("A");
    // Set right in between: what it now says of its clock is taken, and the refusal stays.
    f.time.jumpWallClock(ofMinutes(-2));
    f.time.settle();
    int exchanges = f.exchanges();

    f.engine().invalidate("A");
    f.time.settle();

    assertThat(f.exchanges()).as("told before, less than five seconds ago").isEqualTo(exchanges);
  }

  @Test
  void aCallerThatWasInterruptedKeepsNoRetriesQuick() {
    List<Instant> at = new ArrayList<>();
    f.time.letsWorkBlock();
    f.source.does(
        context -> {
          at.add(context.now());
          throw ScriptedSource.failure(FailureKind.TRANSIENT, "down");
        });
    f.built();
    List<String> fate = new ArrayList<>();
    Thread[] thread = new Thread[1];
    Fiber caller =
        f.time.caller(
            () -> {
              thread[0] = Thread.currentThread();
              try {
                f.engine().await(Duration.ZERO, ofHours(1), true);
              } catch (RuntimeException e) {
                fate.add(e.getClass().getSimpleName());
              }
              Thread.interrupted();
            });
    f.time.advance(ofSeconds(40));
    assertThat(fate).as("it is patient").isEmpty();
    thread[0].interrupt();
    f.time.advance(ofSeconds(3));
    assertThat(fate).containsExactly("AbortedException");
    assertThat(caller.hasEnded()).isTrue();
    int before = at.size();

    f.time.advance(ofMinutes(1));

    assertThat(at.size() - before).isBetween(4, 12);
  }

  @Test
  void sourcesAreFoundByOurClassLoaderAndNotByTheThreads(@TempDir Path directory) throws Exception {
    Path services = Files.createDirectories(directory.resolve("META-INF/services"));
    Files.writeString(
        services.resolve(CredentialsSource.class.getName()), "dev.lanyard.NoSuchSource\n");
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader loader =
        new URLClassLoader(new URL[] {directory.toUri().toURL()}, before)) {
      thread.setContextClassLoader(loader);

      assertThat(Sources.all()).extracting(CredentialsSource::name).doesNotContain("unloadable");
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Test
  void anAgentThatNeedsSecondsToFailIsHeardBeforeTheCallersTimeIsOver() {
    f.policy = RefreshPolicy.defaults().withMaxWait(ofSeconds(6));
    f.source.does(
        f.slowly(
            ofSeconds(5),
            context -> {
              throw ScriptedSource.failure(FailureKind.TRANSIENT, "500 []");
            }));
    f.built();
    var caller = f.ask();

    f.time.advance(ofSeconds(7));

    assertThat(failureOf(caller)).hasMessageContaining("500 []");
  }
}
