package dev.lanyard.podidentity.internal;

import dev.lanyard.diagnosis.FailureKind;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What an answer without credentials means: who gave it, whether to ask again, and what to do.
 *
 * <p>This is the one place where words of a remote service are compared with anything. They choose
 * the kind of the failure and the advice, and nothing else. Only the agent's own codes and texts
 * can refuse: whatever else comes back was said by a proxy, a mesh, a load balancer or a web
 * server, and says nothing about this pod's credentials.
 *
 * @param kind what the failure means for the next attempt
 * @param byTheAgent false if something other than the agent answered
 * @param remedy what to do about it
 */
record AgentVerdict(FailureKind kind, boolean byTheAgent, Optional<String> remedy) {

  /**
   * What the EKS Pod Identity Agent says in words of its own, without a code of EKS Auth. Source:
   * aws/eks-pod-identity-agent, the file that each text is in.
   */
  private enum Text {
    /** internal/validation/request.go. */
    NO_TOKEN(400, "Service account token cannot be empty", FailureKind.REJECTED),
    /** internal/validation/request.go, with the words of golang-jwt. */
    NO_JWT(400, "Service account token cannot be parsed", FailureKind.REJECTED),
    /** internal/validation/request.go: times. */
    BASIC_CLAIMS(400, "Service account token failed basic claim validations", FailureKind.REJECTED),
    /** internal/validation, from 0.2 on: audience, pod and service account. */
    CLAIMS(400, "Service account token failed claim validations", FailureKind.REJECTED),
    /** internal/validation, from 0.2 on: the keys of the cluster. */
    SIGNATURE(400, "JWT signature validation failed", FailureKind.REJECTED),
    /** internal/validation/request.go, pkg/errors/errors.go. */
    INVALID_ADDRESS(
        403, "Access Denied. Called agent through invalid address", FailureKind.REJECTED),
    /** pkg/server/server.go: what Go's own multiplexer says of a path that it does not know. */
    NO_SUCH_PATH(404, "404 page not found", FailureKind.REJECTED),
    /** internal/middleware/rate_limiter. */
    TOO_MANY(429, "Too Many Requests", FailureKind.TRANSIENT),
    /** pkg/errors/errors.go: EKS Auth did not answer. More may follow. */
    NO_ANSWER(500, "[]", FailureKind.TRANSIENT),
    /** pkg/handlers/eks_credential_handler.go. */
    NOT_SERIALIZED(500, "Unable to serialize credentials", FailureKind.TRANSIENT);

    private static final List<Text> ALL = List.of(values());

    private final int status;
    private final String beginning;
    private final FailureKind kind;

    Text(int status, String beginning, FailureKind kind) {
      this.status = status;
      this.beginning = beginning;
      this.kind = kind;
    }

    static Optional<Text> of(int status, String text) {
      for (Text own : ALL) {
        if (own.status == status && text.startsWith(own.beginning)) {
          return Optional.of(own);
        }
      }
      return Optional.empty();
    }
  }

  /**
   * Codes of the ECS agent, which answers in JSON. Source: aws/amazon-ecs-agent, the credentials
   * handlers; the status of one has differed between versions.
   */
  private static final Set<String> ECS_REFUSALS =
      Set.of("NoIdInRequest", "InvalidIdInRequest", "NoCredentialsAssociated");

  /** Codes that ask to come again, whatever the status. Sources: botocore; amazon-ecs-agent. */
  private static final Set<String> COME_AGAIN =
      Set.of(
          "ThrottlingException",
          "InternalServerException",
          "ServiceUnavailableException",
          "CredentialsUninitialized",
          "InternalServerError");

  /** Codes that agents before 0.1.30 or so wrapped in one long text, with the status 500. */
  private static final List<String> WRAPPED =
      List.of(
          "ResourceNotFoundException",
          "AccessDeniedException",
          "ExpiredTokenException",
          "InvalidTokenException",
          "ThrottlingException");

  /** EKS Auth, of a cluster that it does not know: not of an association. */
  private static final String NO_CLUSTER = "no cluster found";

