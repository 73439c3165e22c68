package dev.lanyard.irsa.internal;

import dev.lanyard.RefreshPolicy;
import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.runtime.Environment;
import dev.lanyard.runtime.Time;
import dev.lanyard.spi.CredentialsExchange;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import dev.lanyard.spi.SessionCredentials;
import java.time.Duration;
import java.time.Instant;

/** A first provider whose source does what a test says. */
public final class ScriptedFirst extends RefreshingCredentialsProvider {
  static final String SECRET_ACCESS_KEY = "FIRSTSECRETwJalrXUtnFEMIK7MDENGbPxRfiCYEX";
  static final String SESSION_TOKEN = "FIRSTTOKENFwoGZXIvYXdzEBYaDEXAMPLE/OF+THE+FIRST==";

  private ScriptedFirst(CredentialsSource source, Options options) {
    super(source, options);
  }

  static ScriptedFirst of(CredentialsExchange exchange) {
    return of(exchange, RefreshPolicy.defaults());
  }

  static ScriptedFirst of(CredentialsExchange exchange, RefreshPolicy policy) {
    return new ScriptedFirst(new Source(exchange), new Options().refreshPolicy(policy));
  }

  static ScriptedFirst of(CredentialsExchange exchange, RefreshPolicy policy, Time time) {
    return new ScriptedFirst(new Source(exchange), new Options().refreshPolicy(policy).time(time));
  }

  /** Always has credentials of this id, for another hour. */
  public static ScriptedFirst giving(String accessKeyId) {
    return of(context -> credentials(accessKeyId, Duration.ofHours(1)));
  }

  /** As {@link #giving}, of a source with this name and this evidence. */
  static ScriptedFirst found(String source, Evidence evidence) {
    CredentialsExchange exchange =
        context -> credentials("ASIAFIRST00000000001", Duration.ofHours(1));
    return new ScriptedFirst(new Source(source, exchange, evidence), new Options());
  }

  static SessionCredentials credentials(String accessKeyId, Duration lifetime) {
    return SessionCredentials.builder()
        .accessKeyId(accessKeyId)
        .secretAccessKey(SECRET_ACCESS_KEY)
        .sessionToken(SESSION_TOKEN)
        .accountId("111122223333")
        .expiration(Instant.now().plus(lifetime))
        .build();
  }

  private record Source(String name, CredentialsExchange exchange, Evidence evidence)
      implements CredentialsSource {
    Source(CredentialsExchange exchange) {
      this("scripted", exchange, Evidence.builder().fact("by", "a script").build());
    }

    @Override
    public int precedence() {
      return 1;
    }

    @Override
    public Detection detect(Environment environment) {
      return Detection.present(exchange, evidence);
    }
  }

  private static final class Options extends Builder<Options> {
    @Override
    protected Options self() {
      return this;
    }
  }
}
