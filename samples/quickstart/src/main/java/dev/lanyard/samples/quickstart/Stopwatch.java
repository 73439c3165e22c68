package dev.lanyard.samples.quickstart;

import dev.lanyard.EksCredentialsProvider;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.identity.spi.ResolveIdentityRequest;

/** Measures how long clients wait for their credentials. */
final class Stopwatch implements AwsCredentialsProvider {
  private final EksCredentialsProvider provider;
  private final AtomicInteger asked = new AtomicInteger();
  private final AtomicInteger waited = new AtomicInteger();
  private final AtomicLong longest = new AtomicLong();

  Stopwatch(EksCredentialsProvider provider) {
    this.provider = provider;
  }

  int asked() {
    return asked.get();
  }

  int waited() {
    return waited.get();
  }

  Duration longestWait() {
    return Duration.ofNanos(longest.get());
  }

  @Override
  public AwsCredentials resolveCredentials() {
    long start = System.nanoTime();
    asked.incrementAndGet();
    try {
      return provider.resolveCredentials();
    } finally {
      took(start);
    }
  }

  @Override
  public CompletableFuture<AwsCredentialsIdentity> resolveIdentity(ResolveIdentityRequest request) {
    long start = System.nanoTime();
    asked.incrementAndGet();
    CompletableFuture<AwsCredentialsIdentity> identity = provider.resolveIdentity(request);
    if (identity.isDone()) {
      took(start);
      return identity;
    }
    waited.incrementAndGet();
    return identity.whenComplete((credentials, failure) -> took(start));
  }

  private void took(long start) {
    longest.accumulateAndGet(System.nanoTime() - start, Math::max);
  }
}
