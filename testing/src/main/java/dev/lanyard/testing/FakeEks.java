package dev.lanyard.testing;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The identity plane of one EKS cluster and its AWS account, in this process and on loopback: an
 * OIDC issuer, an STS, a Pod Identity agent with EKS Auth behind it, roles, associations and pods.
 * Nothing of it leaves the machine, and no AWS account is needed.
 *
 * <pre>{@code
 * try (FakeEks eks = FakeEks.start()) {
 *   String role = eks.role("orders-role", TrustPolicy.forServiceAccount(eks, "shop", "orders"));
 *   FakePod pod = eks.pod("shop", "orders").irsa(role);
 *   // hand pod.environment() to the code under test
 * }
 * }</pre>
 *
 * <p>It accepts and refuses for the same reasons as the real services: signature, issuer, audience
 * and times of a token, the conditions of a trust policy, the association of a service account.
 * Nothing is eventually consistent: a change holds for the next request.
 *
 * <p>Safe for use by many threads. Two clusters know nothing of each other: each refuses the
 * other's tokens. {@link #close} frees the ports and deletes the pods' files.
 *
 * @since 0.1
 */
public final class FakeEks implements AutoCloseable {
  private static final String ACCOUNT = "111122223333";
  private static final Duration DEFAULT_MAX_SESSION = Duration.ofHours(1);
  private static final Duration LONGEST_MAX_SESSION = Duration.ofHours(12);

  private final FakeClock clock;
  private final String region;
  private final Journal journal;
  private final FakeAccount account;
  private final FakeIssuer issuer;
  private final EksAuth eksAuth;
  private final FakeSts sts;
  private final FakeAgent agent;
  private final Webhook webhook;
  private final ApiServer apiServer;

  // Both guarded by the list.
  private final List<FakePod> pods = new ArrayList<>();
  private boolean closed;

  private FakeEks(Builder builder) {
    FakeEks shared = builder.neighbour;
    this.clock = shared == null ? new FakeClock(builder.clock) : shared.clock;
    String clusterName = builder.clusterName;
    this.region = builder.region;
    this.journal = new Journal(clock);
    this.account = shared == null ? new FakeAccount(ACCOUNT, clock) : shared.account;
    this.issuer = new FakeIssuer(clock, region, account, journal);
    this.eksAuth = new EksAuth(clock, region, clusterName, issuer, account);
    this.sts = new FakeSts(clock, journal, account);
    this.agent = new FakeAgent(clock, journal, eksAuth);
    this.webhook =
        builder.webhook == null
            ? Webhook.managed(region, agent.endpoint())
            : Webhook.with(WebhookFlags.settings(builder.webhook, agent.endpoint()));
    this.apiServer =
        new ApiServer(clock, journal, issuer, sts.endpoint(), webhook, eksAuth::isAssociated);
  }

  /**
   * Starts a cluster in eu-west-1 with the system's clock.
   *
   * @return a cluster without roles, associations or pods, listening on free loopback ports
   */
  public static FakeEks start() {
    return builder().start();
  }

  /**
   * Starts a description of a cluster.
   *
   * @return a builder with the defaults of {@link #start}
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Creates an IAM role with a maximum session duration of one hour, or changes the one of this
   * name.
   *
   * @param name the role's name, with its path before it if it has one: {@code team/orders-role}
   * @param trust whom the role trusts: the statements of all these policies count. With none,
   *     nobody
   * @return the role's ARN
   * @throws IllegalArgumentException if IAM would not accept the name
   */
  public String role(String name, TrustPolicy... trust) {
    return role(name, DEFAULT_MAX_SESSION, trust);
  }

  /**
   * Creates an IAM role, or changes the one of this name.
   *
   * @param name the role's name, with its path before it if it has one: {@code team/orders-role}
   * @param maxSessionDuration the longest session that {@code AssumeRoleWithWebIdentity} may ask
   *     for, 1 to 12 hours
   * @param trust whom the role trusts: the statements of all these policies count. With none,
   *     nobody
   * @return the role's ARN
   * @throws IllegalArgumentException if IAM would not accept the name or the duration
   */
  public String role(String name, Duration maxSessionDuration, TrustPolicy... trust) {
    if (maxSessionDuration.compareTo(DEFAULT_MAX_SESSION) < 0
        || maxSessionDuration.compareTo(LONGEST_MAX_SESSION) > 0) {
      throw new IllegalArgumentException("MaxSessionDuration is 1 to 12 hours");
    }
    String arn = account.role(name, maxSessionDuration, List.of(trust)).arn();
    journal.note("role " + arn + (trust.length == 0 ? " that trusts nobody" : ""));
    return arn;
  }

