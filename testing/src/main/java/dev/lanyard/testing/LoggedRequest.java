package dev.lanyard.testing;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One request that a fake has answered, or let down. It holds no token, nor anything else that the
 * client chose freely: the operation is one of those that the fake knows, and the pod is that of a
 * token which the cluster has signed. {@link #toString} shows no key. Two are equal if all that
 * they say is equal.
 *
 * @since 0.1
 */
public final class LoggedRequest {
  private final Instant at;
  private final String service;
  private final String operation;
  private final Optional<String> serviceAccount;
  private final Optional<String> pod;
  private final Optional<String> role;
  private final int status;
  private final Optional<String> error;
  private final Optional<String> reason;
  private final Optional<String> fault;
  private final Optional<IssuedCredentials> issued;
  private final String requestId;

  LoggedRequest(
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
    this.at = Objects.requireNonNull(at, "at");
    this.service = Objects.requireNonNull(service, "service");
    this.operation = Objects.requireNonNull(operation, "operation");
    this.serviceAccount = Objects.requireNonNull(serviceAccount, "serviceAccount");
    this.pod = Objects.requireNonNull(pod, "pod");
    this.role = Objects.requireNonNull(role, "role");
    this.status = status;
    this.error = Objects.requireNonNull(error, "error");
    this.reason = Objects.requireNonNull(reason, "reason");
    this.fault = Objects.requireNonNull(fault, "fault");
    this.issued = Objects.requireNonNull(issued, "issued");
    this.requestId = Objects.requireNonNull(requestId, "requestId");
  }

  /**
   * Returns when it was answered.
   *
   * @return the time by the clock of the {@link FakeEks}
   */
  public Instant at() {
    return at;
  }

  /**
   * Returns which service was asked.
   *
   * @return {@code STS} or {@code agent}
   */
  public String service() {
    return service;
  }

  /**
   * Returns what was asked for.
   *
   * @return such as {@code AssumeRoleWithWebIdentity} or {@code GET /v1/credentials}; {@code
   *     unknown} where the fake knows no such operation
   */
  public String operation() {
    return operation;
  }

  /**
   * Returns the service account whose token it was.
   *
   * @return namespace, slash, name; empty if it is not known
   */
  public Optional<String> serviceAccount() {
    return serviceAccount;
  }

  /**
   * Returns the pod whose token it was.
   *
   * @return its name, empty if it is not known
   */
  public Optional<String> pod() {
    return pod;
  }

  /**
   * Returns the role that was asked for, if there is one, or that is associated.
   *
   * @return its ARN, empty if it is not known
   */
  public Optional<String> role() {
    return role;
  }

  /**
   * Returns the HTTP status of the answer.
   *
   * @return the status; 0 if there was no answer
   */
  public int status() {
    return status;
  }

  /**
   * Returns the error code of the answer.
   *
   * @return such as {@code AccessDenied}; empty if it succeeded or the answer carried none
   */
  public Optional<String> error() {
    return error;
  }

  /**
   * Returns why the role was not given, where the answer does not say so: what each statement that
   * allows something wants and the request has not, or which one denies it, counted from 1 through
   * all policies that the role was made with; or that there is no such role.
   *
   * <p>It is for a person to read. What a token says is in it, what else the client sent is not.
   *
   * @return the reason, empty otherwise
   */
  public Optional<String> reason() {
    return reason;
  }

  /**
   * Returns what the request met of what the test had ordered.
   *
   * @return such as {@code hang}; empty if it was answered properly
   */
  public Optional<String> fault() {
    return fault;
  }

  /**
   * Returns the credentials that it was answered with.
   *
   * @return the credentials, secrets included; empty if there were none
   */
  public Optional<IssuedCredentials> issued() {
    return issued;
  }

  /**
   * Returns the request id of the answer.
   *
   * @return the id, which the client sees too
   */
  public String requestId() {
    return requestId;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof LoggedRequest that
        && at.equals(that.at)
        && service.equals(that.service)
        && operation.equals(that.operation)
        && serviceAccount.equals(that.serviceAccount)
        && pod.equals(that.pod)
        && role.equals(that.role)
        && status == that.status
        && error.equals(that.error)
        && reason.equals(that.reason)
        && fault.equals(that.fault)
        && issued.equals(that.issued)
        && requestId.equals(that.requestId);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        at,
        service,
        operation,
        serviceAccount,
        pod,
        role,
        status,
        error,
        reason,
        fault,
        issued,
        requestId);
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
