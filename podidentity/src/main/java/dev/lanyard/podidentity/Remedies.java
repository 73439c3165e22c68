package dev.lanyard.podidentity;

import java.util.List;
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

  private static final String NODE_ACTION = "eks-auth:AssumeRoleForPodIdentity";

  /** Source: EKS user guide, setting up the agent. */
  private static final String NODE_ROLE =
      "Let the role of the node allow "
          + NODE_ACTION
          + ", as the managed policy AmazonEKSWorkerNodePolicy does: the agent calls EKS Auth as"
          + " the node";

  /** The last of it: aws/eks-pod-identity-agent, issue 139, whose cause nobody has found. */
  private static final String TRUST =
      "Let the associated role's trust policy contain "
          + TRUST_STATEMENT
          + ", check its conditions on session tags, and let the node's role allow "
          + NODE_ACTION
          + " (AmazonEKSWorkerNodePolicy does). If all that is so and the pod has hostNetwork:"
          + " true, try without, or use IRSA: such pods have been seen to be refused";

  /** Codes of EKS Auth. Source: botocore, eks-auth/2023-11-26. */
  private static final List<String> EKS_AUTH_CODES =
      List.of(
          "ResourceNotFoundException",
          "AccessDeniedException",
          "ExpiredTokenException",
          "InvalidTokenException",
          "ThrottlingException");

  /** The label is that of the agent's chart: aws/eks-pod-identity-agent, charts. */
  private static final String AGENT_PODS =
      "kubectl -n kube-system get pods -o wide -l app.kubernetes.io/name=eks-pod-identity-agent";

  private static final String AGENT_LOG =
      "kubectl -n kube-system logs -l app.kubernetes.io/name=eks-pod-identity-agent";

  /** Source: EKS user guide, EKS Pod Identity restrictions. */
  private static final String NO_AGENT =
      "On EKS Fargate and on Windows nodes there is no agent: use IRSA there";

  private static final String RECREATE_TOKEN =
      "Check that the token file is the projected token of this pod, for the audience"
          + " pods.eks.amazonaws.com, and that the kubelet can refresh it; recreate the pod if it"
          + " cannot";

  /** What to do where the handshake fails, and not for the certificate of the endpoint. */
  static final String FOR_NO_TLS =
      "Check that the endpoint speaks TLS at this port. If it asks clients for a certificate, name"
          + " one with the system properties javax.net.ssl.keyStore and"
          + " javax.net.ssl.keyStorePassword";

  private Remedies() {}

  /** What to do when the agent answered, and not with credentials. */
  static Optional<String> forRefusal(
      Endpoint endpoint, int status, AgentMessage message, Optional<String> token) {
    if (status >= 300 && status < 400) {
      return Optional.of(
          "Set the URI that the redirect leads to, if that is the agent: redirects are never"
              + " followed, since they would take the token along");
    }
    String text = message.text().orElse("");
    return forCode(message.code().orElse(""), text, token)
        .or(() -> forText(endpoint, status, text, token))
        .or(() -> forStatus(endpoint, status, message));
  }

  private static Optional<String> forCode(String code, String text, Optional<String> token) {
    if (code.contains("PackedPolicy") || text.contains("PackedPolicy")) {
      return Optional.of(
          "Set disableSessionTags on the association: its six session tags and a session policy do"
              + " not fit together");
    }
    return switch (code) {
      case "ResourceNotFoundException" -> Optional.of(association(token));
      case "AccessDeniedException" -> Optional.of(text.contains(NODE_ACTION) ? NODE_ROLE : TRUST);
      case "ExpiredTokenException", "InvalidTokenException" -> Optional.of(RECREATE_TOKEN);
      case "ThrottlingException" ->
          Optional.of(
              "Nothing, if it passes: it is tried again. EKS Auth throttles this cluster; let each"
                  + " process use one provider, such as create() returns");
      case "InvalidIdInRequest", "NoIdInRequest" ->
          Optional.of(
              "Leave AWS_CONTAINER_CREDENTIALS_RELATIVE_URI as the ECS agent sets it for this"
                  + " task");
      case "CredentialsUninitialized" ->
          Optional.of(
              "Nothing, if it passes: the ECS agent has not yet received this task's credentials,"
                  + " and it is tried again. If it lasts, check that the task has a task role");
      default -> Optional.empty();
    };
  }

  private static Optional<String> forText(
      Endpoint endpoint, int status, String text, Optional<String> token) {
    if (text.startsWith("Service account token")) {
      return Optional.of(forToken(text, token.orElse("")));
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
    // Older agents wrap what EKS Auth said in one long text, with the status 500.
    for (String code : EKS_AUTH_CODES) {
      if (text.contains(code)) {
        return forCode(code, text, token);
      }
    }
    if (status == 404 && endpoint.isLikePodIdentity()) {
      return Optional.of(association(token));
    }
    return Optional.empty();
  }

  /** What to do when the agent did not like the token at first sight. */
  private static String forToken(String text, String token) {
    if (text.contains("cannot be empty")) {
      return "Set AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE to the projected token of this pod";
    }
    if (token.indexOf(' ') >= 0) {
      return "Take the scheme out, such as 'Bearer': the agent wants the bare token, as the kubelet"
          + " writes it";
    }
    if (text.contains("not valid yet")) {
      return "Set the clock of this node: it is behind the clock of whoever issued the token";
    }
    return RECREATE_TOKEN;
  }

  private static Optional<String> forStatus(Endpoint endpoint, int status, AgentMessage message) {
    if (!endpoint.isLikePodIdentity()) {
      return Optional.empty();
    }
    if (status == 429) {
      return Optional.of(
          "Nothing, if it passes: it is tried again. The agent takes 1000 requests a second of all"
              + " pods on its node; let each process use one provider, such as create() returns");
    }
    boolean mute = message.text().isEmpty() && message.requestId().isEmpty();
    if (mute && (status == 403 || status == 407 || status == 502)) {
      return Optional.of(
          "Check what answered in the agent's place, for the agent says why: a service mesh or a"
              + " transparent proxy has to leave 169.254.170.23 and [fd00:ec2::23] alone");
    }
    if (status >= 500) {
      return Optional.of(
          "Nothing, if it passes: it is tried again. If it lasts, read what the agent says ("
              + AGENT_LOG
              + "): it needs the credentials of the node and a way to EKS Auth, in a private"
              + " cluster the interface endpoint for eks-auth");
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
      return "Check that the EKS Pod Identity Agent runs on this pod's node ("
          + AGENT_PODS
          + "): add-on eks-pod-identity-agent installed, its DaemonSet not kept off this node by a"
          + " taint, and IPv6 switched off in its configuration if the node has none. "
          + NO_AGENT;
    }
    if (endpoint.isEcsAgent()) {
      return "Check that this task has a task role and that the ECS agent runs on this host";
    }
    return "Check that the credentials endpoint runs and listens there";
  }

  /** What to do when nothing comes back. */
  static String forSilence(Endpoint endpoint) {
    if (endpoint.isLikePodIdentity()) {
      return "Check that the EKS Pod Identity Agent runs on this pod's node ("
          + AGENT_PODS
          + "). If it does, let network policies admit TCP port 80 of the node-local address; with"
          + " security groups for pods use POD_SECURITY_GROUP_ENFORCING_MODE=standard; in a private"
          + " cluster give the agent an interface endpoint for eks-auth. The hop limit of the"
          + " instance metadata service plays no part. "
          + NO_AGENT;
    }
    return "Check that nothing between this process and the credentials endpoint drops packets";
  }
}