  /**
   * Creates an IAM role of another account, for role chaining, with a maximum session duration of
   * one hour, or changes the one of this name.
   *
   * @param accountId the account, twelve digits
   * @param name the role's name, with its path before it if it has one
   * @param trust whom the role trusts: the statements of all these policies count. With none,
   *     nobody
   * @return the role's ARN
   * @throws IllegalArgumentException if IAM would not accept the account or the name
   */
  public String roleIn(String accountId, String name, TrustPolicy... trust) {
    if (!accountId.matches("\\d{12}")) {
      throw new IllegalArgumentException("An account has twelve digits, not " + accountId);
    }
    String arn = account.role(accountId, name, DEFAULT_MAX_SESSION, List.of(trust)).arn();
    journal.note("role " + arn + (trust.length == 0 ? " that trusts nobody" : ""));
    return arn;
  }

  Journal events() {
    return journal;
  }

  Webhook webhook() {
    return webhook;
  }

  Optional<Role> findRole(String name) {
    return account.role("arn:aws:iam::" + account.id() + ":role/" + name);
  }

  /**
   * Associates a service account with a role, for Pod Identity. It replaces an older association.
   * The agent serves what it has in its cache all the same, as the real one does.
   *
   * @param namespace the service account's namespace
   * @param serviceAccount the service account's name
   * @param roleArn a role of this account; it need not exist
   * @return the association, for a target role, a session policy, and sessions without tags
   * @throws IllegalArgumentException if the role is of another account, or a name is not valid
   */
  public Association associate(String namespace, String serviceAccount, String roleArn) {
    Association association =
        eksAuth.associate(new ServiceAccount(namespace, serviceAccount), roleArn);
    journal.note("association of " + namespace + "/" + serviceAccount + " with " + roleArn);
    return association;
  }

  /**
   * Deletes the association of a service account. The agent serves what it has in its cache all the
   * same, as the real one does.
   *
   * @param namespace the service account's namespace
   * @param serviceAccount the service account's name
   * @return whether there was one
   * @throws IllegalArgumentException if a name is not valid
   */
  public boolean dissociate(String namespace, String serviceAccount) {
    boolean there = eksAuth.dissociate(new ServiceAccount(namespace, serviceAccount));
    if (there) {
      journal.note("association of " + namespace + "/" + serviceAccount + " deleted");
    }
    return there;
  }

  /**
   * Delays what EKS Auth sees of changes to associations, as on a cluster, where it takes several
   * seconds. Source: EKS user guide, pod-identities.
   *
   * @param delay by {@link #clock}, for changes from now on; zero at first
   * @throws IllegalArgumentException if it is negative
   */
  public void delayAssociations(Duration delay) {
    eksAuth.delay(delay);
  }

  /**
   * Creates a pod that runs as a service account. It has neither IRSA nor Pod Identity until it is
   * given one.
   *
   * @param namespace the pod's namespace
   * @param serviceAccount the service account's name
   * @return a new pod, which goes when this cluster is closed
   * @throws IllegalArgumentException if a name is not valid
   * @throws IllegalStateException if this cluster is closed
   * @throws java.io.UncheckedIOException if there is no room for its files
   */
  public FakePod pod(String namespace, String serviceAccount) {
    FakePod pod = new FakePod(this, new ServiceAccount(namespace, serviceAccount));
    synchronized (pods) {
      if (closed) {
        pod.close();
        throw new IllegalStateException("This cluster is closed");
      }
      pods.add(pod);
    }
    journal.note("pod " + pod.name() + " of " + namespace + "/" + serviceAccount);
    return pod;
  }

  /**
   * Creates the service accounts of a Kubernetes manifest, or replaces those of these names: from
   * now on new pods get what their annotations say. Other objects of the manifest are passed over.
   *
   * @param manifest YAML of any number of documents, with one {@code ServiceAccount} at least
   * @throws IllegalArgumentException if the API server would refuse it; the message says where and
   *     what, and no value of an environment variable
   */
  public void apply(String manifest) {
    apiServer.apply(manifest);
  }

