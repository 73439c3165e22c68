package dev.lanyard.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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

  /** Why nobody is let assume a role: there may be none. */
  static Optional<String> distrust(Optional<Role> role, TrustRequest request) {
    return role.map(candidate -> candidate.distrust(request))
        .orElseGet(() -> Optional.of("there is no such role"));
  }

  /**
   * Returns why the trust policy does not allow the request, empty if it does. Every statement
   * counts: an explicit Deny wins over any Allow, and silence is a no.
   */
  Optional<String> distrust(TrustRequest request) {
    boolean allowed = false;
    List<String> silent = new ArrayList<>();
    int number = 0;
    for (TrustPolicy policy : trust) {
      for (TrustStatement statement : policy.statements()) {
        number++;
        Optional<String> mismatch = statement.mismatch(request);
        if (mismatch.isPresent()) {
          if (!statement.denies()) {
            silent.add("statement " + number + " " + mismatch.get());
          }
        } else if (statement.denies()) {
          return Optional.of("statement " + number + " denies " + request.action());
        } else {
          allowed = true;
        }
      }
    }
    if (allowed) {
      return Optional.empty();
    }
    return Optional.of(
        silent.isEmpty() ? "its trust policy allows nothing" : String.join("; ", silent));
  }
}
