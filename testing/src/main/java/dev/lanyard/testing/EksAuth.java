package dev.lanyard.testing;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What stands behind the agent: the cluster's associations, and the EKS Auth service that verifies
 * a token and assumes the associated role.
 */
final class EksAuth {
  /** Source: amazon-eks-pod-identity-webhook, main.go. */
  static final String AUDIENCE = "pods.eks.amazonaws.com";

  /** Without a target role. Source: EKS user guide, pod-id-assign-target-role. */
  private static final Duration LIFETIME = Duration.ofHours(6);

  /** With a target role. Source: as above. */
  private static final Duration CHAINED_LIFETIME = Duration.ofMinutes(59);

  private static final int MAX_SESSION_NAME = 64;

  private final InstantSource clock;
  private final String region;
  private final String clusterName;
  private final FakeIssuer issuer;
  private final FakeAccount account;

  // All guarded by the first.
  private final Map<ServiceAccount, List<Version>> associations = new HashMap<>();

  /** What tells an association from those before and after it of the same service account. */
  private final Map<ServiceAccount, Object> current = new HashMap<>();

  private Duration delay = Duration.ZERO;

  /** What holds from a time on; empty settings mean that there is no association. */
  private record Version(Instant from, Optional<Association.Settings> settings) {}

  EksAuth(
      InstantSource clock,
      String region,
      String clusterName,
      FakeIssuer issuer,
      FakeAccount account) {
    this.clock = clock;
    this.region = region;
    this.clusterName = clusterName;
    this.issuer = issuer;
    this.account = account;
  }

  Association associate(ServiceAccount serviceAccount, String roleArn) {
    if (!roleArn.startsWith("arn:aws:iam::" + account.id() + ":role/")) {
      throw new IllegalArgumentException(
          "An association takes a role of the cluster's own account " + account.id());
    }
    Object association = new Object();
    synchronized (associations) {
      current.put(serviceAccount, association);
      return new Association(roleArn, settings -> update(serviceAccount, association, settings));
    }
  }

  boolean dissociate(ServiceAccount serviceAccount) {
    synchronized (associations) {
      boolean there = current.remove(serviceAccount) != null;
      if (there) {
        change(serviceAccount, Optional.empty());
      }
      return there;
    }
  }

  private void update(
      ServiceAccount serviceAccount, Object association, Association.Settings settings) {
    synchronized (associations) {
      if (current.get(serviceAccount) != association) {
        throw new IllegalStateException(
            "This association of " + serviceAccount.shortName() + " was deleted or replaced");
      }
      change(serviceAccount, Optional.of(settings));
    }
  }

  /** Changes are seen so much later from now on. */
  void delay(Duration until) {
    if (until.isNegative()) {
      throw new IllegalArgumentException("A delay is not negative, as " + until + " is");
    }
    synchronized (associations) {
      delay = until;
    }
  }

  /** Whether there is an association, seen or not yet. */
  boolean isAssociated(ServiceAccount serviceAccount) {
    synchronized (associations) {
      return current.containsKey(serviceAccount);
    }
  }

  private void change(ServiceAccount serviceAccount, Optional<Association.Settings> settings) {
    synchronized (associations) {
      associations
          .computeIfAbsent(serviceAccount, key -> new ArrayList<>())
          .add(new Version(clock.instant().plus(delay), settings));
    }
  }

  private Optional<Association.Settings> seen(ServiceAccount serviceAccount, Instant now) {
    Optional<Association.Settings> seen = Optional.empty();
    synchronized (associations) {
      for (Version version : associations.getOrDefault(serviceAccount, List.of())) {
        if (!now.isBefore(version.from())) {
          seen = version.settings();
        }
      }
    }
    return seen;
  }

  /**
   * Assumes the role that is associated with the token's service account. Codes and statuses are
   * those of the EKS Auth model (2023-11-26), where AccessDeniedException is a 400.
   *
   * @param now when it is asked; of the past, where the agent has done so in the background
   */
  IssuedCredentials assume(
      String token, Instant now, @Nullable Duration chosenLifetime, Trace trace) throws Refusal {
    ServiceAccountToken parsed =
        ServiceAccountToken.parse(token).orElseThrow(() -> invalid("Token cannot be parsed"));
    if (!issuer.url().equals(parsed.issuer())) {
      throw invalid("Token is not from the issuer of this cluster");
    }
    if (issuer.verify(parsed) != FakeIssuer.Signature.VALID) {
      throw invalid("Token signature is not valid");
    }
    trace.signed(parsed);
    if (!parsed.audience().contains(AUDIENCE)) {
      throw invalid("Token audience is not " + AUDIENCE);
    }
    if (!now.isBefore(parsed.expiration())) {
      throw new Refusal(400, "ExpiredTokenException", "Token is expired");
    }
    if (parsed.notBefore().filter(now::isBefore).isPresent()) {
      throw invalid("Token is not valid yet");
    }
    ServiceAccountToken.Pod pod =
        parsed.pod().orElseThrow(() -> invalid("Token is not bound to a pod"));
    Association.Settings association =
        seen(pod.serviceAccount(), now)
            .orElseThrow(
                () ->
                    new Refusal(
                        404,
                        "ResourceNotFoundException",
                        "No Pod Identity association found for "
                            + pod.serviceAccount().shortName()));
    trace.role(association.roleArn());
    Map<String, String> tags = association.sessionTags() ? sessionTags(pod) : Map.of();
    Role role = assumable(association.roleArn(), tags, action -> request(action, tags));
    boolean chained = !association.targetRoleArn().isEmpty();
    if (chained) {
      trace.role(association.targetRoleArn());
      Role first = role;
      String sessionName = sessionName(pod.name());
      role =
          assumable(
              association.targetRoleArn(),
              tags,
              action -> chained(action, first, sessionName, pod, tags));
    }
    return account.issue(
        now,
        role,
        sessionName(pod.name()),
        chained ? CHAINED_LIFETIME : LIFETIME,
        chosenLifetime,
        SessionAttributes.allTransitive(tags));
  }

