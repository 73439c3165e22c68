package dev.lanyard.irsa.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.irsa.AssumeRoleCredentialsProvider;
import dev.lanyard.irsa.Sessions;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.Detection;
import dev.lanyard.spi.ExchangeException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.SdkGlobalTime;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;

/** A wrong local clock does not keep a second role from being assumed: G18. */
class AssumeRoleClockTest {
  /** What the SDK has learnt of the time holds for the whole process. */
  @BeforeEach
  @AfterEach
  void forgetTheTimeOfSts() {
    SdkGlobalTime.setGlobalTimeOffset(0);
  }

  private static final String REFUSES = "SignatureDoesNotMatch";

  @ParameterizedTest(name = "STS ahead by {0} says {2}")
  @CsvSource({
    "PT3H, 403, SignatureDoesNotMatch",
    "-PT3H, 403, SignatureDoesNotMatch",
    "PT100H, 403, SignatureDoesNotMatch",
    "-PT20M, 403, InvalidSignatureException",
    "PT3H, 403, RequestTimeTooSkewed",
    "-PT3H, 400, RequestExpired",
    "-PT3H, 403, RequestInTheFuture",
  })
  void aRequestThatWasSignedAtAWrongTimeIsSignedOnceMoreByTheClockOfSts(
      Duration ahead, int status, String code) {
    try (ScriptedSts sts = SkewedSts.start(ahead, status, code)) {
      AssumeRoleCredentialsProvider provider = chained(sts).build();

      assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("ASIASECOND0000000001");

      assertThat(sts.requests()).hasSize(2);
      assertThat(provider.status().lastFailure()).isEmpty();
    }
  }

  @Test
  void aSignatureThatIsWrongAtTheRightTimeIsNotMadeTwice() {
    try (ScriptedSts sts =
        new ScriptedSts().refuses(403, REFUSES, "no", SkewedSts.date(TestContext.NOW))) {
      ExchangeException e = failure(sts);

      assertThat(e.kind()).isEqualTo(FailureKind.REJECTED);
      assertThat(sts.requests()).hasSize(1);
    }
  }

  @Test
  void aSecondSignatureThatIsRefusedTooIsTheEndOfTheAttempt() {
    try (ScriptedSts sts =
        new ScriptedSts().refuses(403, REFUSES, "no", SkewedSts.date(Duration.ofHours(3)))) {
      ExchangeException e = failure(sts);

      assertThat(e.kind()).isEqualTo(FailureKind.REJECTED);
      assertThat(e.code()).contains(REFUSES);
      assertThat(sts.requests()).hasSize(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"RequestTimeTooSkewed", REFUSES})
  void withoutADateThereIsNothingToSignBy(String code) {
    try (ScriptedSts sts = new ScriptedSts().refuses(403, code, "Signature expired")) {
      ExchangeException e = failure(sts);

      assertThat(e.remedy()).hasValueSatisfying(r -> assertThat(r).contains("node's clock"));
      assertThat(sts.requests()).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theApplicationsOwnClientSignsAnewWhetherItRetriesOrNot(boolean retries) {
    try (ScriptedSts sts = SkewedSts.start(Duration.ofHours(3), 403, REFUSES);
        StsClient client =
            StsClient.builder()
                .region(Region.EU_WEST_1)
                .endpointOverride(sts.endpoint())
                .credentialsProvider(ScriptedFirst.giving("ASIAFIRST00000000002"))
                .overrideConfiguration(
                    o ->
                        o.retryStrategy(
                            retries
                                ? AwsRetryStrategy.standardRetryStrategy()
                                : AwsRetryStrategy.doNotRetry()))
                .build()) {
      AssumeRoleCredentialsProvider provider = chained(sts).stsClient(client).build();

      assertThat(provider.resolveCredentials().accessKeyId()).isEqualTo("ASIASECOND0000000001");

      assertThat(sts.requests()).hasSize(2);
    }
  }

  @Test
  void nothingIsSignedOnceMoreWhenTheBudgetIsGone() {
    TestContext context = new TestContext();
    try (ScriptedSts sts =
            new ScriptedSts().refuses(403, REFUSES, "no", SkewedSts.date(Duration.ofHours(3)));
        StsClient client =
            StsClient.builder()
                .region(Region.EU_WEST_1)
                .endpointOverride(sts.endpoint())
                .overrideConfiguration(o -> o.retryStrategy(AwsRetryStrategy.doNotRetry()))
                .build()) {
      sts.onRequest(context::runOut);
      ScriptedFirst first = ScriptedFirst.giving("ASIAFIRST00000000001");
      AssumeRoleOptions none = AssumeRoleExchangeTest.options();
      AssumeRoleOptions options =
          new AssumeRoleOptions(
              none.role(),
              none.externalId(),
              none.sessionTags(),
              none.transitiveTagKeys(),
              none.sourceIdentity(),
              Sessions.of(
                  AssumeRoleCredentialsProvider.builder(first, AssumeRoleExchangeTest.ROLE)
                      .stsClient(client)));
      Detection detection = new AssumeRoleSource(first, options).detect(environment(sts));

      ExchangeException e =
          Objects.requireNonNull(
              catchThrowableOfType(
                  ExchangeException.class,
                  () -> ((Detection.Present) detection).exchange().exchange(context)));

      assertThat(e.code()).contains(REFUSES);
      assertThat(sts.requests()).hasSize(1);
    }
  }

  private static AssumeRoleCredentialsProvider.Builder chained(ScriptedSts sts) {
    return AssumeRoleCredentialsProvider.builder(
            ScriptedFirst.giving("ASIAFIRST00000000001"), AssumeRoleExchangeTest.ROLE)
        .environment(environment(sts));
  }

  private static Environment environment(ScriptedSts sts) {
    return Environment.of(
        Map.of("AWS_REGION", "eu-west-1", "AWS_ENDPOINT_URL_STS", sts.endpoint().toString()));
  }

  private static ExchangeException failure(ScriptedSts sts) {
    return Objects.requireNonNull(
        catchThrowableOfType(
            ExchangeException.class,
            () ->
                AssumeRoleExchangeTest.exchange(
                        ScriptedFirst.giving("ASIAFIRST00000000001"), environment(sts))
                    .exchange(new TestContext())));
  }
}
