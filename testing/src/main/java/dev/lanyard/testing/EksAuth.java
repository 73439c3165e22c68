package dev.lanyard.testing;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
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

  private static final int MAX_SESSION_NAME = 64;

  private final InstantSource clock;
  private final String region;
  private final String clusterName;
  private final FakeIssuer issuer;
  private final FakeAccount account;
  private final Map<ServiceAccount, String> associations = new ConcurrentHashMap<>();

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

  void associate(ServiceAccount serviceAccount, String roleArn) {
    if (!roleArn.startsWith("arn:aws:iam::" + account.id() + ":role/")) {
      throw new IllegalArgumentException(
          "An association takes a role of the cluster's own account " + account.id());
    }
    associations.put(serviceAccount, roleArn);
  }

  boolean dissociate(ServiceAccount serviceAccount) {
    return associations.remove(serviceAccount) != null;
  }

  /**
   * Assumes the role that is associated with the token's service account. Codes and statuses are
   * those of the EKS Auth model (2023-11-26), where AccessDeniedException is a 400.
   */
  IssuedCredentials assume(String token, @Nullable Duration chosenLifetime, Trace trace)
      throws Refusal {
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
    Instant now = clock.instant();
    if (!now.isBefore(parsed.expiration())) {
      throw new Refusal(400, "ExpiredTokenException", "Token is expired");
    }
    if (parsed.notBefore().filter(now::isBefore).isPresent()) {
      throw invalid("Token is not valid yet");
    }
    ServiceAccountToken.Pod pod =
        parsed.pod().orElseThrow(() -> invalid("Token is not bound to a pod"));
    String roleArn =
        Optional.ofNullable(associations.get(pod.serviceAccount()))
            .orElseThrow(
                () ->
                    new Refusal(
                        404,
                        "ResourceNotFoundException",
                        "No Pod Identity association found for "
                            + pod.serviceAccount().namespace()
                            + "/"
                            + pod.serviceAccount().name()));
    trace.role(roleArn);
    Map<String, String> tags = sessionTags(pod);
    Role role =
        account
            .role(roleArn)
            .filter(
                candidate ->
                    List.of("sts:AssumeRole", "sts:TagSession").stream()
                        .allMatch(action -> candidate.trusts(request(action, tags))))
            .orElseThrow(
                () ->
                    new Refusal(
                        400,
                        "AccessDeniedException",
                        "Unauthorized Exception! EKS does not have permissions to assume the"
                            + " associated role."));
    return account.issue(
        role,
        sessionName(pod.name()),
        LIFETIME,
        chosenLifetime,
        SessionAttributes.allTransitive(tags));
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
