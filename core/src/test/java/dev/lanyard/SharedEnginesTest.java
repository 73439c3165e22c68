package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.Detection;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code create()} does, whichever class it is called on. */
class SharedEnginesTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private static final Environment NONE = Environment.of(Map.of());

  /** As IrsaCredentialsProvider and PodIdentityCredentialsProvider are made. */
  private static final class OneClass extends RefreshingCredentialsProvider {
    OneClass(ScriptedSource source) {
      super(source);
    }
  }

  private static final class OtherClass extends RefreshingCredentialsProvider {
    OtherClass(ScriptedSource source) {
      super(source);
    }
  }

  private static ScriptedSource source(String role) {
    ScriptedSource source = new ScriptedSource("shared", 1);
    return source.detects(Detection.present(source, Evidence.builder().fact("role", role).build()));
  }

  private static String keyId(RefreshingCredentialsProvider provider) {
    provider.awaitReady(LIMIT);
    return provider.resolveCredentials().accessKeyId();
  }

  @Test
  void aHundredProvidersOfSeveralClassesAndThreadsRunOneEngine() throws InterruptedException {
    List<ScriptedSource> sources = new ArrayList<>();
    Queue<RefreshingCredentialsProvider> providers = new ConcurrentLinkedQueue<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      ScriptedSource source = source("role of the hundred");
      sources.add(source);
      boolean one = i % 2 == 0;
      Thread thread =
          new Thread(
              () -> {
                for (int j = 0; j < 10; j++) {
                  providers.add(one ? new OneClass(source) : new OtherClass(source));
                }
              });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join(TimeUnit.SECONDS.toMillis(30));
    }

    assertThat(providers).hasSize(100).allMatch(provider -> keyId(provider).equals("A"));
    assertThat(sources.stream().mapToInt(ScriptedSource::exchanges).sum()).isEqualTo(1);
  }

  @Test
  void anotherConfigurationHasAnEngineOfItsOwn() {
    ScriptedSource one = source("role one");
    ScriptedSource other = source("role other").answers("B", Duration.ofHours(1));
    RefreshingCredentialsProvider first = new OneClass(one);
    RefreshingCredentialsProvider second = new OneClass(other);

    assertThat(keyId(first)).isEqualTo("A");
    assertThat(keyId(second)).isEqualTo("B");
    assertThat(keyId(new OtherClass(source("role one")))).isEqualTo("A");
    assertThat(one.exchanges()).isEqualTo(1);
    assertThat(other.exchanges()).isEqualTo(1);
    assertThat(first.status().usable() && second.status().usable()).isTrue();
  }

  @Test
  void hiddenFactsCountAndAreToldApartWhereAHashIsNot() {
    // The two have the same String.hashCode.
    ScriptedSource one = new ScriptedSource("shared", 1);
    ScriptedSource other = new ScriptedSource("shared", 1).answers("B", Duration.ofHours(1));
    one.detects(
        Detection.present(
            one, Evidence.builder().hidden("path", "/v2/credentials/tenantAa").build()));
    other.detects(
        Detection.present(
            other, Evidence.builder().hidden("path", "/v2/credentials/tenantBB").build()));
    RefreshingCredentialsProvider first = new OneClass(one);

    assertThat(keyId(new OtherClass(other))).isEqualTo("B");
    assertThat(keyId(first)).isEqualTo("A");
    assertThat(SharedEngines.ENGINES.toString()).doesNotContain("tenant");
  }

  @Test
  void sourcesOfAnotherNameShareNothingThoughTheirEvidenceIsEqual() {
    ScriptedSource other = new ScriptedSource("of another name", 1);
    other.detects(Detection.present(other, Evidence.builder().fact("role", "role of two").build()));
    other.answers("B", Duration.ofHours(1));
    RefreshingCredentialsProvider first = new OneClass(source("role of two"));

    assertThat(keyId(new OneClass(other))).isEqualTo("B");
    assertThat(keyId(first)).isEqualTo("A");
  }

  @Test
  void aSourceWithoutEvidenceSharesNothing() {
    ScriptedSource silent = new ScriptedSource("silent", 1);
    silent.detects(Found.unshared(silent, "says nothing of whose credentials"));

    assertThat(keyId(new OneClass(silent))).isEqualTo("A");
    assertThat(keyId(new OneClass(silent))).isEqualTo("A");

    assertThat(silent.exchanges()).isEqualTo(2);
  }

  @Test
  void brokenConfigurationsShareNothingAndJoinTheirEngineWhenTheyHeal() {
    ScriptedSource healthy = source("role that healed");
    RefreshingCredentialsProvider first = new OneClass(healthy);
    assertThat(keyId(first)).isEqualTo("A");
    ScriptedSource broken = new ScriptedSource("shared", 1).answers("B", Duration.ofHours(1));
    broken.detects(Found.broken("the token file is not named", "Name it"));
    RefreshingCredentialsProvider second = new OneClass(broken);
    assertThat(second.resolveIdentity()).failsWithin(LIMIT);
    assertThat(second.explain().chosen().orElseThrow().use()).isEqualTo(Explanation.Use.BROKEN);
    // Of another role, perhaps: that the same is wrong with both says nothing of whose they are.
    ScriptedSource another = new ScriptedSource("shared", 1).detects(broken.detect(NONE));
    RefreshingCredentialsProvider third = new OneClass(another);

    broken.detects(
        Detection.present(broken, Evidence.builder().fact("role", "role that healed").build()));

    // The next attempt comes within 15 s, or with a caller after 5.
    Awaiting.until(() -> second.explain().status().usable());
    assertThat(keyId(second)).isEqualTo("A");
    assertThat(broken.exchanges()).as("the shared engine's credentials").isZero();
    assertThat(healthy.exchanges()).isEqualTo(1);
    assertThat(second.explain().chosen().orElseThrow().use()).isEqualTo(Explanation.Use.CHOSEN);
    assertThat(second.explain().toString()).doesNotContain("the token file is not named");
    assertThat(third.status().usable()).as("broken still").isFalse();
    assertThat(third.resolveIdentity()).failsWithin(LIMIT);

    // From now on the two hold the same, whatever becomes of it.
    healthy.answers("A2", Duration.ofHours(1));
    var unused = second.invalidate(second.resolveCredentials());
    Awaiting.until(() -> first.resolveCredentials().accessKeyId().equals("A2"));
    assertThat(second.resolveCredentials().accessKeyId()).isEqualTo("A2");
    assertThat(second.resolveIdentity().join().accessKeyId()).isEqualTo("A2");
    assertThat(second.explain().toString()).contains("****A2");
    assertThat(healthy.exchanges()).isEqualTo(2);
  }

  @Test
  void whatHealsAndCannotBeComparedJoinsNoEngine() {
    ScriptedSource broken = new ScriptedSource("healed alone", 1).answers("B", Duration.ofHours(1));
    broken.detects(Found.broken("the token file is not named", "Name it"));
    RefreshingCredentialsProvider provider = new OneClass(broken);
    assertThat(provider.resolveIdentity()).failsWithin(LIMIT);

    broken.detects(Found.unshared(broken, "role that heals alone"));

    Awaiting.until(() -> provider.explain().status().usable());
    assertThat(keyId(provider)).isEqualTo("B");
    assertThat(SharedEngines.ENGINES.keySet())
        .noneMatch(identity -> identity.asked().get(0).source().equals("healed alone"));
  }

  @Test
  void settingsCountAsTheyWereWhenTheProviderWasBuilt() {
    String property = "dev.lanyard.test.role";
    ScriptedSource source =
        new ScriptedSource("reader", 1) {
          @Override
          public Detection detect(Environment environment) {
            return environment
                .property(property)
                .<Detection>map(role -> Found.unshared(this, role.value()))
                .orElseGet(() -> Found.broken("no role is named", "Name one"));
          }
        };
    RefreshingCredentialsProvider provider = new OneClass(source);
    VirtualTime time = new VirtualTime();
    RefreshingCredentialsProvider later =
        new RefreshingCredentialsProvider(source, EksCredentialsProvider.builder().time(time)) {};
    System.setProperty(property, "ADMIN");
    try {
      assertThat(provider.resolveIdentity()).failsWithin(LIMIT);
      time.advance(Duration.ofMinutes(5));
      assertThat(later.status().exchanges()).isGreaterThan(10);
      assertThat(later.status().usable()).isFalse();
      assertThat(source.exchanges()).isZero();
      assertThat(keyId(new OneClass(source))).isEqualTo("A");
    } finally {
      System.clearProperty(property);
    }
  }

  @Test
  void settingsOfAnEnvironmentWithARootOfItsOwnCountAsTheyWereToo(@TempDir Path root) {
    String property = "dev.lanyard.test.rooted";
    System.setProperty(property, "PAYMENTS");
    try {
      Environment environment = Environment.system().withRoot(root).snapshot();
      System.setProperty(property, "ADMIN");

      assertThat(environment.property(property).orElseThrow().value()).isEqualTo("PAYMENTS");
      assertThat(environment.path("/token")).isEqualTo(root.resolve("token"));
    } finally {
      System.clearProperty(property);
    }
  }

  @Test
  void environmentsWithoutAnySourceShareNothing() {
    RefreshingCredentialsProvider one =
        new OneClass(new ScriptedSource("x", 1).detects(Detection.absent("variable ONE")));
    RefreshingCredentialsProvider other =
        new OneClass(new ScriptedSource("x", 1).detects(Detection.absent("variable OTHER")));

    assertThat(one.resolveIdentity())
        .failsWithin(LIMIT)
        .withThrowableThat()
        .withMessageContaining("variable ONE");
    assertThat(other.resolveIdentity())
        .failsWithin(LIMIT)
        .withThrowableThat()
        .withMessageContaining("variable OTHER");
    assertThat(one.status().source()).isEqualTo("none");
  }

  @Test
  void afterAShutDownAProviderStartsAnew() {
    ScriptedSource source = source("role of the stopped");
    RefreshingCredentialsProvider before = new OneClass(source);
    assertThat(keyId(before)).isEqualTo("A");

    Lanyard.shutdown();

    RefreshingCredentialsProvider after = new OneClass(source.answers("B", Duration.ofHours(1)));
    assertThat(keyId(after)).isEqualTo("B");
    assertThat(after.status().nextRefresh()).isPresent();
    assertThat(keyId(before)).as("what it holds").isEqualTo("A");
    assertThat(before.status().nextRefresh()).isEmpty();
  }

  @Test
  void whatHealsWhileItIsShutDownStartsNothingAnew() throws Exception {
    CompletableFuture<Thread> healing = new CompletableFuture<>();
    Evidence evidence = Evidence.builder().fact("role", "role of the stopped that heals").build();
    ScriptedSource source =
        new ScriptedSource("shared", 1) {
          private boolean built;

          @Override
          public Detection detect(Environment environment) {
            if (!built) {
              built = true;
              return Found.broken("no role is named", "Name one");
            }
            Lanyard.shutdown();
            healing.complete(Thread.currentThread());
            return Detection.present(this, evidence);
          }
        };
    RefreshingCredentialsProvider provider = new OneClass(source);

    assertThat(provider.resolveIdentity())
        .failsWithin(LIMIT)
        .withThrowableThat()
        .withMessageContaining("shut down in this class loader");
    // It ends as soon as the exchange has.
    healing.get(LIMIT.toSeconds(), TimeUnit.SECONDS).join(LIMIT.toMillis());

    assertThat(SharedEngines.ENGINES)
        .doesNotContainKey(new SharedEngines.Identity("shared", evidence));
    assertThat(source.exchanges()).isZero();
  }

  @Test
  void whatNobodyHoldsAnyMoreIsMadeAnew() {
    ScriptedSource source = source("role of nobody");
    WeakReference<RefreshingCredentialsProvider> forgotten =
        new WeakReference<>(new OneClass(source));
    Collection.await(forgotten);
    // The engine goes with the provider, once its exchange has ended.
    for (int i = 0; i < 50 && source.exchanges() < 2; i++) {
      System.gc();
      assertThat(keyId(new OneClass(source))).isEqualTo("A");
    }
    assertThat(source.exchanges()).isGreaterThanOrEqualTo(2);
  }

  @Test
  void whatNobodyHoldsAnyMoreIsForgotten() {
    Collection.await(new WeakReference<>(new OneClass(source("role of the forgotten"))));
    // The engine goes with the provider, once its exchange has ended.
    for (int i = 0; i < 50 && SharedEngines.ENGINES.toString().contains("forgotten"); i++) {
      System.gc();
      assertThat(keyId(new OneClass(source("role of the next, " + i)))).isEqualTo("A");
    }
    assertThat(SharedEngines.ENGINES.keySet())
        .noneMatch(identity -> identity.toString().contains("forgotten"));
  }
}