  /**
   * Creates the pod of a Kubernetes manifest, through the EKS webhook: with IRSA if its service
   * account has the annotation {@code eks.amazonaws.com/role-arn}, with Pod Identity if it has an
   * association, which comes first. The service accounts of the manifest are created before, as by
   * {@link #apply}; those that no manifest names exist, without annotations.
   *
   * @param manifest YAML of any number of documents, one of them a {@code Pod}, or a {@code
   *     Deployment}, {@code ReplicaSet}, {@code ReplicationController}, {@code StatefulSet}, {@code
   *     DaemonSet}, {@code Job} or {@code CronJob}, of which one pod is made
   * @return the pod, which goes when this cluster is closed
   * @throws IllegalArgumentException if the API server would refuse it, or none or several objects
   *     make pods; the message says where and what, and no value of an environment variable
   * @throws IllegalStateException if this cluster is closed
   * @throws java.io.UncheckedIOException if there is no room for its files
   */
  public AdmittedPod admit(String manifest) {
    return admitted(apiServer.admit(manifest, name -> true), "from a manifest");
  }

  /**
   * Creates one of the pods of a Kubernetes manifest, as {@link #admit(String)} does.
   *
   * @param manifest YAML of any number of documents
   * @param name the name of the object that makes the pod
   * @return the pod, which goes when this cluster is closed
   * @throws IllegalArgumentException if the API server would refuse it, or none or several objects
   *     of this name make pods
   * @throws IllegalStateException if this cluster is closed
   * @throws java.io.UncheckedIOException if there is no room for its files
   */
  public AdmittedPod admit(String manifest, String name) {
    return admitted(apiServer.admit(manifest, name::equals), "from a manifest");
  }

  /**
   * Creates a service account, or replaces the one of this name, as {@link #apply(String)} does.
   *
   * @param serviceAccount the service account, described
   * @throws IllegalArgumentException if the API server would refuse it; the message says where
   */
  public void apply(ServiceAccountBuilder serviceAccount) {
    apiServer.apply(List.of(serviceAccount.build()));
  }

  /**
   * Creates a pod through the EKS webhook, as {@link #admit(String)} does.
   *
   * @param pod the pod, described; to be admitted again after a change
   * @return the pod as its containers see it
   * @throws IllegalArgumentException if the API server would refuse it; the message says where
   * @throws java.io.UncheckedIOException if there is no room for its files
   */
  public AdmittedPod admit(PodBuilder pod) {
    return admitted(apiServer.admit(List.of(pod.build()), name -> true), "built");
  }

  private AdmittedPod admitted(AdmittedPod pod, String origin) {
    journal.note("pod " + pod.name() + " of " + pod.owner() + ", " + origin);
    return pod;
  }

  /**
   * Returns the credentials that have this access key id, for a fake of another service that
   * verifies signatures.
   *
   * @param accessKeyId the access key id of a request
   * @return the credentials, expired or not; empty if this cluster has not issued them
   */
  public Optional<IssuedCredentials> issued(String accessKeyId) {
    return account.issued(accessKeyId);
  }

  /**
   * Returns the last requests to STS and to the agent, oldest first.
   *
   * @return a copy, without secrets; 1000 are kept
   */
  public List<LoggedRequest> requests() {
    return journal.requests();
  }

  /**
   * Returns what has happened, for a person to read: roles, associations and pods that were set up,
   * requests and what became of them.
   *
   * @return the last 1000 events, a line for each, without secrets
   */
  public String journal() {
    agent.catchUp();
    return journal.text();
  }

  /**
   * Returns the OIDC issuer, and the IAM OIDC provider by which the account trusts it.
   *
   * @return the cluster's issuer
   */
  public FakeIssuer issuer() {
    return issuer;
  }

  /**
   * Returns the STS.
   *
   * @return the region's STS
   */
  public FakeSts sts() {
    return sts;
  }

  /**
   * Returns the Pod Identity agent of the node on which all pods run.
   *
   * @return the agent
   */
  public FakeAgent agent() {
    return agent;
  }

  /**
   * Returns the region.
   *
   * @return such as {@code eu-west-1}
   */
  public String region() {
    return region;
  }

  /**
   * Returns the clock of the cluster and of AWS.
   *
   * @return a clock that can be set apart from the one that was given to {@link Builder#clock}
   */
  public FakeClock clock() {
    return clock;
  }

