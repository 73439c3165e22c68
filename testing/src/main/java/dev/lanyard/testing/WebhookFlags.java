package dev.lanyard.testing;

import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The command line of a webhook of one's own, as far as it says what is injected. Source of names
 * and defaults: amazon-eks-pod-identity-webhook, main.go.
 */
final class WebhookFlags {
  private static final String REGION = "--aws-default-region";
  private static final String REGIONAL_STS = "--sts-regional-endpoint";
  private static final String EXPIRATION = "--token-expiration";
  private static final String AUDIENCE = "--token-audience";
  private static final String MOUNT_PATH = "--token-mount-path";
  private static final String AGENT_URI = "--container-credentials-full-uri";
  private static final String AGENT_AUDIENCE = "--container-credentials-audience";
  private static final String AGENT_MOUNT_PATH = "--container-credentials-token-mount-path";
  private static final String AGENT_VOLUME = "--container-credentials-token-volume-name";
  private static final String AGENT_TOKEN_PATH = "--container-credentials-token-path";

  private static final Set<String> KNOWN =
      Set.of(
          REGION,
          REGIONAL_STS,
          EXPIRATION,
          AUDIENCE,
          MOUNT_PATH,
          AGENT_URI,
          AGENT_AUDIENCE,
          AGENT_MOUNT_PATH,
          AGENT_VOLUME,
          AGENT_TOKEN_PATH);

  /** What the API server takes for a path in a container, without steps back. */
  private static final Pattern PATH = Pattern.compile("(/(?!\\.{1,2}(/|$))[^/:]+)+");

  private static final Pattern FILE = Pattern.compile("(?!\\.\\.)[^/]+");
  private static final Pattern VOLUME = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
  private static final Pattern SECONDS = Pattern.compile("\\d{1,18}");

  private final Map<String, String> values = new HashMap<>();

  private WebhookFlags(List<String> flags) {
    for (String flag : flags) {
      int equals = flag.indexOf('=');
      String name = equals < 0 ? flag : flag.substring(0, equals);
      if (!KNOWN.contains(name)) {
        throw new IllegalArgumentException(
            "This fake knows no flag " + name + " of the webhook, but " + new TreeSet<>(KNOWN));
      }
      if (equals < 0 && !name.equals(REGIONAL_STS)) {
        throw new IllegalArgumentException("The flag " + name + " needs a value: " + name + "=...");
      }
      values.put(name, equals < 0 ? "true" : flag.substring(equals + 1));
    }
  }

  /** Checks a command line. */
  static List<String> checked(String... flags) {
    List<String> checked = List.of(flags);
    settings(checked, URI.create("http://169.254.170.23/v1/credentials"));
    return checked;
  }

  /**
   * Reads a command line.
   *
   * @param agent where the agent serves credentials, unless a flag says otherwise
   * @throws IllegalArgumentException if a flag is not known, or its value cannot be
   */
  static Webhook.Settings settings(List<String> flags, URI agent) {
    WebhookFlags given = new WebhookFlags(flags);
    TokenMount web = TokenMount.WEB_IDENTITY;
    TokenMount pod = TokenMount.POD_IDENTITY;
    return new Webhook.Settings(
        Optional.of(given.value(REGION, "")).filter(region -> !region.isEmpty()),
        given.regionalSts(),
        Webhook.expiration(
            Long.parseLong(given.matching(EXPIRATION, "" + Webhook.DEFAULT_EXPIRATION, SECONDS))),
        given.value(AGENT_URI, agent.toString()),
        new TokenMount(
            web.volume(),
            given.matching(MOUNT_PATH, web.mountPath(), PATH),
            web.tokenPath(),
            given.value(AUDIENCE, web.audience())),
        new TokenMount(
            given.matching(AGENT_VOLUME, pod.volume(), VOLUME),
            given.matching(AGENT_MOUNT_PATH, pod.mountPath(), PATH),
            given.matching(AGENT_TOKEN_PATH, pod.tokenPath(), FILE),
            given.value(AGENT_AUDIENCE, pod.audience())));
  }

  private boolean regionalSts() {
    String value = value(REGIONAL_STS, "false");
    return Webhook.bool(value).orElseThrow(() -> cannotBe(REGIONAL_STS, value));
  }

  private String value(String flag, String otherwise) {
    return values.getOrDefault(flag, otherwise);
  }

  private String matching(String flag, String otherwise, Pattern form) {
    String value = value(flag, otherwise);
    if (!form.matcher(value).matches()) {
      throw cannotBe(flag, value);
    }
    return value;
  }

  private static IllegalArgumentException cannotBe(String flag, String value) {
    return new IllegalArgumentException("The webhook's flag " + flag + " cannot be " + value);
  }
}
