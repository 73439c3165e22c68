package dev.lanyard.irsa;

import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import java.net.URI;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.awscore.defaultsmode.DefaultsMode;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.endpoints.StsEndpointParams;
import software.amazon.awssdk.services.sts.endpoints.StsEndpointProvider;
import software.amazon.awssdk.services.sts.model.AssumeRoleWithWebIdentityRequest;
import software.amazon.awssdk.services.sts.model.AssumeRoleWithWebIdentityResponse;
import software.amazon.awssdk.services.sts.model.Credentials;
import software.amazon.awssdk.services.sts.model.PolicyDescriptorType;

/**
 * One {@code AssumeRoleWithWebIdentity} request. The only class that needs the SDK's {@code sts}
 * module.
 *
 * <p>The client is built for the attempt: exchanges are most of an hour apart, its time limits are
 * cut from the attempt's budget, and nothing is left that anybody would have to close. It is told
 * all that it would otherwise look for by itself: nothing in a profile file counts, no instance
 * metadata is asked, no credentials are sought, nothing is retried.
 *
 * <p>In this package too, what runs before the first credentials are there has conditions and small
 * classes where elsewhere there are streams and lambdas, which cost a process that has just started
 * more.
 */
final class StsCall {
  private static final ProfileFile NO_PROFILES = ProfileFile.aggregator().build();

  /** Source: the IAM user guide, IAM identifiers. */
  private static final Pattern ASSUMED_ROLE =
      Pattern.compile("arn:[^:]+:sts::(\\d{12}):assumed-role/.+");

  private StsCall() {}

  /** Makes the request, once. */
  static SessionCredentials assumeRole(
      IrsaSettings settings, WebIdentityToken token, ExchangeContext context, StsClock clock)
      throws ExchangeException, InterruptedException {
    Optional<StsClient> given = settings.options().stsClient();
    if (given.isPresent()) {
      return new Attempt(settings, token, context, clock, "the application's STS client", null)
          .with(given.get());
    }
    StsLocation location = settings.location().orElseThrow();
    Optional<HttpProxy> proxy = settings.proxy();
    BoundedHttpClient http = new BoundedHttpClient(context, new Scrub(token), proxy);
    context.onTimeout(new Abort(http));
    URI endpoint = endpoint(location);
    String asked = endpoint.toString();
    if (proxy.isPresent() && proxy.get().leadsTo(endpoint)) {
      asked += " through " + proxy.get().description();
    }
    try (http;
        StsClient client = client(location, endpoint, http)) {
      return new Attempt(settings, token, context, clock, asked, http).with(client);
    }
  }

  private record Scrub(WebIdentityToken token) implements UnaryOperator<String> {
    @Override
    public String apply(String text) {
      return token.scrub(text);
    }
  }

  private record Abort(BoundedHttpClient http) implements Runnable {
    @Override
    public void run() {
      http.abort();
    }
  }

  /** Returns the host that the SDK's own endpoint rules give for these settings. */
  static URI endpoint(StsLocation location) {
    if (location.endpoint().isPresent()) {
      return location.endpoint().get();
    }
    StsEndpointParams parameters =
        StsEndpointParams.builder()
            .region(Region.of(location.region()))
            .useFips(location.fips())
            .useDualStack(location.dualStack())
            .useGlobalEndpoint(false)
            .build();
    return StsEndpointProvider.defaultProvider()
        .resolveEndpoint(parameters)
        .join()
        .endpointUrl()
        .toUri();
  }

  private static StsClient client(StsLocation location, URI endpoint, BoundedHttpClient http)
      throws ExchangeException {
    try {
      return StsClient.builder()
          .httpClient(http)
          .region(Region.of(location.region()))
          .endpointOverride(endpoint)
          .fipsEnabled(false)
          .dualstackEnabled(false)
          .defaultsMode(DefaultsMode.STANDARD)
          .credentialsProvider(AnonymousCredentialsProvider.create())
          .overrideConfiguration(
              ClientOverrideConfiguration.builder()
                  .retryStrategy(AwsRetryStrategy.doNotRetry())
                  .defaultProfileFileSupplier(new NoProfiles())
                  .defaultProfileFile(NO_PROFILES)
                  .defaultProfileName("default")
                  .build())
          .build();
    } catch (RuntimeException e) {
      // The SDK parses the profile files before it lets the client do without: a parser's message
      // may repeat a line of them, so it is no cause.
      throw StsFailures.noClient(e);
    }
  }

