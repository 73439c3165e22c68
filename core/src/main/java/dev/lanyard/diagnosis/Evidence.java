package dev.lanyard.diagnosis;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/**
 * What a {@link CredentialsSource} found in the environment, as ordered named facts: the role, the
 * token file, the endpoint, and whatever else decides whose credentials an exchange obtains.
 *
 * <p>Equal evidence means equal identity: providers of one process whose sources have the same name
 * and equal evidence share their credentials. Everything that the exchange reads belongs in it.
 *
 * <p>Some facts are hidden, such as a path that is as good as a password: they count in equality,
 * but nothing shows them. Only a digest of a hidden value is kept, made with a random key of this
 * process, so that it can be neither reversed nor compared outside the process.
 *
 * <p>Immutable and safe for use by many threads.
 */
public final class Evidence {
  /** Every Java platform has it. Source: java.security.MessageDigest. */
  private static final String DIGEST = "SHA-256";

  private final List<Fact> facts;

  private Evidence(List<Fact> facts) {
    this.facts = List.copyOf(facts);
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
   * Tells whether other evidence has the same facts in the same order, including the hidden ones.
   *
   * @param other what to compare with
   * @return whether the two are evidence of the same identity
   */
  @Override
  public boolean equals(Object other) {
    return other instanceof Evidence that && facts.equals(that.facts);
  }

  @Override
  public int hashCode() {
    return facts.hashCode();
  }

  /** Writes the facts that may be shown, for a person to read. Nothing may parse it. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Fact fact : facts) {
      if (!fact.hidden()) {
        text.append(text.length() == 0 ? "" : ", ")
            .append(fact.name())
            .append(' ')
            .append(fact.value());
      }
    }
    return text.toString();
  }

  /** One fact; of a hidden one the value is a digest. */
  private record Fact(String name, String value, boolean hidden) {}

  /** Builds {@link Evidence}. Not for use by more than one thread. */
  public static final class Builder {
    private final List<Fact> facts = new ArrayList<>();

    private Builder() {}

    /**
     * Adds a fact that may be shown.
     *
     * @param name what it is, such as {@code role}
     * @param value its value, which holds no secret
     * @return this builder
     */
    public Builder fact(String name, String value) {
      facts.add(
          new Fact(
              Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"), false));
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
      facts.add(
          new Fact(
              Objects.requireNonNull(name, "name"),
              Digest.of(Objects.requireNonNull(value, "value")),
              true));
      return this;
    }

    /**
     * Builds the evidence.
     *
     * @return evidence of the facts added so far, which later ones do not change
     */
    public Evidence build() {
      return new Evidence(facts);
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
