package dev.lanyard.testing;

import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The EKS Pod Identity webhook: what it adds to a pod at its creation, by the annotations of the
 * service account and of the pod, and by whether the service account has an association. Source for
 * every rule here: amazon-eks-pod-identity-webhook, pkg/handler/handler.go and pkg/cache/cache.go.
 * Safe for use by many threads if its random numbers are.
 */
final class Webhook {
  private static final String PREFIX = "eks.amazonaws.com/";
  private static final String ROLE_ARN = PREFIX + "role-arn";
  private static final String AUDIENCE = PREFIX + "audience";
  private static final String STS_REGIONAL_ENDPOINTS = PREFIX + "sts-regional-endpoints";
  private static final String TOKEN_EXPIRATION = PREFIX + "token-expiration";
  private static final String SKIP_CONTAINERS = PREFIX + "skip-containers";
  private static final String POD_IDENTITY_LABEL = PREFIX + "pod-identity";

  /** Source: amazon-eks-pod-identity-webhook, deploy/mutatingwebhook.yaml. */
  private static final String SKIP_LABEL = PREFIX + "skip-pod-identity-webhook";

  /** Seconds. Source: amazon-eks-pod-identity-webhook, pkg/constants.go. */
  static final long DEFAULT_EXPIRATION = 86_400;

  private static final long LEAST_EXPIRATION = 600;
  private static final long LEAST_DEFAULT_EXPIRATION = 79_200;

  private static final List<String> REGION_VARIABLES = List.of("AWS_DEFAULT_REGION", "AWS_REGION");
  private static final String STS_VARIABLE = "AWS_STS_REGIONAL_ENDPOINTS";

  /**
   * How the webhook was started.
   *
   * @param region what it injects as the region, if it does
   * @param regionalSts whether it asks for regional STS endpoints where the annotation is silent
   * @param expiration how long tokens last where annotations are silent, in seconds
   * @param credentialsUri where the agent serves credentials
   */
  record Settings(
      Optional<String> region,
      boolean regionalSts,
      long expiration,
      String credentialsUri,
      TokenMount webIdentity,
      TokenMount podIdentity) {}

  /** What it adds to each container of one pod. */
  private record Injection(
      Set<String> skipped, boolean regionalSts, TokenMount token, Map<String, String> identity) {}

  private final Settings settings;
  private final RandomGenerator random;

  Webhook(Settings settings, RandomGenerator random) {
    this.settings = settings;
    this.random = random;
  }

  /**
   * The webhook as EKS runs it: it injects the region, and asks for regional endpoints of STS.
   * Source: EKS user guide, pod-configuration and configure-sts-endpoint.
   */
  static Webhook managed(String region, URI credentials) {
    return with(
        new Settings(
            Optional.of(region),
            true,
            DEFAULT_EXPIRATION,
            credentials.toString(),
            TokenMount.WEB_IDENTITY,
            TokenMount.POD_IDENTITY));
  }

  /** A webhook that is started so. */
  static Webhook with(Settings settings) {
    // Not a field of its thread: each call asks for the caller's own.
    return new Webhook(settings, () -> ThreadLocalRandom.current().nextLong());
  }

  /** Where it puts web identity tokens. */
  TokenMount webIdentity() {
    return settings.webIdentity();
  }

  /** Where it puts the tokens of Pod Identity. */
  TokenMount podIdentity() {
    return settings.podIdentity();
  }

  /**
   * Changes a pod as it is created.
   *
   * @param pod changed in place
   * @param serviceAccount the annotations of the pod's service account
   * @param associated whether the service account has a Pod Identity association
   */
  void admit(YamlNode pod, Map<String, String> serviceAccount, boolean associated) {
    String roleArn = serviceAccount.getOrDefault(ROLE_ARN, "");
    if (pod.get("metadata").get("labels").texts().containsKey(SKIP_LABEL)
        || (!associated && roleArn.isEmpty())) {
      return;
    }
    Map<String, String> annotations = pod.get("metadata").get("annotations").texts();
    TokenMount token = associated ? settings.podIdentity() : withAudience(serviceAccount);
    long expiration = expiration(annotations, expiration(serviceAccount, settings.expiration()));
    String file = windows(pod) ? "C:" + token.file().replace('/', '\\') : token.file();
    Injection injection =
        new Injection(
            SkippedContainers.parse(annotations.getOrDefault(SKIP_CONTAINERS, "")),
            regionalSts(serviceAccount),
            token,
            associated ? containerCredentials(file) : webIdentity(roleArn, file));

    YamlNode spec = pod.get("spec");
    Stream.concat(
            spec.get("initContainers").items().stream(), spec.get("containers").items().stream())
        .filter(container -> !injection.skipped().contains(container.get("name").requiredText()))
        .forEach(container -> inject(container, injection));
    if (associated) {
      pod.growingMap("metadata");
      pod.get("metadata").growingMap("labels").put(POD_IDENTITY_LABEL, "enabled");
    }
    if (!named(spec.get("volumes"), token.volume())) {
      // A default is spread even where the annotation says the same number.
      long seconds =
          associated && expiration == DEFAULT_EXPIRATION
              ? random.nextLong(LEAST_DEFAULT_EXPIRATION, DEFAULT_EXPIRATION + 1)
              : expiration;
      spec.growingList("volumes").add(0, volume(token, seconds));
    }
  }

