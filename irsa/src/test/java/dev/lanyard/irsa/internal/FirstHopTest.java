package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.diagnosis.Fact;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.irsa.AssumeRoleCredentialsProvider;
import dev.lanyard.irsa.IrsaCredentialsProvider;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.Detection;
import dev.lanyard.spi.ExchangeException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a second role knows of the first one, it knows by facts: no text of ours is read. */
class FirstHopTest {
  private static final RoleArn SECOND = RoleArn.parse(AssumeRoleExchangeTest.ROLE).orElseThrow();
  private static final String FIRST = "arn:aws:iam::111122223333:role/shop/orders";

  private static final Problem PROBLEM =
      Problem.builder("VAULT-042", FailureKind.REJECTED, "the vault is closed")
          .fact("vault", "north")
          .step("Open it")
          .step("Look into it", "vault open VAULT")
          .page("docs/vault.md")
          .build();

  /** What an old reader of texts would have taken for a role, and for a source with tags. */
  private static final Evidence BAIT =
      Evidence.builder()
          .fact("note", "pod-identity (role arn:aws:iam::999988887777:role/bait, cluster pod)")
          .build();

  private static FirstHop hop(RefreshingCredentialsProvider first) {
    return new FirstHop(first, SECOND);
  }

  @Test
  void theRoleIsTheFactOfThatName() {
    Evidence evidence = Evidence.builder().fact("note", "x").fact("role", FIRST).build();

    assertThat(hop(ScriptedFirst.found("irsa", evidence)).roleArn().map(RoleArn::value))
        .contains(FIRST);
  }

  @Test
  void whatAFactSaysIsNoRoleAndNoSource() {
    FirstHop hop = hop(ScriptedFirst.found("scripted", BAIT));

    assertThat(hop.roleArn()).isEmpty();
    assertThat(hop.mayPassTagsAlong()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"orders", "arn:aws:iam::111122223333:user/orders", "pod-identity"})
  void aFactThatIsNotTheArnOfARoleIsNone(String role) {
    Evidence evidence = Evidence.builder().fact("role", role).build();

    assertThat(hop(ScriptedFirst.found("scripted", evidence)).roleArn()).isEmpty();
  }

  @Test
  void aHiddenRoleIsNotKnown() {
    Evidence evidence = Evidence.builder().hidden("role", FIRST).build();

    assertThat(hop(ScriptedFirst.found("scripted", evidence)).roleArn()).isEmpty();
  }

  @Test
  void sessionsOfPodIdentityPassTagsAlong() {
    assertThat(hop(ScriptedFirst.found("pod-identity", BAIT)).mayPassTagsAlong()).isTrue();
    assertThat(hop(ScriptedFirst.found("pod-identity-2", BAIT)).mayPassTagsAlong()).isFalse();
  }

  @Test
  void inAChainTheRoleIsOfTheNearestHopAndTheTagsOfAny() {
    AssumeRoleCredentialsProvider second =
        chained(ScriptedFirst.found("pod-identity", BAIT), AssumeRoleExchangeTest.ROLE);
    AssumeRoleCredentialsProvider third = chained(second, FIRST);

    assertThat(hop(second).roleArn().map(RoleArn::value)).contains(AssumeRoleExchangeTest.ROLE);
    assertThat(hop(second).mayPassTagsAlong()).isTrue();
    assertThat(hop(third).roleArn().map(RoleArn::value)).contains(FIRST);
    assertThat(hop(third).mayPassTagsAlong()).isTrue();
  }

  @Test
  void aChainWithoutPodIdentityPassesNoTagsAlongWhateverItsFactsSay() {
    AssumeRoleCredentialsProvider second =
        chained(ScriptedFirst.found("scripted", BAIT), AssumeRoleExchangeTest.ROLE);

    assertThat(hop(second).mayPassTagsAlong()).isFalse();
    assertThat(hop(chained(second, FIRST)).mayPassTagsAlong()).isFalse();
  }

