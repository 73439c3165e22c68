package dev.lanyard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

class ChainTest {
  private static final Environment EMPTY = Environment.of(Map.of());

  private final VirtualTime time = new VirtualTime();
  private final ScriptedSource first = new ScriptedSource("first", 1);
  private final ScriptedSource second = new ScriptedSource("second", 2);
  private final List<CredentialsEvent> events = new ArrayList<>();

  /** A provider of several sources, as {@link EksCredentialsProvider} has them. */
  private static final class TestProvider extends RefreshingCredentialsProvider {
    TestProvider(
        List<? extends CredentialsSource> sources,
        EksCredentialsProvider.Builder options,
        boolean fallback,
        @Nullable StaticCredentialsProvider otherwise) {
      super(Assemblies.of(Chain.detect(sources, EMPTY), options, fallback, otherwise));
    }
  }

  private static final StaticCredentialsProvider LAPTOP =
      StaticCredentialsProvider.create(AwsBasicCredentials.create("LAPTOP", "secret"));

  private RefreshingCredentialsProvider provider(boolean fallback) {
    RefreshingCredentialsProvider provider =
        new TestProvider(
            List.of(first, second),
            EksCredentialsProvider.builder()
                .time(time)
                .listener(CredentialsEventListener.of(events::add)),
            fallback,
            LAPTOP);
    time.settle();
    return provider;
  }

  @Test
  void usesTheFirstSourceThatIsThereAndNamesWhatItShadows() {
    second.answers("B", Duration.ofHours(1));
    RefreshingCredentialsProvider provider = provider(false);

    assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("A");
    assertThat(provider.explain().sources())
        .extracting(Explanation.Source::use)
        .containsExactly(Explanation.Use.CHOSEN, Explanation.Use.SHADOWED);
    assertThat(second.exchanges()).isZero();
  }

  @Test
  void skipsASourceThatIsAbsent() {
    first.detects(Detection.absent("variable FIRST"));
    second.answers("B", Duration.ofHours(1));

    assertThat(provider(false).resolveCredentials().accessKeyId()).isEqualTo("B");
  }

  @Test
  void isStoppedByABrokenSourceWithTheReasonAndTheRemedy() {
    first.detects(Found.broken("FIRST is set and SECOND is not", "Set SECOND too"));
    RefreshingCredentialsProvider provider = provider(true);

    assertThatThrownBy(provider::resolveCredentials)
        .isInstanceOf(CredentialsUnavailableException.class)
        .hasMessageContaining("FIRST is set and SECOND is not")
        .hasMessageContaining("Set SECOND too");
    assertThat(second.exchanges()).isZero();
    assertThat(provider.explain().chosen().orElseThrow().use()).isEqualTo(Explanation.Use.BROKEN);
    assertThat(provider.explain().toString()).contains("what to do: Set SECOND too");
  }

  @Test
  void looksAgainForABrokenSource() {
    first.detects(Found.broken("the file is not there yet", "Mount it"));
    RefreshingCredentialsProvider provider = provider(false);
    first.detects(Found.unshared(first, "there it is"));

    time.advance(Duration.ofSeconds(15));

    assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("A");
  }

  @Test
  @SuppressWarnings("NullAway") // What a source returns that breaks its contract.
  void isStoppedByASourceThatFindsNothingNotEvenThatItIsAbsent() {
    first.detects(null);
    RefreshingCredentialsProvider provider = provider(false);

    assertThat(provider.explain().chosen().orElseThrow().use()).isEqualTo(Explanation.Use.BROKEN);
    assertThatThrownBy(provider::resolveCredentials)
        .isInstanceOf(CredentialsUnavailableException.class)
        .hasMessageContaining("detecting it failed with java.lang.NullPointerException");
  }

  @Test
  void isStoppedByASourceWhoseDetectionFails() {
    RefreshingCredentialsProvider provider =
        new TestProvider(
            List.of(
                new CredentialsSource() {
                  @Override
                  public String name() {
                    return "failing";
                  }

                  @Override
                  public int precedence() {
                    return 0;
                  }

                  @Override
                  public Detection detect(Environment environment) {
                    throw new IllegalStateException(ScriptedSource.SECRET);
                  }
                },
                second),
            EksCredentialsProvider.builder().time(time),
            false,
            LAPTOP);
    time.settle();

    assertThatThrownBy(provider::resolveCredentials)
        .hasMessageContaining("IllegalStateException")
        .hasMessageNotContaining(ScriptedSource.SECRET);
    assertThat(second.exchanges()).isZero();
  }

