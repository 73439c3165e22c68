package dev.lanyard;

import static java.time.Duration.ZERO;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.Detection;
import dev.lanyard.spi.ExchangeException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.identity.spi.ResolveIdentityRequest;

/** What an application calls, on virtual time. */
class ProviderTest {
  private static final StaticCredentialsProvider LAPTOP =
      StaticCredentialsProvider.create(AwsBasicCredentials.create("LAPTOP", "secret"));

  private final VirtualTime time = new VirtualTime();
  private final ScriptedSource source = new ScriptedSource("irsa", 100);
  private final ScriptedSource other = new ScriptedSource("pod-identity", 200);

  private final class TestProvider extends RefreshingCredentialsProvider {
    TestProvider(boolean fallback, RefreshPolicy policy) {
      super(
          Assemblies.of(
              Chain.detect(List.of(source, other), Environment.of(Map.of())),
              EksCredentialsProvider.builder().time(time).refreshPolicy(policy),
              fallback,
              LAPTOP));
    }
  }

  private RefreshingCredentialsProvider provider(boolean fallback) {
    RefreshPolicy policy =
        RefreshPolicy.defaults().withRefreshWindow(0.5, 0.5).withRefreshMargin(ZERO);
    RefreshingCredentialsProvider provider = new TestProvider(fallback, policy);
    time.settle();
    return provider;
  }

  private RefreshingCredentialsProvider provider() {
    return provider(false);
  }

  @Test
  void givesTheSameInEveryWay() {
    RefreshingCredentialsProvider provider = provider();

    assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("A");
    assertThat(provider.resolveCredentials(ofMinutes(30)).accessKeyId()).isEqualTo("A");
    assertThat(provider.resolveIdentity().join().accessKeyId()).isEqualTo("A");
    assertThat(provider.resolveIdentity(ResolveIdentityRequest.builder().build()).join())
        .isSameAs(provider.resolveCredentials());
    assertThat(provider.resolveIdentity(ofMinutes(30)).join())
        .isSameAs(provider.resolveCredentials());
    provider.awaitReady(ZERO);
    assertThat(source.exchanges()).isEqualTo(1);
    assertThat(provider).hasToString("TestProvider[irsa]");
  }

  @Test
  void asksForLongerCredentialsWithoutBlocking() {
    RefreshingCredentialsProvider provider = provider();
    // Past the time for which an answer is remembered.
    time.advance(ofSeconds(6));

    var longer = provider.resolveIdentity(ofHours(2));

    assertThat(longer).isNotDone();
    time.settle();
    assertThat(longer).isCompletedExceptionally();
    assertThat(source.exchanges()).isEqualTo(2);
  }

  @Test
  void givesWhatIsHeldAlsoWhenTheRefreshIsLate() {
    RefreshingCredentialsProvider provider = provider();
    time.suspend(ofMinutes(40));

    assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("A");
    time.settle();
    assertThat(source.exchanges()).isEqualTo(2);
  }

  @Test
  void refreshesWhatAServiceRefused() {
    RefreshingCredentialsProvider provider = provider();
    source.answers("B", ofHours(1));

    var unused = provider.invalidate(AwsBasicCredentials.create("A", "whatever"));
    time.settle();

    assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("B");
  }

