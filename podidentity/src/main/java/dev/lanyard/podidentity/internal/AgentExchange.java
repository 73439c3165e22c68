package dev.lanyard.podidentity.internal;

import dev.lanyard.diagnosis.FailureKind;
import dev.lanyard.diagnosis.Problem;
import dev.lanyard.spi.CredentialsExchange;
import dev.lanyard.spi.ExchangeContext;
import dev.lanyard.spi.ExchangeException;
import dev.lanyard.spi.Redaction;
import dev.lanyard.spi.SessionCredentials;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.NoHttpResponseException;
import org.apache.hc.core5.http.TruncatedChunkException;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;
import org.jspecify.annotations.Nullable;

/**
 * One request to the agent. Makes its own connection and closes it; keeps nothing between attempts
 * but where to ask and where the token is.
 *
 * <p>In this package too, what runs before the first credentials are there has loops and conditions
 * where elsewhere there are streams and lambdas, which cost a process that has just started more.
 *
 * <p>The request is {@code GET} with the token as the whole value of {@code Authorization}. No
 * redirect is followed, no proxy asked, no cookie kept, no compression offered, nothing sent twice.
 * Immutable; the engine runs one attempt at a time, but several would not disturb each other.
 */
final class AgentExchange implements CredentialsExchange {

  /** A link-local address answers at once or not at all. The AWS SDK for Rust waits as long. */
  static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

  /**
   * An agent with a cold cache makes up to three attempts of a second each at EKS Auth, and drops
   * its own call when its client goes away. Source: aws/eks-pod-identity-agent,
   * internal/cloud/eksauth; its issue 50.
   */
  static final Duration MIN_READ_TIMEOUT = Duration.ofSeconds(5);

  private final Endpoint endpoint;
  private final AuthorizationToken authorization;
  private final Tls tls;
  private final Duration longestLife;
  private final HostResolver names;

  /**
   * @param endpoint where to ask
   * @param authorization the token to send
   * @param tls secures the connection where the endpoint asks for it
   * @param longestLife the longest life that credentials of the endpoint can have
   * @param names resolves the endpoint's host
   */
  AgentExchange(
      Endpoint endpoint,
      AuthorizationToken authorization,
      Tls tls,
      Duration longestLife,
      HostResolver names) {
    this.endpoint = endpoint;
    this.authorization = authorization;
    this.tls = tls;
    this.longestLife = longestLife;
    this.names = names;
  }

  @Override
  public Optional<Path> tokenFile() {
    return authorization.file();
  }

