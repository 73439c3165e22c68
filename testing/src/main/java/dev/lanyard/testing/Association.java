package dev.lanyard.testing;

import java.util.Objects;
import java.util.function.Consumer;

/**
 * A Pod Identity association: the service account to role link, and what goes with it. Get it from
 * {@link FakeEks#associate}, and change it as {@code UpdatePodIdentityAssociation} does: every call
 * takes effect by itself, for the next exchange that EKS Auth makes. Once it was deleted, or
 * replaced by another, a call throws {@link IllegalStateException}. Safe for use by many threads.
 *
 * @since 0.1
 */
public final class Association {
  /** What an association says at a time. */
  record Settings(String roleArn, String targetRoleArn, boolean sessionTags, String policy) {}

  /** The longest session policy. Source: the STS model, as of AssumeRole. */
  private static final int MAX_POLICY = 2048;

  private final Consumer<Settings> update;

  // Guarded by this.
  private Settings settings;

  Association(String roleArn, Consumer<Settings> update) {
    this.update = update;
    this.settings = new Settings(roleArn, "", true, "");
    update.accept(settings);
  }

  /**
   * Sets the target role: EKS Auth assumes the associated role and then, with its session, this
   * one, whose credentials the pod gets, for 59 minutes. Source: EKS user guide,
   * pod-id-assign-target-role.
   *
   * @param roleArn a role of any account, which has to trust the associated role
   * @return this association
   * @throws IllegalStateException if it was deleted or replaced
   */
  public synchronized Association targetRole(String roleArn) {
    Objects.requireNonNull(roleArn, "roleArn");
    return change(
        new Settings(settings.roleArn(), roleArn, settings.sessionTags(), settings.policy()));
  }

  /**
   * Lets sessions carry no tags. Source: EKS user guide, pod-id-abac.
   *
   * @return this association
   * @throws IllegalStateException if it was deleted or replaced
   */
  public synchronized Association disableSessionTags() {
    return change(
        new Settings(settings.roleArn(), settings.targetRoleArn(), false, settings.policy()));
  }

  /**
   * Sets an inline session policy. The fake keeps it and does not apply it: it knows no other
   * service. Source: the EKS model, CreatePodIdentityAssociation.
   *
   * @param policy the document, at most 2048 characters
   * @return this association
   * @throws IllegalStateException if session tags are not disabled, which EKS demands, or if it was
   *     deleted or replaced
   * @throws IllegalArgumentException if the policy is too long
   */
  public synchronized Association policy(String policy) {
    if (settings.sessionTags()) {
      throw new IllegalStateException("A session policy demands disableSessionTags");
    }
    if (policy.length() > MAX_POLICY) {
      throw new IllegalArgumentException("A session policy has at most 2048 characters");
    }
    return change(new Settings(settings.roleArn(), settings.targetRoleArn(), false, policy));
  }

  private Association change(Settings changed) {
    update.accept(changed);
    settings = changed;
    return this;
  }

  @Override
  public synchronized String toString() {
    return "Association[" + settings.roleArn() + "]";
  }
}
