package dev.lanyard.testing;

import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;

/**
 * Assertions about requests to a cluster's STS and agent. Get them from {@link EksAssertions}.
 *
 * <pre>{@code
 * assertThat(eks).by(pod).exchangedOnce();
 * assertThat(eks).forRole(role).wasRefused("AccessDenied");
 * }</pre>
 *
 * <p>A failure prints the identity plane's journal. One that narrows the requests, such as {@link
 * #by}, leaves the assertions that it was called on as they are. The last 1000 requests count.
 *
 * @since 0.1
 */
public final class EksAssert extends AbstractAssert<EksAssert, FakeEks> {
  private final Predicate<LoggedRequest> considered;
  private final String which;

  EksAssert(@Nullable FakeEks eks) {
    this(eks, request -> true, "");
  }

  // AssertJ takes null for a subject, to fail with a message of its own.
  private EksAssert(@Nullable FakeEks eks, Predicate<LoggedRequest> considered, String which) {
    super(eks, EksAssert.class);
    this.considered = considered;
    this.which = which;
  }

  /**
   * Narrows to requests with a token of this pod.
   *
   * @param pod a pod of the cluster
   * @return assertions about those alone
   */
  public EksAssert by(FakePod pod) {
    return byPod(pod.name());
  }

  /**
   * Narrows to requests with a token of this pod.
   *
   * @param pod a pod of the cluster
   * @return assertions about those alone
   */
  public EksAssert by(AdmittedPod pod) {
    return byPod(pod.name());
  }

  private EksAssert byPod(String name) {
    return narrowed(request -> request.pod().filter(name::equals).isPresent(), " by pod " + name);
  }

  /**
   * Narrows to requests with a token of this service account.
   *
   * @param namespace the namespace
   * @param serviceAccount the service account's name
   * @return assertions about those alone
   */
  public EksAssert by(String namespace, String serviceAccount) {
    String account = namespace + "/" + serviceAccount;
    return narrowed(
        request -> request.serviceAccount().filter(account::equals).isPresent(), " by " + account);
  }

  /**
   * Narrows to requests for this role.
   *
   * @param roleArn the role's ARN
   * @return assertions about those alone
   */
  public EksAssert forRole(String roleArn) {
    return narrowed(
        request -> request.role().filter(roleArn::equals).isPresent(), " for " + roleArn);
  }

  /**
   * Narrows to requests to STS.
   *
   * @return assertions about those alone
   */
  public EksAssert atSts() {
    return narrowed(request -> request.service().equals("STS"), " at STS");
  }

  /**
   * Narrows to requests to the agent.
   *
   * @return assertions about those alone
   */
  public EksAssert atAgent() {
    return narrowed(request -> request.service().equals("agent"), " at the agent");
  }

  /**
   * Asserts that session credentials were obtained once.
   *
   * @return these assertions
   */
  public EksAssert exchangedOnce() {
    return exchanged(1);
  }

  /**
   * Asserts how often session credentials were obtained, from the agent's cache or not.
   *
   * @param times how often
   * @return these assertions
   */
  public EksAssert exchanged(int times) {
    return counts(times, requests(request -> request.issued().isPresent()), "to be exchanges");
  }

  /**
   * Asserts that there was no request.
   *
   * @return these assertions
   */
  public EksAssert wasNotAsked() {
    return counts(0, requests(request -> true), "to be there");
  }

  /**
   * Asserts how many requests there were, whatever became of them.
   *
   * @param times how many
   * @return these assertions
   */
  public EksAssert wasAsked(int times) {
    return counts(times, requests(request -> true), "to be there");
  }

  /**
   * Asserts that a request was refused with this error code.
   *
   * @param code such as {@code AccessDenied}
   * @return these assertions
   */
  public EksAssert wasRefused(String code) {
    if (requests(request -> request.error().filter(code::equals).isPresent()).isEmpty()) {
      failWithMessage(
          "%nExpecting a request%s to be refused with %s, but what happened is:%n%s",
          which, code, plane().journal());
    }
    return this;
  }

  /**
   * Asserts that every request was answered with success.
   *
   * @return these assertions
   */
  public EksAssert wasNeverRefused() {
    return counts(0, requests(request -> request.status() != 200), "to be without success");
  }

  private EksAssert narrowed(Predicate<LoggedRequest> further, String words) {
    EksAssert narrowed = new EksAssert(actual, considered.and(further), which + words);
    narrowed.info.description(info.description());
    return narrowed;
  }

  private List<LoggedRequest> requests(Predicate<LoggedRequest> such) {
    return plane().requests().stream().filter(considered.and(such)).toList();
  }

  private EksAssert counts(int times, List<LoggedRequest> found, String what) {
    if (found.size() != times) {
      failWithMessage(
          "%nExpecting %s of the requests%s %s, but %s were. What happened is:%n%s",
          times, which, what, found.size(), plane().journal());
    }
    return this;
  }

  private FakeEks plane() {
    isNotNull();
    return Objects.requireNonNull(actual);
  }
}
