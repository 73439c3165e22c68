package dev.lanyard;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/**
 * The credentials that one engine of this process keeps current, as {@link Lanyard#live} lists
 * them, for metrics, management beans and diagnosis. Several providers may share one.
 *
 * <p>It keeps its engine refreshing as a provider does: call {@link Lanyard#live} each time instead
 * of storing it. Immutable and safe for use by many threads.
 *
 * @since 0.1
 */
public final class LiveCredentials implements Invalidatable<AwsCredentialsIdentity> {
  private final Engine engine;

  LiveCredentials(Engine engine) {
    this.engine = engine;
  }

  /**
   * Returns what tells these credentials from others of the process.
   *
   * @return the name that was given to the builder, or else that of the first source, such as
   *     {@code irsa}. Two may have the same name
   */
  public String name() {
    return engine.name();
  }

  /**
   * Returns the state of the credentials. Never waits.
   *
   * @return the status at this moment
   */
  public CredentialsStatus status() {
    return engine.current().status();
  }

  /**
   * Explains where the credentials come from and why. Never waits, never fails.
   *
   * @return a report, as data and, by {@code toString}, as text
   */
  public Explanation explain() {
    return engine.explain();
  }

  /**
   * Tells that a service refused these credentials, as {@link
   * RefreshingCredentialsProvider#invalidate} does. Does nothing if the credentials held here have
   * another access key id.
   *
   * @param rejected the credentials that the service refused
   * @return a future that is already complete: a refresh runs in the background
   */
  @Override
  public CompletableFuture<Void> invalidate(AwsCredentialsIdentity rejected) {
    engine.current().invalidate(Objects.requireNonNull(rejected, "rejected").accessKeyId());
    return CompletableFuture.completedFuture(null);
  }

  /**
   * Tells whether another one is of the same engine.
   *
   * @param other what to compare with
   * @return whether the two were listed for the same engine
   */
  @Override
  public boolean equals(Object other) {
    return other instanceof LiveCredentials that && engine.equals(that.engine);
  }

  @Override
  public int hashCode() {
    return engine.hashCode();
  }

  @Override
  public String toString() {
    return "LiveCredentials[" + name() + "]";
  }
}
