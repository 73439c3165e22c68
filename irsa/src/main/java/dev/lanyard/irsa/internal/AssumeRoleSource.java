package dev.lanyard.irsa.internal;

import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;

/**
 * A second role, assumed with the credentials of a provider that the application hands in. It is
 * always present: the environment only says where STS is.
 */
public final class AssumeRoleSource implements CredentialsSource {
  static final String NAME = "assume-role";

  private final AssumeRoleOptions options;
  private final FirstHop first;

  public AssumeRoleSource(RefreshingCredentialsProvider first, AssumeRoleOptions options) {
    this.options = options;
    this.first = new FirstHop(first, options.role());
  }

  @Override
  public String name() {
    return NAME;
  }

  /** Of no account: it is in no chain. */
  @Override
  public int precedence() {
    return Integer.MAX_VALUE;
  }

  /**
   * Reads where STS is. There is no evidence: facts cannot describe the first provider, so that two
   * of these are never known to obtain the credentials of one identity.
   */
  @Override
  public Detection detect(Environment environment) {
    try {
      AssumeRoleSettings settings = AssumeRoleSettings.read(environment, options);
      return new Detection.Present(
          new AssumeRoleExchange(settings, first),
          settings.description() + ", with the credentials of " + first.description());
    } catch (InvalidSettingException e) {
      return new Detection.Broken(String.valueOf(e.getMessage()), e.remedy());
    }
  }

  @Override
  public String toString() {
    return "AssumeRoleSource[" + options.role() + "]";
  }
}
