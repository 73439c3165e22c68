package dev.lanyard.samples.clients;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;

/**
 * What a client said: what its default chain gave, and whom STS took that for; or why not. Without
 * a secret.
 *
 * @param error what a person who uses the client reads; empty if it got credentials
 * @param accessKeyId empty if the client does not tell it, as all that is optional here
 */
record Answer(
    String error,
    Optional<String> accessKeyId,
    Optional<String> accountId,
    Optional<Instant> expiration,
    String arn) {
  private static final ObjectMapper JSON = new ObjectMapper();

  static Answer failed(String error) {
    return new Answer(error, Optional.empty(), Optional.empty(), Optional.empty(), "");
  }

  /** Reads what one of the programs says. */
  static Answer of(JsonNode said) {
    return new Answer(
        said.path("error").asText(""),
        text(said, "accessKeyId"),
        text(said, "accountId"),
        text(said, "expiration").map(at -> OffsetDateTime.parse(at).toInstant()),
        said.path("arn").asText(""));
  }

  static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError("the client did not answer with JSON, but: " + text, e);
    }
  }

  static Optional<String> text(JsonNode json, String field) {
    return json.hasNonNull(field) ? Optional.of(json.get(field).asText()) : Optional.empty();
  }
}
