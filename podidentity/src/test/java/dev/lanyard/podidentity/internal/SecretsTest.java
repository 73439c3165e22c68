package dev.lanyard.podidentity.internal;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import dev.lanyard.peer.Behaviour;
import dev.lanyard.peer.Peer;
import dev.lanyard.peer.SecretOracle;
import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.Detection;
import dev.lanyard.spi.ExchangeException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Whatever happens, no secret is in what is logged at TRACE or thrown. */
class SecretsTest {
  private static final SecretOracle ORACLE =
      SecretOracle.of(Tokens.SECRET_ACCESS_KEY, Tokens.SESSION_TOKEN, Tokens.ACCESS_KEY_ID)
          .add(Tokens.TOKEN.substring(Tokens.TOKEN.indexOf('.') + 1));

  private final Queue<String> logged = new ConcurrentLinkedQueue<>();
  private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          IThrowableProxy thrown = event.getThrowableProxy();
          logged.add(
              event.getLoggerName()
                  + " "
                  + event.getFormattedMessage()
                  + (thrown == null ? "" : ThrowableProxyUtil.asString(thrown)));
        }
      };

  @TempDir private Path directory;

  @BeforeEach
  void listenToEverything() {
    assertThat(root.getEffectiveLevel()).isEqualTo(Level.TRACE);
    appender.setContext(root.getLoggerContext());
    appender.start();
    root.addAppender(appender);
  }

  @AfterEach
  void listenNoMore() {
    root.detachAppender(appender);
  }

  @Test
  void theClientsOwnConnectionWouldHaveLoggedTheToken() throws Exception {
    // The reason for SingleConnection, and the proof that the other tests here can fail.
    try (Peer agent = Agents.answering("200 OK", "{}");
        CloseableHttpClient client = HttpClients.createMinimal()) {
      HttpGet request = new HttpGet(Agents.uri(agent));
      request.setHeader("Authorization", "no secret, but a trace of it");
      client.execute(request, response -> null);
    }
    assertThat(logged)
        .anyMatch(
            line ->
                line.startsWith("org.apache.hc.client5.http.headers")
                    && line.contains("no secret, but a trace of it"))
        .anyMatch(
            line ->
                line.startsWith("org.apache.hc.client5.http.wire")
                    && line.contains("no secret, but a trace of it"));
  }

  @Test
  void aSuccessLogsNoSecret() throws Exception {
    Path file = Files.writeString(directory.resolve("token"), Tokens.TOKEN);
    try (Peer agent = Agents.answeringWell()) {
      Environment environment =
          Environment.of(
              Map.of(
                  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                  Agents.uri(agent),
                  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                  file.toString(),
                  "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                  Tokens.TOKEN));
      Detection.Present present = (Detection.Present) new PodIdentitySource().detect(environment);

      assertThat(present.exchange().exchange(new TestContext()).sessionToken())
          .isEqualTo(Tokens.SESSION_TOKEN);

      assertThat(present + " " + present.evidence() + present.evidence().facts())
          .doesNotContain(Tokens.PIECES);
    }
    assertThat(String.join("\n", logged)).doesNotContain(Tokens.PIECES);
    assertThat(ORACLE.leakOfAKnown(String.join("\n", logged))).isEmpty();
  }

  @Test
  void noFailureLogsOrThrowsASecret() throws Exception {
    for (Behaviour scene : scenes()) {
      try (Peer agent = Peer.that(scene)) {
        for (String path : List.of("/v1/credentials", "/?id=" + Tokens.TOKEN)) {
          ExchangeException failure =
              Exchanges.failure(
                  Exchanges.with("http://127.0.0.1:" + agent.port() + path, Tokens.TOKEN),
                  new TestContext());
          assertThat(Exchanges.everythingIn(failure)).doesNotContain(Tokens.PIECES);
          assertThat(ORACLE.leakOfAKnown(Exchanges.everythingIn(failure))).isEmpty();
        }
      }
    }
    assertThat(String.join("\n", logged)).doesNotContain(Tokens.PIECES);
    assertThat(ORACLE.leakOfAKnown(String.join("\n", logged))).isEmpty();
  }

  /** Peers that send secrets where none belong, in every way that makes an exchange fail. */
  private static List<Behaviour> scenes() {
    String json = Tokens.GOOD_BODY;
    String echo = "Authorization: " + Tokens.TOKEN;
    List<Behaviour> scenes = new ArrayList<>();
    for (String status :
        List.of("300 X", "302 Found", "400 Bad", "401 No", "403 No", "404 No", "429 X", "500 X")) {
      scenes.add(Behaviour.text(status, json));
      scenes.add(Behaviour.text(status, json.substring(0, json.length() - 9)));
      scenes.add(Behaviour.text(status, "SecretAccessKey " + Tokens.SECRET_ACCESS_KEY));
      scenes.add(Behaviour.text(status, echo));
      scenes.add(Behaviour.text(status, "[id]: (Bad): " + echo + ", fault: client"));
      scenes.add(Behaviour.text(status, "{\"code\":\"Bad\",\"message\":\"" + echo + "\"}"));
      scenes.add(
          Behaviour.text(
              status + " " + Tokens.TOKEN, "", "Location: http://127.0.0.1/" + Tokens.TOKEN));
      scenes.add(Behaviour.text(status, "", "WWW-Authenticate: Bearer " + Tokens.TOKEN));
      scenes.add(Behaviour.text(status, "", "Set-Cookie: token=" + Tokens.TOKEN));
      scenes.add(Behaviour.text(status, "", "Retry-After: " + Tokens.TOKEN));
    }
    // Not an object, not complete, not valid, not what was asked for.
    for (String body :
        List.of(
            "[" + json + "]",
            json + Tokens.TOKEN,
            json + json,
            json.substring(0, json.length() - 30),
            json.replace("\"Token\":", "\"Token\":" + Tokens.SESSION_TOKEN + ","),
            json.replace("\"Token\"", "\"Tok\""),
            json.replace("\"Token\":", "\"token\":\"x\",\"Token\":"),
            json.replace("2030-01-01T06:00:00Z", Tokens.SESSION_TOKEN),
            json.replace("\"2030-01-01T06:00:00Z\"", "null"),
            json.replace("{", "{\"Code\":\"Failed\","),
            json.replace("{", "{\"Code\":\"" + Tokens.SECRET_ACCESS_KEY + "\","),
            json.replace(
                "{", "{\"" + Tokens.SESSION_TOKEN + "\":1,\"" + Tokens.SESSION_TOKEN + "\":2,"),
            Tokens.TOKEN,
            "\"" + Tokens.TOKEN + "\"")) {
      scenes.add(Behaviour.text("200 OK", body));
    }
    // No HTTP: the parser's message quotes it.
    for (String bytes :
        List.of(
            Tokens.TOKEN + "\r\n\r\n",
            "GET / HTTP/1.1\r\n" + echo + "\r\n\r\n",
            "HTTP/1.1 " + Tokens.TOKEN + "\r\n\r\n",
            "HTTP/" + Tokens.TOKEN + " 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\n" + Tokens.TOKEN + "\r\n\r\n" + json,
            "HTTP/1.1 200 OK\r\nContent-Length: " + Tokens.TOKEN + "\r\n\r\n" + json,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + Tokens.TOKEN + "\r\n\r\n" + json,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + Tokens.TOKEN + "\r\n" + json,
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=" + Tokens.TOKEN + "\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + json)) {
      scenes.add(Behaviour.raw(bytes));
    }
    // What was sent, sent back.
    scenes.add(
        (request, socket) ->
            socket
                .getOutputStream()
                .write((echo + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1)));
    return scenes;
  }
}
