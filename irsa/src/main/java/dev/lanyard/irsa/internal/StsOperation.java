package dev.lanyard.irsa.internal;

import dev.lanyard.spi.ExchangeContext;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.model.PolicyDescriptorType;

/** One request for session credentials: what is sent, by whom, and how its failures are told. */
interface StsOperation {
  /** Returns who is asked. */
  StsTarget target();

  /** Returns who signs the request, for a client that is made here. */
  AwsCredentialsProvider signer();

  /** Says whether the request is signed, by the local clock. */
  boolean isSigned();

  /**
   * Takes what is secret of the request out of a text that came back, whole; empty if that cannot
   * be done.
   */
  Optional<String> clean(String text);

  /** Returns who tells the failures of one attempt. */
  StsFailures failures(ExchangeContext context, Asked asked);

  /** Returns the longest life that the session credentials can have. */
  Duration longestLife();

  /**
   * Sends the request.
   *
   * @param timeLimit how long the call may take, where the client does not end by itself
   */
  StsAnswer send(StsClient client, Optional<Duration> timeLimit);

  /** Returns the managed policies of a session, as both requests take them. */
  static List<PolicyDescriptorType> policies(SessionOptions options) {
    return options.policyArns().stream()
        .map(arn -> PolicyDescriptorType.builder().arn(arn).build())
        .toList();
  }
}