  @Test
  void theEvidenceOfAChainIsThatOfBothHops() {
    Evidence first = Evidence.builder().fact("role", FIRST).hidden("password", "p").build();

    Evidence evidence =
        evidence(
            ScriptedFirst.found("irsa", first),
            new AssumeRoleOptions(
                SECOND,
                Optional.of("contract-17"),
                Map.of("team", "a-value"),
                List.of("team"),
                Optional.of("ada"),
                SessionOptions.NONE));

    assertThat(evidence.facts())
        .extracting(Fact::name)
        .containsExactly(
            "role",
            "session name",
            "external id",
            "session tags",
            "session tag",
            "transitive tag keys",
            "source identity",
            "STS region");
    assertThat(evidence.fact("role")).contains(AssumeRoleExchangeTest.ROLE);
    assertThat(evidence.fact("session tags")).contains("team");
    assertThat(evidence.fact("session tag")).as("its value is hidden").isEmpty();
    assertThat(evidence.toString()).doesNotContain("a-value");
    assertThat(evidence.basis().orElseThrow().facts())
        .extracting(Fact::toString)
        .containsExactly("source irsa", "role " + FIRST, "password");
    assertThat(evidence.isComparable()).isFalse();
    assertThat(evidence.facts().get(evidence.facts().size() - 1).origin())
        .contains("environment variable AWS_REGION");
  }

  @Test
  void aFirstHopThatIsBrokenHasANameAndNoEvidence() {
    RefreshingCredentialsProvider broken = broken();

    Evidence evidence = evidence(broken, AssumeRoleExchangeTest.options());

    assertThat(evidence.basis().orElseThrow().facts())
        .extracting(Fact::toString)
        .containsExactly("source irsa");
    assertThat(hop(broken).roleArn()).isEmpty();
  }

  @Test
  void aFailureOfTheFirstHopKeepsAllButItsWords() {
    ExchangeException e = failure(failing());

    assertIsOf(e, "the first hop, scripted, gives no credentials to assume role " + SECOND);
    assertThat(e.getMessage()).endsWith(" with: the vault is closed");
  }

  @Test
  void andSoItDoesThroughALongerChain() {
    ExchangeException e = failure(chained(failing(), FIRST));

    assertIsOf(
        e,
        "the first hop, assume-role, gives no credentials to assume role "
            + SECOND
            + " with: the first hop, scripted, gives no credentials to assume role "
            + FIRST
            + " with: the vault is closed");
  }

  private static void assertIsOf(ExchangeException e, String message) {
    assertThat(e).hasMessageStartingWith(message);
    assertThat(e.problem())
        .isEqualTo(PROBLEM.toBuilder().summary(String.valueOf(e.getMessage())).build());
    assertThat(e.code()).contains("Closed");
    assertThat(e.status()).hasValue(423);
    assertThat(e.requestId()).contains("request-1");
    assertThat(e.retryAfter()).contains(Duration.ofSeconds(7));
  }

  @Test
  void aBrokenFirstHopKeepsItsId() {
    ExchangeException e = failure(broken());

    assertThat(e.problem().id()).isEqualTo("IRSA-001");
    assertThat(e.problem().fact("setting")).contains("environment variable AWS_ROLE_ARN");
    assertThat(e.problem().kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(e).hasMessageStartingWith("the first hop, irsa, gives no credentials");
  }

  private static ScriptedFirst failing() {
    return ScriptedFirst.of(
        context -> {
          throw ExchangeException.builder(PROBLEM)
              .code("Closed")
              .status(423)
              .requestId("request-1")
              .retryAfter(Duration.ofSeconds(7))
              .build();
        });
  }

  private static RefreshingCredentialsProvider broken() {
    return IrsaCredentialsProvider.builder()
        .environment(Environment.of(Map.of("AWS_ROLE_ARN", FIRST)))
        .build();
  }

  private static Environment environment() {
    return Environment.of(Map.of("AWS_REGION", "eu-west-1"));
  }

  /** Its own exchange fails where nobody listens, which does not matter here. */
  private static AssumeRoleCredentialsProvider chained(
      RefreshingCredentialsProvider first, String role) {
    return AssumeRoleCredentialsProvider.builder(first, role)
        .environment(environment())
        .endpoint(URI.create("http://127.0.0.1:1"))
        .build();
  }

  private static Evidence evidence(RefreshingCredentialsProvider first, AssumeRoleOptions options) {
    return assertThat(new AssumeRoleSource(first, options).detect(environment()))
        .asInstanceOf(type(Detection.Present.class))
        .actual()
        .evidence();
  }

  private static ExchangeException failure(RefreshingCredentialsProvider first) {
    return Objects.requireNonNull(
        catchThrowableOfType(
            ExchangeException.class,
            () ->
                AssumeRoleExchangeTest.exchange(first, environment()).exchange(new TestContext())));
  }
}
