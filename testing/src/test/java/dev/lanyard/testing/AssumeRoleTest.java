package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.UncheckedIOException;
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
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.auth.StsAssumeRoleCredentialsProvider;
import software.amazon.awssdk.services.sts.model.AssumeRoleRequest;
import software.amazon.awssdk.services.sts.model.AssumeRoleResponse;
import software.amazon.awssdk.services.sts.model.StsException;
import software.amazon.awssdk.services.sts.model.Tag;

/** Role chaining, as the AWS SDK for Java asks for it. */
class AssumeRoleTest {
  private static final String PARTNER = "444455556666";

  private final TestClock clock = new TestClock();
  private final FakeEks eks = FakeEks.builder().clock(clock).start();
  private final String first =
      eks.role(
          "shop/orders",
          TrustPolicy.forServiceAccount(eks, "shop", "orders"),
          TrustPolicy.forPodIdentity());
  private final String second = "arn:aws:iam::" + PARTNER + ":role/partner";

  @AfterEach
  void stop() {
    eks.close();
  }

  @Test
  void theSdksOwnProviderGetsCredentialsOfAnotherAccount() {
    admit(TrustPolicy.forRole(first, "contract-17"));

    try (StsClient client = client(irsa());
        StsAssumeRoleCredentialsProvider provider =
            StsAssumeRoleCredentialsProvider.builder()
                .stsClient(client)
                .refreshRequest(
                    request ->
                        request
                            .roleArn(second)
                            .roleSessionName("orders-7d9f")
                            .externalId("contract-17")
                            .durationSeconds(3600))
                .build()) {
      AwsCredentials credentials = provider.resolveCredentials();

      assertThat(credentials.accountId()).contains(PARTNER);
      assertThat(credentials.expirationTime()).contains(clock.instant().plus(Duration.ofHours(1)));
      try (StsClient asPartner = client(provider)) {
        assertThat(asPartner.getCallerIdentity().arn())
            .isEqualTo("arn:aws:sts::" + PARTNER + ":assumed-role/partner/orders-7d9f");
      }
    }
    assertThat(eks.sts().log())
        .extracting(LoggedRequest::operation)
        .containsExactly("AssumeRoleWithWebIdentity", "AssumeRole", "GetCallerIdentity");
    assertThat(eks.sts().exchanges()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "arn:aws:iam::111122223333:role/shop/orders",
        "arn:aws:iam::111122223333:root",
        "111122223333",
        "arn:aws:sts::111122223333:assumed-role/orders/first",
        "*"
      })
  void aCallerIsKnownByItsRoleItsAccountAndItsSession(String principal) {
    admit(TrustPolicy.forRole(principal));

    assertThat(assume(irsa(), request -> {}).assumedRoleUser().arn())
        .isEqualTo("arn:aws:sts::" + PARTNER + ":assumed-role/partner/second");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "arn:aws:iam::111122223333:role/orders",
        "arn:aws:iam::111122223333:role/shop/*",
        "arn:aws:iam::" + PARTNER + ":root",
        "arn:aws:sts::111122223333:assumed-role/orders/another"
      })
  void anybodyElseIsRefusedInTheWordsOfTheRealOne(String principal) {
    admit(TrustPolicy.forRole(principal));

    StsException e = refused(irsa(), request -> {});

    assertThat(e.statusCode()).isEqualTo(403);
    assertThat(e.awsErrorDetails().errorCode()).isEqualTo("AccessDenied");
    assertThat(e.awsErrorDetails().errorMessage())
        .isEqualTo(
            "User: arn:aws:sts::111122223333:assumed-role/orders/first is not authorized to"
                + " perform: sts:AssumeRole on resource: "
                + second);
  }

  @Test
  void aRoleThatIsMissingLooksLikeOneThatDoesNotTrustTheCaller() {
    assertThat(refused(irsa(), request -> {}).awsErrorDetails().errorCode())
        .isEqualTo("AccessDenied");
  }

  @Test
  void aDenyOfTheSessionWinsOverAnAllowOfTheRole() {
    admit(
        TrustPolicy.forRole(first),
        TrustPolicy.of(
            """
            {"Statement": [{"Effect": "Deny", "Action": "sts:AssumeRole",
              "Principal": {"AWS": "arn:aws:sts::111122223333:assumed-role/orders/first"}}]}
            """));

    assertThat(refused(irsa(), request -> {}).statusCode()).isEqualTo(403);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "contract-18", "CONTRACT-17"})
  void theExternalIdHasToBeTheOneOfTheTrustPolicy(String externalId) {
    admit(TrustPolicy.forRole(first, "contract-17"));

    StsException e =
        refused(irsa(), request -> request.externalId(externalId.isEmpty() ? null : externalId));

    assertThat(e.awsErrorDetails().errorCode()).isEqualTo("AccessDenied");
    // What the policy wants is the test's own; what the client sent is not repeated.
    assertThat(eks.sts().log().get(1).reason())
        .contains(
            "statement 1 wants StringEquals sts:ExternalId \"contract-17\", and "
                + (externalId.isEmpty() ? "the request has no such key" : "it is something else"));
  }

  @Test
  void tagsNeedAPermissionOfTheirOwn() {
    admit(trust("\"sts:AssumeRole\"", ""));
    assertThat(assume(irsa(), request -> {}).credentials()).isNotNull();

    assertThat(refused(irsa(), tagged("team", "orders")))
        .hasMessageContaining("is not authorized to perform: sts:TagSession on resource: ");

    admit(
        trust(
            "[\"sts:AssumeRole\", \"sts:TagSession\"]",
            ", \"Condition\": {\"StringEquals\": {\"aws:RequestTag/team\": \"orders\"}}"));
    assertThat(issued(assume(irsa(), tagged("team", "orders"))).sessionTags())
        .isEqualTo(Map.of("team", "orders"));
    assertThat(refused(irsa(), tagged("team", "billing")).statusCode()).isEqualTo(403);
  }

  @Test
  void transitiveTagsGoAlongAndOthersDoNot() {
    admit(TrustPolicy.forRole(first));
    String third = eks.role("third", TrustPolicy.forRole(second));
    AwsCredentialsProvider held =
        provider(
            issued(
                assume(
                    irsa(),
                    request ->
                        request
                            .tags(tag("Team", "orders"), tag("shift", "night"))
                            .transitiveTagKeys("team"))));

    IssuedCredentials last = issued(assume(held, request -> request.roleArn(third)));

    assertThat(last.sessionTags()).isEqualTo(Map.of("Team", "orders"));
    assertThat(last.transitiveTags()).isEqualTo(Map.of("Team", "orders"));
    StsException e = refused(held, request -> request.roleArn(third).tags(tag("TEAM", "billing")));
    assertThat(e.awsErrorDetails().errorCode()).isEqualTo("InvalidParameterValue");
    assertThat(e).hasMessageContaining("conflicts with a transitive tag key");
  }

  @Test
  void theTagsOfPodIdentityGoAlongAndNeedThePermission() {
    admit(trust("\"sts:AssumeRole\"", ""));

    assertThat(refused(podIdentity(), request -> {}))
        .hasMessageContaining("is not authorized to perform: sts:TagSession");

    admit(TrustPolicy.forRole(first));
    assertThat(issued(assume(podIdentity(), request -> {})).sessionTags())
        .containsEntry("kubernetes-namespace", "shop")
        .hasSize(6);
  }

  @Test
  void theTagsOfPodIdentityLeaveLessRoomForASessionPolicy() {
    admit(TrustPolicy.forRole(first));
    String policy = "{\"Statement\":[],\"Id\":\"" + "x".repeat(1900) + "\"}";

    assertThat(refused(podIdentity(), request -> request.policy(policy)).awsErrorDetails())
        .satisfies(details -> assertThat(details.errorCode()).isEqualTo("PackedPolicyTooLarge"));
    eks.associate("shop", "orders", first).disableSessionTags();
    eks.agent().forget();
    IssuedCredentials untagged =
        eks.issued(Pods.ask(eks, eks.pod("shop", "orders").podIdentity()).field("AccessKeyId"))
            .orElseThrow();
    assertThat(issued(assume(provider(untagged), request -> request.policy(policy))).sessionTags())
        .isEmpty();
  }

  @Test
  void theSourceIdentityNeedsAPermissionAndIsSetForGood() {
    admit(TrustPolicy.forRole(first));
    assertThat(refused(irsa(), request -> request.sourceIdentity("ada")))
        .hasMessageContaining("is not authorized to perform: sts:SetSourceIdentity");

    admit(trust("\"sts:*\"", ""));
    AssumeRoleResponse answer = assume(irsa(), request -> request.sourceIdentity("ada"));
    assertThat(answer.sourceIdentity()).isEqualTo("ada");

    String third =
        eks.role("third", TrustPolicy.of(trust("\"sts:*\"", "").json().replace(first, second)));
    AwsCredentialsProvider held = provider(issued(answer));
    assertThat(assume(held, request -> request.roleArn(third)).sourceIdentity()).isEqualTo("ada");
    assertThat(refused(held, request -> request.roleArn(third).sourceIdentity("bob")))
        .hasMessageContaining("source identity is already set");
  }

  @Test
  void aChainedSessionLastsAnHourAtMost() {
    admit(TrustPolicy.forRole(first));

    StsException e = refused(irsa(), request -> request.durationSeconds(3601));

    assertThat(e.statusCode()).isEqualTo(400);
    assertThat(e.awsErrorDetails().errorCode()).isEqualTo("ValidationError");
    assertThat(e.awsErrorDetails().errorMessage())
        .isEqualTo(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by"
                + " role chaining.");
  }

  @Test
  void expiredCredentialsOfTheCallerAreRefused() {
    admit(TrustPolicy.forRole(first));
    AwsCredentialsProvider caller = irsa();
    clock.advance(Duration.ofHours(1));

    StsException e = refused(caller, request -> {});

    assertThat(e.statusCode()).isEqualTo(403);
    assertThat(e.awsErrorDetails().errorCode()).isEqualTo("ExpiredToken");
  }

  @Test
  void credentialsThatWereNotIssuedAndForgedSignaturesAreRefused() {
    admit(TrustPolicy.forRole(first));
    AwsSessionCredentials known = (AwsSessionCredentials) irsa().resolveCredentials();

    assertThat(
            refused(
                    provider("ASIAUNKNOWNUNKNOWN00", known.secretAccessKey(), known.sessionToken()),
                    request -> {})
                .awsErrorDetails()
                .errorCode())
        .isEqualTo("InvalidClientTokenId");
    StsException e =
        refused(provider(known.accessKeyId(), "another", known.sessionToken()), request -> {});
    assertThat(e.awsErrorDetails().errorCode()).isEqualTo("SignatureDoesNotMatch");
    assertThat(e.statusCode()).isEqualTo(403);
  }

  @ParameterizedTest
  @CsvSource({
    "ExternalId, %",
    "ExternalId, a b",
    "SourceIdentity, a b",
    "RoleSessionName, a b",
    "DurationSeconds, 899",
    "RoleArn, arn:aws:iam::111122223333:user/ada",
    "Tags.member.1.Key, a%b",
  })
  void valuesThatTheModelForbidsAreRefused(String name, String value) {
    admit(TrustPolicy.forRole(first));

    StsException e =
        refused(
            irsa(),
            request -> {
              switch (name) {
                case "ExternalId" -> request.externalId(value);
                case "SourceIdentity" -> request.sourceIdentity(value);
                case "RoleSessionName" -> request.roleSessionName(value);
                case "DurationSeconds" -> request.durationSeconds(Integer.valueOf(value));
                case "RoleArn" -> request.roleArn(value);
                default -> request.tags(tag(value, "x"));
              }
            });

    assertThat(e.awsErrorDetails().errorCode()).isEqualTo("ValidationError");
    assertThat(e.awsErrorDetails().errorMessage()).doesNotContain(value);
  }

  @Test
  void tagKeysThatDifferInCaseAloneAndTransitiveKeysWithoutATagAreRefused() {
    admit(TrustPolicy.forRole(first));

    assertThat(refused(irsa(), request -> request.tags(tag("a", "1"), tag("A", "2"))))
        .hasMessageContaining("Duplicate tag keys found");
    assertThat(refused(irsa(), request -> request.transitiveTagKeys("a")))
        .hasMessageContaining("must be included in the requested tags");
  }

  @Test
  void anAccountHasTwelveDigits() {
    assertThatIllegalArgumentException().isThrownBy(() -> eks.roleIn("1", "partner"));
  }

  private void admit(TrustPolicy... trust) {
    assertThat(eks.roleIn(PARTNER, "partner", trust)).isEqualTo(second);
  }

  private TrustPolicy trust(String actions, String more) {
    return TrustPolicy.of(
        "{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \""
            + first
            + "\"}, \"Action\": "
            + actions
            + more
            + "}]}");
  }

  private static Tag tag(String key, String value) {
    return Tag.builder().key(key).value(value).build();
  }

  private static Consumer<AssumeRoleRequest.Builder> tagged(String key, String value) {
    return request -> request.tags(tag(key, value));
  }

  private AssumeRoleResponse assume(
      AwsCredentialsProvider caller, Consumer<AssumeRoleRequest.Builder> change) {
    try (StsClient client = client(caller)) {
      return client.assumeRole(
          request -> change.accept(request.roleArn(second).roleSessionName("second")));
    }
  }

  private StsException refused(
      AwsCredentialsProvider caller, Consumer<AssumeRoleRequest.Builder> change) {
    return Objects.requireNonNull(
        catchThrowableOfType(StsException.class, () -> assume(caller, change)));
  }

  private IssuedCredentials issued(AssumeRoleResponse answer) {
    return eks.issued(answer.credentials().accessKeyId()).orElseThrow();
  }

  private AwsCredentialsProvider irsa() {
    FakePod pod = eks.pod("shop", "orders").irsa(first);
    try (StsClient client = client(AnonymousCredentialsProvider.create())) {
      String token = Files.readString(pod.webIdentityTokenFile());
      return provider(
          eks.issued(
                  client
                      .assumeRoleWithWebIdentity(
                          request ->
                              request
                                  .roleArn(first)
                                  .roleSessionName("first")
                                  .webIdentityToken(token))
                      .credentials()
                      .accessKeyId())
              .orElseThrow());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private AwsCredentialsProvider podIdentity() {
    eks.associate("shop", "orders", first);
    FakePod pod = eks.pod("shop", "orders").podIdentity();
    try {
      Http.Answer answer =
          Http.get(
              eks.agent().endpoint(),
              "Authorization: " + Files.readString(pod.authorizationTokenFile()));
      return provider(eks.issued(answer.field("AccessKeyId")).orElseThrow());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static AwsCredentialsProvider provider(IssuedCredentials issued) {
    return provider(issued.accessKeyId(), issued.secretAccessKey(), issued.sessionToken());
  }

  private static AwsCredentialsProvider provider(String keyId, String secret, String token) {
    return StaticCredentialsProvider.create(AwsSessionCredentials.create(keyId, secret, token));
  }

  private StsClient client(AwsCredentialsProvider credentials) {
    return StsClient.builder()
        .endpointOverride(eks.sts().endpoint())
        .region(Region.EU_WEST_1)
        .credentialsProvider(credentials)
        .build();
  }
}
