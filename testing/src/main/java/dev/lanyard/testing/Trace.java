package dev.lanyard.testing;

import java.util.Optional;

/**
 * Who asked for what, as far as it is known when a request has been answered. One thread's at a
 * time.
 */
final class Trace {
  private Optional<ServiceAccountToken.Pod> pod = Optional.empty();
  private Optional<String> role = Optional.empty();
  private Optional<IssuedCredentials> issued = Optional.empty();

  /** The token was signed by the cluster: only then is what it says of the pod worth noting. */
  void signed(ServiceAccountToken token) {
    pod = token.pod();
  }

  /** A role that exists, or one that an association names. */
  void role(String arn) {
    role = Optional.of(arn);
  }

  void issued(IssuedCredentials credentials) {
    issued = Optional.of(credentials);
  }

  Optional<ServiceAccountToken.Pod> pod() {
    return pod;
  }

  Optional<String> role() {
    return issued.map(IssuedCredentials::roleArn).or(() -> role);
  }

  Optional<IssuedCredentials> issued() {
    return issued;
  }
}
