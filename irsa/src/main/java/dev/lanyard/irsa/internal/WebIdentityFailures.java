package dev.lanyard.irsa.internal;

import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import java.util.Optional;

/**
 * Tells why {@code AssumeRoleWithWebIdentity} gave no session credentials, with what the token says
 * of itself.
 */
final class WebIdentityFailures extends StsFailures {
  private final IrsaSettings settings;
  private final WebIdentityToken token;

  WebIdentityFailures(
      IrsaSettings settings, WebIdentityToken token, ExchangeContext context, String endpoint) {
    super(settings.role(), settings.target().client().isPresent(), context, endpoint);
    this.settings = settings;
    this.token = token;
  }

  @Override
  String who() {
    return "this pod";
  }

  @Override
  Optional<String> clean(String text) {
    return token.clean(text);
  }

  /** Tells once more that STS has called the token in the file expired: nothing was sent. */
  static ExchangeException notSentAgain(ExchangeException refusal) {
    ExchangeException.Builder again =
        ExchangeException.builder(
                refusal.kind(),
                refusal.getMessage()
                    + ". The file still holds the token that STS refused; it was not sent again")
            .code(refusal.code().orElse(null))
            .requestId(refusal.requestId().orElse(null))
            .remedy(refusal.remedy().orElse(null));
    refusal.status().ifPresent(again::status);
    return again.build();
  }

  @Override
  Optional<String> evidence(StsReason reason) {
    if (reason == StsReason.EXPIRED_TOKEN) {
      return TokenClaims.expiration(token)
          .map(at -> "The token itself says that it expires at " + at);
    }
    if (!isAboutTheToken(reason)) {
      return Optional.empty();
    }
    return TokenClaims.of(token)
        .map(TokenClaims::description)
        .or(
            () ->
                Optional.of(
                    "The token file holds nothing that can be decoded as a web identity token"));
  }

  @Override
  boolean mayPass(StsReason reason) {
    return false;
  }

  private static boolean isAboutTheToken(StsReason reason) {
    return switch (reason) {
      case ACCESS_DENIED,
          SOURCE_IDENTITY_SET,
          KEYS_UNREACHABLE,
          WRONG_THUMBPRINT,
          WRONG_AUDIENCE,
          NO_PROVIDER,
          INVALID_TOKEN,
          REJECTED_CLAIM ->
          true;
      default -> false;
    };
  }

  @Override
  Optional<String> ownRemedy(StsReason reason, String said) {
    return switch (reason) {
      case ACCESS_DENIED, SOURCE_IDENTITY_SET ->
          Optional.of(
              "Check that the role exists. "
                  + TokenClaims.of(token)
                      .map(c -> "Add this statement to its trust policy:\n" + statement(c))
                      .orElse(
                          "Its trust policy has to admit the token's issuer, subject and audience")
                  + "\nA change in IAM takes some seconds to take effect");
      case KEYS_UNREACHABLE, ISSUER_UNREACHABLE -> Optional.of(ISSUER_UNREACHABLE);
      case WRONG_THUMBPRINT, WRONG_AUDIENCE, NO_PROVIDER, INVALID_TOKEN ->
          Optional.of(tokenRemedy(reason, TokenClaims.of(token)));
      case REJECTED_CLAIM ->
          Optional.of(
              "The issuer says that the token is invalid, expired or revoked: recreate the pod");
      case EXPIRED_TOKEN -> Optional.of(notReplaced(settings));
      case WRONG_SIGNATURE ->
          Optional.of(
              "Lanyard does not sign this request: remove the endpoint setting, and check that no"
                  + " proxy signs requests on the way");
      case INVALID_ARN ->
          Optional.of(
              "Correct the annotation eks.amazonaws.com/role-arn of the service account and"
                  + " recreate the pod");
      default -> Optional.empty();
    };
  }

  private static String notReplaced(IrsaSettings settings) {
    return "The token in "
        + settings.tokenFileName()
        + " was not replaced in time: check that the file is not mounted by subPath or copied, that"
        + " the kubelet reaches the API server, and that the clock of the node is right";
  }

  private static final String ISSUER_UNREACHABLE =
      "STS could not fetch the keys of the token's issuer, which often passes by itself; a"
          + " self-hosted issuer has to be reachable from the internet";

  private String tokenRemedy(StsReason reason, Optional<TokenClaims> claims) {
    if (reason == StsReason.WRONG_THUMBPRINT) {
      return "Update the thumbprints of the IAM OIDC identity provider"
          + claims.map(c -> " " + TrustPolicy.providerArn(settings.role(), c)).orElse("");
    }
    if (claims.isEmpty()) {
      return "Check that AWS_WEB_IDENTITY_TOKEN_FILE names the file of the projected service"
          + " account token";
    }
    TokenClaims c = claims.get();
    String audience = Texts.shown(String.join(", ", c.audience()));
    if (reason == StsReason.WRONG_AUDIENCE) {
      return "Add "
          + audience
          + " to the client ids of the IAM OIDC identity provider "
          + Texts.shown(TrustPolicy.providerArn(settings.role(), c))
          + ", or change the audience with the annotation eks.amazonaws.com/audience of the service"
          + " account (default sts.amazonaws.com) and recreate the pod. The role's trust policy"
          + " has to admit the token:\n"
          + statement(c);
    }
    if (reason == StsReason.NO_PROVIDER) {
      return "Create an IAM OIDC identity provider for "
          + Texts.shown(c.issuer())
          + " with client id "
          + audience
          + " in account "
          + settings.role().accountId()
          + " (aws iam create-open-id-connect-provider). A recreated cluster has a new"
          + " issuer. The role's trust policy has to name the provider:\n"
          + statement(c);
    }
    return "Check that the token was issued by the cluster's issuer, that account "
        + settings.role().accountId()
        + " has an IAM OIDC identity provider for it, and that the role's trust policy admits the"
        + " token:\n"
        + statement(c);
  }

  private String statement(TokenClaims claims) {
    return TrustPolicy.statement(settings.role(), claims);
  }
}
