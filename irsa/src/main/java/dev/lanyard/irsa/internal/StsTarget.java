package dev.lanyard.irsa.internal;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.runtime.Environment;
import java.util.Optional;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * Who is asked for session credentials, and by what way, read and checked.
 *
 * @param client the client that the application handed in
 * @param location where STS is asked, empty if the application hands in a client
 * @param proxy the proxy through which STS is asked, unless it does not lead to the endpoint
 */
record StsTarget(
    Optional<StsClient> client, Optional<StsLocation> location, Optional<HttpProxy> proxy) {

  /**
   * Reads what the application leaves to the environment.
   *
   * @throws InvalidSettingException if it cannot work
   */
  static StsTarget read(Environment environment, SessionOptions options, RoleArn role)
      throws InvalidSettingException {
    if (options.stsClient().isPresent()) {
      // It has its own proxy, too.
      return new StsTarget(options.stsClient(), Optional.empty(), Optional.empty());
    }
    StsLocation location =
        StsLocation.read(environment, options.region(), options.endpoint(), role);
    return new StsTarget(Optional.empty(), Optional.of(location), HttpProxy.read(environment));
  }

  /**
   * Adds where STS is asked, and by what way. A client of the application cannot be told in facts:
   * what is obtained with one is nobody else's.
   */
  void addTo(Evidence.Builder evidence) {
    if (client.isPresent()) {
      evidence.fact("STS client", "the application's own").incomparable();
    }
    if (location.isPresent()) {
      location.get().addTo(evidence);
    }
    if (proxy.isPresent()) {
      proxy.get().addTo(evidence);
    }
  }

  @Override
  public String toString() {
    Evidence.Builder evidence = Evidence.builder();
    addTo(evidence);
    return "StsTarget[" + evidence.build() + "]";
  }
}
