package dev.lanyard.spi;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import java.util.Objects;

/**
 * What the environment says about one {@link CredentialsSource}: that it is present, absent or
 * broken. Immutable. No {@code toString} shows a secret.
 *
 * @since 0.1
 */
public sealed interface Detection {

  /**
   * Says that the source is configured, as far as that can be known without the network.
   *
   * @param exchange obtains the credentials
   * @param evidence everything that decides whose credentials these are. In one process, sources
   *     with the same name and equal evidence share credentials
   * @return what was found
   */
  static Detection present(CredentialsExchange exchange, Evidence evidence) {
    return new Present(exchange, evidence);
  }

  /**
   * Says that the source is not configured: the environment names nothing that belongs to it.
   *
   * @param lookedFor what would have configured it, for people: "environment variables AWS_ROLE_ARN
   *     and AWS_WEB_IDENTITY_TOKEN_FILE"
   * @return what was found
   */
  static Detection absent(String lookedFor) {
    return new Absent(lookedFor);
  }

  /**
   * Says that the source is meant to be used, but cannot work. It stops the chain: no later source
   * is tried, so that the process never works as an identity that nobody chose.
   *
   * @param problem what is wrong, of the kind {@link FailureKind#MISCONFIGURED}
   * @return what was found
   * @throws IllegalArgumentException if the problem is of another kind
   */
  static Detection broken(Problem problem) {
    return new Broken(problem);
  }

  /**
   * The source is configured.
   *
   * @since 0.1
   */
  final class Present implements Detection {
    private final CredentialsExchange exchange;
    private final Evidence evidence;

    private Present(CredentialsExchange exchange, Evidence evidence) {
      this.exchange = Objects.requireNonNull(exchange, "exchange");
      this.evidence = Objects.requireNonNull(evidence, "evidence");
    }

    /**
     * Returns what obtains the credentials.
     *
     * @return the exchange
     */
    public CredentialsExchange exchange() {
      return exchange;
    }

    /**
     * Returns everything that decides whose credentials these are.
     *
     * @return the evidence
     */
    public Evidence evidence() {
      return evidence;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Present that
          && exchange.equals(that.exchange)
          && evidence.equals(that.evidence);
    }

    @Override
    public int hashCode() {
      return Objects.hash(exchange, evidence);
    }

    @Override
    public String toString() {
      return "Present[" + evidence + "]";
    }
  }

  /**
   * The source is not configured.
   *
   * @since 0.1
   */
  final class Absent implements Detection {
    private final String lookedFor;

    private Absent(String lookedFor) {
      this.lookedFor = Objects.requireNonNull(lookedFor, "lookedFor");
    }

    /**
     * Returns what would have configured the source.
     *
     * @return names of settings, for people
     */
    public String lookedFor() {
      return lookedFor;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Absent that && lookedFor.equals(that.lookedFor);
    }

    @Override
    public int hashCode() {
      return lookedFor.hashCode();
    }

    @Override
    public String toString() {
      return "Absent[" + lookedFor + "]";
    }
  }

  /**
   * The source is meant to be used, but cannot work.
   *
   * @since 0.1
   */
  final class Broken implements Detection {
    private final Problem problem;

    private Broken(Problem problem) {
      if (problem.kind() != FailureKind.MISCONFIGURED) {
        throw new IllegalArgumentException(
            "the problem of a broken source must be of kind MISCONFIGURED, not " + problem.kind());
      }
      this.problem = problem;
    }

    /**
     * Returns what is wrong, and what to do about it.
     *
     * @return the problem
     */
    public Problem problem() {
      return problem;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Broken that && problem.equals(that.problem);
    }

    @Override
    public int hashCode() {
      return problem.hashCode();
    }

    @Override
    public String toString() {
      return "Broken[" + problem + "]";
    }
  }
}
