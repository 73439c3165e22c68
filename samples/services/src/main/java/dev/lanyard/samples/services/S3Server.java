package dev.lanyard.samples.services;

import dev.lanyard.spi.SessionCredentials;
import dev.lanyard.testing.FakeEks;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;

/**
 * An S3-compatible server on loopback that holds its buckets in memory, and answers only requests
 * signed with session credentials that were issued and have not expired.
 *
 * <p>It refuses as S3 does, with S3's error codes: an access key id that nobody issued or that
 * comes without its session token ({@code InvalidAccessKeyId}), a wrong signature ({@code
 * SignatureDoesNotMatch}), a wrong session token ({@code InvalidToken}), expired credentials
 * ({@code ExpiredToken}), a body that is not what was signed ({@code XAmzContentSHA256Mismatch},
 * {@code BadDigest}), and whom it was told to deny ({@code AccessDenied}). It serves path-style
 * requests to list buckets; to create, find and list a bucket; to put, get, find and delete an
 * object. Anything else is {@code NotImplemented}.
 *
 * <p>Safe for use by many threads.
 */
public final class S3Server extends SigningServer {
  private final ObjectStore store;

  private S3Server(ObjectStore store, Function<String, Optional<SessionCredentials>> issued) {
    super(store, issued);
    this.store = store;
  }

  /**
   * Starts a server on a free port of the loopback interface.
   *
   * @param eks whose credentials it trusts, and no others
   * @return the server; close it
   * @throws UncheckedIOException if no port can be bound
   */
  public static S3Server start(FakeEks eks) {
    return start(issuedBy(eks));
  }

  /** As {@link #start(FakeEks)}, for whoever finds issued credentials by an access key id. */
  static S3Server start(Function<String, Optional<SessionCredentials>> issued) {
    return new S3Server(new ObjectStore(), issued);
  }

  /**
   * Creates a bucket; does nothing if there is one of that name.
   *
   * @param name the bucket's name
   */
  public void createBucket(String name) {
    store.createBucket(name, Instant.now());
  }
}
