package dev.lanyard.irsa.internal;

import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.RoleChaining;
import dev.lanyard.spi.CredentialsSource;

/** Assumes the second role that settings name, at STS. It is public because a service has to be. */
public final class StsRoleChaining implements RoleChaining {

  /** Creates the service. */
  public StsRoleChaining() {}

  @Override
  public CredentialsSource secondRole(RefreshingCredentialsProvider first) {
    return new AssumeRoleSource(first);
  }
}
