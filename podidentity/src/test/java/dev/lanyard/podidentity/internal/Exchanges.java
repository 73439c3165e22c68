package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** Exchanges against a URI, and what is asked of their failures. */
final class Exchanges {
  private Exchanges() {}

  static final Duration LONGEST = Duration.ofHours(6);

  private static final String VARIABLE = "AWS_CONTAINER_AUTHORIZATION_TOKEN";

  static AuthorizationToken token(String token) {
    return new AuthorizationToken.Value(
        Environment.of(Map.of(VARIABLE, token)).variable(VARIABLE).orElseThrow());
  }

  /** As the process is configured. */
  static Tls tls() {
    return Tls.of(Environment.system());
  }

  static AgentExchange with(String uri, String token) {
    return with(uri, token, Names.of(Map.of()));
  }

  static AgentExchange with(String uri, String token, HostResolver names) {
    try {
      return new AgentExchange(Endpoint.full(uri, "the URI"), token(token), tls(), LONGEST, names);
    } catch (Misconfiguration e) {
      throw new AssertionError(e.problem().toString(), e);
    }
  }

  static ExchangeException failure(String uri) {
    return failure(with(uri, Tokens.TOKEN), new TestContext());
  }

  static ExchangeException failure(AgentExchange exchange, ExchangeContext context) {
    ExchangeException failure =
        catchThrowableOfType(ExchangeException.class, () -> exchange.exchange(context));
    if (failure == null) {
      throw new AssertionError("the exchange succeeded");
    }
    return failure;
  }

  /** All that anybody could read of a failure: messages, causes, facts, remedy. */
  static String everythingIn(ExchangeException failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text, true));
    return text.toString()
        + failure.problem()
        + failure.problem().facts()
        + failure.problem().steps()
        + failure.remedy().orElse("")
        + failure.code().orElse("")
        + failure.requestId().orElse("");
  }

  /** A resolver that knows these names and reads addresses, and counts its look-ups. */
  static final class Names implements HostResolver {
    private final Map<String, String[]> addresses;
    private final AtomicInteger lookUps = new AtomicInteger();

    private Names(Map<String, String[]> addresses) {
      this.addresses = addresses;
    }

    static Names of(Map<String, String[]> addresses) {
      return new Names(addresses);
    }

    int lookUps() {
      return lookUps.get();
    }

    @Override
    public InetAddress[] resolve(String host) throws UnknownHostException {
      lookUps.incrementAndGet();
      String[] known = addresses.get(host);
      if (known == null && !host.matches("[0-9a-fA-F:.]+")) {
        throw new UnknownHostException(host);
      }
      if (known == null) {
        return new InetAddress[] {InetAddress.getByName(host)};
      }
      InetAddress[] result = new InetAddress[known.length];
      for (int i = 0; i < known.length; i++) {
        result[i] = InetAddress.getByName(known[i]);
      }
      return result;
    }
  }
}
