package dev.lanyard;

import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.identity.spi.Identity;

/**
 * A provider that can be told that a service refused what it gave. All of Lanyard's providers are:
 * see {@link RefreshingCredentialsProvider#invalidate}.
 *
 * <p>The method has the name and the signature that are planned for a method of the AWS SDK's own
 * {@code IdentityProvider}: on such an SDK, one method serves both, and the SDK's own calls reach
 * it. A provider of the application's that is given to {@code whenNotOnEks(...)} may implement this
 * interface to be told on an SDK without it. Implementations are safe for use by many threads.
 *
 * @param <I> the type of identity that the provider gives
 * @since 0.1
 */
public interface Invalidatable<I extends Identity> {

  /**
   * Tells the provider that a service refused this identity, so that it obtains another. Does
   * nothing if the provider no longer gives it. Must not block.
   *
   * @param rejected what the service refused
   * @return a future that completes once the provider has been told, not once it has another
   *     identity; a failed one if it could not be told. Callers may ignore it
   */
  CompletableFuture<Void> invalidate(I rejected);
}
