package dev.lanyard.samples.faults;

import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakeService;
import dev.lanyard.testing.IssuedCredentials;
import java.net.URI;
import java.time.Instant;

/** One of the fakes of {@code lanyard-testing}, with its faults. */
record FakePeer(FakeEks eks, FakeService service) implements Peer {
  @Override
  public URI endpoint() {
    return service.endpoint();
  }

  @Override
  public int requests() {
    return service.requests();
  }

  @Override
  public Instant expirationOf(String accessKeyId) {
    return eks.issued(accessKeyId)
        .map(IssuedCredentials::expiration)
        .orElseThrow(() -> new AssertionError("credentials that nobody has issued"));
  }

  @Override
  public void recovers() {
    service.recovers();
  }
}
