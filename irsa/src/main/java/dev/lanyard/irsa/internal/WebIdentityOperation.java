package dev.lanyard.irsa.internal;

import dev.lanyard.spi.ExchangeContext;
import java.time.Duration;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.model.AssumeRoleWithWebIdentityRequest;
import software.amazon.awssdk.services.sts.model.AssumeRoleWithWebIdentityResponse;

/** {@code AssumeRoleWithWebIdentity}, which is not signed. */
record WebIdentityOperation(IrsaSettings settings, WebIdentityToken token) implements StsOperation {

  @Override
  public StsTarget target() {
    return settings.target();
  }

  @Override
  public AwsCredentialsProvider signer() {
    return AnonymousCredentialsProvider.create();
  }

  @Override
  public boolean isSigned() {
    return false;
  }

  @Override
  public Optional<String> clean(String text) {
    return token.clean(text);
  }

  @Override
  public StsFailures failures(ExchangeContext context, Asked asked) {
    return new WebIdentityFailures(settings, token, context, asked);
  }

  @Override
  public Duration longestLife() {
    return settings.session().longestLife();
  }

  @Override
  public StsAnswer send(StsClient client, Optional<Duration> timeLimit) {
    AssumeRoleWithWebIdentityResponse response =
        client.assumeRoleWithWebIdentity(request(timeLimit));
    return new StsAnswer(response.credentials(), response.assumedRoleUser(), response);
  }

  private AssumeRoleWithWebIdentityRequest request(Optional<Duration> timeLimit) {
    SessionOptions session = settings.session();
    AssumeRoleWithWebIdentityRequest.Builder request =
        AssumeRoleWithWebIdentityRequest.builder()
            .roleArn(settings.role().value())
            .roleSessionName(settings.sessionName())
            .webIdentityToken(token.value());
    if (session.duration().isPresent()) {
      request.durationSeconds((int) session.duration().get().toSeconds());
    }
    if (session.policy().isPresent()) {
      request.policy(session.policy().get());
    }
    if (!session.policyArns().isEmpty()) {
      request.policyArns(StsOperation.policies(session));
    }
    if (timeLimit.isPresent()) {
      request.overrideConfiguration(configuration -> configuration.apiCallTimeout(timeLimit.get()));
    }
    return request.build();
  }
}
