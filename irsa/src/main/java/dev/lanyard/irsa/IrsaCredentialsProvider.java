package dev.lanyard.irsa;

import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.irsa.internal.IrsaOptions;
import dev.lanyard.irsa.internal.IrsaSource;
import dev.lanyard.irsa.internal.RoleArn;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The credentials of a pod with an IAM role for its service account (IRSA): it exchanges the pod's
 * web identity token at AWS STS. It looks for no other source; {@code EksCredentialsProvider} looks
 * for Pod Identity as well.
 *
 * <p>The settings are read once, when the provider is built: the builder's own, then system
 * properties, then the environment variables, which the EKS webhook injects. The token file is read
 * at every exchange. The request is not signed, so no credentials are needed; the instance metadata
 * service is never asked. When STS refuses, the exception names the token's issuer, subject and
 * audience, and prints the trust policy statement that would admit it.
 *
 * <p>See {@link RefreshingCredentialsProvider} for the guarantees, for threads and for errors.
 *
 * <pre>{@code
 * S3Client s3 = S3Client.builder()
 *     .credentialsProvider(IrsaCredentialsProvider.create())
 *     .build();
 * }</pre>
 *
 * @since 0.1
 */
public final class IrsaCredentialsProvider extends RefreshingCredentialsProvider {

  /**
   * Makes a provider with the defaults, as {@link #create()} does, for frameworks that make one by
   * the name of its class.
   */
  public IrsaCredentialsProvider() {
    this(Map.of());
  }

  /**
   * Makes a provider with settings out of a framework's configuration, for frameworks that make one
   * by the name of its class. It shares an engine as those of {@link #create(Map)} do.
   *
   * @param configuration holds settings of Lanyard's own, whose keys begin with {@code lanyard.};
   *     what others have is ignored
   * @throws IllegalArgumentException if a key that begins with {@code lanyard.} is not that of a
   *     setting for one source, or its value cannot be used
   */
  public IrsaCredentialsProvider(Properties configuration) {
    super(new IrsaSource(), configuration);
  }

  private IrsaCredentialsProvider(Map<String, String> settings) {
    super(new IrsaSource(), settings);
  }

  private IrsaCredentialsProvider(IrsaSource source, Builder builder) {
    super(source, builder);
  }

  /**
   * Returns a provider with the defaults. All providers that this method, {@link #create(Map)} and
   * the constructors make from equal settings share one engine and its credentials: creating many
   * costs one exchange. Where the settings are incomplete, nothing is shared.
   *
   * @return a provider; never fails because of the environment
   */
  public static IrsaCredentialsProvider create() {
    return new IrsaCredentialsProvider();
  }

  /**
   * Returns a provider with settings, for frameworks that make one by the name of its class and
   * give it its own part of their configuration. All that are made from equal settings share one
   * engine and its credentials. Where a setting is not given, the process's system properties and
   * environment variables are looked at. docs/settings.md has the table; the order of sources and
   * the fallback are not for this class.
   *
   * @param settings values by key, such as {@code lanyard.assume.role}, and nothing else
   * @return a provider; never fails because of the environment
   * @throws IllegalArgumentException if a key is not that of a setting for one source, or its value
   *     cannot be used
   */
  public static IrsaCredentialsProvider create(Map<String, String> settings) {
    return new IrsaCredentialsProvider(settings);
  }

  /**
   * Starts a provider with options, and with an engine of its own.
   *
   * @return a builder with the defaults
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Builds an {@link IrsaCredentialsProvider}. What is set here takes precedence over the
   * environment. A value that can never be valid is refused at once; whether STS accepts it is
   * known at the first exchange. Not for use by more than one thread.
   *
   * @since 0.1
   */
  public static final class Builder extends StsBuilder<Builder> {
    /** Source: the STS model, DurationSeconds. */
    private static final Duration MAX_DURATION = Duration.ofHours(12);

    private @Nullable RoleArn role;
    private @Nullable Path tokenFile;

    private Builder() {
      super(MAX_DURATION, "");
    }

    @Override
    protected Builder self() {
      return this;
    }

    /**
     * Sets the role to assume. Default: {@code aws.roleArn}, {@code AWS_ROLE_ARN}.
     *
     * @param roleArn the ARN of an IAM role, in any partition and with any path
     * @return this builder
     * @throws IllegalArgumentException if it is not the ARN of an IAM role
     */
    public Builder roleArn(String roleArn) {
      check("the role ARN ", RoleArn.problem(Objects.requireNonNull(roleArn, "roleArn")));
      this.role = RoleArn.parse(roleArn).orElseThrow();
      return this;
    }

    /**
     * Sets where the web identity token is. Default: {@code aws.webIdentityTokenFile}, {@code
     * AWS_WEB_IDENTITY_TOKEN_FILE}. The file need not be there yet.
     *
     * @param tokenFile the file as it is: a root set by {@code Environment.withRoot} does not apply
     * @return this builder
     * @throws IllegalArgumentException if the path is empty
     */
    public Builder tokenFile(Path tokenFile) {
      if (Objects.requireNonNull(tokenFile, "tokenFile").toString().isEmpty()) {
        throw new IllegalArgumentException("the token file is an empty path");
      }
      this.tokenFile = tokenFile;
      return this;
    }

    /**
     * Builds the provider and begins the first exchange in the background. Never waits.
     *
     * @return a provider; never fails because of the environment
     * @throws IllegalArgumentException if the session policy and the policy ARNs together have more
     *     than 2048 characters
     */
    public IrsaCredentialsProvider build() {
      return new IrsaCredentialsProvider(
          new IrsaSource(
              new IrsaOptions(
                  Optional.ofNullable(role), Optional.ofNullable(tokenFile), session())),
          this);
    }
  }
}