  private TokenMount withAudience(Map<String, String> serviceAccount) {
    TokenMount usual = settings.webIdentity();
    return new TokenMount(
        usual.volume(),
        usual.mountPath(),
        usual.tokenPath(),
        serviceAccount.getOrDefault(AUDIENCE, usual.audience()));
  }

  private boolean regionalSts(Map<String, String> serviceAccount) {
    return bool(serviceAccount.getOrDefault(STS_REGIONAL_ENDPOINTS, ""))
        .orElse(settings.regionalSts());
  }

  /** What Go's strconv.ParseBool accepts. */
  static Optional<Boolean> bool(String value) {
    return switch (value) {
      case "1", "t", "T", "TRUE", "true", "True" -> Optional.of(true);
      case "0", "f", "F", "FALSE", "false", "False" -> Optional.of(false);
      default -> Optional.empty();
    };
  }

  /** What it makes of an expiration in seconds. */
  static long expiration(long seconds) {
    return Math.max(LEAST_EXPIRATION, seconds);
  }

  private static long expiration(Map<String, String> annotations, long otherwise) {
    String value = annotations.getOrDefault(TOKEN_EXPIRATION, "");
    if (!value.matches("[+-]?[0-9]+")) {
      return otherwise;
    }
    try {
      return expiration(Long.parseLong(value));
    } catch (NumberFormatException e) {
      // More digits than 64 bits hold.
      return otherwise;
    }
  }

  private static Map<String, String> webIdentity(String roleArn, String file) {
    Map<String, String> variables = new LinkedHashMap<>();
    variables.put("AWS_ROLE_ARN", roleArn);
    variables.put("AWS_WEB_IDENTITY_TOKEN_FILE", file);
    return variables;
  }

  private Map<String, String> containerCredentials(String file) {
    Map<String, String> variables = new LinkedHashMap<>();
    variables.put("AWS_CONTAINER_CREDENTIALS_FULL_URI", settings.credentialsUri());
    variables.put("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file);
    return variables;
  }

  private void inject(YamlNode container, Injection injection) {
    Set<String> present =
        container.get("env").items().stream()
            .map(variable -> variable.get("name").requiredText())
            .collect(Collectors.toSet());
    boolean identity = injection.identity().keySet().stream().anyMatch(present::contains);
    boolean region = REGION_VARIABLES.stream().anyMatch(present::contains);
    boolean sts = present.contains(STS_VARIABLE);
    if (identity && region && sts) {
      return;
    }
    Map<String, String> added = new LinkedHashMap<>();
    if (!sts && injection.regionalSts()) {
      added.put(STS_VARIABLE, "regional");
    }
    if (!region) {
      settings
          .region()
          .ifPresent(value -> REGION_VARIABLES.forEach(name -> added.put(name, value)));
    }
    if (!identity) {
      added.putAll(injection.identity());
    }
    added.forEach((name, value) -> container.growingList("env").add(variable(name, value)));

    TokenMount token = injection.token();
    if (!named(container.get("volumeMounts"), token.volume())) {
      container.growingList("volumeMounts").add(mount(token));
    }
  }

  /** Windows nodes are known by the node selector alone, not by affinity or {@code spec.os}. */
  private static boolean windows(YamlNode pod) {
    Map<String, String> selector = pod.get("spec").get("nodeSelector").texts();
    return Stream.of("kubernetes.io/os", "beta.kubernetes.io/os")
        .anyMatch(key -> "windows".equals(selector.get(key)));
  }

  private static boolean named(YamlNode list, String name) {
    return list.items().stream()
        .anyMatch(item -> item.get("name").text().filter(name::equals).isPresent());
  }

  private static Map<String, @Nullable Object> variable(String name, String value) {
    Map<String, @Nullable Object> variable = new LinkedHashMap<>();
    variable.put("name", name);
    variable.put("value", value);
    return variable;
  }

  private static Map<String, @Nullable Object> mount(TokenMount token) {
    Map<String, @Nullable Object> mount = new LinkedHashMap<>();
    mount.put("name", token.volume());
    mount.put("readOnly", true);
    mount.put("mountPath", token.mountPath());
    return mount;
  }

  private static Map<String, @Nullable Object> volume(TokenMount token, long seconds) {
    Map<String, @Nullable Object> projection = new LinkedHashMap<>();
    projection.put("audience", token.audience());
    projection.put("expirationSeconds", seconds);
    projection.put("path", token.tokenPath());
    List<@Nullable Object> sources = new ArrayList<>();
    sources.add(only("serviceAccountToken", projection));
    Map<String, @Nullable Object> volume = only("name", token.volume());
    volume.put("projected", only("sources", sources));
    return volume;
  }

  private static Map<String, @Nullable Object> only(String key, Object value) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put(key, value);
    return map;
  }
}
