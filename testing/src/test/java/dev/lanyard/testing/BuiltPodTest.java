package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Cases of {@link WebhookTest} once more, with what goes into the webhook written in code. */
class BuiltPodTest {
  private static final String ROLE = "arn:aws:iam::111122223333:role/orders-role";
  private static final String TOKEN = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";

  static Stream<Arguments> cases() {
    return Stream.of(
        Arguments.of(
            "a pod without volumes gets volume mount and variables", annotated(), pod(app())),
        Arguments.of(
            "the volume comes before those of the pod",
            annotated(),
            pod(app()).volume("cache", "emptyDir", Map.of())),
        Arguments.of(
            "names to skip are not trimmed",
            annotated(),
            pod(app())
                .annotation("eks.amazonaws.com/skip-containers", "app, proxy")
                .container("proxy", image("proxy"))),
        Arguments.of(
            "init containers are skipped by the same names",
            annotated(),
            pod(app())
                .annotation("eks.amazonaws.com/skip-containers", "migrate")
                .initContainer("migrate", image("migrate"))),
        Arguments.of(
            "the annotation names another audience",
            annotated().audience("vault.example.com"),
            pod(app())),
        Arguments.of(
            "the annotation turns regional sts off", annotated().regionalSts(false), pod(app())),
        Arguments.of(
            "a windows pod is told a windows path",
            annotated(),
            pod(app())
                .nodeSelector("kubernetes.io/os", "windows")
                .nodeSelector("kubernetes.io/arch", "amd64")),
        Arguments.of(
            "the expiration of the pod wins over that of the service account",
            annotated().tokenExpiration(Duration.ofHours(2)),
            pod(app()).annotation("eks.amazonaws.com/token-expiration", "3600")),
        Arguments.of(
            "pod identity wins over the role annotation",
            annotated().regionalSts(true).tokenExpiration(Duration.ofSeconds(10_000)),
            pod(app())),
        Arguments.of(
            "role variables of the author stay beside pod identity",
            account(),
            pod(
                app()
                    .andThen(
                        app ->
                            app.env("AWS_ROLE_ARN", ROLE)
                                .env("AWS_WEB_IDENTITY_TOKEN_FILE", TOKEN)))),
        Arguments.of(
            "a volume and a mount of the same name stay as they are",
            annotated(),
            pod(app().andThen(app -> app.mount("aws-iam-token", "/own/place")))
                .volume("aws-iam-token", "hostPath", Map.of("path", "/own/token"))),
        Arguments.of(
            "labels of the pod stay beside the one that is added",
            account(),
            pod(app()).label("app", "orders")),
        Arguments.of(
            "the skip label keeps the pod from the webhook",
            annotated(),
            pod(app()).label("eks.amazonaws.com/skip-pod-identity-webhook", "")),
        Arguments.of(
            "region and sts variables of the container stay",
            annotated(),
            pod(
                app()
                    .andThen(
                        app ->
                            app.env("AWS_REGION", "eu-north-1")
                                .env("AWS_STS_REGIONAL_ENDPOINTS", "regional")))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void theWebhookMakesTheSameOfItAsOfTheManifest(
      String name, ServiceAccountBuilder serviceAccount, PodBuilder builder) {
    WebhookTest.Case example =
        WebhookTest.cases().filter(each -> each.toString().equals(name)).findAny().orElseThrow();
    YamlNode pod = builder.build();
    assertThat(pod.value()).isEqualTo(example.pod().value());
    assertThat(serviceAccount.build().value()).isEqualTo(example.serviceAccount().value());

    example.webhook().admit(pod, serviceAccount.annotations(), example.associated());

    assertThat(WebhookTest.plain(pod.value())).isEqualTo(WebhookTest.plain(example.expected()));
  }

  @Test
  void aBuilderMakesAnotherObjectEachTime() {
    PodBuilder builder = pod(app()).label("app", "orders");
    YamlNode first = builder.build();
    Map<String, @Nullable Object> before = new LinkedHashMap<>(builder.build().map());

    first.get("metadata").growingMap("labels").put("changed", "yes");
    first.get("spec").get("containers").items().get(0).growingList("env").add("changed");

    assertThat(builder.build().value()).isEqualTo(before).isNotEqualTo(first.value());
  }

  @Test
  void aPodWrittenInCodeIsAdmittedAsOneOfAManifest() {
    try (FakeEks eks = FakeEks.start()) {
      eks.apply(annotated());

      AdmittedPod built = eks.admit(pod(app()));

      assertThat(built.container("app").variables())
          .containsEntry("AWS_ROLE_ARN", ROLE)
          .containsEntry("HOSTNAME", "orders-1");
      assertThat(built.container().environment().path(TOKEN)).isRegularFile();
    }
  }

  private static ServiceAccountBuilder account() {
    return ServiceAccountBuilder.named("shop", "orders");
  }

  private static ServiceAccountBuilder annotated() {
    return account().role(ROLE);
  }

  private static PodBuilder pod(Consumer<PodBuilder.Container> app) {
    return PodBuilder.named("shop", "orders-1").runAs("orders").container("app", app);
  }

  private static Consumer<PodBuilder.Container> app() {
    return image("app");
  }

  private static Consumer<PodBuilder.Container> image(String name) {
    return container -> container.image("registry.example.com/" + name);
  }
}
