package dev.lanyard.samples.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lanyard.CredentialsStatus;
import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.RefreshPolicy;
import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.irsa.IrsaCredentialsProvider;
import dev.lanyard.podidentity.PodIdentityCredentialsProvider;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.FakeService;
import dev.lanyard.testing.TestTime;
import dev.lanyard.testing.TrustPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/** Lanyard does in each of the SDKs' refresh cases what the case says of it. */
class RefreshCasesTest {
  private static final int CASES = 24;
  private static final Duration LIFETIME = Duration.ofHours(1);

  private static final Path DOCUMENT =
      Objects.requireNonNull(Path.of("").toAbsolutePath().getParent())
          .resolveSibling("docs/refresh-cases.md");

  private static final String BEGIN =
      "<!-- The table is written by the tests of samples/conformance. -->\n";
  private static final String END = "<!-- The end of the table. -->\n";

  static List<RefreshCase> cases() {
    return RefreshCase.all();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void aCallerFaresAsTheCaseSays(RefreshCase one) {
    try (Play play = new Play(one)) {
      play.steps();
    }
  }

  @Test
  void allAreThere() {
    assertThat(cases())
        .extracting(RefreshCase::number)
        .containsExactlyElementsOf(IntStream.rangeClosed(1, CASES).boxed().toList());
  }

  @Test
  void eachThatDiffersSaysWhy() {
    assertThat(cases())
        .allSatisfy(
            one -> assertThat(one.why().isBlank()).as(one.toString()).isEqualTo(!one.differs()));
  }

  /** Write the table anew with -Ddifferences.write=true. */
  @Test
  void theDocumentHoldsTheTableOfTheCases() throws IOException {
    String table =
        "| # | Case | What happens | The AWS SDKs give | Lanyard gives | Why otherwise |\n"
            + "| --- | --- | --- | --- | --- | --- |\n"
            + cases().stream().map(RefreshCase::row).collect(Collectors.joining("\n"))
            + "\n";
    String document = Files.readString(DOCUMENT);
    int from = document.indexOf(BEGIN) + BEGIN.length();
    int to = document.indexOf(END);
    if (Boolean.getBoolean("differences.write")) {
      Files.writeString(DOCUMENT, document.substring(0, from) + table + document.substring(to));
      return;
    }

    assertThat(document.substring(from, to)).isEqualTo(table);
  }

  /** One case against a fake cluster, by the same time for both. */
  private static final class Play implements AutoCloseable {
    private final RefreshCase one;
    private final TestTime time = TestTime.create();
    private final FakeEks eks = FakeEks.builder().clock(time).start();
    private final boolean byAgent;
    private final FakeService source;
    private final RefreshingCredentialsProvider provider;

    /** What the caller got last. */
    private @Nullable AwsCredentialsIdentity held;

    private @Nullable CompletableFuture<AwsCredentialsIdentity> caller;
    private int requestsBefore;

    Play(RefreshCase one) {
      this.one = one;
      this.byAgent = one.through().equals("pod-identity");
      this.source = byAgent ? eks.agent() : eks.sts();
      RefreshCase.Step first = one.steps().get(0);
      boolean none = one.given().equals("none");
      source.letCredentialsLast(LIFETIME);
      if (none) {
        prepare(first);
      }
      this.provider = provider();
      time.awaitIdle();
      if (!none) {
        held = provider.resolveCredentials();
        prepare(first);
        Duration until =
            Duration.ofSeconds(
                switch (one.given()) {
                  case "valid" -> 1_000;
                  case "advisory" -> 3_000;
                  case "mandatory" -> 3_550;
                  case "expired" -> 3_700;
                  default -> throw new IllegalArgumentException(one.given());
                });
        if (one.asleep()) {
          time.skip(until);
        } else {
          time.advance(until);
        }
      }
    }

    private RefreshingCredentialsProvider provider() {
      RefreshPolicy policy = RefreshPolicy.defaults();
      if (!one.refreshWindow().isEmpty()) {
        policy = policy.withRefreshWindow(one.refreshWindow().get(0), one.refreshWindow().get(1));
      }
      FakePod pod = eks.pod("shop", "orders");
      if (byAgent) {
        String role = eks.role("orders-role", TrustPolicy.forPodIdentity());
        eks.associate("shop", "orders", role);
        return PodIdentityCredentialsProvider.builder()
            .environment(pod.podIdentity().environment())
            .refreshPolicy(policy)
            .time(time)
            .build();
      }
      String role = eks.role("orders-role", TrustPolicy.forServiceAccount(eks, "shop", "orders"));
      return IrsaCredentialsProvider.builder()
          .environment(pod.irsa(role).environment())
          .refreshPolicy(policy)
          .time(time)
          .build();
    }

    private void prepare(RefreshCase.Step step) {
      if (step.source() == null) {
        return;
      }
      source.recover();
      switch (step.source()) {
        case "gives" -> {
          if (step.lifetime() != null) {
            source.letCredentialsLast(Duration.ofSeconds(step.lifetime()));
            eks.agent().forget();
          }
        }
        case "gives expired" -> source.issueExpiredCredentials();
        case "fails" -> source.answerWithError(503, "ServiceUnavailable", "Try again.");
        case "refuses" ->
            source.answerWithError(
                403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
        default -> throw new IllegalArgumentException(step.source());
      }
    }

    void steps() {
      requestsBefore = source.requests();
      for (RefreshCase.Step step : one.steps()) {
        if (step.meanwhile()) {
          prepare(step);
        }
        if (step.after() > 0) {
          time.advance(Duration.ofSeconds(step.after()));
        }
        if (!step.meanwhile()) {
          prepare(step);
        }
        if (step.invalidate() != null) {
          var unused =
              provider.invalidate(
                  step.invalidate().equals("held")
                      ? Objects.requireNonNull(held)
                      : AwsSessionCredentials.create("ASIAANOTHER", "secret", "token"));
          time.awaitIdle();
        }
        check(step.lanyard());
      }
    }

    private void check(RefreshCase.Outcome expected) {
      int made = source.requests() - requestsBefore;
      if (expected.within() > 0) {
        time.advance(Duration.ofSeconds(expected.within()));
      }
      int before = source.requests();
      CompletableFuture<AwsCredentialsIdentity> asking =
          caller == null ? provider.resolveIdentity() : caller;
      time.awaitIdle();
      if (expected.asks() != null) {
        assertThat(source.requests() > before)
            .as("%s: an exchange", one)
            .isEqualTo(expected.asks());
      }
      if (!expected.attempts().isEmpty()) {
        assertThat(made)
            .as("%s: attempts", one)
            .isBetween(expected.attempts().get(0), expected.attempts().get(1));
      }
      requestsBefore = source.requests();
      caller = asking.isDone() ? null : asking;
      assertThat(fate(asking)).as(one.toString()).isEqualTo(expected.gives());
      CredentialsStatus status = provider.status();
      if (expected.health() != null) {
        assertThat(status.health()).as(one.toString()).hasToString(expected.health());
      }
      if (!expected.window().isEmpty()) {
        Instant end = status.expiration().orElseThrow();
        assertThat(Duration.between(status.nextRefresh().orElseThrow(), end).toSeconds())
            .as("%s: the next refresh, in seconds before the end", one)
            .isBetween((long) expected.window().get(0), (long) expected.window().get(1));
      }
    }

    /** In the words of the cases. Nobody is ever given what has expired. */
    private String fate(CompletableFuture<AwsCredentialsIdentity> asking) {
      if (!asking.isDone()) {
        return "waits";
      }
      try {
        AwsCredentialsIdentity given = asking.join();
        assertThat(given.expirationTime())
            .hasValueSatisfying(end -> assertThat(end).isAfter(now()));
        boolean known = held != null && held.accessKeyId().equals(given.accessKeyId());
        held = given;
        return known ? "held" : "new";
      } catch (CompletionException e) {
        assertThat(e).hasCauseInstanceOf(CredentialsUnavailableException.class);
        CredentialsUnavailableException cause = (CredentialsUnavailableException) e.getCause();
        if (cause.kind() == FailureKind.REJECTED) {
          return "refusal";
        }
        if (held != null) {
          assertThat(cause).hasMessageContaining("expired");
        }
        return "nothing";
      }
    }

    private Instant now() {
      return time.instant();
    }

    @Override
    public void close() {
      eks.close();
    }
  }
}
