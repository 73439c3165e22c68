package dev.lanyard.podidentity;

import java.util.Optional;

/**
 * What to do about what the agent says. The failures are those seen in the field; none of the texts
 * decides anything.
 */
final class Remedies {

  /** Source: EKS user guide, the trust policy of a role for Pod Identity. */
  private static final String TRUST_STATEMENT =
      "{\"Effect\": \"Allow\", \"Principal\": {\"Service\": \"pods.eks.amazonaws.com\"},"
          + " \"Action\": [\"sts:AssumeRole\", \"sts:TagSession\"]}";

  private static final String RECREATE_TOKEN =
      "Check that the token file is the projected token of this pod, for the audience"
          + " pods.eks.amazonaws.com, and that the kubelet can refresh it; recreate the pod if it"
          + " cannot";

  private Remedies() {}

  /** What to do when the agent answered that it will not. */
  static Optional<String> forRefusal(
      Endpoint endpoint, int status, AgentMessage message, Optional<String> token) {
    if (status >= 300 && status < 400) {
      return Optional.of(
          "Set the URI that the redirect leads to, if that is the agent: redirects are never"
              + " followed, since they would take the token along");
    }
    return forCode(message.code().orElse(""), token)
        .or(() -> forText(endpoint, status, message.text().orElse(""), token));
  }

  private static Optional<String> forCode(String code, Optional<String> token) {
    return switch (code) {
      case "ResourceNotFoundException" -> Optional.of(association(token));
      case "AccessDeniedException" ->
          Optional.of(
              "Let the associated role's trust policy contain "
                  + TRUST_STATEMENT
                  + ", check its conditions on session tags, and let the node's role allow"
                  + " eks-auth:AssumeRoleForPodIdentity (AmazonEKSWorkerNodePolicy does)");
      case "ExpiredTokenException", "InvalidTokenException" -> Optional.of(RECREATE_TOKEN);
      case "InvalidIdInRequest", "NoIdInRequest" ->
          Optional.of(
              "Leave AWS_CONTAINER_CREDENTIALS_RELATIVE_URI as the ECS agent sets it for this"
                  + " task");
      default -> Optional.empty();
    };
  }

  private static Optional<String> forText(
      Endpoint endpoint, int status, String text, Optional<String> token) {
    if (text.startsWith("Service account token")) {
      return Optional.of(
          text.contains("cannot be empty")
              ? "Set AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE to the projected token of this pod"
              : RECREATE_TOKEN);
    }
    if (text.contains("invalid address")) {
      return Optional.of(
          "Call the agent by its own address, http://169.254.170.23/v1/credentials or"
              + " http://[fd00:ec2::23]/v1/credentials: it refuses other names, port forwards and"
              + " proxies");
    }
    if (text.startsWith("404 page not found")) {
      return Optional.of("Check the path: the EKS Pod Identity Agent knows /v1/credentials alone");
    }
    if (status == 404 && endpoint.isLikePodIdentity()) {
      return Optional.of(association(token));
    }
    return Optional.empty();
  }

  private static String association(Optional<String> token) {
    Optional<ServiceAccount> account = token.flatMap(ServiceAccount::of);
    String whose =
        account
            .map(a -> "service account " + a.name() + " in namespace " + a.namespace())
            .orElse("this pod's service account");
    String command =
        account
            .map(
                a ->
                    ": aws eks create-pod-identity-association --cluster-name CLUSTER --namespace "
                        + a.namespace()
                        + " --service-account "
                        + a.name()
                        + " --role-arn ROLE")
            .orElse("");
    return "Create a Pod Identity association for "
        + whose
        + command
        + ". A new one takes some seconds to be seen";
  }

  /** What to do when nobody listens. */
  static String forRefusedConnection(Endpoint endpoint) {
    if (endpoint.isLikePodIdentity()) {
      return "Check that the EKS Pod Identity Agent runs on this node: add-on"
          + " eks-pod-identity-agent installed, its pod running here, and IPv6 switched off"
          + " in its configuration if the node has none. On Fargate and Windows there is no"
          + " agent: use IRSA there";
    }
    if (endpoint.isEcsAgent()) {
      return "Check that this task has a task role and that the ECS agent runs on this host";
    }
    return "Check that the credentials endpoint runs and listens there";
  }

  /** What to do when nothing comes back. */
  static String forSilence(Endpoint endpoint) {
    if (endpoint.isLikePodIdentity()) {
      return "Let network policies admit TCP port 80 of the node-local address; with security"
          + " groups for pods use POD_SECURITY_GROUP_ENFORCING_MODE=standard; in a private"
          + " cluster give the agent an interface endpoint for eks-auth";
    }
    return "Check that nothing between this process and the credentials endpoint drops packets";
  }
}
