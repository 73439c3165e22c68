package dev.lanyard.testing;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * One request that a fake has answered, or let down. It holds no token and no key, nor anything
 * else that the client wrote: the operation is one of those that the fake knows.
 *
 * @param at when it was answered, by the clock of the {@link FakeEks}
 * @param operation such as {@code AssumeRoleWithWebIdentity} or {@code GET /v1/credentials}; {@code
 *     unknown} where the fake knows no such operation
 * @param status the HTTP status of the answer; 0 if there was none
 * @param error the error code of the answer, such as {@code AccessDenied}; empty if it succeeded or
 *     the answer carried none
 * @param fault what the request met of what the test had ordered, such as {@code hang}; empty if it
 *     was answered properly
 * @param requestId the request id of the answer
 */
public record LoggedRequest(
    Instant at,
    String operation,
    int status,
    Optional<String> error,
    Optional<String> fault,
    String requestId) {
  /**
   * Checks that all parts are there.
   *
   * @param at when it was answered
   * @param operation what was asked for
   * @param status the HTTP status of the answer
   * @param error the error code of the answer
   * @param fault what the request met
   * @param requestId the request id of the answer
   */
  public LoggedRequest {
    Objects.requireNonNull(at, "at");
    Objects.requireNonNull(operation, "operation");
    Objects.requireNonNull(error, "error");
    Objects.requireNonNull(fault, "fault");
    Objects.requireNonNull(requestId, "requestId");
  }
}
