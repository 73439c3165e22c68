package dev.lanyard.irsa.internal;

import dev.lanyard.diagnosis.Evidence;
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
 */
record IrsaSettings(
    RoleArn role,
    Path tokenFile,
    String tokenFileName,
    String sessionName,
    StsTarget target,
    SessionOptions session) {

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
      throw new InvalidSettingException(
          roleSetting.map(Setting::origin).orElse("the application")
              + " names a role, but AWS_WEB_IDENTITY_TOKEN_FILE is not set",
          "Set both or neither; " + INJECTION + ": remove it there and recreate the pod");
    }
    if (!hasRole) {
      throw new InvalidSettingException(
          fileSetting.map(Setting::origin).orElse("the application")
              + " names a web identity token file, but AWS_ROLE_ARN is not set",
          "Set both or neither; " + INJECTION + ": remove it there and recreate the pod");
    }
    RoleArn role =
        options.role().isPresent() ? options.role().get() : role(roleSetting.orElseThrow());
    String fileName =
        options.tokenFile().isPresent()
            ? options.tokenFile().get().toString()
            : fileSetting.orElseThrow().value();
    Path file =
        options.tokenFile().isPresent()
            ? options.tokenFile().get()
            : path(environment, fileSetting.orElseThrow());
    return Optional.of(
        new IrsaSettings(
            role,
            file,
            Texts.shown(fileName),
            sessionName(environment, options.session()),
            StsTarget.read(environment, options.session(), role),
            options.session()));
  }

  /** Says it to people. */
  String description() {
    return "role "
        + role
        + ", token file "
        + tokenFileName
        + ", session name "
        + sessionName
        + ", "
        + target.description();
  }

  /**
   * Returns all that decides whose credentials the exchange obtains, and all that it reads beside
   * the token itself; empty if that cannot be told in facts, as of a client of the application.
   */
  Optional<Evidence> evidence() {
    // Paths of two file systems may have the same text.
    if (target.client().isPresent() || tokenFile.getFileSystem() != FileSystems.getDefault()) {
      return Optional.empty();
    }
    Evidence.Builder evidence =
        Evidence.builder()
            .fact("role", role.value())
            .fact("token file", tokenFile.toString())
            .fact("session name", sessionName);
    target.addTo(evidence);
    session.addTo(evidence);
    return Optional.of(evidence.build());
  }

  @Override
  public String toString() {
    return "IrsaSettings[" + description() + "]";
  }

  private static RoleArn role(Setting setting) throws InvalidSettingException {
    Optional<RoleArn> role = RoleArn.parse(setting.value());
    if (role.isEmpty()) {
      throw new InvalidSettingException(
          "the role ARN in "
              + setting.origin()
              + " "
              + RoleArn.problem(setting.value()).orElse("is malformed"),
          "Correct the annotation eks.amazonaws.com/role-arn of the service account, which the EKS"
              + " webhook injects unchecked, and recreate the pod");
    }
    return role.get();
  }

  private static Path path(Environment environment, Setting setting)
      throws InvalidSettingException {
    if (WebIdentityToken.looksLikeOne(setting.value())) {
      // The value is not repeated, here or as the name of a file that does not exist.
      throw new InvalidSettingException(
          setting.origin() + " holds a token instead of the path of the token's file",
          "Set it to the path at which the token is mounted, and recreate the pod");
    }
    try {
      return environment.path(setting.value());
    } catch (InvalidPathException e) {
      // Without the cause: its message repeats the value.
      throw new InvalidSettingException(
          setting.origin() + " is not the path of a file", "Correct it and recreate the pod");
    }
  }

  private static String sessionName(Environment environment, SessionOptions options)
      throws InvalidSettingException {
    if (options.name().isPresent()) {
      return options.name().get();
    }
    Optional<Setting> setting = environment.setting("aws.roleSessionName", "AWS_ROLE_SESSION_NAME");
    if (setting.isEmpty()) {
      return SessionName.of(environment);
    }
    Optional<String> problem = SessionName.problem(setting.get().value());
    if (problem.isPresent()) {
      throw new InvalidSettingException(
          "the session name in " + setting.get().origin() + " " + problem.get(),
          "Correct it, or remove it: the default is made from the pod's name");
    }
    return setting.get().value();
  }
}
