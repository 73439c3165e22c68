package dev.lanyard.irsa;

import dev.lanyard.RefreshingCredentialsProvider;
import java.net.URI;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * The credentials of a second role, assumed with those of a first one: role chaining. The first is
 * any provider of Lanyard's, {@code EksCredentialsProvider} or one of a single source, or another
 * of this class. The second role may be of another account.
 *
 * <p>The second role's credentials are refreshed as the first one's are, by an engine of their own,
 * and survive any failure of the first one until they expire. STS gives them for one hour at most,
 * whatever the role allows. At every attempt the first provider is asked for credentials, which it
 * normally has in hand; where it has none, the attempt waits for them within its own time budget,
 * and fails with the first provider's own reason. When STS says that the first credentials are no
 * longer good, the first provider is told by {@link #invalidate}.
 *
 * <p>This provider keeps the first one alive and refreshing; there is nothing to close. See {@link
 * RefreshingCredentialsProvider} for the guarantees, for threads and for errors.
 *
 * <pre>{@code
 * EksCredentialsProvider pod = EksCredentialsProvider.create();
 * S3Client partner = S3Client.builder()
 *     .credentialsProvider(
 *         AssumeRoleCredentialsProvider.builder(pod, "arn:aws:iam::444455556666:role/partner")
 *             .externalId("contract-17")
 *             .build())
 *     .build();
 * }</pre>
 */
public final class AssumeRoleCredentialsProvider extends RefreshingCredentialsProvider {

  private AssumeRoleCredentialsProvider(AssumeRoleSource source, Builder builder) {
    super(source, builder);
  }

  /**
   * Starts a provider, with an engine of its own.
   *
   * @param first whose credentials sign the request
   * @param roleArn the ARN of the role to assume, in any partition and with any path
   * @return a builder with the defaults
   * @throws IllegalArgumentException if it is not the ARN of an IAM role
   */
  public static Builder builder(RefreshingCredentialsProvider first, String roleArn) {
    Objects.requireNonNull(first, "first");
    Builder.check("the role ARN ", RoleArn.problem(roleArn));
    return new Builder(first, RoleArn.parse(roleArn).orElseThrow());
  }

  /**
   * Builds an {@link AssumeRoleCredentialsProvider}. Of the environment, only the pod's host name
   * and the settings that choose the STS endpoint are read. A value that can never be valid is
   * refused at once; what STS thinks of it is known at the first exchange. Not for use by more than
   * one thread.
   */
  public static final class Builder extends RefreshingCredentialsProvider.Builder<Builder> {
    /** Source of both: the STS API reference, AssumeRole, DurationSeconds and role chaining. */
    private static final Duration MIN_DURATION = Duration.ofMinutes(15);

    private static final Duration MAX_DURATION = Duration.ofHours(1);

    /** Source: the STS API reference, AssumeRole, Policy and PolicyArns. */
    private static final int MAX_POLICY_LENGTH = 2048;

    private static final int MAX_POLICY_ARNS = 10;

    private final RefreshingCredentialsProvider first;
    private final RoleArn role;

    // STS tells keys apart without regard to case. Source: the STS model, Tags.
    private final Map<String, String> sessionTags = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    private final List<String> transitiveTagKeys = new ArrayList<>();
    private @Nullable String sessionName;
    private @Nullable String externalId;
    private @Nullable String sourceIdentity;
    private @Nullable Duration duration;
    private @Nullable String policy;
    private List<String> policyArns = List.of();
    private @Nullable String region;
    private @Nullable URI endpoint;
    private @Nullable StsClient stsClient;

    private Builder(RefreshingCredentialsProvider first, RoleArn role) {
      this.first = first;
      this.role = role;
    }

    @Override
    protected Builder self() {
      return this;
    }

    /**
     * Sets the session's name, which CloudTrail shows to both accounts. Default: the pod's host
     * name with a mark of the process.
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
     * Sets the external id that the trust policy of the role asks for ({@code sts:ExternalId}).
     * Default: none. It is an agreement between two accounts and no secret: errors and explanations
     * name it.
     *
     * @param externalId 2 to 1224 characters out of {@code A-Z a-z 0-9 _ + = , . @ : / -}
     * @return this builder
     * @throws IllegalArgumentException if it is not
     */
    public Builder externalId(String externalId) {
      check("the external id ", SessionRules.externalIdProblem(externalId));
      this.externalId = externalId;
      return this;
    }

    /**
     * Adds a session tag. Both the first role and the second have to allow {@code sts:TagSession}.
     * Errors and explanations name keys, never values.
     *
     * @param key 1 to 128 letters, digits, blanks or any of {@code _ . : / = + - @}, not beginning
     *     with {@code aws:}; a key that was added before in any case is replaced
     * @param value up to 256 of the same
     * @return this builder
     * @throws IllegalArgumentException if it is not, or if there are more than 50 tags
     */
    public Builder sessionTag(String key, String value) {
      check("the key of a session tag ", SessionRules.tagKeyProblem(key));
      check("the value of session tag " + key + " ", SessionRules.tagValueProblem(value));
      // The key that is kept would otherwise be that of the first time.
      sessionTags.remove(key);
      if (sessionTags.size() == SessionRules.MAX_TAGS) {
        throw new IllegalArgumentException(
            "STS takes up to " + SessionRules.MAX_TAGS + " session tags");
      }
      sessionTags.put(key, value);
      return this;
    }

    /**
     * Adds keys of session tags that go along when yet another role is assumed with these
     * credentials. Those that the first session passes on, as Pod Identity does, go along in any
     * case, and cannot be set again. Default: none.
     *
     * @param keys keys of tags that this builder is given too, before or after
     * @return this builder
     */
    public Builder transitiveTagKeys(String... keys) {
      transitiveTagKeys.addAll(List.of(keys));
      return this;
    }

    /**
     * Sets the source identity: who is behind the session, for good, in this session and all that
     * are chained to it. Both the first role and the second have to allow {@code
     * sts:SetSourceIdentity}. Default: none, or that of the first session.
     *
     * @param sourceIdentity 2 to 64 characters out of {@code A-Z a-z 0-9 _ + = , . @ -}, not
     *     beginning with {@code aws:}
     * @return this builder
     * @throws IllegalArgumentException if it is not
     */
    public Builder sourceIdentity(String sourceIdentity) {
      check("the source identity ", SessionRules.sourceIdentityProblem(sourceIdentity));
      this.sourceIdentity = sourceIdentity;
      return this;
    }

    /**
     * Sets how long the session credentials live. Default: what STS gives, one hour. That is also
     * the most, whatever the role's own maximum: STS refuses more where roles are chained.
     *
     * @param duration whole seconds, from 15 minutes to 1 hour
     * @return this builder
     * @throws IllegalArgumentException if it is not
     */
    public Builder duration(Duration duration) {
      if (duration.compareTo(MIN_DURATION) < 0
          || duration.compareTo(MAX_DURATION) > 0
          || !duration.equals(duration.truncatedTo(ChronoUnit.SECONDS))) {
        throw new IllegalArgumentException(
            "the duration must be whole seconds from 900 to 3600, the most that STS gives where"
                + " roles are chained: "
                + duration);
      }
      this.duration = duration;
      return this;
    }

    /**
     * Sets a session policy that narrows what the role allows. Default: none.
     *
     * @param policy a policy as JSON, 1 to 2048 characters
     * @return this builder
     * @throws IllegalArgumentException if it has fewer or more
     */
    public Builder policy(String policy) {
      if (policy.isBlank() || policy.length() > MAX_POLICY_LENGTH) {
        throw new IllegalArgumentException(
            "the session policy must have 1 to 2048 characters, and has " + policy.length());
      }
      this.policy = policy;
      return this;
    }

    /**
     * Sets managed policies that narrow what the role allows. Default: none.
     *
     * @param policyArns the ARNs of up to 10 managed policies of the role's account or of AWS
     * @return this builder
     * @throws IllegalArgumentException if there are more, or one does not begin as an ARN does
     */
    public Builder policyArns(String... policyArns) {
      List<String> given = List.of(policyArns);
      if (given.size() > MAX_POLICY_ARNS) {
        throw new IllegalArgumentException(
            "STS takes up to 10 session policy ARNs, not " + given.size());
      }
      if (!given.stream().allMatch(arn -> arn.startsWith("arn:"))) {
        throw new IllegalArgumentException("the ARN of a session policy begins with arn:");
      }
      this.policyArns = given;
      return this;
    }

    /**
     * Sets the region whose STS endpoint is asked, and which the signature names. Default: {@code
     * aws.region}, {@code AWS_REGION}, {@code AWS_DEFAULT_REGION}, then the global endpoint where
     * the role's partition has one.
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
     * {@code aws.endpointUrl}, {@code AWS_ENDPOINT_URL}, then that of the region. With an endpoint
     * the region has to be known too, for the signature.
     *
     * @param endpoint an http or https URL. Over plain http the first session token crosses the
     *     network in the clear
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
     * proxy and retries then hold, instead of this builder's; its credentials do not, and each call
     * is limited to the exchange's time budget. Default: a client made for each exchange, with one
     * connection.
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
     * @throws IllegalArgumentException if a transitive tag key is not that of a session tag
     */
    public AssumeRoleCredentialsProvider build() {
      for (String key : transitiveTagKeys) {
        if (!sessionTags.containsKey(key)) {
          throw new IllegalArgumentException(
              "a transitive tag key has to be that of a session tag: " + Texts.shown(key));
        }
      }
      return new AssumeRoleCredentialsProvider(
          new AssumeRoleSource(
              first,
              new AssumeRoleOptions(
                  role,
                  Optional.ofNullable(sessionName),
                  Optional.ofNullable(externalId),
                  sessionTags,
                  transitiveTagKeys,
                  Optional.ofNullable(sourceIdentity),
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
