package dev.lanyard.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The webhook, case by case. Each case is a file: a service account, a pod, how the webhook was
 * started, and what the pod is after it. Cases that mirror one of the upstream webhook's own name
 * it.
 */
class WebhookTest {
  /** A cluster for each command line that a case has. */
  private static final Map<List<String>, FakeEks> CLUSTERS = new ConcurrentHashMap<>();

  @AfterAll
  static void stop() {
    CLUSTERS.values().forEach(FakeEks::close);
    CLUSTERS.clear();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void leavesThePodAsTheCaseExpects(Case example) {
    FakeEks eks =
        CLUSTERS.computeIfAbsent(
            example.flags(),
            flags -> FakeEks.builder().selfHostedWebhook(flags.toArray(String[]::new)).start());
    eks.dissociate("shop", "orders");
    if (example.associated()) {
      eks.associate("shop", "orders", "arn:aws:iam::111122223333:role/orders-role");
    }

    AdmittedPod admitted =
        eks.admit(
            KubernetesYaml.write(example.serviceAccount().map())
                + "---\n"
                + KubernetesYaml.write(example.pod().map()));

    YamlNode pod = KubernetesYaml.read(admitted.yaml()).get(0);
    example.settleSpreadExpiration(pod);
    // Keys may stand in any order; variables and volumes, which are lists, may not.
    assertThat(plain(pod.value())).isEqualTo(plain(example.expected()));
  }

  /** Where the expiration is a random number, which no test can choose from outside. */
  @ParameterizedTest
  @MethodSource("casesOfChance")
  void spreadsExpirationsAsFarAsTheCaseExpects(Case example) {
    YamlNode pod = example.pod();
    Map<String, @Nullable Object> expected = example.expected();

    example.webhook().admit(pod, example.annotations(), example.associated());

    assertThat(plain(pod.value())).isEqualTo(plain(expected));
  }

  static Stream<Case> casesOfChance() {
    return cases().filter(Case::isSpread);
  }

  @Test
  void everyUpstreamCaseHasACounterpart() throws Exception {
    List<String> upstream =
        Files.readAllLines(resource("upstream-cases.txt")).stream()
            .filter(line -> !line.startsWith("#"))
            .toList();

    assertThat(cases().flatMap(example -> example.mirrors().stream()))
        .containsExactlyInAnyOrderElementsOf(upstream);
    assertThat(upstream).hasSize(24);
  }

  @Test
  void everyCaseHasANameOfItsOwn() {
    assertThat(cases().map(Case::toString)).doesNotHaveDuplicates().hasSizeGreaterThan(50);
  }

  @Test
  void theDefaultExpirationOfPodIdentityDiffersFromPodToPod() {
    try (FakeEks eks = FakeEks.start()) {
      eks.associate("shop", "orders", "arn:aws:iam::111122223333:role/orders-role");

      assertThat(
              Stream.generate(() -> eks.admit(Manifests.pod("app")))
                  .limit(50)
                  .map(pod -> KubernetesYaml.read(pod.yaml()).get(0))
                  .map(pod -> pod.get("spec").get("volumes").items().get(0))
                  .map(volume -> volume.get("projected").get("sources").items().get(0))
                  .map(source -> source.get("serviceAccountToken").get("expirationSeconds"))
                  .map(seconds -> seconds.wholeNumber().orElseThrow())
                  .distinct())
          .hasSizeGreaterThan(10)
          .allSatisfy(seconds -> assertThat(seconds).isBetween(79_200L, 86_400L));
    }
  }

  static Stream<Case> cases() {
    try (Stream<Path> files = Files.list(resource("cases"))) {
      return files.sorted().map(WebhookTest::read).toList().stream();
    } catch (IOException | URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Path resource(String name) throws URISyntaxException {
    URL found = WebhookTest.class.getResource("webhook/" + name);
    return Path.of(Objects.requireNonNull(found, name).toURI());
  }

  private static Case read(Path file) {
    try {
      // Read as a manifest, which a case is but for the two fields that every object has.
      String text = "apiVersion: v1\nkind: Case\n" + Files.readString(file);
      return new Case(KubernetesYaml.read(text).get(0));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The same with every number a long. */
  static @Nullable Object plain(@Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<Object, @Nullable Object> plain = new LinkedHashMap<>();
      map.forEach((key, child) -> plain.put(key, plain(child)));
      return plain;
    }
    if (value instanceof List<?> list) {
      return list.stream().map(WebhookTest::plain).toList();
    }
    return value instanceof Integer number ? (Object) number.longValue() : value;
  }

  record Case(YamlNode file) {
    YamlNode pod() {
      return file.get("pod");
    }

    YamlNode serviceAccount() {
      return file.get("serviceAccount");
    }

    Map<String, String> annotations() {
      return serviceAccount().get("metadata").get("annotations").texts();
    }

    Optional<String> mirrors() {
      return file.get("mirrors").text();
    }

    boolean associated() {
      return Boolean.TRUE.equals(file.get("associated").value());
    }

    Webhook webhook() {
      return new Webhook(
          WebhookFlags.settings(flags(), URI.create("http://127.0.0.1:1/never-used")),
          random(file.get("webhook").get("random").text().orElse("least")));
    }

    /** How the webhook was started. */
    List<String> flags() {
      YamlNode settings = file.get("webhook");
      YamlNode agent = settings.get("podIdentity");
      List<String> flags = new ArrayList<>();
      settings
          .get("region")
          .text()
          .ifPresent(region -> flags.add("--aws-default-region=" + region));
      if (Boolean.TRUE.equals(settings.get("regionalSts").value())) {
        flags.add("--sts-regional-endpoint");
      }
      settings
          .get("expiration")
          .wholeNumber()
          .ifPresent(seconds -> flags.add("--token-expiration=" + seconds));
      flags.add(
          "--container-credentials-full-uri="
              + agent.get("uri").text().orElse("http://169.254.170.23/v1/credentials"));
      Map.of(
              "volume", "token-volume-name",
              "mountPath", "token-mount-path",
              "tokenPath", "token-path",
              "audience", "audience")
          .forEach(
              (key, flag) ->
                  agent
                      .get(key)
                      .text()
                      .ifPresent(
                          value -> flags.add("--container-credentials-" + flag + "=" + value)));
      return flags;
    }

    /** Whether the expiration of the token is a random number. */
    boolean isSpread() {
      return associated()
          && expiration(file.get("expected"))
              .filter(seconds -> seconds == 79_200 || seconds == 86_400)
              .isPresent();
    }

    /** Checks a random number, and puts the expected one in its place. */
    void settleSpreadExpiration(YamlNode pod) {
      if (isSpread()) {
        assertThat(expiration(pod.get("spec")).orElseThrow()).isBetween(79_200L, 86_400L);
        firstToken(pod.get("spec"))
            .map()
            .put("expirationSeconds", expiration(file.get("expected")).orElseThrow());
      }
    }

    private static Optional<Long> expiration(YamlNode spec) {
      return spec.get("volumes").items().isEmpty()
          ? Optional.empty()
          : firstToken(spec).get("expirationSeconds").wholeNumber();
    }

    private static YamlNode firstToken(YamlNode spec) {
      List<YamlNode> sources =
          spec.get("volumes").items().get(0).get("projected").get("sources").items();
      return sources.isEmpty()
          ? new YamlNode("no token", "", null)
          : sources.get(0).get("serviceAccountToken");
    }

    /** The pod before the webhook, with the parts replaced that the case names. */
    Map<String, @Nullable Object> expected() {
      // A copy of its own, by way of the text: the webhook changes the other in place.
      YamlNode pod = KubernetesYaml.read(KubernetesYaml.write(pod().map())).get(0);
      YamlNode expected = file.get("expected");
      if (expected.get("labels").value() != null) {
        pod.get("metadata").map().put("labels", expected.get("labels").value());
      }
      for (String part : List.of("volumes", "containers", "initContainers")) {
        if (expected.get(part).value() != null) {
          pod.get("spec").map().put(part, expected.get(part).value());
        }
      }
      assertThat(expected.value() == null)
          .isEqualTo(Boolean.TRUE.equals(file.get("unchanged").value()));
      return pod.map();
    }

    /** The two ends of the range of 7201 numbers. */
    private static RandomGenerator random(String end) {
      return end.equals("most") ? () -> 7200L << 1 : () -> 0L;
    }

    @Override
    public String toString() {
      return file.get("name").requiredText();
    }
  }
}
