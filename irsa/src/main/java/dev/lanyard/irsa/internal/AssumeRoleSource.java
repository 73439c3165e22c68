package dev.lanyard.irsa.internal;

import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import java.util.Optional;

/**
 * A second role, assumed with the credentials of a provider that the application hands in. The
 * application names the role in code, or a setting does, without which the source is absent.
 */
public final class AssumeRoleSource implements CredentialsSource {
  static final String NAME = "assume-role";

  private final RefreshingCredentialsProvider first;
  private final Optional<AssumeRoleOptions> options;

  /** Creates the source of a role that is named in code. */
  public AssumeRoleSource(RefreshingCredentialsProvider first, AssumeRoleOptions options) {
    this.first = first;
    this.options = Optional.of(options);
  }

  /** Creates the source of the role that settings name. */
  AssumeRoleSource(RefreshingCredentialsProvider first) {
    this.first = first;
    this.options = Optional.empty();
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

  @Override
  public boolean isChained() {
    return true;
  }

  /**
   * Reads where STS is, and the settings of the role where it is not named in code. The evidence
   * names the first provider's source and its evidence. Where the role is named in code, facts
   * cannot describe the first provider, which may have an engine of its own, so that two of these
   * are never known to obtain the credentials of one identity.
   */
  @Override
  public Detection detect(Environment environment) {
    try {
      if (options.isPresent()) {
        AssumeRoleSettings settings = AssumeRoleSettings.read(environment, options.get());
        return present(settings, Evidence.builder().incomparable());
      }
      Optional<SecondRoleSettings> given = SecondRoleSettings.read(environment);
      if (given.isEmpty()) {
        return Detection.absent(SecondRoleSettings.LOOKED_FOR);
      }
      return present(
          AssumeRoleSettings.read(environment, given.get().options(), given.get().origins()),
          Evidence.builder());
    } catch (InvalidSettingException e) {
      return Detection.broken(e.problem());
    }
  }

  private Detection present(AssumeRoleSettings settings, Evidence.Builder evidence) {
    FirstHop hop = new FirstHop(first, settings.role());
    settings.addTo(evidence);
    hop.addTo(evidence);
    return Detection.present(new AssumeRoleExchange(settings, hop), evidence.build());
  }

  @Override
  public String toString() {
    return "AssumeRoleSource"
        + options.map(given -> "[" + given.role() + "]").orElse("[as settings name it]");
  }
}
