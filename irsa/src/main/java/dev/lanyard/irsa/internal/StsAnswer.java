package dev.lanyard.irsa.internal;

import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sts.model.AssumedRoleUser;
import software.amazon.awssdk.services.sts.model.Credentials;
import software.amazon.awssdk.services.sts.model.StsResponse;

/**
 * What the answers of the operations have in common. {@link #toString} shows none of it.
 *
 * @param credentials the session credentials, if the answer holds any
 * @param user whose they are, if it says so
 * @param response the answer as a whole
 */
record StsAnswer(
    @Nullable Credentials credentials, @Nullable AssumedRoleUser user, StsResponse response) {
  @Override
  public String toString() {
    return "StsAnswer";
  }
}
