package dev.lanyard.spi;

import dev.lanyard.diagnosis.Evidence;
import java.util.Objects;
import java.util.Optional;

/**
 * What the environment says about one {@link CredentialsSource}. Immutable. No case holds a secret,
 * and all texts are for people: they name variables, files, roles and hosts, never tokens.
 */
public sealed interface Detection {

  /**
   * The source is configured, as far as that can be known without the network.
   *
   * @param exchange obtains the credentials
   * @param description what was found, for people: "role arn:aws:iam::111122223333:role/orders,
   *     token file /var/run/secrets/eks.amazonaws.com/serviceaccount/token"
   * @param evidence everything that decides whose credentials these are. In one process, sources
   *     with the same name and equal evidence share credentials; a source without evidence shares
   *     them with no other
   */
  record Present(CredentialsExchange exchange, String description, Optional<Evidence> evidence)
      implements Detection {
    /**
     * Checks that all parts are there.
     *
     * @param exchange obtains the credentials
     * @param description what was found
     * @param evidence all that decides whose credentials these are
     */
    public Present {
      Objects.requireNonNull(exchange, "exchange");
      Objects.requireNonNull(description, "description");
      Objects.requireNonNull(evidence, "evidence");
    }

    /**
     * Describes a source that has evidence of whose credentials these are.
     *
     * @param exchange obtains the credentials
     * @param description what was found, for people
     * @param evidence all that decides whose credentials these are
     */
    public Present(CredentialsExchange exchange, String description, Evidence evidence) {
      this(exchange, description, Optional.of(Objects.requireNonNull(evidence, "evidence")));
    }

    /**
     * Describes a source without evidence: its credentials are shared with no other provider.
     *
     * @param exchange obtains the credentials
     * @param description what was found, for people
     */
    public Present(CredentialsExchange exchange, String description) {
      this(exchange, description, Optional.empty());
    }

    @Override
    public String toString() {
      return "Present[" + description + "]";
    }
  }

  /**
   * The source is not configured: the environment names nothing that belongs to it.
   *
   * @param lookedFor what would have configured it: "environment variables AWS_ROLE_ARN and
   *     AWS_WEB_IDENTITY_TOKEN_FILE"
   */
  record Absent(String lookedFor) implements Detection {
    /**
     * Checks that the part is there.
     *
     * @param lookedFor what would have configured the source
     */
    public Absent {
      Objects.requireNonNull(lookedFor, "lookedFor");
    }
  }

  /**
   * The source is meant to be used, but cannot work. It stops the chain: no later source is tried,
   * so that the process never works as an identity that nobody chose.
   *
   * @param reason what is wrong, as one sentence without the full stop at its end
   * @param remedy what to do about it, as one sentence without the full stop at its end
   */
  record Broken(String reason, String remedy) implements Detection {
    /**
     * Checks that both parts are there.
     *
     * @param reason what is wrong
     * @param remedy what to do about it
     */
    public Broken {
      Objects.requireNonNull(reason, "reason");
      Objects.requireNonNull(remedy, "remedy");
    }
  }
}
