package dev.lanyard.irsa.internal;

import dev.lanyard.runtime.Environment;

/**
 * All that an exchange needs to know of the second role, read and checked.
 *
 * @param options what the application says
 * @param sessionName the session's name
 * @param target who is asked
 */
record AssumeRoleSettings(AssumeRoleOptions options, String sessionName, StsTarget target) {

  /**
   * Reads what the application leaves to the environment.
   *
   * @throws InvalidSettingException if it cannot work
   */
  static AssumeRoleSettings read(Environment environment, AssumeRoleOptions options)
      throws InvalidSettingException {
    SessionOptions session = options.session();
    StsTarget target = StsTarget.read(environment, session, options.role());
    if (target.location().flatMap(StsLocation::endpoint).isPresent()
        && StsLocation.region(environment, session.region()).isEmpty()) {
      throw new InvalidSettingException(
          "an STS endpoint is given and no region, which the signature of the request has to name",
          "Set AWS_REGION to the region of the endpoint");
    }
    return new AssumeRoleSettings(
        options, session.name().orElseGet(() -> SessionName.of(environment)), target);
  }

  RoleArn role() {
    return options.role();
  }

  /** Says it to people: names, and no values of tags. */
  String description() {
    return "role "
        + role()
        + ", session name "
        + sessionName
        + options.externalId().map(id -> ", external id " + Texts.shown(id)).orElse("")
        + (options.sessionTags().isEmpty()
            ? ""
            : ", session tags " + Texts.shown(String.join(" ", options.sessionTags().keySet())))
        + options.sourceIdentity().map(who -> ", source identity " + who).orElse("")
        + ", "
        + target.description();
  }

  @Override
  public String toString() {
    return "AssumeRoleSettings[" + description() + "]";
  }
}
