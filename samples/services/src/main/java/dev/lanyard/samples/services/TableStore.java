package dev.lanyard.samples.services;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Tables in memory, and the operations on them that samples need. Source: Amazon DynamoDB developer
 * guide, "DynamoDB low-level API" (JSON 1.0, {@code X-Amz-Target}) and "Error handling".
 */
final class TableStore implements Service {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TARGET = "DynamoDB_20120810.";

  private final Map<String, Table> tables = new ConcurrentHashMap<>();

  private record Table(String partitionKey, Map<JsonNode, JsonNode> items) {}

  void createTable(String name, String partitionKey) {
    tables.putIfAbsent(name, new Table(partitionKey, new ConcurrentHashMap<>()));
  }

  @Override
  public String name() {
    return "dynamodb";
  }

  @Override
  public ServiceAnswer answer(ServiceRequest request, byte[] content) throws ServiceFailure {
    String target = request.header("x-amz-target").orElse("");
    JsonNode input = read(content);
    return switch (target) {
      case TARGET + "PutItem" -> {
        Table table = table(input, "Item");
        table.items().put(key(table, input.path("Item")), input.path("Item"));
        yield json(200, JSON.createObjectNode());
      }
      case TARGET + "GetItem" -> {
        Table table = table(input, "Key");
        JsonNode item = table.items().get(key(table, input.path("Key")));
        ObjectNode output = JSON.createObjectNode();
        if (item != null) {
          output.set("Item", item);
        }
        yield json(200, output);
      }
      case TARGET + "DeleteItem" -> {
        Table table = table(input, "Key");
        table.items().remove(key(table, input.path("Key")));
        yield json(200, JSON.createObjectNode());
      }
      default ->
          throw new ServiceFailure(
              400, "UnknownOperationException", "Only items can be put, got and deleted here.");
    };
  }

  private static JsonNode read(byte[] content) throws ServiceFailure {
    try {
      return JSON.readTree(content);
    } catch (JacksonException e) {
      throw new ServiceFailure(400, "SerializationException", "The body is not JSON.");
    } catch (IOException e) {
      throw new IllegalStateException("an array is always readable", e);
    }
  }

  private Table table(JsonNode input, String rest) throws ServiceFailure {
    for (Map.Entry<String, JsonNode> field : input.properties()) {
      // Left out, a condition would let a test pass that fails against DynamoDB.
      if (!Set.of("TableName", rest).contains(field.getKey())) {
        throw invalid(field.getKey() + " is not implemented");
      }
    }
    Table table = tables.get(input.path("TableName").asText());
    if (table == null) {
      throw new ServiceFailure(
          400, "ResourceNotFoundException", "Requested resource not found: the table.");
    }
    return table;
  }

  private static JsonNode key(Table table, JsonNode attributes) throws ServiceFailure {
    JsonNode key = attributes.path(table.partitionKey());
    if (key.size() != 1) {
      throw invalid("One of the required keys was not given a value");
    }
    return key;
  }

  private static ServiceFailure invalid(String what) {
    return new ServiceFailure(400, "ValidationException", what);
  }

  /** DynamoDB's own words for what {@link Authenticator} says in those of S3. */
  @Override
  public ServiceAnswer failure(ServiceFailure failure, String rawPath) {
    String code =
        switch (failure.code()) {
          case "AccessDenied" -> "AccessDeniedException";
          case ServiceFailure.NOT_SIGNED -> "MissingAuthenticationTokenException";
          case "AuthorizationHeaderMalformed" -> "IncompleteSignatureException";
          case "InvalidAccessKeyId", "InvalidToken" -> "UnrecognizedClientException";
          case "SignatureDoesNotMatch", "RequestTimeTooSkewed" -> "InvalidSignatureException";
          case "ExpiredToken" -> "ExpiredTokenException";
          default -> failure.code();
        };
    ObjectNode body = JSON.createObjectNode();
    body.put("__type", "com.amazon.coral.service#" + code);
    body.put("message", failure.getMessage());
    return json(400, body);
  }

  private static ServiceAnswer json(int status, ObjectNode body) {
    return new ServiceAnswer(
        status,
        Map.of("Content-Type", "application/x-amz-json-1.0"),
        ServiceAnswer.bytes(body.toString()));
  }
}
