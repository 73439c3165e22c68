package dev.lanyard.irsa.internal;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.runtime.Environment;
import java.util.Map;

/**
 * All that an exchange needs to know of the second role, read and checked.
 *
 * @param options what the application says
 * @param sessionName the session's name
 * @param target who is asked
 * @param origins the setting that an option came from, by the name of its fact
 */
record AssumeRoleSettings(
    AssumeRoleOptions options, String sessionName, StsTarget target, Map<String, String> origins) {

  /**
   * Reads what the application leaves to the environment.
   *
   * @throws InvalidSettingException if it cannot work
   */
  static AssumeRoleSettings read(Environment environment, AssumeRoleOptions options)
      throws InvalidSettingException {
    return read(environment, options, Map.of());
  }

  /**
   * The same for options that came from settings.
   *
   * @param origins the setting that an option came from, by the name of its fact
   * @throws InvalidSettingException if it cannot work
   */
  static AssumeRoleSettings read(
      Environment environment, AssumeRoleOptions options, Map<String, String> origins)
      throws InvalidSettingException {
    SessionOptions session = options.session();
    StsTarget target = StsTarget.read(environment, session, options.role());
    if (target.location().flatMap(StsLocation::endpoint).isPresent()
        && StsLocation.region(environment, session.region()).isEmpty()) {
      throw new InvalidSettingException(
          Problems.misconfigured(
                  Problems.NO_REGION_TO_SIGN_FOR,
                  "an STS endpoint is given and no region, which the signature of the request has"
                      + " to name")
              .fact(Facts.ROLE, options.role().value())
              .fact(
                  Facts.ENDPOINT,
                  target.location().flatMap(StsLocation::endpoint).orElseThrow().toString())
              .step("Set AWS_REGION to the region of the endpoint")
              .build());
    }
    return new AssumeRoleSettings(
        options,
        session.name().orElseGet(() -> SessionName.of(environment)),
        target,
        Map.copyOf(origins));
  }

  RoleArn role() {
    return options.role();
  }

  /** Adds all that is known of the second role's session: of tags it shows the keys alone. */
  void addTo(Evidence.Builder evidence) {
    evidence.fact(Facts.ROLE, role().value(), origins.get(Facts.ROLE));
    evidence.fact(Facts.SESSION_NAME, sessionName, origins.get(Facts.SESSION_NAME));
    if (options.externalId().isPresent()) {
      add(evidence, Facts.EXTERNAL_ID, options.externalId().get());
    }
    Map<String, String> tags = options.sessionTags();
    if (!tags.isEmpty()) {
      evidence.fact(
          Facts.SESSION_TAGS,
          Texts.shown(String.join(" ", tags.keySet())),
          origins.get(Facts.SESSION_TAGS));
      for (Map.Entry<String, String> tag : tags.entrySet()) {
        // Neither a key nor a value can hold a line break.
        evidence.hidden("session tag", tag.getKey() + "\n" + tag.getValue());
      }
    }
    if (!options.transitiveTagKeys().isEmpty()) {
      add(evidence, "transitive tag keys", String.join(" ", options.transitiveTagKeys()));
    }
    if (options.sourceIdentity().isPresent()) {
      evidence.fact("source identity", options.sourceIdentity().get());
    }
    target.addTo(evidence);
    options.session().addTo(evidence, origins.get(Facts.DURATION));
  }

  private void add(Evidence.Builder evidence, String name, String value) {
    Facts.add(evidence, name, Texts.shown(value), value, origins.get(name));
  }

  @Override
  public String toString() {
    Evidence.Builder evidence = Evidence.builder();
    addTo(evidence);
    return "AssumeRoleSettings[" + evidence.build() + "]";
  }
}
