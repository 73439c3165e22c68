package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lanyard.CredentialsStatus;
import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.EksCredentialsProvider;
import dev.lanyard.Explanation;
import dev.lanyard.RefreshPolicy;
import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.irsa.AssumeRoleCredentialsProvider;
import dev.lanyard.irsa.IrsaCredentialsProvider;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.IssuedCredentials;
import dev.lanyard.testing.LoggedRequest;
import dev.lanyard.testing.TrustPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;

/** Role chaining as an application uses it, at an STS that checks what it gets. */
class AssumeRoleCredentialsProviderTest {
  private static final String PARTNER = "444455556666";
  private static final String EXTERNAL_ID = "contract-17";

  private final FakeEks eks = FakeEks.start();
  private final String first =
      eks.role("shop/orders", TrustPolicy.forServiceAccount(eks, "shop", "orders"));
  private final String second = "arn:aws:iam::" + PARTNER + ":role/team/partner";
  private final FakePod pod = eks.pod("shop", "orders").irsa(first);

  @AfterEach
  void stopCluster() {
    eks.close();
  }

  @Test
  void aRoleOfAnotherAccountThatTrustsTheFirstGivesItsCredentials() {
    admit(TrustPolicy.forRole(first, EXTERNAL_ID));

    AwsCredentials credentials = chained(b -> b.externalId(EXTERNAL_ID)).resolveCredentials();

    IssuedCredentials issued = issued(credentials);
    assertThat(issued.assumedRoleArn())
        .startsWith("arn:aws:sts::" + PARTNER + ":assumed-role/partner/");
    assertThat(credentials.accountId()).contains(PARTNER);
    assertThat(credentials.expirationTime()).contains(issued.expiration());
    assertThat(credentials.providerName()).contains("Lanyard");
    assertThat(eks.sts().log())
        .extracting(LoggedRequest::operation)
        .containsExactly("AssumeRoleWithWebIdentity", "AssumeRole");
  }

  @Test
  void theDetectingProviderAndAThirdRoleWorkToo() {
    admit(TrustPolicy.forRole(first));
    String third = eks.role("third", TrustPolicy.forRole(second));
    EksCredentialsProvider detecting =
        EksCredentialsProvider.builder().environment(pod.environment()).build();

    AwsCredentials credentials =
        AssumeRoleCredentialsProvider.builder(builder(detecting, second).build(), third)
            .environment(pod.environment())
            .sessionName("third")
            .build()
            .resolveCredentials();

    assertThat(issued(credentials).assumedRoleArn()).endsWith(":assumed-role/third/third");
  }

  @Test
  void allThatTheBuilderSaysIsSent() {
    admit(trust("\"sts:*\""));

    AwsCredentials credentials =
        chained(
                b ->
                    b.sessionName("nightly")
                        .sessionTag("Team", "orders")
                        .sessionTag("shift", "night")
                        .transitiveTagKeys("team")
                        .sourceIdentity("ada@example.com")
                        .duration(Duration.ofMinutes(15))
                        .policy("{\"Version\":\"2012-10-17\"}")
                        .policyArns("arn:aws:iam::aws:policy/One"))
            .resolveCredentials();

    IssuedCredentials issued = issued(credentials);
    assertThat(issued.assumedRoleArn()).endsWith("/nightly");
    assertThat(issued.sessionTags()).isEqualTo(Map.of("Team", "orders", "shift", "night"));
    assertThat(issued.transitiveTags()).isEqualTo(Map.of("Team", "orders"));
    assertThat(issued.sourceIdentity()).contains("ada@example.com");
    assertThat(issued.expiration())
        .isBefore(issued(provider().resolveCredentials()).expiration().minusSeconds(60));
  }

