package dev.lanyard.samples.clients;

import dev.lanyard.samples.clients.Scene.Expected.Accepted;
import dev.lanyard.samples.clients.Scene.Expected.AcceptedLater;
import dev.lanyard.samples.clients.Scene.Expected.Refused;
import dev.lanyard.samples.clients.Scene.Pod;
import dev.lanyard.samples.clients.Scene.Source;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.TrustPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The scenes, in the order in which people read of them. */
final class Scenes {
  private static final String MANIFEST =
      """
      apiVersion: v1
      kind: ServiceAccount
      metadata:
        name: orders
        namespace: shop
        annotations:
          eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/orders-role
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: orders
        namespace: shop
      spec:
        serviceAccountName: orders
        containers:
          - name: app
      """;

  private Scenes() {}

  static List<Scene> all() {
    return Stream.concat(
            irsa().stream(),
            podIdentity().stream()
                .map(
                    scene ->
                        scene.expected() instanceof Refused
                            ? scene.but(
                                Client.JAVASCRIPT, "Could not load credentials from any providers")
                            : scene))
        .toList();
  }

  private static List<Scene> irsa() {
    return List.of(
        accepted("IRSA", Source.STS, Scenes::admitted),
        accepted(
            "IRSA and Pod Identity: IRSA comes first",
            Source.STS,
            eks -> {
              String role = role(eks);
              eks.associate("shop", "orders", role);
              return Pod.of(eks.pod("shop", "orders").irsa(role).podIdentity().variables());
            }),
        acceptedLater(
            "IRSA, the token has expired, and then a new one is in its file",
            Source.STS,
            (eks, pod) -> pod.irsa(role(eks))),
        accepted(
            "IRSA, STS throttles the first request",
            Source.STS,
            irsa((eks, pod) -> eks.sts().throttle(1))),
        accepted(
            "IRSA, STS is unavailable for the first request",
            Source.STS,
            irsa(
                (eks, pod) ->
                    eks.sts()
                        .next(1)
                        .answerWithError(503, "ServiceUnavailable", "Come back later"))),
        refused(
            "IRSA, the trust policy names another service account",
            Source.STS,
            403,
            "AccessDenied",
            eks -> Pod.of(eks.pod("shop", "billing").irsa(role(eks)).variables())),
        refused(
            "IRSA, the token has expired",
            Source.STS,
            400,
            "ExpiredTokenException",
            eks -> Pod.of(expired(eks, (cluster, pod) -> pod.irsa(role(cluster))).variables())),
        refused(
            "IRSA, the token is for another audience",
            Source.STS,
            400,
            "InvalidIdentityToken",
            irsa((eks, pod) -> pod.audience("vault.example.com"))),
        refused(
            "IRSA, the issuer is not registered in the account",
            Source.STS,
            400,
            "InvalidIdentityToken",
            irsa((eks, pod) -> eks.issuer().unregister())),
        refused(
            "IRSA, STS cannot reach the issuer",
            Source.STS,
            400,
            "IDPCommunicationError",
            irsa((eks, pod) -> eks.sts().disconnectFromTheIssuer())),
        refused(
            "IRSA, STS is off in the region",
            Source.STS,
            403,
            "RegionDisabledException",
            irsa((eks, pod) -> eks.sts().disableInTheRegion())),
        refused(
            "IRSA, the annotation is no role's ARN",
            Source.STS,
            400,
            "ValidationError",
            irsa((eks, pod) -> pod.irsa("arn:aws:iam::111122223333:user/orders"))),
        refused(
            "IRSA, STS throttles every request",
            Source.STS,
            400,
            "Throttling",
            irsa((eks, pod) -> eks.sts().throttle())));
  }

