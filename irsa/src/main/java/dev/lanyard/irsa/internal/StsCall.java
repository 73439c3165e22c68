package dev.lanyard.irsa.internal;

import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import java.net.URI;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
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
import software.amazon.awssdk.services.sts.model.AssumedRoleUser;
import software.amazon.awssdk.services.sts.model.Credentials;
import software.amazon.awssdk.services.sts.model.StsResponse;

/**
 * One request to STS that is answered with session credentials, whatever the operation. The SDK's
 * {@code sts} module is needed from here on.
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

  /** Exchanges the web identity token, once. */
  static SessionCredentials assumeRole(
      IrsaSettings settings, WebIdentityToken token, ExchangeContext context)
      throws ExchangeException, InterruptedException {
    return ask(new WebIdentityOperation(settings, token), context);
  }

  /** Makes the request; once more if it is signed, and refused for the time of its signature. */
  static SessionCredentials ask(StsOperation operation, ExchangeContext context)
      throws ExchangeException, InterruptedException {
    StsTarget target = operation.target();
    Optional<StsClient> given = target.client();
    if (given.isPresent()) {
      return new Attempt(operation, context, Asked.byTheApplication(), null).with(given.get());
    }
    StsLocation location = target.location().orElseThrow();
    Optional<HttpProxy> proxy = target.proxy();
    BoundedHttpClient http = new BoundedHttpClient(context, new Clean(operation), proxy);
    context.onTimeout(new Abort(http));
    URI endpoint = endpoint(location);
    Asked asked =
        new Asked(
            endpoint, proxy.isPresent() && proxy.get().leadsTo(endpoint) ? proxy.get() : null);
    try (http;
        StsClient client = client(location, endpoint, operation.signer(), http)) {
      return new Attempt(operation, context, asked, http).with(client);
    }
  }

  private record Clean(StsOperation operation) implements Function<String, Optional<String>> {
    @Override
    public Optional<String> apply(String text) {
      return operation.clean(text);
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

  private static StsClient client(
      StsLocation location, URI endpoint, AwsCredentialsProvider signer, BoundedHttpClient http)
      throws ExchangeException {
    try {
      return StsClient.builder()
          .httpClient(http)
          .region(Region.of(location.signingRegion()))
          .endpointOverride(endpoint)
          .fipsEnabled(false)
          .dualstackEnabled(false)
          .defaultsMode(DefaultsMode.STANDARD)
          .credentialsProvider(signer)
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
      StsOperation operation,
      ExchangeContext context,
      Asked asked,
      @Nullable BoundedHttpClient http) {

    SessionCredentials with(StsClient client) throws ExchangeException, InterruptedException {
      StsFailures failures = operation.failures(context, asked);
      try {
        return credentials(answer(client, failures), failures);
      } catch (AwsServiceException e) {
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
      } catch (StackOverflowError e) {
        // The SDK's reader of XML calls itself for each element within another.
        throw failures.unanswered(new IllegalArgumentException(e));
      }
    }

    private StsAnswer answer(StsClient client, StsFailures failures) {
      try {
        return send(client);
      } catch (AwsServiceException e) {
        if (!operation.isSigned() || !failures.isOfTheClock(e) || isOutOfTime()) {
          throw e;
        }
        // The SDK has taken note of the time in the answer, and signs by that from now on. It does
        // so whether it retries or not, for all clients of the process.
        return send(client);
      }
    }

    private StsAnswer send(StsClient client) {
      // The application's client has its own threads and may have no limit of its own.
      return operation.send(
          client, http == null ? Optional.of(context.timeLeft()) : Optional.empty());
    }

    private boolean isOutOfTime() {
      return http == null ? context.timeLeft().isZero() : http.isOutOfTime();
    }

    private SessionCredentials credentials(StsAnswer answer, StsFailures failures)
        throws ExchangeException {
      Credentials credentials = answer.credentials();
      StsResponse response = answer.response();
      if (credentials == null) {
        throw failures.withoutCredentials(response);
      }
      String accessKeyId = present(credentials.accessKeyId(), "AccessKeyId", failures, response);
      String secretAccessKey =
          present(credentials.secretAccessKey(), "SecretAccessKey", failures, response);
      String sessionToken = present(credentials.sessionToken(), "SessionToken", failures, response);
      Instant expiration = credentials.expiration();
      if (expiration == null) {
        throw failures.incomplete("Expiration", response);
      }
      // Whether its time can be true, and what is left of the life, the engine judges.
      return SessionCredentials.builder()
          .accessKeyId(accessKeyId)
          .secretAccessKey(secretAccessKey)
          .sessionToken(sessionToken)
          .expiration(expiration)
          .accountId(accountId(answer))
          .answeredAt(AnswerTime.of(response.sdkHttpResponse()).orElse(null))
          .longestLife(operation.longestLife())
          .build();
    }

    private static String present(
        @Nullable String value, String field, StsFailures failures, StsResponse response)
        throws ExchangeException {
      if (value == null || value.isBlank()) {
        throw failures.incomplete(field, response);
      }
      // Those who sign with a key id and a key would take the blanks around them off in any case.
      String bare = value.strip();
      for (int i = 0; i < bare.length(); i++) {
        // It travels in a header, which it would break up, or in no form at all.
        if (bare.charAt(i) <= ' ' || bare.charAt(i) > '~') {
          throw failures.unfit(field, response);
        }
      }
      return bare;
    }

    private static @Nullable String accountId(StsAnswer answer) {
      AssumedRoleUser user = answer.user();
      if (user == null || user.arn() == null) {
        return null;
      }
      Matcher matcher = ASSUMED_ROLE.matcher(user.arn());
      return matcher.matches() ? matcher.group(1) : null;
    }

    private static InterruptedException interrupted(AbortedException e) {
      InterruptedException interrupted = new InterruptedException("interrupted while asking STS");
      interrupted.initCause(e);
      return interrupted;
    }
  }
}
