package dev.lanyard.podidentity.internal;

import dev.lanyard.diagnosis.Problem;
import java.util.List;
import java.util.Optional;

/**
 * What to do about a failure, as steps. The failures are those seen in the field; which advice fits
 * is decided elsewhere, for an answer of the agent in {@link AgentVerdict}.
 */
final class Remedies {

  /** Source: EKS user guide, the trust policy of a role for Pod Identity. */
  private static final String TRUST_STATEMENT =
      "{\"Effect\": \"Allow\", \"Principal\": {\"Service\": \"pods.eks.amazonaws.com\"},"
          + " \"Action\": [\"sts:AssumeRole\", \"sts:TagSession\"]}";

  static final String NODE_ACTION = "eks-auth:AssumeRoleForPodIdentity";

  /** Source: EKS user guide, setting up the agent. */
  static final List<String> NODE_ROLE =
      List.of(
          "Allow "
              + NODE_ACTION
              + " to the role of the node, for example with the managed policy"
              + " AmazonEKSWorkerNodePolicy: the agent calls EKS Auth with that role");

  /** The last of it: aws/eks-pod-identity-agent, issue 139, whose cause nobody has found. */
  static final List<String> TRUST =
      List.of(
          "Add this statement to the trust policy of the associated role: " + TRUST_STATEMENT,
          "Check the policy's conditions on session tags, and that the role of the node allows "
              + NODE_ACTION
              + " (AmazonEKSWorkerNodePolicy does)",
          "If all of this is in place and the pod has hostNetwork: true, remove that setting or use"
              + " IRSA: there are reports that EKS refuses such pods");

  /** The label is that of the agent's chart: aws/eks-pod-identity-agent, charts. */
  private static final String AGENT_PODS =
      "kubectl -n kube-system get pods -o wide -l app.kubernetes.io/name=eks-pod-identity-agent";

  private static final String AGENT_LOG =
      "kubectl -n kube-system logs -l app.kubernetes.io/name=eks-pod-identity-agent";

  /** Source: EKS user guide, EKS Pod Identity restrictions. */
  private static final String NO_AGENT =
      "On EKS Fargate and on Windows nodes there is no agent: use IRSA there";

  static final List<String> TOKEN_REFUSED =
      List.of(
          "Check that the token file is the projected token of this pod, for the audience"
              + " pods.eks.amazonaws.com, and that the kubelet can refresh it; recreate the pod if"
              + " it cannot");

  static final List<String> PACKED_POLICY =
      List.of(
          "Set disableSessionTags on the association: the six session tags and the session policy"
              + " together exceed the size that STS accepts");

  /** Source: aws/eks-pod-identity-agent, its chart and command line. */
  static final List<String> CLUSTER =
      List.of(
          "Check the cluster name that the agent was started with (--cluster-name; clusterName in"
              + " its chart, EKS_CLUSTER_NAME in its DaemonSet): EKS has no cluster of that name in"
              + " the node's account and region. Creating an association does not help",
          "If the cluster was deleted or recreated, this node still belongs to the old one: replace"
              + " the node");

  static final List<String> EKS_AUTH_THROTTLES =
      List.of(
          "Wait: Lanyard tries again. EKS Auth throttles this cluster",
          "If it lasts, use one provider in each process, such as the one that create() returns");

  static final List<String> ECS_ID =
      List.of("Keep AWS_CONTAINER_CREDENTIALS_RELATIVE_URI as the ECS agent sets it for this task");

  static final List<String> ECS_NOT_READY =
      List.of(
          "Wait: Lanyard tries again. The ECS agent has not yet received this task's credentials",
          "If it lasts, check that the task has a task role");

  static final List<String> TOKEN_FILE =
      List.of(
          "Set AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE to the path of this pod's projected token");

  static final List<String> BARE_TOKEN =
      List.of(
          "Remove the scheme, such as 'Bearer', from the token: the agent wants the bare token, as"
              + " the kubelet writes it");

  static final List<String> CLOCK_BEHIND =
      List.of(
          "Correct the clock of this node: it is behind the clock of the cluster that issued the"
              + " token");

  static final List<String> OWN_ADDRESS =
      List.of(
          "Call the agent by its own address, http://169.254.170.23/v1/credentials or"
              + " http://[fd00:ec2::23]/v1/credentials: it refuses other names, port forwards and"
              + " proxies");

