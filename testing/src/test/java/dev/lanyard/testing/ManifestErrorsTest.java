package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a manifest that the API server would refuse is told: where, and what was seen. */
class ManifestErrorsTest {
  private static final String POD =
      """
      apiVersion: v1
      kind: Pod
      metadata:
        name: orders-1
        namespace: shop
      spec:
        containers:
          - name: app
            env:
              - name: MODE
                value: fast
            volumeMounts:
              - name: tokens
                mountPath: /tokens
        volumes:
          - name: tokens
            projected:
              sources:
                - serviceAccountToken:
                    path: token
                    expirationSeconds: 600
      """;

  private final FakeEks eks = FakeEks.start();

  @AfterEach
  void stop() {
    eks.close();
  }

  @Test
  void theManifestItselfIsGood() {
    assertThat(eks.admit(POD).name()).isEqualTo("orders-1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "value: fast | value: 5 | spec.containers[0].env[0].value must be a string, and is a"
            + " number; put it in quotes",
        "value: fast | value: yes | spec.containers[0].env[0].value must be a string, and is a"
            + " boolean; put it in quotes",
        "value: fast | value: [a] | spec.containers[0].env[0].value must be a string, and is a"
            + " list",
        "name: MODE | nome: MODE | spec.containers[0].env[0].name is required",
        "name: app | image: app | spec.containers[0].name is required",
        "mountPath: /tokens | path: /tokens | spec.containers[0].volumeMounts[0].mountPath is"
            + " required",
        "containers: | container: | spec.containers is required: a pod has at least one container",
        "expirationSeconds: 600 | expirationSeconds: 599 |"
            + " spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds is 599,"
            + " and must be 600 to 4294967296",
        "expirationSeconds: 600 | expirationSeconds: 4294967297 |"
            + " spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds is"
            + " 4294967297, and must be 600 to 4294967296",
        "expirationSeconds: 600 | expirationSeconds: '600' |"
            + " spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds must be"
            + " a whole number, and is a string",
        "path: token | path: a/token |"
            + " spec.volumes[0].projected.sources[0].serviceAccountToken.path must be a file name"
            + " here, without directories",
        "- name: tokens\\n"
            + "          mountPath | - name: others\\n"
            + "          mountPath | spec.containers[0].volumeMounts[0].name names the volume"
            + " others, which the pod does not have",
        "name: orders-1 | nome: orders-1 | metadata.name is required",
        "namespace: shop | namespace: Shop | the document is refused: Kubernetes accepts"
            + " no namespace Shop",
        "namespace: shop | labels: {a: 1} | metadata.labels.a must be a string, and is a number;"
            + " put it in quotes",
        "kind: Pod | kinds: Pod | kind is required",
        "spec: | specs: | spec must be a map, and is missing",
      })
  void aFieldThatIsWrongIsNamed(String good, String bad, String message) {
    String manifest = "---\n# nothing\n---\n" + replace(good, bad);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> eks.admit(manifest))
        .withMessage("document 2: " + message);
  }

  private static String replace(String good, String bad) {
    String from = good.replace("\\n", "\n");
    assertThat(POD).contains(from);
    return POD.replace(from, bad.replace("\\n", "\n"));
  }

  @Test
  void aTemplateIsNamedWithTheWayToIt() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                eks.admit(
                    """
                    apiVersion: v1
                    kind: List
                    items:
                      - apiVersion: apps/v1
                        kind: Deployment
                        metadata: {name: orders}
                        spec: {template: {spec: {containers: [{name: app}, {name: app}]}}}
                    """))
        .withMessage(
            "document 1, items[0]: spec.template.spec.containers[1].name is app a second time");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                eks.admit(
                    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas:"
                        + " 2}}"))
        .withMessage("document 1: spec.template is required in a Deployment");
  }

  @Test
  void textThatIsNoYamlIsNamedByLineAndNotQuoted() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> eks.admit(POD.replace("value: fast", "value: \"hunter2")))
        .withMessageMatching("The manifest is not YAML: line \\d+, column \\d+: .*")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("hunter2"))
        .withNoCause();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> eks.admit(POD.replace("value: fast", "value: fast\n          value: x")))
        .withMessageContaining("line 12, column 11");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> eks.admit("- a list"))
        .withMessage("document 1: the document must be a map, and is a list");
  }

  @Test
  void classesOfJavaAndEndlessAnchorsAreNotRead() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> eks.admit("a: !!java.net.URL [http://localhost]"))
        .withMessageStartingWith("The manifest is not YAML: line 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> eks.admit("a: &a [*a]"))
        .withMessage("document 1: the nesting has no end");
  }

  @Test
  void anAnchorThatIsUsedTwiceIsTwoContainers() {
    eks.apply(
        """
        apiVersion: v1
        kind: ServiceAccount
        metadata:
          name: default
          annotations: {eks.amazonaws.com/role-arn: some-role, since: 2024-05-01}
        """);

    AdmittedPod pod =
        eks.admit(
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: orders-1}
            spec:
              containers:
                - {name: app, env: &env [{name: MODE, value: fast}]}
                - {name: proxy, env: *env}
            """);

    assertThat(List.of(pod.container("app"), pod.container("proxy")))
        .allSatisfy(
            container ->
                assertThat(container.variables())
                    .containsEntry("MODE", "fast")
                    .containsEntry("AWS_ROLE_ARN", "some-role"));
    assertThat(pod.yaml().split("AWS_ROLE_ARN", -1)).hasSize(3);
  }

  @Test
  void anExpirationThatTheApiServerWouldRefuseIsRefused() {
    eks.apply(
        """
        apiVersion: v1
        kind: ServiceAccount
        metadata:
          name: default
          namespace: shop
          annotations:
            eks.amazonaws.com/role-arn: some-role
            eks.amazonaws.com/token-expiration: "4294967297"
        """);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> eks.admit(POD))
        .withMessageContaining("expirationSeconds is 4294967297");
  }

  @Test
  void aManifestWithoutAServiceAccountIsNotApplied() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> eks.apply(POD))
        .withMessage(
            "The manifest has no ServiceAccount, but Pod shop/orders-1; a pod goes to admit");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> eks.apply(""))
        .withMessageContaining("but no object");
  }

  @Test
  void annotationsAreStrings() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                eks.apply(
                    """
                    apiVersion: v1
                    kind: ServiceAccount
                    metadata:
                      name: orders
                      annotations:
                        eks.amazonaws.com/token-expiration: 3600
                    """))
        .withMessage(
            "document 1: metadata.annotations.eks.amazonaws.com/token-expiration must be a string,"
                + " and is a number; put it in quotes");
  }
}
