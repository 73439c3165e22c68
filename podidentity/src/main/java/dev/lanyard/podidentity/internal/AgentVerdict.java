package dev.lanyard.podidentity.internal;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What an answer without credentials means: who gave it, whether to ask again, and what to do.
 *
 * <p>This is the one place where words of a remote service are compared with anything. They choose
 * the kind and the cause of the failure, and nothing else. Only the agent's own codes and texts can
 * refuse: whatever else comes back was said by a proxy, a mesh, a load balancer or a web server,
 * and says nothing about this pod's credentials.
 *
 * @param cause what is wrong
 * @param kind what the failure means for the next attempt
 * @param byTheAgent false if something other than the agent answered
 */
record AgentVerdict(Cause cause, FailureKind kind, boolean byTheAgent) {

  /** What is wrong, and what to do about it. Several may have one id, of different endpoints. */
  enum Cause {
    UNKNOWN_REFUSAL(Problems.UNKNOWN_REFUSAL, List.of()),
    /** Its steps depend on the service account. */
    NO_ASSOCIATION(Problems.NO_ASSOCIATION, List.of()),
    UNKNOWN_CLUSTER(Problems.UNKNOWN_CLUSTER, Remedies.CLUSTER),
    NODE_ROLE(Problems.NODE_ROLE, Remedies.NODE_ROLE),
    TRUST_POLICY(Problems.TRUST_POLICY, Remedies.TRUST),
    TOKEN_REFUSED(Problems.TOKEN_REFUSED, Remedies.TOKEN_REFUSED),
    PACKED_POLICY(Problems.SESSION_TAGS_TOO_LARGE, Remedies.PACKED_POLICY),
    EKS_AUTH_THROTTLES(Problems.EKS_AUTH_THROTTLES, Remedies.EKS_AUTH_THROTTLES),
    ECS_ID(Problems.ECS_ID, Remedies.ECS_ID),
    ECS_NOT_READY(Problems.ECS_NOT_READY, Remedies.ECS_NOT_READY),
    NO_TOKEN_ARRIVED(Problems.NO_TOKEN_ARRIVED, Remedies.TOKEN_FILE),
    TOKEN_WITH_SCHEME(Problems.TOKEN_WITH_SCHEME, Remedies.BARE_TOKEN),
    CLOCK_BEHIND(Problems.CLOCK_BEHIND, Remedies.CLOCK_BEHIND),
    AGENT_ADDRESS(Problems.AGENT_ADDRESS, Remedies.OWN_ADDRESS),
    AGENT_PATH(Problems.AGENT_PATH, Remedies.PATH),
    AGENT_THROTTLES(Problems.THROTTLED, Remedies.AGENT_THROTTLES),
    ENDPOINT_THROTTLES(Problems.THROTTLED, List.of()),
    AGENT_FAILS(Problems.FAILED, Remedies.AGENT_FAILS),
    ENDPOINT_FAILS(Problems.FAILED, List.of()),
    COME_AGAIN(Problems.COME_AGAIN, List.of()),
    REDIRECT(Problems.REDIRECTED, Remedies.REDIRECT),
    NOT_THE_AGENT(Problems.NOT_THE_AGENT, Remedies.NOT_THE_AGENT),
    NOT_THE_ENDPOINT(Problems.NOT_THE_AGENT, Remedies.NOT_THE_ENDPOINT),
    GATEWAY(Problems.GATEWAY, Remedies.NOT_THE_AGENT);

    private final String id;

    @SuppressWarnings("ImmutableEnumChecker") // The lists of Remedies do not change.
    private final List<String> steps;