  static final List<String> PATH =
      List.of("Check the path: the EKS Pod Identity Agent serves only /v1/credentials");

  static final List<String> AGENT_THROTTLES =
      List.of(
          "Wait: Lanyard tries again. The agent takes 1000 requests a second from all pods on its"
              + " node",
          "If it lasts, use one provider in each process, such as the one that create() returns");

  static final List<String> AGENT_FAILS =
      List.of(
          "Wait: Lanyard tries again",
          "If it lasts, read the agent's log ("
              + AGENT_LOG
              + "): the agent needs the credentials of the node and a route to EKS Auth, which in a"
              + " private cluster is the interface endpoint for eks-auth");

  /** What to do where the handshake fails, and not for the certificate of the endpoint. */
  static final List<String> FOR_NO_TLS =
      List.of(
          "Check that the endpoint speaks TLS on this port. If it asks clients for a certificate,"
              + " name one with the system properties javax.net.ssl.keyStore and"
              + " javax.net.ssl.keyStorePassword");

  /** What to do where the agent has moved. */
  static final List<String> REDIRECT =
      List.of(
          "Find out what redirects the request. If the agent is at the target, set that URI:"
              + " Lanyard follows no redirect, since that would send the token there");

  /** What to do where something answered in the place of the EKS Pod Identity Agent. */
  static final List<String> NOT_THE_AGENT =
      List.of(
          "Find out what answered in the agent's place: a service mesh or a transparent proxy"
              + " has to leave 169.254.170.23 and [fd00:ec2::23] alone");

  /** What to do where something answered in the place of another endpoint. */
  static final List<String> NOT_THE_ENDPOINT =
      List.of(
          "Check that this URI is a container credentials endpoint, and that no proxy, service"
              + " mesh or load balancer answers in its place");

  private Remedies() {}

  /** Adds steps without commands. */
  static Problem.Builder add(Problem.Builder problem, List<String> steps) {
    for (String step : steps) {
      problem.step(step);
    }
    return problem;
  }

  /** What to do where something other than the agent answered, and did not redirect. */
  static List<String> forSomebodyElse(Endpoint endpoint) {
    return endpoint.isLikePodIdentity() ? NOT_THE_AGENT : NOT_THE_ENDPOINT;
  }

  /** Adds what to do where there is no association, with the command where it is known for whom. */
  static void addAssociation(Problem.Builder problem, Optional<ServiceAccount> account) {
    if (account.isPresent()) {
      String namespace = account.get().namespace();
      String name = account.get().name();
      problem.step(
          "Create a Pod Identity association for service account "
              + name
              + " in namespace "
              + namespace,
          "aws eks create-pod-identity-association --cluster-name CLUSTER --namespace "
              + namespace
              + " --service-account "
              + name
              + " --role-arn ROLE");
    } else {
      problem.step("Create a Pod Identity association for this pod's service account");
    }
    problem.step("A new association takes some seconds to take effect");
  }

  /** What to do when nobody listens. */
  static List<String> forRefusedConnection(Endpoint endpoint) {
    if (endpoint.isLikePodIdentity()) {
      return List.of(
          "Check that the EKS Pod Identity Agent runs on this pod's node ("
              + AGENT_PODS
              + "): that the add-on eks-pod-identity-agent is installed, that no taint keeps its"
              + " DaemonSet off this node, and that IPv6 is disabled in its configuration if the"
              + " node has no IPv6",
          NO_AGENT);
    }
    if (endpoint.isEcsAgent()) {
      return List.of(
          "Check that this task has a task role and that the ECS agent runs on this host");
    }
    return List.of("Check that the credentials endpoint runs and listens there");
  }

  /** What to do when nothing comes back. */
  static List<String> forSilence(Endpoint endpoint) {
    if (endpoint.isLikePodIdentity()) {
      return List.of(
          "Check that the EKS Pod Identity Agent runs on this pod's node (" + AGENT_PODS + ")",
          "If it does, allow TCP port 80 of its address in the network policies; with security"
              + " groups for pods, set POD_SECURITY_GROUP_ENFORCING_MODE=standard; in a private"
              + " cluster, give the agent an interface endpoint for eks-auth. The hop limit of the"
              + " instance metadata service does not matter",
          NO_AGENT);
    }
    return List.of(
        "Check that nothing between this process and the credentials endpoint drops packets");
  }
}
