package dev.lanyard.samples.services;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One request as it came.
 *
 * @param method such as {@code GET}
 * @param rawPath the path, percent-encoded
 * @param rawQuery the query, percent-encoded, empty if there is none
 * @param headers values by name in lower case
 * @param body the body, empty if there is none
 */
@SuppressWarnings("ArrayRecordComponent") // read once, never compared
record ServiceRequest(
    String method,
    String rawPath,
    String rawQuery,
    Map<String, List<String>> headers,
    byte[] body) {
  private static final int LARGEST_BODY = 64 * 1024 * 1024;

  static ServiceRequest read(HttpExchange exchange) throws IOException, ServiceFailure {
    Map<String, List<String>> headers = new TreeMap<>();
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values));
    byte[] body = exchange.getRequestBody().readNBytes(LARGEST_BODY + 1);
    if (body.length > LARGEST_BODY) {
      throw ServiceFailure.entityTooLarge();
    }
    String query = exchange.getRequestURI().getRawQuery();
    return new ServiceRequest(
        exchange.getRequestMethod(),
        exchange.getRequestURI().getRawPath(),
        query == null ? "" : query,
        headers,
        body);
  }

  Optional<String> header(String name) {
    return headers.getOrDefault(name, List.of()).stream().findFirst();
  }

  Map<String, String> singleHeaders() {
    Map<String, String> single = new LinkedHashMap<>();
    headers.forEach((name, values) -> single.put(name, values.get(0)));
    return single;
  }

  /** The bucket, empty for the service itself. */
  String bucket() {
    String path = rawPath.substring(1);
    int slash = path.indexOf('/');
    return SignatureV4.decode(slash < 0 ? path : path.substring(0, slash));
  }

  /** The object's key, empty for the bucket itself. */
  String key() {
    int slash = rawPath.indexOf('/', 1);
    return slash < 0 ? "" : SignatureV4.decode(rawPath.substring(slash + 1));
  }

  Map<String, String> query() {
    Map<String, String> query = new LinkedHashMap<>();
    for (String parameter : rawQuery.isEmpty() ? new String[0] : rawQuery.split("&", -1)) {
      String[] pair = parameter.split("=", 2);
      query.put(SignatureV4.decode(pair[0]), pair.length == 2 ? SignatureV4.decode(pair[1]) : "");
    }
    return query;
  }
}
