package dev.lanyard.irsa.internal;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.spi.ExchangeException;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Why STS gave no session credentials, by its own code and where need be by its own words. This is
 * the one place where these are matched, and they choose the kind of a failure and its remedy,
 * nothing else. The first reason that fits is the one.
 *
 * <p>Sources: the STS model (botocore, sts/2011-06-15/service-2.json) for the codes of the
 * operations; the STS API reference, common errors, for those of any; AWS SDKs and tools reference,
 * retry behavior, for those of throttling; the IAM user guide, troubleshoot_roles. Words of STS are
 * in no reference: they are from issues of the AWS SDKs, and STS may change them.
 */
enum StsReason {
  // Source: aws/aws-sdk-go-v2, credentials/stscreds/web_identity_provider.go; issues.
  KEYS_UNREACHABLE(
      Problems.ISSUER_UNREACHABLE,
      Problems.REFUSED,
      FailureKind.TRANSIENT,
      "retrieve verification key",
      "InvalidIdentityToken"),
  ISSUER_UNREACHABLE(
      Problems.ISSUER_UNREACHABLE,
      Problems.REFUSED,
      FailureKind.TRANSIENT,
      null,
      "IDPCommunicationError"),
  // Source: IAM user guide, id_roles_providers_create_oidc_verify-thumbprint.
  WRONG_THUMBPRINT(
      Problems.WRONG_THUMBPRINT,
      Problems.REFUSED,
      FailureKind.REJECTED,
      "thumbprint",
      "InvalidIdentityToken"),
  // Source: aws/amazon-eks-pod-identity-webhook, issues.
  WRONG_AUDIENCE(
      Problems.WRONG_AUDIENCE,
      Problems.REFUSED,
      FailureKind.REJECTED,
      "audience",
      "InvalidIdentityToken"),
  NO_PROVIDER(
      Problems.NO_PROVIDER,
      Problems.REFUSED,
      FailureKind.REJECTED,
      "no openidconnect provider",
      "InvalidIdentityToken"),
  INVALID_TOKEN(
      Problems.TOKEN_REFUSED, Problems.REFUSED, FailureKind.REJECTED, null, "InvalidIdentityToken"),
  REJECTED_CLAIM(
      Problems.CLAIM_REJECTED, Problems.REFUSED, FailureKind.REJECTED, null, "IDPRejectedClaim"),
  // Of the web identity token, or of the credentials that signed: the operation tells.
  EXPIRED_TOKEN(
      Problems.TOKEN_EXPIRED,
      Problems.CALLER_EXPIRED,
      FailureKind.REJECTED,
      null,
      "ExpiredTokenException",
      "ExpiredToken"),
  // Source: IAM user guide, id_credentials_temp_control-access_monitor.
  SOURCE_IDENTITY_SET(
      Problems.DENIED,
      Problems.SOURCE_IDENTITY_SET,
      FailureKind.REJECTED,
      "source identity is already set",
      "AccessDenied"),
  ACCESS_DENIED(
      Problems.DENIED, Problems.SECOND_DENIED, FailureKind.REJECTED, null, "AccessDenied"),
  UNKNOWN_KEY(
      Problems.OTHER_PARTITION,
      Problems.CALLER_UNKNOWN,
      FailureKind.REJECTED,
      null,
      "InvalidClientTokenId"),
  // Source: the SDK's AwsErrorCode, for those that are not common errors.
  WRONG_SIGNATURE(
      Problems.SIGNED_BY_SOMEBODY,
      Problems.SIGNATURE_REFUSED,
      FailureKind.REJECTED,
      null,
      "SignatureDoesNotMatch",
      "InvalidSignatureException",
      "AuthFailure"),
  SIGNED_AT_WRONG_TIME(
      Problems.SIGNED_BY_SOMEBODY,
      Problems.SIGNATURE_REFUSED,
      FailureKind.REJECTED,
      null,
      "RequestExpired",
      "RequestInTheFuture",
      "RequestTimeTooSkewed"),
  REGION_DISABLED(
      Problems.REGION_DISABLED,
      Problems.REGION_DISABLED,
      FailureKind.REJECTED,
      null,
      "RegionDisabledException"),
  MALFORMED_POLICY(
      Problems.POLICY_MALFORMED,
      Problems.POLICY_MALFORMED,
      FailureKind.REJECTED,
      null,
      "MalformedPolicyDocument"),
  PACKED_POLICY_TOO_LARGE(
      Problems.POLICY_TOO_LARGE,
      Problems.TAGS_TOO_LARGE,
      FailureKind.REJECTED,
      null,
      "PackedPolicyTooLarge"),
  // Source: STS API reference, AssumeRole; IAM user guide, troubleshoot_roles.
  CHAINED_TOO_LONG(
      Problems.REFUSED,
      Problems.CHAINED_TOO_LONG,
      FailureKind.REJECTED,
      "role chaining",
      "ValidationError"),
  TOO_LONG(
      Problems.SESSION_TOO_LONG,
      Problems.SESSION_TOO_LONG,
      FailureKind.REJECTED,
      "maxsessionduration",
      "ValidationError"),
  INVALID_ARN(
      Problems.ROLE_REFUSED,
      Problems.SECOND_REFUSED,
      FailureKind.REJECTED,
      "arn is invalid",
      "ValidationError"),
  // Source: IAM user guide, id_session-tags.
  TAG_PASSED_ON(
      Problems.REFUSED,
      Problems.TAG_PASSED_ON,
      FailureKind.REJECTED,
      "transitive tag key from the calling session",
      "InvalidParameterValue"),
  THROTTLED(
      Problems.THROTTLED,
      Problems.THROTTLED,
      FailureKind.TRANSIENT,
      null,
      "Throttling",
      "ThrottlingException",
      "ThrottledException",
      "RequestThrottled",
      "RequestThrottledException",
      "RequestLimitExceeded",
      "TooManyRequestsException",
      "BandwidthLimitExceeded",
      "LimitExceededException",
      "ProvisionedThroughputExceededException",
      "TransactionInProgressException",
      "EC2ThrottledException",
      "SlowDown",
      "PriorRequestNotComplete"),
  IN_TROUBLE(
      Problems.IN_TROUBLE,
      Problems.IN_TROUBLE,
      FailureKind.TRANSIENT,
      null,
      "RequestTimeout",
      "RequestTimeoutException",
      "InternalFailure",
      "InternalError",
      "ServiceUnavailable"),
  /** A code that nobody has told of yet. */
  OTHER(Problems.REFUSED, Problems.REFUSED, FailureKind.REJECTED, null);