  @Test
  void isReadyOrSaysWhyNot() {
    source.fails(FailureKind.REJECTED, "not authorized");
    RefreshingCredentialsProvider provider = provider();

    assertThatThrownBy(() -> provider.awaitReady(ofSeconds(1)))
        .isInstanceOf(CredentialsUnavailableException.class);
    assertThatThrownBy(() -> provider.awaitReady(ofSeconds(-1)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(provider.resolveIdentity()).isCompletedExceptionally();
  }

  @Test
  void drawsTheRefreshFromTheWholeWindow() {
    RefreshingCredentialsProvider early = new TestProvider(false, RefreshPolicy.defaults());
    time.settle();
    List<Duration> draws = new java.util.ArrayList<>();
    for (int i = 0; i < 40; i++) {
      RefreshingCredentialsProvider one = new TestProvider(false, RefreshPolicy.defaults());
      time.settle();
      draws.add(Duration.between(VirtualTime.START, one.status().nextRefresh().orElseThrow()));
    }
    assertThat(early.status().usable()).isTrue();
    assertThat(draws).allSatisfy(at -> assertThat(at).isBetween(ofMinutes(30), ofMinutes(48)));
    // All in one half of the window by chance: once in 10^12 runs.
    assertThat(draws).anyMatch(at -> at.compareTo(ofMinutes(39)) < 0);
    assertThat(draws).anyMatch(at -> at.compareTo(ofMinutes(39)) > 0);
  }

  /** Where numbers are written in digits of their own. */
  @Test
  void explainsInTheSameDigitsWhateverTheLocale() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG"));
    try {
      explainsGoodCredentials();
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void explainsGoodCredentials() {
    source.answers("ASIALONGENOUGH", ofHours(1));
    other.detects(Detection.absent("variable OTHER"));
    RefreshingCredentialsProvider provider = provider();
    time.advance(ofMinutes(10));

    assertThat(provider.explain().toString())
        .isEqualTo(
            """
            Lanyard: AWS credentials of this process
              sources
                1. irsa          CHOSEN    role arn:aws:iam::111122223333:role/scripted
                2. pod-identity  ABSENT    looked for variable OTHER
              now
                from irsa, HEALTHY, access key id ****OUGH
                expiration    2030-01-01T01:00:00Z (in 50 min)
                next exchange 2030-01-01T00:30:00Z (in 20 min)
                exchanges     1 ended, 0 failed since the last good one\
            """);
    assertThat(provider.explain().chosen().orElseThrow().name()).isEqualTo("irsa");
  }

  @Test
  void explainsAFailureWithAWrongClockAndAFallback() {
    time.jumpWallClock(ofHours(2));
    source.does(
        context ->
            ScriptedSource.sessionCredentials("ASIALONGENOUGH", VirtualTime.START.plus(ofHours(1)))
                .answeredAt(VirtualTime.START)
                .build());
    RefreshingCredentialsProvider provider = provider(true);
    source.does(
        context -> {
          throw ExchangeException.builder(FailureKind.MISCONFIGURED, "the token file is gone")
              .remedy("Mount it")
              .build();
        });
    time.advance(ofHours(2));

    assertThat(provider.explain().toString())
        .startsWith(
            """
            Lanyard: AWS credentials of this process
              sources
                1. irsa          CHOSEN    role arn:aws:iam::111122223333:role/scripted
                2. pod-identity  FALLBACK  role arn:aws:iam::111122223333:role/scripted
              now
                from irsa, UNAVAILABLE, access key id ****OUGH
                expiration    2030-01-01T02:59:59.001Z (60 min ago)
            """)
        .contains(
            """

                clock         this machine is 119 min ahead of the source
                last failure  2030-01-01T0\
            """)
        .contains(" ago), irsa, MISCONFIGURED: the token file is gone\n    what to do    Mount it");
  }

  @Test
  void explainsABrokenSourceAndWhatItShadows() {
    source.detects(Found.broken("half configured", "Configure the rest"));
    assertThat(provider().explain().toString())
        .contains(
            "1. irsa          BROKEN    half configured\n       what to do: Configure the rest")
        .contains("2. pod-identity  SHADOWED")
        .contains("from irsa, UNAVAILABLE\n");
    assertThat(provider().explain().chosen().orElseThrow().name()).isEqualTo("irsa");
  }

  @Test
  void explainsThatThereIsNoSource() {
    assertThat(
            new Explanation(
                null, List.of(), List.of(), provider().status(), null, null, time.now()))
        .asString()
        .contains("sources\n    none on the class path\n  now");
    assertThat(
            new Explanation(null, List.of(), List.of(), provider().status(), null, null, time.now())
                .chosen())
        .isEmpty();
  }

  @Test
  void handsOnWhatTheOtherProviderGivesWhereNothingIsConfigured() {
    source.detects(Detection.absent("variable ONE"));
    other.detects(Detection.absent("variable OTHER"));
    RefreshingCredentialsProvider provider = provider();

    assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("LAPTOP");
    assertThat(provider.resolveCredentials(ofHours(1)).accessKeyId()).isEqualTo("LAPTOP");
    assertThat(provider.resolveIdentity().join().accessKeyId()).isEqualTo("LAPTOP");
    assertThat(provider.resolveIdentity(ofHours(1)).join().accessKeyId()).isEqualTo("LAPTOP");
    assertThat(provider.status().usable()).isTrue();
    assertThat(provider.explain().chosen()).isEmpty();
  }

  @Test
  void watchesTheTokenFileOfTheFirstSourceAlsoWithAFallback(
      @org.junit.jupiter.api.io.TempDir java.nio.file.Path directory) throws Exception {
    java.nio.file.Path file = directory.resolve("token");
    source.readsTokenFrom(file).fails(FailureKind.MISCONFIGURED, "no token");
    RefreshingCredentialsProvider provider = provider(true);
    assertThat(provider.status().usable()).isFalse();

    java.nio.file.Files.writeString(file, "token");
    source.answers("A", ofHours(1));
    time.advance(ofSeconds(1));

    assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("A");
  }

  @Test
  void namesEverySourceThatRefused() {
    source.fails(FailureKind.REJECTED, "the role does not trust you");
    other.fails(FailureKind.REJECTED, "no association");
    RefreshingCredentialsProvider provider = provider(true);

    assertThatThrownBy(provider::resolveCredentials)
        .hasMessageContaining("The role does not trust you")
        .satisfies(
            thrown ->
                assertThat(Objects.requireNonNull(thrown.getCause()).getSuppressed())
                    .extracting(Throwable::getMessage)
                    .containsExactly("no association"));
  }
}
