package dev.lanyard.podidentity;

import dev.lanyard.RefreshingCredentialsProvider;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Credentials from EKS Pod Identity, or from another agent that keeps the container credentials
 * contract, such as the one of ECS; and from nowhere else.
 *
 * <p>Guarantees, beyond those of {@link RefreshingCredentialsProvider}:
 *
 * <ul>
 *   <li>The token goes to nobody but the configured endpoint: without TLS to loopback and the
 *       addresses of the two agents alone, every resolved address being checked at each connection;
 *       through no proxy, whatever variables and properties say; along no redirect.
 *   <li>The token file is read anew for every exchange.
 *   <li>The agent's own words are in the exception, with what to do about them.
 * </ul>
 *
 * <p>Safe for use by many threads. There is nothing to close. Where the environment configures no
 * endpoint, or one that cannot be used, building succeeds all the same, and {@link
 * #resolveCredentials()} throws {@link dev.lanyard.CredentialsUnavailableException} with the
 * reason.
 */
public final class PodIdentityCredentialsProvider extends RefreshingCredentialsProvider {

  /** Source: STS API reference, GetSessionToken. */
  private static final Duration LONGEST_SESSION = Duration.ofHours(36);

  private PodIdentityCredentialsProvider() {
    super(new PodIdentitySource());
  }

  private PodIdentityCredentialsProvider(Builder builder) {
    super(
        new PodIdentitySource(
            builder.endpoint, builder.tokenFile, builder.authorizationToken, builder.longestLife),
        builder);
  }

  /**
   * Returns a provider as the process's environment configures it. All that are created so share
   * one engine and its credentials. Configuration files that name a provider by its class find this
   * method.
   *
   * @return a provider
   */
  public static PodIdentityCredentialsProvider create() {
    return new PodIdentityCredentialsProvider();
  }

  /**
   * Starts a provider with an engine of its own.
   *
   * @return a builder with all options at their defaults
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link PodIdentityCredentialsProvider}. Not for use by more than one thread. */
  public static final class Builder extends RefreshingCredentialsProvider.Builder<Builder> {
    private @Nullable URI endpoint;
    private @Nullable Path tokenFile;
    private @Nullable Supplier<String> authorizationToken;
    private @Nullable Duration longestLife;

    private Builder() {}

    @Override
    protected Builder self() {
      return this;
    }

    /**
     * Sets where to ask. Default: what {@code AWS_CONTAINER_CREDENTIALS_RELATIVE_URI} or else
     * {@code AWS_CONTAINER_CREDENTIALS_FULL_URI} says. The rules for those hold for this one too:
     * without TLS no token leaves the host. A URI against them is reported by the first {@code
     * resolve} and by {@code explain}.
     *
     * @param endpoint the whole URI, such as {@code http://169.254.170.23/v1/credentials}
     * @return this builder
     */
    public Builder endpoint(URI endpoint) {
      this.endpoint = Objects.requireNonNull(endpoint, "endpoint");
      return this;
    }

    /**
     * Sets the file to read the token from at each exchange. Default: what {@code
     * AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE} names, or else the token in {@code
     * AWS_CONTAINER_AUTHORIZATION_TOKEN}.
     *
     * @param tokenFile the file, which need not exist yet
     * @return this builder
     */
    public Builder tokenFile(Path tokenFile) {
      this.tokenFile = Objects.requireNonNull(tokenFile, "tokenFile");
      return this;
    }

    /**
     * Sets where the token comes from, for an endpoint whose token is neither in a file nor in the
     * environment. Default: as for {@link #tokenFile}, which goes before this one if both are set.
     *
     * @param authorizationToken asked at each exchange, on a thread of Lanyard's, for the whole
     *     value of {@code Authorization}; it must not block for long. What it throws is a
     *     misconfiguration, and so is null, a blank, or a line break in the token; neither the
     *     token nor the message of what it throws is shown anywhere
     * @return this builder
     */
    public Builder authorizationToken(Supplier<String> authorizationToken) {
      this.authorizationToken = Objects.requireNonNull(authorizationToken, "authorizationToken");
      return this;
    }

    /**
     * Sets the longest life that credentials of the endpoint can have. The engine never takes a
     * life to be longer, whatever the answer and the clocks say. Default: 6 hours for EKS Pod
     * Identity, 12 hours for any other endpoint.
     *
     * @param longestLife more than zero and at most 36 hours, the longest session that STS gives
     * @return this builder
     * @throws IllegalArgumentException if it is not
     */
    public Builder longestLife(Duration longestLife) {
      if (longestLife.isZero()
          || longestLife.isNegative()
          || longestLife.compareTo(LONGEST_SESSION) > 0) {
        throw new IllegalArgumentException(
            "the longest life must be more than zero and at most 36 hours: " + longestLife);
      }
      this.longestLife = longestLife;
      return this;
    }

    /**
     * Builds the provider and begins the first exchange in the background. Never waits, and never
     * fails because of the environment.
     *
     * @return a provider
     */
    public PodIdentityCredentialsProvider build() {
      return new PodIdentityCredentialsProvider(this);
    }
  }
}
