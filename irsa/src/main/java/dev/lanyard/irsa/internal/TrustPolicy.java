package dev.lanyard.irsa.internal;

/** The statement of a role's trust policy that admits one token. */
final class TrustPolicy {
  private TrustPolicy() {}

  /** Returns the ARN under which the role's account knows the issuer. */
  static String providerArn(RoleArn role, TokenClaims claims) {
    return "arn:"
        + role.partition()
        + ":iam::"
        + role.accountId()
        + ":oidc-provider/"
        + claims.provider();
  }

  /**
   * Returns the statement as JSON. Source of its form: the EKS user guide, associate a service
   * account with a role.
   */
  static String statement(RoleArn role, TokenClaims claims) {
    String audience =
        claims.audience().size() == 1
            ? Texts.json(claims.audience().get(0))
            : "[" + String.join(", ", claims.audience().stream().map(Texts::json).toList()) + "]";
    return String.join(
        "\n",
        "{",
        "  \"Effect\": \"Allow\",",
        "  \"Principal\": {",
        "    \"Federated\": " + Texts.json(providerArn(role, claims)),
        "  },",
        "  \"Action\": \"sts:AssumeRoleWithWebIdentity\",",
        "  \"Condition\": {",
        "    \"StringEquals\": {",
        "      "
            + Texts.json(claims.provider() + ":sub")
            + ": "
            + Texts.json(claims.subject())
            + ",",
        "      " + Texts.json(claims.provider() + ":aud") + ": " + audience,
        "    }",
        "  }",
        "}");
  }
}
