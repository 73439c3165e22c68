package dev.lanyard.irsa;

import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.irsa.internal.AssumeRoleOptions;
import dev.lanyard.irsa.internal.AssumeRoleSource;
import dev.lanyard.irsa.internal.RoleArn;
import dev.lanyard.irsa.internal.SessionRules;
import dev.lanyard.irsa.internal.Texts;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The credentials of a second role, assumed with those of a first one: role chaining. The first
 * provider is any of Lanyard's: {@code EksCredentialsProvider}, one of a single source, or another
 * of this class. The second role may belong to another account.
 *
 * <p>An engine of its own refreshes the second role's credentials, in the same way as the first
 * one's, and they survive any failure of the first provider until they expire. STS gives them for
 * one hour at most, whatever the role allows. Every attempt asks the first provider for
 * credentials, which it normally holds; where it has none, the attempt waits for them within its
 * own time budget, and fails with the first provider's reason. When STS says that the first
 * credentials are no longer good, this provider calls {@link #invalidate} on the first one.
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
 *
 * @since 0.1
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
    Builder.check("the role ARN ", RoleArn.problem(Objects.requireNonNull(roleArn, "roleArn")));
    return new Builder(first, RoleArn.parse(roleArn).orElseThrow());
  }

  /**
   * Builds an {@link AssumeRoleCredentialsProvider}. From the environment it reads only the pod's
   * host name and the settings that select the STS endpoint and the proxy. A value that can never
   * be valid is refused at once; whether STS accepts it is known at the first exchange. Not for use
   * by more than one thread.
   *
   * @since 0.1
   */
  public static final class Builder extends StsBuilder<Builder> {
    private final RefreshingCredentialsProvider first;
    private final RoleArn role;

    // STS tells keys apart without regard to case. Source: the STS model, Tags.
    private final Map<String, String> sessionTags = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    private List<String> transitiveTagKeys = List.of();
    private @Nullable String externalId;
    private @Nullable String sourceIdentity;

    private Builder(RefreshingCredentialsProvider first, RoleArn role) {
      super(SessionRules.MAX_CHAINED, ", the most that STS gives where roles are chained");
      this.first = first;
      this.role = role;
    }

    @Override
    protected Builder self() {
      return this;
    }

    /**
     * Sets the external id that the trust policy of the role asks for ({@code sts:ExternalId}).
     * Default: none. It is agreed between two accounts and is not a secret: errors and explanations
     * show it.
     *
     * @param externalId 2 to 1224 characters out of {@code A-Z a-z 0-9 _ + = , . @ : / -}
     * @return this builder
     * @throws IllegalArgumentException if the value breaks these rules
     */
    public Builder externalId(String externalId) {
      check(
          "the external id ",
          SessionRules.externalIdProblem(Objects.requireNonNull(externalId, "externalId")));
      this.externalId = externalId;
      return this;
    }

    /**
     * Adds a session tag. Both the first role and the second have to allow {@code sts:TagSession}.
     * Errors and explanations show keys, never values.
     *
     * @param key 1 to 128 letters, digits, blanks or any of {@code _ . : / = + - @}, not beginning
     *     with {@code aws:}; it replaces a key that was added before, in upper or lower case
     * @param value up to 256 of the same characters
     * @return this builder
     * @throws IllegalArgumentException if one of them is not, or if there are more than 50 tags
     */
    public Builder sessionTag(String key, String value) {
      check(
          "the key of a session tag ",
          SessionRules.tagKeyProblem(Objects.requireNonNull(key, "key")));
      check(
          "the value of session tag " + key + " ",
          SessionRules.tagValueProblem(Objects.requireNonNull(value, "value")));
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
     * Sets the keys of session tags that STS passes on when yet another role is assumed with these
     * credentials (transitive tags). STS passes on the transitive tags of the first session, such
     * as those of Pod Identity, in any case, and they cannot be set again. Default: none.
     *
     * @param keys keys of tags that are also added with {@link #sessionTag}, before or after this
     *     call; {@link #build} checks it. They replace those of an earlier call; none takes them
     *     away
     * @return this builder
     */
    public Builder transitiveTagKeys(String... keys) {
      this.transitiveTagKeys = listOf(keys, "keys");
      return this;
    }

    /**
     * Sets the source identity: the name of who is behind the session. It stays the same in this
     * session and in all sessions that are chained to it. Both the first role and the second have
     * to allow {@code sts:SetSourceIdentity}. Default: none, or that of the first session.
     *
     * @param sourceIdentity 2 to 64 characters out of {@code A-Z a-z 0-9 _ + = , . @ -}, not
     *     beginning with {@code aws:}
     * @return this builder
     * @throws IllegalArgumentException if the value breaks these rules
     */
    public Builder sourceIdentity(String sourceIdentity) {
      check(
          "the source identity ",
          SessionRules.sourceIdentityProblem(
              Objects.requireNonNull(sourceIdentity, "sourceIdentity")));
      this.sourceIdentity = sourceIdentity;
      return this;
    }

    /**
     * Builds the provider and begins the first exchange in the background. Never waits.
     *
     * @return a provider; never fails because of the environment
     * @throws IllegalArgumentException if a transitive tag key is not the key of a session tag, or
     *     if the session policy and the policy ARNs together have more than 2048 characters
     */
    public AssumeRoleCredentialsProvider build() {
      for (String key : transitiveTagKeys) {
        if (!sessionTags.containsKey(key)) {
          throw new IllegalArgumentException(
              "a transitive tag key has to be the key of a session tag: " + Texts.shown(key));
        }
      }
      return new AssumeRoleCredentialsProvider(
          new AssumeRoleSource(
              first,
              new AssumeRoleOptions(
                  role,
                  Optional.ofNullable(externalId),
                  sessionTags,
                  transitiveTagKeys,
                  Optional.ofNullable(sourceIdentity),
                  session())),
          this);
    }
  }
}
