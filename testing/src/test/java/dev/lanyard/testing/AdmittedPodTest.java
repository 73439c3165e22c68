package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.entry;

import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdmittedPodTest {
  private static final String TOKEN = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
  private static final String AGENT_TOKEN =
      "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token";

  private static final String SHOP =
      Manifests.serviceAccount("arn:aws:iam::111122223333:role/orders-role")
          + Manifests.deployment(
              """
              metadata:
                annotations:
                  eks.amazonaws.com/skip-containers: proxy
              spec:
                serviceAccountName: orders
                initContainers:
                  - name: migrate
                containers:
                  - name: app
                    env:
                      - name: POD_NAME
                        valueFrom: {fieldRef: {fieldPath: metadata.name}}
                      - name: AWS_ROLE_SESSION_NAME
                        value: $(POD_NAME)
                      - name: PASSWORD
                        valueFrom: {secretKeyRef: {name: db, key: password}}
                  - name: proxy
              """)
          + """
          ---
          apiVersion: v1
          kind: Service
          metadata:
            name: orders
            namespace: shop
          """;

  private final TestClock clock = new TestClock();
  private final FakeEks eks = FakeEks.builder().clock(clock).region("us-east-1").start();
  private final String role =
      eks.role(
          "orders-role",
          TrustPolicy.forServiceAccount(eks, "shop", "orders"),
          TrustPolicy.forPodIdentity());

  @AfterEach
  void stop() {
    eks.close();
  }

  @Test
  void oneManifestGivesServiceAccountAndPod() {
    AdmittedPod pod = eks.admit(SHOP);

    assertThat(pod.name()).matches("orders-[a-z0-9]{10}-[a-z0-9]{5}");
    assertThat(pod.namespace()).isEqualTo("shop");
    PodContainer app = pod.container("app");
    assertThat(app.environment().variable("AWS_ROLE_ARN").orElseThrow().value()).isEqualTo(role);
    assertThat(app.environment().variable("AWS_WEB_IDENTITY_TOKEN_FILE").orElseThrow().value())
        .isEqualTo(TOKEN);
    assertThat(app.environment().path(TOKEN)).isRegularFile();
    assertThat(app.variables().get("AWS_WEB_IDENTITY_TOKEN_FILE"))
        .isEqualTo(app.environment().path(TOKEN).toString());
  }

  @Test
  void aContainerSeesItsVariablesInOrder() {
    AdmittedPod pod = eks.admit(SHOP);

    assertThat(pod.container("app").variables())
        .containsExactly(
            entry("POD_NAME", pod.name()),
            entry("AWS_ROLE_SESSION_NAME", pod.name()),
            entry("AWS_STS_REGIONAL_ENDPOINTS", "regional"),
            entry("AWS_DEFAULT_REGION", "us-east-1"),
            entry("AWS_REGION", "us-east-1"),
            entry("AWS_ROLE_ARN", role),
            entry(
                "AWS_WEB_IDENTITY_TOKEN_FILE",
                pod.container("app").environment().path(TOKEN).toString()),
            entry("HOSTNAME", pod.name()),
            entry("AWS_ENDPOINT_URL_STS", eks.sts().endpoint().toString()));
    assertThat(pod.container("migrate").variables()).containsKey("AWS_ROLE_ARN");
    assertThat(pod.container("proxy").variables())
        .containsOnlyKeys("HOSTNAME", "AWS_ENDPOINT_URL_STS");
    assertThat(pod.container("proxy").environment().path(TOKEN)).doesNotExist();
  }

  @Test
  void allContainersReadTheSameFileWhichRotates() throws Exception {
    AdmittedPod pod = eks.admit(SHOP);
    Path app = pod.container("app").environment().path(TOKEN);
    Path migrate = pod.container("migrate").environment().path(TOKEN);
    String before = Files.readString(app);
    assertThat(migrate).hasContent(before);
    assertThat(app).isSymbolicLink();
    assertThat(Files.readSymbolicLink(app)).isEqualTo(Path.of("..data", "token"));

    clock.advance(Duration.ofHours(20));
    pod.rotateToken();

    assertThat(Files.readString(app)).isNotEqualTo(before).isEqualTo(Files.readString(migrate));
    assertThat(claims(app).getIssueTime().toInstant()).isEqualTo(clock.instant());
    pod.replaceToken("aws-iam-token", "x\n");
    assertThat(Files.readString(app)).isEqualTo("x\n");
  }

  @Test
  void anAssociationWinsOverTheAnnotation() throws Exception {
    eks.associate("shop", "orders", role);

    AdmittedPod pod = eks.admit(SHOP);

    assertThat(pod.labels()).containsExactly(entry("eks.amazonaws.com/pod-identity", "enabled"));
    Map<String, String> variables = pod.container().variables();
    assertThat(variables)
        .containsEntry("AWS_CONTAINER_CREDENTIALS_FULL_URI", eks.agent().endpoint().toString())
        .doesNotContainKeys("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE");
    JWTClaimsSet claims = claims(pod.container().environment().path(AGENT_TOKEN));
    assertThat(claims.getAudience()).containsExactly("pods.eks.amazonaws.com");
    assertThat(
            Duration.between(
                claims.getIssueTime().toInstant(), claims.getExpirationTime().toInstant()))
        .isBetween(Duration.ofHours(22), Duration.ofHours(24));
    assertThat(
            Http.get(
                    eks.agent().endpoint(),
                    "Authorization: "
                        + Files.readString(pod.container().environment().path(AGENT_TOKEN)))
                .status())
        .isEqualTo(200);
  }

  @Test
  void variablesAreWhatTheKubeletMakesOfThem() {
    AdmittedPod pod =
        eks.admit(
            """
            apiVersion: v1
            kind: Pod
            metadata:
              name: orders-1
              namespace: shop
              labels: {app: orders}
            spec:
              serviceAccount: orders
              containers:
                - name: app
                  env:
                    - {name: TWICE, value: first}
                    - {name: EMPTY}
                    - {name: ACCOUNT, valueFrom: {fieldRef: {fieldPath: spec.serviceAccountName}}}
                    - {name: APP, valueFrom: {fieldRef: {fieldPath: "metadata.labels['app']"}}}
                    - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
                    - {name: TWICE, value: "$(TWICE) $(LATER) $$(APP) $(APP) 5$"}
                    - {name: LATER, value: later}
                    - {name: HOSTNAME, value: its-own}
            """);

    assertThat(pod.container().variables())
        .containsExactly(
            entry("EMPTY", ""),
            entry("ACCOUNT", "orders"),
            entry("APP", "orders"),
            entry("TWICE", "first $(LATER) $(APP) orders 5$"),
            entry("LATER", "later"),
            entry("HOSTNAME", "its-own"),
            entry("AWS_ENDPOINT_URL_STS", eks.sts().endpoint().toString()));
  }

  @Test
  void aRunningPodStaysWhatItWas() {
    eks.apply(Manifests.serviceAccount("arn:aws:iam::111122223333:role/old-role"));
    String manifest = Manifests.pod("app");
    AdmittedPod before = eks.admit(manifest);

    eks.apply(Manifests.serviceAccount("arn:aws:iam::111122223333:role/new-role"));

    assertThat(before.container().variables()).containsEntry("AWS_ROLE_ARN", roleArn("old-role"));
    assertThat(eks.admit(manifest).container().variables())
        .containsEntry("AWS_ROLE_ARN", roleArn("new-role"));
  }

  @Test
  void aServiceAccountOfAnotherNamespaceIsAnother() {
    eks.apply(Manifests.serviceAccount(role).replace("namespace: shop", "namespace: stock"));

    assertThat(eks.admit(Manifests.pod("app")).container().variables())
        .doesNotContainKey("AWS_ROLE_ARN");
  }

  @Test
  void theLongestTokenLastsADay() throws Exception {
    AdmittedPod pod =
        eks.admit(
            SHOP.replace(
                "eks.amazonaws.com/skip-containers: proxy",
                "eks.amazonaws.com/token-expiration: \"172800\""));

    JWTClaimsSet claims = claims(pod.container().environment().path(TOKEN));
    assertThat(claims.getExpirationTime().toInstant())
        .isEqualTo(clock.instant().plus(Duration.ofDays(1)));
    assertThat(pod.yaml()).contains("expirationSeconds: 172800");
  }

  @Test
  void aTokenVolumeOfTheManifestIsThereWhereItIsMounted() throws Exception {
    AdmittedPod pod =
        eks.admit(
            """
            apiVersion: v1
            kind: Pod
            metadata:
              name: vault-client
            spec:
              containers:
                - name: app
                  volumeMounts:
                    - {name: tokens, mountPath: /tokens}
                    - {name: tokens, mountPath: /alone, subPath: vault}
              volumes:
                - name: tokens
                  projected:
                    sources:
                      - serviceAccountToken: {audience: vault, path: vault, expirationSeconds: 600}
                      - serviceAccountToken: {path: api}
            """);

    Path vault = pod.container().environment().path("/tokens/vault");
    Path api = pod.container().environment().path("/tokens/api");
    Path alone = pod.container().environment().path("/alone");
    assertThat(claims(vault).getAudience()).containsExactly("vault");
    assertThat(claims(vault).getSubject()).isEqualTo("system:serviceaccount:default:default");
    assertThat(claims(api).getAudience()).containsExactly(eks.issuer().url());
    assertThat(claims(api).getExpirationTime().toInstant())
        .isEqualTo(clock.instant().plus(Duration.ofHours(1)));
    String first = Files.readString(vault);
    assertThat(alone).hasContent(first);

    pod.rotateToken();

    // Mounted alone, the file never changes.
    assertThat(Files.readString(vault)).isNotEqualTo(first);
    assertThat(alone).hasContent(first);
  }

  @Test
  void aMountElsewhereLeavesTheInjectedPathEmpty() {
    AdmittedPod pod =
        eks.admit(
            Manifests.serviceAccount(role)
                + "---\n"
                + Manifests.pod("app")
                + """
                      volumeMounts:
                        - {name: aws-iam-token, mountPath: /elsewhere}
                """);

    assertThat(pod.container().environment().path(TOKEN)).doesNotExist();
    assertThat(pod.container().environment().path("/elsewhere/token")).isRegularFile();
  }

  @Test
  void kubectlsDefaultContainerIsTheOneThatIsNotNamed() {
    assertThat(eks.admit(SHOP).container().name()).isEqualTo("app");
    assertThat(
            eks.admit(
                    SHOP.replace(
                        "eks.amazonaws.com/skip-containers: proxy",
                        "kubectl.kubernetes.io/default-container: proxy"))
                .container()
                .name())
        .isEqualTo("proxy");
    assertThat(eks.admit(SHOP).containers())
        .extracting(PodContainer::name)
        .containsExactly("app", "proxy", "migrate");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job"})
  void workloadsMakePodsOfTheirTemplate(String kind) {
    AdmittedPod pod = eks.admit(SHOP.replace("kind: Deployment", "kind: " + kind));

    assertThat(pod.name()).matches(kind.equals("StatefulSet") ? "orders-0" : "orders-[a-z0-9]{5}");
    assertThat(pod.container().variables()).containsEntry("AWS_ROLE_ARN", role);
  }

  @Test
  void aCronJobKeepsItsTemplateDeeper() {
    eks.apply(Manifests.serviceAccount(role));

    AdmittedPod pod =
        eks.admit(
            """
            apiVersion: v1
            kind: List
            items:
              - apiVersion: batch/v1
                kind: CronJob
                metadata: {name: report, namespace: shop}
                spec:
                  jobTemplate:
                    spec:
                      template:
                        spec:
                          serviceAccountName: orders
                          containers: [{name: app}]
            """);

    assertThat(pod.name()).matches("report-[a-z0-9]{5}");
    assertThat(pod.container().variables()).containsEntry("AWS_ROLE_ARN", role);
  }

  @Test
  void oneOfSeveralPodsIsChosenByName() {
    String two =
        Manifests.pod("app")
            + "---\n"
            + Manifests.pod("app").replace("name: orders-1", "name: orders-2");

    assertThat(eks.admit(two, "orders-2").name()).isEqualTo("orders-2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> eks.admit(two))
        .withMessageContainingAll("2 are there", "Pod shop/orders-1, Pod shop/orders-2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> eks.admit(two, "orders-3"))
        .withMessageContainingAll("0 are there", "Pod shop/orders-1, Pod shop/orders-2");
  }

  @Test
  void aPodMayHaveAGeneratedName() {
    assertThat(
            eks.admit(Manifests.pod("app").replace("  name: orders-1", "  generateName: orders-"))
                .name())
        .matches("orders-[a-z0-9]{5}");
  }

  @Test
  void theFilesGoWithTheCluster() {
    AdmittedPod pod = eks.admit(SHOP);
    Path token = pod.container().environment().path(TOKEN);
    Path root = Path.of(token.toString().substring(0, token.toString().indexOf("/containers/")));
    assertThat(root).isDirectory();

    eks.close();

    assertThat(root).doesNotExist();
    assertThatIllegalStateException().isThrownBy(pod::rotateToken);
    assertThatIllegalStateException().isThrownBy(() -> eks.admit(SHOP));
  }

  @Test
  void toStringsShowNoToken() {
    AdmittedPod pod = eks.admit(SHOP);

    assertThat(pod).hasToString("AdmittedPod[shop/" + pod.name() + "]");
    assertThat(pod.container()).hasToString("PodContainer[app]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> pod.container("application"))
        .withMessageContainingAll("application", "[app, proxy, migrate]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> pod.replaceToken("tokens", "x"))
        .withMessageContainingAll("tokens", "[aws-iam-token]");
  }

  private static JWTClaimsSet claims(Path file) throws Exception {
    return SignedJWT.parse(Files.readString(file)).getJWTClaimsSet();
  }

  private static String roleArn(String name) {
    return "arn:aws:iam::111122223333:role/" + name;
  }
}