  @Test
  void listsThatAreSetAgainReplaceTheOnesBefore() {
    admit(trust("\"sts:*\""));

    AwsCredentials credentials =
        chained(
                b ->
                    b.sessionTag("team", "orders")
                        .sessionTag("shift", "night")
                        .transitiveTagKeys("team", "never-a-tag")
                        .transitiveTagKeys("shift")
                        .policyArns("arn:aws:iam::aws:policy/One")
                        .policyArns())
            .resolveCredentials();

    assertThat(issued(credentials).sessionTags())
        .isEqualTo(Map.of("team", "orders", "shift", "night"));
    assertThat(issued(credentials).transitiveTags()).isEqualTo(Map.of("shift", "night"));
  }

  @Test
  void theDefaultSessionNameIsThePods() {
    admit(TrustPolicy.forRole(first));

    assertThat(issued(chained(b -> {}).resolveCredentials()).assumedRoleArn())
        .contains(":assumed-role/partner/" + pod.name() + "-");
  }

  @Test
  void theExplanationAndTheStatusShowBothHops() {
    admit(TrustPolicy.forRole(first, EXTERNAL_ID));
    AssumeRoleCredentialsProvider provider =
        chained(b -> b.externalId(EXTERNAL_ID).sessionTag("team", "a-value"));
    provider.resolveCredentials();

    Explanation explanation = provider.explain();

    assertThat(explanation.chosen())
        .hasValueSatisfying(
            source -> {
              assertThat(source.name()).isEqualTo("assume-role");
              assertThat(source.evidence().orElseThrow().toString())
                  .contains("role " + second)
                  .contains("external id " + EXTERNAL_ID)
                  .contains("session tags team")
                  .contains("with the credentials of irsa (role " + first);
            });
    assertThat(explanation.toString()).doesNotContain("a-value");
    assertThat(provider.status().source()).isEqualTo("assume-role");
    assertThat(provider.status().health()).isEqualTo(CredentialsStatus.Health.HEALTHY);
  }

  @Test
  void aRefusalNamesBothRolesAndWhatBothSidesNeed() {
    admit(TrustPolicy.forRole("arn:aws:iam::111122223333:role/billing"));

    CredentialsUnavailableException e =
        refused(chained(b -> b.externalId(EXTERNAL_ID).sessionTag("team", "a-value")));

    assertThat(e.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(e)
        .hasMessageContaining(
            "STS refused to let role " + first + " (irsa) assume role " + second + ": User: ")
        .hasMessageContaining("403 AccessDenied")
        .hasMessageContaining(
            "The identity policies of "
                + first
                + " have to allow sts:AssumeRole, sts:TagSession on "
                + second)
        .hasMessageContaining("\"sts:ExternalId\": \"" + EXTERNAL_ID + "\"");
    Problem problem = e.status().lastFailure().orElseThrow().problem();
    assertThat(problem.id()).isEqualTo("ROLE-001");
    assertThat(problem.fact("role")).contains(second);
    assertThat(problem.fact("first role")).contains(first);
    assertThat(problem.facts().toString()).doesNotContain("a-value");
    assertThat(String.valueOf(e.getMessage())).doesNotContain("a-value");
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "id", "tag", "who", "all"})
  void theStatementsThatARefusalPrintsAdmitTheFirstRole(String asked) {
    Consumer<AssumeRoleCredentialsProvider.Builder> change =
        b -> {
          if (asked.equals("id") || asked.equals("all")) {
            b.externalId(EXTERNAL_ID);
          }
          if (asked.equals("tag") || asked.equals("all")) {
            b.sessionTag("team", "orders");
          }
          if (asked.equals("who") || asked.equals("all")) {
            b.sourceIdentity("ada");
          }
        };
    String text = String.valueOf(refused(chained(change)).getMessage());
    String statements = text.substring(text.indexOf("{\n"), text.lastIndexOf("\n}") + 2);

    admit(TrustPolicy.of("{\"Statement\": [" + statements + "]}"));

    assertThat(issued(chained(change).resolveCredentials()).accountId()).isEqualTo(PARTNER);
  }

