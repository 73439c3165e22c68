package dev.lanyard.irsa.internal;

import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.Redaction;
import java.time.Duration;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.model.AssumeRoleRequest;
import software.amazon.awssdk.services.sts.model.AssumeRoleResponse;
import software.amazon.awssdk.services.sts.model.Tag;

/**
 * {@code AssumeRole}, signed with the first credentials.
 *
 * @param caller the first credentials
 * @param othersMayHelp whether newer first credentials may help if STS does not know these
 * @param redaction knows what of them is secret
 */
record AssumeRoleOperation(
    AssumeRoleSettings settings,
    FirstHop first,
    AwsCredentials caller,
    boolean othersMayHelp,
    Redaction redaction)
    implements StsOperation {

  AssumeRoleOperation(
      AssumeRoleSettings settings, FirstHop first, AwsCredentials caller, boolean othersMayHelp) {
    this(settings, first, caller, othersMayHelp, redaction(caller));
  }

  private static Redaction redaction(AwsCredentials caller) {
    return caller instanceof AwsSessionCredentials session
        ? Redaction.of(caller.secretAccessKey(), session.sessionToken())
        : Redaction.of(caller.secretAccessKey());
  }

  @Override
  public StsTarget target() {
    return settings.target();
  }

  @Override
  public AwsCredentialsProvider signer() {
    return StaticCredentialsProvider.create(caller);
  }

  @Override
  public boolean isSigned() {
    return true;
  }

  /**
   * Takes out the key, the session token and most of the key id. When it finds a signature wrong,
   * STS repeats the request that it would have signed, with the session token among the headers.
   */
  @Override
  public Optional<String> clean(String text) {
    return redaction.clean(text).map(clean -> clean.replace(caller.accessKeyId(), shownKeyId()));
  }

  /** The last four characters of the access key id. */
  String shownKeyId() {
    String keyId = caller.accessKeyId();
    return "****" + keyId.substring(Math.max(0, keyId.length() - 4));
  }

  @Override
  public StsFailures failures(ExchangeContext context, Asked asked) {
    return new AssumeRoleFailures(this, context, asked);
  }

  @Override
  public Duration longestLife() {
    return settings.options().session().longestLife();
  }

  @Override
  public StsAnswer send(StsClient client, Optional<Duration> timeLimit) {
    AssumeRoleResponse response = client.assumeRole(request(timeLimit));
    return new StsAnswer(response.credentials(), response.assumedRoleUser(), response);
  }

  private AssumeRoleRequest request(Optional<Duration> timeLimit) {
    AssumeRoleOptions options = settings.options();
    SessionOptions session = options.session();
    AssumeRoleRequest.Builder request =
        AssumeRoleRequest.builder()
            .roleArn(settings.role().value())
            .roleSessionName(settings.sessionName());
    options.externalId().ifPresent(request::externalId);
    options.sourceIdentity().ifPresent(request::sourceIdentity);
    session.duration().ifPresent(d -> request.durationSeconds((int) d.toSeconds()));
    session.policy().ifPresent(request::policy);
    if (!options.sessionTags().isEmpty()) {
      request.tags(
          options.sessionTags().entrySet().stream()
              .map(tag -> Tag.builder().key(tag.getKey()).value(tag.getValue()).build())
              .toList());
    }
    if (!options.transitiveTagKeys().isEmpty()) {
      request.transitiveTagKeys(options.transitiveTagKeys());
    }
    if (!session.policyArns().isEmpty()) {
      request.policyArns(StsOperation.policies(session));
    }
    timeLimit.ifPresent(
        limit ->
            // The application's client would sign with credentials of its own.
            request.overrideConfiguration(
                configuration ->
                    configuration.apiCallTimeout(limit).credentialsProvider(signer())));
    return request.build();
  }

  @Override
  public String toString() {
    return "AssumeRoleOperation[" + settings + "]";
  }
}