  /**
   * Whether a token is in order, as far as the keys of the API server and a clock can tell. Source:
   * eks-pod-identity-agent, branch cache-enhancements, internal/validation.
   */
  boolean isInOrder(String token, Instant now) {
    return ServiceAccountToken.parse(token)
        .filter(parsed -> issuer.verify(parsed) == FakeIssuer.Signature.VALID)
        .filter(parsed -> parsed.audience().contains(AUDIENCE))
        .filter(parsed -> parsed.pod().isPresent())
        .filter(parsed -> now.isBefore(parsed.expiration()))
        .filter(parsed -> parsed.notBefore().filter(now::isBefore).isEmpty())
        .isPresent();
  }

  /** A role that exists and allows all that is needed of it. */
  private Role assumable(
      String arn, Map<String, String> tags, Function<String, TrustRequest> request) throws Refusal {
    List<String> actions =
        tags.isEmpty() ? List.of("sts:AssumeRole") : List.of("sts:AssumeRole", "sts:TagSession");
    Optional<Role> role = account.role(arn);
    for (String action : actions) {
      Optional<String> distrust = Role.distrust(role, request.apply(action));
      if (distrust.isPresent()) {
        throw new Refusal(
            400,
            "AccessDeniedException",
            "Unauthorized Exception! EKS does not have permissions to assume the associated role.",
            distrust);
      }
    }
    return role.orElseThrow();
  }

  /**
   * What the target role is asked, by the session of the associated role. Source of the external
   * id: EKS user guide, pod-id-assign-target-role.
   */
  private TrustRequest chained(
      String action,
      Role by,
      String sessionName,
      ServiceAccountToken.Pod pod,
      Map<String, String> tags) {
    Map<String, String> keys = new HashMap<>();
    tags.forEach((name, value) -> keys.put("aws:RequestTag/" + name, value));
    tags.forEach((name, value) -> keys.put("aws:PrincipalTag/" + name, value));
    keys.put("aws:PrincipalArn", by.arn());
    keys.put("aws:PrincipalAccount", by.accountId());
    if (tags.isEmpty()) {
      keys.put(
          "sts:ExternalId",
          String.join("/", region, account.id(), clusterName, pod.serviceAccount().shortName()));
    }
    return new TrustRequest(
        "AWS",
        List.of(
            "arn:aws:sts::" + by.accountId() + ":assumed-role/" + by.name() + "/" + sessionName,
            by.arn(),
            "arn:aws:iam::" + by.accountId() + ":root",
            by.accountId()),
        action,
        keys,
        true);
  }

  /**
   * What it says to an agent whose node may not ask. The code is the model's, the text is not
   * known. Source: EKS user guide, pod-id-agent-setup.
   */
  Refusal nodeIsDenied() {
    return new Refusal(
        400,
        "AccessDeniedException",
        "User: arn:aws:sts::"
            + account.id()
            + ":assumed-role/node-role/i-0123456789abcdef0 is not authorized to perform:"
            + " eks-auth:AssumeRoleForPodIdentity on resource: "
            + clusterArn());
  }

  /** Runs something before each change of a role. */
  void beforeRolesChange(Runnable last) {
    account.beforeChanges(last);
  }

  void forget(Runnable last) {
    account.forget(last);
  }

  /** Says whose token it is, of one that was verified before. */
  void identify(String token, Trace trace) {
    ServiceAccountToken.parse(token).ifPresent(trace::signed);
  }

  private String clusterArn() {
    return "arn:aws:eks:" + region + ":" + account.id() + ":cluster/" + clusterName;
  }

  /** Source: EKS user guide, pod-id-abac. */
  private Map<String, String> sessionTags(ServiceAccountToken.Pod pod) {
    return Map.of(
        "eks-cluster-arn", clusterArn(),
        "eks-cluster-name", clusterName,
        "kubernetes-namespace", pod.serviceAccount().namespace(),
        "kubernetes-service-account", pod.serviceAccount().name(),
        "kubernetes-pod-name", pod.name(),
        "kubernetes-pod-uid", pod.uid());
  }

  private TrustRequest request(String action, Map<String, String> tags) {
    Map<String, String> keys = new LinkedHashMap<>();
    tags.forEach((name, value) -> keys.put("aws:RequestTag/" + name, value));
    keys.put("aws:SourceAccount", account.id());
    keys.put("aws:SourceArn", clusterArn());
    return new TrustRequest("Service", AUDIENCE, action, keys);
  }

  /** The shape is documented, the way it is shortened is not. Source: EKS user guide. */
  private String sessionName(String podName) {
    String unique = "-" + UUID.randomUUID();
    String readable = "eks-" + clusterName + "-" + podName;
    return readable.substring(0, Math.min(readable.length(), MAX_SESSION_NAME - unique.length()))
        + unique;
  }

  private static Refusal invalid(String text) {
    return new Refusal(400, "InvalidTokenException", text);
  }
}
