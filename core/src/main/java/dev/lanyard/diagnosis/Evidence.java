package dev.lanyard.diagnosis;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a source of credentials found in the environment, as ordered named facts: the role, the
 * token file, the endpoint, the region, which setting each came from, and whatever else decides
 * whose credentials an exchange obtains.
 *
 * <p>Equal evidence means equal identity: providers of one process whose sources have the same name
 * and equal evidence share their credentials. Everything that the exchange reads belongs in it. The
 * settings that the values came from do not count: the same role is the same identity wherever it
 * is written.
 *
 * <p>Some facts are hidden, such as a path that is as good as a password: they count in equality,
 * but nothing shows them. Only a digest of a hidden value is kept, made with a random key of this
 * process, so that it can be neither reversed nor compared outside the process.
 *
 * <p>Where facts cannot describe everything, such as when the application passes a client or a
 * supplier, the evidence is {@linkplain Builder#incomparable incomparable}: it equals nothing but
 * itself.
 *
 * <p>Later versions may add facts. Immutable and safe for use by many threads.
 *
 * @since 0.1
 */
public final class Evidence {
  /** The name of the first fact of a {@link #basis}, whose value is the name of its source. */
  public static final String SOURCE = "source";

  /** Every Java platform has it. Source: java.security.MessageDigest. */
  private static final String DIGEST = "SHA-256";

  private final List<Fact> facts;
  private final @Nullable Evidence basis;
  private final boolean comparable;

  private Evidence(List<Fact> facts, @Nullable Evidence basis, boolean comparable) {
    this.facts = List.copyOf(facts);
    this.basis = basis;
    this.comparable = comparable;
  }

  /**
   * Starts evidence with no facts.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns the facts.
   *
   * @return all facts in their order; those that are hidden have no value
   */
  public List<Fact> facts() {
    return facts;
  }

  /**
   * Returns the value of a fact.
   *
   * @param name the fact's name, such as {@code role}
   * @return the value of the first fact of that name; empty if there is none, or if it is hidden
   */
  public Optional<String> fact(String name) {
    return Problem.value(facts, name);
  }

  /**
   * Returns the evidence of the credentials that these are obtained with, where roles are chained.
   *
   * @return the evidence of the first source, which begins with the fact {@link #SOURCE}; empty if
   *     no other credentials are needed
   */
  public Optional<Evidence> basis() {
    return Optional.ofNullable(basis);
  }

  /**
   * Tells whether equal evidence means equal identity.
   *
   * @return false if this equals nothing but itself
   */
  public boolean isComparable() {
    return comparable;
  }

  /**
   * Tells whether other evidence has the same facts in the same order, including the hidden ones,
   * and the same basis.
   *
   * @param other what to compare with
   * @return whether the two are evidence of the same identity
   */
  @Override
  public boolean equals(Object other) {
    return this == other
        || (other instanceof Evidence that
            && comparable
            && that.comparable
            && facts.equals(that.facts)
            && Objects.equals(basis, that.basis));
  }

  @Override
  public int hashCode() {
    return Objects.hash(facts, basis);
  }

  /** Writes the facts that may be shown, for a person to read. Nothing may parse it. */
  @Override
  public String toString() {
    return describe(0);
  }

  private String describe(int from) {
    StringBuilder text = new StringBuilder();
    for (Fact fact : facts.subList(from, facts.size())) {
      if (fact.value().isPresent()) {
        text.append(text.length() == 0 ? "" : ", ").append(fact);
      }
    }
    if (basis != null) {
      text.append(text.length() == 0 ? "" : ", ")
          .append("with the credentials of ")
          .append(basis.fact(SOURCE).orElse("another source"));
      String rest = basis.describe(1);
      if (!rest.isEmpty()) {
        text.append(" (").append(rest).append(')');
      }
    }
    return text.toString();
  }

  /**
   * Builds {@link Evidence}. Not for use by more than one thread.
   *
   * @since 0.1
   */
  public static final class Builder {
    private final List<Fact> facts = new ArrayList<>();
    private @Nullable Evidence basis;
    private boolean comparable = true;

    private Builder() {}

    /**
     * Adds a fact that may be shown and is a default, was derived, or was given in code.
     *
     * @param name what it is, such as {@code role}
     * @param value its value, which holds no secret
     * @return this builder
     */
    public Builder fact(String name, String value) {
      return fact(name, value, null);
    }

    /**
     * Adds a fact that may be shown.
     *
     * @param name what it is, such as {@code role}
     * @param value its value, which holds no secret
     * @param origin the setting that the value came from, such as {@code environment variable
     *     AWS_ROLE_ARN}; null if there is none
     * @return this builder
     */
    public Builder fact(String name, String value, @Nullable String origin) {
      facts.add(Fact.shown(name, value, origin));
      return this;
    }

    /**
     * Adds a fact that counts in equality and is never shown. The value itself is not kept.
     *
     * @param name what it is, such as {@code authorization token}
     * @param value its value, which may be a secret
     * @return this builder
     */
    public Builder hidden(String name, String value) {
      return hidden(name, value, null);
    }

    /**
     * Adds a fact that counts in equality and is never shown. The value itself is not kept.
     *
     * @param name what it is, such as {@code authorization token}
     * @param value its value, which may be a secret
     * @param origin the setting that the value came from; null if there is none
     * @return this builder
     */
    public Builder hidden(String name, String value, @Nullable String origin) {
      facts.add(Fact.hidden(name, Digest.of(Objects.requireNonNull(value, "value")), origin));
      return this;
    }

    /**
     * Says which credentials are used to obtain these, where roles are chained.
     *
     * @param source the name of the first source
     * @param evidence the first source's own evidence
     * @return this builder
     */
    public Builder basedOn(String source, Evidence evidence) {
      List<Fact> first = new ArrayList<>();
      first.add(Fact.shown(SOURCE, source, null));
      first.addAll(evidence.facts);
      this.basis = new Evidence(first, evidence.basis, evidence.comparable);
      return this;
    }

    /**
     * Says that facts cannot describe everything that decides whose credentials these are: no other
     * evidence equals this one, and no provider shares its credentials.
     *
     * @return this builder
     */
    public Builder incomparable() {
      this.comparable = false;
      return this;
    }

    /**
     * Builds the evidence.
     *
     * @return evidence of what was added so far, which later additions do not change
     */
    public Evidence build() {
      return new Evidence(facts, basis, comparable && (basis == null || basis.comparable));
    }
  }

  /** Loaded by the first hidden fact: most processes have none. */
  private static final class Digest {
    private static final byte[] KEY = key();

    static String of(String value) {
      try {
        MessageDigest digest = MessageDigest.getInstance(DIGEST);
        digest.update(KEY);
        return HexFormat.of().formatHex(digest.digest(value.getBytes(StandardCharsets.UTF_8)));
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("this Java platform lacks " + DIGEST, e);
      }
    }

    private static byte[] key() {
      byte[] key = new byte[32];
      new SecureRandom().nextBytes(key);
      return key;
    }
  }
}
