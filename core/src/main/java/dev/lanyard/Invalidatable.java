package dev.lanyard;

import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.identity.spi.Identity;

/**
 * A provider that can be told that a service refused what it gave. All of Lanyard's providers are:
 * see {@link RefreshingCredentialsProvider#invalidate}.
 *
 * <p>The method has the name and the signature of the one that the AWS SDK's own {@code
 * IdentityProvider} is to have: on such an SDK, one method serves both, and the SDK's own calls
 * reach it. A provider of the application's that is given to {@code whenNotOnEks(...)} may
 * implement this interface to be told on an SDK without it. Implementations are safe for use by
 * many threads.
 *
 * @param <I> what the provider gives
 */
public interface Invalidatable<I extends Identity> {

  /**
   * Tells the provider that a service refused this identity, so that it obtains another. Does
   * nothing if the provider no longer gives it. Must not block; no answer has to be awaited.
   *
   * @param rejected what the service refused
   * @return a future that completes when the provider knows, which is not when it has another
   *     identity; a failed one if it could not be told. Callers may ignore it
   */
  CompletableFuture<Void> invalidate(I rejected);
}
