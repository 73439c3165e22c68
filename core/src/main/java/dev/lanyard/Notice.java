package dev.lanyard;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.Identity;
import software.amazon.awssdk.identity.spi.IdentityProvider;

/**
 * The notice to the application's own provider that a service refused its credentials. It reaches a
 * provider that is {@link Invalidatable}, and any provider where the SDK's {@code IdentityProvider}
 * has such a method itself: Lanyard is compiled without it.
 */
final class Notice {
  /** Null where the SDK's interface has no such method. */
  private static final @Nullable MethodHandle OF_THE_SDK = ofTheSdk();

  private Notice() {}

  /** Gives notice, if the provider can be told. Never throws: failures are the future's. */
  static CompletableFuture<Void> give(
      AwsCredentialsProvider provider, AwsCredentialsIdentity rejected) {
    try {
      CompletableFuture<Void> result = call(provider, rejected);
      if (result == null) {
        throw new IllegalStateException(
            provider.getClass().getName() + " returned null from invalidate");
      }
      return result;
    } catch (Throwable e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  // The interfaces say what they return, and a provider of AWS credentials is told of those. One
  // that takes another identity fails by the cast that its own class has.
  @SuppressWarnings("unchecked")
  private static @Nullable CompletableFuture<Void> call(
      AwsCredentialsProvider provider, AwsCredentialsIdentity rejected) throws Throwable {
    if (provider instanceof Invalidatable<?> invalidatable) {
      return ((Invalidatable<Identity>) invalidatable).invalidate(rejected);
    }
    if (OF_THE_SDK == null) {
      return CompletableFuture.completedFuture(null);
    }
    return (CompletableFuture<Void>)
        OF_THE_SDK.invoke((IdentityProvider<?>) provider, (Identity) rejected);
  }

  private static @Nullable MethodHandle ofTheSdk() {
    try {
      return MethodHandles.publicLookup()
          .findVirtual(
              IdentityProvider.class,
              "invalidate",
              MethodType.methodType(CompletableFuture.class, Identity.class));
    } catch (ReflectiveOperationException e) {
      return null;
    }
  }
}
