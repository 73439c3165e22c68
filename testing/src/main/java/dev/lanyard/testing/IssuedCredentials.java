package dev.lanyard.testing;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * One set of session credentials that the fake STS or the fake agent has handed out: what a fake of
 * another service needs in order to verify a signature made with them. Immutable. {@link #toString}
 * shows the last four characters of the access key id, never the secret access key or the session
 * token.
 *
 * @since 0.1
 */
public final class IssuedCredentials {
  private final String accessKeyId;
  private final String secretAccessKey;
  private final String sessionToken;
  private final Instant expiration;
  private final String accountId;
  private final String assumedRoleArn;
  private final String assumedRoleId;
  private final String roleArn;
  private final SessionAttributes attributes;

  IssuedCredentials(
      Role role, String sessionName, Instant expiration, SessionAttributes attributes) {
    this.accessKeyId = Ids.accessKeyId();
    this.secretAccessKey = Ids.secretAccessKey();
    this.sessionToken = Ids.sessionToken();
    this.expiration = expiration;
    this.accountId = role.accountId();
    // The role's path is not part of it. Source: IAM user guide, reference_identifiers.
    this.assumedRoleArn =
        "arn:aws:sts::" + accountId + ":assumed-role/" + role.name() + "/" + sessionName;
    this.assumedRoleId = role.id() + ":" + sessionName;
    this.roleArn = role.arn();
    this.attributes = attributes;
  }

  /**
   * Returns the access key id.
   *
   * @return twenty characters that begin with {@code ASIA}
   */
  public String accessKeyId() {
    return accessKeyId;
  }

  /**
   * Returns the secret access key.
   *
   * @return the secret access key: never print it
   */
  public String secretAccessKey() {
    return secretAccessKey;
  }

  /**
   * Returns the session token, which a signed request carries as {@code x-amz-security-token}.
   *
   * @return the session token: never print it
   */
  public String sessionToken() {
    return sessionToken;
  }

  /**
   * Returns when the credentials expire, by the clock of the {@link FakeEks} that issued them.
   *
   * @return the expiration
   */
  public Instant expiration() {
    return expiration;
  }

  /**
   * Returns the account of the role.
   *
   * @return twelve digits
   */
  public String accountId() {
    return accountId;
  }

  /**
   * Returns who the holder is.
   *
   * @return {@code arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION}
   */
  public String assumedRoleArn() {
    return assumedRoleArn;
  }

  /**
   * Returns the session tags. Pod Identity sets six of them, web identity none, and a role that is
   * assumed with these credentials inherits the transitive ones.
   *
   * @return values by name, such as {@code kubernetes-namespace}; does not change
   */
  public Map<String, String> sessionTags() {
    return attributes.tags();
  }

  /**
   * Returns those session tags that go along when another role is assumed with these credentials.
   *
   * @return values by name; does not change
   */
  public Map<String, String> transitiveTags() {
    return attributes.transitiveTags();
  }

  /**
   * Returns the source identity, which stays the same in all sessions of a role chain.
   *
   * @return the value, empty if none was set
   */
  public Optional<String> sourceIdentity() {
    return attributes.sourceIdentity();
  }

  /** The role itself, with its path. */
  String roleArn() {
    return roleArn;
  }

  String assumedRoleId() {
    return assumedRoleId;
  }

  @Override
  public String toString() {
    return "IssuedCredentials[****"
        + accessKeyId.substring(accessKeyId.length() - 4)
        + ", "
        + assumedRoleArn
        + ", expires "
        + expiration
        + "]";
  }
}