  @Override
  public SessionCredentials exchange(ExchangeContext context)
      throws ExchangeException, InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    Optional<String> token;
    try {
      token = authorization.read();
    } catch (Misconfiguration e) {
      throw ExchangeException.builder(
              e.problem().toBuilder().fact("endpoint", endpoint.toString()).build())
          .build();
    }
    Duration budget = context.timeLeft();
    SingleConnection connection = connection(budget);
    context.onTimeout(new Abort(connection));
    AgentAnswer answer;
    try {
      answer = ask(connection, token, context);
    } catch (IOException | RuntimeException e) {
      if (Thread.currentThread().isInterrupted() && !connection.isAborted()) {
        Thread.interrupted();
        throw new InterruptedException();
      }
      throw failure(connection, e, budget, token);
    }
    return credentials(answer, token);
  }

  private record Abort(SingleConnection connection) implements Runnable {
    @Override
    public void run() {
      connection.abort();
    }
  }

  private SingleConnection connection(Duration budget) {
    Duration connect = budget.compareTo(CONNECT_TIMEOUT) < 0 ? budget : CONNECT_TIMEOUT;
    Duration read = readTimeout(budget);
    HostResolver resolver = endpoint.tls() ? names : new CheckedResolver(names);
    return new SingleConnection(endpoint, resolver, tls, connect, read);
  }

  /**
   * The budget as a whole bounds the attempt: to give up sooner would only waste the agent's work.
   */
  static Duration readTimeout(Duration budget) {
    return budget.compareTo(MIN_READ_TIMEOUT) > 0 ? budget : MIN_READ_TIMEOUT;
  }

  private AgentAnswer ask(
      SingleConnection connection, Optional<String> token, ExchangeContext context)
      throws IOException {
    BasicClassicHttpRequest request =
        new BasicClassicHttpRequest("GET", (HttpHost) null, endpoint.path());
    request.setHeader(HttpHeaders.HOST, endpoint.authority());
    request.setHeader(HttpHeaders.ACCEPT, "application/json");
    request.setHeader(HttpHeaders.USER_AGENT, "lanyard");
    request.setHeader(HttpHeaders.CONNECTION, "close");
    if (token.isPresent()) {
      request.setHeader(HttpHeaders.AUTHORIZATION, token.get());
    }
    try (connection) {
      // Closing the response as well would read an endless body to its end.
      @SuppressWarnings("resource")
      ClassicHttpResponse response = connection.send(request);
      return new AgentAnswer(
          response.getCode(),
          header(response, HttpHeaders.DATE),
          header(response, HttpHeaders.AGE),
          connection.isToThisNode(),
          header(response, HttpHeaders.RETRY_AFTER),
          header(response, HttpHeaders.CONTENT_ENCODING),
          body(response),
          context.now());
    }
  }

  private static @Nullable String header(ClassicHttpResponse response, String name) {
    Header header = response.getFirstHeader(name);
    return header == null ? null : header.getValue();
  }

  private static byte[] body(ClassicHttpResponse response) throws IOException {
    HttpEntity entity = response.getEntity();
    if (entity == null) {
      return new byte[0];
    }
    @SuppressWarnings("resource") // Closed with the connection: closing it would drain it.
    InputStream content = entity.getContent();
    return content == null ? new byte[0] : content.readNBytes(AgentAnswer.MAX_BODY_BYTES + 1);
  }

  private SessionCredentials credentials(AgentAnswer answer, Optional<String> token)
      throws ExchangeException {
    if (answer.status() != 200) {
      throw refusal(answer, token);
    }
    if (answer.isTooLarge()) {
      throw unusable("the body is larger than 1 MiB", token);
    }
    if (answer.compression().isPresent()) {
      throw unusable(
          "the body is compressed (" + answer.compression().get() + "), which was not asked for",
          token);
    }
    FlatJson json;
    try {
      json = FlatJson.parse(answer.body());
    } catch (FlatJson.Invalid e) {
      throw unusable(String.valueOf(e.getMessage()), token);
    }
    if (json.has("Code") && AgentVerdict.isFailure(json)) {
      throw refusal(answer, token);
    }
    try {
      return CredentialsAnswer.read(json, answer.answeredAt(), longestLife);
    } catch (CredentialsAnswer.Unusable e) {
      throw unusable(e.reason(), token);
    }
  }

  private ExchangeException unusable(String reason, Optional<String> token) {
    Problem.Builder problem =
        Problems.of(
            Problems.UNUSABLE_ANSWER,
            FailureKind.MISCONFIGURED,
            "something other than the agent answered 200 at "
                + endpoint
                + ", without usable session credentials: "
                + reason);
    addFacts(problem, serviceAccount(token)).fact("status", "200");
    return ExchangeException.builder(
            Remedies.add(problem, Remedies.forSomebodyElse(endpoint)).build())
        .status(200)
        .build();
  }

  private static Optional<ServiceAccount> serviceAccount(Optional<String> token) {
    return token.isPresent() ? ServiceAccount.of(token.get()) : Optional.empty();
  }

  /** Adds what was known before anybody answered: who was asked, and with whose token. */
  private Problem.Builder addFacts(Problem.Builder problem, Optional<ServiceAccount> account) {
    problem.fact("endpoint", endpoint.toString());
    authorization.addTo(problem);
    if (account.isPresent()) {
      problem
          .fact("namespace", account.get().namespace())
          .fact("service account", account.get().name());
    }
    return problem;
  }

  private Redaction redaction(Optional<String> token) {
    List<String> secrets = new ArrayList<>(endpoint.secrets());
    if (token.isPresent()) {
      secrets.add(token.get());
    }
    return Redaction.of(secrets.toArray(new String[0]));
  }

  private ExchangeException refusal(AgentAnswer answer, Optional<String> token) {
    int status = answer.status();
    byte[] body = answer.compression().isPresent() ? new byte[0] : answer.body();
    AgentMessage message = AgentMessage.of(body, redaction(token));
    AgentVerdict verdict = AgentVerdict.of(endpoint, status, body, token);
    StringBuilder text = new StringBuilder();
    if (!verdict.byTheAgent()) {
      text.append("something other than the agent answered at ").append(endpoint);
      if (status >= 300 && status < 400) {
        text.append(": it answered with a redirect, which is never followed");
      }
    } else if (verdict.kind() == FailureKind.REJECTED) {
      text.append("agent ").append(endpoint).append(" refused the exchange");
    } else {
      text.append("agent ").append(endpoint).append(" could not answer the exchange");
    }
    text.append(" (").append(status);
    message.code().ifPresent(code -> text.append(' ').append(code));
    message.requestId().ifPresent(id -> text.append(", request ").append(id));
    text.append(')');
    message.text().ifPresent(words -> text.append(": ").append(words));
    answer
        .compression()
        .ifPresent(how -> text.append(", with a compressed body (").append(how).append(')'));
    Optional<ServiceAccount> account = serviceAccount(token);
    Problem.Builder problem = addFacts(verdict.problem(text.toString(), account), account);
    problem.fact("status", String.valueOf(status));
    message.code().ifPresent(code -> problem.fact("code", code));
    message.requestId().ifPresent(id -> problem.fact("request id", id));
    return ExchangeException.builder(problem.build())
        .status(status)
        .code(message.code().orElse(null))
        .requestId(message.requestId().orElse(null))
        .retryAfter(answer.retryAfter().orElse(null))
        // The clock of somebody else, perhaps this machine's own, shows nothing.
        .answeredAt(verdict.byTheAgent() ? answer.answeredAt().orElse(null) : null)
        .build();
  }

  private ExchangeException failure(
      SingleConnection connection, Exception exception, Duration budget, Optional<String> token) {
    Problem.Builder problem =
        addFacts(problem(connection, exception, budget), serviceAccount(token));
    if (exception instanceof CheckedResolver.Refused refused) {
      problem.fact("address", refused.address());
    }
    if (exception instanceof Tls.UnusableKeyStore store) {
      problem.fact("setting", store.setting());
    }
    return ExchangeException.builder(problem.build()).cause(harmless(exception)).build();
  }

  private Problem.Builder problem(
      SingleConnection connection, Exception exception, Duration budget) {
    String agent = "agent " + endpoint;
    if (exception instanceof CheckedResolver.Refused refused) {
      return Problems.misconfigured(
          Problems.ADDRESS_NOT_ALLOWED,
          agent
              + " was not asked: the host resolves to "
              + refused.address()
              + ", where the token would leave this host in the clear",
          "Use https, or a host that resolves only to " + HostRule.ALLOWED);
    }
    if (connection.isAborted()) {
      return unanswered(
          Problems.NO_ANSWER_IN_TIME,
          agent + " gave no complete answer within " + text(budget) + ", the budget of an exchange",
          Remedies.forSilence(endpoint));
    }
    if (exception instanceof UnknownHostException) {
      return unanswered(
          Problems.UNKNOWN_HOST,
          agent + " cannot be reached: its name does not resolve",
          List.of("Check the host in the URI, and the pod's DNS"));
    }
    if (exception instanceof Tls.UnusableKeyStore) {
      return Problems.misconfigured(
          Problems.KEY_STORE,
          agent + " was not asked: " + exception.getMessage(),
          "Check the file in javax.net.ssl.keyStore and the password in"
              + " javax.net.ssl.keyStorePassword, or unset javax.net.ssl.keyStore");
    }
    if (Tls.refusesCertificate(exception)) {
      return Problems.misconfigured(
          Problems.CERTIFICATE,
          agent + " was not asked: its certificate is not trusted for this host",
          "Check that the trust store of this JVM (javax.net.ssl.trustStore) holds the certificate"
              + " authority that signed it, that it names this host, and that it has not expired by"
              + " the clock of the node");
    }
    String how = " (" + exception.getClass().getSimpleName() + ")";
    SingleConnection.Stage stage = connection.stage();
    boolean connected =
        stage == SingleConnection.Stage.SECURING || stage == SingleConnection.Stage.ASKING;
    if (exception instanceof SocketTimeoutException) {
      String silence =
          switch (stage) {
            case RESOLVING, CONNECTING -> " did not accept a connection";
            case SECURING -> " did not finish its TLS handshake";
            case ASKING -> " accepted the connection and sent no complete answer";
          };
      return unanswered(
          connected ? Problems.NO_ANSWER_IN_TIME : Problems.CONNECT_TIMED_OUT,
          agent + silence + how,
          Remedies.forSilence(endpoint));
    }
    if (!connected) {
      return unanswered(
          Problems.UNREACHABLE,
          agent + " cannot be reached" + how,
          Remedies.forRefusedConnection(endpoint));
    }
    // Who misses a client's certificate says so, or just hangs up, as late as at the first read.
    List<String> steps =
        endpoint.tls() ? Remedies.FOR_NO_TLS : Remedies.forRefusedConnection(endpoint);
    if (stage == SingleConnection.Stage.SECURING || exception instanceof SSLException) {
      return unanswered(Problems.TLS_FAILED, agent + " did not agree on TLS" + how, steps);
    }
    if (exception instanceof SocketException) {
      return unanswered(
          Problems.BROKEN_OFF,
          agent + " broke the connection off before its answer was complete" + how,
          steps);
    }
    return unanswered(
        endsEarly(exception) ? Problems.BROKEN_OFF : Problems.NO_HTTP,
        agent + " sent no complete and valid HTTP answer" + how,
        steps);
  }

  /** Tells an answer that ends before it is complete from one that is not HTTP. */
  private static boolean endsEarly(Exception exception) {
    return exception instanceof NoHttpResponseException
        || exception instanceof ConnectionClosedException
        || exception instanceof TruncatedChunkException
        || exception instanceof EOFException;
  }

  private static Problem.Builder unanswered(String id, String summary, List<String> steps) {
    return Remedies.add(Problems.of(id, FailureKind.TRANSIENT, summary), steps);
  }

  /**
   * Returns a cause that may be shown. What the network or TLS has to say names hosts and
   * certificates; what an HTTP parser has to say quotes what the peer sent, and a peer may send the
   * token back. Of the latter nothing but class and stack is kept.
   */
  private static Throwable harmless(Exception exception) {
    boolean safe =
        exception instanceof SocketException
            || exception instanceof SocketTimeoutException
            || exception instanceof UnknownHostException
            || exception instanceof SSLException;
    if (safe) {
      return exception;
    }
    IOException shell = new IOException(exception.getClass().getName());
    shell.setStackTrace(exception.getStackTrace());
    return shell;
  }

  private static String text(Duration duration) {
    return duration.toMillis() % 1000 == 0
        ? duration.toSeconds() + " s"
        : duration.toMillis() + " ms";
  }
}