  private record NoProfiles() implements Supplier<ProfileFile> {
    @Override
    public ProfileFile get() {
      return NO_PROFILES;
    }
  }

  /** What one request needs, and what its outcome is told with. */
  private record Attempt(
      IrsaSettings settings,
      WebIdentityToken token,
      ExchangeContext context,
      StsClock clock,
      String endpoint,
      @Nullable BoundedHttpClient http) {

    SessionCredentials with(StsClient client) throws ExchangeException, InterruptedException {
      StsFailures failures = new StsFailures(settings, token, context, endpoint);
      try {
        return credentials(client.assumeRoleWithWebIdentity(request()), failures);
      } catch (AwsServiceException e) {
        failures.answeredAt(e).ifPresent(clock::saw);
        throw failures.refused(e);
      } catch (AbortedException e) {
        if (isOutOfTime()) {
          throw failures.outOfTime();
        }
        throw interrupted(e);
      } catch (SdkException e) {
        throw isOutOfTime() ? failures.outOfTime() : failures.unanswered(e);
      } catch (RuntimeException e) {
        // A client that the application closed, for one.
        throw failures.unanswered(e);
      }
    }

    private boolean isOutOfTime() {
      return http == null ? context.timeLeft().isZero() : http.isOutOfTime();
    }

    private AssumeRoleWithWebIdentityRequest request() {
      IrsaOptions options = settings.options();
      AssumeRoleWithWebIdentityRequest.Builder request =
          AssumeRoleWithWebIdentityRequest.builder()
              .roleArn(settings.role().value())
              .roleSessionName(settings.sessionName())
              .webIdentityToken(token.value());
      if (options.duration().isPresent()) {
        request.durationSeconds((int) options.duration().get().toSeconds());
      }
      if (options.policy().isPresent()) {
        request.policy(options.policy().get());
      }
      if (!options.policyArns().isEmpty()) {
        request.policyArns(
            options.policyArns().stream()
                .map(arn -> PolicyDescriptorType.builder().arn(arn).build())
                .toList());
      }
      if (http == null) {
        // The application's client has its own threads and may have no limit of its own.
        request.overrideConfiguration(
            configuration -> configuration.apiCallTimeout(context.timeLeft()));
      }
      return request.build();
    }

    private SessionCredentials credentials(
        AssumeRoleWithWebIdentityResponse response, StsFailures failures) throws ExchangeException {
      Credentials credentials = response.credentials();
      if (credentials == null) {
        throw failures.incomplete("Credentials", response);
      }
      Optional<Instant> answeredAt = StsFailures.date(response.sdkHttpResponse());
      answeredAt.ifPresent(clock::saw);
      String accessKeyId = present(credentials.accessKeyId(), "AccessKeyId", failures, response);
      String secretAccessKey =
          present(credentials.secretAccessKey(), "SecretAccessKey", failures, response);
      String sessionToken = present(credentials.sessionToken(), "SessionToken", failures, response);
      Instant expiration = credentials.expiration();
      if (expiration == null) {
        throw failures.incomplete("Expiration", response);
      }
      // By the clock of whoever issued them; how that stands to ours, the engine judges.
      if (answeredAt.isPresent() && !expiration.isAfter(answeredAt.get())) {
        throw failures.expired(expiration, response);
      }
      return SessionCredentials.builder()
          .accessKeyId(accessKeyId)
          .secretAccessKey(secretAccessKey)
          .sessionToken(sessionToken)
          .expiration(expiration)
          .accountId(accountId(response))
          .answeredAt(answeredAt.orElse(null))
          .build();
    }

    private static String present(
        @Nullable String value,
        String field,
        StsFailures failures,
        AssumeRoleWithWebIdentityResponse response)
        throws ExchangeException {
      if (value == null || value.isBlank()) {
        throw failures.incomplete(field, response);
      }
      return value;
    }

    private static @Nullable String accountId(AssumeRoleWithWebIdentityResponse response) {
      if (response.assumedRoleUser() == null || response.assumedRoleUser().arn() == null) {
        return null;
      }
      Matcher matcher = ASSUMED_ROLE.matcher(response.assumedRoleUser().arn());
      return matcher.matches() ? matcher.group(1) : null;
    }

    private static InterruptedException interrupted(AbortedException e) {
      InterruptedException interrupted = new InterruptedException("interrupted while asking STS");
      interrupted.initCause(e);
      return interrupted;
    }
  }
}
