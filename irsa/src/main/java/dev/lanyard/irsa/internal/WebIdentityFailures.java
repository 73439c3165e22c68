package dev.lanyard.irsa.internal;

import dev.lanyard.diagnosis.Problem;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import java.util.List;
import java.util.Optional;

/**
 * Tells why {@code AssumeRoleWithWebIdentity} gave no session credentials, with what the token says
 * of itself.
 */
final class WebIdentityFailures extends StsFailures {
  private final IrsaSettings settings;
  private final WebIdentityToken token;

  WebIdentityFailures(
      IrsaSettings settings, WebIdentityToken token, ExchangeContext context, Asked asked) {
    super(settings.role(), settings.target().client().isPresent(), context, asked);
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
                refusal.problem().toBuilder()
                    .summary(
                        refusal.problem().summary()
                            + ". The file still holds the token that STS refused; it was not sent"
                            + " again")
                    .build())
            .code(refusal.code().orElse(null))
            .requestId(refusal.requestId().orElse(null));
    refusal.status().ifPresent(again::status);
    return again.build();
  }

  @Override
  String id(StsReason reason) {
    return switch (reason) {
      case WRONG_AUDIENCE, NO_PROVIDER, INVALID_TOKEN ->
          TokenClaims.of(token).isPresent() ? reason.ofWebIdentity() : Problems.TOKEN_UNDECODABLE;
      default -> reason.ofWebIdentity();
    };
  }

  @Override
  void addKnown(StsReason reason, Problem.Builder problem) {
    if (reason == StsReason.EXPIRED_TOKEN) {
      problem.fact(Facts.TOKEN_FILE, settings.tokenFileName());
      TokenClaims.expiration(token)
          .ifPresent(at -> problem.fact("token expiration", at.toString()));
    } else if (isAboutTheToken(reason)) {
      problem.fact(Facts.TOKEN_FILE, settings.tokenFileName());
      TokenClaims.of(token).ifPresent(claims -> claims.addTo(problem));
    }
  }

  @Override
  Optional<String> known(StsReason reason) {
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
  List<String> ownSteps(StsReason reason, String said) {
    return switch (reason) {
      case ACCESS_DENIED, SOURCE_IDENTITY_SET ->
          List.of(
              "Check that the role exists",
              TokenClaims.of(token)
                      .map(c -> "Add this statement to its trust policy:\n" + statement(c))
                      .orElse(
                          "Its trust policy has to admit the token's issuer, subject and audience")
                  + "\nA change in IAM takes some seconds to take effect");
      case KEYS_UNREACHABLE, ISSUER_UNREACHABLE -> List.of(ISSUER_UNREACHABLE);
      case WRONG_THUMBPRINT, WRONG_AUDIENCE, NO_PROVIDER, INVALID_TOKEN ->
          tokenSteps(reason, TokenClaims.of(token));
      case REJECTED_CLAIM ->
          List.of(
              "The issuer says that the token is invalid, expired or revoked: recreate the pod");
      case EXPIRED_TOKEN -> List.of(notReplaced(settings));
      case WRONG_SIGNATURE ->
          List.of(
              "Lanyard does not sign this request: remove the endpoint setting, and check that no"
                  + " proxy signs requests on the way");
      case INVALID_ARN ->
          List.of(
              "Correct the annotation eks.amazonaws.com/role-arn of the service account and"
                  + " recreate the pod");
      default -> List.of();
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

  private List<String> tokenSteps(StsReason reason, Optional<TokenClaims> claims) {
    if (reason == StsReason.WRONG_THUMBPRINT) {
      return List.of(
          "Update the thumbprints of the IAM OIDC identity provider"
              + claims.map(c -> " " + TrustPolicy.providerArn(settings.role(), c)).orElse(""));
    }
    if (claims.isEmpty()) {
      return List.of(
          "Check that AWS_WEB_IDENTITY_TOKEN_FILE names the file of the projected service"
              + " account token");
    }
    TokenClaims c = claims.get();
    String audience = Texts.shown(String.join(", ", c.audience()));
    if (reason == StsReason.WRONG_AUDIENCE) {
      return List.of(
          "Add "
              + audience
              + " to the client ids of the IAM OIDC identity provider "
              + Texts.shown(TrustPolicy.providerArn(settings.role(), c))
              + ", or change the audience with the annotation eks.amazonaws.com/audience of the"
              + " service account (default sts.amazonaws.com) and recreate the pod",
          "The role's trust policy has to admit the token:\n" + statement(c));
    }
    if (reason == StsReason.NO_PROVIDER) {
      return List.of(
          "Create an IAM OIDC identity provider for "
              + Texts.shown(c.issuer())
              + " with client id "
              + audience
              + " in account "
              + settings.role().accountId()
              + " (aws iam create-open-id-connect-provider). A recreated cluster has a new issuer",
          "The role's trust policy has to name the provider:\n" + statement(c));
    }
    return List.of(
        "Check that the token was issued by the cluster's issuer, that account "
            + settings.role().accountId()
            + " has an IAM OIDC identity provider for it, and that the role's trust policy admits"
            + " the token:\n"
            + statement(c));
  }

  private String statement(TokenClaims claims) {
    return TrustPolicy.statement(settings.role(), claims);
  }
}
