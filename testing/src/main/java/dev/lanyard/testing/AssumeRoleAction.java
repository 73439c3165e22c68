package dev.lanyard.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * {@code AssumeRole} by somebody who holds a role's session: role chaining.
 *
 * <p>What the trust policy of the role says is judged for the caller's session, the caller's role,
 * its account, and for each of the actions that the request takes. What the caller's own identity
 * policies say is not: they allow all. Source of the actions: IAM user guide, id_session-tags and
 * id_credentials_temp_control-access_monitor.
 */
final class AssumeRoleAction {
  static final String NAME = "AssumeRole";

  // Lengths and patterns. Source: botocore, sts/2011-06-15/service-2.json.
  private static final Pattern EXTERNAL_ID = Pattern.compile("[\\w+=,.@:/-]*");
  private static final Pattern SOURCE_IDENTITY = Pattern.compile("[\\w+=,.@-]*");
  private static final Pattern TAG = Pattern.compile("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*");
  private static final int MAX_TAGS = 50;

  /** Source: IAM user guide, id_roles_terms-and-concepts, role chaining. */
  private static final Duration MAX_CHAINED = Duration.ofHours(1);

  private final FakeAccount account;
  private final IssuedCredentials caller;
  private final Map<String, String> parameters;

  /**
   * Makes one request.
   *
   * @param caller who signed it
   */
  AssumeRoleAction(FakeAccount account, IssuedCredentials caller, Map<String, String> parameters) {
    this.account = account;
    this.caller = caller;
    this.parameters = parameters;
  }

  /**
   * Checks the request and issues the credentials.
   *
   * @param lifetime how long credentials last whatever is asked, if a test has chosen that
   */
  String answer(String requestId, @Nullable Duration lifetime, Trace trace) throws Refusal {
    Map<String, String> tags = tags();
    Set<String> transitive = transitiveKeys();
    Duration duration = validate(tags, transitive);
    String arn = parameters.getOrDefault("RoleArn", "");
    Matcher arnParts = FakeSts.ROLE_ARN.matcher(arn);
    if (!arnParts.matches()) {
      throw invalid("Request ARN is invalid");
    }
    checkInheritance(tags, transitive);
    Map<String, String> all = new HashMap<>(caller.transitiveTags());
    all.putAll(tags);
    Optional<Integer> packed = FakeSts.packedPolicySize(parameters, all);

    // A role that is missing must look like one that does not trust the caller.
    Optional<Role> role = account.role(arn);
    role.map(Role::arn).ifPresent(trace::role);
    for (String action : actions(tags)) {
      Optional<String> distrust = Role.distrust(role, request(action, tags));
      if (distrust.isPresent()) {
        throw new Refusal(
            403,
            "AccessDenied",
            "User: "
                + caller.assumedRoleArn()
                + " is not authorized to perform: "
                + action
                + " on resource: "
                + arn,
            distrust);
      }
    }
    if (duration.compareTo(MAX_CHAINED) > 0) {
      throw invalid(
          "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role"
              + " chaining.");
    }
    transitive.addAll(lowerCase(caller.transitiveTags().keySet()));
    IssuedCredentials credentials =
        account.issue(
            role.orElseThrow(),
            parameters.getOrDefault("RoleSessionName", ""),
            duration,
            lifetime,
            new SessionAttributes(all, transitive, sourceIdentity()));
    trace.issued(credentials);
    return StsXml.assumedRole(credentials, packed, requestId);
  }

  /** What the request takes, the first of which is named when it is refused. */
  private List<String> actions(Map<String, String> tags) {
    List<String> actions = new ArrayList<>(List.of("sts:AssumeRole"));
    // Also for tags that are only passed on.
    if (!tags.isEmpty() || !caller.transitiveTags().isEmpty()) {
      actions.add("sts:TagSession");
    }
    if (sourceIdentity().isPresent()) {
      actions.add("sts:SetSourceIdentity");
    }
    return actions;
  }

  private TrustRequest request(String action, Map<String, String> tags) {
    Map<String, String> keys = new HashMap<>();
    caller.sessionTags().forEach((name, value) -> keys.put("aws:PrincipalTag/" + name, value));
    caller.transitiveTags().forEach((name, value) -> keys.put("aws:RequestTag/" + name, value));
    tags.forEach((name, value) -> keys.put("aws:RequestTag/" + name, value));
    keys.put("aws:PrincipalArn", caller.roleArn());
    keys.put("aws:PrincipalAccount", caller.accountId());
    keys.put("sts:RoleSessionName", parameters.getOrDefault("RoleSessionName", ""));
    sourceIdentity().ifPresent(value -> keys.put("sts:SourceIdentity", value));
    caller.sourceIdentity().ifPresent(value -> keys.put("aws:SourceIdentity", value));
    Optional.ofNullable(parameters.get("ExternalId"))
        .ifPresent(value -> keys.put("sts:ExternalId", value));
    return new TrustRequest(
        "AWS",
        // Source: IAM user guide, reference_policies_elements_principal.
        List.of(
            caller.assumedRoleArn(),
            caller.roleArn(),
            "arn:aws:iam::" + caller.accountId() + ":root",
            caller.accountId()),
        action,
        keys,
        false);
  }

