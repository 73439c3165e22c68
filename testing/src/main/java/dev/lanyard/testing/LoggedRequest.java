package dev.lanyard.testing;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * One request that a fake has answered, or let down. It holds no token, nor anything else that the
 * client chose freely: the operation is one of those that the fake knows, and the pod is that of a
 * token which the cluster has signed. {@link #toString} shows no key.
 *
 * @param at when it was answered, by the clock of the {@link FakeEks}
 * @param service {@code STS} or {@code agent}
 * @param operation such as {@code AssumeRoleWithWebIdentity} or {@code GET /v1/credentials}; {@code
 *     unknown} where the fake knows no such operation
 * @param serviceAccount whose token it was: namespace, slash, name; empty if it is not known
 * @param pod the name of the pod whose token it was, empty if it is not known
 * @param role the ARN of the role that was asked for, if there is one, or that is associated; empty
 *     if it is not known
 * @param status the HTTP status of the answer; 0 if there was none
 * @param error the error code of the answer, such as {@code AccessDenied}; empty if it succeeded or
 *     the answer carried none
 * @param reason why the role was not given, where the answer does not say so: what each statement
 *     that allows something wants and the request has not, or which one denies it, counted from 1
 *     through all policies that the role was made with; or that there is no such role. It is for a
 *     person to read. What a token says is in it, what else the client sent is not. Empty otherwise
 * @param fault what the request met of what the test had ordered, such as {@code hang}; empty if it
 *     was answered properly
 * @param issued the credentials that it was answered with, empty if with none
 * @param requestId the request id of the answer
 */
public record LoggedRequest(
    Instant at,
    String service,
    String operation,
    Optional<String> serviceAccount,
    Optional<String> pod,
    Optional<String> role,
    int status,
    Optional<String> error,
    Optional<String> reason,
    Optional<String> fault,
    Optional<IssuedCredentials> issued,
    String requestId) {
  /**
   * Checks that all parts are there.
   *
   * @param at when it was answered
   * @param service which service was asked
   * @param operation what was asked for
   * @param serviceAccount whose token it was
   * @param pod the pod whose token it was
   * @param role the role that was asked for
   * @param status the HTTP status of the answer
   * @param error the error code of the answer
   * @param reason why the role was not given
   * @param fault what the request met
   * @param issued the credentials that it was answered with
   * @param requestId the request id of the answer
   */
  public LoggedRequest {
    Objects.requireNonNull(at, "at");
    Objects.requireNonNull(service, "service");
    Objects.requireNonNull(operation, "operation");
    Objects.requireNonNull(serviceAccount, "serviceAccount");
    Objects.requireNonNull(pod, "pod");
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(error, "error");
    Objects.requireNonNull(reason, "reason");
    Objects.requireNonNull(fault, "fault");
    Objects.requireNonNull(issued, "issued");
    Objects.requireNonNull(requestId, "requestId");
  }

  /** Returns one line that a person can read, without a secret. */
  @Override
  public String toString() {
    StringBuilder line = new StringBuilder(service).append(": ").append(operation);
    serviceAccount.ifPresent(account -> line.append(" by ").append(account));
    pod.ifPresent(name -> line.append(" (pod ").append(name).append(')'));
    role.ifPresent(arn -> line.append(" for ").append(arn));
    line.append(" -> ").append(status == 0 ? "no answer" : "" + status);
    error.ifPresent(code -> line.append(' ').append(code));
    reason.ifPresent(why -> line.append(" (").append(why).append(')'));
    issued.ifPresent(credentials -> line.append(' ').append(credentials));
    fault.ifPresent(name -> line.append(" [fault: ").append(name).append(']'));
    return line.append(" request ").append(requestId).toString();
  }
}
