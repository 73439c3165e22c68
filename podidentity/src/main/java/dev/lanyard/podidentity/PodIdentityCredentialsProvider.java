package dev.lanyard.podidentity;

import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.podidentity.internal.Endpoint;
import dev.lanyard.podidentity.internal.PodIdentitySource;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Credentials from EKS Pod Identity, or from another agent that follows the container credentials
 * contract, such as that of ECS. It looks for no other source.
 *
 * <p>Guarantees, beyond those of {@link RefreshingCredentialsProvider}:
 *
 * <ul>
 *   <li>The token goes only to the configured endpoint. Without TLS it goes only to loopback and
 *       the addresses of the EKS and ECS agents, and every resolved address is checked at each
 *       connection. It goes through no proxy, whatever variables and properties say, and follows no
 *       redirect.
 *   <li>The token file is read at every exchange.
 *   <li>The exception holds the agent's own message, if it holds no secret, and says what to do.
 * </ul>
 *
 * <p>Safe for use by many threads. There is nothing to close. Where the environment configures no
 * endpoint, or one that cannot be used, building succeeds nevertheless, and {@link
 * #resolveCredentials()} throws {@link dev.lanyard.CredentialsUnavailableException} with the
 * reason.
 *
 * @since 0.1
 */
public final class PodIdentityCredentialsProvider extends RefreshingCredentialsProvider {

  /** Source: STS API reference, GetSessionToken. */
  private static final Duration LONGEST_SESSION = Duration.ofHours(36);

  /**
   * Makes a provider with the defaults, as {@link #create()} does, for frameworks that make one by
   * the name of its class.
   */
  public PodIdentityCredentialsProvider() {
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
  public PodIdentityCredentialsProvider(Properties configuration) {
    super(new PodIdentitySource(), configuration);
  }

  private PodIdentityCredentialsProvider(Map<String, String> settings) {
    super(new PodIdentitySource(), settings);
  }

  private PodIdentityCredentialsProvider(Builder builder) {
    super(
        new PodIdentitySource(
            builder.endpoint, builder.tokenFile, builder.authorizationToken, builder.longestLife),
        builder);
  }

  /**
   * Returns a provider with the defaults. All providers that this method, {@link #create(Map)} and
   * the constructors make from equal settings share one engine and its credentials: creating many
   * costs one exchange. Where the settings are incomplete, nothing is shared.
   *
   * @return a provider; never fails because of the environment
   */
  public static PodIdentityCredentialsProvider create() {
    return new PodIdentityCredentialsProvider();
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
  public static PodIdentityCredentialsProvider create(Map<String, String> settings) {
    return new PodIdentityCredentialsProvider(settings);
  }

  /**
   * Starts a provider with an engine of its own.
   *
   * @return a builder with all options at their defaults
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Builds a {@link PodIdentityCredentialsProvider}. A value that can never be valid is refused at
   * once. Not for use by more than one thread.
   *
   * @since 0.1
   */
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
     * Sets the endpoint. Default: {@code AWS_CONTAINER_CREDENTIALS_RELATIVE_URI}, then {@code
     * AWS_CONTAINER_CREDENTIALS_FULL_URI}. The same rules apply to it: without TLS no token leaves
     * the host. Where a host name leads is checked at each connection.
     *
     * @param endpoint the full URI, such as {@code http://169.254.170.23/v1/credentials}
     * @return this builder
     * @throws IllegalArgumentException if no token may be sent there; the message does not repeat
     *     path and query, which may be as good as a password
     */
    public Builder endpoint(URI endpoint) {
      Optional<String> problem = Endpoint.problem(Objects.requireNonNull(endpoint, "endpoint"));
      if (problem.isPresent()) {
        throw new IllegalArgumentException(problem.get());
      }
      this.endpoint = endpoint;
      return this;
    }

    /**
     * Sets the file to read the token from at each exchange. Default: what {@code
     * AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE} names, or else the token in {@code
     * AWS_CONTAINER_AUTHORIZATION_TOKEN}.
     *
     * @param tokenFile the file, which need not exist yet
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
     * Sets a supplier of the token, for an endpoint whose token is neither in a file nor in the
     * environment. Default: as for {@link #tokenFile}, which takes precedence if both are set.
     *
     * @param authorizationToken returns the whole value of the {@code Authorization} header. It is
     *     called at each exchange, on one of Lanyard's threads, and must not block for long. An
     *     exception, null, a blank token or one with a line break counts as a misconfiguration;
     *     nothing shows the token or the exception's message
     * @return this builder
     */
    public Builder authorizationToken(Supplier<String> authorizationToken) {
      this.authorizationToken = Objects.requireNonNull(authorizationToken, "authorizationToken");
      return this;
    }

    /**
     * Sets the longest lifetime that credentials of the endpoint can have. The engine never takes
     * the lifetime to be longer, whatever the answer and the clocks say. Default: 6 hours for EKS
     * Pod Identity, 12 hours for any other endpoint.
     *
     * @param longestLife more than zero and at most 36 hours, the longest session that STS gives
     * @return this builder
     * @throws IllegalArgumentException if it is not in that range
     */
    public Builder longestLife(Duration longestLife) {
      Objects.requireNonNull(longestLife, "longestLife");
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
