package dev.lanyard;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.spi.CredentialsExchange;
import dev.lanyard.spi.Detection;

/** Detections in few words. */
final class Found {
  private Found() {}

  /** Evidence that equals no other: its credentials are not shared. */
  static Detection unshared(CredentialsExchange exchange, String role) {
    return Detection.present(
        exchange, Evidence.builder().fact("role", role).incomparable().build());
  }

  static Detection role(CredentialsExchange exchange, String role) {
    return Detection.present(exchange, Evidence.builder().fact("role", role).build());
  }

  static Detection broken(String summary, String step) {
    return Detection.broken(
        Problem.builder("TEST-001", FailureKind.MISCONFIGURED, summary).step(step).build());
  }

  /** A change of identity, without its time. */
  static String change(CredentialsEvent.IdentityChanged event) {
    return event.source()
        + ", previously "
        + event.previous()
        + event.reason().map(failure -> ": " + failure.message()).orElse("");
  }
}
