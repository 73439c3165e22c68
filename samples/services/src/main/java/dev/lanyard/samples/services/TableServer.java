package dev.lanyard.samples.services;

import dev.lanyard.spi.SessionCredentials;
import dev.lanyard.testing.FakeEks;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A DynamoDB-compatible server on loopback that holds its tables in memory, and answers only
 * requests signed with session credentials that were issued and have not expired.
 *
 * <p>It refuses as DynamoDB does, with its error codes: no signature ({@code
 * MissingAuthenticationTokenException}), an access key id or a session token that nobody issued
 * ({@code UnrecognizedClientException}), a wrong signature ({@code InvalidSignatureException}),
 * expired credentials ({@code ExpiredTokenException}), and whom it was told to deny ({@code
 * AccessDeniedException}). It knows tables with a partition key, and {@code PutItem}, {@code
 * GetItem} and {@code DeleteItem} without conditions and expressions. Anything else is an {@code
 * UnknownOperationException} or a {@code ValidationException}.
 *
 * <p>Safe for use by many threads.
 */
public final class TableServer implements AutoCloseable {
  private final TableStore store;
  private final SigningServer server;

  private TableServer(TableStore store, SigningServer server) {
    this.store = store;
    this.server = server;
  }

  /**
   * Starts a server on a free port of the loopback interface.
   *
   * @param eks whose credentials it trusts, and no others
   * @return the server; close it
   * @throws UncheckedIOException if no port can be bound
   */
  public static TableServer start(FakeEks eks) {
    return start(keyId -> eks.issued(keyId).map(SigningServer::session));
  }

  /** As {@link #start(FakeEks)}, for whoever finds issued credentials by an access key id. */
  static TableServer start(Function<String, Optional<SessionCredentials>> issued) {
    TableStore store = new TableStore();
    return new TableServer(store, SigningServer.start(store, issued));
  }

  /**
   * Returns where the server listens.
   *
   * @return an HTTP address without a path
   */
  public URI endpoint() {
    return server.endpoint();
  }

  /**
   * Creates a table; does nothing if there is one of that name.
   *
   * @param name the table's name
   * @param partitionKey the name of the attribute that is its whole key
   */
  public void createTable(String name, String partitionKey) {
    store.createTable(name, partitionKey);
  }

  /**
   * Denies everything to some from now on, as if an identity policy did not allow it.
   *
   * @param accessKeyIds whether this access key id is one of them
   */
  public void denies(Predicate<String> accessKeyIds) {
    server.denies(accessKeyIds);
  }

  /**
   * Returns who was served.
   *
   * @return the number of requests that passed authentication and were allowed, by access key id
   */
  public Map<String, Integer> served() {
    return server.served();
  }

  /** Stops listening and ends the connections. */
  @Override
  public void close() {
    server.close();
  }
}