  /** Who asked, in the words of STS: "User: arn:... is not authorized to perform: ...". */
  private static final Pattern CALLER =
      Pattern.compile("arn:([^:\\s]+):sts::(\\d{12}):assumed-role/([^/\\s]+)/");

  private final String ofWebIdentity;
  private final String ofSecondRole;
  private final FailureKind kind;
  private final @Nullable String words;

  // Set.of makes one that cannot be changed, which its type does not say.
  @SuppressWarnings("ImmutableEnumChecker")
  private final Set<String> codes;

  /**
   * Makes a reason.
   *
   * @param ofWebIdentity the id of the problem where a web identity token is exchanged
   * @param ofSecondRole the id of the problem where a second role is assumed
   */
  StsReason(
      String ofWebIdentity,
      String ofSecondRole,
      FailureKind kind,
      @Nullable String words,
      String... codes) {
    this.ofWebIdentity = ofWebIdentity;
    this.ofSecondRole = ofSecondRole;
    this.kind = kind;
    this.words = words;
    this.codes = Set.of(codes);
  }

  /**
   * Returns why.
   *
   * @param code the error code
   * @param said the message beside it
   */
  static StsReason of(String code, String said) {
    String text = said.toLowerCase(Locale.ROOT);
    for (StsReason reason : values()) {
      if (reason.codes.contains(code) && (reason.words == null || text.contains(reason.words))) {
        return reason;
      }
    }
    return OTHER;
  }

  /** Returns why an attempt failed, by the code that it was told with. */
  static StsReason of(ExchangeException failure) {
    return failure.code().isPresent() ? of(failure.code().get(), "") : OTHER;
  }

  /** Returns the id of the problem where a web identity token is exchanged. */
  String ofWebIdentity() {
    return ofWebIdentity;
  }

  /** Returns the id of the problem where a second role is assumed. */
  String ofSecondRole() {
    return ofSecondRole;
  }

  /** Returns what it means for the next attempt, whatever the status. */
  FailureKind kind() {
    return kind;
  }

  /** Says whether the credentials that signed the request are no longer good, or not known. */
  boolean isOfTheCaller() {
    return this == EXPIRED_TOKEN || this == UNKNOWN_KEY;
  }

  /** Returns the role that asked, by the words of STS and without its path, which they lack. */
  static Optional<Caller> caller(String said) {
    Matcher caller = CALLER.matcher(said);
    return caller.find()
        ? Optional.of(new Caller(caller.group(1), caller.group(2), caller.group(3)))
        : Optional.empty();
  }

  /** Says whether an action is one that STS says is not allowed. */
  static boolean names(String said, String action) {
    return said.contains(action);
  }

  /** A role without its path, which may have one. */
  record Caller(String partition, String accountId, String name) {

    /** Says whether a role may be this one. */
    boolean mayBe(RoleArn role) {
      return role.partition().equals(partition)
          && role.accountId().equals(accountId)
          && role.name().equals(name);
    }

    /** Returns the ARN that the role has if it has no path. */
    String arnWithoutPath() {
      return "arn:" + partition + ":iam::" + accountId + ":role/" + name;
    }
  }
}
