package dev.lanyard.irsa.internal;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.runtime.Environment;
import dev.lanyard.runtime.Environment.Setting;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where STS is asked, as the settings say it: an endpoint by name, or what the SDK's endpoint rules
 * need to find one. Knows no class of the SDK.
 *
 * @param region the region whose endpoint is asked, {@code aws-global} for the global one
 * @param endpoint an endpoint that replaces the region's
 * @param fips whether the FIPS endpoint is asked
 * @param dualStack whether the dual-stack endpoint is asked
 * @param origins where all of these come from
 */
public record StsLocation(
    String region, Optional<URI> endpoint, boolean fips, boolean dualStack, Origins origins) {
  static final String GLOBAL = "aws-global";

  /**
   * The regions that {@code AWS_STS_REGIONAL_ENDPOINTS=legacy} sends to the global endpoint; every
   * other region is regional even then. Source: the STS endpoint rule set.
   */
  private static final Set<String> LEGACY =
      Set.of(
          GLOBAL,
          "ap-northeast-1",
          "ap-south-1",
          "ap-southeast-1",
          "ap-southeast-2",
          "ca-central-1",
          "eu-central-1",
          "eu-north-1",
          "eu-west-1",
          "eu-west-2",
          "eu-west-3",
          "sa-east-1",
          "us-east-1",
          "us-east-2",
          "us-west-1",
          "us-west-2");

  /** The settings that the values came from, null for what is a default or was said in code. */
  record Origins(
      @Nullable String region,
      @Nullable String endpoint,
      @Nullable String fips,
      @Nullable String dualStack) {}

  // A region becomes a part of a host name: nothing else may come in by it.
  private static final Pattern REGION = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

  private static final String SET_REGION = "Set AWS_REGION to the region of the cluster";

  /**
   * Reads the settings.
   *
   * @param givenRegion what the application says instead of the environment
   * @param givenEndpoint likewise
   * @throws InvalidSettingException if they contradict each other or one is malformed
   */
  static StsLocation read(
      Environment environment,
      Optional<String> givenRegion,
      Optional<URI> givenEndpoint,
      RoleArn role)
      throws InvalidSettingException {
    Given<Boolean> fips = flag(environment, "aws.useFipsEndpoint", "AWS_USE_FIPS_ENDPOINT");
    Given<Boolean> dualStack =
        flag(environment, "aws.useDualstackEndpoint", "AWS_USE_DUALSTACK_ENDPOINT");
    Optional<Given<String>> region = region(environment, givenRegion);
    Optional<Given<URI>> endpoint = endpoint(environment, givenEndpoint);
    if (endpoint.isPresent()) {
      if (fips.value() || dualStack.value()) {
        throw contradicted(endpoint.get(), fips, dualStack);
      }
      // Nothing is signed: the region only completes the client.
      Given<String> named = region.isPresent() ? region.get() : Given.inCode("us-east-1");
      return new StsLocation(
          named.value(),
          Optional.of(endpoint.get().value()),
          false,
          false,
          new Origins(named.origin(), endpoint.get().origin(), null, null));
    }
    if (region.isEmpty()) {
      if (!role.partition().equals("aws")) {
        throw new InvalidSettingException(
            Problems.misconfigured(
                    Problems.NO_GLOBAL_ENDPOINT,
                    "no region is set, and role "
                        + role
                        + " belongs to partition "
                        + role.partition()
                        + ", which has no global STS endpoint")
                .fact(Facts.ROLE, role.value())
                .fact("partition", role.partition())
                .step(SET_REGION)
                .build());
      }
      if (fips.value() || dualStack.value()) {
        throw new InvalidSettingException(
            settings(
                    Problems.misconfigured(
                        Problems.NO_GLOBAL_FORM,
                        "no region is set, and the global STS endpoint has no FIPS or dual-stack"
                            + " form"),
                    fips,
                    dualStack)
                .step(SET_REGION)
                .build());
      }
      return new StsLocation(
          GLOBAL, Optional.empty(), false, false, new Origins(null, null, null, null));
    }
    Optional<Setting> endpoints = environment.variable("AWS_STS_REGIONAL_ENDPOINTS");
    boolean legacy =
        endpoints.isPresent() && endpoints.get().value().strip().equalsIgnoreCase("legacy");
    // FIPS or dual-stack switches the global shortcut off. Source: the STS endpoint rule set.
    boolean global =
        legacy && !fips.value() && !dualStack.value() && LEGACY.contains(region.get().value());
    return new StsLocation(
        global ? GLOBAL : region.get().value(),
        Optional.empty(),
        fips.value(),
        dualStack.value(),
        new Origins(
            global ? endpoints.get().origin() : region.get().origin(),
            null,
            fips.origin(),
            dualStack.origin()));
  }

  private static InvalidSettingException contradicted(
      Given<URI> endpoint, Given<Boolean> fips, Given<Boolean> dualStack) {
    Problem.Builder problem =
        Problems.misconfigured(
            Problems.ENDPOINT_CONTRADICTED,
            "an STS endpoint is given together with "
                + (fips.value() ? "AWS_USE_FIPS_ENDPOINT" : "AWS_USE_DUALSTACK_ENDPOINT")
                + ", and the two contradict each other");
    problem.fact(Facts.ENDPOINT, endpoint.value().toString());
    if (endpoint.origin() != null) {
      problem.fact(Facts.SETTING, endpoint.origin());
    }
    return new InvalidSettingException(
        settings(problem, fips, dualStack)
            .step(
                "Remove one of them; AWS_ENDPOINT_URL_STS may name a FIPS or dual-stack host"
                    + " itself")
            .build());
  }

  /** Adds which of the two are on. */
  private static Problem.Builder settings(
      Problem.Builder problem, Given<Boolean> fips, Given<Boolean> dualStack) {
    if (fips.value() && fips.origin() != null) {
      problem.fact(Facts.SETTING, fips.origin());
    }
    if (dualStack.value() && dualStack.origin() != null) {
      problem.fact(Facts.SETTING, dualStack.origin());
    }
    return problem;
  }

  /** Returns which rule a region breaks, as the end of a sentence that begins with its name. */
  public static Optional<String> regionProblem(String region) {
    return REGION.matcher(region).matches()
        ? Optional.empty()
        : Optional.of("is not the name of a region, such as eu-west-1");
  }

  /** Returns which rule an endpoint breaks, as the end of a sentence that begins with its name. */
  public static Optional<String> endpointProblem(URI endpoint) {
    String scheme =
        endpoint.getScheme() == null ? "" : endpoint.getScheme().toLowerCase(Locale.ROOT);
    if (!scheme.equals("https") && !scheme.equals("http")) {
      return Optional.of("must begin with https:// or http://");
    }
    if (endpoint.getHost() == null) {
      return Optional.of("names no host");
    }
    if (endpoint.getPort() == 0 || endpoint.getPort() > 65_535) {
      return Optional.of("names no port from 1 to 65535");
    }
    if (endpoint.getRawUserInfo() != null
        || endpoint.getRawQuery() != null
        || endpoint.getRawFragment() != null) {
      return Optional.of("may hold a scheme, a host, a port and a path only");
    }
    if (!endpoint.toString().chars().allMatch(c -> c > ' ' && c <= '~')) {
      // What java.net.URI lets pass, and no request line can carry.
      return Optional.of("has a character beyond ASCII: write it with percent signs");
    }
    return Optional.empty();
  }

  /**
   * Returns the region that a signature names: the global endpoint is in us-east-1. Source: the STS
   * endpoint rule set.
   */
  String signingRegion() {
    return region.equals(GLOBAL) ? "us-east-1" : region;
  }

  /** Adds what the endpoint is found by. The legacy setting is in the region already. */
  void addTo(Evidence.Builder evidence) {
    evidence.fact("STS region", region, origins.region());
    if (endpoint.isPresent()) {
      evidence.fact("STS endpoint", endpoint.get().toString(), origins.endpoint());
    }
    if (fips) {
      evidence.fact("FIPS", "true", origins.fips());
    }
    if (dualStack) {
      evidence.fact("dual-stack", "true", origins.dualStack());
    }
  }

  static Optional<Given<String>> region(Environment environment, Optional<String> given)
      throws InvalidSettingException {
    if (given.isPresent()) {
      return Optional.of(Given.inCode(given.get()));
    }
    // AWS_DEFAULT_REGION is not a setting of the SDK for Java, but the webhook injects it as well.
    Optional<Setting> setting = environment.setting("aws.region", "AWS_REGION");
    if (setting.isEmpty()) {
      setting = environment.variable("AWS_DEFAULT_REGION");
    }
    if (setting.isEmpty()) {
      return Optional.empty();
    }
    Optional<String> problem = regionProblem(setting.get().value());
    if (problem.isPresent()) {
      throw InvalidSettingException.of(
          Problems.REGION_MALFORMED,
          setting.get().origin(),
          problem.get(),
          "Set AWS_REGION to the region of the cluster, without quotes or blanks");
    }
    return Optional.of(Given.by(setting.get()));
  }

  private static Optional<Given<URI>> endpoint(Environment environment, Optional<URI> given)
      throws InvalidSettingException {
    if (given.isPresent()) {
      return Optional.of(Given.inCode(given.get()));
    }
    if (flag(environment, "aws.ignoreConfiguredEndpointUrls", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
        .value()) {
      return Optional.empty();
    }
    Optional<Setting> setting = environment.setting("aws.endpointUrlSts", "AWS_ENDPOINT_URL_STS");
    if (setting.isEmpty()) {
      setting = environment.setting("aws.endpointUrl", "AWS_ENDPOINT_URL");
    }
    if (setting.isEmpty()) {
      return Optional.empty();
    }
    // The value is not repeated: a URL may hold a password.
    URI endpoint;
    try {
      endpoint = new URI(setting.get().value());
    } catch (URISyntaxException | NumberFormatException e) {
      // The latter too: the JDK's parser throws it at a number too long for an IPv6 address.
      throw InvalidSettingException.of(
          Problems.ENDPOINT_MALFORMED,
          setting.get().origin(),
          "is not a URL",
          "Correct or remove it");
    }
    Optional<String> problem = endpointProblem(endpoint);
    if (problem.isPresent()) {
      throw InvalidSettingException.of(
          Problems.ENDPOINT_MALFORMED,
          setting.get().origin(),
          problem.get(),
          "Correct or remove it");
    }
    return Optional.of(new Given<>(endpoint, setting.get().origin()));
  }

  private static Given<Boolean> flag(Environment environment, String property, String variable)
      throws InvalidSettingException {
    Optional<Setting> setting = environment.setting(property, variable);
    if (setting.isEmpty()) {
      return Given.inCode(false);
    }
    if (setting.get().value().equalsIgnoreCase("false")) {
      return new Given<>(false, setting.get().origin());
    }
    if (setting.get().value().equalsIgnoreCase("true")) {
      return new Given<>(true, setting.get().origin());
    }
    throw InvalidSettingException.of(
        Problems.NOT_A_SWITCH,
        setting.get().origin(),
        "is neither true nor false",
        "Correct or remove it");
  }
}
