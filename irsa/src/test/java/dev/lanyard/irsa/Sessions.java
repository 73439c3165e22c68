package dev.lanyard.irsa;

import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.irsa.internal.SessionOptions;

/** What a builder says of a session, for tests of the classes that it is handed to. */
public final class Sessions {
  private Sessions() {}

  public static SessionOptions of(RefreshingCredentialsProvider.Builder<?> builder) {
    return ((StsBuilder<?>) builder).session();
  }
}
