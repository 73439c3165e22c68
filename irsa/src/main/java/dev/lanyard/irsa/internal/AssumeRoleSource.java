package dev.lanyard.irsa.internal;

import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.diagnosis.Evidence;
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
   * Reads where STS is. The evidence names the first provider's source and its evidence; but facts
   * cannot describe a provider with an engine of its own, so that two of these are never known to
   * obtain the credentials of one identity.
   */
  @Override
  public Detection detect(Environment environment) {
    try {
      AssumeRoleSettings settings = AssumeRoleSettings.read(environment, options);
      Evidence.Builder evidence = Evidence.builder();
      settings.addTo(evidence);
      first.addTo(evidence);
      return Detection.present(
          new AssumeRoleExchange(settings, first), evidence.incomparable().build());
    } catch (InvalidSettingException e) {
      return Detection.broken(e.problem());
    }
  }

  @Override
  public String toString() {
    return "AssumeRoleSource[" + options.role() + "]";
  }
}
