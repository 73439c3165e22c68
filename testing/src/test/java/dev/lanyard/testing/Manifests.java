package dev.lanyard.testing;

/** Kubernetes manifests that several tests read. */
final class Manifests {
  private Manifests() {}

  /** The service account {@code shop/orders}, annotated with this. */
  static String serviceAccount(String role) {
    return """
    apiVersion: v1
    kind: ServiceAccount
    metadata:
      name: orders
      namespace: shop
      annotations:
        eks.amazonaws.com/role-arn: %s
    """
        .formatted(role);
  }

  /** A pod of that service account. */
  static String pod(String container) {
    return """
    apiVersion: v1
    kind: Pod
    metadata:
      name: orders-1
      namespace: shop
    spec:
      serviceAccountName: orders
      containers:
        - name: %s
    """
        .formatted(container);
  }

  /** A deployment whose pods are of this template. */
  static String deployment(String template) {
    return """
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: orders
      namespace: shop
    spec:
      template:
    """
        + template.indent(4);
  }
}
