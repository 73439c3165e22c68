package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.spi.Detection;
import dev.lanyard.spi.Evidence;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What {@code create()} does, whichever class it is called on. */
class SharedEnginesTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

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
    return source.detects(
        new Detection.Present(source, role, Evidence.builder().fact("role", role).build()));
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
  void environmentsWithoutAnySourceShareNothing() {
    RefreshingCredentialsProvider one =
        new OneClass(new ScriptedSource("x", 1).detects(new Detection.Absent("variable ONE")));
    RefreshingCredentialsProvider other =
        new OneClass(new ScriptedSource("x", 1).detects(new Detection.Absent("variable OTHER")));

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