  @Test
  void doesNotFallBackUnlessToldTo() {
    first.fails(FailureKind.REJECTED, "not authorized");
    RefreshingCredentialsProvider provider = provider(false);

    assertThatThrownBy(provider::resolveCredentials).hasMessageContaining("Not authorized");
    assertThat(second.exchanges()).isZero();
  }

  @Test
  void fallsBackWhenToldToAndSaysSo() {
    first.fails(FailureKind.REJECTED, "not authorized");
    second.answers("B", Duration.ofHours(1));
    RefreshingCredentialsProvider provider = provider(true);

    assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("B");
    assertThat(provider.status().source()).isEqualTo("second");
    assertThat(events)
        .filteredOn(CredentialsEvent.IdentityChanged.class::isInstance)
        .extracting(event -> Found.change((CredentialsEvent.IdentityChanged) event))
        .contains("second, previously first: not authorized");
  }

  @Test
  void doesNotFallBackFromASourceThatIsOnlyDown() {
    first.fails(FailureKind.TRANSIENT, "connection refused");
    provider(true);

    time.advance(Duration.ofMinutes(1));

    assertThat(second.exchanges()).isZero();
  }

  @Test
  void usesAnotherProviderOnlyWhereNoSourceIsThere() {
    first.detects(Detection.absent("variable FIRST"));
    second.detects(Detection.absent("variable SECOND"));
    RefreshingCredentialsProvider provider = provider(false);

    assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("LAPTOP");
    assertThat(provider.resolveIdentity().join().accessKeyId()).isEqualTo("LAPTOP");
    assertThat(provider.status().source()).isEqualTo("application");
    provider.awaitReady(Duration.ZERO);
    assertThat(events).as("nothing failed: the application said what to use").isEmpty();
  }

  @Test
  void waitsOfAnyLengthAreTaken() {
    Duration longest = Duration.ofSeconds(Long.MAX_VALUE);
    first.answers("A", Duration.ofHours(1));
    RefreshPolicy policy =
        RefreshPolicy.defaults()
            .withMaxWait(longest)
            .withRefreshMargin(longest)
            .withExchangeTimeout(longest);
    RefreshingCredentialsProvider provider =
        new TestProvider(
            List.of(first),
            EksCredentialsProvider.builder().time(time).refreshPolicy(policy),
            false,
            null);
    time.settle();

    provider.awaitReady(longest);
    assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("A");
    assertThat(provider.resolveCredentials(Duration.ofSeconds(Long.MIN_VALUE)).accessKeyId())
        .isEqualTo("A");
    assertThatThrownBy(() -> provider.resolveCredentials(longest))
        .isInstanceOf(CredentialsUnavailableException.class);
  }

  @Test
  void neverUsesTheOtherProviderWhereASourceIsBroken() {
    first.detects(Found.broken("half configured", "Configure the rest"));

    assertThatThrownBy(provider(false)::resolveCredentials).hasMessageContaining("half configured");
  }

  @Test
  void saysWhatItLookedForWhereNothingIsThere() {
    first.detects(Detection.absent("variable FIRST"));
    RefreshingCredentialsProvider provider =
        new TestProvider(
            List.of(first),
            EksCredentialsProvider.builder()
                .time(time)
                .listener(CredentialsEventListener.of(events::add)),
            false,
            null);
    time.settle();

    assertThatThrownBy(provider::resolveCredentials)
        .hasMessageContaining("first looked for variable FIRST")
        .hasMessageContaining("eks.amazonaws.com/role-arn");
    assertThat(events)
        .singleElement()
        .isInstanceOfSatisfying(
            CredentialsEvent.RefreshFailed.class,
            event -> assertThat(event.nextAttempt()).isEmpty());
    int timers = time.pendingTimers();
    assertThat(timers).as("nothing to retry: the environment does not change").isZero();
  }

  @Test
  void isStoppedByASourceOnTheClassPathThatCannotBeLoaded(@TempDir Path directory)
      throws IOException {
    Path services = Files.createDirectories(directory.resolve("META-INF/services"));
    Files.writeString(
        services.resolve(CredentialsSource.class.getName()), "dev.lanyard.NoSuchSource\n");
    try (URLClassLoader loader =
        new URLClassLoader(
            new URL[] {directory.toUri().toURL()}, CredentialsSource.class.getClassLoader())) {
      Chain chain = Chain.detect(Sources.all(loader), EMPTY);

      assertThat(chain.chosen().orElseThrow().detection())
          .isInstanceOfSatisfying(
              Detection.Broken.class,
              broken ->
                  assertThat(broken.problem().summary()).contains("dev.lanyard.NoSuchSource"));
    }
  }
}