  @Test
  void aRefusalOfTheFirstHopSaysThatItIsTheFirst() {
    FakePod stranger = eks.pod("shop", "billing").irsa(first);

    CredentialsUnavailableException e =
        refused(
            builder(
                    IrsaCredentialsProvider.builder().environment(stranger.environment()).build(),
                    second)
                .build());

    assertThat(e.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(e)
        .hasMessageContaining(
            "The first hop, irsa, gives no credentials to assume role "
                + second
                + " with: STS refused to let this pod assume role "
                + first)
        .hasMessageContaining("system:serviceaccount:shop:billing");
    assertThat(e.status().lastFailure())
        .hasValueSatisfying(
            failure -> {
              assertThat(failure.code()).contains("AccessDenied");
              assertThat(failure.requestId()).isPresent();
              assertThat(failure.status()).hasValue(403);
              assertThat(failure.problem().id()).isEqualTo("IRSA-003");
              assertThat(failure.problem().fact("role")).contains(first);
              assertThat(failure.problem().fact("subject"))
                  .contains("system:serviceaccount:shop:billing");
              assertThat(failure.remedy()).isPresent();
            });
    assertThat(eks.sts().log()).extracting(LoggedRequest::operation).doesNotContain("AssumeRole");
  }

  @Test
  void aMisconfigurationOfTheFirstHopIsOneOfTheChain() throws IOException {
    Files.delete(pod.webIdentityTokenFile());

    CredentialsUnavailableException e = refused(chained(b -> {}));

    assertThat(e.kind()).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(e)
        .hasMessageContaining("The first hop, irsa")
        .hasMessageContaining("does not exist");
    assertThat(e.status().lastFailure().orElseThrow().problem().id()).isEqualTo("TOK-001");
  }

  @Test
  void anOutageOfTheFirstHopIsTransientAndPasses() {
    admit(TrustPolicy.forRole(first));
    eks.sts().throttle(1);

    assertThat(issued(chained(b -> {}).resolveCredentials()).accountId()).isEqualTo(PARTNER);
  }

  @Test
  void aSessionThatIsTooLongForAChainIsRefusedBeforeAnythingIsSent() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder(provider(), second).duration(Duration.ofMinutes(61)))
        .withMessageContaining("from 900 to 3600")
        .withMessageContaining("chained");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder(provider(), second).duration(Duration.ofSeconds(899)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder(provider(), second).duration(Duration.ofMillis(900_001)));
    builder(provider(), second).duration(Duration.ofHours(1)).duration(Duration.ofMinutes(15));
  }

  @Test
  void credentialsWithEnoughLifeAreGivenAndNoMoreThanThereIs() {
    admit(TrustPolicy.forRole(first));
    AssumeRoleCredentialsProvider provider = chained(b -> {});

    assertThat(issued(provider.resolveCredentials(Duration.ofMinutes(50))).accountId())
        .isEqualTo(PARTNER);
    assertThat(
            catchThrowableOfType(
                CredentialsUnavailableException.class,
                () -> provider.resolveCredentials(Duration.ofMinutes(61))))
        .hasMessageContaining("were asked for");
  }

  @Test
  void theApplicationsOwnClientSignsWithTheFirstCredentialsWhateverItsOwnAre() {
    admit(TrustPolicy.forRole(first));
    try (StsClient client =
        StsClient.builder()
            .region(Region.EU_WEST_1)
            .endpointOverride(eks.sts().endpoint())
            .credentialsProvider(AnonymousCredentialsProvider.create())
            .build()) {
      for (int i = 0; i < 2; i++) {
        AssumeRoleCredentialsProvider provider = chained(b -> b.stsClient(client));
        assertThat(issued(provider.resolveCredentials()).accountId()).isEqualTo(PARTNER);
        assertThat(provider.explain().toString()).contains("STS client the application's own");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "with blank", "semi;colon", ""})
  void anExternalIdThatStsWouldNotTakeIsRefused(String value) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder(provider(), second).externalId(value))
        .withMessageContaining("the external id must be 2 to 1224 characters");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "with blank", "with:colon", "with/slash", "aws:me", "AWS:me"})
  void aSourceIdentityThatStsWouldNotTakeIsRefused(String value) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder(provider(), second).sourceIdentity(value))
        .withMessageStartingWith("the source identity must");
  }

  @ParameterizedTest
  @CsvSource({"'', v", "a%b, v", "aws:team, v", "team, a%b", "team, 'a\nb'"})
  void aSessionTagThatStsWouldNotTakeIsRefused(String key, String value) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder(provider(), second).sessionTag(key, value))
        .withMessageContaining("session tag");
  }

  @Test
  void theLengthsThatStsTakesAreTaken() {
    AssumeRoleCredentialsProvider.Builder builder = builder(provider(), second);
    builder
        .externalId("x".repeat(1224))
        .sourceIdentity("x".repeat(64))
        .sessionName("x".repeat(64))
        .sessionTag("k".repeat(128), "v".repeat(256))
        .sessionTag("größe", "");
    assertThatIllegalArgumentException().isThrownBy(() -> builder.externalId("x".repeat(1225)));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.sourceIdentity("x".repeat(65)));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.sessionName("x".repeat(65)));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.sessionTag("k".repeat(129), "v"));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.sessionTag("k", "v".repeat(257)));
  }

  @Test
  void fiftyTagsAreTakenAndKeysThatDifferInCaseAloneAreOne() {
    AssumeRoleCredentialsProvider.Builder builder = builder(provider(), second);
    for (int i = 0; i < 50; i++) {
      builder.sessionTag("key" + i, "v");
    }
    builder.sessionTag("KEY0", "w");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.sessionTag("key50", "v"))
        .withMessageContaining("up to 50");
  }

  @Test
  void noTransitiveKeysReplaceTheOnesBefore() {
    builder(provider(), second).transitiveTagKeys("team").transitiveTagKeys().build();
  }

  @Test
  void aTransitiveKeyIsThatOfATag() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder(provider(), second).transitiveTagKeys("team").build())
        .withMessageContaining("has to be the key of a session tag: team");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "partner",
        "arn:aws:sts::444455556666:assumed-role/partner/me",
        "arn:aws:iam::444455556666:user/ada"
      })
  void whatIsNotARoleIsRefused(String arn) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> AssumeRoleCredentialsProvider.builder(provider(), arn))
        .withMessageStartingWith("the role ARN ");
  }

  private void admit(TrustPolicy... trust) {
    assertThat(eks.roleIn(PARTNER, "team/partner", trust)).isEqualTo(second);
  }

  private TrustPolicy trust(String actions) {
    return TrustPolicy.of(
        "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \""
            + first
            + "\"}, \"Action\": "
            + actions
            + "}}");
  }

  private IrsaCredentialsProvider provider() {
    return IrsaCredentialsProvider.builder().environment(pod.environment()).build();
  }

  private AssumeRoleCredentialsProvider.Builder builder(
      RefreshingCredentialsProvider from, String role) {
    return AssumeRoleCredentialsProvider.builder(from, role)
        .environment(pod.environment())
        .refreshPolicy(RefreshPolicy.defaults());
  }

  private AssumeRoleCredentialsProvider chained(
      Consumer<AssumeRoleCredentialsProvider.Builder> change) {
    AssumeRoleCredentialsProvider.Builder builder = builder(provider(), second);
    change.accept(builder);
    return builder.build();
  }

  private IssuedCredentials issued(AwsCredentials credentials) {
    return eks.issued(credentials.accessKeyId()).orElseThrow();
  }

  private static CredentialsUnavailableException refused(RefreshingCredentialsProvider provider) {
    return Objects.requireNonNull(
        catchThrowableOfType(CredentialsUnavailableException.class, provider::resolveCredentials));
  }
}
