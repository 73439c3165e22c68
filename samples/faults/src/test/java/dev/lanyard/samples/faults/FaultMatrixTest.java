package dev.lanyard.samples.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.TrustPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
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

  private static volatile VirtualTime now = new VirtualTime();
  private static final FakeEks EKS = FakeEks.builder().clock(() -> now.rightNow()).start();
  private static final String ROLE =
      EKS.role(
          "orders",
          TrustPolicy.forServiceAccount(EKS, "shop", "orders"),
          TrustPolicy.forPodIdentity());
  private static final List<Fault> FAULTS = Faults.all();
  private static final Map<String, String> SEEN = new ConcurrentHashMap<>();

  static {
    EKS.associate("shop", "orders", ROLE);
  }

  @AfterAll
  static void closeTheCluster() {
    EKS.close();
  }

  @TestFactory
  @Order(1)
  Stream<DynamicNode> cells() {
    return Stream.of(Source.values())
        .map(
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
                                        .map(
                                            phase ->
                                                dynamicTest(
                                                    phase.title(),
                                                    () -> run(source, fault, phase)))))));
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
    VirtualTime time = new VirtualTime();
    now = time;
    try (Heard heard = new Heard();
        Bench bench = new Bench(EKS, ROLE, source, fault.needsWire(), time, heard)) {
      Fault.Expected expected = fault.at(source).orElseThrow();
      String seen = new Cell(fault, expected, bench, heard).run(phase);
      SEEN.put(Tables.key(source, fault, phase), seen);
    }
  }
}
