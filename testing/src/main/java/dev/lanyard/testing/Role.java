package dev.lanyard.testing;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** An IAM role. */
record Role(
    String arn,
    String accountId,
    String name,
    String id,
    Duration maxSessionDuration,
    List<TrustPolicy> trust) {

  /** Its trust, and some more. */
  TrustPolicy[] and(TrustPolicy more) {
    return Stream.concat(trust.stream(), Stream.of(more)).toArray(TrustPolicy[]::new);
  }

  /**
   * Whether the trust policy allows the request. Every statement counts: an explicit Deny wins over
   * any Allow, and silence is a no.
   */
  boolean trusts(TrustRequest request) {
    boolean allowed = false;
    for (TrustPolicy policy : trust) {
      for (TrustStatement statement : policy.statements()) {
        if (statement.matches(request)) {
          if (statement.denies()) {
            return false;
          }
          allowed = true;
        }
      }
    }
    return allowed;
  }
}
