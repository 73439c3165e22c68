package dev.lanyard.testing;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** One test with its cluster, as {@link EksExtension} runs it. */
final class EksTestRun implements AutoCloseable {
  private final FakeEks eks;
  private final EksExtension startedBy;
  private final Set<String> ownRoles = new HashSet<>();
  private final Map<String, Optional<String>> before = new HashMap<>();
  private @Nullable FakePod entered;

  EksTestRun(FakeEks eks, EksExtension startedBy) {
    this.eks = eks;
    this.startedBy = startedBy;
  }

  FakeEks eks() {
    return eks;
  }

  EksExtension startedBy() {
    return startedBy;
  }

  /** Makes a pod, and the roles that it needs where they are not there. */
  FakePod pod(InPod description) {
    String[] account = description.serviceAccount().split("/", -1);
    if (account.length != 2) {
      throw new IllegalArgumentException(
          "@InPod takes a service account as namespace/name, not " + description.serviceAccount());
    }
    FakePod pod = eks.pod(account[0], account[1]);
    if (!description.irsa().isEmpty()) {
      pod.irsa(
          role(description.irsa(), TrustPolicy.forServiceAccount(eks, account[0], account[1])));
    }
    if (!description.podIdentity().isEmpty()) {
      eks.associate(
          account[0], account[1], role(description.podIdentity(), TrustPolicy.forPodIdentity()));
      pod.podIdentity();
    }
    return pod;
  }

  /** A role that the test has made itself keeps the trust that the test gave it. */
  private String role(String name, TrustPolicy trust) {
    Optional<Role> there = eks.findRole(name);
    if (there.isPresent() && !ownRoles.contains(name)) {
      return there.get().arn();
    }
    ownRoles.add(name);
    return eks.role(name, there.map(role -> role.and(trust)).orElse(new TrustPolicy[] {trust}));
  }

  /** Lets the process be in a pod until this is closed. */
  void enter(InPod description) {
    try {
      entered = pod(description);
      Map<String, String> properties = entered.systemProperties();
      PodProperties.NAMES.forEach(
          name -> before.put(name, Optional.ofNullable(System.getProperty(name))));
      PodProperties.NAMES.forEach(name -> set(name, Optional.ofNullable(properties.get(name))));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  Optional<FakePod> entered() {
    return Optional.ofNullable(entered);
  }

  private static void set(String name, Optional<String> value) {
    value.ifPresentOrElse(
        there -> System.setProperty(name, there), () -> System.clearProperty(name));
  }

  @Override
  public void close() {
    BiConsumer<String, Optional<String>> restore = EksTestRun::set;
    before.forEach(restore);
    before.clear();
    eks.close();
  }
}
