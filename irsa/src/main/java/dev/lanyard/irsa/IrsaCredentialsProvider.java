package dev.lanyard.irsa;

import dev.lanyard.RefreshingCredentialsProvider;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * The credentials of a pod with an IAM role for its service account (IRSA): its web identity token,
 * exchanged at AWS STS. No other source is looked at; {@code EksCredentialsProvider} looks for Pod
 * Identity as well.
 *
 * <p>The settings are read once, when the provider is built: the builder's own, then system
 * properties, then environment variables, as the EKS webhook injects them. The token file is read
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
 */
public final class IrsaCredentialsProvider extends RefreshingCredentialsProvider {

  private IrsaCredentialsProvider(IrsaSource source) {
    super(source);
  }

  private IrsaCredentialsProvider(IrsaSource source, Builder builder) {
    super(source, builder);
  }

  /**
   * Returns a provider with the defaults. All providers created so in a process share one engine
   * and its credentials: creating many costs one exchange.
   *
   * @return a provider; never fails because of the environment
   */
  public static IrsaCredentialsProvider create() {
    return new IrsaCredentialsProvider(new IrsaSource());
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
   * Builds an {@link IrsaCredentialsProvider}. What is set here comes before what the environment
   * says. A value that can never be valid is refused at once; what STS thinks of it is known at the
   * first exchange. Not for use by more than one thread.
   */
  public static final class Builder extends RefreshingCredentialsProvider.Builder<Builder> {
    /** Source of both limits: the STS model, DurationSeconds. */
    private static final Duration MIN_DURATION = Duration.ofMinutes(15);

    private static final Duration MAX_DURATION = Duration.ofHours(12);

    /** Source: the STS API reference, AssumeRoleWithWebIdentity. */
    private static final int MAX_POLICY_LENGTH = 2048;

    private static final int MAX_POLICY_ARNS = 10;

    /** Source of both: the STS model, PolicyDescriptorType. */
    private static final int MIN_ARN_LENGTH = 20;

    private static final int MAX_ARN_LENGTH = 2048;

    /** Source: the IAM user guide, IAM identifiers. */
    private static final Pattern POLICY_ARN =
        Pattern.compile("arn:aws[a-z0-9-]*:iam::(\\d{12}|aws):policy/[\\x21-\\x7e]+");

    private @Nullable RoleArn role;
    private @Nullable Path tokenFile;
    private @Nullable String sessionName;
    private @Nullable Duration duration;
    private @Nullable String policy;
    private List<String> policyArns = List.of();
    private @Nullable String region;
    private @Nullable URI endpoint;
    private @Nullable StsClient stsClient;

    private Builder() {}

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
      check("the role ARN ", RoleArn.problem(roleArn));
      this.role = RoleArn.parse(roleArn).orElseThrow();
      return this;
    }

    /**
     * Sets where the web identity token is. Default: {@code aws.webIdentityTokenFile}, {@code
     * AWS_WEB_IDENTITY_TOKEN_FILE}. The file need not be there yet.
     *
     * @param tokenFile the file, taken as it stands: an environment's own root does not count
     * @return this builder
     */
    public Builder tokenFile(Path tokenFile) {
      this.tokenFile = Objects.requireNonNull(tokenFile, "tokenFile");
      return this;
    }

    /**
     * Sets the session's name, which CloudTrail shows. Default: {@code aws.roleSessionName}, {@code
     * AWS_ROLE_SESSION_NAME}, then the pod's host name with a mark of the process.
     *
     * @param sessionName 2 to 64 characters out of {@code A-Z a-z 0-9 _ + = , . @ -}
     * @return this builder
     * @throws IllegalArgumentException if it is not
     */
    public Builder sessionName(String sessionName) {
      check("the session name ", SessionName.problem(sessionName));
      this.sessionName = sessionName;
      return this;
    }

    /**
     * Sets how long the session credentials live. Default: what STS gives, one hour. STS refuses
     * more than the role's own maximum.
     *
     * @param duration whole seconds, from 15 minutes to 12 hours
     * @return this builder
     * @throws IllegalArgumentException if it is not
     */
    public Builder duration(Duration duration) {
      if (duration.compareTo(MIN_DURATION) < 0
          || duration.compareTo(MAX_DURATION) > 0
          || !duration.equals(duration.truncatedTo(ChronoUnit.SECONDS))) {
        throw new IllegalArgumentException(
            "the duration must be whole seconds from 900 to 43200: " + duration);
      }
      this.duration = duration;
      return this;
    }

    /**
     * Sets a session policy that narrows what the role allows. Default: none. The request is not
     * signed: only TLS protects the policy on its way.
     *
     * @param policy a policy as JSON, 1 to 2048 characters, none beyond U+00FF and no control
     *     character but tab, line feed and carriage return
     * @return this builder
     * @throws IllegalArgumentException if it is not
     */
    public Builder policy(String policy) {
      if (policy.isBlank() || policy.length() > MAX_POLICY_LENGTH) {
        throw new IllegalArgumentException(
            "the session policy must have 1 to 2048 characters, and has " + policy.length());
      }
      for (int i = 0; i < policy.length(); i++) {
        char c = policy.charAt(i);
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c > 0xff) {
          throw new IllegalArgumentException(
              String.format(
                  Locale.ROOT,
                  "the session policy may hold tab, line feed, carriage return and U+0020 to U+00FF"
                      + " only, and has U+%04X at position %d; JSON can spell it as an escape",
                  (int) c,
                  i));
        }
      }
      this.policy = policy;
      return this;
    }

