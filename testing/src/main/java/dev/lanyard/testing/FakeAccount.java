package dev.lanyard.testing;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The AWS account, and the others that there are: roles, OIDC providers, and the credentials that
 * were issued.
 */
final class FakeAccount {
  /** An optional path, and a name. Source: the pattern of RoleName and path in the IAM model. */
  private static final Pattern ROLE = Pattern.compile("(?:[\\w+=,.@-]+/)*([\\w+=,.@-]{1,64})");

  private final String id;
  private final InstantSource clock;
  private final Map<String, Role> roles = new ConcurrentHashMap<>();
  private final Map<String, IssuedCredentials> issued = new ConcurrentHashMap<>();

  private final Map<String, Provider> providers = new ConcurrentHashMap<>();

  /** What is still to be judged by the roles as they are. */
  private final List<Runnable> beforeChanges = new CopyOnWriteArrayList<>();

  /**
   * An IAM OIDC provider: an issuer that an account trusts, for some audiences.
   *
   * @param certificate the issuer's certificate whose thumbprint is configured, by its number
   */
  record Provider(FakeIssuer issuer, String arn, Set<String> clientIds, int certificate) {
    /** Whether the issuer still shows the certificate that is configured. */
    boolean hasTheThumbprint() {
      return certificate == issuer.certificate();
    }

    /** The first of the token's audiences that is a client id. */
    Optional<String> acceptedAudience(ServiceAccountToken token) {
      return token.audience().stream().filter(clientIds::contains).findFirst();
    }
  }

  FakeAccount(String id, InstantSource clock) {
    this.id = id;
    this.clock = clock;
  }

  String id() {
    return id;
  }

  /** Runs something before each change of a role. */
  void beforeChanges(Runnable last) {
    beforeChanges.add(last);
  }

  void forget(Runnable last) {
    beforeChanges.remove(last);
  }

  /** Creates a role, or changes the one of this name, which keeps its id. */
  Role role(String pathAndName, Duration maxSessionDuration, List<TrustPolicy> trust) {
    return role(id, pathAndName, maxSessionDuration, trust);
  }

  /** As above, in this account or another: whoever asks sees no difference but the number. */
  Role role(
      String accountId, String pathAndName, Duration maxSessionDuration, List<TrustPolicy> trust) {
    var parts = ROLE.matcher(pathAndName);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "IAM accepts no role " + pathAndName + ": write name, or path/name");
    }
    beforeChanges.forEach(Runnable::run);
    String name = parts.group(1);
    String arn = "arn:aws:iam::" + accountId + ":role/" + pathAndName;
    Role role =
        roles.compute(
            arn,
            (key, old) ->
                new Role(
                    arn,
                    accountId,
                    name,
                    old == null ? Ids.roleId() : old.id(),
                    maxSessionDuration,
                    List.copyOf(trust)));
    return role;
  }

  /** Creates an OIDC provider, or changes the one of this issuer in this account. */
  void register(String accountId, FakeIssuer issuer, Set<String> clientIds) {
    providers.put(
        accountId + " " + issuer.url(),
        new Provider(issuer, issuer.providerArn(accountId), clientIds, issuer.certificate()));
  }

  /** Whether there was one. */
  boolean unregister(String accountId, FakeIssuer issuer) {
    return providers.remove(accountId + " " + issuer.url()) != null;
  }

  Optional<Provider> provider(String accountId, String issuerUrl) {
    return Optional.ofNullable(providers.get(accountId + " " + issuerUrl));
  }

  Optional<Role> role(String arn) {
    return Optional.ofNullable(roles.get(arn));
  }

  /** Issues credentials now. */
  IssuedCredentials issue(
      Role role,
      String sessionName,
      Duration lifetime,
      @Nullable Duration chosen,
      SessionAttributes attributes) {
    return issue(clock.instant(), role, sessionName, lifetime, chosen, attributes);
  }

  /**
   * Issues credentials as of a moment. They expire on a whole second, as those of AWS do; a
   * lifetime that a test has chosen is kept to the millisecond, since it may be a few seconds long.
   */
  IssuedCredentials issue(
      Instant now,
      Role role,
      String sessionName,
      Duration lifetime,
      @Nullable Duration chosen,
      SessionAttributes attributes) {
    Instant expiration =
        chosen == null
            ? now.plus(lifetime).truncatedTo(ChronoUnit.SECONDS)
            : now.plus(chosen).truncatedTo(ChronoUnit.MILLIS);
    IssuedCredentials credentials =
        new IssuedCredentials(role, sessionName, expiration, attributes);
    issued.put(credentials.accessKeyId(), credentials);
    return credentials;
  }

  Optional<IssuedCredentials> issued(String accessKeyId) {
    return Optional.ofNullable(issued.get(accessKeyId));
  }
}
