package dev.lanyard.irsa.internal;

import dev.lanyard.diagnosis.Problem;
import dev.lanyard.spi.ExchangeContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Tells why {@code AssumeRole} gave no session credentials: what either role lacks. */
final class AssumeRoleFailures extends StsFailures {
  private final AssumeRoleOperation operation;
  private final AssumeRoleSettings settings;
  private final FirstHop first;

  AssumeRoleFailures(AssumeRoleOperation operation, ExchangeContext context, Asked asked) {
    super(operation.settings().role(), operation.target().client().isPresent(), context, asked);
    this.operation = operation;
    this.settings = operation.settings();
    this.first = operation.first();
  }

  @Override
  String who() {
    return first
        .roleArn()
        .map(arn -> "role " + arn + " (" + first.name() + ")")
        .orElseGet(() -> "the role of " + first.name());
  }

  @Override
  Optional<String> clean(String text) {
    return operation.clean(text);
  }

  @Override
  String id(StsReason reason) {
    return reason.ofSecondRole();
  }

  @Override
  void addKnown(StsReason reason, Problem.Builder problem) {
    problem.fact("first hop", first.name());
    first.roleArn().ifPresent(role -> problem.fact("first role", role.value()));
    if (reason.isOfTheCaller()) {
      problem.fact("access key id", operation.shownKeyId());
    }
  }

  @Override
  Optional<String> known(StsReason reason) {
    return reason.isOfTheCaller()
        ? Optional.of(
            "STS means the credentials of the first hop, access key id "
                + operation.shownKeyId()
                + (operation.othersMayHelp()
                    ? "; they are now being replaced"
                    : "; it refused the ones before as well"))
        : Optional.empty();
  }

  @Override
  boolean mayPass(StsReason reason) {
    return operation.othersMayHelp() && reason.isOfTheCaller();
  }

  @Override
  List<String> ownSteps(StsReason reason, String said) {
    return switch (reason) {
      case ACCESS_DENIED -> accessSteps(said);
      case SOURCE_IDENTITY_SET ->
          List.of(
              "The first session has a source identity, which stays the same in a role chain:"
                  + " leave it out here");
      case EXPIRED_TOKEN -> List.of(CLOCK);
      case UNKNOWN_KEY ->
          List.of(
              "Check that the endpoint is one of the partition that the first role belongs to, and"
                  + " that this region is enabled for its account");
      case WRONG_SIGNATURE, SIGNED_AT_WRONG_TIME ->
          List.of(
              CLOCK
                  + "; that no proxy changes the request; and that AWS_REGION is the region of the"
                  + " endpoint");
      case CHAINED_TOO_LONG ->
          List.of("Ask for one hour at most: a chained session lasts no longer");
      case TAG_PASSED_ON ->
          List.of(
              "The first session passes on a tag of this key, which cannot be set again: leave"
                  + " it out here. Pod Identity passes on six tags");
      case PACKED_POLICY_TOO_LARGE ->
          List.of(
              "Shorten the session policy, or pass fewer policy ARNs and session tags",
              "Tags that the first session passes on count too: the six of Pod Identity can be"
                  + " switched off at the association (disableSessionTags)");
      default -> List.of();
    };
  }

  private static final String CLOCK = "Check the node's clock";

  private List<String> accessSteps(String said) {
    Principal principal = principal(said);
    List<String> actions = actions(said);
    return List.of(
        "Check that role " + settings.role() + " exists",
        "Then both sides have to agree. The identity policies of "
            + principal.name()
            + " have to allow "
            + String.join(", ", actions)
            + " on "
            + settings.role(),
        "The trust policy of "
            + settings.role()
            + " has to admit it"
            + (principal.mayHavePath() ? " (with the path of the first role, if it has one)" : "")
            + ":\n"
            + statements(principal.name(), actions)
            + (settings.options().externalId().isEmpty()
                ? "\nIf the trust policy asks for an external id, pass it: none was sent."
                : "\nThe external id has to match exactly.")
            + " A change in IAM takes some seconds to take effect");
  }

  /**
   * Who a trust policy has to admit.
   *
   * @param mayHavePath whether it is a role whose path is not known
   */
  private record Principal(String name, boolean mayHavePath) {}

  /** The first role, as a trust policy names it, by the best that is known. */
  private Principal principal(String said) {
    Optional<RoleArn> known = first.roleArn();
    Optional<StsReason.Caller> caller = StsReason.caller(said);
    if (caller.isPresent()) {
      return known
          .filter(caller.get()::mayBe)
          .map(role -> new Principal(role.value(), false))
          .orElseGet(() -> new Principal(caller.get().arnWithoutPath(), known.isEmpty()));
    }
    return new Principal(
        known
            .map(RoleArn::value)
            .or(
                () ->
                    operation
                        .caller()
                        .accountId()
                        .map(id -> "arn:" + settings.role().partition() + ":iam::" + id + ":root"))
            .orElse("the first role"),
        false);
  }

  /** Source: IAM user guide, id_session-tags, id_credentials_temp_control-access_monitor. */
  private List<String> actions(String said) {
    List<String> actions = new ArrayList<>(List.of("sts:AssumeRole"));
    if (!settings.options().sessionTags().isEmpty()
        || StsReason.names(said, "sts:TagSession")
        || first.mayPassTagsAlong()) {
      actions.add("sts:TagSession");
    }
    if (settings.options().sourceIdentity().isPresent()
        || StsReason.names(said, "sts:SetSourceIdentity")) {
      actions.add("sts:SetSourceIdentity");
    }
    return actions;
  }

  /**
   * The external id is asked for where the role is assumed, and nowhere else: whether a request has
   * it where tags are judged is not documented, and neither of the other actions gives anything by
   * itself.
   */
  private String statements(String principal, List<String> actions) {
    Optional<String> externalId = settings.options().externalId();
    if (externalId.isEmpty() || actions.size() == 1) {
      return statement(principal, actions, externalId);
    }
    return statement(principal, actions.subList(0, 1), externalId)
        + ",\n"
        + statement(principal, actions.subList(1, actions.size()), Optional.empty());
  }

  private static String statement(
      String principal, List<String> actions, Optional<String> externalId) {
    String action =
        actions.size() == 1
            ? Texts.json(actions.get(0))
            : "[" + String.join(", ", actions.stream().map(Texts::json).toList()) + "]";
    return String.join(
        "\n",
        "{",
        "  \"Effect\": \"Allow\",",
        "  \"Principal\": {",
        "    \"AWS\": " + Texts.json(principal),
        "  },",
        "  \"Action\": "
            + action
            + externalId
                .map(
                    id ->
                        String.join(
                            "\n",
                            ",",
                            "  \"Condition\": {",
                            "    \"StringEquals\": {",
                            "      \"sts:ExternalId\": " + Texts.json(id),
                            "    }",
                            "  }"))
                .orElse(""),
        "}");
  }
}
