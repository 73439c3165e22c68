package dev.lanyard.testing;

/**
 * The projected token that the webhook gives to containers: its volume, where that is mounted, the
 * file's name in it, and the token's audience.
 */
record TokenMount(String volume, String mountPath, String tokenPath, String audience) {
  /** Source: amazon-eks-pod-identity-webhook, pkg/handler/handler.go and main.go. */
  static final TokenMount WEB_IDENTITY =
      new TokenMount(
          "aws-iam-token",
          "/var/run/secrets/eks.amazonaws.com/serviceaccount",
          "token",
          FakeIssuer.STS_AUDIENCE);

  /** Source: amazon-eks-pod-identity-webhook, main.go. */
  static final TokenMount POD_IDENTITY =
      new TokenMount(
          "eks-pod-identity-token",
          "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount",
          "eks-pod-identity-token",
          EksAuth.AUDIENCE);

  String file() {
    return mountPath + "/" + tokenPath;
  }
}
