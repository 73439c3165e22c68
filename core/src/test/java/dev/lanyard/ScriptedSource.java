package dev.lanyard;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsExchange;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.SessionCredentials;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** A source that answers as the test says, and counts how often it was asked. */
class ScriptedSource implements CredentialsSource, CredentialsExchange {
  static final String SECRET = "scripted/secret+key/DO-NOT-PRINT";
  static final String TOKEN = "scripted-session-token-DO-NOT-PRINT";

  /** What one exchange does. */
  interface Answer {
    SessionCredentials give(ExchangeContext context) throws ExchangeException, InterruptedException;
  }

  private final String name;
  private final int precedence;
  private final AtomicInteger exchanges = new AtomicInteger();
  private volatile Answer answer = context -> credentials("A", context.now().plusSeconds(3600));
  private volatile Detection detection =
      Found.unshared(this, "arn:aws:iam::111122223333:role/scripted");
  private volatile Supplier<Optional<Path>> tokenFile = Optional::empty;

  ScriptedSource() {
    this("scripted", 1);
  }

  ScriptedSource(String name, int precedence) {
    this.name = name;
    this.precedence = precedence;
  }

  static SessionCredentials credentials(String keyId, Instant expiration) {
    return sessionCredentials(keyId, expiration).build();
  }

  static SessionCredentials.Builder sessionCredentials(String keyId, Instant expiration) {
    return SessionCredentials.builder()
        .accessKeyId(keyId)
        .secretAccessKey(SECRET + keyId)
        .sessionToken(TOKEN + keyId)
        .expiration(expiration);
  }

  /** Credentials in hand that nobody has dated. */
  static Held held(SessionCredentials credentials, long now, long nanos) {
    return Held.of(
        new Origin.Source("scripted", 0),
        credentials,
        Due.at(Schedule.millis(credentials.expiration()), now, nanos),
        new Held.Life(
            0,
            false,
            Duration.ofHours(12).toMillis(),
            Held.Life.clocksApart(now, nanos),
            Schedule.millis(credentials.expiration()) - now,
            Optional.empty()));
  }

  @SuppressWarnings("NullAway") // What a source returns that breaks its contract.
  static SessionCredentials nothing() {
    return null;
  }

  static ExchangeException failure(FailureKind kind, String message) {
    return ExchangeException.builder(kind, message).build();
  }

  /** Answers with credentials of this key id and lifetime from now on. */
  ScriptedSource answers(String keyId, Duration lifetime) {
    return does(context -> credentials(keyId, context.now().plus(lifetime)));
  }

  ScriptedSource fails(FailureKind kind, String message) {
    return does(
        context -> {
          throw failure(kind, message);
        });
  }

  ScriptedSource does(Answer answer) {
    this.answer = answer;
    return this;
  }

  ScriptedSource detects(Detection detection) {
    this.detection = detection;
    return this;
  }

  ScriptedSource readsTokenFrom(Path file) {
    this.tokenFile = () -> Optional.of(file);
    return this;
  }

  ScriptedSource namesItsTokenFileBy(Supplier<Optional<Path>> tokenFile) {
    this.tokenFile = tokenFile;
    return this;
  }

  ScriptedSource failsToNameItsTokenFile() {
    this.tokenFile =
        () -> {
          throw new IllegalStateException("no token file can be named");
        };
    return this;
  }

  int exchanges() {
    return exchanges.get();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int precedence() {
    return precedence;
  }

  @Override
  public Detection detect(Environment environment) {
    return detection;
  }

  @Override
  public SessionCredentials exchange(ExchangeContext context)
      throws ExchangeException, InterruptedException {
    exchanges.incrementAndGet();
    return answer.give(context);
  }

  @Override
  public Optional<Path> tokenFile() {
    return tokenFile.get();
  }
}