  /** Frees the ports and deletes the pods' files. Closing twice does no harm. */
  @Override
  public void close() {
    synchronized (pods) {
      closed = true;
      pods.forEach(FakePod::close);
      pods.clear();
    }
    apiServer.close();
    agent.close();
    sts.close();
    issuer.close();
  }

  @Override
  public String toString() {
    return "FakeEks[" + issuer.url() + "]";
  }

  /**
   * Describes a {@link FakeEks}. Not for use by more than one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    /** A region of the partition aws, whose names the fakes use. */
    private static final Pattern REGION =
        Pattern.compile("(?!cn-|us-gov-|us-iso|eu-iso|eusc-)[a-z]{2}(-[a-z]+)+-\\d");

    /** Source: botocore, eks/2017-11-01/service-2.json. */
    private static final Pattern CLUSTER_NAME = Pattern.compile("[0-9A-Za-z][A-Za-z0-9_-]{0,99}");

    private InstantSource clock = InstantSource.system();
    private String region = "eu-west-1";
    private String clusterName = "lanyard";
    private @Nullable FakeEks neighbour;
    private @Nullable List<String> webhook;

    private Builder() {}

    /**
     * Sets the clock by which tokens and credentials are issued and expire, and answers are dated.
     *
     * @param clock by default the system's; read by many threads
     * @return this builder
     */
    public Builder clock(InstantSource clock) {
      this.clock = Objects.requireNonNull(clock, "clock");
      return this;
    }

    /**
     * Sets the region.
     *
     * @param region by default {@code eu-west-1}; one of the partition aws
     * @return this builder
     * @throws IllegalArgumentException if it is not of the form of one
     */
    public Builder region(String region) {
      if (!REGION.matcher(region).matches()) {
        throw new IllegalArgumentException("No region of the partition aws is named " + region);
      }
      this.region = region;
      return this;
    }

    /**
     * Sets the cluster's name, which session names and session tags of Pod Identity hold.
     *
     * @param name by default {@code lanyard}; 1 to 100 characters
     * @return this builder
     * @throws IllegalArgumentException if EKS would not accept it
     */
    public Builder clusterName(String name) {
      if (!CLUSTER_NAME.matcher(name).matches()) {
        throw new IllegalArgumentException("EKS accepts no cluster " + name);
      }
      this.clusterName = name;
      return this;
    }

    /**
     * Lets a webhook of your own admit pods, in place of the one that EKS runs. That one injects
     * the region and {@code AWS_STS_REGIONAL_ENDPOINTS=regional}. A flag that is not given has the
     * upstream default: without any flag the webhook injects neither.
     *
     * <pre>{@code
     * FakeEks.builder()
     *     .selfHostedWebhook(
     *         "--sts-regional-endpoint=true", "--token-mount-path=/var/run/secrets/example.com")
     * }</pre>
     *
     * <p>Source of the flags: amazon-eks-pod-identity-webhook, main.go. Those that say where its
     * service accounts come from, or how it is reached, are not known here; nor are {@code
     * --annotation-prefix} and {@code --compose-role-arn}.
     *
     * @param flags {@code --name=value}: {@code aws-default-region}, {@code sts-regional-endpoint},
     *     {@code token-expiration} in seconds, {@code token-audience}, {@code token-mount-path},
     *     {@code container-credentials-full-uri}, which is the fake agent's unless it is set,
     *     {@code container-credentials-audience}, {@code container-credentials-token-mount-path},
     *     {@code container-credentials-token-volume-name}, {@code container-credentials-token-path}
     * @return this builder
     * @throws IllegalArgumentException if a flag is none of these, or its value cannot be
     */
    public Builder selfHostedWebhook(String... flags) {
      this.webhook = WebhookFlags.checked(flags);
      return this;
    }

    /**
     * Puts the cluster into the account of another one, whose clock it then uses: both see the same
     * roles and credentials. For IRSA a role has to trust each of them; Pod Identity needs an
     * association in each.
     *
     * @param other a cluster that stays open for as long
     * @return this builder
     */
    public Builder inAccountOf(FakeEks other) {
      this.neighbour = Objects.requireNonNull(other, "other");
      return this;
    }

    /**
     * Starts the cluster.
     *
     * @return a cluster without roles, associations or pods, listening on free loopback ports
     */
    public FakeEks start() {
      return new FakeEks(this);
    }
  }
}
