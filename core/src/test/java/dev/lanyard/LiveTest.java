package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.Detection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.event.Level;

/** What keeps credentials current in this process can be listed, and bears a name. */
class LiveTest {
  private final VirtualTime time = new VirtualTime();
  private final ScriptedSource source = new ScriptedSource();

  private static final class TestProvider extends RefreshingCredentialsProvider {
    TestProvider(ScriptedSource source, EksCredentialsProvider.Builder options) {
      super(
          Assemblies.of(
              Chain.detect(List.of(source), Environment.of(Map.of())), options, false, null));
    }
  }

  private RefreshingCredentialsProvider provider(String name) {
    return new TestProvider(source, EksCredentialsProvider.builder().time(time).name(name));
  }

  private RefreshingCredentialsProvider unnamed() {
    return new TestProvider(source, EksCredentialsProvider.builder().time(time));
  }

  /** Those of this test: others of the process may be live. */
  private static List<LiveCredentials> named(String prefix) {
    return Lanyard.live().stream().filter(live -> live.name().startsWith(prefix)).toList();
  }

  @Test
  void liveCredentialsAreListedInTheOrderOfTheirCreation() {
    List<RefreshingCredentialsProvider> held = new ArrayList<>();
    for (String name : List.of("order/c", "order/a", "order/b")) {
      held.add(provider(name));
    }
    time.settle();

    assertThat(named("order/"))
        .extracting(LiveCredentials::name)
        .containsExactly("order/c", "order/a", "order/b");
    assertThat(named("order/").get(0).status()).isEqualTo(held.get(0).status());
    assertThat(named("order/").get(0)).isEqualTo(named("order/").get(0));
    assertThat(named("order/").get(0)).isNotEqualTo(named("order/").get(1));
    assertThat(named("order/").get(0).explain().toString())
        .startsWith("Lanyard: AWS credentials of order/c\n")
        .contains("CHOSEN");
  }

  @Test
  void theListKeepsNothingAlive() {
    Object held = provider("weak");
    assertThat(named("weak")).hasSize(1);
    assertThat(held).isNotNull();

    held = null;

    Awaiting.until(
        () -> {
          System.gc();
          time.advance(Duration.ofMinutes(2));
          return named("weak").isEmpty();
        });
  }

  @Test
  void whatIsUnnamedBearsTheNameOfItsSource() {
    ScriptedSource own = new ScriptedSource("of-this-test", 1);
    RefreshingCredentialsProvider provider =
        new TestProvider(own, EksCredentialsProvider.builder().time(time));

    assertThat(named("of-this-test")).hasSize(1);
    assertThat(provider.explain().name()).isEmpty();
    assertThat(provider.explain().toString())
        .startsWith("Lanyard: AWS credentials of this process\n");
  }

  @Test
  void whatIsListedCanBeToldOfARefusal() {
    source.answers("A", Duration.ofHours(1));
    RefreshingCredentialsProvider provider = provider("refused");
    time.settle();
    source.answers("B", Duration.ofHours(1));

    var unused = named("refused").get(0).invalidate(provider.resolveCredentials());
    time.settle();

    assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("B");
  }

  @Test
  void sharedCredentialsAreListedOnce() {
    ScriptedSource shared = new ScriptedSource("listed-once", 1);
    shared.detects(Found.role(shared, "listed once"));
    RefreshingCredentialsProvider one = new SharedProvider(shared);
    RefreshingCredentialsProvider other = new SharedProvider(shared);

    assertThat(named("listed-once")).hasSize(1);
    assertThat(one.explain().sources()).isEqualTo(other.explain().sources());
  }

  private static final class SharedProvider extends RefreshingCredentialsProvider {
    SharedProvider(ScriptedSource source) {
      super(source);
    }
  }

  @Test
  void theLogAndTheThreadSayTheName() {
    List<String> threads = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    String before = Thread.currentThread().getName();
    source.does(
        context -> {
          threads.add(Thread.currentThread().getName());
          throw ScriptedSource.failure(FailureKind.TRANSIENT, "HTTP 503");
        });
    Logs.handledBy(
        event -> lines.add(event.getLevel() + " " + event.getFormattedMessage()),
        () -> {
          RefreshingCredentialsProvider provider = provider("tenant-a");
          time.settle();
          assertThat(provider.status().source()).isEqualTo("scripted");
        });

    assertThat(threads).isNotEmpty().allMatch(name -> name.endsWith(" tenant-a"));
    assertThat(Thread.currentThread().getName()).isEqualTo(before);
    assertThat(lines).anyMatch(line -> line.startsWith(Level.WARN + " tenant-a (scripted): "));
  }

  @Test
  void aThreadIsNotNamedForWhatHasNoName() {
    List<String> threads = new ArrayList<>();
    source.does(
        context -> {
          threads.add(Thread.currentThread().getName());
          return ScriptedSource.credentials("A", context.now().plusSeconds(3600));
        });
    RefreshingCredentialsProvider provider = unnamed();
    time.settle();

    assertThat(provider.status().usable()).isTrue();
    assertThat(threads).containsExactly(Thread.currentThread().getName());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a b", "a\nb", "\u00e4", "{}"})
  void aNameThatALogLineOrAMeterCannotCarryIsRefused(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EksCredentialsProvider.builder().name(name))
        .withMessageContaining("1 to 64 characters");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EksCredentialsProvider.builder().name("a".repeat(65)));
  }

  @Test
  void whatHasNoSourceIsNotListed() {
    ScriptedSource absent = new ScriptedSource("absent", 1);
    absent.detects(Detection.absent("variable ONE"));
    long before = Lanyard.live().stream().filter(live -> live.name().equals("none")).count();
    RefreshingCredentialsProvider provider =
        new TestProvider(absent, EksCredentialsProvider.builder().time(time));

    assertThat(provider.status().source()).isEqualTo("none");
    assertThat(Lanyard.live()).filteredOn(live -> live.name().equals("none")).hasSize((int) before);
    assertThat(before).isZero();
  }

  @Test
  void whatWasShutDownIsNotListed() {
    RefreshingCredentialsProvider provider = provider("shut-down");
    time.settle();
    assertThat(named("shut-down")).hasSize(1);

    Lanyard.shutdown();

    assertThat(named("shut-down")).isEmpty();
    assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("A");
  }
}
