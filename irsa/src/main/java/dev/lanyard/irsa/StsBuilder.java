package dev.lanyard.irsa;

import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.irsa.internal.SessionName;
import dev.lanyard.irsa.internal.SessionOptions;
import dev.lanyard.irsa.internal.SessionRules;
import dev.lanyard.irsa.internal.StsLocation;
import dev.lanyard.irsa.internal.Texts;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * The options that any session has, whichever operation of STS begins it. Its methods are those of
 * the two public builders, in Javadoc too: none is final, so that each gets a bridge there, which
 * reflection can call. For the same reason the bound of the type is a public class.
 */
abstract sealed class StsBuilder<B extends RefreshingCredentialsProvider.Builder<B>>
    extends RefreshingCredentialsProvider.Builder<B>
    permits IrsaCredentialsProvider.Builder, AssumeRoleCredentialsProvider.Builder {

  /** Source: the STS API reference, Policy and PolicyArns of either operation. */
  private static final int MAX_POLICY_LENGTH = 2048;

  private static final int MAX_POLICY_ARNS = 10;

  /** Source of both: the STS model, PolicyDescriptorType. */
  private static final int MIN_ARN_LENGTH = 20;

  private static final int MAX_ARN_LENGTH = 2048;

  /** Source: the IAM user guide, IAM identifiers. */
  private static final Pattern POLICY_ARN =
      Pattern.compile("arn:aws[a-z0-9-]*:iam::(\\d{12}|aws):policy/[\\x21-\\x7e]+");

  private final Duration maxDuration;
  private final String whyNoMore;
  private @Nullable String sessionName;
  private @Nullable Duration duration;
  private @Nullable String policy;
  private List<String> policyArns = List.of();
  private @Nullable String region;
  private @Nullable URI endpoint;
  private @Nullable StsClient stsClient;

  /**
   * Makes a builder with the defaults.
   *
   * @param maxDuration the longest session that the operation opens
   * @param whyNoMore the reason, as the end of a sentence that says how long it is, or empty
   */
  StsBuilder(Duration maxDuration, String whyNoMore) {
    this.maxDuration = maxDuration;
    this.whyNoMore = whyNoMore;
  }

  /**
   * Sets the session's name, which CloudTrail shows. Default: for the pod's own role, {@code
   * aws.roleSessionName}, then {@code AWS_ROLE_SESSION_NAME}; where these are not set, and for a
   * second role, the pod's host name and eight characters that are drawn once per process.
   *
   * @param sessionName 2 to 64 characters out of {@code A-Z a-z 0-9 _ + = , . @ -}
   * @return this builder
   * @throws IllegalArgumentException if the value breaks these rules
   */
  public B sessionName(String sessionName) {
    check(
        "the session name ",
        SessionName.problem(Objects.requireNonNull(sessionName, "sessionName")));
    this.sessionName = sessionName;
    return self();
  }

  /**
   * Sets how long the session credentials live. Default: one hour, which STS gives if it is not
   * asked for a duration. STS refuses more than the maximum session duration of the role, and, for
   * a second role, more than one hour.
   *
   * @param duration whole seconds, from 15 minutes to 12 hours, or to 1 hour for a second role
   * @return this builder
   * @throws IllegalArgumentException if the value breaks these rules
   */
  public B duration(Duration duration) {
    check(
        "the duration ",
        SessionRules.durationProblem(
            Objects.requireNonNull(duration, "duration"), maxDuration, whyNoMore));
    this.duration = duration;
    return self();
  }

  /**
   * Sets a session policy that restricts what the role allows. Default: none. A request with a web
   * identity token is not signed: only TLS protects the policy in transit.
   *
   * @param policy a policy as JSON, 1 to 2048 characters, none beyond U+00FF and no control
   *     character but tab, line feed and carriage return
   * @return this builder
   * @throws IllegalArgumentException if the value breaks these rules
   */
  public B policy(String policy) {
    Objects.requireNonNull(policy, "policy");
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
                    + " only, and has U+%04X at position %d; write it as a JSON escape",
                (int) c,
                i));
      }
    }
    this.policy = policy;
    return self();
  }

  /**
   * Sets managed policies that restrict what the role allows. Default: none.
   *
   * @param policyArns the ARNs of up to 10 managed policies of the role's account or of AWS, each
   *     20 to 2048 characters. They replace those of an earlier call; none takes them away
   * @return this builder
   * @throws IllegalArgumentException if there are more, or one is not the ARN of an IAM policy
   */
  public B policyArns(String... policyArns) {
    List<String> given = listOf(policyArns, "policyArns");
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
    return self();
  }

  /**
   * Sets the region whose STS endpoint is used, and which a signature names. Default: {@code
   * aws.region}, {@code AWS_REGION}, {@code AWS_DEFAULT_REGION}, then the global endpoint where the
   * role's partition has one.
   *
   * @param region such as {@code eu-west-1}
   * @return this builder
   * @throws IllegalArgumentException if it cannot be the name of a region
   */
  public B region(String region) {
    check("the region ", StsLocation.regionProblem(Objects.requireNonNull(region, "region")));
    this.region = region;
    return self();
  }

  /**
   * Sets the STS endpoint. Default: {@code aws.endpointUrlSts}, {@code AWS_ENDPOINT_URL_STS},
   * {@code aws.endpointUrl}, {@code AWS_ENDPOINT_URL}, then that of the region. For a second role
   * the region has to be known too, for the signature.
   *
   * @param endpoint an http or https URL. Over plain http the web identity token, or the first
   *     role's session token, crosses the network unencrypted
   * @return this builder
   * @throws IllegalArgumentException if it is no such URL, or holds more than host, port and path
   */
  public B endpoint(URI endpoint) {
    check(
        "the endpoint ", StsLocation.endpointProblem(Objects.requireNonNull(endpoint, "endpoint")));
    this.endpoint = endpoint;
    return self();
  }

  /**
   * Sets the client that calls STS, for what the other options cannot do: a proxy with another
   * authentication than Basic, another trust store, an interceptor. Its own region, endpoint, proxy
   * and retries then apply instead of this builder's; its credentials are not used, and each call
   * is limited to the exchange's time budget. Turn its retries off: the engine retries. Default: a
   * client made for each exchange, with one connection.
   *
   * @param stsClient a client that is safe for use by many threads; the application closes it after
   *     the last use of this provider
   * @return this builder
   */
  public B stsClient(StsClient stsClient) {
    this.stsClient = Objects.requireNonNull(stsClient, "stsClient");
    return self();
  }

  /**
   * Returns these options.
   *
   * @throws IllegalArgumentException if they go together in no way
   */
  SessionOptions session() {
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
    return new SessionOptions(
        Optional.ofNullable(sessionName),
        Optional.ofNullable(duration),
        Optional.ofNullable(policy),
        policyArns,
        Optional.ofNullable(region),
        Optional.ofNullable(endpoint),
        Optional.ofNullable(stsClient));
  }

  /** Returns the values of an argument, none of which may be null. */
  static List<String> listOf(String[] values, String argument) {
    for (String value : Objects.requireNonNull(values, argument)) {
      Objects.requireNonNull(value, argument);
    }
    return List.of(values);
  }

  static void check(String what, Optional<String> problem) {
    if (problem.isPresent()) {
      throw new IllegalArgumentException(what + problem.get());
    }
  }
}