  /** The source identity persists across a chain. */
  private Optional<String> sourceIdentity() {
    return caller.sourceIdentity().or(() -> Optional.ofNullable(parameters.get("SourceIdentity")));
  }

  /** Texts are known from the field; the code of the last one is not. */
  private void checkInheritance(Map<String, String> tags, Set<String> transitive) throws Refusal {
    Set<String> keys = lowerCase(tags.keySet());
    if (keys.stream().anyMatch(lowerCase(caller.transitiveTags().keySet())::contains)) {
      throw new Refusal(
          400,
          "InvalidParameterValue",
          "One of the specified transitive tag keys can't be set because it conflicts with a"
              + " transitive tag key from the calling session.");
    }
    if (!keys.containsAll(transitive)) {
      throw new Refusal(
          400,
          "InvalidParameterValue",
          "The specified transitive tag key must be included in the requested tags.");
    }
    String wanted = parameters.get("SourceIdentity");
    if (wanted != null && caller.sourceIdentity().filter(set -> !set.equals(wanted)).isPresent()) {
      throw new Refusal(
          403,
          "AccessDenied",
          "The source identity is already set for this assume role session and cannot be changed.");
    }
  }

  private Duration validate(Map<String, String> tags, Set<String> transitive) throws Refusal {
    List<String> errors = new ArrayList<>();
    FakeSts.length(parameters, "RoleArn", true, FakeSts.MIN_ARN, FakeSts.MAX_ARN, errors);
    FakeSts.length(parameters, "RoleSessionName", true, 2, 64, errors);
    pattern("RoleSessionName", FakeSts.SESSION_NAME, errors);
    FakeSts.sessionPolicies(parameters, errors);
    FakeSts.length(parameters, "ExternalId", false, 2, 1224, errors);
    pattern("ExternalId", EXTERNAL_ID, errors);
    FakeSts.length(parameters, "SourceIdentity", false, 2, 64, errors);
    pattern("SourceIdentity", SOURCE_IDENTITY, errors);
    if (tags.size() > MAX_TAGS || transitive.size() > MAX_TAGS) {
      errors.add(FakeSts.constraint("Tags", "have length less than or equal to " + MAX_TAGS));
    }
    tags.forEach(
        (key, value) -> {
          if (key.isEmpty() || key.length() > 128 || !TAG.matcher(key).matches()) {
            errors.add(FakeSts.constraint("Tags.key", "be a key of 1 to 128 characters"));
          }
          if (value.length() > 256 || !TAG.matcher(value).matches()) {
            errors.add(FakeSts.constraint("Tags.value", "be a value of up to 256 characters"));
          }
        });
    Duration duration = FakeSts.duration(parameters, errors);
    if (!errors.isEmpty()) {
      throw FakeSts.validation(errors);
    }
    return duration;
  }

  private void pattern(String name, Pattern pattern, List<String> errors) {
    String value = parameters.get(name);
    if (value != null && !pattern.matcher(value).matches()) {
      errors.add(
          FakeSts.constraint(name, "satisfy regular expression pattern: " + pattern.pattern()));
    }
  }

  /** The tags of the request, in the case in which they came. Keys differ in more than case. */
  private Map<String, String> tags() throws Refusal {
    Map<String, String> tags = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (int n = 1; parameters.containsKey("Tags.member." + n + ".Key"); n++) {
      String before =
          tags.put(
              parameters.getOrDefault("Tags.member." + n + ".Key", ""),
              parameters.getOrDefault("Tags.member." + n + ".Value", ""));
      if (before != null) {
        throw new Refusal(
            400,
            "InvalidParameterValue",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
      }
    }
    return tags;
  }

  private Set<String> transitiveKeys() {
    return lowerCase(
        IntStream.iterate(1, n -> n + 1)
            .mapToObj(n -> parameters.get("TransitiveTagKeys.member." + n))
            .takeWhile(key -> key != null)
            .toList());
  }

  private static Set<String> lowerCase(Iterable<String> keys) {
    Set<String> lower = new HashSet<>();
    keys.forEach(key -> lower.add(key.toLowerCase(Locale.ROOT)));
    return lower;
  }

  private static Refusal invalid(String text) {
    return new Refusal(400, "ValidationError", text);
  }
}
