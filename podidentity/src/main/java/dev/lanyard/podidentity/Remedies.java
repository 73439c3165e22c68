package dev.lanyard.podidentity;

import java.util.Optional;

/**
 * What to do about a failure, in words. The failures are those seen in the field; which advice fits
 * is decided elsewhere, for an answer of the agent in {@link AgentVerdict}.
 */
final class Remedies {

  /** Source: EKS user guide, the trust policy of a role for Pod Identity. */
  private static final String TRUST_STATEMENT =
      "{\"Effect\": \"Allow\", \"Principal\": {\"Service\": \"pods.eks.amazonaws.com\"},"
          + " \"Action\": [\"sts:AssumeRole\", \"sts:TagSession\"]}";

  static final String NODE_ACTION = "eks-auth:AssumeRoleForPodIdentity";

  /** Source: EKS user guide, setting up the agent. */
  static final String NODE_ROLE =
      "Let the role of the node allow "
          + NODE_ACTION
          + ", as the managed policy AmazonEKSWorkerNodePolicy does: the agent calls EKS Auth as"
          + " the node";

  /** The last of it: aws/eks-pod-identity-agent, issue 139, whose cause nobody has found. */
  static final String TRUST =
      "Let the associated role's trust policy contain "
          + TRUST_STATEMENT
          + ", check its conditions on session tags, and let the node's role allow "
          + NODE_ACTION
          + " (AmazonEKSWorkerNodePolicy does). If all that is so and the pod has hostNetwork:"
          + " true, try without, or use IRSA: such pods have been seen to be refused";

  /** The label is that of the agent's chart: aws/eks-pod-identity-agent, charts. */
  private static final String AGENT_PODS =
      "kubectl -n kube-system get pods -o wide -l app.kubernetes.io/name=eks-pod-identity-agent";

  private static final String AGENT_LOG =
      "kubectl -n kube-system logs -l app.kubernetes.io/name=eks-pod-identity-agent";

  /** Source: EKS user guide, EKS Pod Identity restrictions. */
  private static final String NO_AGENT =
      "On EKS Fargate and on Windows nodes there is no agent: use IRSA there";

  static final String RECREATE_TOKEN =
      "Check that the token file is the projected token of this pod, for the audience"
          + " pods.eks.amazonaws.com, and that the kubelet can refresh it; recreate the pod if it"
          + " cannot";

  static final String PACKED_POLICY =
      "Set disableSessionTags on the association: its six session tags and a session policy do not"
          + " fit together";

  /** Source: aws/eks-pod-identity-agent, its chart and command line. */
  static final String CLUSTER =
      "Check the name of the cluster that the agent was started with (--cluster-name, in its chart"
          + " clusterName, in its DaemonSet EKS_CLUSTER_NAME): EKS has no cluster of that name in"
          + " the node's account and region. An association does not help. If the cluster was"
          + " deleted or recreated, this node belongs to none";

  static final String EKS_AUTH_THROTTLES =
      "Nothing, if it passes: it is tried again. EKS Auth throttles this cluster; let each process"
          + " use one provider, such as create() returns";

  static final String ECS_ID =
      "Leave AWS_CONTAINER_CREDENTIALS_RELATIVE_URI as the ECS agent sets it for this task";

  static final String ECS_NOT_READY =
      "Nothing, if it passes: the ECS agent has not yet received this task's credentials, and it is"
          + " tried again. If it lasts, check that the task has a task role";

  static final String TOKEN_FILE =
      "Set AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE to the projected token of this pod";

  static final String BARE_TOKEN =
      "Take the scheme out, such as 'Bearer': the agent wants the bare token, as the kubelet writes"
          + " it";

  static final String CLOCK_BEHIND =
      "Set the clock of this node: it is behind the clock of whoever issued the token";

  static final String OWN_ADDRESS =
      "Call the agent by its own address, http://169.254.170.23/v1/credentials or"
          + " http://[fd00:ec2::23]/v1/credentials: it refuses other names, port forwards and"
          + " proxies";

  static final String PATH =
      "Check the path: the EKS Pod Identity Agent knows /v1/credentials alone";

  static final String AGENT_THROTTLES =
      "Nothing, if it passes: it is tried again. The agent takes 1000 requests a second of all pods"
          + " on its node; let each process use one provider, such as create() returns";

  static final String AGENT_FAILS =
      "Nothing, if it passes: it is tried again. If it lasts, read what the agent says ("
          + AGENT_LOG
          + "): it needs the credentials of the node and a way to EKS Auth, in a private cluster"
          + " the interface endpoint for eks-auth";

  /** What to do where the handshake fails, and not for the certificate of the endpoint. */
  static final String FOR_NO_TLS =
      "Check that the endpoint speaks TLS at this port. If it asks clients for a certificate, name"
          + " one with the system properties javax.net.ssl.keyStore and"
          + " javax.net.ssl.keyStorePassword";

  private Remedies() {}

  /** What to do where something other than the agent answered. */
  static String forSomebodyElse(Endpoint endpoint, int status) {
    if (status >= 300 && status < 400) {
      return "Find out what redirects. If the agent is where the redirect leads to, set that URI:"
          + " redirects are never followed, since they would take the token along";
    }
    if (endpoint.isLikePodIdentity()) {
      return "Find out what answered in the agent's place: a service mesh or a transparent proxy"
          + " has to leave 169.254.170.23 and [fd00:ec2::23] alone";
    }
    return "Check that this URI is a container credentials endpoint, and that no proxy, service"
        + " mesh or load balancer answers in its place";
  }

  static String association(Optional<String> token) {
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