    Cause(String id, List<String> steps) {
      this.id = id;
      this.steps = steps;
    }
  }

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
      FailureKind kind = comeAgain ? FailureKind.TRANSIENT : FailureKind.REJECTED;
      return new AgentVerdict(
          forCode(code, text).orElseGet(() -> forStatus(endpoint, status, kind, said)), kind, true);
    }
    if (own.isPresent()) {
      FailureKind kind = own.get().kind;
      return new AgentVerdict(
          forText(own.get(), text, token.orElse(""))
              .orElseGet(() -> forStatus(endpoint, status, kind, said)),
          kind,
          true);
    }
    if (comeAgain) {
      FailureKind kind = FailureKind.TRANSIENT;
      return new AgentVerdict(
          forCode(code, text)
              .or(() -> forWrapped(text))
              .orElseGet(() -> forStatus(endpoint, status, kind, said)),
          kind,
          true);
    }
    return new AgentVerdict(somebodyElse(endpoint, status), FailureKind.MISCONFIGURED, false);
  }

  /**
   * Tells whether an answer of 200 is a failure in the shape that the instance metadata service
   * gives to one.
   *
   * @param answer an answer that has a field {@code Code}
   */
  static boolean isFailure(FlatJson answer) {
    return !answer.text("Code").orElse("").equalsIgnoreCase("Success");
  }

  /**
   * Starts the problem that the verdict tells of.
   *
   * @param summary what went wrong and where
   * @param account whose token was sent, where it is known
   */
  Problem.Builder problem(String summary, Optional<ServiceAccount> account) {
    Problem.Builder problem = Problems.of(cause.id, kind, summary);
    if (cause == Cause.NO_ASSOCIATION) {
      Remedies.addAssociation(problem, account);
    }
    return Remedies.add(problem, cause.steps);
  }

  /** Tells a code of EKS Auth in the agent's own format, or one of the ECS agent, from others. */
  private static boolean isOwn(AgentMessage.Raw raw, String code) {
    return !code.isEmpty()
        && (!raw.json() || ECS_REFUSALS.contains(code) || COME_AGAIN.contains(code));
  }

  private static Optional<Cause> forCode(String code, String text) {
    if (code.contains("PackedPolicy") || text.contains("PackedPolicy")) {
      return Optional.of(Cause.PACKED_POLICY);
    }
    return switch (code) {
      case "ResourceNotFoundException" ->
          Optional.of(
              text.toLowerCase(Locale.ROOT).contains(NO_CLUSTER)
                  ? Cause.UNKNOWN_CLUSTER
                  : Cause.NO_ASSOCIATION);
      case "AccessDeniedException" ->
          Optional.of(text.contains(Remedies.NODE_ACTION) ? Cause.NODE_ROLE : Cause.TRUST_POLICY);
      case "ExpiredTokenException", "InvalidTokenException" -> Optional.of(Cause.TOKEN_REFUSED);
      case "ThrottlingException" -> Optional.of(Cause.EKS_AUTH_THROTTLES);
      case "InvalidIdInRequest", "NoIdInRequest", "NoCredentialsAssociated" ->
          Optional.of(Cause.ECS_ID);
      case "CredentialsUninitialized" -> Optional.of(Cause.ECS_NOT_READY);
      default -> Optional.empty();
    };
  }

  private static Optional<Cause> forWrapped(String text) {
    for (String code : WRAPPED) {
      if (text.contains(code)) {
        return forCode(code, text);
      }
    }
    return Optional.empty();
  }

  private static Optional<Cause> forText(Text own, String text, String token) {
    return switch (own) {
      case NO_TOKEN -> Optional.of(Cause.NO_TOKEN_ARRIVED);
      case NO_JWT, BASIC_CLAIMS, CLAIMS, SIGNATURE -> {
        if (token.indexOf(' ') >= 0) {
          yield Optional.of(Cause.TOKEN_WITH_SCHEME);
        }
        yield Optional.of(
            text.contains("not valid yet") ? Cause.CLOCK_BEHIND : Cause.TOKEN_REFUSED);
      }
      case INVALID_ADDRESS -> Optional.of(Cause.AGENT_ADDRESS);
      case NO_SUCH_PATH -> Optional.of(Cause.AGENT_PATH);
      case TOO_MANY, NO_ANSWER, NOT_SERIALIZED -> Optional.empty();
    };
  }

  private static Cause forStatus(
      Endpoint endpoint, int status, FailureKind kind, AgentMessage said) {
    boolean agent = endpoint.isLikePodIdentity();
    if (status == 429) {
      return agent ? Cause.AGENT_THROTTLES : Cause.ENDPOINT_THROTTLES;
    }
    boolean mute = said.text().isEmpty() && said.requestId().isEmpty();
    if (agent && mute && status >= 502 && status <= 504) {
      return Cause.GATEWAY;
    }
    if (status >= 500) {
      return agent ? Cause.AGENT_FAILS : Cause.ENDPOINT_FAILS;
    }
    return kind == FailureKind.REJECTED ? Cause.UNKNOWN_REFUSAL : Cause.COME_AGAIN;
  }

  private static Cause somebodyElse(Endpoint endpoint, int status) {
    if (status >= 300 && status < 400) {
      return Cause.REDIRECT;
    }
    return endpoint.isLikePodIdentity() ? Cause.NOT_THE_AGENT : Cause.NOT_THE_ENDPOINT;
  }
}
