package dev.lanyard;

import dev.lanyard.spi.CredentialsSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;

/**
 * The credentials of a pod on Amazon EKS, from IRSA or EKS Pod Identity, whichever the pod has.
 *
 * <p>The first source that is configured is used: IRSA, then Pod Identity, as in the AWS SDKs,
 * unless {@link Builder#order} says otherwise. A source that is only partly configured stops the
 * chain with the reason; the node's instance role is never used. {@link #explain()} shows what was
 * found.
 *
 * <p>Environment variables and system properties are read once, when the provider is built; files
 * are read at each exchange. See {@link RefreshingCredentialsProvider} for the guarantees, for
 * threads and for errors.
 *
 * <pre>{@code
 * S3Client s3 = S3Client.builder()
 *     .credentialsProvider(EksCredentialsProvider.create())
 *     .build();
 * }</pre>
 *
 * @since 0.1
 */
public final class EksCredentialsProvider extends RefreshingCredentialsProvider {

  /**
   * Makes a provider with the defaults, as {@link #create()} does, for frameworks that make one by
   * the name of its class.
   */
  public EksCredentialsProvider() {
    this(Map.of());
  }

  /**
   * Makes a provider with settings out of a framework's configuration, for frameworks that make one
   * by the name of its class. It shares an engine as those of {@link #create(Map)} do.
   *
   * @param configuration holds settings of Lanyard's own, whose keys begin with {@code lanyard.};
   *     what others have is ignored
   * @throws IllegalArgumentException if a key that begins with {@code lanyard.} is not that of a
   *     setting, or its value cannot be used
   */
  public EksCredentialsProvider(Properties configuration) {
    this(Settings.ours(configuration));
  }

  private EksCredentialsProvider(Map<String, String> settings) {
    super(Assembly.shared(Settings.Scope.CHAIN, new All(), settings));
  }

  private EksCredentialsProvider(Builder builder) {
    super(Assembly.own(Settings.Scope.CHAIN, new All(), builder, builder.whenNotOnEks));
  }

  /** All that are on the class path, or those that an order names. */
  private record All() implements Assembly.Candidates {
    @Override
    public List<CredentialsSource> in(List<String> order) {
      List<CredentialsSource> all = Sources.all();
      return order.isEmpty() ? all : Sources.ordered(order, all);
    }
  }

  /**
   * Returns a provider with the defaults. All providers that this method, {@link #create(Map)} and
   * the constructors make from equal settings share one engine and its credentials: creating many
   * costs one exchange. Where the settings are incomplete, or no source is configured, nothing is
   * shared.
   *
   * @return a provider; never fails because of the environment
   */
  public static EksCredentialsProvider create() {
    return new EksCredentialsProvider();
  }

  /**
   * Returns a provider with settings, for frameworks that make one by the name of its class and
   * give it its own part of their configuration. All that are made from equal settings share one
   * engine and its credentials. Where a setting is not given, the process's system properties and
   * environment variables are looked at. docs/settings.md has the table.
   *
   * @param settings values by key, such as {@code lanyard.order}, and nothing else
   * @return a provider; never fails because of the environment
   * @throws IllegalArgumentException if a key is not that of a setting, or its value cannot be used
   */
  public static EksCredentialsProvider create(Map<String, String> settings) {
    return new EksCredentialsProvider(Settings.given(settings));
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
   * Builds an {@link EksCredentialsProvider}. Not for use by more than one thread.
   *
   * @since 0.1
   */
  public static final class Builder extends RefreshingCredentialsProvider.Builder<Builder> {
    private List<String> order = List.of();
    private @Nullable Boolean fallback;
    private @Nullable AwsCredentialsProvider whenNotOnEks;

    private Builder() {}

    @Override
    protected Builder self() {
      return this;
    }

    @Override
    Settings.InCode inCode() {
      Settings.InCode inCode = super.inCode();
      return new Settings.InCode(order, fallback, inCode.name(), inCode.policy());
    }

    /**
     * Sets which sources are looked for, and in which order; no others are. Default: the setting
     * {@code lanyard.order}, then all on the class path, {@code irsa} before {@code pod-identity}.
     * For a migration to Pod Identity in which pods still carry the IRSA variables: {@code
     * order("pod-identity", "irsa")}.
     *
     * @param names the names of sources. A name that no source has stops the chain: the first
     *     {@code resolve} and {@link #explain} report it
     * @return this builder
     * @throws IllegalArgumentException if there is no name, or one is blank or occurs twice
     */
    public Builder order(String... names) {
      for (String name : Objects.requireNonNull(names, "names")) {
        if (Objects.requireNonNull(name, "names").isBlank()) {
          throw new IllegalArgumentException("the order holds a blank name");
        }
      }
      List<String> given = List.of(names);
      if (given.isEmpty() || given.stream().distinct().count() < given.size()) {
        throw new IllegalArgumentException(
            "the order must name at least one source, and each only once: " + given);
      }
      this.order = given;
      return this;
    }

    /**
     * Sets whether the next configured source is tried when the service refuses the first one.
     * Default: the setting {@code lanyard.fallback}, then {@code false}, since the process would
     * then work as another identity.
     *
     * <p>Only a refusal by the service itself leads to the next source, never a proxy or an outage.
     * While the first source's credentials are neither expired nor invalidated, they stay in use;
     * the next source is asked in the last 5 minutes before they expire, and takes over when they
     * do. The first good answer of an earlier source brings the process back to it; until then the
     * source in use goes on being asked, even if an earlier one is down. Each change is logged as a
     * warning and reported to the listener as {@link CredentialsEvent.IdentityChanged}. A source
     * that is broken still stops the chain.
     *
     * @param fallback whether to fall back
     * @return this builder
     */
    public Builder fallBackOnRefusal(boolean fallback) {
      this.fallback = fallback;
      return this;
    }

    /**
     * Sets the provider to use where no EKS source is configured at all, and only there, such as on
     * a laptop. Lanyard passes on what it returns or throws, and neither caches nor refreshes its
     * credentials; waiting and blocking are then up to that provider. It is also told of {@link
     * #invalidate}, if it can be. Default: none; callers then get an exception.
     *
     * @param provider such as {@code ProfileCredentialsProvider.create()}; the application closes
     *     it
     * @return this builder
     */
    public Builder whenNotOnEks(AwsCredentialsProvider provider) {
      this.whenNotOnEks = Objects.requireNonNull(provider, "provider");
      return this;
    }

    /**
     * Builds the provider and begins the first exchange in the background. Never waits.
     *
     * @return a provider; never fails because of the environment
     */
    public EksCredentialsProvider build() {
      return new EksCredentialsProvider(this);
    }
  }
}