  /**
   * Judges an answer.
   *
   * @param endpoint who was asked
   * @param status the status of the answer
   * @param body its body, empty if it cannot be read; nothing of it is in the verdict
   * @param token the authorization token that was sent
   */
  static AgentVerdict of(Endpoint endpoint, int status, byte[] body, Optional<String> token) {
    AgentMessage.Raw raw = AgentMessage.raw(body);
    AgentMessage said = raw.parts();
    String code = said.code().orElse("");
    String text = said.text().orElse("");
    boolean comeAgain =
        status == 429
            || status == 408
            || status >= 500
            || (status >= 400 && COME_AGAIN.contains(code));
    Optional<Text> own = Text.of(status, raw.whole());
    if (status >= 400 && isOwn(raw, code)) {
      return new AgentVerdict(
          comeAgain ? FailureKind.TRANSIENT : FailureKind.REJECTED,
          true,
          forCode(code, text, token).or(() -> forStatus(endpoint, status, said)));
    }
    if (own.isPresent()) {
      Optional<String> remedy = forText(own.get(), text, token.orElse(""));
      return new AgentVerdict(
          own.get().kind, true, remedy.or(() -> forStatus(endpoint, status, said)));
    }
    if (comeAgain) {
      return new AgentVerdict(
          FailureKind.TRANSIENT,
          true,
          forCode(code, text, token)
              .or(() -> forWrapped(text, token))
              .or(() -> forStatus(endpoint, status, said)));
    }
    return new AgentVerdict(
        FailureKind.MISCONFIGURED, false, Optional.of(Remedies.forSomebodyElse(endpoint, status)));
  }

  /** Tells a code of EKS Auth in the agent's own format, or one of the ECS agent, from others. */
  private static boolean isOwn(AgentMessage.Raw raw, String code) {
    return !code.isEmpty()
        && (!raw.json() || ECS_REFUSALS.contains(code) || COME_AGAIN.contains(code));
  }

  private static Optional<String> forCode(String code, String text, Optional<String> token) {
    if (code.contains("PackedPolicy") || text.contains("PackedPolicy")) {
      return Optional.of(Remedies.PACKED_POLICY);
    }
    return switch (code) {
      case "ResourceNotFoundException" ->
          Optional.of(
              text.toLowerCase(Locale.ROOT).contains(NO_CLUSTER)
                  ? Remedies.CLUSTER
                  : Remedies.association(token));
      case "AccessDeniedException" ->
          Optional.of(text.contains(Remedies.NODE_ACTION) ? Remedies.NODE_ROLE : Remedies.TRUST);
      case "ExpiredTokenException", "InvalidTokenException" -> Optional.of(Remedies.RECREATE_TOKEN);
      case "ThrottlingException" -> Optional.of(Remedies.EKS_AUTH_THROTTLES);
      case "InvalidIdInRequest", "NoIdInRequest", "NoCredentialsAssociated" ->
          Optional.of(Remedies.ECS_ID);
      case "CredentialsUninitialized" -> Optional.of(Remedies.ECS_NOT_READY);
      default -> Optional.empty();
    };
  }

  private static Optional<String> forWrapped(String text, Optional<String> token) {
    for (String code : WRAPPED) {
      if (text.contains(code)) {
        return forCode(code, text, token);
      }
    }
    return Optional.empty();
  }

  private static Optional<String> forText(Text own, String text, String token) {
    return switch (own) {
      case NO_TOKEN -> Optional.of(Remedies.TOKEN_FILE);
      case NO_JWT, BASIC_CLAIMS, CLAIMS, SIGNATURE -> {
        if (token.indexOf(' ') >= 0) {
          yield Optional.of(Remedies.BARE_TOKEN);
        }
        yield Optional.of(
            text.contains("not valid yet") ? Remedies.CLOCK_BEHIND : Remedies.RECREATE_TOKEN);
      }
      case INVALID_ADDRESS -> Optional.of(Remedies.OWN_ADDRESS);
      case NO_SUCH_PATH -> Optional.of(Remedies.PATH);
      case TOO_MANY, NO_ANSWER, NOT_SERIALIZED -> Optional.empty();
    };
  }

  private static Optional<String> forStatus(Endpoint endpoint, int status, AgentMessage said) {
    if (!endpoint.isLikePodIdentity()) {
      return Optional.empty();
    }
    if (status == 429) {
      return Optional.of(Remedies.AGENT_THROTTLES);
    }
    boolean mute = said.text().isEmpty() && said.requestId().isEmpty();
    if (mute && status >= 502 && status <= 504) {
      return Optional.of(Remedies.forSomebodyElse(endpoint, status));
    }
    return status >= 500 ? Optional.of(Remedies.AGENT_FAILS) : Optional.empty();
  }
}