    /**
     * Sets managed policies that narrow what the role allows. Default: none.
     *
     * @param policyArns the ARNs of up to 10 managed policies of the role's account or of AWS, each
     *     20 to 2048 characters
     * @return this builder
     * @throws IllegalArgumentException if there are more, or one is not the ARN of an IAM policy
     */
    public Builder policyArns(String... policyArns) {
      List<String> given = List.of(policyArns);
      if (given.size() > MAX_POLICY_ARNS) {
        throw new IllegalArgumentException(
            "STS takes up to 10 session policy ARNs, not " + given.size());
      }
      for (String arn : given) {
        if (arn.length() < MIN_ARN_LENGTH || arn.length() > MAX_ARN_LENGTH) {
          throw new IllegalArgumentException(
              "the ARN of a session policy must have 20 to 2048 characters, and one has "
                  + arn.length());
        }
        if (!POLICY_ARN.matcher(arn).matches()) {
          throw new IllegalArgumentException(
              "the ARN of a session policy must be arn:{partition}:iam::{twelve-digit account or"
                  + " aws}:policy/{path and name}: "
                  + Texts.shown(arn));
        }
      }
      this.policyArns = given;
      return this;
    }

    /**
     * Sets the region whose STS endpoint is asked. Default: {@code aws.region}, {@code AWS_REGION},
     * {@code AWS_DEFAULT_REGION}, then the global endpoint where the role's partition has one.
     *
     * @param region such as {@code eu-west-1}
     * @return this builder
     * @throws IllegalArgumentException if it cannot be the name of a region
     */
    public Builder region(String region) {
      check("the region ", StsLocation.regionProblem(region));
      this.region = region;
      return this;
    }

    /**
     * Sets the STS endpoint. Default: {@code aws.endpointUrlSts}, {@code AWS_ENDPOINT_URL_STS},
     * {@code aws.endpointUrl}, {@code AWS_ENDPOINT_URL}, then that of the region.
     *
     * @param endpoint an http or https URL. Over plain http the token crosses the network in the
     *     clear
     * @return this builder
     * @throws IllegalArgumentException if it is no such URL, or holds more than host, port and path
     */
    public Builder endpoint(URI endpoint) {
      check("the endpoint ", StsLocation.endpointProblem(endpoint));
      this.endpoint = endpoint;
      return this;
    }

    /**
     * Sets the client that asks STS, for what the other options cannot do: a proxy with another
     * authentication than Basic, another trust store, an interceptor. Its own region, endpoint,
     * proxy and retries then hold, instead of this builder's; each call is limited to the
     * exchange's time budget. Default: a client made for each exchange, with one connection.
     *
     * @param stsClient a client; the caller closes it, after all use of this provider
     * @return this builder
     */
    public Builder stsClient(StsClient stsClient) {
      this.stsClient = Objects.requireNonNull(stsClient, "stsClient");
      return this;
    }

    /**
     * Builds the provider and begins the first exchange in the background. Never waits.
     *
     * @return a provider; never fails because of the environment
     * @throws IllegalArgumentException if the session policy and the policy ARNs have more than
     *     2048 characters together
     */
    public IrsaCredentialsProvider build() {
      int length = policy == null ? 0 : policy.length();
      for (String arn : policyArns) {
        length += arn.length();
      }
      // STS counts the plain text of both. Source: the STS API reference.
      if (policy != null && length > MAX_POLICY_LENGTH) {
        throw new IllegalArgumentException(
            "the session policy and the policy ARNs may have 2048 characters together, and have "
                + length);
      }
      return new IrsaCredentialsProvider(
          new IrsaSource(
              new IrsaOptions(
                  Optional.ofNullable(role),
                  Optional.ofNullable(tokenFile),
                  Optional.ofNullable(sessionName),
                  Optional.ofNullable(duration),
                  Optional.ofNullable(policy),
                  policyArns,
                  Optional.ofNullable(region),
                  Optional.ofNullable(endpoint),
                  Optional.ofNullable(stsClient))),
          this);
    }

    private static void check(String what, Optional<String> problem) {
      if (problem.isPresent()) {
        throw new IllegalArgumentException(what + problem.get());
      }
    }
  }
}
