package dev.lanyard.spi;

import java.util.Objects;

/**
 * What the environment says about one {@link CredentialsSource}. No case holds a secret, and all
 * texts are for people: they name variables, files, roles and hosts, never tokens.
 */
public sealed interface Detection {

  /**
   * The source is configured, as far as can be known without the network.
   *
   * @param exchange obtains the credentials
   * @param description what was found: "role arn:aws:iam::111122223333:role/orders, token file
   *     /var/run/secrets/eks.amazonaws.com/serviceaccount/token". It has to name all that decides
   *     whose credentials these are: in one process, sources of one name and one description share
   *     credentials
   */
  record Present(CredentialsExchange exchange, String description) implements Detection {
    /**
     * Checks that both parts are there.
     *
     * @param exchange obtains the credentials
     * @param description what was found
     */
    public Present {
      Objects.requireNonNull(exchange, "exchange");
      Objects.requireNonNull(description, "description");
    }

    @Override
    public String toString() {
      return "Present[" + description + "]";
    }
  }

  /**
   * Nothing in the environment speaks of the source.
   *
   * @param lookedFor what would have: "environment variables AWS_ROLE_ARN and
   *     AWS_WEB_IDENTITY_TOKEN_FILE"
   */
  record Absent(String lookedFor) implements Detection {
    /**
     * Checks that the part is there.
     *
     * @param lookedFor what would have spoken of the source
     */
    public Absent {
      Objects.requireNonNull(lookedFor, "lookedFor");
    }
  }

  /**
   * The source is meant to be used and cannot work. It stops the chain: no later source is tried,
   * so that the process never works as an identity that nobody chose.
   *
   * @param reason what is wrong, one sentence without the final stop
   * @param remedy what to do about it, one sentence without the final stop
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
