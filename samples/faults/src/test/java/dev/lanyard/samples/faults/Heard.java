package dev.lanyard.samples.faults;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import dev.lanyard.CredentialsEvent;
import dev.lanyard.peer.SecretOracle;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import org.slf4j.LoggerFactory;

/**
 * All that anybody could hear in one cell: log lines of all loggers at their finest level,
 * exceptions with their causes, events, statuses, explanations. And the secrets that must not be
 * among it. Cells that run at the same time hear each other's log lines.
 */
final class Heard implements AutoCloseable {
  private static final int SHORTEST_SECRET = 12;

  private final SecretOracle oracle = SecretOracle.ofMany();
  private final List<CredentialsEvent> events = new ArrayList<>();
  private final List<String> said = new ArrayList<>();
  private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  private final java.util.logging.Logger jdk = LogManager.getLogManager().getLogger("");
  private final Recorder recorder = new Recorder();
  private final JdkRecorder jdkRecorder = new JdkRecorder();

  Heard() {
    // Left so by all of them, since cells run side by side; nobody writes what nobody hears.
    root.setLevel(Level.TRACE);
    jdk.setLevel(java.util.logging.Level.ALL);
    recorder.start();
    root.addAppender(recorder);
    jdk.addHandler(jdkRecorder);
  }

  /** Notes a secret, and each part of one that has parts. */
  void secret(String secret) {
    for (String part : secret.split("[.\\s]+", -1)) {
      if (part.length() >= SHORTEST_SECRET) {
        oracle.add(part);
      }
    }
  }

  void said(Object something) {
    line(String.valueOf(something));
  }

  synchronized void event(CredentialsEvent event) {
    line(event.toString());
    events.add(event);
  }

  /** What the listener was told of the last failure. */
  synchronized Optional<CredentialsEvent.RefreshFailed> lastFailureEvent() {
    for (int i = events.size() - 1; i >= 0; i--) {
      if (events.get(i) instanceof CredentialsEvent.RefreshFailed failed) {
        return Optional.of(failed);
      }
    }
    return Optional.empty();
  }

  void thrown(Throwable exception) {
    StringWriter text = new StringWriter();
    exception.printStackTrace(new PrintWriter(text));
    line(text.toString());
  }

  private synchronized void line(String text) {
    said.add(text);
  }

  /** How much was heard, so that a test may see that it listens. */
  synchronized int size() {
    return said.size();
  }

  synchronized void assertNoSecret() {
    said.forEach(oracle::assertNoneIn);
  }

  @Override
  public void close() {
    jdk.removeHandler(jdkRecorder);
    root.detachAppender(recorder);
  }

  private final class Recorder extends AppenderBase<ILoggingEvent> {
    @Override
    protected void append(ILoggingEvent event) {
      line(
          event.getLoggerName()
              + " "
              + event.getFormattedMessage()
              + " "
              + Arrays.toString(event.getArgumentArray())
              + event.getMDCPropertyMap());
      if (event.getThrowableProxy() != null) {
        line(ThrowableProxyUtil.asString(event.getThrowableProxy()));
      }
    }
  }

  private final class JdkRecorder extends Handler {
    private final SimpleFormatter formatter = new SimpleFormatter();

    @Override
    public void publish(LogRecord record) {
      line(formatter.format(record) + Arrays.toString(record.getParameters()));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
