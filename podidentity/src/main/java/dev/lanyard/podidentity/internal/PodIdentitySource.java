package dev.lanyard.podidentity.internal;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.runtime.Environment;
import dev.lanyard.runtime.Environment.Setting;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds an agent that hands out session credentials: the EKS Pod Identity Agent, the ECS agent, or
 * another endpoint of the same contract. Public for {@link java.util.ServiceLoader} and for the
 * chain, which also knows it by this class's name; an application uses {@link
 * PodIdentityCredentialsProvider} or the chain.
 *
 * <p>It is present where a URI is set, {@code AWS_CONTAINER_CREDENTIALS_RELATIVE_URI} before {@code
 * AWS_CONTAINER_CREDENTIALS_FULL_URI}, with the token from the file that {@code
 * AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE} names before the one in {@code
 * AWS_CONTAINER_AUTHORIZATION_TOKEN}. It is broken, and not absent, where a token is configured
 * without a URI, and where a URI is one that no token may be sent to. Detection reads settings
 * alone: the token is read, and names are resolved, at each exchange.
 *
 * <p>Source of names and order: AWS SDKs and Tools reference guide, container credentials provider;
 * system properties as the AWS SDK for Java 2 names them. Immutable and safe for use by many
 * threads.
 */
public final class PodIdentitySource implements CredentialsSource {

  private static final String RELATIVE_URI = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
  private static final String FULL_URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
  private static final String TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
  private static final String TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
  private static final String SERVICE_ENDPOINT = "AWS_CONTAINER_SERVICE_ENDPOINT";

  private static final String RELATIVE_URI_PROPERTY = "aws.containerCredentialsPath";
  private static final String FULL_URI_PROPERTY = "aws.containerCredentialsFullUri";
  private static final String TOKEN_FILE_PROPERTY = "aws.containerAuthorizationTokenFile";
  private static final String TOKEN_PROPERTY = "aws.containerAuthorizationToken";
  private static final String SERVICE_ENDPOINT_PROPERTY = "aws.containerServiceEndpoint";

  /**
   * EKS Auth gives six hours, less with a target role, and nobody can ask for more. Source: EKS
   * user guide, pod-id-assign-target-role; the model of EKS Auth has no such parameter.
   */
  private static final Duration LONGEST_OF_EKS = Duration.ofHours(6);

  /** The longest session of a role. Source: IAM user guide, MaxSessionDuration. */
  private static final Duration LONGEST_ELSEWHERE = Duration.ofHours(12);

  /** The ECS agent. Source: SDKs reference guide, container credentials provider. */
  private static final String ECS_ENDPOINT = "http://169.254.170.2";

  private final @Nullable URI givenEndpoint;
  private final @Nullable Path givenTokenFile;
  private final @Nullable Supplier<String> givenToken;
  private final @Nullable Duration givenLongestLife;

  /** Makes the source as the environment configures it. */
  public PodIdentitySource() {
    this(null, null, null, null);
  }

  /**
   * @param endpoint the endpoint to use instead of the one in the environment, null for that one
   * @param tokenFile the token file to use instead of the token in the environment, null for that
   * @param token gives the token to use instead of the one in the environment, null for that
   * @param longestLife the longest life that credentials can have, null for that of the endpoint
   */
  public PodIdentitySource(
      @Nullable URI endpoint,
      @Nullable Path tokenFile,
      @Nullable Supplier<String> token,
      @Nullable Duration longestLife) {
    this.givenEndpoint = endpoint;
    this.givenTokenFile = tokenFile;
    this.givenToken = token;
    this.givenLongestLife = longestLife;
  }

  @Override
  public String name() {
    return "pod-identity";
  }

  @Override
  public int precedence() {
    return 200;
  }

  @Override
  public Detection detect(Environment environment) {
    try {
      Optional<Found> found = find(environment);
      AuthorizationToken token = token(environment);
      if (found.isEmpty()) {
        return missingUri(environment);
      }
      Endpoint endpoint = found.get().endpoint;
      if (endpoint.isPodIdentityAgent() && token instanceof AuthorizationToken.None) {
        return Detection.broken(
            Problems.misconfigured(
                    Problems.TOKEN_NOT_CONFIGURED,
                    "neither "
                        + TOKEN_FILE
                        + " nor "
                        + TOKEN
                        + " is set, and the EKS Pod Identity Agent at "
                        + endpoint
                        + " refuses requests without a token",
                    "Recreate the pod, so that the EKS webhook injects both variables, or set "
                        + TOKEN_FILE
                        + " to the path of the projected token")
                .fact("endpoint", endpoint.toString())
                .build());
      }
      Tls tls = Tls.of(environment);
      return Detection.present(
          new AgentExchange(endpoint, token, tls, longestLife(endpoint), HostResolver.SYSTEM),
          evidence(found.get(), token, tls));
    } catch (Misconfiguration e) {
      return Detection.broken(e.problem());
    }
  }

