package dev.lanyard.irsa.internal;

import java.nio.file.Path;
import java.util.Optional;

/** What the application says itself, instead of the environment. Each value has been checked. */
public record IrsaOptions(
    Optional<RoleArn> role, Optional<Path> tokenFile, SessionOptions session) {

  /** The environment decides all. */
  static final IrsaOptions NONE =
      new IrsaOptions(Optional.empty(), Optional.empty(), SessionOptions.NONE);
}
