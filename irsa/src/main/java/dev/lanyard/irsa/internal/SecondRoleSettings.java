package dev.lanyard.irsa.internal;

import dev.lanyard.runtime.Environment;
import dev.lanyard.runtime.Environment.Setting;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The second role that settings name.
 *
 * @param options what they say
 * @param origins the setting that each option came from, by the name of its fact
 */
record SecondRoleSettings(AssumeRoleOptions options, Map<String, String> origins) {
  static final String LOOKED_FOR = "setting lanyard.assume.role";

  /**
   * Reads the settings. Blanks around a value do not count.
   *
   * @return empty if no second role is named
   * @throws InvalidSettingException if one of them cannot be used
   */
  static Optional<SecondRoleSettings> read(Environment environment) throws InvalidSettingException {
    Optional<Setting> role = environment.setting("lanyard.assume.role");
    if (role.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(new Reader(environment).read(role.get()));
  }

  /** Reads one setting after another, and keeps where each came from. */
  private static final class Reader {
    private final Environment environment;
    private final Map<String, String> origins = new HashMap<>();

    Reader(Environment environment) {
      this.environment = environment;
    }

    SecondRoleSettings read(Setting role) throws InvalidSettingException {
      String arn = role.value().strip();
      check(role, RoleArn.problem(arn));
      origins.put(Facts.ROLE, role.origin());
      Optional<Setting> externalId = find("lanyard.assume.externalid", Facts.EXTERNAL_ID);
      if (externalId.isPresent()) {
        check(externalId.get(), SessionRules.externalIdProblem(value(externalId.get())));
      }
      Optional<Setting> session = find("lanyard.assume.session", Facts.SESSION_NAME);
      if (session.isPresent()) {
        check(session.get(), SessionName.problem(value(session.get())));
      }
      Optional<Setting> duration = find("lanyard.assume.duration", Facts.DURATION);
      Optional<Setting> tags = find("lanyard.assume.tags", Facts.SESSION_TAGS);
      AssumeRoleOptions options =
          new AssumeRoleOptions(
              RoleArn.parse(arn).orElseThrow(),
              externalId.map(Reader::value),
              tags.isPresent() ? tags(tags.get()) : Map.of(),
              List.of(),
              Optional.empty(),
              SessionOptions.of(
                  session.map(Reader::value),
                  duration.isPresent() ? Optional.of(duration(duration.get())) : Optional.empty()));
      return new SecondRoleSettings(options, Map.copyOf(origins));
    }

    private Optional<Setting> find(String key, String fact) {
      Optional<Setting> setting = environment.setting(key);
      setting.ifPresent(found -> origins.put(fact, found.origin()));
      return setting;
    }

    private static String value(Setting setting) {
      return setting.value().strip();
    }

    private static Duration duration(Setting setting) throws InvalidSettingException {
      Duration duration;
      try {
        duration = Duration.parse(value(setting));
      } catch (DateTimeException e) {
        throw refused(setting, "must be a duration in the form of ISO 8601, such as PT30M");
      }
      check(
          setting,
          SessionRules.durationProblem(
              duration,
              SessionRules.MAX_CHAINED,
              ", the most that STS gives where roles are chained"));
      return duration;
    }

    /** Keys and values with an equals sign between them and commas after each but the last. */
    private static Map<String, String> tags(Setting setting) throws InvalidSettingException {
      // STS tells keys apart without regard to case. Source: the STS model, Tags.
      Map<String, String> tags = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      for (String tag : setting.value().split(",", -1)) {
        int equals = tag.indexOf('=');
        if (equals < 0) {
          throw refused(
              setting, "must be tags with commas between them, such as team=data,stage=a");
        }
        String key = tag.substring(0, equals).strip();
        String value = tag.substring(equals + 1).strip();
        Optional<String> problem = SessionRules.tagKeyProblem(key);
        if (problem.isPresent()) {
          throw refused(setting, "has a tag whose key " + problem.get());
        }
        problem = SessionRules.tagValueProblem(value);
        if (problem.isPresent()) {
          throw refused(setting, "has a tag whose value " + problem.get());
        }
        if (tags.put(key, value) != null) {
          throw refused(setting, "has a tag twice, in upper or lower case: " + key);
        }
      }
      if (tags.size() > SessionRules.MAX_TAGS) {
        throw refused(
            setting, "has more than " + SessionRules.MAX_TAGS + " tags, the most for STS");
      }
      return tags;
    }

    private static void check(Setting setting, Optional<String> problem)
        throws InvalidSettingException {
      if (problem.isPresent()) {
        throw refused(setting, problem.get());
      }
    }

    private static InvalidSettingException refused(Setting setting, String rule) {
      return new InvalidSettingException(
          Problems.misconfigured(Problems.ROLE_SETTING_MALFORMED, setting.origin() + " " + rule)
              .fact(Facts.SETTING, setting.origin())
              .fact(Facts.KEY, setting.name())
              .step("Correct it or remove it")
              .build());
    }
  }
}
