package dev.lanyard;

import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;

/** Providers of a chain that a test has made, with engines of their own. */
final class Assemblies {
  private Assemblies() {}

  static Assembly of(
      Chain chain,
      RefreshingCredentialsProvider.Builder<?> options,
      boolean fallback,
      @Nullable AwsCredentialsProvider whenNotOnEks) {
    Settings.InCode inCode = options.inCode();
    Settings settings =
        Settings.read(
            chain.environment(),
            Settings.Scope.CHAIN,
            new Settings.InCode(inCode.order(), fallback, inCode.name(), inCode.policy()));
    return Assembly.own(settings, chain, options, whenNotOnEks);
  }
}
