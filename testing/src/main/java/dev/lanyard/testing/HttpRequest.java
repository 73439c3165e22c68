package dev.lanyard.testing;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * One request as an endpoint received it. {@link #toString} shows neither headers nor body: they
 * hold tokens.
 *
 * @param target path and query as they stood in the request line
 * @param headers the values of a header by its name in any case, in order; empty if it was not sent
 */
record HttpRequest(
    String method, String target, Function<String, List<String>> headers, String body) {

  /** The path without the query. */
  String path() {
    int query = target.indexOf('?');
    return query < 0 ? target : target.substring(0, query);
  }

  /** The query without its question mark, empty if there is none. */
  String query() {
    int query = target.indexOf('?');
    return query < 0 ? "" : target.substring(query + 1);
  }

  /** The first value of a header. */
  Optional<String> header(String name) {
    return headers.apply(name).stream().findFirst();
  }

  @Override
  public String toString() {
    return "HttpRequest[" + method + "]";
  }
}