  private static List<Scene> podIdentity() {
    return List.of(
        accepted(
            "Pod Identity",
            Source.AGENT,
            eks -> {
              eks.associate("shop", "orders", role(eks));
              return admitted(eks);
            }),
        acceptedLater(
            "Pod Identity, the token has expired, and then a new one is in its file",
            Source.AGENT,
            Scenes::associated),
        accepted(
            "Pod Identity, EKS Auth is unavailable for the first request",
            Source.AGENT,
            podIdentity(
                (eks, pod) ->
                    eks.agent()
                        .next(1)
                        .answerWithError(503, "ServiceUnavailableException", "Come back later"))),
        refused(
            "Pod Identity, no association",
            Source.AGENT,
            404,
            "ResourceNotFoundException",
            podIdentity((eks, pod) -> eks.dissociate("shop", "orders"))),
        refused(
            "Pod Identity, the role does not trust EKS",
            Source.AGENT,
            400,
            "AccessDeniedException",
            podIdentity((eks, pod) -> eks.role("orders-role"))),
        refused(
            "Pod Identity, the token is for another audience",
            Source.AGENT,
            400,
            "InvalidTokenException",
            podIdentity(
                (eks, pod) ->
                    pod.replaceAuthorizationToken(
                        webIdentityToken(eks.pod("shop", "orders").irsa(role(eks)))))),
        refused(
            "Pod Identity, the token has expired",
            Source.AGENT,
            400,
            "",
            "token is expired",
            eks -> Pod.of(expired(eks, Scenes::associated).variables())),
        refused(
            "Pod Identity, the file holds no token",
            Source.AGENT,
            400,
            "",
            "Service account token cannot be parsed",
            podIdentity((eks, pod) -> pod.replaceAuthorizationToken("none"))),
        refused(
            "Pod Identity, EKS Auth cannot be reached",
            Source.AGENT,
            500,
            "",
            "[]",
            podIdentity((eks, pod) -> eks.agent().disconnectFromEksAuth())),
        refused(
            "Pod Identity, the agent throttles every request",
            Source.AGENT,
            429,
            "",
            "Too Many Requests",
            podIdentity((eks, pod) -> eks.agent().throttle())));
  }

  private static Scene accepted(String title, Source source, Function<FakeEks, Pod> pod) {
    return new Scene(title, pod, new Accepted(source));
  }

  /** Until the kubelet writes the next token: whoever has kept the first is refused again. */
  private static Scene acceptedLater(
      String title, Source source, BiConsumer<FakeEks, FakePod> way) {
    return new Scene(
        title,
        eks -> {
          FakePod pod = expired(eks, way);
          return new Pod(pod.variables(), pod::rotateToken);
        },
        new AcceptedLater(source));
  }

  private static Scene refused(
      String title, Source source, int status, String code, Function<FakeEks, Pod> pod) {
    return refused(title, source, status, code, code, pod);
  }

  private static Scene refused(
      String title,
      Source source,
      int status,
      String code,
      String words,
      Function<FakeEks, Pod> pod) {
    Map<Client, String> same =
        Arrays.stream(Client.values()).collect(Collectors.toMap(client -> client, all -> words));
    return new Scene(title, pod, new Refused(source, status, code, same));
  }

  /** A pod with IRSA that would be served, but for this. */
  private static Function<FakeEks, Pod> irsa(BiConsumer<FakeEks, FakePod> but) {
    return eks -> {
      FakePod pod = eks.pod("shop", "orders").irsa(role(eks));
      but.accept(eks, pod);
      return Pod.of(pod.variables());
    };
  }

  /** A pod with Pod Identity that would be served, but for this. */
  private static Function<FakeEks, Pod> podIdentity(BiConsumer<FakeEks, FakePod> but) {
    return eks -> {
      FakePod pod = eks.pod("shop", "orders");
      associated(eks, pod);
      but.accept(eks, pod);
      return Pod.of(pod.variables());
    };
  }

  /** What the webhook and the kubelet make of a manifest. */
  private static Pod admitted(FakeEks eks) {
    role(eks);
    return Pod.of(eks.admit(MANIFEST).container("app").variables());
  }

  /** A pod whose token was issued long ago. */
  private static FakePod expired(FakeEks eks, BiConsumer<FakeEks, FakePod> way) {
    eks.clock().setBehindBy(Duration.ofDays(2));
    FakePod pod = eks.pod("shop", "orders");
    way.accept(eks, pod);
    eks.clock().setBehindBy(Duration.ZERO);
    return pod;
  }

  private static void associated(FakeEks eks, FakePod pod) {
    eks.associate("shop", "orders", role(eks));
    pod.podIdentity();
  }

  private static String role(FakeEks eks) {
    return eks.role(
        "orders-role",
        TrustPolicy.forServiceAccount(eks, "shop", "orders"),
        TrustPolicy.forPodIdentity());
  }

  private static String webIdentityToken(FakePod pod) {
    try {
      return Files.readString(pod.webIdentityTokenFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
