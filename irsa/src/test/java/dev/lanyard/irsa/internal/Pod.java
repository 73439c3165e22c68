package dev.lanyard.irsa.internal;

import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsExchange;
import dev.lanyard.spi.Detection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The environment of a pod with IRSA: variables, and a token file below a directory. */
final class Pod {
  static final String ROLE = "arn:aws:iam::111122223333:role/shop/orders";
  static final String TOKEN_FILE = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";

  /** No resolver is asked for it: a label of a name has 63 characters at most. */
  static final String NO_HOST = "x".repeat(64) + ".invalid";

  private final Path root;
  private final Map<String, String> variables = new HashMap<>();
  private final Map<String, String> properties = new HashMap<>();

  Pod(Path root) {
    this.root = root;
    set("AWS_ROLE_ARN", ROLE);
    set("AWS_WEB_IDENTITY_TOKEN_FILE", TOKEN_FILE);
    set("AWS_REGION", "eu-west-1");
    set("HOSTNAME", "orders-7d9f8c6b5-x2x4z");
    token(Tokens.token(1));
  }

  Pod set(String variable, String value) {
    variables.put(variable, value);
    return this;
  }

  Pod property(String name, String value) {
    properties.put(name, value);
    return this;
  }

  Pod unset(String variable) {
    variables.remove(variable);
    return this;
  }

  Pod sts(URI endpoint) {
    return set("AWS_ENDPOINT_URL_STS", endpoint.toString());
  }

  Path tokenFile() {
    return environment().path(TOKEN_FILE);
  }

  Pod token(String content) {
    try {
      Files.createDirectories(tokenFile().getParent());
      Files.writeString(tokenFile(), content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  Environment environment() {
    return Environment.of(variables).withProperties(properties).withRoot(root);
  }

  Detection detect() {
    return new IrsaSource().detect(environment());
  }

  CredentialsExchange exchange() {
    return exchange(new IrsaSource());
  }

  CredentialsExchange exchange(IrsaSource source) {
    Detection detection = source.detect(environment());
    if (detection instanceof Detection.Present present) {
      return present.exchange();
    }
    throw new AssertionError("not present: " + detection);
  }
}
