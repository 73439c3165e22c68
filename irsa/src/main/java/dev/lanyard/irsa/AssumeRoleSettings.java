package dev.lanyard.irsa;

import dev.lanyard.spi.Environment;
import dev.lanyard.spi.Environment.Setting;
import java.util.Optional;

/**
 * All that an exchange needs to know of the second role, read and checked.
 *
 * @param options what the application says
 * @param sessionName the session's name
 * @param location where STS is asked, empty if the application hands in a client of its own
 * @param proxy the proxy through which STS is asked, unless it does not lead to the endpoint
 */
record AssumeRoleSettings(
    AssumeRoleOptions options,
    String sessionName,
    Optional<StsLocation> location,
    Optional<HttpProxy> proxy) {

  /**
   * Reads what the application leaves to the environment.
   *
   * @throws InvalidSettingException if it cannot work
   */
  static AssumeRoleSettings read(Environment environment, AssumeRoleOptions options)
      throws InvalidSettingException {
    String sessionName =
        options
            .sessionName()
            .orElseGet(
                () ->
                    SessionName.of(
                        environment.variable("HOSTNAME").map(Setting::value).orElse("lanyard")));
    if (options.stsClient().isPresent()) {
      // A client of the application's own has its own proxy.
      return new AssumeRoleSettings(options, sessionName, Optional.empty(), Optional.empty());
    }
    return new AssumeRoleSettings(
        options,
        sessionName,
        Optional.of(location(environment, options)),
        HttpProxy.read(environment));
  }

  private static StsLocation location(Environment environment, AssumeRoleOptions options)
      throws InvalidSettingException {
    StsLocation location =
        StsLocation.read(environment, options.region(), options.endpoint(), options.role());
    if (location.endpoint().isPresent()
        && StsLocation.region(environment, options.region()).isEmpty()) {
      throw new InvalidSettingException(
          "an STS endpoint is given and no region, which the signature of the request has to name",
          "Set AWS_REGION to the region of the endpoint");
    }
    return location;
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
        + location.map(StsLocation::description).orElse("the application's own STS client")
        + proxy.map(through -> ", " + through.description()).orElse("");
  }

  @Override
  public String toString() {
    return "AssumeRoleSettings[" + description() + "]";
  }
}
