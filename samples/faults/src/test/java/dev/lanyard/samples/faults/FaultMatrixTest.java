package dev.lanyard.samples.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.lanyard.testing.TestTime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Every fault at every source in every phase. In no cell is an expired credential served, a valid
 * one lost, a caller delayed while valid ones are held, or a secret printed; and each cell has what
 * is expected of it alone. {@code docs/faults.md} is written by {@code -Dfaults.write=true}, and
 * otherwise has to say what was seen.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FaultMatrixTest {
  private static final Path MODULE = Path.of("").toAbsolutePath();
  private static final Path DOCUMENT =
      Objects.requireNonNull(MODULE.getParent()).resolveSibling("docs/faults.md");
  private static final Path MEASURED = MODULE.resolve("target/faults.md");
  private static final String COMMAND =
      "mvn -B -pl samples/faults -am verify -Dtest=FaultMatrixTest"
          + " -Dsurefire.failIfNoSpecifiedTests=false -Dfaults.write=true";

  private static final List<Fault> FAULTS = Faults.all();
  private static final Map<String, String> SEEN = new ConcurrentHashMap<>();

  /** Each has a cluster of its own, whose clock is that of the cell. */
  private static final int SIDE_BY_SIDE = 2;

  private static final BlockingQueue<Cluster> CLUSTERS = new LinkedBlockingQueue<>();
  private static final ExecutorService THREADS = Executors.newFixedThreadPool(SIDE_BY_SIDE);

  @BeforeAll
  static void startTheClusters() {
    // Before two threads could be the first to ask for a logger, and one of them get a substitute.
    new Heard().close();
    for (int i = 0; i < SIDE_BY_SIDE; i++) {
      CLUSTERS.add(new Cluster());
    }
  }

  @AfterAll
  static void closeTheClusters() {
    // The cells have ended: their tests have waited for them.
    THREADS.shutdownNow();
    CLUSTERS.forEach(Cluster::close);
  }

  /** The cells run side by side, and each test waits for its own. */
  @TestFactory
  @Order(1)
  List<DynamicNode> cells() {
    return Stream.of(Source.values())
        .<DynamicNode>map(
            source ->
                dynamicContainer(
                    source.title(),
                    FAULTS.stream()
                        .filter(fault -> fault.at(source).isPresent())
                        .map(
                            fault ->
                                dynamicContainer(
                                    fault.group() + ": " + fault.name(),
                                    Stream.of(Phase.values())
                                        .map(phase -> cell(source, fault, phase))
                                        .toList()))
                        .toList()))
        .toList();
  }

  private static DynamicTest cell(Source source, Fault fault, Phase phase) {
    Future<?> cell = THREADS.submit(() -> run(source, fault, phase));
    return dynamicTest(
        phase.title(),
        () -> {
          try {
            cell.get();
          } catch (ExecutionException e) {
            throw Objects.requireNonNull(e.getCause());
          }
        });
  }

  @Test
  @Order(2)
  void theDocumentSaysWhatWasSeen() throws IOException {
    List<String> missing = Tables.missing(FAULTS, SEEN);
    assertThat(missing).as("cells without a result, so that there is no table").isEmpty();
    String document = Tables.into(Files.readString(DOCUMENT), FAULTS, SEEN);
    Files.createDirectories(Objects.requireNonNull(MEASURED.getParent()));
    Files.writeString(MEASURED, document);
    if (Boolean.getBoolean("faults.write")) {
      Files.writeString(DOCUMENT, document);
    }
    assertThat(Files.readString(DOCUMENT))
        .as("docs/faults.md; if the change is meant, write it anew: %s", COMMAND)
        .isEqualTo(document);
  }

  private static void run(Source source, Fault fault, Phase phase) {
    Cluster cluster = CLUSTERS.remove();
    try {
      TestTime time = cluster.at(TestTime.create());
      try (Heard heard = new Heard();
          Bench bench = new Bench(cluster.eks(), cluster.role(), source, time, heard)) {
        Fault.Expected expected = fault.at(source).orElseThrow();
        String seen = new Cell(fault, expected, bench, heard).run(phase);
        SEEN.put(Tables.key(source, fault, phase), seen);
      }
    } finally {
      CLUSTERS.add(cluster);
    }
  }
}
