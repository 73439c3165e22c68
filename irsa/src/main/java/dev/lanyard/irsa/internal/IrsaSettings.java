package dev.lanyard.irsa.internal;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.runtime.Environment;
import dev.lanyard.runtime.Environment.Setting;
import java.nio.file.FileSystems;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * All that an exchange needs to know, read and checked.
 *
 * @param role the role to assume
 * @param tokenFile where to read the web identity token
 * @param tokenFileName the same as the setting gives it, for messages
 * @param sessionName the session's name
 * @param target who is asked
 * @param session the rest of what the application says
 * @param evidence all that decides whose credentials the exchange obtains, and all that it reads
 *     beside the token itself
 */
record IrsaSettings(
    RoleArn role,
    Path tokenFile,
    String tokenFileName,
    String sessionName,
    StsTarget target,
    SessionOptions session,
    Evidence evidence) {

  static final String LOOKED_FOR =
      "environment variables AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, system properties"
          + " aws.roleArn and aws.webIdentityTokenFile";

  private static final String INJECTION =
      "the EKS webhook adds neither variable to a container whose specification already has one of"
          + " them";

  /**
   * Reads the settings, the application's own first, then system properties, then environment
   * variables.
   *
   * @return the settings, empty if neither a role nor a token file is named
   * @throws InvalidSettingException if they cannot work
   */
  static Optional<IrsaSettings> read(Environment environment, IrsaOptions options)
      throws InvalidSettingException {
    Optional<Setting> roleSetting = environment.setting("aws.roleArn", "AWS_ROLE_ARN");
    Optional<Setting> fileSetting =
        environment.setting("aws.webIdentityTokenFile", "AWS_WEB_IDENTITY_TOKEN_FILE");
    boolean hasRole = options.role().isPresent() || roleSetting.isPresent();
    boolean hasFile = options.tokenFile().isPresent() || fileSetting.isPresent();
    if (!hasRole && !hasFile) {
      return Optional.empty();
    }
    if (!hasFile) {
      throw half(
          Problems.NO_TOKEN_FILE,
          roleSetting,
          "names a role, but AWS_WEB_IDENTITY_TOKEN_FILE is not set");
    }
    if (!hasRole) {
      throw half(
          Problems.NO_ROLE,
          fileSetting,
          "names a web identity token file, but AWS_ROLE_ARN is not set");
    }
    Given<RoleArn> role =
        options.role().isPresent()
            ? Given.inCode(options.role().get())
            : role(roleSetting.orElseThrow());
    Given<String> fileName =
        options.tokenFile().isPresent()
            ? Given.inCode(options.tokenFile().get().toString())
            : Given.by(fileSetting.orElseThrow());
    Path file =
        options.tokenFile().isPresent()
            ? options.tokenFile().get()
            : path(environment, fileSetting.orElseThrow());
    Given<String> sessionName = sessionName(environment, options.session());
    StsTarget target = StsTarget.read(environment, options.session(), role.value());
    return Optional.of(
        new IrsaSettings(
            role.value(),
            file,
            Texts.shown(fileName.value()),
            sessionName.value(),
            target,
            options.session(),
            evidence(role, file, fileName, sessionName, target, options.session())));
  }

  private static Evidence evidence(
      Given<RoleArn> role,
      Path file,
      Given<String> fileName,
      Given<String> sessionName,
      StsTarget target,
      SessionOptions session) {
    Evidence.Builder evidence = Evidence.builder();
    evidence.fact(Facts.ROLE, role.value().value(), role.origin());
    if (file.getFileSystem() == FileSystems.getDefault()) {
      // Two spellings of one path are one file; a root that the environment has is not shown.
      Facts.add(
          evidence,
          Facts.TOKEN_FILE,
          Texts.shown(Path.of(fileName.value()).toString()),
          file.toString(),
          fileName.origin());
    } else {
      // Paths of two file systems may have the same text.
      evidence.fact(Facts.TOKEN_FILE, Texts.shown(fileName.value()), fileName.origin());
      evidence.incomparable();
    }
    evidence.fact(Facts.SESSION_NAME, sessionName.value(), sessionName.origin());
    target.addTo(evidence);
    session.addTo(evidence);
    return evidence.build();
  }

  /** One of the two settings is there, and the other is not. */
  private static InvalidSettingException half(String id, Optional<Setting> setting, String lacks) {
    Problem.Builder problem =
        Problems.misconfigured(
            id, (setting.isPresent() ? setting.get().origin() : "the application") + " " + lacks);
    if (setting.isPresent()) {
      problem.fact(Facts.SETTING, setting.get().origin());
    }
    return new InvalidSettingException(
        problem
            .step("Set both or neither; " + INJECTION + ": remove it there and recreate the pod")
            .build());
  }

  @Override
  public String toString() {
    return "IrsaSettings[" + evidence + "]";
  }

  private static Given<RoleArn> role(Setting setting) throws InvalidSettingException {
    Optional<RoleArn> role = RoleArn.parse(setting.value());
    if (role.isEmpty()) {
      throw new InvalidSettingException(
          Problems.misconfigured(
                  Problems.ROLE_MALFORMED,
                  "the role ARN in "
                      + setting.origin()
                      + " "
                      + RoleArn.problem(setting.value()).orElse("is malformed"))
              .fact(Facts.SETTING, setting.origin())
              .step(
                  "Correct the annotation eks.amazonaws.com/role-arn of the service account, which"
                      + " the EKS webhook injects unchecked, and recreate the pod")
              .build());
    }
    return new Given<>(role.get(), setting.origin());
  }

  private static Path path(Environment environment, Setting setting)
      throws InvalidSettingException {
    if (WebIdentityToken.looksLikeOne(setting.value())) {
      // The value is not repeated, here or as the name of a file that does not exist.
      throw InvalidSettingException.of(
          Problems.TOKEN_AS_PATH,
          setting.origin(),
          "holds a token instead of the path of the token's file",
          "Set it to the path at which the token is mounted, and recreate the pod");
    }
    try {
      return environment.path(setting.value());
    } catch (InvalidPathException e) {
      // Without the cause: its message repeats the value.
      throw InvalidSettingException.of(
          Problems.NO_PATH,
          setting.origin(),
          "is not the path of a file",
          "Correct it and recreate the pod");
    }
  }

  private static Given<String> sessionName(Environment environment, SessionOptions options)
      throws InvalidSettingException {
    if (options.name().isPresent()) {
      return Given.inCode(options.name().get());
    }
    Optional<Setting> setting = environment.setting("aws.roleSessionName", "AWS_ROLE_SESSION_NAME");
    if (setting.isEmpty()) {
      return Given.inCode(SessionName.of(environment));
    }
    Optional<String> problem = SessionName.problem(setting.get().value());
    if (problem.isPresent()) {
      throw new InvalidSettingException(
          Problems.misconfigured(
                  Problems.SESSION_NAME_MALFORMED,
                  "the session name in " + setting.get().origin() + " " + problem.get())
              .fact(Facts.SETTING, setting.get().origin())
              .step("Correct it, or remove it: the default is made from the pod's name")
              .build());
    }
    return Given.by(setting.get());
  }
}
