package dev.lanyard.samples.faults;

import java.net.URI;
import java.time.Instant;

/** Who answers as STS or as the agent. */
interface Peer {
  /** Returns where it listens. */
  URI endpoint();

  /** Returns how many requests have arrived. */
  int requests();

  /** Returns when the credentials of this key expire, by everybody's clock. */
  Instant expirationOf(String accessKeyId);

  /** Ends whatever is wrong with it. */
  void recovers();
}
