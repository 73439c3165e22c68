package dev.lanyard.testing;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * An STS on loopback that speaks the query protocol of version 2011-06-15. Get it from {@link
 * FakeEks#sts}. Safe for use by many threads.
 *
 * <ul>
 *   <li>{@code AssumeRoleWithWebIdentity} verifies the parameters, the token, its issuer in the
 *       role's account, its signature, times and audience, the role's trust policy and the
 *       duration, in this order, and refuses with the code, status and XML of the real one. The
 *       order is an approximation, which AWS does not publish.
 *   <li>{@code AssumeRole} verifies a request signed in the same way, the parameters, the role's
 *       trust policy for the caller's session, role and account, and for tags and source identity
 *       where there are any, and the one hour that a chained session may last.
 *   <li>{@code GetCallerIdentity} verifies a request signed with credentials that the {@link
 *       FakeEks} issued. Only the time of the signature is not judged.
 * </ul>
 *
 * <p>There is no leeway on a token's times, and a token with white space around it is refused: what
 * the real STS grants there is not known. Texts of errors that AWS documents nowhere are this
 * fake's own; rely on the codes. No text holds a part of the request other than names and numbers.
 *
 * @since 0.1
 */
public final class FakeSts extends FakeService {
  private static final String ASSUME = "AssumeRoleWithWebIdentity";
  private static final String IDENTIFY = "GetCallerIdentity";
  private static final String VERSION = "2011-06-15";

  // Lengths and patterns. Source: botocore, sts/2011-06-15/service-2.json.
  static final int MIN_ARN = 20;
  static final int MAX_ARN = 2048;
  static final Pattern SESSION_NAME = Pattern.compile("[\\w+=,.@-]*");
  private static final Duration MIN_DURATION = Duration.ofMinutes(15);
  private static final Duration MAX_DURATION = Duration.ofHours(12);
  private static final Duration DEFAULT_DURATION = Duration.ofHours(1);
  static final int MAX_POLICY = 2048;
  private static final Pattern POLICY = Pattern.compile("[\\u0009\\u000A\\u000D\\u0020-\\u00FF]*");

  static final Pattern ROLE_ARN =
      Pattern.compile("arn:aws[a-z0-9-]*:iam::(\\d{12}):role/[\\w+=,.@/-]+");

  private final FakeAccount account;
  private volatile boolean disconnectedFromTheIssuer;
  private volatile boolean disabledInTheRegion;
  private volatile boolean toldThatTokensAreRevoked;

  FakeSts(FakeClock clock, Journal journal, FakeAccount account) {
    super("STS", clock, journal);
    this.account = account;
  }

  /**
   * Returns where it listens: the value of {@code AWS_ENDPOINT_URL_STS}.
   *
   * @return an address on loopback
   */
  @Override
  public URI endpoint() {
    return root();
  }

  /**
   * Loses the way to every issuer from now on, and cannot fetch their keys: a token that is
   * otherwise in order is refused with {@code IDPCommunicationError}, until it {@link #recover
   * recovers}.
   */
  public void disconnectFromTheIssuer() {
    disconnectedFromTheIssuer = true;
  }

  /**
   * Switches STS off for the account in this region from now on: every {@code
   * AssumeRoleWithWebIdentity} is refused with {@code RegionDisabledException}, until it {@link
   * #recover recovers}.
   */
  public void disableInTheRegion() {
    disabledInTheRegion = true;
  }

  /**
   * Lets the issuer say from now on that the claims of the token are not valid or have been
   * revoked: a token that is otherwise in order is refused with {@code IDPRejectedClaim}, until it
   * {@link #recover recovers}.
   */
  public void beToldThatTokensAreRevoked() {
    toldThatTokensAreRevoked = true;
  }

  @Override
  public void recover() {
    disconnectedFromTheIssuer = false;
    toldThatTokensAreRevoked = false;
    disabledInTheRegion = false;
    super.recover();
  }

  @Override
  String operation(HttpRequest request) {
    try {
      return operation(parameters(request));
    } catch (Refusal refusal) {
      return "unknown";
    }
  }

  @Override
  Outcome serve(HttpRequest request, String requestId, @Nullable Duration lifetime, Trace trace) {
    try {
      Map<String, String> parameters = parameters(request);
      String body;
      if (operation(parameters).equals(ASSUME)) {
        body = assumeRole(parameters, requestId, lifetime, trace);
      } else if (operation(parameters).equals(AssumeRoleAction.NAME)) {
        body =
            new AssumeRoleAction(account, caller(request), parameters)
                .answer(requestId, lifetime, trace);
      } else {
        body = StsXml.callerIdentity(caller(request), requestId);
      }
      return Outcome.of(xml(200, body, requestId));
    } catch (Refusal refusal) {
      return refused(refusal, requestId);
    }
  }

  @Override
  HttpAnswer error(int status, String code, String message, String requestId) {
    return xml(status, StsXml.error(status < 500, code, message, requestId), requestId);
  }

  @Override
  Outcome throttled(String requestId) {
    return refused(new Refusal(400, "Throttling", "Rate exceeded"), requestId);
  }

  private static HttpAnswer xml(int status, String body, String requestId) {
    return new HttpAnswer(
        status, Map.of("Content-Type", "text/xml", "x-amzn-RequestId", requestId), body);
  }

  private static String operation(Map<String, String> parameters) throws Refusal {
    String action = parameters.get("Action");
    if (action == null) {
      throw new Refusal(400, "MissingAction", "The request has no Action.");
    }
    if (!VERSION.equals(parameters.get("Version"))
        || !List.of(ASSUME, AssumeRoleAction.NAME, IDENTIFY).contains(action)) {
      throw new Refusal(
          400,
          "InvalidAction",
          "This fake knows "
              + String.join(", ", ASSUME, AssumeRoleAction.NAME, IDENTIFY)
              + " of version "
              + VERSION
              + ".");
    }
    return action;
  }

  private String assumeRole(
      Map<String, String> parameters, String requestId, @Nullable Duration lifetime, Trace trace)
      throws Refusal {
    Duration duration = validate(parameters);
    String arn = parameters.getOrDefault("RoleArn", "");
    Matcher arnParts = ROLE_ARN.matcher(arn);
    if (!arnParts.matches()) {
      throw new Refusal(400, "ValidationError", "Request ARN is invalid");
    }
    Optional<Integer> packed = packedPolicySize(parameters, Map.of());
    if (disabledInTheRegion) {
      throw new Refusal(
          403,
          "RegionDisabledException",
          "STS is not activated in this region for account:" + arnParts.group(1));
    }

    ServiceAccountToken token =
        ServiceAccountToken.parse(parameters.getOrDefault("WebIdentityToken", ""))
            .orElseThrow(() -> invalidToken("The web identity token is not a valid JWT"));
    FakeAccount.Provider provider =
        account
            .provider(arnParts.group(1), token.issuer())
            .orElseThrow(
                () ->
                    invalidToken(
                        "No OpenIDConnect provider found in your account for " + token.issuer()));
    if (disconnectedFromTheIssuer) {
      throw new Refusal(400, "IDPCommunicationError", "The identity provider cannot be reached");
    }
    if (!provider.hasTheThumbprint()) {
      throw invalidToken(
          "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint");
    }
    switch (provider.issuer().verify(token)) {
      case VALID -> trace.signed(token);
      case UNKNOWN_KEY ->
          // The two spaces are in the real text.
          throw invalidToken(
              "Couldn't retrieve verification key from your identity provider,  please reference"
                  + " AssumeRoleWithWebIdentity documentation for requirements");
      case FORGED -> throw invalidToken("The signature of the web identity token is not valid");
    }
    verifyTimes(token);
    String audience =
        provider
            .acceptedAudience(token)
            .orElseThrow(() -> invalidToken("Incorrect token audience"));
    if (toldThatTokensAreRevoked) {
      throw new Refusal(
          403, "IDPRejectedClaim", "The identity provider says that the claim is not valid");
    }

    // A role that is missing must look like one that does not trust the caller.
    Optional<Role> asked = account.role(arn);
    asked.map(Role::arn).ifPresent(trace::role);
    Optional<String> distrust = Role.distrust(asked, request(provider, token, audience));
    if (distrust.isPresent()) {
      throw new Refusal(403, "AccessDenied", "Not authorized to perform sts:" + ASSUME, distrust);
    }
    Role role = asked.orElseThrow();
    if (duration.compareTo(role.maxSessionDuration()) > 0) {
      throw new Refusal(
          400,
          "ValidationError",
          "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
    }
    IssuedCredentials credentials =
        account.issue(
            role,
            parameters.getOrDefault("RoleSessionName", ""),
            duration,
            lifetime,
            SessionAttributes.NONE);
    trace.issued(credentials);
    return StsXml.assumedRole(
        credentials, token.subject(), audience, provider.arn(), packed, requestId);
  }

  private TrustRequest request(
      FakeAccount.Provider provider, ServiceAccountToken token, String audience) {
    return new TrustRequest(
        "Federated",
        provider.arn(),
        "sts:" + ASSUME,
        Map.of(
            provider.issuer().hostAndPath() + ":sub",
            token.subject(),
            provider.issuer().hostAndPath() + ":aud",
            audience));
  }

  private void verifyTimes(ServiceAccountToken token) throws Refusal {
    Instant now = clock().instant();
    if (!now.isBefore(token.expiration())) {
      throw new Refusal(
          400,
          "ExpiredTokenException",
          "Token expired: current date/time "
              + now.getEpochSecond()
              + " must be before the expiration date/time "
              + token.expiration().getEpochSecond());
    }
    if (token.notBefore().filter(now::isBefore).isPresent()) {
      throw invalidToken("The web identity token is not valid yet");
    }
  }

  /** Checks the parameters one by one, as the model states them, and returns the duration. */
  private static Duration validate(Map<String, String> parameters) throws Refusal {
    List<String> errors = new ArrayList<>();
    length(parameters, "RoleArn", true, MIN_ARN, MAX_ARN, errors);
    length(parameters, "RoleSessionName", true, 2, 64, errors);
    String sessionName = parameters.get("RoleSessionName");
    if (sessionName != null && !SESSION_NAME.matcher(sessionName).matches()) {
      errors.add(constraint("RoleSessionName", "satisfy regular expression pattern: [\\w+=,.@-]*"));
    }
    length(parameters, "WebIdentityToken", true, 4, 20000, errors);
    sessionPolicies(parameters, errors);
    Duration duration = duration(parameters, errors);
    if (!errors.isEmpty()) {
      throw validation(errors);
    }
    if (parameters.containsKey("ProviderId")) {
      throw new Refusal(
          400, "ValidationError", "ProviderId is for OAuth 2.0 access tokens, not for OIDC tokens");
    }
    return duration;
  }

  static void sessionPolicies(Map<String, String> parameters, List<String> errors) {
    length(parameters, "Policy", false, 1, MAX_POLICY, errors);
    if (!POLICY.matcher(parameters.getOrDefault("Policy", "")).matches()) {
      errors.add(constraint("Policy", "satisfy regular expression pattern: " + POLICY.pattern()));
    }
    policyArns(parameters).forEach(name -> length(parameters, name, true, 20, 2048, errors));
  }

  static Refusal validation(List<String> errors) {
    return new Refusal(
        400,
        "ValidationError",
        errors.size()
            + (errors.size() == 1
                ? " validation error detected: "
                : " validation errors detected: ")
            + String.join("; ", errors));
  }

  static Duration duration(Map<String, String> parameters, List<String> errors) {
    String text = parameters.get("DurationSeconds");
    if (text == null) {
      return DEFAULT_DURATION;
    }
    if (!text.matches("-?\\d{1,9}")) {
      errors.add(constraint("DurationSeconds", "be an integer"));
      return DEFAULT_DURATION;
    }
    Duration duration = Duration.ofSeconds(Long.parseLong(text));
    if (duration.compareTo(MIN_DURATION) < 0) {
      errors.add(
          constraint(
              "DurationSeconds",
              "have value greater than or equal to " + MIN_DURATION.toSeconds()));
    } else if (duration.compareTo(MAX_DURATION) > 0) {
      errors.add(
          constraint(
              "DurationSeconds", "have value less than or equal to " + MAX_DURATION.toSeconds()));
    }
    return duration;
  }

  static void length(
      Map<String, String> parameters,
      String name,
      boolean required,
      int least,
      int most,
      List<String> errors) {
    String value = parameters.get(name);
    if (value == null) {
      if (required) {
        errors.add(
            "Value null at '"
                + member(name)
                + "' failed to satisfy constraint: Member must not be null");
      }
    } else if (value.length() < least) {
      errors.add(constraint(name, "have length greater than or equal to " + least));
    } else if (value.length() > most) {
      errors.add(constraint(name, "have length less than or equal to " + most));
    }
  }

  static String constraint(String name, String rule) {
    return "Value at '" + member(name) + "' failed to satisfy constraint: Member must " + rule;
  }

  private static String member(String name) {
    return Character.toLowerCase(name.charAt(0)) + name.substring(1);
  }

  /**
   * Percent of the room for session policies and session tags, where there are any. AWS does not
   * publish how it packs them: here the limit of the plain text of policies holds for all together.
   *
   * @param tags those of the session to be, inherited ones too
   */
  static Optional<Integer> packedPolicySize(
      Map<String, String> parameters, Map<String, String> tags) throws Refusal {
    String policy = parameters.getOrDefault("Policy", "");
    List<String> arns = policyArns(parameters);
    if (arns.size() > 10) {
      throw new Refusal(400, "ValidationError", "A session takes at most 10 managed policies");
    }
    if (!policy.isEmpty()) {
      try {
        Json.object(policy);
      } catch (ParseException e) {
        throw new Refusal(400, "MalformedPolicyDocument", "The session policy is not valid JSON");
      }
    }
    int size =
        policy.length()
            + arns.stream().mapToInt(n -> parameters.getOrDefault(n, "").length()).sum()
            + tags.entrySet().stream()
                .mapToInt(tag -> tag.getKey().length() + tag.getValue().length())
                .sum();
    if (size > MAX_POLICY) {
      throw new Refusal(
          400,
          "PackedPolicyTooLarge",
          "The session policies and session tags are too large when they are packed");
    }
    return size == 0 ? Optional.empty() : Optional.of(Math.max(1, size * 100 / MAX_POLICY));
  }

  static List<String> policyArns(Map<String, String> parameters) {
    return IntStream.iterate(1, n -> n + 1)
        .mapToObj(n -> "PolicyArns.member." + n + ".arn")
        .takeWhile(parameters::containsKey)
        .toList();
  }

  /** Who signed the request. Codes and statuses. Source: STS API, Common Errors. */
  private IssuedCredentials caller(HttpRequest request) throws Refusal {
    SignatureV4 signature =
        SignatureV4.of(request)
            .orElseThrow(
                () ->
                    new Refusal(
                        403,
                        "MissingAuthenticationToken",
                        "Request is missing Authentication Token"));
    Optional<IssuedCredentials> found = account.issued(signature.accessKeyId());
    byte[] token =
        request.header("x-amz-security-token").orElse("").getBytes(StandardCharsets.UTF_8);
    if (found.isEmpty()
        || !MessageDigest.isEqual(
            token, found.get().sessionToken().getBytes(StandardCharsets.UTF_8))) {
      throw new Refusal(
          403, "InvalidClientTokenId", "The security token included in the request is invalid.");
    }
    IssuedCredentials credentials = found.get();
    if (!clock().instant().isBefore(credentials.expiration())) {
      throw new Refusal(
          403, "ExpiredToken", "The security token included in the request is expired");
    }
    if (!signature.service().equals("sts")
        || !signature.madeWith(credentials.secretAccessKey(), request)) {
      throw new Refusal(
          403,
          "SignatureDoesNotMatch",
          "The request signature we calculated does not match the signature you provided.");
    }
    return credentials;
  }

  /** The form in the body; the query too, since third-party code sends it there. */
  private static Map<String, String> parameters(HttpRequest request) throws Refusal {
    Map<String, String> parameters = new HashMap<>();
    read(request.query(), parameters);
    if (request
        .header("Content-Type")
        .filter(type -> type.startsWith("application/x-www-form-urlencoded"))
        .isPresent()) {
      read(request.body(), parameters);
    }
    return parameters;
  }

  private static void read(String form, Map<String, String> parameters) throws Refusal {
    for (String pair : form.split("&", -1)) {
      int equals = pair.indexOf('=');
      if (equals > 0) {
        try {
          parameters.put(
              URLDecoder.decode(pair.substring(0, equals), StandardCharsets.UTF_8),
              URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
          throw new Refusal(400, "MalformedQueryString", "The form is not well encoded");
        }
      }
    }
  }

  private static Refusal invalidToken(String text) {
    return new Refusal(400, "InvalidIdentityToken", text);
  }

  @Override
  public String toString() {
    return "FakeSts[" + endpoint() + "]";
  }
}
