package dev.lanyard.testing;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Pattern;

/** A service account of the cluster. It need not be created: every one that is named exists. */
record ServiceAccount(String namespace, String name) {
  private static final String PREFIX = "system:serviceaccount:";

  /** A label of RFC 1123; a service account's name may have several, joined by dots. */
  private static final Pattern NAMESPACE = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");

  private static final Pattern NAME =
      Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");

  ServiceAccount {
    Objects.requireNonNull(namespace, "namespace");
    Objects.requireNonNull(name, "serviceAccount");
    if (!NAMESPACE.matcher(namespace).matches()) {
      throw new IllegalArgumentException("Kubernetes accepts no namespace " + namespace);
    }
    if (name.length() > 253 || !NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("Kubernetes accepts no service account " + name);
    }
  }

  /** The {@code sub} claim of its tokens. Source: kubernetes, pkg/serviceaccount/claims.go. */
  String subject() {
    return PREFIX + namespace + ":" + name;
  }

  /** Namespace, slash, name. */
  String shortName() {
    return namespace + "/" + name;
  }

  /** The same in every token, as long as the service account is not created anew. */
  String uid() {
    return UUID.nameUUIDFromBytes(subject().getBytes(StandardCharsets.UTF_8)).toString();
  }
}
