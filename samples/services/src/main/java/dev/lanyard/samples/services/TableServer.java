package dev.lanyard.samples.services;

import dev.lanyard.spi.SessionCredentials;
import dev.lanyard.testing.FakeEks;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.function.Function;

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
public final class TableServer extends SigningServer {
  private final TableStore store;

  private TableServer(TableStore store, Function<String, Optional<SessionCredentials>> issued) {
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
  public static TableServer start(FakeEks eks) {
    return start(issuedBy(eks));
  }

  /** As {@link #start(FakeEks)}, for whoever finds issued credentials by an access key id. */
  static TableServer start(Function<String, Optional<SessionCredentials>> issued) {
    return new TableServer(new TableStore(), issued);
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
}
