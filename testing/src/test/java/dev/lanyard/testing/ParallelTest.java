package dev.lanyard.testing;

import static dev.lanyard.testing.EksAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** Two hundred tests with the extension in a process of their own, many at a time. */
class ParallelTest {
  static final int TESTS = 200;

  @Test
  void manyTestsInParallelLeaveNothingBehind(@TempDir Path temporary) throws Exception {
    Path output = temporary.resolve("output");
    Path files = Files.createDirectory(temporary.resolve("tmp"));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + files,
                "-XX:-UsePerfData",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      int exit = process.waitFor();
      String said = Files.readString(output, StandardCharsets.UTF_8);
      assertThat(said)
          .contains("succeeded " + TESTS)
          .contains("most at a time ")
          .contains("threads left []")
          .doesNotContain("most at a time 1\n");
      assertThat(exit).isZero();
      assertThat(list(files)).isEmpty();
    } finally {
      process.destroyForcibly();
    }
  }

  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }

  /** The tests. Run by {@link Main} alone. */
  @ExtendWith(EksExtension.class)
  static class Many {
    static final Set<Object> RUNNING = ConcurrentHashMap.newKeySet();
    static final Set<Integer> AT_A_TIME = ConcurrentHashMap.newKeySet();

    @RepeatedTest(TESTS)
    void eachHasAClusterOfItsOwn(
        FakeEks eks,
        @InPod(serviceAccount = "shop/orders", irsa = "orders-role", podIdentity = "orders-role")
            FakePod pod) {
      RUNNING.add(eks);
      AT_A_TIME.add(RUNNING.size());
      String role = "arn:aws:iam::111122223333:role/orders-role";
      assertThat(Pods.exchange(eks, pod, role).status()).isEqualTo(200);
      assertThat(Pods.ask(eks, pod).status()).isEqualTo(200);
      eks.agent().goDown();
      eks.agent().recover();
      assertThat(Pods.ask(eks, pod).status()).isEqualTo(200);
      assertThat(eks).by(pod).exchanged(3);
      RUNNING.remove(eks);
    }
  }

  /** The process. */
  static final class Main {
    public static void main(String[] arguments) {
      Set<Thread> before = Thread.getAllStackTraces().keySet();
      SummaryGeneratingListener listener = new SummaryGeneratingListener();
      LauncherFactory.create()
          .execute(
              LauncherDiscoveryRequestBuilder.request()
                  .selectors(selectClass(Many.class))
                  .configurationParameter("junit.jupiter.execution.parallel.enabled", "true")
                  .configurationParameter(
                      "junit.jupiter.execution.parallel.mode.default", "concurrent")
                  .configurationParameter(
                      "junit.jupiter.execution.parallel.config.strategy", "fixed")
                  .configurationParameter(
                      "junit.jupiter.execution.parallel.config.fixed.parallelism", "8")
                  .build(),
              listener);
      listener.getSummary().getFailures().forEach(f -> f.getException().printStackTrace());
      Set<String> left = left(before);
      System.out.println("succeeded " + listener.getSummary().getTestsSucceededCount());
      System.out.println(
          "most at a time "
              + Many.AT_A_TIME.stream().max(Integer::compare).map(String::valueOf).orElse("none"));
      System.out.println("threads left " + left);
      // Those that are left would keep the process.
      System.exit(left.isEmpty() ? 0 : 1);
    }

    /** Threads that do not end within a while; the JVM's own come and go. */
    private static Set<String> left(Set<Thread> before) {
      Instant deadline = Instant.now().plus(Duration.ofSeconds(20));
      Set<String> left;
      do {
        Thread.onSpinWait();
        left =
            Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !before.contains(thread))
                .map(Thread::getName)
                .filter(name -> !name.equals("Common-Cleaner"))
                .collect(Collectors.toSet());
      } while (!left.isEmpty() && Instant.now().isBefore(deadline));
      return left;
    }
  }
}
