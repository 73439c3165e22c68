package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import java.util.List;
import java.util.Optional;

/**
 * The second role that settings name, assumed with the credentials of a first provider. It is
 * broken as long as the first one is: whose credentials it would assume the role with is not known.
 */
final class SecondRole implements CredentialsSource {
  private static final String MODULE = "lanyard-irsa";

  /** Package-private for the test that holds it to the module. */
  static final List<String> KNOWN = List.of("dev.lanyard.irsa.internal.StsRoleChaining");

  private final RefreshingCredentialsProvider first;
  private final Environment.Setting role;

  SecondRole(RefreshingCredentialsProvider first, Environment.Setting role) {
    this.first = first;
    this.role = role;
  }

  @Override
  public String name() {
    return "assume-role";
  }

  /** Of no account: it is in no chain with others. */
  @Override
  public int precedence() {
    return 0;
  }

  @Override
  public boolean isChained() {
    return true;
  }

  @Override
  public Detection detect(Environment environment) {
    Detection second = second(environment);
    if (second instanceof Detection.Broken) {
      return second;
    }
    Optional<Explanation.Source> chosen = first.explain().chosen();
    if (chosen.isEmpty() || chosen.get().problem().isEmpty()) {
      return second;
    }
    // Nothing waits for it: it tries again soon, and then this one is looked for once more.
    var unused = first.resolveIdentity();
    Problem problem = chosen.get().problem().get();
    return Detection.broken(
        problem.toBuilder()
            .summary(
                "the first hop, " + chosen.get().name() + ", cannot work: " + problem.summary())
            .build());
  }

  /** What the module that speaks to STS finds, without a look at the first provider's state. */
  private Detection second(Environment environment) {
    Services.Found<RoleChaining> found =
        Services.load(RoleChaining.class, SecondRole.class.getClassLoader(), KNOWN);
    if (!found.instances().isEmpty()) {
      return found.instances().get(0).secondRole(first).detect(environment);
    }
    return Detection.broken(
        found.errors().isEmpty() ? missing() : notLoadable(found.errors().get(0)));
  }

  private Problem missing() {
    return Problems.of(
            Problems.MODULE_MISSING,
            FailureKind.MISCONFIGURED,
            role.origin() + " is set, but " + MODULE + " is not on the class path")
        .fact("setting", role.origin())
        .fact("module", MODULE)
        .step("Add the dependency dev.lanyard:" + MODULE)
        .build();
  }

  private static Problem notLoadable(Throwable thrown) {
    return Problems.of(
            Problems.SOURCE_NOT_LOADABLE,
            FailureKind.MISCONFIGURED,
            "the assumption of a second role cannot be loaded from "
                + MODULE
                + ": "
                + thrown.getClass().getName())
        .fact("exception", thrown.getClass().getName())
        .fact("module", MODULE)
        .step("Check that all Lanyard modules have the same version (import lanyard-bom)")
        .build();
  }
}
