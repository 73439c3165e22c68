package dev.lanyard.irsa;

import dev.lanyard.spi.ExchangeContext;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.model.AssumeRoleWithWebIdentityRequest;
import software.amazon.awssdk.services.sts.model.AssumeRoleWithWebIdentityResponse;
import software.amazon.awssdk.services.sts.model.PolicyDescriptorType;

/**
 * {@code AssumeRoleWithWebIdentity}, which is not signed.
 *
 * @param clock learns when STS answered
 */
record WebIdentityOperation(IrsaSettings settings, WebIdentityToken token, StsClock clock)
    implements StsOperation {

  @Override
  public Optional<StsClient> client() {
    return settings.options().stsClient();
  }

  @Override
  public Optional<StsLocation> location() {
    return settings.location();
  }

  @Override
  public Optional<HttpProxy> proxy() {
    return settings.proxy();
  }

  @Override
  public AwsCredentialsProvider signer() {
    return AnonymousCredentialsProvider.create();
  }

  @Override
  public String scrub(String text) {
    return token.scrub(text);
  }

  @Override
  public StsFailures failures(ExchangeContext context, String endpoint) {
    return new WebIdentityFailures(settings, token, context, endpoint);
  }

  @Override
  public void answered(Instant time) {
    clock.saw(time);
  }

  @Override
  public StsAnswer send(StsClient client, Optional<Duration> timeLimit) {
    AssumeRoleWithWebIdentityResponse response =
        client.assumeRoleWithWebIdentity(request(timeLimit));
    return new StsAnswer(response.credentials(), response.assumedRoleUser(), response);
  }

  private AssumeRoleWithWebIdentityRequest request(Optional<Duration> timeLimit) {
    IrsaOptions options = settings.options();
    AssumeRoleWithWebIdentityRequest.Builder request =
        AssumeRoleWithWebIdentityRequest.builder()
            .roleArn(settings.role().value())
            .roleSessionName(settings.sessionName())
            .webIdentityToken(token.value());
    if (options.duration().isPresent()) {
      request.durationSeconds((int) options.duration().get().toSeconds());
    }
    if (options.policy().isPresent()) {
      request.policy(options.policy().get());
    }
    if (!options.policyArns().isEmpty()) {
      request.policyArns(
          options.policyArns().stream()
              .map(arn -> PolicyDescriptorType.builder().arn(arn).build())
              .toList());
    }
    if (timeLimit.isPresent()) {
      request.overrideConfiguration(configuration -> configuration.apiCallTimeout(timeLimit.get()));
    }
    return request.build();
  }
}