  /** Names all that the exchange reads, and nothing of it that is a secret. */
  private Evidence evidence(Found found, AuthorizationToken token, Tls tls) {
    Endpoint endpoint = found.endpoint;
    Evidence.Builder evidence =
        Evidence.builder().fact("endpoint", endpoint.toString(), found.origin);
    if (endpoint.hidesPath()) {
      evidence.hidden("path and query", endpoint.path(), found.origin);
    }
    token.addTo(evidence);
    evidence.fact("longest life", longestLife(endpoint).toString());
    if (endpoint.tls()) {
      tls.addTo(evidence);
    }
    return evidence.build();
  }

  private Duration longestLife(Endpoint endpoint) {
    if (givenLongestLife != null) {
      return givenLongestLife;
    }
    return endpoint.isLikePodIdentity() ? LONGEST_OF_EKS : LONGEST_ELSEWHERE;
  }

  /**
   * @param endpoint where to ask
   * @param origin the setting that says so, and the one that it goes before; null if the
   *     application said so
   */
  private record Found(Endpoint endpoint, @Nullable String origin) {}

  private Optional<Found> find(Environment environment) throws Misconfiguration {
    if (givenEndpoint != null) {
      return Optional.of(new Found(Endpoint.given(givenEndpoint), null));
    }
    Optional<Setting> full = environment.setting(FULL_URI_PROPERTY, FULL_URI);
    Optional<Setting> relative = environment.setting(RELATIVE_URI_PROPERTY, RELATIVE_URI);
    if (relative.isPresent()) {
      Setting path = relative.get();
      Optional<Setting> base = environment.setting(SERVICE_ENDPOINT_PROPERTY, SERVICE_ENDPOINT);
      Endpoint endpoint =
          Endpoint.relative(
              base.map(Setting::value).orElse(ECS_ENDPOINT),
              base.map(Setting::origin).orElse("the address of the ECS agent"),
              path.value(),
              path.origin());
      String ignored =
          full.map(setting -> ", which takes precedence over " + setting.origin()).orElse("");
      return Optional.of(new Found(endpoint, path.origin() + ignored));
    }
    if (full.isPresent()) {
      Setting uri = full.get();
      return Optional.of(new Found(Endpoint.full(uri.value(), uri.origin()), uri.origin()));
    }
    return Optional.empty();
  }

  private AuthorizationToken token(Environment environment) throws Misconfiguration {
    if (givenTokenFile != null) {
      return new AuthorizationToken.File(
          givenTokenFile, givenTokenFile.toString(), Optional.empty());
    }
    if (givenToken != null) {
      return new AuthorizationToken.Given(givenToken);
    }
    Optional<Setting> file = environment.setting(TOKEN_FILE_PROPERTY, TOKEN_FILE);
    if (file.isPresent()) {
      return tokenFile(environment, file.get());
    }
    Optional<Setting> value = environment.setting(TOKEN_PROPERTY, TOKEN);
    if (value.isPresent()) {
      AuthorizationToken token = new AuthorizationToken.Value(value.get());
      token.read();
      return token;
    }
    return new AuthorizationToken.None();
  }

  private static AuthorizationToken tokenFile(Environment environment, Setting file)
      throws Misconfiguration {
    try {
      if (!isPrintable(file.value()) || !Path.of(file.value()).isAbsolute()) {
        throw noPath(file);
      }
      return new AuthorizationToken.File(
          environment.path(file.value()), file.value(), Optional.of(file.origin()));
    } catch (InvalidPathException e) {
      throw noPath(file);
    }
  }

  private static boolean isPrintable(String value) {
    for (int i = 0; i < value.length(); i++) {
      if (Character.isISOControl(value.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  private static Misconfiguration noPath(Setting file) {
    // Whatever is no absolute path is not shown: it may be a token in the wrong variable.
    return new Misconfiguration(
        Problems.misconfigured(
                Problems.TOKEN_FILE_NOT_ABSOLUTE,
                file.origin() + " is not an absolute path",
                "Set it to the path at which the token is mounted; a token itself belongs in "
                    + TOKEN)
            .fact("setting", file.origin())
            .build());
  }

  private static Detection missingUri(Environment environment) {
    Optional<Setting> token =
        environment
            .setting(TOKEN_FILE_PROPERTY, TOKEN_FILE)
            .or(() -> environment.setting(TOKEN_PROPERTY, TOKEN));
    if (token.isPresent()) {
      return Detection.broken(
          Problems.misconfigured(
                  Problems.URI_NOT_CONFIGURED,
                  token.get().origin() + " is set without a URI to send the token to",
                  "Set "
                      + FULL_URI
                      + " (http://169.254.170.23/v1/credentials on EKS), or recreate the pod so"
                      + " that the EKS webhook injects both; if there is no agent, unset it")
              .fact("setting", token.get().origin())
              .build());
    }
    return Detection.absent("environment variables " + RELATIVE_URI + " and " + FULL_URI);
  }
}
